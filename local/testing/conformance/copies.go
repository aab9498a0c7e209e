package conformance

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var copyTests = map[string]func(T, *bed){
	"a copy is a version of its own with the same content":        copyKept,
	"a copy tells which version it was made of":                   copyTellsSource,
	"a copy takes the metadata and tags that it is given":         copyReplaced,
	"a copy in place must change something":                       copyInPlace,
	"an old version is copied over the current one":               copyRestores,
	"a copy of what was uploaded in parts is one whole":           copyOfParts,
	"what is not there is not copied":                             copyOfNothing,
	"a delete marker is not copied":                               copyOfMarker,
	"what is archived is not copied":                              copyOfArchived,
	"a source that names no object is refused":                    copyOfNoObject,
	"a copy goes from one region's bucket into that of the other": copyAcross,
	"a directive is COPY or REPLACE":                              copyDirective,
	"a copy may ask for the ETag of its source":                   copyOfETag,
	"a part may be copied from a range of an object":              copyOfRange,
	"a range that is copied has both ends":                        copyOfNoRange,
}

// source is the header that names an object or one of its versions.
func source(bucket *string, key string, version *string) *string {
	text := *bucket + "/" + strings.ReplaceAll(url.PathEscape(key), "+", "%2B")
	if version != nil {
		text += "?versionId=" + *version
	}
	return &text
}

func (b *bed) copy(t T, input *s3.CopyObjectInput) *s3.CopyObjectOutput {
	t.Helper()
	out, err := b.s3.CopyObject(t.Context(), input)
	require.NoError(t, err)
	return out
}

func copyKept(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	for _, key := range keys {
		tagging := "a=b"
		put, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: bucket, Key: &key, Body: strings.NewReader("content"), Metadata: map[string]string{"owner": "me"},
			ContentType: aws.String("text/plain"), Tagging: &tagging, ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		})
		require.NoError(t, err)
		out := b.copy(t, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy of " + key), CopySource: source(bucket, key, nil)})
		assert.Equal(t, put.ETag, out.CopyObjectResult.ETag, key)
		assert.NotEqual(t, put.VersionId, out.VersionId)
		assert.NotNil(t, out.CopyObjectResult.LastModified)
		assert.Equal(t, "content", b.get(t, b.s3, bucket, "copy of "+key, *out.VersionId))
		seen, err := head(t, b.s3, bucket, "copy of "+key, "")
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"owner": "me"}, seen.Metadata)
		assert.Equal(t, "text/plain", *seen.ContentType)
		assert.Equal(t, put.ChecksumSHA256, seen.ChecksumSHA256)
		tags, err := b.s3.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: bucket, Key: aws.String("copy of " + key)})
		require.NoError(t, err)
		assert.Equal(t, []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}, tags.TagSet)
	}
}

func copyTellsSource(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	put := b.put(t, bucket, "k", "content")
	out := b.copy(t, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: source(bucket, "k", nil)})
	assert.Equal(t, put.VersionId, out.CopySourceVersionId)
}

func copyReplaced(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	tagging := "a=b"
	_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("content"), Metadata: map[string]string{"owner": "me"}, Tagging: &tagging})
	require.NoError(t, err)
	b.copy(t, &s3.CopyObjectInput{
		Bucket: bucket, Key: aws.String("k"), CopySource: source(bucket, "k", nil), Metadata: map[string]string{"colour": "red"},
		MetadataDirective: types.MetadataDirectiveReplace, TaggingDirective: types.TaggingDirectiveReplace, Tagging: aws.String("c=d"),
	})
	seen, err := head(t, b.s3, bucket, "k", "")
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"colour": "red"}, seen.Metadata)
	tags, err := b.s3.GetObjectTagging(t.Context(), &s3.GetObjectTaggingInput{Bucket: bucket, Key: aws.String("k")})
	require.NoError(t, err)
	assert.Equal(t, []types.Tag{{Key: aws.String("c"), Value: aws.String("d")}}, tags.TagSet)
}

