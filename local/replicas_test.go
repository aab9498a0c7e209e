package local_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/verdict"
	locals3 "autobackup/local/s3"
)

// second and third are further replica buckets.
const (
	second = "second-" + account
	third  = "third-" + account
)

// threeReplicas has the documents replicated to three buckets.
func (w *world) threeReplicas() {
	w.t.Helper()
	w.bucketIn("eu-north-1", second)
	w.bucketIn(secondRegion, third)
	var rules []types.ReplicationRule
	for i, to := range []string{w.replicaBucket(), second, third} {
		rules = append(rules, types.ReplicationRule{
			ID: aws.String(to), Priority: aws.Int32(int32(i + 1)), Status: types.ReplicationRuleStatusEnabled, //nolint:gosec // an index
			Filter:                  &types.ReplicationRuleFilter{Prefix: aws.String("")},
			DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: types.DeleteMarkerReplicationStatusEnabled},
			Destination:             &types.Destination{Bucket: aws.String("arn:aws:s3:::" + to)},
		})
	}
	_, err := w.client.PutBucketReplication(w.t.Context(), &s3.PutBucketReplicationInput{Bucket: aws.String(w.bucket()),
		ReplicationConfiguration: &types.ReplicationConfiguration{Role: aws.String("arn:aws:iam::123456789012:role/r"), Rules: rules}})
	require.NoError(w.t, err)
}

// of is what came of each replica in the only execution.
func (w *world) of() map[string]string {
	all := map[string]string{}
	for _, r := range w.summary(w.one()).Objects[0].Replicas {
		all[r.Bucket] = string(r.Verdict) + " " + string(r.Reason)
	}
	return all
}

func TestThreeReplicasEachHaveTheirOwnEntry(t *testing.T) {
	deny := func(bucket string) func(locals3.Request) *locals3.Fault {
		return func(q locals3.Request) *locals3.Fault {
			if q.Operation == "HeadObject" && q.Bucket == bucket {
				return &locals3.Fault{Status: 403}
			}
			return nil
		}
	}
	tests := map[string]struct {
		plans   map[string]locals3.Plan
		fault   func(locals3.Request) *locals3.Fault
		verdict verdict.Outcome
		entries func(w *world) map[string]string
		named   []string // in the e-mail
	}{
		"all are intact": {nil, nil, verdict.Verified, func(w *world) map[string]string {
			return map[string]string{w.replicaBucket(): "verified ", second: "verified ", third: "verified "}
		}, nil},
		"the last one is corrupt": {map[string]locals3.Plan{third: {Corrupt: locals3.FlipBit}}, nil, verdict.Failed, func(w *world) map[string]string {
			return map[string]string{w.replicaBucket(): "verified ", second: "verified ", third: "failed CONTENT_MISMATCH"}
		}, []string{third}},
		"two are corrupt in two ways": {map[string]locals3.Plan{second: {Corrupt: locals3.Truncate}, third: {Corrupt: locals3.FlipBit}}, nil, verdict.Failed,
			func(w *world) map[string]string {
				return map[string]string{w.replicaBucket(): "verified ", second: "failed SIZE_MISMATCH", third: "failed CONTENT_MISMATCH"}
			}, []string{second, third}},
		"one is denied": {nil, deny(second), verdict.Failed, func(w *world) map[string]string {
			return map[string]string{w.replicaBucket(): "verified ", second: "failed ACCESS_DENIED", third: "verified "}
		}, []string{second}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inOpenWorld(t, func(w *world) {
				w.threeReplicas()
				w.S3.Replicate = func(r locals3.Replication) locals3.Plan { return tt.plans[r.Destination] }
				w.S3.Fault = tt.fault
				w.put("report.pdf", "content")
				w.settle()
				assert.Equal(t, tt.verdict, w.summary(w.one()).Objects[0].Verdict)
				assert.Equal(t, tt.entries(w), w.of())
				for _, bucket := range tt.named {
					assert.Contains(t, w.mails(), bucket)
				}
				assert.Equal(t, len(tt.named) > 0, len(w.subjects()) > 0)
			})
		})
	}
}

func TestAReplicaToldByS3DoesNotQuietADeniedOne(t *testing.T) {
	inWorld(t, func(w *world) {
		w.threeReplicas()
		w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
			return locals3.Plan{Fail: r.Destination == w.replicaBucket()}
		}
		w.S3.Fault = func(q locals3.Request) *locals3.Fault {
			if q.Operation == "HeadObject" && q.Bucket == second {
				return &locals3.Fault{Status: 403}
			}
			return nil
		}
		w.put("orders.dump", "content")
		w.settle()
		assert.Contains(t, w.mails(), "REPLICATION_FAILED")
		assert.Contains(t, w.mails(), "ACCESS_DENIED")
		assert.Contains(t, w.mails(), second)
	})
}
