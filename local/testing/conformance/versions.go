package conformance

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var versionTests = map[string]func(T, *bed){
	"an overwritten version stays readable by its id":            overwrittenVersion,
	"a delete marker hides the object and answers 405 by its id": deleteMarker,
	"a delete marker's 405 tells what is allowed and when":       deleteMarkerHeaders,
	"a delete marker can be made where nothing was":              markerOfNothing,
	"a version deleted by its id is gone for good":               versionDeleted,
	"deleting a version that is gone answers as before":          versionDeletedTwice,
	"deleting the delete marker brings the object back":          markerDeleted,
	"an unknown version is told as missing":                      unknownVersion,
	"many keys are deleted in one request":                       manyDeleted,
	"a version id that can't be is refused":                      impossibleVersion,
	"a bucket without versioning has no versions":                versionOfNoVersioning,
	"deleting many tells which key or version can't be":          manyDeletedBut,
	"deleting many takes no empty key":                           emptyKeyDeleted,
}

func overwrittenVersion(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	one, two := b.put(t, bucket, "k", "one"), b.put(t, bucket, "k", "two")
	assert.NotEqual(t, one.VersionId, two.VersionId)
	assert.Equal(t, "one", b.get(t, b.s3, bucket, "k", *one.VersionId))
	assert.Equal(t, "two", b.get(t, b.s3, bucket, "k", *two.VersionId))
	assert.Equal(t, "two", b.get(t, b.s3, bucket, "k", ""))
}

func deleteMarker(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	put := b.put(t, bucket, "k", "v")
	out, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k")})
	require.NoError(t, err)
	assert.True(t, aws.ToBool(out.DeleteMarker))

	_, err = head(t, b.s3, bucket, "k", "")
	header := failed(t, err, 404, "NotFound")
	assert.Equal(t, "true", header.Get("X-Amz-Delete-Marker"))
	_, err = b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k")})
	failed(t, err, 404, "NoSuchKey")

	_, err = head(t, b.s3, bucket, "k", *out.VersionId)
	header = failed(t, err, 405, "MethodNotAllowed")
	assert.Equal(t, "true", header.Get("X-Amz-Delete-Marker"))
	assert.Equal(t, *out.VersionId, header.Get("X-Amz-Version-Id"))
	_, err = b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("k"), VersionId: out.VersionId})
	failed(t, err, 405, "MethodNotAllowed")

	assert.Equal(t, "v", b.get(t, b.s3, bucket, "k", *put.VersionId))
}

func deleteMarkerHeaders(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	b.put(t, bucket, "k", "v")
	out, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k")})
	require.NoError(t, err)
	_, err = head(t, b.s3, bucket, "k", *out.VersionId)
	header := failed(t, err, 405, "MethodNotAllowed")
	assert.Equal(t, "DELETE", header.Get("Allow"))
	assert.NotEmpty(t, header.Get("Last-Modified"))
}

func markerOfNothing(t T, b *bed) {
	out, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: b.bucket(t, b.Primary), Key: aws.String("k")})
	require.NoError(t, err)
	assert.True(t, aws.ToBool(out.DeleteMarker))
	assert.NotEmpty(t, aws.ToString(out.VersionId))
}

// deleteVersion deletes a version and compares the answer.
func deleteVersion(t T, b *bed, bucket, version *string) {
	t.Helper()
	out, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k"), VersionId: version})
	require.NoError(t, err)
	assert.Equal(t, aws.ToString(version), aws.ToString(out.VersionId))
	assert.False(t, aws.ToBool(out.DeleteMarker))
}

func versionDeletedTwice(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	put := b.put(t, bucket, "k", "v")
	deleteVersion(t, b, bucket, put.VersionId)
	deleteVersion(t, b, bucket, put.VersionId)
}

func versionDeleted(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	one, two := b.put(t, bucket, "k", "one"), b.put(t, bucket, "k", "two")
	deleteVersion(t, b, bucket, two.VersionId)
	_, err := head(t, b.s3, bucket, "k", *two.VersionId)
	failed(t, err, 404, "NotFound")
	assert.Equal(t, "one", b.get(t, b.s3, bucket, "k", ""))
	assert.Equal(t, "one", b.get(t, b.s3, bucket, "k", *one.VersionId))
}

