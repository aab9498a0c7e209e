package conformance

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var attributeTests = map[string]func(T, *bed){
	"attributes of an object in one part have no parts": attributesOfOne,
	"attributes tell each part's size and checksum":     attributesOfParts,
	"attributes tell an object's checksum and its type": attributesOfChecksum,
	"parts are listed page by page":                     pagesOfParts,
	"attributes are those of the version asked for":     attributesOfVersion,
	"attributes of what isn't there are 404":            attributesOfNothing,
	"parts below a full-object checksum are counted":    partsCounted,
	"attributes tell a composite checksum bare":         compositeBare,
	"behind the last part there is none":                partsBehindTheLast,
	"a bucket without versioning tells no version":      noVersionTold,
	"uploads in parts need no versioning":               partsWithoutVersioning,
	"a version from before versioning is null":          nullVersion,
}

// attributes asks for everything about a version, "" being the current one.
func (b *bed) attributes(t T, bucket *string, key, version string, change ...func(*s3.GetObjectAttributesInput)) (*s3.GetObjectAttributesOutput, error) {
	t.Helper()
	in := &s3.GetObjectAttributesInput{Bucket: bucket, Key: &key, ObjectAttributes: types.ObjectAttributes("").Values()}
	if version != "" {
		in.VersionId = &version
	}
	for _, c := range change {
		c(in)
	}
	return b.s3.GetObjectAttributes(t.Context(), in)
}

func attributesOfOne(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	put, err := b.s3.PutObject(t.Context(), withSum(bucket, types.ChecksumAlgorithmSha256))
	require.NoError(t, err)
	out, err := b.attributes(t, bucket, "SHA256", "")
	require.NoError(t, err)
	assert.Equal(t, strings.Trim(*put.ETag, `"`), aws.ToString(out.ETag), "without quotes")
	assert.Equal(t, int64(len(text)), aws.ToInt64(out.ObjectSize))
	assert.Equal(t, types.StorageClassStandard, out.StorageClass)
	assert.Equal(t, put.VersionId, out.VersionId)
	assert.Equal(t, sums[types.ChecksumAlgorithmSha256], sumOf(out.Checksum, types.ChecksumAlgorithmSha256))
	assert.Nil(t, out.ObjectParts)
}

func attributesOfParts(t T, b *bed) {
	first, second, whole := pieces()
	u := b.create(t, types.ChecksumAlgorithmSha256, "")
	etag := *u.completed(t).ETag
	out, err := b.attributes(t, u.bucket, *multipartKey, "")
	require.NoError(t, err)
	assert.Equal(t, strings.Trim(etag, `"`), aws.ToString(out.ETag))
	assert.Equal(t, int64(len(whole)), aws.ToInt64(out.ObjectSize))
	require.NotNil(t, out.ObjectParts)
	assert.Equal(t, int32(2), aws.ToInt32(out.ObjectParts.TotalPartsCount))
	require.Len(t, out.ObjectParts.Parts, 2)
	for i, body := range [][]byte{first, second} {
		part := out.ObjectParts.Parts[i]
		assert.Equal(t, int32(i+1), aws.ToInt32(part.PartNumber))
		assert.Equal(t, int64(len(body)), aws.ToInt64(part.Size))
		assert.Equal(t, encodedSum(types.ChecksumAlgorithmSha256, body), aws.ToString(part.ChecksumSHA256))
	}
}

func attributesOfChecksum(t T, b *bed) {
	u := b.create(t, types.ChecksumAlgorithmCrc64nvme, types.ChecksumTypeFullObject)
	looked := u.completed(t)
	out, err := b.attributes(t, u.bucket, *multipartKey, "")
	require.NoError(t, err)
	require.NotNil(t, out.Checksum)
	assert.Equal(t, types.ChecksumTypeFullObject, out.Checksum.ChecksumType)
	assert.Equal(t, looked.ChecksumCRC64NVME, out.Checksum.ChecksumCRC64NVME)
}

func pagesOfParts(t T, b *bed) {
	u := b.create(t, types.ChecksumAlgorithmCrc32, "")
	u.completed(t)
	first, err := b.attributes(t, u.bucket, *multipartKey, "", func(in *s3.GetObjectAttributesInput) { in.MaxParts = aws.Int32(1) })
	require.NoError(t, err)
	require.Len(t, first.ObjectParts.Parts, 1)
	assert.True(t, aws.ToBool(first.ObjectParts.IsTruncated))
	rest, err := b.attributes(t, u.bucket, *multipartKey, "", func(in *s3.GetObjectAttributesInput) {
		in.PartNumberMarker = first.ObjectParts.NextPartNumberMarker
	})
	require.NoError(t, err)
	require.Len(t, rest.ObjectParts.Parts, 1)
	assert.Equal(t, int32(2), aws.ToInt32(rest.ObjectParts.Parts[0].PartNumber))
	assert.False(t, aws.ToBool(rest.ObjectParts.IsTruncated))
}

