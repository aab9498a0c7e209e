package compare_test

import (
	"bytes"
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
	b := batch.Batch{Looks: 1, Messages: []batch.Message{relabeled("other", "x", "t"), relabeled("same", "h", "t"), mismatch("f")}}
	got := comparer(&log).Compare(t.Context(), b)
	assert.Equal(t, "3 objects after 1 look: 2 verified (1 with METADATA_DIFFERS), 1 failed (CONTENT_MISMATCH)", got.Summary.Text)
	assert.Equal(t, batch.Settled{ID: "other", Object: "s3://docs/other@v1", Verdict: verdict.Verified, Evidence: "full-object checksum CRC64NVME",
		Finding: reason.MetadataDiffers, Looks: 1}, got.Summary.Objects[0])
	assert.Empty(t, got.Summary.Objects[1].Finding)
	assert.Len(t, got.Failed, 1)
	assert.Regexp(t, `"level":"SUCCESS","msg":"verified","bucket":"docs","key":"other".*metadata differs: headers.*"finding":"METADATA_DIFFERS"`, log.String())
	assert.NotRegexp(t, `"key":"same".*"finding"`, log.String())
	_, points := measured(t, b)
	assert.Equal(t, 1, points[0].MetadataDiffers)
	assert.Equal(t, 2, points[0].Verified)
}

func TestOnlyLooksInARowMakeAFindingOfTags(t *testing.T) {
	b := batch.Batch{Messages: []batch.Message{{ID: "k", Body: body("k")}}}
	look := func(m batch.Message) {
		m.Differing = b.Messages[0].Differing // as package look keeps it
		b.Looks, b.Messages = b.Looks+1, []batch.Message{m}
		b = comparer(new(bytes.Buffer)).Compare(t.Context(), b)
	}
	gone := relabeled("k", "h", "x")
	gone.Look.Replicas[0] = verdict.Side{Bucket: "docs-r", Found: verdict.Unreachable}
	look(relabeled("k", "h", "x"))
	look(gone)
	for range verdict.MetadataLooks - 1 {
		look(relabeled("k", "h", "x"))
		require.Len(t, b.Messages, 1)
		require.Positive(t, b.Wait)
	}
	assert.Equal(t, verdict.MetadataLooks-1, b.Messages[0].Differing)
	settles := b
	look(relabeled("k", "h", "x"))
	assert.Equal(t, reason.MetadataDiffers, b.Summary.Objects[0].Finding)
	b = settles
	look(relabeled("k", "h", "t"))
	assert.Empty(t, b.Summary.Objects[0].Finding, "S3 replicated the change")
}
func TestReadingBytesKeepsTheCountOfLooksThatFoundTagsToDiffer(t *testing.T) {
	c := comparer(new(bytes.Buffer))
	c.Policy.Bytes.Inconclusive = true
	m := relabeled("k", "h", "x")
	m.Look.Primary.Checksums, m.Look.Replicas[0].Checksums = nil, nil
	m.Look.Primary.ETag, m.Look.Replicas[0].ETag = "", ""
	m.Differing = verdict.MetadataLooks - 1
	b := c.Compare(t.Context(), batch.Batch{Looks: 9, Messages: []batch.Message{m}})
	require.Len(t, b.Messages, 1)
	require.Equal(t, verdict.Reading, b.Messages[0].Look.Replicas[0].Bytes.Outcome)
	b.Messages[0].Look.Replicas[0].Bytes = &verdict.Verdict{Outcome: verdict.Verified, Evidence: verdict.BytesRead}
	b = c.Compare(t.Context(), b)
	require.Empty(t, b.Messages, "or the bytes would be read for every look")
	assert.Equal(t, reason.MetadataDiffers, b.Summary.Objects[0].Finding)
}