func copyInPlace(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	put := b.put(t, bucket, "k", "content")
	_, err := b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("k"), CopySource: source(bucket, "k", nil)})
	failed(t, err, http.StatusBadRequest, "InvalidRequest")
	out := b.copy(t, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("k"), CopySource: source(bucket, "k", put.VersionId), StorageClass: types.StorageClassStandard})
	assert.NotEqual(t, put.VersionId, out.VersionId)
	assert.Equal(t, "content", b.get(t, b.s3, bucket, "k", *put.VersionId))
	assert.Equal(t, "content", b.get(t, b.s3, bucket, "k", ""))
}

func copyRestores(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	old := b.put(t, bucket, "k", "old")
	b.put(t, bucket, "k", "new")
	b.copy(t, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("k"), CopySource: source(bucket, "k", old.VersionId)})
	assert.Equal(t, "old", b.get(t, b.s3, bucket, "k", ""))
}

func copyOfParts(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	whole := strings.Repeat("x", 5<<20) + "y"
	created, err := b.s3.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("k")})
	require.NoError(t, err)
	var parts []types.CompletedPart
	for i, text := range []string{whole[:5<<20], whole[5<<20:]} {
		number := aws.Int32(int32(i + 1)) //nolint:gosec // one or two
		part, err := b.s3.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: bucket, Key: aws.String("k"), UploadId: created.UploadId, PartNumber: number, Body: strings.NewReader(text)})
		require.NoError(t, err)
		parts = append(parts, types.CompletedPart{ETag: part.ETag, PartNumber: number})
	}
	_, err = b.s3.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: bucket, Key: aws.String("k"), UploadId: created.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	require.NoError(t, err)
	out := b.copy(t, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: source(bucket, "k", nil)})
	assert.NotContains(t, *out.CopyObjectResult.ETag, "-")
	assert.Equal(t, whole, b.get(t, b.s3, bucket, "copy", ""))
	seen, err := head(t, b.s3, bucket, "copy", "")
	require.NoError(t, err)
	assert.Equal(t, types.ChecksumTypeFullObject, seen.ChecksumType)
}

func copyOfNothing(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	put := b.put(t, bucket, "k", "content")
	_, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k"), VersionId: put.VersionId})
	require.NoError(t, err)
	_, err = b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: source(bucket, "k", nil)})
	failed(t, err, http.StatusNotFound, "NoSuchKey")
	_, err = b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: source(bucket, "k", put.VersionId)})
	failed(t, err, http.StatusNotFound, "NoSuchVersion")
	_, err = b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: source(aws.String(*bucket+"-not"), "k", nil)})
	failed(t, err, http.StatusNotFound, "NoSuchBucket")
}

func copyOfMarker(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	b.put(t, bucket, "k", "content")
	marker, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k")})
	require.NoError(t, err)
	_, err = b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: source(bucket, "k", nil)})
	failed(t, err, http.StatusNotFound, "NoSuchKey")
	_, err = b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: source(bucket, "k", marker.VersionId)})
	failed(t, err, http.StatusBadRequest, "InvalidRequest")
}

func copyOfArchived(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	_, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("content"), StorageClass: types.StorageClassGlacier})
	require.NoError(t, err)
	_, err = b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: source(bucket, "k", nil)})
	failed(t, err, http.StatusForbidden, "InvalidObjectState")
}

func copyOfNoObject(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	_, err := b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: bucket})
	failed(t, err, http.StatusBadRequest, "InvalidArgument")
}

func copyAcross(t T, b *bed) {
	from, to := b.bucket(t, b.Primary), b.bucket(t, b.Replica)
	b.put(t, from, "k", "content")
	_, err := b.Client(b.Replica).CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: to, Key: aws.String("k"), CopySource: source(from, "k", nil)})
	require.NoError(t, err)
	assert.Equal(t, "content", b.get(t, b.Client(b.Replica), to, "k", ""))
}

