package compare_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/compare"
	"autobackup/internal/handler"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

var policy = verdict.Policy{Deadline: time.Hour, MarkerDeadline: 2 * time.Hour}

func comparer(log *bytes.Buffer) compare.Comparer {
	return compare.Comparer{Policy: policy, Stage: "test", Log: handler.Logger(log), Success: handler.LevelSuccess,
		Metrics: io.Discard, Now: func() time.Time { return time.Date(2026, 3, 2, 9, 16, 5, 0, time.UTC) }}
}

func body(key string) string {
	encoded, _ := json.Marshal(key)
	return fmt.Sprintf(`{"source":"aws.s3","detail-type":"Object Created","time":"2026-03-02T09:14:05Z","region":"eu-central-1",`+
		`"detail":{"bucket":{"name":"docs"},"object":{"key":%s,"size":3,"version-id":"v1"},"reason":"PutObject"}}`, encoded)
}

func object(bucket, region, crc, status string) verdict.Side {
	return verdict.Side{Bucket: bucket, Region: region, Found: verdict.Object, Size: 3, ETag: `"e"`,
		Checksums: map[string]string{"CRC64NVME": crc}, ChecksumType: "FULL_OBJECT", Replication: status}
}

func message(id string, primary, replica verdict.Side) batch.Message {
	return batch.Message{ID: id, Body: body(id), Look: &verdict.Look{Primary: primary, Replicas: []verdict.Side{replica}}}
}

func verified(id string) batch.Message {
	return message(id, object("docs", "eu-central-1", "AAAAAAAAAAA=", "COMPLETED"), object("docs-r", "eu-west-1", "AAAAAAAAAAA=", "REPLICA"))
}

func mismatch(id string) batch.Message {
	return message(id, object("docs", "eu-central-1", "AAAAAAAAAAA=", "COMPLETED"), object("docs-r", "eu-west-1", "rosUhgp5mIg=", "REPLICA"))
}

func lagging(id string) batch.Message {
	return message(id, object("docs", "eu-central-1", "AAAAAAAAAAA=", "PENDING"), verdict.Side{Bucket: "docs-r", Region: "eu-west-1", Found: verdict.Missing})
}

func skipped(id string) batch.Message {
	return message(id, object("docs", "eu-central-1", "AAAAAAAAAAA=", "REPLICA"), verdict.Side{Bucket: "docs-r", Region: "eu-west-1", Found: verdict.Missing})
}

func TestEveryMessageGoesWhereItsVerdictBelongs(t *testing.T) {
	noLook := batch.Message{ID: "no-look", Body: body("no-look")}
	got := comparer(new(bytes.Buffer)).Compare(t.Context(), batch.Batch{
		Execution: "arn", Looks: 2, Waited: 5, Wait: 5,
		Messages: []batch.Message{lagging("l1"), verified("v1"), noLook, mismatch("f1"), skipped("s1"), {ID: "m1", Body: "noise"}, lagging("l2")},
		Failed:   []batch.Failed{{ID: "of the round before"}},
		Alert:    batch.Alert{Subject: "of the round before"},
		Summary:  batch.Summary{Text: "old", Objects: []batch.Settled{{ID: "v0", Object: "s3://docs/v0@v1", Verdict: verdict.Verified, Evidence: "e", Looks: 1}}},
	})

	noLook.Unread = 1
	assert.Equal(t, []batch.Message{{ID: "l1", Body: body("l1")}, noLook, {ID: "l2", Body: body("l2")}}, got.Messages, "in order, without a look")
	require.Len(t, got.Failed, 2, "of this round alone")
	assert.Equal(t, batch.Failed{ID: "f1", Body: body("f1"), Reason: reason.ContentMismatch, Detail: got.Failed[0].Detail}, got.Failed[0])
	assert.Contains(t, got.Failed[0].Detail, "replica docs-r (eu-west-1)")
	assert.Equal(t, "m1", got.Failed[1].ID)
	assert.Equal(t, "noise", got.Failed[1].Body)
	assert.Equal(t, reason.MalformedEvent, got.Failed[1].Reason)
	assert.Contains(t, got.Failed[1].Detail, "malformed event: ")
	assert.Equal(t, "8 objects after 2 looks: 2 verified, 2 failed (CONTENT_MISMATCH, MALFORMED_EVENT), 1 skipped (IS_REPLICA), 3 lagging", got.Summary.Text)
	assert.Equal(t, []batch.Settled{
		{ID: "v0", Object: "s3://docs/v0@v1", Verdict: verdict.Verified, Evidence: "e", Looks: 1},
		{ID: "v1", Object: "s3://docs/v1@v1", Verdict: verdict.Verified, Evidence: verdict.FullObjectChecksum + " CRC64NVME", Looks: 2},
		{ID: "f1", Object: "s3://docs/f1@v1", Verdict: verdict.Failed, Reason: reason.ContentMismatch, Looks: 2},
		{ID: "s1", Object: "s3://docs/s1@v1", Verdict: verdict.Skipped, Reason: reason.IsReplica, Looks: 2},
		{ID: "m1", Object: "message m1", Verdict: verdict.Failed, Reason: reason.MalformedEvent, Looks: 2},
	}, got.Summary.Objects)
	assert.Equal(t, "[test] Backup check failed: CONTENT_MISMATCH s3://docs/f1 (+1 more)", got.Alert.Subject)
	assert.Equal(t, 10, got.Wait, "what follows the second look")
	assert.Equal(t, 15, got.Waited)
	assert.Equal(t, 2, got.Looks)
	assert.Equal(t, "arn", got.Execution)
}

