package s3_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/s3"
)

const (
	source      = "source"
	destination = "copies"
	other       = "more-copies"
)

// rules replicate everything to buckets, one rule each.
func rules(buckets ...string) *s3.ReplicationConfiguration {
	r := &s3.ReplicationConfiguration{Role: role}
	for i, bucket := range buckets {
		priority := int32(i) //nolint:gosec // an index
		r.Rules = append(r.Rules, s3.ReplicationRule{
			Priority: &priority, Status: "Enabled", Filter: &s3.RuleFilter{},
			DeleteMarkerReplication: &s3.Switch{Status: "Enabled"}, Destination: s3.Destination{Bucket: "arn:aws:s3:::" + bucket},
		})
	}
	return r
}

// pair is a server with a source bucket, replicated by the rules, and the
// destinations that exist.
func pair(t *testing.T, configuration *s3.ReplicationConfiguration, destinations ...string) *local {
	t.Helper()
	l := start(t)
	for _, name := range destinations {
		require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: name, Region: replica, Versioned: true}))
	}
	require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: source, Region: primary, Versioned: true, Replication: configuration}))
	return l
}

func (l *local) put(t *testing.T, key, body string, change ...func(*awss3.PutObjectInput)) *awss3.PutObjectOutput {
	t.Helper()
	input := &awss3.PutObjectInput{Bucket: aws.String(source), Key: &key, Body: strings.NewReader(body)}
	for _, c := range change {
		c(input)
	}
	out, err := l.client("http", primary).PutObject(t.Context(), input)
	require.NoError(t, err)
	return out
}

func (l *local) head(t *testing.T, region, bucket, key string, version *string) (*awss3.HeadObjectOutput, error) {
	t.Helper()
	return l.client("http", region).HeadObject(t.Context(), &awss3.HeadObjectInput{
		Bucket: &bucket, Key: &key, VersionId: version, ChecksumMode: types.ChecksumModeEnabled,
	})
}

// status is what the source says about its replication.
func (l *local) status(t *testing.T, key string) types.ReplicationStatus {
	t.Helper()
	out, err := l.head(t, primary, source, key, nil)
	require.NoError(t, err)
	return out.ReplicationStatus
}

// bytes reads an object without the SDK's own verification.
func (l *local) bytes(t *testing.T, region, bucket, key string) string {
	t.Helper()
	out, err := l.client("http", region, func(o *awss3.Options) { o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired }).
		GetObject(t.Context(), &awss3.GetObjectInput{Bucket: &bucket, Key: &key})
	require.NoError(t, err)
	body, err := io.ReadAll(out.Body)
	require.NoError(t, err)
	require.NoError(t, out.Body.Close())
	return string(body)
}

// settle waits until nothing is on its way.
func (l *local) settle() {
	for l.server.Pending() > 0 {
		time.Sleep(time.Second)
	}
	synctest.Wait()
}

func TestAReplicaAppearsAfterItsLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, rules(destination), destination)
		var asked s3.Replication
		l.server.Replicate = func(r s3.Replication) s3.Plan { asked = r; return s3.Plan{Lag: time.Hour} }
		put := l.put(t, "k", "v")
		assert.Equal(t, s3.Replication{Source: source, Destination: destination, Key: "k", VersionID: *put.VersionId}, asked)

		time.Sleep(time.Hour - time.Second)
		assert.Equal(t, types.ReplicationStatusPending, l.status(t, "k"))
		_, err := l.head(t, replica, destination, "k", put.VersionId)
		require.Error(t, err)
		assert.Equal(t, 1, l.server.Pending())

		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, types.ReplicationStatusCompleted, l.status(t, "k"))
		assert.Equal(t, 0, l.server.Pending())
		copied, err := l.head(t, replica, destination, "k", put.VersionId)
		require.NoError(t, err)
		assert.Equal(t, put.ETag, copied.ETag)
		original, err := l.head(t, primary, source, "k", nil)
		require.NoError(t, err)
		assert.Equal(t, original.LastModified, copied.LastModified, "a replica keeps the time of its source")
	})
}

func TestOneFailedDestinationFailsTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, rules(destination, other), destination, other)
		l.server.Replicate = func(r s3.Replication) s3.Plan { return s3.Plan{Fail: r.Destination == other} }
		put := l.put(t, "k", "v")
		l.settle()
		assert.Equal(t, types.ReplicationStatusFailed, l.status(t, "k"))
		_, err := l.head(t, replica, destination, "k", put.VersionId)
		require.NoError(t, err, "the other replica is there all the same")
		_, err = l.head(t, replica, other, "k", put.VersionId)
		require.Error(t, err)
	})
}

func TestAMissingDestinationFailsTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, rules("nobody-made-this"))
		l.put(t, "k", "v")
		l.settle()
		assert.Equal(t, types.ReplicationStatusFailed, l.status(t, "k"))
	})
}

