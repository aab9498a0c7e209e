package listing_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/audit"
	"autobackup/internal/listing"
	"autobackup/local/testing/minio"
)

// TestListingOfMinIO lists a server of others, page by page of every size.
func TestListingOfMinIO(t *testing.T) {
	binary, err := minio.Find()
	if err != nil {
		t.Skip(err)
	}
	server, err := minio.Start(t.Context(), binary, t.TempDir(), region)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Stop()) })
	client := sdk.NewFromConfig(server.Config(), func(o *sdk.Options) { o.UsePathStyle = true })
	bucket := aws.String("docs")
	_, err = client.CreateBucket(t.Context(), &sdk.CreateBucketInput{Bucket: bucket,
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: region}})
	require.NoError(t, err)
	put := func(key string) string {
		out, err := client.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: bucket, Key: &key, Body: strings.NewReader(key)})
		require.NoError(t, err)
		return aws.ToString(out.VersionId)
	}
	put("null") // from before versioning
	_, err = client.PutBucketVersioning(t.Context(), &sdk.PutBucketVersioningInput{Bucket: bucket,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	require.NoError(t, err)
	odd := []string{"a b+c%2F", "dir/b", "dir/c/d", "dir0", "é", "\uff5e", "\U0001f600", "null", "x&<>\"'", strings.Repeat("k", 200)}
	for range 3 {
		for _, key := range odd {
			put(key)
			time.Sleep(2 * time.Millisecond) // dates of versions differ
		}
	}
	_, err = client.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: bucket, Key: aws.String("dir0")})
	require.NoError(t, err)

	l := listing.Lister{Client: client, Bucket: "docs", Region: region}
	whole := all(t, l, "", "")
	assert.Len(t, whole, 3*len(odd)+2)
	assert.Equal(t, slices.SortedFunc(slices.Values(odd), cmp.Compare[string]), keys(whole))
	for _, row := range whole {
		if row.Key == "dir0" && row.Latest {
			assert.Equal(t, audit.Row{Key: "dir0", VersionID: row.VersionID, Marker: true, Latest: true, Modified: row.Modified}, row)
		} else {
			assert.Equal(t, int64(len(row.Key)), row.Size)
			assert.Len(t, row.ETag, 32)
		}
	}
	for _, max := range []int32{1, 2, 5, int32(len(whole) - 1), int32(len(whole)), 1000} {
		var got []string
		for after, more := (listing.Marker{}), true; more; {
			page, err := l.Page(t.Context(), after, max)
			require.NoError(t, err, "pages of %d", max)
			for _, row := range page.Rows {
				got = append(got, row.Key+"@"+row.VersionID)
				after = listing.Marker{Key: row.Key, VersionID: row.VersionID}
			}
			more = page.Truncated
		}
		var want []string
		for _, row := range whole {
			want = append(want, row.Key+"@"+row.VersionID)
		}
		assert.Equal(t, want, got, "pages of %d", max)
	}
	for _, after := range []string{"dir", "dir/", "dir/b", "dir0", "\x7f", "a\x01", "null", "\U0001f600"} {
		for _, prefix := range []string{"", "dir/", "n"} {
			l.Prefix = prefix
			var want []string
			for _, row := range whole {
				if row.Key > after && strings.HasPrefix(row.Key, prefix) {
					want = append(want, row.Key)
				}
			}
			assert.Equal(t, slices.Compact(want), keys(all(t, l, after, "")), "behind %q with prefix %q", after, prefix)
		}
	}
}
