// Package conformance holds what Autobackup takes for granted of S3, as tests
// that use nothing but the API: they run on the local S3 in every test run, and
// can run on any other S3 with two regions. Where a server is known to answer
// otherwise than AWS's documents say, Differences has it, and a test that then
// passes is an error: the list must not outlive the differences.
package conformance

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// T is what a test here needs of *testing.T.
type T interface {
	require.TestingT
	Helper()
	Context() context.Context
	Cleanup(func())
	Skip(...any)
}

// Target is the S3 under test.
type Target struct {
	// Client is a client with the SDK's defaults for a region.
	Client func(region string) *s3.Client
	// Primary and Replica are two different regions.
	Primary, Replica string
	// Role is the ARN of a role that may replicate between the test's buckets.
	Role string
	// Destination is how a replication rule of the bucket source names the
	// bucket destination. Nil is S3's way, the bucket's ARN.
	Destination func(ctx context.Context, source, destination string) (string, error)
	// Plain says that the clients use http instead of https. The SDK then can't
	// send a body that it can't rewind, and S3 takes no customer's keys.
	Plain bool
	// Looks is how often, a Sleep of one second apart, a replica is looked for.
	Looks int
	// Now and Sleep are the time that the S3 under test goes by; a Sleep may be
	// shorter than asked.
	Now   func() time.Time
	Sleep func(time.Duration)
}

// Run runs every test. Each is handed to bring, which brings up a Target, runs
// the test on it and takes it down again: a testing/synctest bubble can't hold
// subtests, so each test needs its own. Server is what answers, as in
// Differences; "" is one without any.
func Run(t *testing.T, server string, bring func(t *testing.T, test func(*testing.T, Target))) {
	for name, test := range tests() {
		t.Run(name, func(t *testing.T) {
			bring(t, func(t *testing.T, target Target) {
				b := &bed{Target: target, s3: target.Client(target.Primary)}
				if known := differing(server, name); known != nil {
					known.expect(t, func(t T) { test(t, b) })
					return
				}
				test(t, b)
			})
		})
	}
}

// tests are all, by name.
func tests() map[string]func(T, *bed) {
	all := map[string]func(T, *bed){}
	for _, group := range []map[string]func(T, *bed){bucketTests, objectTests, copyTests, checksumTests, multipartTests, attributeTests, versionTests, lockTests, listTests, replicationTests} {
		maps.Copy(all, group)
	}
	return all
}

// bed is what one test stands on.
type bed struct {
	Target
	s3 *s3.Client // of the primary region
}

// bucket makes a versioned bucket in a region and removes it after the test.
func (b *bed) bucket(t T, region string) *string {
	t.Helper()
	name := b.unversioned(t, region)
	b.enableVersioning(t, b.Client(region), name)
	return name
}

func (b *bed) enableVersioning(t T, client *s3.Client, bucket *string) {
	t.Helper()
	_, err := client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	require.NoError(t, err)
}

// unversioned makes a bucket whose versioning was never enabled.
func (b *bed) unversioned(t T, region string, change ...func(*s3.CreateBucketInput)) *string {
	t.Helper()
	var noise [6]byte
	_, err := rand.Read(noise[:])
	require.NoError(t, err)
	name := aws.String("autobackup-conformance-" + hex.EncodeToString(noise[:]))
	client := b.Client(region)
	input := &s3.CreateBucketInput{Bucket: name}
	if region != "us-east-1" {
		input.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}
	}
	for _, c := range change {
		c(input)
	}
	_, err = client.CreateBucket(t.Context(), input)
	require.NoError(t, err)
	t.Cleanup(func() { b.remove(t, client, name) })
	return name
}

// remove removes a bucket with everything in it, late replicas included.
func (b *bed) remove(t T, client *s3.Client, bucket *string) {
	ctx := context.WithoutCancel(t.Context()) // cleanups run when it has ended
	b.await(t, func() bool {
		empty(ctx, t, client, bucket)
		_, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket})
		if statusOf(err) != http.StatusConflict {
			require.NoError(t, err)
		}
		return err == nil
	})
}

func empty(ctx context.Context, t T, client *s3.Client, bucket *string) {
	pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		require.NoError(t, err)
		var ids []types.ObjectIdentifier
		for _, v := range page.Versions {
			ids = append(ids, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		for _, m := range page.DeleteMarkers {
			ids = append(ids, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
		}
		if len(ids) == 0 {
			continue
		}
		out, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: ids}})
		require.NoError(t, err)
		assert.Empty(t, out.Errors)
	}
}

// put stores text under key, with SDK defaults.
func (b *bed) put(t T, bucket *string, key, text string) *s3.PutObjectOutput {
	t.Helper()
	out, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: bytes.NewReader([]byte(text))})
	require.NoError(t, err)
	return out
}

// get reads a version, "" being the current one.
func (b *bed) get(t T, client *s3.Client, bucket *string, key, version string) string {
	t.Helper()
	input := &s3.GetObjectInput{Bucket: bucket, Key: &key}
	if version != "" {
		input.VersionId = &version
	}
	out, err := client.GetObject(t.Context(), input)
	require.NoError(t, err)
	body, err := io.ReadAll(out.Body)
	require.NoError(t, err)
	require.NoError(t, out.Body.Close())
	return string(body)
}

// head looks at a version with its checksums.
func head(t T, client *s3.Client, bucket *string, key, version string) (*s3.HeadObjectOutput, error) {
	t.Helper()
	input := &s3.HeadObjectInput{Bucket: bucket, Key: &key, ChecksumMode: types.ChecksumModeEnabled}
	if version != "" {
		input.VersionId = &version
	}
	return client.HeadObject(t.Context(), input)
}

// failed asserts an error's status and code, and answers the response's headers.
func failed(t T, err error, status int, code string) http.Header {
	t.Helper()
	require.Error(t, err)
	var response *awshttp.ResponseError
	require.True(t, errors.As(err, &response), "%v", err)
	assert.Equal(t, status, response.HTTPStatusCode(), "%v", err)
	var api smithy.APIError
	require.True(t, errors.As(err, &api), "%v", err)
	assert.Equal(t, code, api.ErrorCode(), "%v", err)
	return response.Response.Header
}

// statusOf is the status an error was answered with; 0 if none.
func statusOf(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}
