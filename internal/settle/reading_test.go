package settle_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/checksum"
	"autobackup/internal/reason"
	"autobackup/internal/settle"
	"autobackup/internal/verdict"
)

func reader(policy verdict.ByteVerification) settle.Settler {
	s := settler(new(bytes.Buffer))
	s.Policy.Bytes = policy
	return s
}

var inconclusive = verdict.ByteVerification{Inconclusive: true}

// silent is a message that only the bytes decide.
func silent(id string) batch.Message {
	m := message(id, object("docs", "eu-central-1", "", "COMPLETED"), object("docs-r", "eu-west-1", "", "REPLICA"))
	m.Look.Primary.Encryption, m.Look.Replicas[0].Encryption = "aws:kms", "aws:kms"
	return m
}

// equal is what reading equal bytes comes to.
func equal() *verdict.Bytes {
	all := verdict.Read{Found: verdict.Object, CRC64NVME: "AAAAAAAAAAA="}
	return &verdict.Bytes{Primary: all, Replica: all}
}

func TestWhatIsToBeReadGoesToExecutionsOfItsOwnAndItsMatesGoOn(t *testing.T) {
	again := silent("r2")
	again.Again = true
	got := reader(inconclusive).Settle(t.Context(), batch.Batch{
		Messages: []batch.Message{lagging("l1"), silent("r1"), verified("v1"), again}})
	require.Len(t, got.Lagging, 1)
	assert.Equal(t, 5, got.Wait, "nothing waits for bytes")
	assert.Equal(t, []batch.Message{
		{ID: "r1", Body: body("r1"), Progress: verdict.Progress{Looks: 1}},
		{ID: "r2", Body: body("r2"), Again: true, Progress: verdict.Progress{Looks: 1}},
	}, got.Reading, "without their looks, which are made anew")
	assert.Equal(t, "4 objects after 1 look: 1 verified, 2 reading, 1 lagging", got.Summary.Text)
	assert.Equal(t, verdict.Reading, got.Summary.Objects[0].Verdict, "the summary says where they are")
	assert.Equal(t, batch.Counts{Lagging: 1, Reading: 2}, got.Counts)
}

func TestAnExecutionThatReadsKeepsTheLookAndNamesTheReplica(t *testing.T) {
	m := silent("r1")
	m.Look.Replicas = append([]verdict.Replica{verified("v").Look.Replicas[0]}, m.Look.Replicas[0])
	m.Look.Primary.Checksums, m.Look.Replicas[0].Bytes = nil, equal()
	got := reader(inconclusive).Settle(t.Context(), batch.Batch{Reads: true, Messages: []batch.Message{m}})
	require.Len(t, got.Reading, 1)
	assert.Equal(t, m.Look, got.Reading[0].Look)
	assert.Equal(t, 1, got.Replica)
	assert.Empty(t, got.Summary.Objects)
	assert.Equal(t, "1 object after 1 look: 1 reading", got.Summary.Text)
}

func TestWhatWasReadIsSettled(t *testing.T) {
	sums := verified("v1")
	tests := map[string]struct {
		message batch.Message
		bytes   *verdict.Bytes
		notRead *batch.Error
		outcome verdict.Outcome
		reason  reason.Code
		proof   verdict.Evidence
	}{
		"equal bytes":                            {silent("r"), equal(), nil, verdict.Verified, "", verdict.BytesRead},
		"other bytes":                            {silent("r"), &verdict.Bytes{Different: &checksum.Piece{Length: 3}}, nil, verdict.Failed, reason.ContentMismatch, ""},
		"an error, where nothing else decides":   {silent("r"), nil, &batch.Error{Error: "Autobackup.Internal"}, verdict.Failed, reason.WorkflowError, ""},
		"an error, where stored checksums agree": {sums, nil, &batch.Error{Error: "Autobackup.Transient"}, verdict.Failed, reason.BytesNotRead, "full-object checksum CRC64NVME"},
		"the primary's version went away before": {silent("r"), &verdict.Bytes{Primary: verdict.Read{Found: verdict.Missing}, Replica: verdict.Read{Found: verdict.Object}}, nil, verdict.Skipped, reason.SourceDeleted, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.message.Look.Replicas[0].Bytes = tt.bytes
			tt.message.Progress = verdict.Progress{Looks: 3, Waited: 15}
			got := reader(verdict.ByteVerification{Inconclusive: true, PerMille: 1000}).Settle(t.Context(),
				batch.Batch{Reads: true, Reading: []batch.Message{tt.message}, NotRead: tt.notRead})
			require.Len(t, got.Summary.Objects, 1)
			s := got.Summary.Objects[0]
			assert.Equal(t, []any{tt.outcome, tt.reason, 3}, []any{s.Verdict, s.Reason, s.Looks}, "reading is no look")
			assert.Equal(t, tt.proof, s.Replicas[0].Evidence)
			assert.NotContains(t, got.Summary.Text, verdict.Reading)
			assert.Nil(t, got.NotRead)
			assert.Empty(t, got.Reading)
		})
	}
}

