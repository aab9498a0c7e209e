package settle_test

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
	"autobackup/internal/handler"
	"autobackup/internal/reason"
	"autobackup/internal/settle"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

var policy = verdict.Policy{Deadline: time.Hour, MarkerDeadline: 2 * time.Hour}

// maxMessage is a cap with room enough that nothing is left out.
const maxMessage = 4 << 10

func settler(log *bytes.Buffer) settle.Settler {
	return settle.Settler{Policy: policy, Stage: "test", MaxMessage: maxMessage, Log: handler.Logger(log), Success: handler.LevelSuccess,
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
	return batch.Message{ID: id, Body: body(id), Look: &verdict.Look{Primary: primary, Replicas: []verdict.Replica{{Side: replica}}}}
}

// waited is the message after that many looks and seconds.
func waited(m batch.Message, looks, seconds int) batch.Message {
	m.Progress = verdict.Progress{Looks: looks, Waited: seconds}
	return m
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
	return message(id, verdict.Side{Bucket: "docs", Region: "eu-central-1", Found: verdict.Missing}, object("docs-r", "eu-west-1", "AAAAAAAAAAA=", "REPLICA"))
}

// round settles a batch of messages that were looked at.
func round(t testing.TB, messages ...batch.Message) batch.Batch {
	return settler(new(bytes.Buffer)).Settle(t.Context(), batch.Batch{Messages: messages})
}

func TestEveryMessageGoesWhereItsVerdictBelongs(t *testing.T) {
	noRoom := batch.Message{ID: "no-room", Body: body("no-room"), Progress: verdict.Progress{Looks: 1, Waited: 5}}
	earlier := batch.Settled{ID: "v0", Object: "s3://docs/v0@v1", Verdict: verdict.Verified, Evidence: "e", Looks: 1}
	got := settler(new(bytes.Buffer)).Settle(t.Context(), batch.Batch{
		Execution: "arn", Wait: 5, Trouble: batch.Error{Error: "kept"},
		Messages: []batch.Message{lagging("l1"), waited(verified("v1"), 1, 5), mismatch("f1"), skipped("s1"), {ID: "m1", Body: "noise"}, noRoom},
		Lagging:  []batch.Message{{ID: "l0", Body: body("l0"), Wait: 7, Progress: verdict.Progress{Looks: 2, Waited: 5}}},
		Failed:   []batch.Failed{{ID: "of the round before"}},
		Summary:  batch.Summary{Text: "old", Objects: []batch.Settled{earlier}},
	})

	assert.Equal(t, []batch.Message{noRoom}, got.Messages, "it is looked at next")
	require.Len(t, got.Lagging, 2)
	assert.Equal(t, "l0", got.Lagging[0].ID, "looked at earlier in this round")
	assert.Equal(t, batch.Message{ID: "l1", Body: body("l1"), Wait: 5, Progress: verdict.Progress{Looks: 1}}, got.Lagging[1], "without its look")
	assert.Zero(t, got.Wait, "what found no room is not waited for")
	assert.Equal(t, batch.Counts{Messages: 1, Lagging: 2, Failed: 2}, got.Counts)
	assert.Equal(t, batch.Error{Error: "kept"}, got.Trouble)
	assert.Equal(t, "8 objects after 2 looks: 2 verified, 2 failed (CONTENT_MISMATCH, MALFORMED_EVENT), 1 skipped (SOURCE_DELETED), 2 lagging, 1 not looked at yet", got.Summary.Text)
	replica := func(o verdict.Outcome, code reason.Code, e verdict.Evidence) []batch.Replica {
		return []batch.Replica{{Bucket: "docs-r", Verdict: o, Reason: code, Evidence: e}}
	}
	sum := verdict.FullObjectChecksum + " CRC64NVME"
	assert.Equal(t, []batch.Settled{
		earlier,
		{ID: "v1", Object: "s3://docs/v1@v1", Verdict: verdict.Verified, Evidence: sum, Looks: 2, Replicas: replica(verdict.Verified, "", sum)},
		{ID: "f1", Object: "s3://docs/f1@v1", Verdict: verdict.Failed, Reason: reason.ContentMismatch, Looks: 1, Replicas: replica(verdict.Failed, reason.ContentMismatch, "")},
		{ID: "s1", Object: "s3://docs/s1@v1", Verdict: verdict.Skipped, Reason: reason.SourceDeleted, Looks: 1, Replicas: replica(verdict.Skipped, reason.SourceDeleted, "")},
		{ID: "m1", Object: "message m1", Verdict: verdict.Failed, Reason: reason.MalformedEvent},
	}, got.Summary.Objects)
	assert.Equal(t, "arn", got.Execution)
}

func TestAFailedMessageKeepsItsBodyAndItsFacts(t *testing.T) {
	m := mismatch("f1")
	m.Again = true
	got := round(t, m, batch.Message{ID: "m1", Body: "noise"})
	require.Len(t, got.Failed, 2, "of this round alone")
	f := got.Failed[0]
	assert.Equal(t, []any{"f1", body("f1"), true, reason.ContentMismatch}, []any{f.ID, f.Body, f.Again, f.Reason})
	require.Len(t, f.Verdict.Replicas, 1)
	assert.Equal(t, "docs-r", f.Verdict.Replicas[0].Bucket)
	assert.Equal(t, reason.ContentMismatch, f.Verdict.Replicas[0].Reason)
	assert.Contains(t, f.Verdict.Replicas[0].Detail, "CRC64NVME differs")
	assert.Contains(t, f.Detail, "docs-r")
	assert.Equal(t, []any{"m1", "noise", reason.MalformedEvent}, []any{got.Failed[1].ID, got.Failed[1].Body, got.Failed[1].Reason})
	assert.Contains(t, got.Failed[1].Detail, "malformed event: ")
	assert.False(t, got.Failed[1].Again)
}

// parkedBytes is what SQS counts of a message that is parked: body, names, types
// and values of its attributes.
func parkedBytes(t *testing.T, f batch.Failed, execution string) int {
	facts, err := json.Marshal(f.Verdict)
	require.NoError(t, err)
	total := len(f.Body)
	for name, value := range map[string]string{
		"reason": string(f.Reason), "detail": f.Detail, "facts": string(facts), "execution": execution, "alerts": "10", "sum": f.Sum} {
		total += len(name) + len("String") + len(value)
	}
	return total
}

func TestAParkedMessageFitsTheQueueThatItComesBackTo(t *testing.T) {
	const cap, execution = 2048, "arn:aws:states:eu-central-1:123456789012:execution:autobackup-validation-prod:f5b4f9a2-1c2d-4e3f-8a9b-0c1d2e3f4a5b_7d1e2f3a-4b5c-6d7e-8f90-a1b2c3d4e5f6"
	for name, tt := range map[string]struct {
		length   int // of the event
		details  bool
		replicas int
		line     string
	}{
		"a short event leaves room for all facts":                {300, true, 3, "CRC64NVME differs"},
		"a longer one leaves room for facts without the details": {1350, false, 3, ""},
		"a long one leaves room for the reason alone":            {1700, false, 0, "docs-r"},
	} {
		t.Run(name, func(t *testing.T) {
			m := mismatch("f")
			m.Body += strings.Repeat(" ", tt.length-len(m.Body))
			m.Look.Replicas = append(m.Look.Replicas, m.Look.Replicas[0], m.Look.Replicas[0])
			s := settler(new(bytes.Buffer))
			s.MaxMessage = cap
			got := s.Settle(t.Context(), batch.Batch{Execution: execution, Messages: []batch.Message{m}})
			require.Len(t, got.Failed, 1)
			f := got.Failed[0]
			assert.LessOrEqual(t, parkedBytes(t, f, execution), cap)
			assert.Len(t, f.Verdict.Replicas, tt.replicas)
			assert.Equal(t, []any{verdict.Failed, reason.ContentMismatch}, []any{f.Verdict.Outcome, f.Verdict.Reason})
			assert.NotEmpty(t, f.Detail, "SQS refuses empty attributes")
			assert.Contains(t, f.Detail, tt.line)
			if tt.replicas > 0 {
				assert.Equal(t, tt.details, f.Verdict.Replicas[0].Detail != "")
			}
		})
	}
}

func TestOfEveryLengthAMessageFitsWithAllThatFits(t *testing.T) {
	const cap, execution = 2048, "arn:aws:states:eu-central-1:123456789012:execution:autobackup-validation-prod:f5b4f9a2"
	s := settler(new(bytes.Buffer))
	s.MaxMessage = cap
	inLine := 0
	for length := 300; length <= cap-150; length++ {
		m := mismatch("f")
		m.Look.Replicas = append(m.Look.Replicas, m.Look.Replicas[0], m.Look.Replicas[0])
		m.Body += strings.Repeat(" ", length-len(m.Body))
		whole := verdict.Judge(verdict.Event{}, *m.Look, verdict.Progress{}, policy)
		f := s.Settle(t.Context(), batch.Batch{Execution: execution, Messages: []batch.Message{m}}).Failed[0]
		require.Regexp(t, "^[ -~]+$", f.Detail, "SQS refuses empty attributes")
		least := f
		least.Verdict, least.Detail = verdict.Verdict{Outcome: verdict.Failed, Reason: f.Reason}, strings.Repeat("x", 16)
		if parkedBytes(t, least, execution) <= cap {
			require.LessOrEqual(t, parkedBytes(t, f, execution), cap, "an event of %d bytes", length)
		}
		all := f
		all.Verdict, all.Detail = whole, least.Detail
		require.Equal(t, parkedBytes(t, all, execution) <= cap, text.Encoded(f.Verdict) == text.Encoded(whole), "an event of %d bytes", length)
		if text.Encoded(f.Verdict) != text.Encoded(whole) && len(f.Verdict.Replicas) > 0 && len(f.Detail) > 150 {
			inLine++
			require.Contains(t, f.Detail, "CRC64NVME differs", "what the facts had no room for stands in the line")
		}
	}
	assert.Positive(t, inLine)
}

func TestWhatTellsOfNoVersionNeedsNoLook(t *testing.T) {
	unversioned := strings.Replace(body("k"), `,"version-id":"v1"`, "", 1)
	require.NotEqual(t, body("k"), unversioned)
	got := round(t, batch.Message{ID: "u", Body: unversioned}, batch.Message{ID: "m", Body: ""})
	require.Len(t, got.Failed, 2)
	assert.Equal(t, reason.NotVersioned, got.Failed[0].Reason)
	assert.Equal(t, "s3://docs/k", got.Summary.Objects[0].Object, "the key is told")
	assert.Equal(t, reason.MalformedEvent, got.Failed[1].Reason)
	assert.Empty(t, got.Messages)
}

func TestANotificationOfS3IsJudgedByWhatIsThere(t *testing.T) {
	notification := `{"Records":[{"eventSource":"aws:s3","awsRegion":"eu-central-1","eventTime":"2026-03-02T09:15:12Z","eventName":"Replication:OperationFailedReplication",` +
		`"s3":{"bucket":{"name":"docs"},"object":{"key":"k","size":3,"versionId":"v1"}},"replicationEventData":{"replicationRuleId":"r","destinationBucket":"arn:aws:s3:::docs-r",` +
		`"s3Operation":"%s","requestTime":"2026-03-02T09:14:05Z","failureReason":"DstBucketNotFound"}}]}`
	tests := map[string]struct {
		operation string
		look      batch.Message
		outcome   verdict.Outcome
		reason    reason.Code
		basis     verdict.Basis
	}{
		"the replica is missing: S3's reason is told":       {"OBJECT_PUT", lagging("k"), verdict.Failed, reason.ReplicationFailed, verdict.NotificationBasis},
		"the replica is there by now":                       {"OBJECT_PUT", verified("k"), verdict.Verified, "", ""},
		"the source is gone by now":                         {"OBJECT_PUT", skipped("k"), verdict.Skipped, reason.SourceDeleted, ""},
		"a change after the upload was not replicated":      {"OBJECT_PUT_TAGGING", verified("k"), verdict.Failed, reason.ReplicationFailed, verdict.ChangeBasis},
		"a change to a version whose source is gone by now": {"OBJECT_PUT_TAGGING", skipped("k"), verdict.Skipped, reason.SourceDeleted, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := tt.look
			m.Body = fmt.Sprintf(notification, tt.operation)
			got := round(t, m)
			require.Len(t, got.Summary.Objects, 1)
			assert.Equal(t, []any{tt.outcome, tt.reason}, []any{got.Summary.Objects[0].Verdict, got.Summary.Objects[0].Reason})
			if tt.outcome == verdict.Failed {
				entry := got.Failed[0].Verdict.Replicas[0]
				assert.Equal(t, []any{tt.basis, "DstBucketNotFound"}, []any{entry.Basis, entry.Cause})
			}
		})
	}
}

