package look_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/look"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

func ids(messages []batch.Message) (all []string) {
	for _, m := range messages {
		all = append(all, m.ID)
	}
	return all
}

func looked(messages []batch.Message) (all []string) {
	for _, m := range messages {
		if m.Look != nil {
			all = append(all, m.ID)
		}
	}
	return all
}

// padded is an event with a field that S3 does not send, so that the message takes
// size bytes.
func padded(body string, size int) string {
	return strings.Replace(body, "{", `{"padding":"`+strings.Repeat("x", max(0, size-len(body)-len(`"padding":"",`)))+`",`, 1)
}

// anything answers every request in a bubble: an object in a bucket without replicas.
var anything = anyAnswer(func(r *http.Request) answer {
	if r.URL.RawQuery == "replication=" {
		return noRules
	}
	return answer{status: 200, header: map[string]string{"x-amz-bucket-region": home}}
})

// round is what a look at the batch comes to, whatever S3 answers.
func round(t *testing.T, b batch.Batch, network anyAnswer) (after batch.Batch) {
	t.Helper()
	client := sdkClient(network)
	synctest.Test(t, func(t *testing.T) { after = look.New(client, client, time.Now).Look(t.Context(), b) })
	return after
}

func TestAnAnswerHasNoNulls(t *testing.T) {
	encoded, err := json.Marshal(round(t, messages("noise"), nil))
	require.NoError(t, err)
	assert.NotContains(t, string(encoded), "null", "the state machine counts and joins the lists")
}

func TestWhatLaggedIsLookedAtWhereNothingElseIs(t *testing.T) {
	one := event("docs", "docs/a.txt")
	lagging := messages(one, one).Messages
	lagging[0].Progress = verdict.Progress{Looks: 3, Waited: 35}
	t.Run("then it is what the round is about", func(t *testing.T) {
		after := round(t, batch.Batch{Messages: []batch.Message{}, Lagging: lagging, Wait: 20}, anything)
		assert.Equal(t, []string{"0", "1"}, looked(after.Messages))
		assert.Equal(t, lagging[0].Progress, after.Messages[0].Progress, "compare-etags counts looks")
		assert.Empty(t, after.Lagging)
		assert.Equal(t, batch.Counts{Messages: 2}, after.Counts)
		assert.Zero(t, after.Wait)
	})
	t.Run("else it waits for its turn", func(t *testing.T) {
		after := round(t, batch.Batch{Messages: []batch.Message{{ID: "new", Body: one}}, Lagging: lagging}, anything)
		assert.Equal(t, []string{"new"}, looked(after.Messages))
		assert.Equal(t, lagging, after.Lagging)
		assert.Equal(t, batch.Counts{Messages: 1, Lagging: 2}, after.Counts)
	})
}

func TestWhatConcernsNoLookIsKept(t *testing.T) {
	before := messages(event("docs", "docs/a.txt"))
	before.Reads, before.Replica = true, 1
	before.Trouble = batch.Error{Error: "SQS.SdkClientException", Cause: "timed out"}
	before.Reading = []batch.Message{{ID: "reading", Look: &verdict.Look{Primary: objectFound}}}
	before.Failed = []batch.Failed{{ID: "parked by now"}}
	before.Summary = batch.Summary{Text: "1 object", Objects: []batch.Settled{{ID: "settled"}}}
	after := round(t, before, anything)
	require.Equal(t, []string{"0"}, looked(after.Messages))
	assert.Empty(t, after.Failed)
	after.Messages, after.Failed, after.Counts = before.Messages, before.Failed, batch.Counts{}
	before.Lagging, before.Over = []batch.Message{}, []batch.Over{}
	assert.Equal(t, before, after)
}

func TestTheBatchThatCameInStaysAsItWas(t *testing.T) {
	before := messages(event("docs", "docs/a.txt"), "noise")
	before.Messages[1].Look = &verdict.Look{Primary: objectFound}
	after := round(t, before, anything)
	assert.NotNil(t, after.Messages[0].Look)
	assert.Nil(t, after.Messages[1].Look, "a look of the round before says nothing")
	assert.Nil(t, before.Messages[0].Look)
	assert.NotNil(t, before.Messages[1].Look)
}

func TestANotificationIsLookedAtLikeAnUpload(t *testing.T) {
	const gaveUp = `{"Records":[{"eventVersion":"2.2","eventSource":"aws:s3","awsRegion":"eu-central-1","eventTime":"1999-12-31T00:00:00.000Z",` +
		`"eventName":"Replication:OperationFailedReplication","s3":{"bucket":{"name":"docs"},"object":{"key":"docs/a.txt","size":3,"eTag":"e","versionId":"v1"}},` +
		`"replicationEventData":{"replicationRuleId":"all","destinationBucket":"arn:aws:s3:::copy","s3Operation":"OBJECT_PUT",` +
		`"requestTime":"1999-12-31T00:00:00.000Z","failureReason":"DstBucketNotFound"}}]}`
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, replicated, map[string]answer{headObject("docs", home): object, headObject("copy", away): {status: 404}})
		got := f.looker().Look(t.Context(), messages(gaveUp)).Messages[0]
		require.NotNil(t, got.Look)
		f.allAsked()
		assert.Equal(t, gaveUp, got.Body)
		assert.Equal(t, verdict.Missing, got.Look.Replicas[0].Found)
	})
}

