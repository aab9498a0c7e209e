package course_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/course"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/local/testing/hostile"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// history makes events of the form type, state, seconds and the event before.
func history(rows ...[4]any) (all []course.Event) {
	for i, r := range rows {
		all = append(all, course.Event{ID: int64(i + 1), Type: r[0].(string), State: r[1].(string), At: noon.Add(time.Duration(r[2].(int)) * time.Second), Previous: int64(r[3].(int))})
	}
	return all
}

func TestRetriesErrorsAndWaitsAreOfTheStayTheyHappenIn(t *testing.T) {
	events := history(
		[4]any{"ExecutionStarted", "", 0, 0},
		[4]any{"TaskStateEntered", "Look", 0, 1},
		[4]any{"TaskScheduled", "", 0, 2}, [4]any{"TaskStarted", "", 0, 3}, [4]any{"TaskFailed", "", 1, 4},
		[4]any{"TaskScheduled", "", 3, 5}, [4]any{"TaskStarted", "", 3, 6}, [4]any{"TaskSucceeded", "", 4, 7},
		[4]any{"TaskStateExited", "Look", 4, 8},
		[4]any{"WaitStateEntered", "Wait", 4, 9},
		[4]any{"WaitStateExited", "Wait", 64, 10},
		[4]any{"TaskStateEntered", "Look", 64, 11},
		[4]any{"TaskScheduled", "", 64, 12},
	)
	events[4].Error, events[4].Cause = "Lambda.ServiceException", "busy"
	c := course.Read(events)
	require.Len(t, c.Stays, 3)
	assert.Equal(t, []course.Visits{
		{State: "Look", Times: 2, Retries: 1, Errors: 1, Spent: 4 * time.Second, Now: true}, {State: "Wait", Times: 1, Spent: time.Minute},
	}, c.Visits())
	assert.Equal(t, map[[2]string]int{{"Look", "Wait"}: 1, {"Wait", "Look"}: 1}, c.Ways())
	assert.Equal(t, "busy", c.Stays[0].Cause)
	_, ended := c.Stays[2].Took()
	assert.False(t, ended)
}

