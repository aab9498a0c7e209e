package comparebytes_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/comparebytes"
	"autobackup/internal/local/clock"
	"autobackup/internal/local/s3"
	"autobackup/internal/look"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// regions is the local S3 with a bucket at home that replicates to another
// region, and a working bucket.
type regions struct {
	*s3.Server
	clients map[string]*sdk.Client
}

func newRegions(t *testing.T) *regions {
	t.Helper()
	server, err := s3.New(s3.Config{Clock: clock.Real(), Dir: t.TempDir(), Account: "111122223333"})
	require.NoError(t, err)
	priority := int32(1)
	for _, bucket := range []s3.BucketConfig{
		{Name: working, Region: home, Versioned: true}, {Name: "copy", Region: away, Versioned: true},
		{Name: "docs", Region: home, Versioned: true, Replication: &s3.ReplicationConfiguration{
			Role: "arn:aws:iam::111122223333:role/r", Rules: []s3.ReplicationRule{{
				Status: "Enabled", Priority: &priority, Filter: &s3.RuleFilter{}, DeleteMarkerReplication: &s3.Switch{Status: "Enabled"},
				Destination: s3.Destination{Bucket: "arn:aws:s3:::copy"},
			}},
		}},
	} {
		require.NoError(t, server.CreateBucket(bucket))
	}
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return &regions{server, connect(t, server)}
}

// upload puts an object and gives the pair as fetch-etags sees it, once the
// replica is there.
func (r *regions) upload(t *testing.T, body []byte) comparebytes.Pair {
	t.Helper()
	in := &sdk.PutObjectInput{Bucket: aws.String("docs"), Key: aws.String("a\nb"), Body: bytes.NewReader(body), ChecksumAlgorithm: types.ChecksumAlgorithmCrc64nvme}
	out, err := r.clients[home].PutObject(t.Context(), in)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return r.Pending() == 0 }, 5*time.Second, time.Millisecond)
	return r.pair(t, *in.Key, *out.VersionId)
}

func (r *regions) pair(t *testing.T, key, version string) comparebytes.Pair {
	t.Helper()
	looker := look.New(r.clients[home], r.clients[home], nil, time.Now)
	seen := looker.Look(t.Context(), batchOf(t, key, version)).Messages[0].Look
	require.NotNil(t, seen)
	require.Len(t, seen.Replicas, 1)
	return comparebytes.Pair{Key: key, Version: version, Primary: seen.Primary, Replica: seen.Replicas[0]}
}

func small(c *comparebytes.Comparer) { c.RangeSize, c.BlockSize = 1000, 300 }

func TestAgainstTheLocalS3(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789"), 345) // 4 ranges
	tests := map[string]struct {
		corrupt s3.Corruption
		prepare func(t *testing.T, r *regions, p *comparebytes.Pair)
		outcome verdict.Outcome
		reason  reason.Code
		detail  string
	}{
		"equal": {outcome: verdict.Verified, detail: "bytes read on both sides: all 3450 bytes are equal, CRC64NVME "},
		"a bit flipped under the replica's stored checksum": {corrupt: s3.Silent, outcome: verdict.Failed, reason: reason.ContentMismatch,
			detail: "first in the block of 300 bytes from byte 1600 on; the replica disagrees with its own stored CRC64NVME"},
		"a bit flipped before the replica was stored": {corrupt: s3.FlipBit, outcome: verdict.Failed, reason: reason.ContentMismatch,
			detail: "first in the block of 300 bytes from byte 1600 on; side unknown: each agrees with its own stored CRC64NVME"},
		"a truncated replica": {corrupt: s3.Truncate, outcome: verdict.Failed, reason: reason.SizeMismatch, detail: "sizes differ: 3450 bytes and 3449 bytes"},
		"a replica truncated unseen": {corrupt: s3.Truncate, outcome: verdict.Failed, reason: reason.Unreachable, detail: "/3449",
			prepare: func(_ *testing.T, _ *regions, p *comparebytes.Pair) { p.Replica.Size, p.Replica.ETag = 3450, "" }},
		"overwritten meanwhile": {outcome: verdict.Verified, detail: "all 3450 bytes are equal",
			prepare: func(t *testing.T, r *regions, _ *comparebytes.Pair) { r.upload(t, []byte("other")) }},
		"deleted meanwhile, behind a marker": {outcome: verdict.Verified, detail: "all 3450 bytes are equal",
			prepare: func(t *testing.T, r *regions, p *comparebytes.Pair) { r.remove(t, "docs", p.Key, "") }},
		"the primary's version deleted": {outcome: verdict.Skipped, reason: reason.SourceDeleted, detail: "the primary no longer has the version",
			prepare: func(t *testing.T, r *regions, p *comparebytes.Pair) { r.remove(t, "docs", p.Key, p.Version) }},
		"the replica's version deleted": {outcome: verdict.Lagging, reason: reason.ReplicaMissing, detail: "the replica no longer has the version",
			prepare: func(t *testing.T, r *regions, p *comparebytes.Pair) { r.remove(t, "copy", p.Key, p.Version) }},
		"the replica's bucket gone": {outcome: verdict.Failed, reason: reason.Unreachable, detail: "GetObject answered 404 NoSuchBucket",
			prepare: fault(s3.Fault{Status: http.StatusNotFound, Code: "NoSuchBucket"})},
		"the replica denied": {outcome: verdict.Failed, reason: reason.AccessDenied, detail: "grant hash-bytes s3:GetObjectVersion",
			prepare: fault(s3.Fault{Status: http.StatusForbidden})},
		"the replica's S3 down": {outcome: verdict.Failed, reason: reason.Unreachable, detail: "GetObject answered 503 SlowDown",
			prepare: fault(s3.Fault{Status: http.StatusServiceUnavailable})},
		"connections dropped": {outcome: verdict.Failed, reason: reason.Unreachable, detail: "GetObject got no answer",
			prepare: fault(s3.Fault{Drop: true})},
		"another ETag than the look's": {outcome: verdict.Failed, reason: reason.Unreachable, detail: "GetObject answered 412 PreconditionFailed",
			prepare: func(_ *testing.T, _ *regions, p *comparebytes.Pair) { p.Replica.ETag = `"00"` }},
		"a region without hash-bytes": {outcome: verdict.Failed, reason: reason.RuleNotSupported, detail: "there is no hash-bytes in region mars",
			prepare: func(_ *testing.T, _ *regions, p *comparebytes.Pair) { p.Replica.Region = "mars" }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegions(t)
			r.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Corrupt: tt.corrupt} }
			pair := r.upload(t, body)
			if tt.prepare != nil {
				tt.prepare(t, r, &pair)
			}
			got := deploy(r.clients, small).must(t, pair)
			assert.Equal(t, tt.outcome, got.Outcome, got.Detail)
			assert.Equal(t, tt.reason, got.Reason, got.Detail)
			assert.Contains(t, got.Detail, tt.detail)
			assert.Contains(t, got.Detail, "primary docs (eu-central-1) and replica copy (")
		})
	}
}

