package settle_test

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/batch"
	"autobackup/internal/evidence"
	"autobackup/internal/keep"
	"autobackup/internal/verdict"
)

// taken is what was put as facts.
type taken struct {
	keep.Store
	contents [][]byte
}

// Make implements keep.Store.
func (t *taken) Make(_ context.Context, _ string, content []byte) (bool, error) {
	t.contents = append(t.contents, content)
	return true, nil
}

// Whatever a batch holds, no message of it keeps the others' endings out of the evidence, and
// each new line of the summary that is an ending has a record.
func TestEveryEndingOfAnyBatchCanBeKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyBatch().Draw(t, "batch")
		after, ended := reader(verdict.ByteVerification{Inconclusive: true}).Round(context.Background(), b)
		require.Len(t, ended, len(after.Summary.Objects)-len(b.Summary.Objects))
		run := evidence.Run{ID: "run", At: time.Unix(1e9, 0), Program: "p"}
		var records []evidence.Record
		for _, e := range ended {
			if r, is := evidence.OfSettled(e.Settled, e.Version, e.Look, run); is {
				records = append(records, r)
			}
		}
		endings := len(after.Summary.Objects) - len(slices.DeleteFunc(slices.Clone(after.Summary.Objects), func(s batch.Settled) bool { return s.Verdict != verdict.Reading }))
		require.Len(t, records, endings)
		to := &taken{}
		require.NoError(t, keep.Put(t.Context(), to, records))
		for _, content := range to.contents {
			for _, err := range evidence.Read(bytes.NewReader(content)) {
				assert.NoError(t, err)
			}
		}
	})
}