// The iterations of a Map mix, and each event is of the one that it follows.
func TestIterationsThatMixAreToldApart(t *testing.T) {
	c := course.Read(history(
		[4]any{"ExecutionStarted", "", 0, 0},
		[4]any{"MapStateEntered", "Park", 0, 1}, [4]any{"MapStateStarted", "", 0, 2},
		[4]any{"MapIterationStarted", "", 0, 3}, [4]any{"MapIterationStarted", "", 0, 3},
		[4]any{"TaskStateEntered", "One", 0, 4}, [4]any{"TaskStateEntered", "One", 0, 5},
		[4]any{"TaskScheduled", "", 0, 6}, [4]any{"TaskScheduled", "", 0, 7}, [4]any{"TaskFailed", "", 0, 9}, [4]any{"TaskScheduled", "", 2, 10},
		[4]any{"TaskStateExited", "One", 1, 8}, [4]any{"TaskStateExited", "One", 3, 11},
		[4]any{"MapIterationSucceeded", "", 1, 12}, [4]any{"MapIterationSucceeded", "", 3, 13},
		[4]any{"MapStateSucceeded", "", 3, 15}, [4]any{"MapStateExited", "Park", 3, 16},
		[4]any{"SucceedStateEntered", "Done", 3, 17}, [4]any{"SucceedStateExited", "Done", 3, 18},
	))
	require.Len(t, c.Stays, 4)
	assert.Equal(t, []int{0, 1, 2, 0}, []int{c.Stays[0].Tries, c.Stays[1].Tries, c.Stays[2].Tries, c.Stays[3].Tries})
	assert.Equal(t, time.Second, c.Stays[1].Left.Sub(c.Stays[1].Entered))
	assert.Equal(t, 3*time.Second, c.Stays[2].Left.Sub(c.Stays[2].Entered))
	assert.Equal(t, map[[2]string]int{{"Park", "Done"}: 1}, c.Ways())
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

func body(key string) string {
	text, _ := json.Marshal(map[string]any{"version": "0", "id": "7bf73129-1428-4cd3-a780-95db273d1602", "source": "aws.s3", "detail-type": "Object Created", "account": "123456789012", "time": "2026-03-01T12:00:00Z", "region": "eu-central-1",
		"resources": []string{"arn:aws:s3:::docs"},
		"detail":    map[string]any{"version": "0", "bucket": map[string]any{"name": "docs"}, "object": map[string]any{"key": key, "size": 7, "etag": "9a0364b9e99bb480dd25e1f0284c8555", "version-id": "v1", "sequencer": "1"}, "request-id": "r", "requester": "123456789012", "reason": "PutObject"}})
	return string(text)
}

func TestAnObjectIsWhatWasLastSaidOfItsMessage(t *testing.T) {
	look := &verdict.Look{Primary: verdict.Side{Bucket: "docs", Found: verdict.Object, Size: 7, Checksums: map[string]string{"SHA256": "b", "CRC32": "a"}, ChecksumType: "FULL_OBJECT"}, Replicas: []verdict.Replica{{Side: verdict.Side{Bucket: "copy", Found: verdict.Missing}}}}
	input := encoded(t, []map[string]string{{"messageId": "m1", "body": body("a.txt")}, {"messageId": "m2", "body": "no event"}, {"messageId": "m3", "body": body("b.txt")}})
	c := course.Course{Stays: []course.Stay{
		{Output: encoded(t, batch.Batch{Messages: []batch.Message{{ID: "m1", Body: body("a.txt"), Look: look}}, Lagging: []batch.Message{{ID: "m3", Body: body("b.txt")}}})},
		{Output: "no JSON"},
		{Output: encoded(t, batch.Batch{Messages: []batch.Message{}, Failed: []batch.Failed{{ID: "m2", Body: "no event", Reason: reason.MalformedEvent, Detail: "it is not JSON"}}})},
	}}
	output := encoded(t, batch.Summary{Objects: []batch.Settled{{ID: "m1", Object: "x", Verdict: verdict.Failed, Reason: reason.ReplicaMissing, Looks: 3}}})
	all := c.Objects(input, output)
	require.Len(t, all, 3)
	assert.Equal(t, "s3://docs/a.txt@v1", all[0].Name)
	assert.Equal(t, []any{verdict.Failed, reason.ReplicaMissing, 3}, []any{all[0].Verdict, all[0].Reason, all[0].Looks})
	require.Len(t, all[0].Sides, 2)
	assert.Equal(t, "primary", all[0].Sides[0].Role)
	assert.Equal(t, "CRC32 a, SHA256 b (FULL_OBJECT)", all[0].Sides[0].Checksum())
	assert.Equal(t, verdict.Missing, all[0].Sides[1].Found)
	assert.Equal(t, []bool{true, false}, []bool{all[0].Sides[0].Object(), all[0].Sides[1].Object()}, "what is missing has no size")
	assert.Equal(t, []any{"", verdict.Failed, "it is not JSON"}, []any{all[1].Name, all[1].Verdict, all[1].Detail})
	assert.Equal(t, verdict.Lagging, all[2].Verdict)
	assert.Empty(t, c.Objects("", "")[0].Evidence)
}

// Whoever may start an execution chooses its input.
func TestAnyInputIsReadOrSaysNothing(t *testing.T) {
	for _, text := range append(hostile.Keys, "null", "[]", "[null]", `{"messages": null}`, `[{"messageId": 1}]`, `{"input": {"messages": [{}]}}`) {
		assert.NotPanics(t, func() { course.Course{Stays: []course.Stay{{Output: text}}}.Objects(text, text) }, "%q", text)
	}
}
