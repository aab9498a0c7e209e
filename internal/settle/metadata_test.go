package settle_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// relabeled is a verified message whose replica has other headers and tags.
func relabeled(id, headers, tags string) batch.Message {
	m := verified(id)
	m.Look.Primary.Metadata = &verdict.Metadata{Headers: "h", Tags: "t"}
	m.Look.Replicas[0].Metadata = &verdict.Metadata{Headers: headers, Tags: tags}
	return m
}

func TestAFindingStandsInSummaryLogAndMetrics(t *testing.T) {
	var log bytes.Buffer
	b := batch.Batch{Messages: []batch.Message{relabeled("other", "x", "t"), relabeled("same", "h", "t"), mismatch("f")}}
	got := settler(&log).Settle(t.Context(), b)
	assert.Equal(t, "3 objects after 1 look: 2 verified (1 with METADATA_DIFFERS), 1 failed (CONTENT_MISMATCH)", got.Summary.Text)
	assert.Equal(t, batch.Settled{ID: "other", Object: "s3://docs/other@v1", Verdict: verdict.Verified, Evidence: "full-object checksum CRC64NVME",
		Finding: reason.MetadataDiffers, Looks: 1, Replicas: []batch.Replica{{Bucket: "docs-r", Verdict: verdict.Verified,
			Evidence: "full-object checksum CRC64NVME", Finding: reason.MetadataDiffers}}}, got.Summary.Objects[0])
	assert.Empty(t, got.Summary.Objects[1].Finding)
	assert.Len(t, got.Failed, 1)
	assert.Regexp(t, `"level":"SUCCESS","msg":"verified","bucket":"docs","key":"other".*"finding":"METADATA_DIFFERS","replicas":.*metadata differs: headers.*`, log.String())
	assert.NotRegexp(t, `"key":"same".*"finding"`, log.String())
	_, points := measured(t, b)
	assert.Equal(t, 1, points[0].MetadataDiffers)
	assert.Equal(t, 2, points[0].Verified)
}

func TestOnlyLooksInARowMakeAFindingOfTags(t *testing.T) {
	b := batch.Batch{Messages: []batch.Message{{ID: "k", Body: body("k")}}}
	look := func(seen *verdict.Look) {
		b.Messages, b.Lagging = append(b.Messages, b.Lagging...), nil
		b.Messages[0].Look = seen
		b = settler(new(bytes.Buffer)).Settle(t.Context(), b)
	}
	other, same, gone := relabeled("k", "h", "x").Look, relabeled("k", "h", "t").Look, relabeled("k", "h", "x").Look
	gone.Replicas[0] = verdict.Replica{Side: verdict.Side{Bucket: "docs-r", Found: verdict.Unreachable}}
	look(other)
	look(gone)
	for range verdict.MetadataLooks - 1 {
		look(other)
		require.Len(t, b.Lagging, 1)
		require.Positive(t, b.Wait)
	}
	assert.Equal(t, verdict.MetadataLooks-1, b.Lagging[0].Progress.Differing)
	before := b
	before.Lagging = slices.Clone(b.Lagging)
	look(other)
	assert.Equal(t, reason.MetadataDiffers, b.Summary.Objects[0].Finding)
	b = before
	look(same)
	assert.Empty(t, b.Summary.Objects[0].Finding, "S3 replicated the change")
}
