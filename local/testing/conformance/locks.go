package conformance

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var lockTests = map[string]func(T, *bed){
	"a bucket can be made with Object Lock":             lockEnabled,
	"a bucket can be made without Object Lock in words": lockNotEnabled,
	"a locked version is kept":                          lockedKept,
	"a lock in the past is refused":                     lockInThePast,
	"a part of a locked upload needs a checksum":        lockedPartNeedsChecksum,
	"a locked upload needs a checksum":                  lockNeedsChecksum,
	"deleting many needs a checksum":                    deletionNeedsChecksum,
}

func withLock(in *s3.CreateBucketInput) { in.ObjectLockEnabledForBucket = aws.Bool(true) }

func lockEnabled(t T, b *bed) {
	bucket := b.unversioned(t, b.Primary, withLock)
	out, err := b.s3.GetObjectLockConfiguration(t.Context(), &s3.GetObjectLockConfigurationInput{Bucket: bucket})
	require.NoError(t, err)
	assert.Equal(t, types.ObjectLockEnabledEnabled, out.ObjectLockConfiguration.ObjectLockEnabled)
	assert.NotNil(t, b.put(t, bucket, "k", "v").VersionId, "versioning is on")
}

func lockNotEnabled(t T, b *bed) {
	bucket := b.unversioned(t, b.Primary, func(in *s3.CreateBucketInput) { in.ObjectLockEnabledForBucket = aws.Bool(false) })
	assert.Nil(t, b.put(t, bucket, "k", "v").VersionId, "versioning is off")
}

// lockedFor is long enough for a test, and short enough to wait for.
const lockedFor = 3 * time.Second

// locked puts a version that is locked for a moment, at whose end the bucket can be
// emptied.
func (b *bed) locked(t T, bucket *string, until time.Time, options ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	t.Helper()
	return b.s3.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("v"),
		ObjectLockMode: types.ObjectLockModeGovernance, ObjectLockRetainUntilDate: &until,
	}, options...)
}

func lockedKept(t T, b *bed) {
	bucket := b.unversioned(t, b.Primary, withLock)
	until := b.Now().Add(lockedFor)
	put, err := b.locked(t, bucket, until)
	require.NoError(t, err)
	_, err = b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k"), VersionId: put.VersionId})
	failed(t, err, 403, "AccessDenied")
	out, err := b.deleteMany(t, bucket, types.ObjectIdentifier{Key: aws.String("k"), VersionId: put.VersionId})
	require.NoError(t, err)
	assert.Empty(t, out.Deleted)
	require.Len(t, out.Errors, 1)
	assert.Equal(t, "AccessDenied", aws.ToString(out.Errors[0].Code), "which no client tries again")
	assert.Equal(t, "v", b.get(t, b.s3, bucket, "k", *put.VersionId))
	b.await(t, func() bool { return b.Now().After(until) })
}

func lockInThePast(t T, b *bed) {
	_, err := b.locked(t, b.unversioned(t, b.Primary, withLock), b.Now().Add(-time.Hour))
	failed(t, err, 400, "InvalidArgument")
}

func lockNeedsChecksum(t T, b *bed) {
	until := b.Now().Add(lockedFor)
	_, err := b.locked(t, b.unversioned(t, b.Primary, withLock), until, withoutChecksums)
	if err == nil { // or the bucket could not be removed
		b.await(t, func() bool { return b.Now().After(until) })
	}
	failed(t, err, 400, "InvalidRequest")
}

func lockedPartNeedsChecksum(t T, b *bed) {
	bucket, until := b.unversioned(t, b.Primary, withLock), b.Now().Add(time.Hour)
	created, err := b.s3.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{
		Bucket: bucket, Key: multipartKey, ObjectLockMode: types.ObjectLockModeGovernance, ObjectLockRetainUntilDate: &until,
	}, withoutChecksums)
	require.NoError(t, err)
	_, err = b.s3.UploadPart(t.Context(), &s3.UploadPartInput{
		Bucket: bucket, Key: multipartKey, UploadId: created.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("v"),
	}, withoutChecksums)
	failed(t, err, 400, "InvalidRequest")
}

func deletionNeedsChecksum(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	_, err := b.s3.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{
		Bucket: bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("k")}}},
	}, s3.WithAPIOptions(unchecked))
	failed(t, err, 400, "InvalidRequest")
}

// unchecked takes out the checksum that the SDK always sends with some requests.
func unchecked(stack *middleware.Stack) error {
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("Unchecked",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			header := in.Request.(*smithyhttp.Request).Header
			for name := range header {
				if strings.HasPrefix(name, "X-Amz-Checksum-") || name == "X-Amz-Sdk-Checksum-Algorithm" || name == "Content-Md5" {
					header.Del(name)
				}
			}
			return next.HandleFinalize(ctx, in)
		}), "Signing", middleware.Before)
}
