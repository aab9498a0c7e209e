package local_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// The samples of compare-etags and failure-notifier are run by the tests of
// internal/wire; those of fetch-etags need an S3.
func TestEverySampleOfFetchETagsIsAnswered(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(project, "events/fetch-etags/*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	samples := map[string][]byte{}
	for _, path := range paths {
		samples[filepath.Base(path)], err = os.ReadFile(path)
		require.NoError(t, err)
	}
	malformed := 0
	inWorld(t, func(w *world) {
		for name, sample := range samples {
			answer, err := w.function("fetch-etags").Invoke(w.t.Context(), sample)
			require.NoError(t, err, name)
			var b batch.Batch
			require.NoError(t, json.Unmarshal(answer, &b), name)
			for _, m := range b.Messages {
				v, err := s3event.Parse(m.Body)
				if err != nil {
					malformed++
				}
				if err != nil || !v.Versioned() {
					assert.Nil(t, m.Look, name)
					continue
				}
				require.NotNil(t, m.Look, name)
				assert.Equal(t, verdict.Missing, m.Look.Primary.Found, "%s: its version is not in this S3", name)
				assert.Equal(t, w.replicaBucket(), m.Look.Replicas[0].Bucket, name)
			}
		}
	})
	assert.Equal(t, 6, malformed, "three kinds of malformed messages, alone and in the batch")
}

func TestALookIsAsManyHeadRequestsAsThereAreSides(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put("report.pdf", "content")
		w.settle()
		heads := map[string]int{}
		for what, n := range w.S3.Requests() {
			if what.Operation == "HeadObject" {
				heads[what.Bucket] = n
			}
		}
		assert.Equal(t, map[string]int{w.bucket(): 1, w.replicaBucket(): 1}, heads)
	})
}

func TestFunctionsLogOneLineForEachVerdict(t *testing.T) {
	var log strings.Builder
	functionLog = &log
	defer func() { functionLog = nowhere }()
	inWorld(t, func(w *world) {
		w.uploadTwo()
		w.settle()
	})
	levels := map[string]int{}
	for line := range strings.Lines(log.String()) {
		var entry struct{ Level, Msg, Key, Bucket, Version, Evidence string }
		require.NoError(t, json.Unmarshal([]byte(line), &entry))
		if entry.Msg != "verified" && entry.Msg != "failed" && entry.Msg != "lagging" {
			continue // of the sender
		}
		levels[entry.Level+" "+entry.Key]++
		assert.NotEmpty(t, entry.Bucket)
		assert.NotEmpty(t, entry.Version)
	}
	assert.Equal(t, 1, levels["SUCCESS slow.bin"])
	assert.Equal(t, 1, levels["ERROR wrong.bin"])
	assert.Positive(t, levels["WARNING slow.bin"])
}