func TestOnlyLooksInARowMakeASideUnreachable(t *testing.T) {
	read, down := lagging("k").Look, lagging("k").Look
	down.Replicas[0].Found = verdict.Unreachable
	b := batch.Batch{Messages: []batch.Message{{ID: "k", Body: body("k")}}}
	look := func(seen *verdict.Look) {
		b.Messages, b.Lagging = append(b.Messages, b.Lagging...), nil
		b.Messages[0].Look = seen
		b = settler(new(bytes.Buffer)).Settle(t.Context(), b)
	}
	for range verdict.UnreachableLooks {
		look(read)
	}
	for _, seen := range []*verdict.Look{down, down, read, down} {
		look(seen)
		require.Len(t, b.Lagging, 1, "a stray answer fails nothing, however late")
	}
	for range verdict.UnreachableLooks - 2 {
		look(down)
		require.Len(t, b.Lagging, 1, "the count began anew with the last look that read both sides")
	}
	look(down)
	require.Len(t, b.Failed, 1)
	assert.Equal(t, reason.Unreachable, b.Failed[0].Reason)
	assert.Equal(t, verdict.UnreachableLooks+4+verdict.UnreachableLooks-1, b.Summary.Objects[0].Looks)
}

func TestLinesOfTheSummaryAreShortWhileTheMessageIsInTheState(t *testing.T) {
	for name, key := range map[string]string{
		"plain": strings.Repeat("k", 900), "quotes": strings.Repeat(`"`, 900), "controls": strings.Repeat("\x01", 900),
		"emoji": strings.Repeat("🎉", 225), "escaped for HTML": strings.Repeat("<", 900),
	} {
		t.Run(name, func(t *testing.T) {
			key = "first/" + key + "/last.txt"
			failed, whole := mismatch("f"), []batch.Message{verified("v"), skipped("s")}
			failed.Body, whole[0].Body, whole[1].Body = body(key), body(key), body(key)
			reading := silent("r")
			reading.Body = body(key)
			got := reader(inconclusive).Settle(t.Context(), batch.Batch{Messages: append(whole, failed, reading)})
			require.Len(t, got.Summary.Objects, 4)
			for _, s := range got.Summary.Objects[:2] {
				assert.Equal(t, "s3://docs/"+key+"@v1", s.Object)
			}
			for _, s := range got.Summary.Objects[2:] {
				assert.True(t, strings.HasPrefix(s.Object, "s3://docs/first/"), s.Object)
				assert.True(t, strings.HasSuffix(s.Object, "/last.txt@v1"), s.Object)
				assert.LessOrEqual(t, text.Encoded(s.Object), batch.MaxObject)
			}
			assert.Equal(t, failed.Body, got.Failed[0].Body, "the message keeps the key")
		})
	}
}

