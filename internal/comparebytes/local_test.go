package comparebytes_test

import (
	"bytes"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/checksum"
	"autobackup/internal/comparebytes"
	"autobackup/internal/verdict"
	"autobackup/local/clock"
	"autobackup/local/s3"
)

// regions is the local S3 with a bucket at home that replicates to another
// region, and a working bucket.
type regions struct {
	*s3.Server
	clients map[string]*sdk.Client
}

// newRegions has replicas stored in a class; empty: their source's.
func newRegions(t *testing.T, class types.StorageClass) *regions {
	t.Helper()
	server, err := s3.New(s3.Config{Clock: clock.Real(), Dir: t.TempDir(), Account: "111122223333"})
	require.NoError(t, err)
	priority := int32(1)
	for _, bucket := range []s3.BucketConfig{
		{Name: working, Region: home, Versioned: true}, {Name: "copy", Region: away, Versioned: true},
		{Name: "docs", Region: home, Versioned: true, Replication: &s3.ReplicationConfiguration{
			Role: "arn:aws:iam::111122223333:role/r", Rules: []s3.ReplicationRule{{
				Status: "Enabled", Priority: &priority, Filter: &s3.RuleFilter{}, DeleteMarkerReplication: &s3.Switch{Status: "Enabled"},
				Destination: s3.Destination{Bucket: "arn:aws:s3:::copy", StorageClass: string(class)},
			}},
		}},
	} {
		require.NoError(t, server.CreateBucket(bucket))
	}
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return &regions{server, connect(t, server)}
}

const oddKey = "a\nb"

// upload puts an object and gives the batch that has it read, once the replica is
// there, and its version.
func (r *regions) upload(t *testing.T, body []byte) (b batch.Batch, version string) {
	t.Helper()
	out, err := r.clients[home].PutObject(t.Context(), &sdk.PutObjectInput{Bucket: aws.String("docs"), Key: aws.String(oddKey), Body: bytes.NewReader(body)})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return r.Pending() == 0 }, 5*time.Second, time.Millisecond)
	return about(oddKey, *out.VersionId, r.side(t, "docs", home, *out.VersionId), r.side(t, "copy", away, *out.VersionId)), *out.VersionId
}

func (r *regions) side(t *testing.T, bucket, region, version string) verdict.Side {
	t.Helper()
	head, err := r.clients[region].HeadObject(t.Context(), &sdk.HeadObjectInput{Bucket: &bucket, Key: aws.String(oddKey), VersionId: &version})
	require.NoError(t, err)
	return verdict.Side{Bucket: bucket, Region: region, Found: verdict.Object, Size: *head.ContentLength, ETag: *head.ETag}
}

func small(c *comparebytes.Comparer) { c.RangeSize, c.BlockSize = 1000, 300 }