func (r *regions) remove(t *testing.T, bucket, key, version string) {
	t.Helper()
	region := map[string]string{"docs": home, "copy": away}[bucket]
	in := &sdk.DeleteObjectInput{Bucket: &bucket, Key: &key}
	if version != "" {
		in.VersionId = &version
	}
	_, err := r.clients[region].DeleteObject(t.Context(), in)
	require.NoError(t, err)
}

// fault makes the replica's bucket answer so.
func fault(f s3.Fault) func(*testing.T, *regions, *comparebytes.Pair) {
	return func(_ *testing.T, r *regions, _ *comparebytes.Pair) {
		r.Fault = func(request s3.Request) *s3.Fault {
			if request.Bucket == "copy" {
				return &f
			}
			return nil
		}
	}
}

func TestStorageClassesOfTheLocalS3(t *testing.T) {
	told := map[reason.Code]int{}
	for _, class := range types.StorageClass("").Values() {
		r := newRegions(t)
		out, err := r.clients[home].PutObject(t.Context(), &sdk.PutObjectInput{
			Bucket: aws.String("docs"), Key: aws.String("k"), Body: bytes.NewReader([]byte("content")), StorageClass: class})
		if err != nil {
			continue // a class that the local S3 refuses
		}
		require.Eventually(t, func() bool { return r.Pending() == 0 }, 5*time.Second, time.Millisecond)
		got := deploy(r.clients, nil).must(t, r.pair(t, "k", *out.VersionId))
		told[got.Reason]++
		if class == types.StorageClassGlacier || class == types.StorageClassDeepArchive {
			assert.Equal(t, reason.Archived, got.Reason, class)
			assert.Contains(t, got.Detail, "the object must be restored to be read")
			for counted := range r.Requests() {
				assert.NotEqual(t, "RestoreObject", counted.Operation)
			}
		} else {
			assert.Equal(t, verdict.Verified, got.Outcome, "%s: %s", class, got.Detail)
		}
	}
	assert.Equal(t, map[reason.Code]int{"": 6, reason.Archived: 2}, told)
}

func TestAnEmptyObjectIsReadOnBothSides(t *testing.T) {
	r := newRegions(t)
	got := deploy(r.clients, nil).must(t, r.upload(t, nil))
	assert.Equal(t, verdict.BytesRead, got.Evidence, got.Detail)
	for _, bucket := range []string{"docs", "copy"} {
		assert.Equal(t, 1, r.Requests()[s3.Counted{Operation: "GetObject", Bucket: bucket}])
	}
}

// A stray refusal is not believed; one that stays is, after the retries.
func TestADenialIsBelievedOnlyAfterRetries(t *testing.T) {
	for answers, want := range map[int]verdict.Outcome{comparebytes.DeniedRetries: verdict.Verified, comparebytes.DeniedRetries + 1: verdict.Failed} {
		r := newRegions(t)
		pair := r.upload(t, []byte("content"))
		left := answers
		r.Fault = func(request s3.Request) *s3.Fault {
			if request.Bucket != "copy" || left == 0 {
				return nil
			}
			left--
			return &s3.Fault{Status: http.StatusForbidden}
		}
		d := deploy(r.clients, nil)
		assert.Equal(t, want, d.must(t, pair).Outcome)
		assert.Equal(t, 1+comparebytes.DeniedRetries, d.requests)
	}
}

// batchOf is a batch of one message about the version.
func batchOf(t *testing.T, key, version string) batch.Batch {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"version": "0", "id": "6f6c5c4e-0b7e-4b0a-8a5b-0d9c2c7f0c11", "detail-type": "Object Created", "source": "aws.s3",
		"account": "111122223333", "time": "2026-01-02T03:04:05Z", "region": home, "resources": []string{"arn:aws:s3:::docs"},
		"detail": map[string]any{
			"version": "0", "bucket": map[string]any{"name": "docs"}, "requester": "111122223333", "reason": "PutObject",
			"object": map[string]any{"key": key, "size": 3, "etag": "e", "version-id": version, "sequencer": "0"}, "request-id": "r",
		},
	})
	require.NoError(t, err)
	return batch.Batch{Messages: []batch.Message{{ID: "1", Body: string(body)}}}
}