func TestOnlyLooksInARowMakeASideUnreachable(t *testing.T) {
	read := lagging("k")
	down := lagging("k")
	down.Look.Replicas[0].Found = verdict.Unreachable
	noLook := batch.Message{ID: "k", Body: body("k")}
	b := batch.Batch{Messages: []batch.Message{{ID: "k", Body: body("k")}}}
	look := func(m batch.Message) {
		m.Unread = b.Messages[0].Unread // as package look keeps it
		b.Looks, b.Messages = b.Looks+1, []batch.Message{m}
		b = comparer(new(bytes.Buffer)).Compare(t.Context(), b)
	}
	for range verdict.UnreachableLooks {
		look(read)
	}
	for _, m := range []batch.Message{down, noLook, read, down} {
		look(m)
		require.Len(t, b.Messages, 1, "a stray answer fails nothing, however late")
	}
	for range verdict.UnreachableLooks - 2 {
		look(noLook)
		require.Len(t, b.Messages, 1, "the count began anew with the last look that read both sides")
	}
	look(down)
	require.Len(t, b.Failed, 1)
	assert.Equal(t, reason.Unreachable, b.Failed[0].Reason)
	assert.Equal(t, verdict.UnreachableLooks+4+verdict.UnreachableLooks-1, b.Summary.Objects[0].Looks)
}

func TestFailedLinesOfTheSummaryAreShortAndTheOthersWhole(t *testing.T) {
	for name, key := range map[string]string{
		"plain": strings.Repeat("k", 1000), "quotes": strings.Repeat(`"`, 1000), "controls": strings.Repeat("\x01", 1000),
		"emoji": strings.Repeat("🎉", 250), "escaped for HTML": strings.Repeat("<", 1000),
	} {
		t.Run(name, func(t *testing.T) {
			key = "first/" + key + "/last.txt"
			failed, whole := mismatch("f"), []batch.Message{verified("v"), skipped("s")}
			failed.Body, whole[0].Body, whole[1].Body = body(key), body(key), body(key)
			got := comparer(new(bytes.Buffer)).Compare(t.Context(), batch.Batch{Looks: 1, Messages: append(whole, failed)})
			require.Len(t, got.Summary.Objects, 3)
			for _, s := range got.Summary.Objects[:2] {
				assert.Equal(t, "s3://docs/"+key+"@v1", s.Object)
			}
			object := got.Summary.Objects[2].Object
			assert.True(t, strings.HasPrefix(object, "s3://docs/first/"), object)
			assert.True(t, strings.HasSuffix(object, "/last.txt@v1"), object)
			assert.Equal(t, 1, strings.Count(object, "…"))
			encoded, err := json.Marshal(object)
			require.NoError(t, err)
			assert.LessOrEqual(t, len(encoded), batch.MaxObject)
			assert.Greater(t, len(encoded), batch.MaxObject-8, "no more is left out than must be")
			assert.Equal(t, failed.Body, got.Failed[0].Body, "the message keeps the key")
		})
	}
}