func copyDirective(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	b.put(t, bucket, "k", "content")
	_, err := b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: source(bucket, "k", nil), MetadataDirective: "KEEP"})
	failed(t, err, http.StatusBadRequest, "InvalidArgument")
}

func copyOfETag(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	put := b.put(t, bucket, "k", "content")
	asked := func(match, none *string) error {
		_, err := b.s3.CopyObject(t.Context(), &s3.CopyObjectInput{
			Bucket: bucket, Key: aws.String("copy"), CopySource: source(bucket, "k", nil), CopySourceIfMatch: match, CopySourceIfNoneMatch: none,
		})
		return err
	}
	other := aws.String(`"00000000000000000000000000000000"`)
	require.NoError(t, asked(put.ETag, nil))
	require.NoError(t, asked(nil, other))
	failed(t, asked(other, nil), http.StatusPreconditionFailed, "PreconditionFailed")
	failed(t, asked(nil, put.ETag), http.StatusPreconditionFailed, "PreconditionFailed")
}

// partCopy copies a part of an upload from an object, or from a range of it.
func (u *upload) partCopy(t T, number int32, from *string, bytes *string) (types.CompletedPart, error) {
	t.Helper()
	out, err := u.s3.UploadPartCopy(t.Context(), &s3.UploadPartCopyInput{
		Bucket: u.bucket, Key: multipartKey, UploadId: u.id, PartNumber: &number, CopySource: from, CopySourceRange: bytes,
	})
	if err != nil {
		return types.CompletedPart{}, err
	}
	return types.CompletedPart{PartNumber: &number, ETag: out.CopyPartResult.ETag, ChecksumCRC32: out.CopyPartResult.ChecksumCRC32}, nil
}

func copyOfRange(t T, b *bed) {
	first, second, whole := pieces()
	u := b.create(t, types.ChecksumAlgorithmCrc32, "")
	put := b.put(t, u.bucket, "k", string(whole))
	b.put(t, u.bucket, "k", "another")
	one, err := u.partCopy(t, 1, source(u.bucket, "k", put.VersionId), aws.String("bytes=0-"+strconv.Itoa(partSize-1)))
	require.NoError(t, err)
	two, err := u.partCopy(t, 2, source(u.bucket, "k", put.VersionId), aws.String("bytes="+strconv.Itoa(partSize)+"-"+strconv.Itoa(len(whole)-1)))
	require.NoError(t, err)
	three, err := u.partCopy(t, 2, source(u.bucket, "k", nil), nil)
	require.NoError(t, err)
	assert.NotEqual(t, two.ETag, three.ETag)
	two, err = u.partCopy(t, 2, source(u.bucket, "k", put.VersionId), aws.String("bytes="+strconv.Itoa(partSize)+"-"+strconv.Itoa(len(whole)-1)))
	require.NoError(t, err, "the last of a number counts")
	_, err = u.complete(t, one, two)
	require.NoError(t, err)
	assert.True(t, string(whole) == b.get(t, b.s3, u.bucket, *multipartKey, ""), "other bytes came back")
	out, err := head(t, b.s3, u.bucket, *multipartKey, "")
	require.NoError(t, err)
	assert.Equal(t, compositeOf(types.ChecksumAlgorithmCrc32, first, second), aws.ToString(out.ChecksumCRC32))
}

func copyOfNoRange(t T, b *bed) {
	u := b.create(t, "", "")
	b.put(t, u.bucket, "k", "content")
	for _, bytes := range []string{"bytes=3-2", "bytes=-3", "bytes=3-", "0-1"} {
		_, err := u.partCopy(t, 1, source(u.bucket, "k", nil), &bytes)
		failed(t, err, http.StatusBadRequest, "InvalidArgument")
	}
	_, err := u.partCopy(t, 1, source(u.bucket, "nothing", nil), nil)
	failed(t, err, http.StatusNotFound, "NoSuchKey")
}