func TestWaitNeverOvershootsADeadline(t *testing.T) {
	marker := func(looks, seconds int) batch.Message {
		m := waited(lagging("m"), looks, seconds)
		m.Body = strings.NewReplacer("Object Created", "Object Deleted", `"reason":`, `"deletion-type":"Delete Marker Created","reason":`).Replace(m.Body)
		m.Look.Primary = verdict.Side{Bucket: "docs", Region: "eu-central-1", Found: verdict.Marker}
		return m
	}
	tests := map[string]struct {
		messages []batch.Message
		want     int
	}{
		"nothing lags":                         {[]batch.Message{verified("v")}, 0},
		"no messages at all":                   {nil, 0},
		"the first wait is short":              {[]batch.Message{lagging("l")}, 5},
		"waits back off":                       {[]batch.Message{waited(lagging("l"), 2, 15)}, 20},
		"at most a quarter of an hour":         {[]batch.Message{waited(lagging("l"), 19, 60)}, 900},
		"the last wait ends at the deadline":   {[]batch.Message{waited(lagging("l"), 19, 3600-7)}, 7},
		"the nearest deadline counts":          {[]batch.Message{marker(19, 3600-7), waited(lagging("l"), 19, 3600-7)}, 7},
		"markers have a deadline of their own": {[]batch.Message{marker(19, 3600-7)}, 900},
		"the shortest wait counts":             {[]batch.Message{waited(lagging("old"), 19, 60), lagging("new"), waited(lagging("older"), 19, 90)}, 5},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := round(t, tt.messages...)
			assert.Equal(t, tt.want, got.Wait)
			for i, m := range got.Lagging {
				assert.Equal(t, tt.messages[i].Progress.Waited+tt.want, m.Progress.Waited, "the wait is counted before it begins")
			}
		})
	}
}