func TestWhatReadingFoundGoneLagsWithoutItsLook(t *testing.T) {
	m := silent("r1")
	m.Look.Replicas[0].Bytes = &verdict.Bytes{Primary: verdict.Read{Found: verdict.Object}, Replica: verdict.Read{Found: verdict.Missing}}
	m.Progress = verdict.Progress{Looks: 2, Waited: int((policy.Deadline - 3*time.Second) / time.Second)}
	got := reader(inconclusive).Settle(t.Context(), batch.Batch{Reads: true, Reading: []batch.Message{m}})
	require.Len(t, got.Lagging, 1)
	assert.Nil(t, got.Lagging[0].Look)
	assert.Equal(t, 3, got.Wait, "no wait overshoots the deadline")
	assert.Equal(t, int(policy.Deadline/time.Second), got.Lagging[0].Progress.Waited)
}

func TestABatchThatNoExecutionMakesIsNoPanic(t *testing.T) {
	noReplica := func(index int) batch.Batch {
		return batch.Batch{Reads: true, Replica: index, NotRead: &batch.Error{Error: "e"}, Reading: []batch.Message{silent("r")}}
	}
	noLook := batch.Message{ID: "r", Body: body("r")}
	for name, b := range map[string]batch.Batch{
		"a message to read without a look":    {Reads: true, Reading: []batch.Message{noLook}},
		"a message to read that is no event":  {Reads: true, Reading: []batch.Message{{ID: "r", Body: "noise", Look: &verdict.Look{}}}},
		"several messages to read":            {Reads: true, Reading: []batch.Message{silent("q"), noLook, silent("r")}},
		"a replica that is not there":         {Reads: true, Replica: 7, NotRead: &batch.Error{Error: "e"}, Reading: []batch.Message{silent("r")}},
		"the replica just behind the last":    noReplica(1),
		"a replica whose index is below zero": noReplica(-1),
	} {
		t.Run(name, func(t *testing.T) {
			got := reader(inconclusive).Settle(t.Context(), b)
			at := ids(got.Lagging, got.Reading)
			for _, s := range got.Summary.Objects {
				at = append(at, s.ID)
			}
			assert.ElementsMatch(t, ids(b.Reading), at, "each is somewhere")
			for i, f := range got.Failed {
				assert.Equal(t, b.Reading[i].Body, f.Body)
			}
		})
	}
}

func TestTheErrorBelongsToTheReplicaThatWasToBeRead(t *testing.T) {
	m := silent("r1")
	m.Look.Replicas = append(m.Look.Replicas, m.Look.Replicas[0])
	m.Look.Replicas[0].Bytes = equal()
	got := reader(inconclusive).Settle(t.Context(), batch.Batch{
		Reads: true, Replica: 1, Reading: []batch.Message{m}, NotRead: &batch.Error{Error: "Autobackup.Internal"}})
	require.Len(t, got.Failed, 1)
	entries := got.Failed[0].Verdict.Replicas
	assert.Equal(t, []verdict.Outcome{verdict.Verified, verdict.Failed}, []verdict.Outcome{entries[0].Outcome, entries[1].Outcome})
	assert.Equal(t, reason.WorkflowError, entries[1].Reason)
	assert.Nil(t, m.Look.Replicas[1].Bytes, "who called keeps its batch as it was")
}

func TestASampleIsDrawnFromTheVersion(t *testing.T) {
	var drawn []string
	for i := range 40 {
		id := fmt.Sprintf("k%d", i)
		for _, s := range reader(verdict.ByteVerification{PerMille: 500}).Settle(t.Context(), batch.Batch{Messages: []batch.Message{verified(id)}}).Summary.Objects {
			if s.Verdict == verdict.Reading {
				drawn = append(drawn, s.ID)
			}
		}
	}
	assert.Greater(t, len(drawn), 8, "half of them, by and by")
	assert.Less(t, len(drawn), 32)
	for _, id := range drawn {
		got := reader(verdict.ByteVerification{PerMille: 500}).Settle(t.Context(), batch.Batch{Reads: true, Replica: -1, Messages: []batch.Message{verified(id)}})
		assert.Equal(t, []any{1, 0}, []any{len(got.Reading), got.Replica}, "its own execution draws the same")
	}
}