func attributesOfVersion(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	one := b.put(t, bucket, "k", "one")
	b.put(t, bucket, "k", "another")
	out, err := b.attributes(t, bucket, "k", *one.VersionId)
	require.NoError(t, err)
	assert.Equal(t, int64(3), aws.ToInt64(out.ObjectSize))
	assert.Equal(t, one.VersionId, out.VersionId)
}

func attributesOfNothing(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	_, err := b.attributes(t, bucket, "k", "")
	failed(t, err, 404, "NoSuchKey")
	b.put(t, bucket, "k", "v")
	marker, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k")})
	require.NoError(t, err)
	_, err = b.attributes(t, bucket, "k", *marker.VersionId)
	failed(t, err, 405, "MethodNotAllowed")
}

func partsCounted(t T, b *bed) {
	u := b.create(t, types.ChecksumAlgorithmCrc32, types.ChecksumTypeFullObject)
	u.completed(t)
	out, err := b.attributes(t, u.bucket, *multipartKey, "")
	require.NoError(t, err)
	require.NotNil(t, out.ObjectParts)
	assert.Equal(t, int32(2), aws.ToInt32(out.ObjectParts.TotalPartsCount))
	assert.Empty(t, out.ObjectParts.Parts)
	assert.Nil(t, out.ObjectParts.NextPartNumberMarker)
	assert.Nil(t, out.ObjectParts.MaxParts)
}

func compositeBare(t T, b *bed) {
	u := b.create(t, types.ChecksumAlgorithmSha256, "")
	looked := u.completed(t)
	out, err := b.attributes(t, u.bucket, *multipartKey, "")
	require.NoError(t, err)
	assert.Equal(t, types.ChecksumTypeComposite, out.Checksum.ChecksumType)
	assert.Equal(t, aws.ToString(looked.ChecksumSHA256), aws.ToString(out.Checksum.ChecksumSHA256)+"-2", "HeadObject tells the number of parts, too")
}

func partsBehindTheLast(t T, b *bed) {
	u := b.create(t, types.ChecksumAlgorithmCrc32, "")
	u.completed(t)
	out, err := b.attributes(t, u.bucket, *multipartKey, "", func(in *s3.GetObjectAttributesInput) { in.PartNumberMarker = aws.String("7") })
	require.NoError(t, err)
	assert.Empty(t, out.ObjectParts.Parts)
	assert.Equal(t, "0", aws.ToString(out.ObjectParts.NextPartNumberMarker))
	assert.False(t, aws.ToBool(out.ObjectParts.IsTruncated))
}

func noVersionTold(t T, b *bed) {
	bucket := b.unversioned(t, b.Primary)
	assert.Nil(t, b.put(t, bucket, "k", "v").VersionId)
	out, err := b.attributes(t, bucket, "k", "")
	require.NoError(t, err)
	assert.Nil(t, out.VersionId)
	looked, err := head(t, b.s3, bucket, "k", "")
	require.NoError(t, err)
	assert.Nil(t, looked.VersionId)
}

func partsWithoutVersioning(t T, b *bed) {
	bucket, key := b.unversioned(t, b.Primary), aws.String("k")
	b.put(t, bucket, "k", "before")
	made, err := b.s3.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})
	require.NoError(t, err)
	part, err := b.s3.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: made.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("v")})
	require.NoError(t, err)
	done, err := b.s3.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: bucket, Key: key, UploadId: made.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{ETag: part.ETag, PartNumber: aws.Int32(1)}}},
	})
	require.NoError(t, err)
	assert.Nil(t, done.VersionId)
	assert.Equal(t, "v", b.get(t, b.s3, bucket, "k", ""))
	assert.Equal(t, "v", b.get(t, b.s3, bucket, "k", "null"), "in the place of what was there")
}

func nullVersion(t T, b *bed) {
	bucket := b.unversioned(t, b.Primary)
	b.put(t, bucket, "k", "v")
	b.enableVersioning(t, b.s3, bucket)
	looked, err := head(t, b.s3, bucket, "k", "")
	require.NoError(t, err)
	assert.Equal(t, "null", aws.ToString(looked.VersionId))
	out, err := b.attributes(t, bucket, "k", "null")
	require.NoError(t, err)
	assert.Equal(t, "null", aws.ToString(out.VersionId))
}
