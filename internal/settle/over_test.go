package settle_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// told is the message as somebody moved it back who was told of it.
func told(m batch.Message, was ...string) batch.Message {
	m.Again, m.Was = true, was
	return m
}

func TestWhatWasToldAndDoesNotFailNowIsTellableAsOver(t *testing.T) {
	got := round(t, told(verified("v1"), "docs-r"), told(skipped("s1")), verified("v2"), told(mismatch("f1"), "docs-r"), told(lagging("l1"), "docs-r"))
	require.Len(t, got.Over, 2, "what was never told is not over, nor what fails again or lags")
	v, s := got.Over[0], got.Over[1]
	assert.Equal(t, []any{"v1", body("v1"), []string{"docs-r"}, verdict.Verified}, []any{v.ID, v.Body, v.Was, v.Verdict.Outcome})
	assert.Equal(t, verdict.FullObjectChecksum+" CRC64NVME", v.Verdict.Replicas[0].Evidence)
	assert.Equal(t, []any{"s1", verdict.Skipped, reason.SourceDeleted}, []any{s.ID, s.Verdict.Outcome, s.Verdict.Reason})
	assert.Empty(t, s.Was, "the verdict has the replicas")
	assert.Equal(t, []string{"docs-r"}, got.Failed[0].Was)
	assert.Equal(t, batch.Counts{Lagging: 1, Failed: 1, Over: 2}, got.Counts)
}

func TestAReplicaThatNoRuleLeadsToAnyMoreIsStillNamed(t *testing.T) {
	got := round(t, told(verified("v1"), "docs-old"))
	require.Len(t, got.Over, 1)
	assert.Equal(t, []string{"docs-old"}, got.Over[0].Was)
}

func TestWhereTheVerdictNamesNoReplicaTheRulesDo(t *testing.T) {
	m := told(verified("s1"), "docs-old")
	m.Look.Primary = verdict.Side{Bucket: "docs", Found: verdict.Marker}
	m.Look.Replicas[0].IgnoresMarkers = true
	got := round(t, m)
	require.Len(t, got.Over, 1, got.Summary.Text)
	assert.Equal(t, reason.MarkerNotReplicated, got.Over[0].Verdict.Reason)
	assert.Equal(t, []string{"docs-old", "docs-r"}, got.Over[0].Was)
}

func TestWhatIsOverTakesNoMoreRoomThanWhatFailed(t *testing.T) {
	m := told(verified("v1"), "docs-r")
	for i := range m.Look.Replicas {
		m.Look.Replicas[i].Bucket = "docs-r"
	}
	short := settler(new(bytes.Buffer))
	short.MaxMessage = len(m.Body) + 120
	got := short.Settle(t.Context(), batch.Batch{Messages: []batch.Message{m}})
	require.Len(t, got.Over, 1)
	o := got.Over[0]
	assert.LessOrEqual(t, len(o.Body)+text.Encoded(o.Verdict)+len("docs-r"), short.MaxMessage)
	assert.Empty(t, o.Verdict.Replicas)
	assert.Equal(t, verdict.FullObjectChecksum+" CRC64NVME", o.Verdict.Evidence, "what it rests on stays longest")
}
