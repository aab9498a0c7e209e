// Package s3test has tests of commands talk to the local S3 as they would to any other:
// over HTTP, at an endpoint, with credentials of the environment.
package s3test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/s3"
)

// Server is a local S3 that is served.
type Server struct {
	*s3.Server
	URL    string
	Client *sdk.Client // in the region that New was given
	t      testing.TB
}

// New serves a local S3 with buckets, made in this order, until the test ends.
func New(t testing.TB, region string, buckets ...s3.BucketConfig) *Server {
	t.Helper()
	server, err := s3.New(s3.Config{Clock: clock.Real(), Dir: t.TempDir(), Account: "111122223333"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	for _, b := range buckets {
		require.NoError(t, server.CreateBucket(b))
	}
	url := Serve(t, server)
	return &Server{Server: server, URL: url, t: t, Client: sdk.New(sdk.Options{
		Region: region, BaseEndpoint: &url, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
	})}
}

const id, secret = "id", "secret"

// Serve serves a handler until the test ends, in an environment that has credentials for
// it and no configuration of whoever runs the test.
func Serve(t testing.TB, handler http.Handler) (url string) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", id)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	web := httptest.NewServer(handler)
	t.Cleanup(web.Close)
	return web.URL
}

// In is for calls in another region than the client's.
func In(region string) func(*sdk.Options) { return func(o *sdk.Options) { o.Region = region } }

// Put uploads, and answers the version id once it is replicated.
func (s *Server) Put(bucket, key, content string, change ...func(*sdk.PutObjectInput)) string {
	s.t.Helper()
	in := &sdk.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(content)}
	for _, c := range change {
		c(in)
	}
	out, err := s.Client.PutObject(s.t.Context(), in)
	require.NoError(s.t, err)
	s.Replicated()
	return aws.ToString(out.VersionId)
}

// Replicated waits until nothing is left to replicate.
func (s *Server) Replicated() {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.Pending() == 0 }, 10*time.Second, time.Millisecond)
}

// Remove deletes a version by its id.
func (s *Server) Remove(bucket, region, key, version string) {
	s.t.Helper()
	_, err := s.Client.DeleteObject(s.t.Context(), &sdk.DeleteObjectInput{Bucket: &bucket, Key: &key, VersionId: &version}, In(region))
	require.NoError(s.t, err)
}

// Mark deletes an object, and answers the id of the delete marker that this makes.
func (s *Server) Mark(bucket, key string) string {
	s.t.Helper()
	out, err := s.Client.DeleteObject(s.t.Context(), &sdk.DeleteObjectInput{Bucket: &bucket, Key: &key})
	require.NoError(s.t, err)
	s.Replicated()
	return aws.ToString(out.VersionId)
}

// Tag gives a version a tag after its upload.
func (s *Server) Tag(bucket, key, version, name, value string) {
	s.t.Helper()
	_, err := s.Client.PutObjectTagging(s.t.Context(), &sdk.PutObjectTaggingInput{Bucket: &bucket, Key: &key, VersionId: &version,
		Tagging: &types.Tagging{TagSet: []types.Tag{{Key: &name, Value: &value}}}})
	require.NoError(s.t, err)
	s.Replicated()
}

// InParts uploads an object with a tag in two parts, whose checksums are kept.
func (s *Server) InParts(bucket, key string) string {
	s.t.Helper()
	ctx := s.t.Context()
	begun, err := s.Client.CreateMultipartUpload(ctx, &sdk.CreateMultipartUploadInput{
		Bucket: &bucket, Key: &key, Tagging: aws.String("a=b"),
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32, ChecksumType: types.ChecksumTypeComposite,
	})
	require.NoError(s.t, err)
	var done []types.CompletedPart
	for i, content := range []string{strings.Repeat("a", 5<<20), "b"} {
		number := aws.Int32(int32(i + 1)) // #nosec G115: 1 and 2
		part, err := s.Client.UploadPart(ctx, &sdk.UploadPartInput{
			Bucket: &bucket, Key: &key, UploadId: begun.UploadId, PartNumber: number,
			Body: strings.NewReader(content), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
		})
		require.NoError(s.t, err)
		done = append(done, types.CompletedPart{PartNumber: number, ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32})
	}
	out, err := s.Client.CompleteMultipartUpload(ctx, &sdk.CompleteMultipartUploadInput{
		Bucket: &bucket, Key: &key, UploadId: begun.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: done},
	})
	require.NoError(s.t, err)
	s.Replicated()
	return aws.ToString(out.VersionId)
}
