package audit_test

import (
	"context"
	"maps"
	"net/http"
	"strings"
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
	"autobackup/cmd/autobackup/s3test"
	"autobackup/cmd/autobackup/upload"
	core "autobackup/internal/audit"
	"autobackup/internal/verdict"
	"autobackup/local/s3"
)

// record notes all that is asked of the local S3 from now on, by bucket. HeadObject of
// the key refused answers 400, as for an object under a key of the customer's own.
func (w *world) record(refused string) map[string][]policytest.Made {
	return policytest.Record(w.Server.Server, func(r s3.Request) *s3.Fault {
		if r.Key != "" {
			writes := strings.HasPrefix(r.Operation, "Put")
			assert.Equal(w.t, writes, r.VersionID == "", "%s of %s: the policy is for calls that name a version", r.Operation, r.Key)
		}
		if r.Operation == "HeadObject" && r.Key == refused {
			return &s3.Fault{Status: 400}
		}
		return nil
	})
}

// hiddenIn begins the keys of objects of whose locks HeadObject tells nothing in a bucket,
// as S3 does to who may not read them.
const hiddenIn = "locks hidden in "

// hiding is the local S3's address where it is so.
func (w *world) hiding() string {
	return s3test.Serve(w.t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		bucket, key, _ := strings.Cut(r.URL.Path[1:], "/")
		if r.Method == http.MethodHead && key == hiddenIn+bucket {
			rw = hider{rw}
		}
		w.ServeHTTP(rw, r)
	}))
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
	w.Remove(replica, away, "refused", lost)
	for _, hidden := range []string{hiddenIn + primary, hiddenIn + replica} {
		_, err := w.Client.PutObject(w.t.Context(), &sdk.PutObjectInput{
			Bucket: aws.String(primary), Key: &hidden, Body: strings.NewReader("v"), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32, ObjectLockLegalHoldStatus: types.ObjectLockLegalHoldStatusOn,
			ObjectLockMode: types.ObjectLockModeGovernance, ObjectLockRetainUntilDate: aws.Time(time.Now().Add(time.Hour)),
		})
		require.NoError(w.t, err)
	}
	w.Replicated()
	w.Replicate = func(s3.Replication) s3.Plan {
		return s3.Plan{Recut: &s3.Recut{PartSize: 3 << 20, Kind: string(types.ChecksumTypeComposite)}}
	}
	w.InParts(primary, "in parts")
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
			if plan.Level == core.Listed {
				unseen = map[string]string{metrics: notSeen[metrics]}
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
	require.NoError(t, w.CreateBucket(s3.BucketConfig{Name: "evidence", Region: away, Versioned: true}))
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