func TestAlertNamesBothSidesOfEveryFailure(t *testing.T) {
	denied := verified("denied")
	denied.Look.Primary = verdict.Side{Bucket: "docs", Region: "eu-central-1", Found: verdict.Denied}
	denied.Unread = verdict.DeniedLooks - 1
	late := batch.Batch{Looks: 50, Waited: 100 * 3600}
	for name, m := range map[string]batch.Message{"a mismatch": mismatch("k"), "a missing replica": lagging("k"), "a refused primary": denied} {
		t.Run(name, func(t *testing.T) {
			late.Messages = []batch.Message{m}
			got := comparer(new(bytes.Buffer)).Compare(t.Context(), late)
			require.Len(t, got.Failed, 1)
			assert.Contains(t, got.Alert.Message, "\n  Primary:         docs (eu-central-1)\n  Replica:         docs-r (eu-west-1)\n")
		})
	}
}

func TestWaitNeverOvershootsADeadline(t *testing.T) {
	marker := lagging("m")
	marker.Body = strings.NewReplacer("Object Created", "Object Deleted", `"reason":`, `"deletion-type":"Delete Marker Created","reason":`).Replace(marker.Body)
	marker.Look.Primary = verdict.Side{Bucket: "docs", Region: "eu-central-1", Found: verdict.Marker}
	tests := map[string]struct {
		looks, waited int
		messages      []batch.Message
		want          int
	}{
		"nothing lags":                            {1, 0, []batch.Message{verified("v")}, 0},
		"no messages at all":                      {1, 0, nil, 0},
		"the first wait is short":                 {1, 0, []batch.Message{lagging("l")}, 5},
		"waits back off":                          {3, 15, []batch.Message{lagging("l")}, 20},
		"at most a quarter of an hour":            {20, 60, []batch.Message{lagging("l")}, 900},
		"the last wait ends at the deadline":      {20, 3600 - 7, []batch.Message{lagging("l")}, 7},
		"the nearest deadline counts":             {20, 3600 - 7, []batch.Message{marker, lagging("l")}, 7},
		"markers have a deadline of their own":    {20, 3600 - 7, []batch.Message{marker}, 900},
		"looks that were never counted count one": {0, 0, []batch.Message{lagging("l")}, 5},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := comparer(new(bytes.Buffer)).Compare(t.Context(), batch.Batch{Looks: tt.looks, Waited: tt.waited, Messages: tt.messages})
			assert.Equal(t, tt.want, got.Wait)
			assert.Equal(t, tt.waited+tt.want, got.Waited)
		})
	}
}

func TestListsAreNeverNull(t *testing.T) {
	encoded, err := json.Marshal(comparer(new(bytes.Buffer)).Compare(t.Context(), batch.Batch{}))
	require.NoError(t, err)
	assert.Equal(t, `{"execution":"","looks":0,"waited":0,"wait":0,"messages":[],"reading":0,"failed":[],"alert":{"subject":"","message":""},`+
		`"summary":{"text":"0 objects after 1 look","objects":[]}}`, string(encoded))
}

func TestLogHasOneLineAMessage(t *testing.T) {
	var log bytes.Buffer
	hostile := "a\n{\"level\":\"ERROR\"}\x1b[2J"
	comparer(&log).Compare(t.Context(), batch.Batch{Execution: "arn", Looks: 3,
		Messages: []batch.Message{verified(hostile), lagging("l"), mismatch("f"), skipped("s"), {ID: "m", Body: "noise"}}})

	lines := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
	require.Len(t, lines, 5)
	want := []map[string]any{
		{"level": "SUCCESS", "msg": "verified", "key": hostile, "evidence": "full-object checksum CRC64NVME"},
		{"level": "WARNING", "msg": "lagging", "key": "l", "reason": "REPLICA_MISSING"},
		{"level": "ERROR", "msg": "failed", "key": "f", "reason": "CONTENT_MISMATCH"},
		{"level": "INFO", "msg": "skipped", "key": "s", "reason": "IS_REPLICA"},
		{"level": "ERROR", "msg": "failed", "key": "", "reason": "MALFORMED_EVENT", "bucket": "", "version": "", "messageId": "m"},
	}
	for i, line := range lines {
		var got map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &got))
		assert.NotEmpty(t, got["detail"])
		assert.NotEmpty(t, got["time"])
		delete(got, "detail")
		delete(got, "time")
		for name, value := range map[string]any{"bucket": "docs", "version": "v1", "looks": 3.0, "execution": "arn", "messageId": got["key"]} {
			if _, special := want[i][name]; !special {
				want[i][name] = value
			}
		}
		assert.Equal(t, want[i], got)
	}
}
