package local_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/local/iam"
	locals3 "autobackup/local/s3"
)

// The situations here are from public reports of people who replicate buckets.

// bucketIn makes a versioned bucket.
func (w *world) bucketIn(region, name string) {
	w.t.Helper()
	client := s3.NewFromConfig(w.AWSConfig(region))
	in := &s3.CreateBucketInput{Bucket: &name}
	if region != "us-east-1" { // which is no constraint
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}
	}
	_, err := client.CreateBucket(w.t.Context(), in)
	require.NoError(w.t, err)
	_, err = client.PutBucketVersioning(w.t.Context(), &s3.PutBucketVersioningInput{Bucket: &name,
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	require.NoError(w.t, err)
}

// replicate gives a bucket one rule, to another bucket.
func (w *world) replicate(region, from, to string) {
	w.t.Helper()
	_, err := s3.NewFromConfig(w.AWSConfig(region)).PutBucketReplication(w.t.Context(), &s3.PutBucketReplicationInput{
		Bucket: &from, ReplicationConfiguration: &types.ReplicationConfiguration{
			Role: aws.String("arn:aws:iam::123456789012:role/r"),
			Rules: []types.ReplicationRule{{ID: aws.String("all"), Priority: aws.Int32(1), Status: types.ReplicationRuleStatusEnabled,
				Filter:                  &types.ReplicationRuleFilter{Prefix: aws.String("")},
				DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: types.DeleteMarkerReplicationStatusDisabled},
				Destination:             &types.Destination{Bucket: aws.String("arn:aws:s3:::" + to)}}},
		}})
	require.NoError(w.t, err)
}

// mails are the texts of all e-mails.
func (w *world) mails() string {
	var all strings.Builder
	for _, p := range w.SNS.Published() {
		all.WriteString(p.Subject + "\n" + p.Message + "\n")
	}
	return all.String()
}

func TestAReplicaThatTheNextBucketOfAChainLacksIsToldAsThat(t *testing.T) {
	inOpenWorld(t, func(w *world) {
		w.bucketIn(w.region, "intake-"+account)
		w.replicate(w.region, "intake-"+account, w.bucket())
		_, err := w.client.PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: aws.String("intake-" + account), Key: aws.String("from-branch.csv"), Body: strings.NewReader("rows")})
		require.NoError(t, err)
		w.settle()
		assert.Equal(t, []string{string(reason.ReplicaNotReplicated)}, w.reasons())
		assert.Equal(t, verdict.GraceLooks, w.summary(w.one()).Objects[0].Looks)
		assert.Contains(t, w.mails(), "REPLICA_NOT_REPLICATED")
	})
}

func TestTheOriginOfATwoWayPairIsVerified(t *testing.T) {
	inOpenWorld(t, func(w *world) {
		w.replicate(secondRegion, w.replicaBucket(), w.bucket())
		other := s3.NewFromConfig(w.AWSConfig(secondRegion))
		_, err := other.PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: aws.String(w.replicaBucket()), Key: aws.String("from-there.txt"), Body: strings.NewReader("content")})
		require.NoError(t, err)
		w.settle()
		line := w.summary(w.one()).Objects[0]
		assert.Equal(t, verdict.Verified, line.Verdict, line.Reason)
		assert.Empty(t, w.subjects())
	})
}

func TestAReplicaDeletedByVersionIsToldWithinMinutesAndAccusesNobody(t *testing.T) {
	inWorld(t, func(w *world) {
		version := w.put("ledger.db", "content")
		time.Sleep(2 * time.Second)
		_, err := s3.NewFromConfig(w.AWSConfig(secondRegion)).DeleteObject(w.t.Context(),
			&s3.DeleteObjectInput{Bucket: aws.String(w.replicaBucket()), Key: aws.String("ledger.db"), VersionId: &version})
		require.NoError(t, err)
		began := w.Clock.Now()
		w.settle()
		assert.Equal(t, []string{string(reason.ReplicaMissing)}, w.reasons())
		require.Len(t, w.SNS.Published(), 1)
		mail := w.SNS.Published()[0]
		assert.Less(t, mail.Time.Sub(began), 5*time.Minute, "not at the deadline")
		assert.Contains(t, mail.Message, "copy-object")
		assert.Contains(t, mail.Message, "lifecycle")
		assert.NotContains(t, mail.Message, "Then replicate again with S3 Batch Replication")
	})
}

