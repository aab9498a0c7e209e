package explain_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/explain"
	"autobackup/cmd/autobackup/policy"
	"autobackup/cmd/autobackup/policy/policytest"
	"autobackup/internal/local/s3"
)

// inParts uploads an object in two parts whose checksums are kept, with a tag.
func (w *world) inParts(key string) string {
	ctx := context.Background()
	begun, err := w.client.CreateMultipartUpload(ctx, &sdk.CreateMultipartUploadInput{
		Bucket: aws.String(primary), Key: &key, Tagging: aws.String("a=b"),
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32, ChecksumType: types.ChecksumTypeComposite,
	})
	require.NoError(w.t, err)
	var done []types.CompletedPart
	for i, content := range []string{strings.Repeat("a", 5<<20), "b"} {
		part, err := w.client.UploadPart(ctx, &sdk.UploadPartInput{
			Bucket: aws.String(primary), Key: &key, UploadId: begun.UploadId, PartNumber: aws.Int32(int32(i + 1)), //nolint:gosec // 1 and 2
			Body: strings.NewReader(content), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
		})
		require.NoError(w.t, err)
		done = append(done, types.CompletedPart{PartNumber: aws.Int32(int32(i + 1)), ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32}) //nolint:gosec // 1 and 2
	}
	out, err := w.client.CompleteMultipartUpload(ctx, &sdk.CompleteMultipartUploadInput{
		Bucket: aws.String(primary), Key: &key, UploadId: begun.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: done},
	})
	require.NoError(w.t, err)
	w.replicated()
	return *out.VersionId
}

func TestThePolicyAllowsEveryCallOfAnExplanationAndNothingElse(t *testing.T) {
	w := newWorld(t)
	refused := w.put("refused", "v")
	w.server.Replicate = func(s3.Replication) s3.Plan {
		return s3.Plan{Recut: &s3.Recut{PartSize: 3 << 20, Kind: string(types.ChecksumTypeComposite)}}
	}
	parts := w.inParts("in parts")
	var lock sync.Mutex
	made := map[string][]policytest.Made{}
	w.server.Fault = func(r s3.Request) *s3.Fault {
		lock.Lock()
		defer lock.Unlock()
		resource := "arn:aws:s3:::" + r.Bucket
		if r.Key != "" {
			resource += "/" + r.Key
		}
		made[r.Bucket] = append(made[r.Bucket], policytest.Made{Operation: r.Operation, Resource: resource})
		if r.Operation == "HeadObject" && r.Key == "refused" {
			return &s3.Fault{Status: 400}
		}
		return nil
	}
	for key, version := range map[string]string{"refused": refused, "in parts": parts} {
		_, err := explain.Run(context.Background(), w.options(key, version, func(o *explain.Options) { o.Bytes = true }))
		require.NoError(t, err)
	}
	shown := "HeadObject shows it to who has this, and the local S3 asks nobody for permissions"
	unseen := map[string]string{"s3:GetObjectRetention": shown, "s3:GetObjectLegalHold": shown, "kms:Decrypt": "S3 calls it, not autobackup"}
	const kms = "arn:aws:kms:eu-central-1:111122223333:key/a"
	for side, bucket := range map[policy.Side]string{policy.Primary: primary, policy.Replica: replica} {
		policytest.Hold(t, policy.Options{
			Command: policy.Explain, Side: side, Partition: "aws", Primary: primary, Replicas: []string{replica}, Keys: []string{kms}, ReplicaKeys: []string{kms},
		}, made[bucket], unseen)
	}
}