func TestAgainstTheLocalS3(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 345) // 4 ranges
	sum := crc(body)
	read := verdict.Read{Found: verdict.Object, CRC64NVME: sum}
	equal := verdict.Bytes{Primary: read, Replica: read}
	// ofReplica is what a replica's answer makes of it, whose primary is read.
	ofReplica := func(f verdict.Found, detail string) verdict.Bytes {
		return verdict.Bytes{Primary: read, Replica: verdict.Read{Found: f, Detail: detail}}
	}
	flipped := equal
	flipped.Replica.CRC64NVME, flipped.Different = "", &checksum.Piece{Offset: 1600, Length: 300}
	tests := map[string]struct {
		corrupt s3.Corruption
		prepare func(t *testing.T, r *regions, b *batch.Batch, version string)
		want    verdict.Bytes // an empty CRC64NVME of the replica is not compared where bytes differ
	}{
		"equal": {want: equal},
		"a bit flipped under the replica's stored checksum": {corrupt: s3.Silent, want: flipped},
		"a bit flipped before the replica was stored":       {corrupt: s3.FlipBit, want: flipped},
		"a replica truncated unseen": {corrupt: s3.Truncate,
			want: ofReplica(verdict.Unreachable, "GetObject failed: read X: the answer has the range X instead of X"),
			prepare: func(_ *testing.T, _ *regions, b *batch.Batch, _ string) {
				b.Reading[0].Look.Replicas[1].Size, b.Reading[0].Look.Replicas[1].ETag = 3450, ""
			}},
		"overwritten meanwhile": {want: equal,
			prepare: func(t *testing.T, r *regions, _ *batch.Batch, _ string) { r.upload(t, []byte("other")) }},
		"deleted meanwhile, behind a marker": {want: equal,
			prepare: func(t *testing.T, r *regions, _ *batch.Batch, _ string) { r.remove(t, "docs", nil) }},
		"the primary's version deleted": {want: verdict.Bytes{Primary: verdict.Read{Found: verdict.Missing, Detail: "GetObject answered 404 NoSuchVersion"}, Replica: read},
			prepare: func(t *testing.T, r *regions, _ *batch.Batch, version string) { r.remove(t, "docs", &version) }},
		"the replica's version deleted": {want: ofReplica(verdict.Missing, "GetObject answered 404 NoSuchVersion"),
			prepare: func(t *testing.T, r *regions, _ *batch.Batch, version string) { r.remove(t, "copy", &version) }},
		"the replica's bucket gone": {want: ofReplica(verdict.Unreachable, "GetObject answered 404 NoSuchBucket"),
			prepare: fault(s3.Fault{Status: http.StatusNotFound, Code: "NoSuchBucket"})},
		"the replica denied": {want: ofReplica(verdict.Denied, "GetObject answered 403 AccessDenied; grant hash-bytes s3:GetObjectVersion, for SSE-KMS also kms:Decrypt on the key"),
			prepare: fault(s3.Fault{Status: http.StatusForbidden})},
		"the replica's S3 down": {want: ofReplica(verdict.Unreachable, "GetObject answered 503 SlowDown"),
			prepare: fault(s3.Fault{Status: http.StatusServiceUnavailable})},
		"connections dropped": {want: ofReplica(verdict.Unreachable, "GetObject got no answer: EOF"),
			prepare: fault(s3.Fault{Drop: true})},
		"another ETag than the look's": {want: ofReplica(verdict.Unreachable, "GetObject answered 412 PreconditionFailed"),
			prepare: func(_ *testing.T, _ *regions, b *batch.Batch, _ string) { b.Reading[0].Look.Replicas[1].ETag = `"00"` }},
		"a region without hash-bytes": {want: ofReplica(verdict.NoReader, "no hash-bytes function in mars; there is one in: eu-central-1, eu-west-1"),
			prepare: func(_ *testing.T, _ *regions, b *batch.Batch, _ string) {
				b.Reading[0].Look.Replicas[1].Region = "mars"
			}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegions(t, "")
			r.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Corrupt: tt.corrupt} }
			b, version := r.upload(t, body)
			if tt.prepare != nil {
				tt.prepare(t, r, &b, version)
			}
			got := deploy(r.clients, small).must(t, b)
			if tt.want.Different != nil {
				assert.NotEqual(t, sum, got.Replica.CRC64NVME)
				got.Replica.CRC64NVME = ""
			}
			got.Replica.Detail = spans.ReplaceAllString(got.Replica.Detail, "X") // which of the ranges is the first varies
			assert.Equal(t, tt.want, got)
		})
	}
}

var spans = regexp.MustCompile(`"bytes [^"]*"|\d+ bytes from byte \d+ on`)

// remove deletes a version, or puts a marker where it is nil.
func (r *regions) remove(t *testing.T, bucket string, version *string) {
	t.Helper()
	region := map[string]string{"docs": home, "copy": away}[bucket]
	_, err := r.clients[region].DeleteObject(t.Context(), &sdk.DeleteObjectInput{Bucket: &bucket, Key: aws.String(oddKey), VersionId: version})
	require.NoError(t, err)
}

// fault makes the replica's bucket answer so.
func fault(f s3.Fault) func(*testing.T, *regions, *batch.Batch, string) {
	return func(_ *testing.T, r *regions, _ *batch.Batch, _ string) {
		r.Fault = func(request s3.Request) *s3.Fault {
			if request.Bucket == "copy" {
				return &f
			}
			return nil
		}
	}
}

func TestAnArchivedReplicaOfTheLocalS3IsToldAndNotRestored(t *testing.T) {
	for class, found := range map[types.StorageClass]verdict.Found{
		types.StorageClassGlacier: verdict.Archived, types.StorageClassDeepArchive: verdict.Archived,
		types.StorageClassGlacierIr: verdict.Object, types.StorageClassStandardIa: verdict.Object,
	} {
		r := newRegions(t, class)
		b, _ := r.upload(t, []byte("content"))
		got := deploy(r.clients, nil).must(t, b)
		assert.Equal(t, verdict.Object, got.Primary.Found, class)
		assert.Equal(t, found, got.Replica.Found, class)
		for counted := range r.Requests() {
			assert.NotEqual(t, "RestoreObject", counted.Operation)
		}
	}
}

func TestAnEmptyObjectIsReadOnBothSides(t *testing.T) {
	r := newRegions(t, "")
	b, _ := r.upload(t, nil)
	read := verdict.Read{Found: verdict.Object, CRC64NVME: crc(nil)}
	assert.Equal(t, verdict.Bytes{Primary: read, Replica: read}, deploy(r.clients, nil).must(t, b))
	for _, bucket := range []string{"docs", "copy"} {
		assert.Equal(t, 1, r.Requests()[s3.Counted{Operation: "GetObject", Bucket: bucket}])
	}
}