func markerDeleted(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	b.put(t, bucket, "k", "v")
	marker, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k")})
	require.NoError(t, err)
	out, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k"), VersionId: marker.VersionId})
	require.NoError(t, err)
	assert.True(t, aws.ToBool(out.DeleteMarker))
	assert.Equal(t, "v", b.get(t, b.s3, bucket, "k", ""))
}

func unknownVersion(t T, b *bed) {
	one, other := b.bucket(t, b.Primary), b.bucket(t, b.Primary)
	b.put(t, one, "k", "v")
	foreign := b.put(t, other, "k", "v").VersionId
	_, err := b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: one, Key: aws.String("k"), VersionId: foreign})
	failed(t, err, 404, "NoSuchVersion")
	_, err = head(t, b.s3, one, "k", *foreign)
	failed(t, err, 404, "NotFound")
}

func manyDeleted(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	for _, key := range keys {
		b.put(t, bucket, key, "v")
	}
	var ids []types.ObjectIdentifier
	for _, key := range keys {
		ids = append(ids, types.ObjectIdentifier{Key: &key})
	}
	out, err := b.s3.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: ids}})
	require.NoError(t, err)
	assert.Empty(t, out.Errors)
	require.Len(t, out.Deleted, len(keys))
	assert.True(t, aws.ToBool(out.Deleted[0].DeleteMarker))
	for _, key := range keys {
		_, err := head(t, b.s3, bucket, key, "")
		failed(t, err, 404, "NotFound")
	}
}

func (b *bed) deleteMany(t T, bucket *string, ids ...types.ObjectIdentifier) (*s3.DeleteObjectsOutput, error) {
	t.Helper()
	return b.s3.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: ids}})
}

// versionRefused asks for a version in every way.
func versionRefused(t T, b *bed, bucket, version *string) {
	t.Helper()
	key := aws.String("k")
	_, err := b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key, VersionId: version})
	failed(t, err, 400, "InvalidArgument")
	_, err = b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: key, VersionId: version})
	failed(t, err, 400, "InvalidArgument")
	out, err := b.deleteMany(t, bucket, types.ObjectIdentifier{Key: key, VersionId: version})
	require.NoError(t, err)
	assert.Empty(t, out.Deleted)
	require.Len(t, out.Errors, 1)
	assert.Equal(t, "NoSuchVersion", aws.ToString(out.Errors[0].Code))
	assert.Equal(t, version, out.Errors[0].VersionId)
}

func impossibleVersion(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	b.put(t, bucket, "k", "v")
	versionRefused(t, b, bucket, aws.String("abc"))
}

func versionOfNoVersioning(t T, b *bed) {
	versioned, bucket := b.bucket(t, b.Primary), b.unversioned(t, b.Primary)
	foreign := b.put(t, versioned, "k", "v").VersionId
	b.put(t, bucket, "k", "v")
	versionRefused(t, b, bucket, foreign)
	assert.Equal(t, "v", b.get(t, b.s3, bucket, "k", "null"))
	out, err := b.deleteMany(t, bucket, types.ObjectIdentifier{Key: aws.String("k")})
	require.NoError(t, err)
	require.Len(t, out.Deleted, 1)
	assert.Nil(t, out.Deleted[0].VersionId)
	_, err = head(t, b.s3, bucket, "k", "")
	failed(t, err, 404, "NotFound")
}

func manyDeletedBut(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	gone := b.put(t, bucket, "k", "v").VersionId
	_, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("k"), VersionId: gone})
	require.NoError(t, err)
	long := strings.Repeat("k", 1025)
	out, err := b.deleteMany(t, bucket, types.ObjectIdentifier{Key: &long}, types.ObjectIdentifier{Key: aws.String("k"), VersionId: gone})
	require.NoError(t, err)
	require.Len(t, out.Errors, 1)
	assert.Equal(t, long, aws.ToString(out.Errors[0].Key))
	assert.Equal(t, "KeyTooLongError", aws.ToString(out.Errors[0].Code))
	require.Len(t, out.Deleted, 1, "a version that could be and is not there is deleted")
	assert.Equal(t, gone, out.Deleted[0].VersionId)
}

func emptyKeyDeleted(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	_, err := b.deleteMany(t, bucket, types.ObjectIdentifier{Key: aws.String("")})
	failed(t, err, 400, "MalformedXML")
	entries, _ := b.versions(t, &s3.ListObjectVersionsInput{Bucket: bucket})
	assert.Empty(t, entries)
}
