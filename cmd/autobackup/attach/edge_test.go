package attach_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/attach"
)

// told is what the JSON of a report has of its only bucket.
func told(t *testing.T, r *attach.Report) (bucket map[string]any, exit int) {
	t.Helper()
	var out strings.Builder
	require.NoError(t, r.JSON(&out))
	var report struct {
		Buckets []map[string]any `json:"buckets"`
		Exit    int              `json:"exit"`
	}
	require.NoError(t, json.Unmarshal([]byte(out.String()), &report))
	require.Len(t, report.Buckets, 1)
	return report.Buckets[0], report.Exit
}

func TestTheReportForProgramsSaysOfABucketThatItChangedOnlyWhereItDid(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	for _, tt := range []struct {
		name    string
		edit    func(*attach.Options)
		changed bool
		outcome string
		exit    int
	}{
		{"planned", func(o *attach.Options) { o.Plan = filepath.Join(t.TempDir(), "plan.json") }, false, "planned", 0},
		{"printed", func(o *attach.Options) { o.Print = "aws" }, false, "printed", 0},
		{"nobody said yes", func(o *attach.Options) { o.Yes = false }, false, "", 1},
		{"changed", func(*attach.Options) {}, true, "changed: EventBridge on, failure notices to ", 0},
		{"attached already", func(*attach.Options) {}, false, "", 0},
	} {
		o := w.options(docs)
		tt.edit(&o)
		r, _ := w.run(attach.Run, o)
		bucket, exit := told(t, r)
		assert.Equal(t, tt.changed, bucket["changed"], tt.name)
		assert.Equal(t, tt.exit, exit, tt.name)
		outcome, _ := bucket["outcome"].(string)
		assert.True(t, strings.HasPrefix(outcome, tt.outcome), "%s: %s", tt.name, outcome)
	}
}
