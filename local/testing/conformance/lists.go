package conformance

import (
	"context"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var listTests = map[string]func(T, *bed){
	"an empty encoding or token is not none":         emptyNotNone,
	"a token goes before start-after":                tokenFirst,
	"keys are listed in order, page by page":         pagesOfKeys,
	"a delimiter groups keys":                        groupedKeys,
	"the list of old comes page by page, too":        pagesOfOld,
	"deleted keys are not listed":                    deletedKeysHidden,
	"odd keys are listed URL-encoded":                encodedKeys,
	"versions are listed newest first, page by page": pagesOfVersions,
	"a delimiter groups versions":                    groupedVersions,
	"an empty page is no more than asked":            emptyPage,
}

var tree = []string{"a/1", "a/2", "b", "c/1", "c/d/1", "e"}

func (b *bed) tree(t T) *string {
	bucket := b.bucket(t, b.Primary)
	for _, key := range tree {
		b.put(t, bucket, key, "body of "+key)
	}
	return bucket
}

// listed reads all pages of an input: keys, and then common prefixes.
func (b *bed) listed(t T, input *s3.ListObjectsV2Input) (keys, prefixes []string) {
	t.Helper()
	pages := s3.NewListObjectsV2Paginator(b.s3, input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		assert.Equal(t, len(page.Contents)+len(page.CommonPrefixes), int(aws.ToInt32(page.KeyCount)))
		for _, object := range page.Contents {
			keys = append(keys, *object.Key)
		}
		for _, prefix := range page.CommonPrefixes {
			prefixes = append(prefixes, *prefix.Prefix)
		}
	}
	return keys, prefixes
}

// listedAsOfOld is listed, by the list of old: without a delimiter the last key is the next marker.
func (b *bed) listedAsOfOld(t T, input *s3.ListObjectsInput) (keys, prefixes []string) {
	t.Helper()
	for {
		page, err := b.s3.ListObjects(t.Context(), input)
		require.NoError(t, err)
		assert.Equal(t, aws.ToString(input.Marker), aws.ToString(page.Marker))
		for _, object := range page.Contents {
			keys = append(keys, *object.Key)
			input.Marker = object.Key
		}
		for _, prefix := range page.CommonPrefixes {
			prefixes = append(prefixes, *prefix.Prefix)
		}
		if !aws.ToBool(page.IsTruncated) {
			return keys, prefixes
		}
		if input.Delimiter != nil {
			require.NotEmpty(t, aws.ToString(page.NextMarker))
			input.Marker = page.NextMarker
		}
	}
}

func pagesOfOld(t T, b *bed) {
	bucket := b.tree(t)
	for size := range int32(len(tree) + 1) {
		got, _ := b.listedAsOfOld(t, &s3.ListObjectsInput{Bucket: bucket, MaxKeys: aws.Int32(size + 1)})
		assert.Equal(t, tree, got, "pages of %d", size+1)
		keys, prefixes := b.listedAsOfOld(t, &s3.ListObjectsInput{Bucket: bucket, Delimiter: aws.String("/"), MaxKeys: aws.Int32(size + 1)})
		assert.Equal(t, []string{"b", "e"}, keys)
		assert.Equal(t, []string{"a/", "c/"}, prefixes)
	}
	got, _ := b.listedAsOfOld(t, &s3.ListObjectsInput{Bucket: bucket, Prefix: aws.String("c/")})
	assert.Equal(t, []string{"c/1", "c/d/1"}, got)
}

func pagesOfKeys(t T, b *bed) {
	bucket := b.tree(t)
	for size := range int32(len(tree) + 1) {
		got, _ := b.listed(t, &s3.ListObjectsV2Input{Bucket: bucket, MaxKeys: aws.Int32(size + 1)})
		assert.Equal(t, tree, got, "pages of %d", size+1)
	}
	got, _ := b.listed(t, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("c/")})
	assert.Equal(t, []string{"c/1", "c/d/1"}, got)
	got, _ = b.listed(t, &s3.ListObjectsV2Input{Bucket: bucket, StartAfter: aws.String("b"), MaxKeys: aws.Int32(2)})
	assert.Equal(t, []string{"c/1", "c/d/1", "e"}, got)

	page, err := b.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket, MaxKeys: aws.Int32(1)})
	require.NoError(t, err)
	first := page.Contents[0]
	assert.Equal(t, int64(len("body of a/1")), aws.ToInt64(first.Size))
	assert.Equal(t, types.ObjectStorageClassStandard, first.StorageClass)
	assert.NotEmpty(t, aws.ToString(first.ETag))
	assert.NotNil(t, first.LastModified)
}

func groupedKeys(t T, b *bed) {
	bucket := b.tree(t)
	for size := range int32(5) {
		keys, prefixes := b.listed(t, &s3.ListObjectsV2Input{Bucket: bucket, Delimiter: aws.String("/"), MaxKeys: aws.Int32(size + 1)})
		assert.Equal(t, []string{"b", "e"}, keys, "pages of %d", size+1)
		assert.Equal(t, []string{"a/", "c/"}, prefixes, "pages of %d", size+1)
	}
	keys, prefixes := b.listed(t, &s3.ListObjectsV2Input{Bucket: bucket, Delimiter: aws.String("/"), Prefix: aws.String("c/")})
	assert.Equal(t, []string{"c/1"}, keys)
	assert.Equal(t, []string{"c/d/"}, prefixes)
}

