package comparebytes_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/comparebytes"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// taskOf is about a pair, behind a replica that was read before.
func taskOf(operation string, pair comparebytes.Pair) comparebytes.Task {
	verified, toRead := verdict.Verdict{Outcome: verdict.Verified, Evidence: verdict.BytesRead}, verdict.Verdict{Outcome: verdict.Reading}
	before := pair.Replica
	before.Bytes, pair.Replica.Bytes = &verified, &toRead
	body := fmt.Sprintf(`{"source":"aws.s3","detail-type":"Object Created","region":"eu-central-1",`+
		`"detail":{"bucket":{"name":"docs"},"object":{"key":%q,"version-id":%q}}}`, pair.Key, pair.Version)
	return comparebytes.Task{Step: comparebytes.Step{Operation: operation}, Message: batch.Message{ID: "m", Body: body, Unread: 1,
		Look: &verdict.Look{Primary: pair.Primary, Replicas: []verdict.Side{before, pair.Replica, pair.Replica}}}}
}

func TestATaskIsAboutTheFirstReplicaToBeRead(t *testing.T) {
	r := newRegions(t)
	pair := r.upload(t, []byte("0123456789"))
	deployed := deploy(r.clients, small)
	task := taskOf(comparebytes.OpCompare, pair)
	require.NoError(t, task.Validate())
	answer, err := deployed.comparer.Work(t.Context(), task)
	require.NoError(t, err)
	want := taskOf(comparebytes.OpCompare, pair).Message
	want.Look.Replicas[1].Bytes = &verdict.Verdict{Outcome: verdict.Verified, Evidence: verdict.BytesRead}
	assert.Equal(t, comparebytes.Done{Message: want}, answer, "without a detail; the third is read by the next task")
	assert.Equal(t, verdict.Reading, task.Message.Look.Replicas[1].Bytes.Outcome, "the task itself stays as it is")
}

func TestATaskOfALargeObjectIsAnsweredWithAPlan(t *testing.T) {
	r := newRegions(t)
	pair := r.upload(t, []byte(strings.Repeat("0123456789", 345)))
	deployed := deploy(r.clients, small)
	answer, err := deployed.comparer.Work(t.Context(), taskOf(comparebytes.OpCompare, pair))
	require.NoError(t, err)
	done, ok := answer.(comparebytes.Done)
	require.True(t, ok)
	require.NotNil(t, done.Plan)
	assert.Equal(t, int64(4), done.Plan.Ranges)
	assert.Equal(t, verdict.Reading, done.Message.Look.Replicas[1].Bytes.Outcome)
}

func TestTheDetailInAMessageIsBounded(t *testing.T) {
	pair := pairOf(5, 5, "", "")
	pair.Primary.Bucket = strings.Repeat("b", 500)
	pair.Replica.Size = 6
	answer, err := comparebytes.Comparer{}.Work(t.Context(), taskOf(comparebytes.OpCompare, pair))
	require.NoError(t, err)
	bytes := answer.(comparebytes.Done).Message.Look.Replicas[1].Bytes
	assert.Equal(t, reason.SizeMismatch, bytes.Reason)
	assert.LessOrEqual(t, len(bytes.Detail), verdict.MaxBytesDetail)
}

func TestATaskThatIsNoneIsRefused(t *testing.T) {
	for want, change := range map[string]func(*comparebytes.Task){
		`"message": malformed event`:                            func(t *comparebytes.Task) { t.Message.Body = "noise" },
		`"message" has no "look"`:                               func(t *comparebytes.Task) { t.Message.Look = nil },
		`"message" has no replica whose "bytes" are to be read`: func(t *comparebytes.Task) { t.Message.Look.Replicas = t.Message.Look.Replicas[:1] },
		`operation "delete" is none of`:                         func(t *comparebytes.Task) { t.Operation = "delete" },
		`"range" is missing`:                                    func(t *comparebytes.Task) { t.Operation = comparebytes.OpRange },
	} {
		task := taskOf(comparebytes.OpCompare, pairOf(5, 5, "", ""))
		change(&task)
		assert.ErrorContains(t, task.Validate(), want)
	}
}
