package evidence_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/evidence"
	core "autobackup/internal/evidence"
	"autobackup/internal/reason"
	"autobackup/local/s3"
)

func TestNothingThatOthersChoseReachesTheTerminalAsItIs(t *testing.T) {
	const hostile = "\x1b[2J\u202e"
	v := core.Verification{
		Deployment: core.Deployment{Stage: hostile, Account: hostile, Region: hostile}, First: &core.Link{Day: "2025-03-01"}, Last: &core.Link{Day: "2025-03-01"},
		Problems: []core.Problem{{Kind: core.ExtraFile, Name: hostile, Sentence: hostile}},
	}
	finding := core.Told{Verdict: core.Verified, Evidence: fullObject, Finding: reason.MetadataDiffers}
	r := core.Report{Verification: v, Seen: 1, Buckets: []core.BucketReport{{Bucket: hostile, Seen: 1, Endings: []core.Ending{{Told: finding, Versions: 1}}}}}
	var b bytes.Buffer
	require.NoError(t, evidence.Screen(&b, hostile, v))
	require.NoError(t, evidence.ReportScreen(&b, hostile, hostile, r))
	assert.NotContains(t, b.String(), "\x1b")
	assert.NotContains(t, b.String(), "\u202e")
	assert.Contains(t, b.String(), `of        stage \x1b[2J\u202e, account \x1b[2J\u202e, region \x1b[2J\u202e`)
	assert.Contains(t, b.String(), "verified full-object checksum CRC64NVME, METADATA_DIFFERS\n")
	_, err := evidence.Report(t.Context(), options(hostile))
	assert.ErrorContains(t, err, `report on \x1b[2J\u202e: `)
}

func TestAReportThatCanNotBePutInItsPlaceIsAnError(t *testing.T) {
	o := options(sample)
	o.Folder = t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(o.Folder, "report.html"), 0o750))
	_, err := evidence.Report(t.Context(), o)
	assert.ErrorContains(t, err, "report on testdata/sample: write "+filepath.Join(o.Folder, "report.html"))
	_, err = os.Stat(filepath.Join(o.Folder, "SHA256SUMS"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestWhatTheBucketsListHasAndTheBucketLacksIsMissing(t *testing.T) {
	server, o := stored(t, "")
	server.Fault = func(r s3.Request) *s3.Fault {
		if r.Operation == "GetObject" && r.Key == "evidence/2025/03/03/02-1.jsonl.gz" {
			return &s3.Fault{Status: http.StatusNotFound, Code: "NoSuchKey"}
		}
		return nil
	}
	v, err := evidence.Verify(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, "file missing 1", v.Summary())
}
