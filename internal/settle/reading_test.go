package compare_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/compare"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

func reader(log *bytes.Buffer) compare.Comparer {
	c := comparer(log)
	c.Policy.Bytes = verdict.ByteVerification{Inconclusive: true}
	return c
}

// silent is a message that only the bytes decide.
func silent(id string) batch.Message {
	m := message(id, object("docs", "eu-central-1", "", "COMPLETED"), object("docs-r", "eu-west-1", "", "REPLICA"))
	m.Look.Primary.Encryption, m.Look.Replicas[0].Encryption = "aws:kms", "aws:kms"
	return m
}

func read(m batch.Message, v verdict.Verdict) batch.Message {
	m.Look.Replicas[0].Bytes = &v
	return m
}

func TestWhatIsToBeReadKeepsItsLookAndGoesFirst(t *testing.T) {
	got := reader(new(bytes.Buffer)).Compare(t.Context(), batch.Batch{
		Looks: 1, Messages: []batch.Message{lagging("l1"), silent("r1"), verified("v1"), silent("r2")}})
	require.Len(t, got.Messages, 3)
	assert.Equal(t, batch.Message{ID: "l1", Body: body("l1")}, got.Messages[0])
	assert.Equal(t, read(silent("r1"), verdict.Verdict{Outcome: verdict.Reading}), got.Messages[1])
	assert.Equal(t, "r2", got.Messages[2].ID)
	assert.Equal(t, 2, got.Reading)
	assert.Equal(t, 5, got.Wait)
	assert.Equal(t, "4 objects after 1 look: 1 verified, 1 lagging, 2 reading", got.Summary.Text)
}

func TestAfterReadingOnlyWhatWasReadIsJudged(t *testing.T) {
	verifiedBytes := verdict.Verdict{Outcome: verdict.Verified, Evidence: verdict.BytesRead}
	differ := verdict.Verdict{Outcome: verdict.Failed, Reason: reason.ContentMismatch, Detail: "bytes differ"}
	broken := silent("e1")
	broken.Look, broken.Error = silent("e1").Look, "Autobackup.Internal"
	var log bytes.Buffer
	got := reader(&log).Compare(t.Context(), batch.Batch{
		Looks: 3, Wait: 20, Waited: 35, Reading: 3,
		Messages: []batch.Message{{ID: "l1", Body: body("l1"), Unread: 2}, read(silent("r1"), verifiedBytes), read(silent("r2"), differ), broken},
	})
	assert.Equal(t, []batch.Message{{ID: "l1", Body: body("l1"), Unread: 2}}, got.Messages, "as it was")
	assert.NotContains(t, log.String(), `"messageId":"l1"`)
	assert.Zero(t, got.Reading)
	assert.Equal(t, 20, got.Wait, "chosen in the round before")
	assert.Equal(t, 35, got.Waited, "and counted once")
	require.Len(t, got.Failed, 2)
	assert.Equal(t, reason.ContentMismatch, got.Failed[0].Reason)
	assert.Equal(t, reason.WorkflowError, got.Failed[1].Reason)
	assert.Equal(t, "reading the bytes of both sides stopped: Autobackup.Internal", got.Failed[1].Detail)
	require.Len(t, got.Summary.Objects, 3)
	assert.Equal(t, verdict.BytesRead, got.Summary.Objects[0].Evidence)
	assert.Equal(t, "4 objects after 3 looks: 1 verified, 2 failed (CONTENT_MISMATCH, WORKFLOW_ERROR), 1 lagging", got.Summary.Text)
}

func TestWhatReadingFoundGoneLagsWithoutItsLook(t *testing.T) {
	gone := verdict.Verdict{Outcome: verdict.Lagging, Reason: reason.ReplicaMissing, Detail: "the replica no longer has the version"}
	got := reader(new(bytes.Buffer)).Compare(t.Context(), batch.Batch{
		Looks: 2, Waited: int((policy.Deadline - 3*time.Second) / time.Second), Reading: 1, Messages: []batch.Message{read(silent("r1"), gone)}})
	assert.Equal(t, []batch.Message{{ID: "r1", Body: body("r1")}}, got.Messages)
	assert.Zero(t, got.Reading)
	assert.Equal(t, 3, got.Wait, "no wait overshoots the deadline")
	assert.Equal(t, int(policy.Deadline/time.Second), got.Waited)
}