func TestAnUploadThatTheRulesLeaveOutIsToldWithItsCause(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*s3.PutObjectInput)
		cause  string
	}{
		"an own key of AWS KMS": {func(in *s3.PutObjectInput) {
			in.ServerSideEncryption = types.ServerSideEncryptionAwsKms
			in.SSEKMSKeyId = aws.String(arnOf("kms", "key/own"))
		}, "aws:kms"},
		"DEEP_ARCHIVE": {func(in *s3.PutObjectInput) { in.StorageClass = types.StorageClassDeepArchive }, "DEEP_ARCHIVE"},
		"GLACIER":      {func(in *s3.PutObjectInput) { in.StorageClass = types.StorageClassGlacier }, "GLACIER"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				require.NoError(w.t, w.Gate.Attach(arnOf("kms", "key/own"), iam.Key, map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
					"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*",
				}}))
				w.put("payroll.csv", "content", tt.change)
				w.settle()
				assert.Equal(t, []string{string(reason.LeftOut)}, w.reasons())
				assert.Contains(t, w.mails(), tt.cause)
			})
		})
	}
}

func TestWhereNoFunctionReadsTheReplicasRegionThatIsTold(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put("a.txt", "content")
		w.settle()
		assert.Equal(t, []string{string(reason.BytesNotRead)}, w.reasons(), "its stored checksums agree all the same")
		assert.Contains(t, w.mails(), secondRegion)
	}, replace("samconfig.toml", "ReplicaRegion="+secondRegion, "ReplicaRegion=ap-south-2 ByteVerification=always"))
}

func TestOneObjectDeliveredThriceIsOneObjectInTheEMail(t *testing.T) {
	inWorld(t, func(w *world) {
		w.corrupted(locals3.FlipBit)
		w.put("wrong.bin", "content")
		body := w.messages("validation-queue")[0].Body
		w.send(body)
		w.send(body)
		w.settle()
		require.Len(t, w.subjects(), 1)
		assert.NotContains(t, w.subjects()[0], "more")
		assert.Contains(t, w.SNS.Published()[0].Message, "1 object version ")
		assert.Len(t, w.parked(), 3)
	})
}

func TestADeleteMarkerThatNeverComesIsToldAsWhatItIs(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
			if r.Marker {
				return locals3.Plan{Lag: 365 * 24 * time.Hour}
			}
			return locals3.Plan{}
		}
		w.put("gone.txt", "content")
		w.settle()
		w.remove("gone.txt", "")
		w.settle()
		assert.NotContains(t, w.mails(), "exists in one region only")
		assert.Contains(t, w.mails(), "delete marker")
	})
}

func TestOddKeysAreKeys(t *testing.T) {
	keys := []string{"a+b c%2Fd.txt", "/leading", "a//b", "dir/", "..", "a/./b", "trailing ", " lead", `back\slash`,
		`C:\udocs\r` + "\uFFFD" + `port.txt`, "x\u0001y", "nul\u007f", "cafe\u0301 NFD", "semi;colon", "?q=1&x", "#frag", "tab\tnl\n",
		`archive\UDV\r` + "\uFFFDsum\uFFFD.doc", "ok \uFFFD.txt", "emoji \uFFFD \U0001F600.txt"}
	inWorld(t, func(w *world) {
		for _, k := range keys {
			w.put(k, "x")
		}
		w.settle()
		assert.Equal(t, fmt.Sprintf("%d objects after 1 look: %d verified", len(keys), len(keys)), w.summary(w.one()).Text)
	})
}

func TestABucketWhoseVersioningWasSuspendedIsToldWithTheKey(t *testing.T) {
	inWorld(t, func(w *world) {
		w.send(fmt.Sprintf(`{"source":"aws.s3","detail-type":"Object Created","time":"2026-03-02T09:14:05Z","region":%q,`+
			`"detail":{"bucket":{"name":%q},"object":{"key":"plans/2027.txt","size":1,"etag":"e"}}}`, w.region, w.bucket()))
		w.settle()
		assert.Equal(t, []string{string(reason.NotVersioned)}, w.reasons())
		assert.Contains(t, w.mails(), "plans/2027.txt")
	})
}