func TestAVersionThatIsGoneIsNotReplicated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, rules(destination), destination)
		l.server.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Lag: time.Minute} }
		put := l.put(t, "k", "v")
		_, err := l.client("http", primary).DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String(source), Key: aws.String("k"), VersionId: put.VersionId})
		require.NoError(t, err)
		l.settle()
		_, err = l.head(t, replica, destination, "k", put.VersionId)
		require.Error(t, err)
	})
}

func TestALifecycleMarkerIsNotReplicated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, rules(destination), destination)
		l.put(t, "k", "v")
		require.NoError(t, l.server.ExpireCurrent(source, "k"))
		l.settle()
		_, err := l.head(t, primary, source, "k", nil)
		require.Error(t, err, "the source is expired")
		_, err = l.head(t, replica, destination, "k", nil)
		require.NoError(t, err, "the replica is not")
		require.EqualError(t, l.server.ExpireCurrent("nobody", "k"), "expire s3://nobody/k: NoSuchBucket: The specified bucket does not exist")
		require.EqualError(t, l.server.ExpireCurrent(source, "k"), "expire s3://source/k: NoSuchKey: The specified key does not exist.", "twice")
	})
}

func TestRulesSelectByTagPriorityAndEncryption(t *testing.T) {
	tagged := func(in *awss3.PutObjectInput) { in.Tagging = aws.String("team=x") }
	kms := func(in *awss3.PutObjectInput) { in.ServerSideEncryption = types.ServerSideEncryptionAwsKms }
	synctest.Test(t, func(t *testing.T) {
		r := rules(destination, destination, other)
		r.Rules[0].Destination.StorageClass = "GLACIER" // loses to the next, which has the same destination
		r.Rules[1].Destination.StorageClass = "STANDARD_IA"
		r.Rules[2].Filter = &s3.RuleFilter{Tag: &s3.Tag{Key: "team", Value: "x"}}
		r.Rules[2].DeleteMarkerReplication.Status = "Disabled"
		r.Rules[2].SourceSelectionCriteria = &s3.SourceSelectionCriteria{SseKmsEncryptedObjects: &s3.Switch{Status: "Enabled"}}
		r.Rules[2].Destination.EncryptionConfiguration = &s3.EncryptionConfiguration{ReplicaKmsKeyID: "alias/theirs"}
		l := pair(t, r, destination, other)
		l.put(t, "plain", "v")
		l.put(t, "tagged", "v", tagged)
		encrypted := l.put(t, "kms", "v", tagged, kms)
		l.put(t, "uncovered", "v", kms)
		l.put(t, "other tag", "v", func(in *awss3.PutObjectInput) { in.Tagging = aws.String("team=y") })
		l.settle()

		for key, want := range map[string][2]bool{"plain": {true, false}, "tagged": {true, true}, "kms": {false, true}, "uncovered": {}, "other tag": {true, false}} {
			for i, bucket := range []string{destination, other} {
				_, err := l.head(t, replica, bucket, key, nil)
				assert.Equal(t, want[i], err == nil, "%s in %s: %v", key, bucket, err)
			}
		}
		assert.Empty(t, l.status(t, "uncovered"))
		copied, err := l.head(t, replica, destination, "plain", nil)
		require.NoError(t, err)
		assert.Equal(t, types.StorageClassStandardIa, copied.StorageClass)
		copied, err = l.head(t, replica, other, "kms", nil)
		require.NoError(t, err)
		assert.Equal(t, types.ServerSideEncryptionAwsKms, copied.ServerSideEncryption)
		assert.Equal(t, "arn:aws:kms:eu-west-1:"+account+":alias/theirs", aws.ToString(copied.SSEKMSKeyId))
		assert.NotEqual(t, encrypted.ETag, copied.ETag, "an encrypted replica has an ETag of its own")
		assert.Equal(t, encrypted.ChecksumCRC32, copied.ChecksumCRC32, "and the same checksum")
	})
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
func TestAReplicaIsNotReplicatedFurther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(t)
		require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: other, Region: primary, Versioned: true}))
		require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: destination, Region: replica, Versioned: true, Replication: rules(other)}))
		require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: source, Region: primary, Versioned: true, Replication: rules(destination)}))
		put := l.put(t, "k", "v")
		l.settle()
		assert.Equal(t, types.ReplicationStatusCompleted, l.status(t, "k"))
		copied, err := l.head(t, replica, destination, "k", put.VersionId)
		require.NoError(t, err)
		assert.Equal(t, types.ReplicationStatusReplica, copied.ReplicationStatus, "and not that of its own bucket's rules")
		_, err = l.head(t, primary, other, "k", nil)
		require.Error(t, err)

		own, err := l.client("http", replica).PutObject(t.Context(), &awss3.PutObjectInput{Bucket: aws.String(destination), Key: aws.String("own"), Body: strings.NewReader("v")})
		require.NoError(t, err)
		l.settle()
		_, err = l.head(t, primary, other, "own", own.VersionId)
		require.NoError(t, err, "what is uploaded there is replicated")
	})
}