func deletedKeysHidden(t T, b *bed) {
	bucket := b.tree(t)
	for _, key := range []string{"b", "c/1", "c/d/1"} {
		_, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: &key})
		require.NoError(t, err)
	}
	keys, prefixes := b.listed(t, &s3.ListObjectsV2Input{Bucket: bucket, Delimiter: aws.String("/")})
	assert.Equal(t, []string{"e"}, keys)
	assert.Equal(t, []string{"a/"}, prefixes)
}

func encodedKeys(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	for _, key := range keys {
		b.put(t, bucket, key, "v")
	}
	page, err := b.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket, EncodingType: types.EncodingTypeUrl})
	require.NoError(t, err)
	var got []string
	for _, object := range page.Contents {
		key, err := url.QueryUnescape(*object.Key)
		require.NoError(t, err)
		got = append(got, key)
	}
	assert.ElementsMatch(t, keys, got)
}

// entry is one line of a list of versions.
type entry struct {
	key, id        string
	marker, latest bool
}

func (b *bed) versions(t T, input *s3.ListObjectVersionsInput) (entries []entry, prefixes []string) {
	t.Helper()
	pages := s3.NewListObjectVersionsPaginator(b.s3, input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, v := range page.Versions {
			entries = append(entries, entry{*v.Key, *v.VersionId, false, *v.IsLatest})
		}
		for _, m := range page.DeleteMarkers {
			entries = append(entries, entry{*m.Key, *m.VersionId, true, *m.IsLatest})
		}
		for _, prefix := range page.CommonPrefixes {
			prefixes = append(prefixes, *prefix.Prefix)
		}
	}
	return entries, prefixes
}

func pagesOfVersions(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	one, two := b.put(t, bucket, "a", "1"), b.put(t, bucket, "a", "2")
	marker, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("a")})
	require.NoError(t, err)
	other := b.put(t, bucket, "b", "1")
	want := []entry{
		{"a", *marker.VersionId, true, true}, {"a", *two.VersionId, false, false}, {"a", *one.VersionId, false, false},
		{"b", *other.VersionId, false, true},
	}
	for size := range int32(3) {
		got, _ := b.versions(t, &s3.ListObjectVersionsInput{Bucket: bucket, MaxKeys: aws.Int32(size + 1)})
		assert.ElementsMatch(t, want, got, "pages of %d", size+1)
	}
	got, _ := b.versions(t, &s3.ListObjectVersionsInput{Bucket: bucket, MaxKeys: aws.Int32(1)})
	assert.Equal(t, want, got, "one by one shows the order")
	got, _ = b.versions(t, &s3.ListObjectVersionsInput{Bucket: bucket, Prefix: aws.String("b")})
	assert.Equal(t, want[3:], got)
}

func groupedVersions(t T, b *bed) {
	bucket := b.tree(t)
	for size := range int32(5) {
		entries, prefixes := b.versions(t, &s3.ListObjectVersionsInput{Bucket: bucket, Delimiter: aws.String("/"), MaxKeys: aws.Int32(size + 1)})
		assert.Len(t, entries, 2, "pages of %d", size+1)
		assert.Equal(t, []string{"a/", "c/"}, prefixes, "pages of %d", size+1)
	}
}

func emptyNotNone(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	_, err := b.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket, EncodingType: "none"})
	failed(t, err, 400, "InvalidArgument")
	for _, empty := range []string{"encoding-type", "continuation-token"} {
		_, err = b.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket}, s3.WithAPIOptions(withQuery(empty, "")))
		failed(t, err, 400, "InvalidArgument")
	}
}

// withQuery adds what the SDK doesn't send.
func withQuery(name, value string) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Build.Add(middleware.BuildMiddlewareFunc("WithQuery",
			func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
				address := in.Request.(*smithyhttp.Request).URL
				query := address.Query()
				query.Set(name, value)
				address.RawQuery = query.Encode()
				return next.HandleBuild(ctx, in)
			}), middleware.After)
	}
}

func tokenFirst(t T, b *bed) {
	bucket := b.tree(t)
	first, err := b.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket, StartAfter: aws.String("a/1"), MaxKeys: aws.Int32(1)})
	require.NoError(t, err)
	assert.Equal(t, "a/1", aws.ToString(first.StartAfter))
	rest, err := b.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{
		Bucket: bucket, StartAfter: aws.String("c/d/1"), ContinuationToken: first.NextContinuationToken,
	})
	require.NoError(t, err)
	assert.Nil(t, rest.StartAfter)
	require.NotEmpty(t, rest.Contents)
	assert.Equal(t, "b", aws.ToString(rest.Contents[0].Key))
}

func emptyPage(t T, b *bed) {
	bucket := b.tree(t)
	page, err := b.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket, MaxKeys: aws.Int32(0)})
	require.NoError(t, err)
	assert.Empty(t, page.Contents)
	assert.False(t, aws.ToBool(page.IsTruncated))
	none, err := b.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("zzz")})
	require.NoError(t, err)
	assert.Empty(t, none.Contents)
}
