package wire_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/handler"
	"autobackup/internal/wire"
)

// verifiedDocument is a sample of the stage dev whose event is of 09:14:05.
func verifiedDocument(t *testing.T) []byte {
	t.Helper()
	payload, err := os.ReadFile("../../events/compare-etags/verified-full-object-checksum.json")
	require.NoError(t, err)
	return payload
}

func TestCompareETagsWritesMetricsApartFromItsLog(t *testing.T) {
	const bucket = "autobackup-dev-primary-documents-123456789012"
	var log, written bytes.Buffer
	now := func() time.Time { return time.Date(2026, 3, 2, 9, 16, 5, 0, time.UTC) }
	f, err := wire.CompareETagsTo(&written, now)(aws.Config{}, environ("STAGE", "dev", "BUCKET_METRICS", "acme-invoices,"+bucket), handler.Logger(&log))
	require.NoError(t, err)
	_, err = f(t.Context(), verifiedDocument(t))
	require.NoError(t, err)
	members := `,"Failed":0,"Lagging":0,"Looks":[1],"Skipped":0,"Stage":"dev","Verified":1,"_aws":{"Timestamp":1772442965000,"CloudWatchMetrics":[{"Namespace":"Autobackup","Dimensions":`
	metrics := `,"Metrics":[{"Name":"Verified","Unit":"Count"},{"Name":"Lagging","Unit":"Count"},{"Name":"Failed","Unit":"Count"},{"Name":"Skipped","Unit":"Count"},` +
		`{"Name":"Looks","Unit":"Count"},{"Name":"AgeAtVerification","Unit":"Seconds"}]}]}}` + "\n"
	assert.Equal(t, `{"AgeAtVerification":[120]`+members+`[["Stage"]]`+metrics+
		`{"AgeAtVerification":[120],"Bucket":"`+bucket+`"`+members+`[["Stage","Bucket"]]`+metrics, written.String())
	assert.NotContains(t, log.String(), "CloudWatchMetrics")
}

func TestMetricsGoToStandardOutput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stdout")
	file, err := os.Create(path)
	require.NoError(t, err)
	stdout := os.Stdout
	defer func() { os.Stdout = stdout }()
	os.Stdout = file
	f, err := wire.CompareETags(aws.Config{}, environ(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	_, err = f(t.Context(), verifiedDocument(t))
	require.NoError(t, err)
	require.NoError(t, file.Close())
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Contains(t, string(written), `"Namespace":"Autobackup"`)
}