func TestMessagesWithoutRoomForALookAreTheLast(t *testing.T) {
	const size = 8430 // bytes of a message, more than the queue takes
	var bodies []string
	for range 30 {
		bodies = append(bodies, padded(event("docs", "docs/a.txt"), size))
	}
	bodies[1], bodies[28] = padded("noise", size), padded(strings.Replace(bodies[28], `,"version-id":"v1"`, "", 1), size)
	before := messages(bodies...)
	after := round(t, before, anything)
	got := looked(after.Messages)
	free := batch.MaxState - batch.StateSpare - text.Encoded(before.Count())
	assert.LessOrEqual(t, len(got)*look.MaxLook, free)
	assert.Greater(t, (len(got)+1)*look.MaxLook, free, "as many as fit are looked at")
	require.Equal(t, []string{"0", "2"}, got, "room for another batch must be found")
	want := []string{"0", "1", "2", "28"}
	for i := range 30 {
		if id := fmt.Sprint(i); id != "0" && id != "1" && id != "2" && id != "28" {
			want = append(want, id)
		}
	}
	assert.Equal(t, want, ids(after.Messages), "what needs no look needs no room")
}

func TestOneMessageIsLookedAtWhereNoneHasRoom(t *testing.T) {
	one := padded(event("docs", "docs/a.txt"), batch.MaxState/2)
	after := round(t, messages(one, one, "noise"), anything)
	assert.Equal(t, []string{"0"}, looked(after.Messages))
	assert.Equal(t, []string{"0", "2", "1"}, ids(after.Messages))
}

// largest answers with as much as may stand in a look.
var largest = anyAnswer(func(r *http.Request) answer {
	object := answer{status: 200, header: map[string]string{
		"Content-Length": "50000000000000", "ETag": `"5d41402abc4b2a76b9719d911017c592-10000"`, "Content-Type": "x", "x-amz-meta-a": "b",
		"x-amz-server-side-encryption": "aws:kms:dsse", "x-amz-checksum-type": "COMPOSITE", "x-amz-replication-status": "COMPLETED",
		"x-amz-checksum-sha512": strings.Repeat("A", 86) + "==-10000", "x-amz-checksum-sha256": strings.Repeat("A", 43) + "=-10000",
		"x-amz-object-lock-mode": "COMPLIANCE", "x-amz-object-lock-retain-until-date": "2030-01-01T00:00:00Z", "x-amz-object-lock-legal-hold": "OFF",
		"x-amz-tagging-count": "2", "x-amz-storage-class": "INTELLIGENT_TIERING",
	}}
	switch {
	case r.URL.RawQuery == "replication=":
		var all []string
		for i := range 3 {
			all = append(all, strings.NewReplacer("Enabled</Status></D", "Disabled</Status></D", "Enabled</Status></Sse", "Disabled</Status></Sse").
				Replace(rule(fmt.Sprintf("%s%d", strings.Repeat("c", 62), i))))
		}
		return rules(all...)
	case r.Method == http.MethodHead && r.URL.Query().Has("versionId"):
		if !strings.HasPrefix(r.URL.Host, "docs.") {
			object.header["x-amz-checksum-sha512"] = strings.Repeat("A", 86) + "==-9999"
		}
		return object
	case r.Method == http.MethodHead:
		return answer{status: 301, header: map[string]string{"x-amz-bucket-region": "ap-southeast-1"}}
	}
	return failure(403, "AccessDenied", "no")
})

func TestInvariant6ABatchWithTheLargestLooksStaysWithinTheState(t *testing.T) {
	for _, tt := range []struct{ messages, size int }{{25, 0}, {25, 3584}, {25, 7168}, {25, 9600}, {80, 0}, {1, 250000}} {
		var bodies []string
		for range tt.messages {
			bodies = append(bodies, padded(event("docs", "docs/<"), tt.size))
		}
		after := round(t, messages(bodies...), largest)
		assert.NotEmpty(t, looked(after.Messages))
		assert.Len(t, after.Messages, tt.messages)
		assert.LessOrEqual(t, text.Encoded(after), batch.MaxState-batch.StateSpare, tt)
	}
}

func TestTheLargestAnswersOfS3AreKeptWhole(t *testing.T) {
	got := round(t, messages(event("docs", "docs/a.txt")), largest).Messages[0].Look
	encoded, err := json.Marshal(got)
	require.NoError(t, err)
	require.Len(t, got.Replicas, 3)
	assert.NotContains(t, string(encoded), "too long")
	for _, r := range got.Replicas {
		assert.Len(t, r.Checksums, 2)
		assert.NotNil(t, r.Parts)
		assert.True(t, r.IgnoresMarkers && r.IgnoresKMS)
	}
}
