package audit_test

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/policy"
	"autobackup/cmd/autobackup/policy/policytest"
	"autobackup/cmd/autobackup/upload"
	core "autobackup/internal/audit"
	"autobackup/internal/local/s3"
	"autobackup/internal/verdict"
)

// record notes all that is asked of the local S3 from now on, by bucket. HeadObject of
// the key refused answers 400, as for an object under a key of the customer's own.
func (w *world) record(refused string) map[string][]policytest.Made {
	var lock sync.Mutex
	made := map[string][]policytest.Made{}
	w.server.Fault = func(r s3.Request) *s3.Fault {
		lock.Lock()
		defer lock.Unlock()
		resource := "arn:aws:s3:::" + r.Bucket
		if r.Key != "" {
			resource += "/" + r.Key
			writes := strings.HasPrefix(r.Operation, "Put")
			assert.Equal(w.t, writes, r.VersionID == "", "%s of %s: the policy is for calls that name a version", r.Operation, r.Key)
		}
		made[r.Bucket] = append(made[r.Bucket], policytest.Made{Operation: r.Operation, Resource: resource})
		if r.Operation == "HeadObject" && r.Key == refused {
			return &s3.Fault{Status: 400}
		}
		return nil
	}
	return made
}

// hiddenIn begins the keys of objects of whose locks HeadObject tells nothing in a bucket,
// as S3 does to who may not read them.
const hiddenIn = "locks hidden in "

// hiding is the local S3's address where it is so.
func (w *world) hiding() string {
	web := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		bucket, key, _ := strings.Cut(r.URL.Path[1:], "/")
		if r.Method == http.MethodHead && key == hiddenIn+bucket {
			rw = hider{rw}
		}
		w.server.ServeHTTP(rw, r)
	}))
	w.t.Cleanup(web.Close)
	return web.URL
}

type hider struct{ http.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (h hider) WriteHeader(status int) {
	maps.DeleteFunc(h.Header(), func(name string, _ []string) bool { return strings.HasPrefix(name, "X-Amz-Object-Lock-") })
	h.ResponseWriter.WriteHeader(status)
}

// everyKind uploads what makes an audit call all that it can.
func (w *world) everyKind() {
	w.put("there", "v")
	lost := w.put("refused", "v")
	w.remove(replica, away, "refused", lost)
	for _, hidden := range []string{hiddenIn + primary, hiddenIn + replica} {
		_, err := w.client.PutObject(w.t.Context(), &sdk.PutObjectInput{
			Bucket: aws.String(primary), Key: &hidden, Body: strings.NewReader("v"), ObjectLockLegalHoldStatus: types.ObjectLockLegalHoldStatusOn,
			ObjectLockMode: types.ObjectLockModeGovernance, ObjectLockRetainUntilDate: aws.Time(time.Now().Add(time.Hour)),
		})
		require.NoError(w.t, err)
	}
	w.replicated()
	w.server.Replicate = func(s3.Replication) s3.Plan {
		return s3.Plan{Recut: &s3.Recut{PartSize: 3 << 20, Kind: string(types.ChecksumTypeComposite)}}
	}
	w.inParts("in parts")
	w.replicated()
}

// inParts uploads two parts whose checksums are kept.
func (w *world) inParts(key string) {
	ctx := w.t.Context()
	begun, err := w.client.CreateMultipartUpload(ctx, &sdk.CreateMultipartUploadInput{
		Bucket: aws.String(primary), Key: &key, Tagging: aws.String("a=b"),
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32, ChecksumType: types.ChecksumTypeComposite,
	})
	require.NoError(w.t, err)
	var done []types.CompletedPart
	for i, content := range [][]byte{bytes.Repeat([]byte("a"), 5<<20), []byte("b")} {
		part, err := w.client.UploadPart(ctx, &sdk.UploadPartInput{
			Bucket: aws.String(primary), Key: &key, UploadId: begun.UploadId, PartNumber: aws.Int32(int32(i + 1)), //nolint:gosec // 1 and 2
			Body: bytes.NewReader(content), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
		})
		require.NoError(w.t, err)
		done = append(done, types.CompletedPart{PartNumber: aws.Int32(int32(i + 1)), ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32}) //nolint:gosec // 1 and 2
	}
	_, err = w.client.CompleteMultipartUpload(ctx, &sdk.CompleteMultipartUploadInput{
		Bucket: aws.String(primary), Key: &key, UploadId: begun.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: done},
	})
	require.NoError(w.t, err)
}

const metrics = "cloudwatch:GetMetricStatistics"

// notSeen are actions that the local S3 can't show.
var notSeen = map[string]string{
	metrics:       "metrics are asked for on AWS only",
	"kms:Decrypt": "S3 calls it, not the audit",
}

func TestThePolicyAllowsEveryCallOfAnAuditAndNothingElse(t *testing.T) {
	w := newWorld(t)
	w.everyKind()
	endpoint := w.hiding()
	const key = "arn:aws:kms:eu-central-1:111122223333:key/a"
	shown := maps.Clone(notSeen)
	shown["s3:GetObjectRetention"] = "HeadObject shows it to who has this, and the local S3 asks nobody for permissions"
	shown["s3:GetObjectLegalHold"] = shown["s3:GetObjectRetention"]
	for name, plan := range map[string]audit.Plan{
		"listed":                {Level: core.Listed},
		"listed, with locks":    {Level: core.Listed, Locks: true, Metadata: true},
		"rest":                  {Level: core.Rest},
		"all, with locks":       {Level: core.AllLooked, Locks: true},
		"bytes":                 {Level: core.Bytes, Bytes: verdict.ByteVerification{Inconclusive: true, PerMille: 1000}},
		"the locks in metadata": {Level: core.AllLooked, Metadata: true},
	} {
		t.Run(name, func(t *testing.T) {
			made := w.record("refused")
			w.run(func(o *audit.Options) {
				o.From.Endpoint, o.To.Endpoint = endpoint, endpoint
				o.Level, o.Locks, o.Metadata, o.Bytes = plan.Level, plan.Locks, plan.Metadata, plan.Bytes
			})
			require.Len(t, made, 2)
			unseen := notSeen
			switch {
			case plan.Level == core.Listed:
				unseen = map[string]string{metrics: notSeen[metrics]}
			case plan.Metadata && !plan.Locks:
				unseen = shown
			}
			for side, bucket := range map[policy.Side]string{policy.Primary: primary, policy.Replica: replica} {
				policytest.Hold(t, policy.Options{
					Command: policy.Audit, Side: side, Partition: "aws", Primary: primary, Replicas: []string{replica},
					Level: plan.Level, Locks: plan.Locks, Metadata: plan.Metadata, Keys: []string{key}, ReplicaKeys: []string{key},
				}, made[bucket], unseen)
			}
		})
	}
}

func TestThePolicyAllowsToCopyAReport(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.server.CreateBucket(s3.BucketConfig{Name: "evidence", Region: away, Versioned: true}))
	o := w.options()
	_, err := audit.Run(context.Background(), o)
	require.NoError(t, err)
	made := w.record("")
	to := pair.Address{Bucket: "evidence", Rest: "audits"}
	_, err = upload.Report(context.Background(), o.Folder, to, o.From)
	require.NoError(t, err)
	require.Len(t, made, 1)
	policytest.Hold(t, policy.Options{Command: policy.Audit, Side: policy.Report, Partition: "aws", Output: to}, made["evidence"], map[string]string{
		"s3:AbortMultipartUpload": "only of a part that fails, of files of more than 16 MiB",
	})
}
