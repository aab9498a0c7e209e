package computed_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/testing/computed"
)

// looked is what HeadObject answers about a version, or its status.
type looked struct {
	status     int
	etag       string
	size       int64
	sum, under string
	rest       string
}

func look(t *testing.T, client *sdk.Client, bucket, key, version string) (l looked) {
	t.Helper()
	out, err := client.HeadObject(t.Context(), &sdk.HeadObjectInput{Bucket: &bucket, Key: &key, VersionId: &version, ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		return looked{status: status(t, err)}
	}
	require.Equal(t, version, *out.VersionId)
	return looked{
		status: http.StatusOK, etag: *out.ETag, size: *out.ContentLength, sum: *out.ChecksumCRC64NVME, under: string(out.ServerSideEncryption),
		rest: strings.Join([]string{string(out.ReplicationStatus), string(out.ChecksumType), out.LastModified.UTC().Format("2006-01-02T15:04:05")}, " "),
	}
}

func status(t *testing.T, err error) int {
	t.Helper()
	var response *smithyhttp.ResponseError
	require.True(t, errors.As(err, &response), err)
	return response.HTTPStatusCode()
}

// A look at a version agrees with the listing of the same bucket.
func TestALookSaysWhatTheListingSays(t *testing.T) {
	server := newServer(t, 1_100, 9)
	client := connect(t, server)
	for bucket, status := range map[string]string{primary: "COMPLETED", replica: "REPLICA"} {
		for _, r := range all(t, server, bucket, 1000) {
			got := look(t, client, bucket, r.Key, r.VersionID)
			if r.marker() {
				require.Equal(t, http.StatusMethodNotAllowed, got.status)
				continue
			}
			got.sum, got.under = "", ""
			require.Equal(t, looked{
				status: http.StatusOK, etag: r.ETag, size: r.Size, rest: status + " FULL_OBJECT " + strings.TrimSuffix(r.LastModified, r.LastModified[19:]),
			}, got)
		}
	}
}

func TestLooksAtBothSidesShowTheKind(t *testing.T) {
	server := newServer(t, 10_000, 97)
	client := connect(t, server)
	seen := map[computed.Kind]int{}
	for v := range server.Different() {
		seen[v.Kind]++
		p, r := look(t, client, primary, v.Key, v.ID), look(t, client, replica, v.Key, v.ID)
		there := http.StatusOK
		if v.Marker {
			there = http.StatusMethodNotAllowed
		}
		switch v.Kind {
		case computed.Missing:
			assert.Equal(t, []int{there, http.StatusNotFound}, []int{p.status, r.status})
		case computed.Surplus:
			assert.Equal(t, []int{http.StatusNotFound, there}, []int{p.status, r.status})
		default:
			require.Equal(t, []int{http.StatusOK, http.StatusOK}, []int{p.status, r.status})
			assert.NotEqual(t, p.etag, r.etag)
			assert.Equal(t, v.Kind == computed.OtherETag, p.sum == r.sum)
			assert.Equal(t, v.Kind == computed.OtherETag, r.under == "aws:kms")
			assert.Equal(t, v.Kind == computed.Resized, p.size == r.size+1)
			assert.Equal(t, v.Kind != computed.Resized, p.size == r.size)
		}
	}
	assert.Len(t, seen, 5)
	same := all(t, server, primary, 1000)[1]
	p, r := look(t, client, primary, same.Key, same.VersionID), look(t, client, replica, same.Key, same.VersionID)
	assert.Equal(t, http.StatusOK, p.status)
	r.rest = p.rest
	assert.Equal(t, p, r, "what is the same is so in all its facts")
}

func TestALookAtWhatIsNotThereIs404(t *testing.T) {
	server := newServer(t, 100, 0)
	client := connect(t, server)
	rows := all(t, server, primary, 1000)
	id := rows[0].VersionID
	assert.Equal(t, http.StatusNotFound, look(t, client, primary, rows[1].Key, id).status, "the version of another key")
	for _, other := range []string{"v", id[:31] + "x", "z" + id[1:], strings.Repeat("!", 32), id + "0"} {
		assert.Equal(t, http.StatusNotFound, look(t, client, primary, rows[0].Key, other).status, other)
	}
	assert.Equal(t, http.StatusNotFound, look(t, client, "other", rows[0].Key, id).status)
}

func TestBothBucketsTellHowTheyAreSet(t *testing.T) {
	client := connect(t, newServer(t, 100, 0))
	for bucket, region := range map[string]string{primary: "eu-central-1", replica: "eu-west-1"} {
		head, err := client.HeadBucket(t.Context(), &sdk.HeadBucketInput{Bucket: &bucket})
		require.NoError(t, err)
		assert.Equal(t, region, *head.BucketRegion)
		versioning, err := client.GetBucketVersioning(t.Context(), &sdk.GetBucketVersioningInput{Bucket: &bucket})
		require.NoError(t, err)
		assert.Equal(t, types.BucketVersioningStatusEnabled, versioning.Status)
		encryption, err := client.GetBucketEncryption(t.Context(), &sdk.GetBucketEncryptionInput{Bucket: &bucket})
		require.NoError(t, err)
		assert.Equal(t, types.ServerSideEncryptionAes256, encryption.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm)
		_, err = client.GetBucketLifecycleConfiguration(t.Context(), &sdk.GetBucketLifecycleConfigurationInput{Bucket: &bucket})
		require.ErrorContains(t, err, "NoSuchLifecycleConfiguration")
	}
	rules, err := client.GetBucketReplication(t.Context(), &sdk.GetBucketReplicationInput{Bucket: aws.String(primary)})
	require.NoError(t, err)
	rule := rules.ReplicationConfiguration.Rules[0]
	assert.Equal(t, "arn:aws:s3:::copy", *rule.Destination.Bucket)
	assert.Equal(t, types.DeleteMarkerReplicationStatusEnabled, rule.DeleteMarkerReplication.Status)
	_, err = client.GetBucketReplication(t.Context(), &sdk.GetBucketReplicationInput{Bucket: aws.String(replica)})
	require.ErrorContains(t, err, "ReplicationConfigurationNotFoundError")
}

func TestAllElseIsRefused(t *testing.T) {
	server := newServer(t, 100, 0)
	client := connect(t, server)
	r := all(t, server, primary, 1)[0]
	bucket := aws.String(primary)
	_, put := client.PutObject(t.Context(), &sdk.PutObjectInput{Bucket: bucket, Key: &r.Key})
	_, get := client.GetObject(t.Context(), &sdk.GetObjectInput{Bucket: bucket, Key: &r.Key, VersionId: &r.VersionID})
	_, latest := client.HeadObject(t.Context(), &sdk.HeadObjectInput{Bucket: bucket, Key: &r.Key})
	_, part := client.HeadObject(t.Context(), &sdk.HeadObjectInput{Bucket: bucket, Key: &r.Key, VersionId: &r.VersionID, PartNumber: aws.Int32(1)})
	_, objects := client.ListObjectsV2(t.Context(), &sdk.ListObjectsV2Input{Bucket: bucket})
	_, tags := client.GetBucketTagging(t.Context(), &sdk.GetBucketTaggingInput{Bucket: bucket})
	_, buckets := client.ListBuckets(t.Context(), &sdk.ListBucketsInput{})
	for name, err := range map[string]error{"buckets": buckets, "put": put, "get": get, "latest": latest, "part": part, "objects": objects, "tags": tags} {
		assert.Equal(t, http.StatusNotImplemented, status(t, err), name)
	}
	_, other := client.GetBucketVersioning(t.Context(), &sdk.GetBucketVersioningInput{Bucket: aws.String("other")})
	assert.Equal(t, http.StatusNotFound, status(t, other))
}

func TestAPairThatCanNotBeIsRefused(t *testing.T) {
	for _, pair := range []computed.Pair{
		{Rows: -1, Primary: "a", Replica: "b"}, {Rows: 1_000_000_001, Primary: "a", Replica: "b"}, {Every: -1, Primary: "a", Replica: "b"},
		{Primary: "a"}, {Replica: "b"}, {Primary: "a", Replica: "a"},
	} {
		_, err := computed.New(pair)
		assert.Error(t, err)
	}
}

// BenchmarkPages makes pages of ten million rows, without a network.
func BenchmarkPages(b *testing.B) {
	server := newServer(b, 10_000_000, 100_003)
	w := &discarded{header: http.Header{}}
	requests := []*http.Request{}
	for _, prefix := range []string{"2022/01/01/", "2023/05/16/ledger.db", "2024/09/"} {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://s3/copy?versions=&encoding-type=url&prefix="+prefix, http.NoBody)
		require.NoError(b, err)
		requests = append(requests, r)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		server.ServeHTTP(w, requests[i%len(requests)])
		i++
	}
	b.SetBytes(w.bytes / int64(b.N))
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

type discarded struct {
	header http.Header
	bytes  int64
}

func (d *discarded) Header() http.Header { return d.header }
func (d *discarded) WriteHeader(int)     {}
func (d *discarded) Write(p []byte) (int, error) {
	d.bytes += int64(len(p))
	return len(p), nil
}