func TestNoWaitIsShorterThanASecond(t *testing.T) {
	got := settler(new(bytes.Buffer)).Settle(t.Context(), batch.Batch{Lagging: []batch.Message{{ID: "l", Body: body("l")}}})
	assert.Equal(t, []int{1, 1}, []int{got.Wait, got.Lagging[0].Progress.Waited}, "whatever came in")
}

func TestTheSummaryNamesTheMostLooks(t *testing.T) {
	earlier := func(id string, looks int) batch.Settled {
		return batch.Settled{ID: id, Verdict: verdict.Verified, Looks: looks}
	}
	for name, tt := range map[string]struct {
		settled []batch.Settled
		now     []batch.Message
	}{
		"of what was settled first":  {[]batch.Settled{earlier("a", 3), earlier("b", 1)}, []batch.Message{verified("c")}},
		"of what was settled last":   {[]batch.Settled{earlier("a", 1)}, []batch.Message{waited(verified("c"), 2, 5)}},
		"of what lags first":         {nil, []batch.Message{waited(lagging("a"), 2, 5), lagging("b")}},
		"of what lags last":          {nil, []batch.Message{lagging("a"), waited(lagging("b"), 2, 5)}},
		"of what is no event at all": {nil, []batch.Message{waited(batch.Message{ID: "m", Body: "noise"}, 3, 5), verified("b")}},
	} {
		t.Run(name, func(t *testing.T) {
			got := settler(new(bytes.Buffer)).Settle(t.Context(), batch.Batch{Messages: tt.now, Summary: batch.Summary{Objects: tt.settled}})
			assert.Contains(t, got.Summary.Text, " after 3 looks: ")
		})
	}
}

