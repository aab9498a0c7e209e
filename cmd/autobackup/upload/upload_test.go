package upload_test

import (
	"context"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/upload"
	"autobackup/internal/local/clock"
	"autobackup/internal/local/s3"
)

const away = "eu-west-1"

func evidence(t *testing.T) (endpoint string, client *sdk.Client) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	server, err := s3.New(s3.Config{Clock: clock.Real(), Dir: t.TempDir(), Account: "111122223333"})
	require.NoError(t, err)
	require.NoError(t, server.CreateBucket(s3.BucketConfig{Name: "evidence", Region: away, Versioned: true}))
	web := httptest.NewServer(server)
	t.Cleanup(func() {
		web.Close()
		require.NoError(t, server.Close())
	})
	return web.URL, sdk.New(sdk.Options{
		Region: away, BaseEndpoint: &web.URL, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
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
	endpoint, client := evidence(t)
	access := pair.Access{Endpoint: endpoint, Region: "eu-central-1"}
	folder := report(t)
	place, err := upload.Report(context.Background(), folder, pair.Address{Bucket: "evidence", Rest: "2026/"}, access)
	require.NoError(t, err)
	assert.Equal(t, "s3://evidence/2026/audit-1/", place)

	out, err := client.ListObjectsV2(context.Background(), &sdk.ListObjectsV2Input{Bucket: aws.String("evidence")})
	require.NoError(t, err)
	var keys []string
	for _, o := range out.Contents {
		keys = append(keys, *o.Key)
	}
	assert.Equal(t, []string{"2026/audit-1/SHA256SUMS", "2026/audit-1/findings.jsonl", "2026/audit-1/report.html"}, keys)
	got, err := client.GetObject(context.Background(), &sdk.GetObjectInput{Bucket: aws.String("evidence"), Key: &keys[2]})
	require.NoError(t, err)
	content, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	assert.Equal(t, "page", string(content))

	_, err = upload.Report(context.Background(), folder, pair.Address{Bucket: "evidence", Rest: "2026"}, access)
	assert.ErrorContains(t, err, "copy report.html to s3://evidence/2026/audit-1/: PutObject answered 412 PreconditionFailed; the report is complete in "+folder)
}

func TestWhatCanNotBeCopiedSaysWhy(t *testing.T) {
	endpoint, _ := evidence(t)
	access := pair.Access{Endpoint: endpoint, Region: away}
	_, err := upload.Report(context.Background(), report(t), pair.Address{Bucket: "nobody"}, access)
	assert.ErrorContains(t, err, "copy the report to s3://nobody: HeadBucket answered 404 NotFound")
	_, err = upload.Report(context.Background(), t.TempDir(), pair.Address{Bucket: "evidence"}, access)
	assert.ErrorContains(t, err, "SHA256SUMS: no such file")

	folder := report(t)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "SHA256SUMS"), []byte("aa  ../secret\n"), 0o600))
	_, err = upload.Report(context.Background(), folder, pair.Address{Bucket: "evidence"}, access)
	assert.ErrorContains(t, err, "SHA256SUMS has a line that is none of sha256sum")
}