func TestARuleMayPutReplicasIntoAnArchive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rules(destination)
		r.Rules[0].Destination.StorageClass = "DEEP_ARCHIVE"
		l := pair(t, r, destination)
		l.put(t, "k", "v")
		l.put(t, "archived", "v", func(in *awss3.PutObjectInput) { in.StorageClass = types.StorageClassGlacier })
		l.put(t, "instant", "v", func(in *awss3.PutObjectInput) { in.StorageClass = types.StorageClassGlacierIr })
		l.settle()
		for key, want := range map[string]types.ReplicationStatus{"k": types.ReplicationStatusCompleted, "archived": "", "instant": types.ReplicationStatusCompleted} {
			assert.Equal(t, want, l.status(t, key), key)
			copied, err := l.head(t, replica, destination, key, nil)
			if want == "" {
				require.Error(t, err, key)
				continue
			}
			require.NoError(t, err, key)
			assert.Equal(t, types.StorageClassDeepArchive, copied.StorageClass, key)
			_, err = l.client("http", replica).GetObject(t.Context(), &awss3.GetObjectInput{Bucket: aws.String(destination), Key: &key})
			require.ErrorContains(t, err, "InvalidObjectState")
		}
	})
}

func TestPendingReplicationsEndWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, rules(destination), destination)
		l.server.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Lag: time.Minute} }
		l.put(t, "k", "v")
		require.NoError(t, l.server.Close())
		time.Sleep(time.Hour)
		assert.Equal(t, types.ReplicationStatusPending, l.status(t, "k"))
	})
}

func TestACorruptReplicaIsWrongInItsWay(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 5<<16) + "the rest"
	for name, test := range map[string]struct {
		how                           s3.Corruption
		body                          string
		sameSize, sameSums, sameBytes bool
	}{
		"a flipped bit":              {s3.FlipBit, "0123456789", true, false, false},
		"a byte less":                {s3.Truncate, "0123456789", false, false, false},
		"silent damage":              {s3.Silent, "0123456789", true, true, false},
		"no damage":                  {s3.Intact, "0123456789", true, true, true},
		"a flipped bit of nothing":   {s3.FlipBit, "", false, false, false},
		"a byte less than nothing":   {s3.Truncate, "", false, false, false},
		"silent damage of nothing":   {s3.Silent, "", true, true, true},
		"a flipped bit in two parts": {s3.FlipBit, long, true, false, false},
		"two parts, a byte less":     {s3.Truncate, long, false, false, false},
		"silent damage in two parts": {s3.Silent, long, true, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := pair(t, rules(destination), destination)
				l.server.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Corrupt: test.how} }
				l.store(t, "k", test.body)
				l.settle()
				assert.Equal(t, types.ReplicationStatusCompleted, l.status(t, "k"))
				from, err := l.head(t, primary, source, "k", nil)
				require.NoError(t, err)
				to, err := l.head(t, replica, destination, "k", from.VersionId)
				require.NoError(t, err)
				assert.Equal(t, test.sameSize, *from.ContentLength == *to.ContentLength, "size")
				assert.Equal(t, test.sameSums, *from.ETag == *to.ETag, "ETag")
				assert.Equal(t, test.sameSums, *from.ChecksumCRC32 == *to.ChecksumCRC32, "checksum")
				assert.Equal(t, from.ChecksumType, to.ChecksumType)
				assert.Equal(t, test.sameBytes, test.body == l.bytes(t, replica, destination, "k"), "bytes")
				assert.True(t, test.body == l.bytes(t, primary, source, "k"), "the source is untouched")
			})
		})
	}
}

// store puts short bodies at once and long ones in two parts.
func (l *local) store(t *testing.T, key, body string) {
	t.Helper()
	if len(body) <= 5<<20 {
		l.put(t, key, body)
		return
	}
	client, bucket := l.client("https", primary), aws.String(source)
	created, err := client.CreateMultipartUpload(t.Context(), &awss3.CreateMultipartUploadInput{Bucket: bucket, Key: &key, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32})
	require.NoError(t, err)
	var parts []types.CompletedPart
	for i, piece := range []string{body[:5<<20], body[5<<20:]} {
		number := aws.Int32(int32(i + 1)) //nolint:gosec // an index
		out, err := client.UploadPart(t.Context(), &awss3.UploadPartInput{
			Bucket: bucket, Key: &key, UploadId: created.UploadId, PartNumber: number, Body: bytes.NewReader([]byte(piece)),
		})
		require.NoError(t, err)
		parts = append(parts, types.CompletedPart{PartNumber: number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32})
	}
	_, err = client.CompleteMultipartUpload(t.Context(), &awss3.CompleteMultipartUploadInput{
		Bucket: bucket, Key: &key, UploadId: created.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	require.NoError(t, err)
}
