package upload_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/s3test"
	"autobackup/cmd/autobackup/upload"
	"autobackup/local/s3"
)

const away = "eu-west-1"

func evidence(t *testing.T) *s3test.Server {
	return s3test.New(t, away, s3.BucketConfig{Name: "evidence", Region: away, Versioned: true})
}

// report is a folder with some files of which SHA256SUMS lists two.
func report(t *testing.T) string {
	folder := filepath.Join(t.TempDir(), "audit-1")
	require.NoError(t, os.Mkdir(folder, 0o750))
	for name, content := range map[string]string{
		"report.html": "page", "findings.jsonl": "", "audit.json": "of an audit under way", "SHA256SUMS": "aa  report.html\nbb  findings.jsonl\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
	}
	return folder
}

func TestAReportIsCopiedToABucketOfAnyRegionAndIsNeverReplaced(t *testing.T) {
	server := evidence(t)
	access := pair.Access{Endpoint: server.URL, Region: "eu-central-1"}
	folder := report(t)
	place, err := upload.Report(context.Background(), folder, pair.Address{Bucket: "evidence", Rest: "2026/"}, access)
	require.NoError(t, err)
	assert.Equal(t, "s3://evidence/2026/audit-1/", place)

	out, err := server.Client.ListObjectsV2(context.Background(), &sdk.ListObjectsV2Input{Bucket: aws.String("evidence")})
	require.NoError(t, err)
	var keys []string
	for _, o := range out.Contents {
		keys = append(keys, *o.Key)
	}
	assert.Equal(t, []string{"2026/audit-1/SHA256SUMS", "2026/audit-1/findings.jsonl", "2026/audit-1/report.html"}, keys)
	got, err := server.Client.GetObject(context.Background(), &sdk.GetObjectInput{Bucket: aws.String("evidence"), Key: &keys[2]})
	require.NoError(t, err)
	content, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	assert.Equal(t, "page", string(content))

	_, err = upload.Report(context.Background(), folder, pair.Address{Bucket: "evidence", Rest: "2026"}, access)
	assert.ErrorContains(t, err, "copy report.html to s3://evidence/2026/audit-1/: PutObject answered 412 PreconditionFailed: something of this name is there, and nothing is replaced; "+
		"where S3's answer was lost, it is this very file, which SHA256SUMS shows: then copy the files that are not there yet with aws s3 cp, SHA256SUMS last; the report is complete in "+folder)
}

func TestAnAnswerThatIsLostIsToldAsAFileThatIsThere(t *testing.T) {
	server := evidence(t)
	lost := false
	lossy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPut || lost {
			server.ServeHTTP(w, r)
			return
		}
		lost = true
		server.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}))
	defer lossy.Close()
	_, err := upload.Report(context.Background(), report(t), pair.Address{Bucket: "evidence"}, pair.Access{Endpoint: lossy.URL, Region: away})
	assert.True(t, lost)
	assert.ErrorContains(t, err, "it is this very file")
	out, err := server.Client.ListObjectsV2(context.Background(), &sdk.ListObjectsV2Input{Bucket: aws.String("evidence")})
	require.NoError(t, err)
	require.Len(t, out.Contents, 1, "and nothing vouches for files that are not there")
	assert.Equal(t, "audit-1/report.html", *out.Contents[0].Key)
}

func TestWhatCanNotBeCopiedSaysWhy(t *testing.T) {
	server := evidence(t)
	access := pair.Access{Endpoint: server.URL, Region: away}
	_, err := upload.Report(context.Background(), report(t), pair.Address{Bucket: "nobody"}, access)
	assert.ErrorContains(t, err, "copy the report to s3://nobody: HeadBucket answered 404 NotFound")
	_, err = upload.Report(context.Background(), t.TempDir(), pair.Address{Bucket: "evidence"}, access)
	assert.ErrorContains(t, err, "SHA256SUMS: no such file")

	folder := report(t)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "SHA256SUMS"), []byte("aa  ../secret\n"), 0o600))
	_, err = upload.Report(context.Background(), folder, pair.Address{Bucket: "evidence"}, access)
	assert.ErrorContains(t, err, "SHA256SUMS has a line that is none of sha256sum")
}
