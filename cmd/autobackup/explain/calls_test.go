package explain_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/explain"
	"autobackup/cmd/autobackup/policy"
	"autobackup/cmd/autobackup/policy/policytest"
	"autobackup/local/s3"
)

func TestThePolicyAllowsEveryCallOfAnExplanationAndNothingElse(t *testing.T) {
	w := newWorld(t)
	refused := w.put("refused", "v")
	w.Replicate = func(s3.Replication) s3.Plan {
		return s3.Plan{Recut: &s3.Recut{PartSize: 3 << 20, Kind: string(types.ChecksumTypeComposite)}}
	}
	parts := w.InParts(primary, "in parts")
	made := policytest.Record(w.Server.Server, func(r s3.Request) *s3.Fault {
		if r.Operation == "HeadObject" && r.Key == "refused" {
			return &s3.Fault{Status: 400}
		}
		return nil
	})
	for key, version := range map[string]string{"refused": refused, "in parts": parts} {
		_, err := explain.Run(context.Background(), w.options(key, version, func(o *explain.Options) { o.Bytes = true }))
		require.NoError(t, err)
	}
	unseen := map[string]string{"kms:Decrypt": "S3 calls it, not autobackup"}
	const kms = "arn:aws:kms:eu-central-1:111122223333:key/a"
	for side, bucket := range map[policy.Side]string{policy.Primary: primary, policy.Replica: replica} {
		policytest.Hold(t, policy.Options{
			Command: policy.Explain, Side: side, Partition: "aws", Primary: primary, Replicas: []string{replica}, Keys: []string{kms}, ReplicaKeys: []string{kms},
		}, made[bucket], unseen)
	}
}