func TestListsAreNeverNullAndCountsAlwaysThere(t *testing.T) {
	encoded, err := json.Marshal(round(t))
	require.NoError(t, err)
	assert.Equal(t, `{"execution":"","reads":false,"messages":[],"lagging":[],"reading":[],"failed":[],"over":[],"counts":{"messages":0,"lagging":0,"reading":0,"failed":0,"over":0},`+
		`"wait":0,"summary":{"text":"0 objects after 0 looks","objects":[]},"replica":0,"trouble":{"Error":""}}`, string(encoded))
}

func TestLogHasOneLineAMessageWithAnEntryForEachReplica(t *testing.T) {
	var log bytes.Buffer
	hostile := "a\n{\"level\":\"ERROR\"}\x1b[2J"
	two := mismatch("f")
	two.Look.Replicas = append(two.Look.Replicas, verified("f").Look.Replicas[0])
	two.Look.Replicas[1].Bucket = "docs-2"
	got := settler(&log).Settle(t.Context(), batch.Batch{Execution: "arn",
		Messages: []batch.Message{verified(hostile), lagging("l"), two, skipped("s"), {ID: "m", Body: "noise"}}})

	assert.Equal(t, []batch.Replica{{Bucket: "docs-r", Verdict: verdict.Failed, Reason: reason.ContentMismatch},
		{Bucket: "docs-2", Verdict: verdict.Verified, Evidence: "full-object checksum CRC64NVME"}}, got.Summary.Objects[1].Replicas)
	lines := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
	require.Len(t, lines, 5)
	want := []map[string]any{
		{"level": "SUCCESS", "msg": "verified", "key": hostile, "evidence": "full-object checksum CRC64NVME", "replicas": []any{"docs-r verified"}},
		{"level": "WARNING", "msg": "lagging", "key": "l", "reason": "REPLICA_MISSING", "replicas": []any{"docs-r lagging"}},
		{"level": "ERROR", "msg": "failed", "key": "f", "reason": "CONTENT_MISMATCH", "replicas": []any{"docs-r failed", "docs-2 verified"}},
		{"level": "INFO", "msg": "skipped", "key": "s", "reason": "SOURCE_DELETED", "replicas": []any{"docs-r skipped"}},
		{"level": "ERROR", "msg": "failed", "key": "", "reason": "MALFORMED_EVENT", "bucket": "", "version": "", "messageId": "m", "looks": 0.0},
	}
	assert.Contains(t, lines[4], `"detail":"malformed event: `)
	for i, line := range lines {
		var got map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &got))
		assert.NotEmpty(t, got["time"])
		delete(got, "detail")
		delete(got, "time")
		if replicas, ok := got["replicas"].([]any); ok {
			for j, r := range replicas {
				entry := r.(map[string]any)
				assert.NotEmpty(t, entry["detail"])
				replicas[j] = entry["bucket"].(string) + " " + entry["verdict"].(string)
			}
		}
		for name, value := range map[string]any{"bucket": "docs", "version": "v1", "looks": 1.0, "execution": "arn", "messageId": got["key"]} {
			if _, special := want[i][name]; !special {
				want[i][name] = value
			}
		}
		assert.Equal(t, want[i], got)
	}
}
