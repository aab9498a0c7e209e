package listing_test

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"autobackup/internal/audit"
	"autobackup/internal/listing"
	"autobackup/local/clock"
	"autobackup/local/s3"
	"autobackup/local/testing/memnet"
)

const region = "eu-central-1"

// world is the local S3 with one bucket, reached by the SDK's real client.
type world struct {
	*s3.Server
	client *sdk.Client
	lister listing.Lister
}

// newClient is an SDK client that never waits long, because a fake network needs no mercy.
func newClient(network *http.Client) *sdk.Client {
	return sdk.New(sdk.Options{
		Region: "us-east-1", HTTPClient: network, BaseEndpoint: aws.String("http://127.0.0.1"), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
}

func newWorld(t testing.TB) *world {
	t.Helper()
	server, err := s3.New(s3.Config{Clock: clock.Real(), Dir: t.TempDir(), Account: "111122223333"})
	require.NoError(t, err)
	require.NoError(t, server.CreateBucket(s3.BucketConfig{Name: "docs", Region: region, Versioned: true}))
	network, stop := memnet.Client(server)
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		stop()
	})
	client := newClient(network)
	return &world{server, client, listing.Lister{Client: client, Bucket: "docs", Region: region}}
}

func (w *world) put(t testing.TB, key, body string) (version string) {
	t.Helper()
	out, err := w.client.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: aws.String("docs"), Key: &key, Body: strings.NewReader(body)}, inRegion)
	require.NoError(t, err)
	return *out.VersionId
}

func (w *world) remove(t testing.TB, key string) (marker string) {
	t.Helper()
	out, err := w.client.DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: aws.String("docs"), Key: &key}, inRegion)
	require.NoError(t, err)
	return *out.VersionId
}

func inRegion(o *sdk.Options) { o.Region = region }

// against runs a test with the local S3 in a bubble.
func against(test func(t *testing.T, w *world)) func(*testing.T) {
	return func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, newWorld(t)) })
	}
}

// all reads a range to its end.
func all(t testing.TB, l listing.Lister, after, upto string) []audit.Row {
	t.Helper()
	rows, err := read(t.Context(), l, after, upto)
	require.NoError(t, err)
	return rows
}

func read(ctx context.Context, l listing.Lister, after, upto string) (all []audit.Row, err error) {
	rows := l.Rows(ctx, after, upto)
	defer rows.Close()
	for {
		row, ok, err := rows.Next()
		if err != nil || !ok {
			return all, err
		}
		all = append(all, row)
	}
}

func keys(rows []audit.Row) (keys []string) {
	for _, row := range rows {
		keys = append(keys, row.Key)
	}
	return slices.Compact(keys)
}

var odd = []string{
	"a", "a b+c%2F", "a\x01", "a\x1fb", "a/", "a/b", "a//b", `"q"`, "<&>", "line\nbreak\r", "?a#b", "../a", "é", "\uff5e", "\U0001f600", "\U0010ffff",
	strings.Repeat("k", 1023), strings.Repeat("k", 1024), strings.Repeat("\U0001f600", 256), strings.Repeat("ä", 511) + "ab",
}

func TestARangeOfTheLocalS3IsItsKeysInOrderOfBytes(t *testing.T) {
	t.Run("", against(func(t *testing.T, w *world) {
		for _, key := range odd {
			w.put(t, key, key)
		}
		sorted := slices.SortedFunc(slices.Values(odd), cmp.Compare[string])
		require.Equal(t, sorted, keys(all(t, w.lister, "", "")))
		for i, after := range sorted {
			require.Equal(t, sorted[i+1:], append([]string{}, keys(all(t, w.lister, after, ""))...), "after %q", after)
			require.Equal(t, sorted[:i+1], keys(all(t, w.lister, "", after)), "up to %q", after)
		}
	}))
}

func TestARowOfTheLocalS3(t *testing.T) {
	t.Run("", against(func(t *testing.T, w *world) {
		first := w.put(t, "a", "content")
		made := time.Now().UTC().Truncate(time.Millisecond)
		time.Sleep(time.Hour)
		second := w.put(t, "a", "")
		time.Sleep(time.Hour)
		marker := w.remove(t, "a")
		require.Equal(t, []audit.Row{
			{Key: "a", VersionID: marker, Marker: true, Latest: true, Modified: made.Add(2 * time.Hour)},
			{Key: "a", VersionID: second, Modified: made.Add(time.Hour), Superseded: made.Add(2 * time.Hour), Newer: 1, ByMarker: true, ETag: "d41d8cd98f00b204e9800998ecf8427e"},
			{Key: "a", VersionID: first, Modified: made, Superseded: made.Add(time.Hour), Newer: 2, Size: 7, ETag: "9a0364b9e99bb480dd25e1f0284c8555"},
		}, all(t, w.lister, "", ""))
	}))
}
