package conformance

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var replicationTests = map[string]func(T, *bed){
	"a replica is its source, version and all":              replicaIsItsSource,
	"an overwritten version is replicated too":              everyVersionReplicated,
	"a replicated multipart upload keeps ETag and checksum": multipartReplicated,
	"a replicated full-object CRC64NVME is kept":            crc64Replicated,
	"a replicated full-object CRC32 is kept":                crc32Replicated,
	"a replica has its source's metadata and tags":          metadataReplicated,
	"the status is PENDING first, then COMPLETED":           pendingFirst,
	"a delete marker is replicated where the rule says so":  markerReplicated,
	"a delete marker stays where the rule doesn't say so":   markerNotReplicated,
	"a permanent deletion is not replicated":                deletionNotReplicated,
	"what no rule covers has no replication status":         notCovered,
	"an upload into an archive is not replicated":           archiveNotReplicated,
	"a rule may put replicas into an archive":               archivedReplica,
	"a rule by tag takes what has the tag":                  byTagReplicated,
	"a rule by several tags takes what has them all":        byTagsReplicated,
	"what is tagged after its upload is not replicated":     taggedLaterNotReplicated,
	"a replica that is deleted stays deleted":               deletedReplicaStaysDeleted,
}

// bucketARN is what S3's ARN of a bucket starts with.
const bucketARN = "arn:aws:s3:::"

// everything is a rule that replicates all objects and delete markers.
func everything(destination *string) types.ReplicationRule {
	return types.ReplicationRule{
		ID: aws.String("everything"), Priority: aws.Int32(1), Status: types.ReplicationRuleStatusEnabled,
		Filter:                  &types.ReplicationRuleFilter{Prefix: aws.String("")},
		DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: types.DeleteMarkerReplicationStatusEnabled},
		Destination:             &types.Destination{Bucket: aws.String(bucketARN + *destination)},
	}
}

// replicate puts rules on a bucket, with their destinations named as the server
// under test has it.
func (b *bed) replicate(t T, source *string, rules ...types.ReplicationRule) error {
	t.Helper()
	for i := range rules {
		name := strings.TrimPrefix(*rules[i].Destination.Bucket, bucketARN)
		if b.Destination != nil {
			named, err := b.Destination(t.Context(), *source, name)
			if err != nil {
				return err
			}
			rules[i].Destination.Bucket = &named
		}
	}
	_, err := b.s3.PutBucketReplication(t.Context(), &s3.PutBucketReplicationInput{
		Bucket: source, ReplicationConfiguration: &types.ReplicationConfiguration{Role: &b.Role, Rules: rules},
	})
	return err
}

// pair is a source bucket and the destination it is replicated to.
func (b *bed) pair(t T) (source, destination *string) {
	t.Helper()
	source, destination = b.bucket(t, b.Primary), b.bucket(t, b.Replica)
	require.NoError(t, b.replicate(t, source, everything(destination)))
	return source, destination
}

// await looks until check is content, or fails the test.
func (b *bed) await(t T, check func() bool) {
	t.Helper()
	for range b.Looks {
		if check() {
			return
		}
		b.Sleep(time.Second)
	}
	require.Fail(t, "replication took longer than "+(time.Duration(b.Looks)*time.Second).String())
}

// replicated waits until the source says COMPLETED, and looks at both sides.
func (b *bed) replicated(t T, source, destination *string, key, version string) (from, to *s3.HeadObjectOutput) {
	t.Helper()
	b.await(t, func() bool {
		var err error
		from, err = head(t, b.s3, source, key, version)
		require.NoError(t, err)
		require.NotEqual(t, types.ReplicationStatusFailed, from.ReplicationStatus)
		return from.ReplicationStatus == types.ReplicationStatusCompleted
	})
	to, err := head(t, b.Client(b.Replica), destination, key, version)
	require.NoError(t, err)
	return from, to
}

func replicaIsItsSource(t T, b *bed) {
	source, destination := b.pair(t)
	put, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: source, Key: aws.String("k"), Body: strings.NewReader("v"), ContentType: aws.String("text/plain"),
		Metadata: map[string]string{"owner": "me"}, ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
	})
	require.NoError(t, err)
	from, to := b.replicated(t, source, destination, "k", *put.VersionId)
	assert.Equal(t, types.ReplicationStatusReplica, to.ReplicationStatus)
	assert.Equal(t, from.VersionId, to.VersionId)
	assert.Equal(t, from.ETag, to.ETag)
	assert.Equal(t, from.ChecksumSHA256, to.ChecksumSHA256)
	assert.NotEmpty(t, aws.ToString(to.ChecksumSHA256))
	assert.Equal(t, from.ChecksumType, to.ChecksumType)
	assert.Equal(t, from.ServerSideEncryption, to.ServerSideEncryption)
	assert.Equal(t, from.ContentType, to.ContentType)
	assert.Equal(t, from.Metadata, to.Metadata)
	assert.Equal(t, "v", b.get(t, b.Client(b.Replica), destination, "k", *put.VersionId))
}

func metadataReplicated(t T, b *bed) {
	source, destination := b.pair(t)
	put, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: source, Key: aws.String("k"), Body: strings.NewReader("v"), ContentType: aws.String("text/plain"),
		ContentEncoding: aws.String("identity"), CacheControl: aws.String("no-store"), ContentLanguage: aws.String("en"),
		ContentDisposition: aws.String("inline"), Expires: aws.Time(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)),
		Metadata: map[string]string{"owner": "me", "empty": ""}, Tagging: aws.String("team=x&tier=1"),
	})
	require.NoError(t, err)
	from, to := b.replicated(t, source, destination, "k", *put.VersionId)
	assert.Equal(t, "Wed, 02 Jan 2030 03:04:05 GMT", aws.ToString(from.ExpiresString))
	assert.Equal(t, from.ExpiresString, to.ExpiresString)
	assert.Equal(t, from.ContentType, to.ContentType)
	assert.Equal(t, from.ContentEncoding, to.ContentEncoding)
	assert.Equal(t, from.CacheControl, to.CacheControl)
	assert.Equal(t, from.ContentLanguage, to.ContentLanguage)
	assert.Equal(t, from.ContentDisposition, to.ContentDisposition)
	assert.Equal(t, map[string]string{"owner": "me", "empty": ""}, from.Metadata)
	assert.Equal(t, from.Metadata, to.Metadata)
	assert.Equal(t, int32(2), aws.ToInt32(from.TagCount))
	assert.Equal(t, from.TagCount, to.TagCount)
	tags := map[string]string{"team": "x", "tier": "1"}
	assert.Equal(t, tags, tagsOf(t, b.s3, source, "k", *put.VersionId))
	assert.Equal(t, tags, tagsOf(t, b.Client(b.Replica), destination, "k", *put.VersionId))
}

func everyVersionReplicated(t T, b *bed) {
	source, destination := b.pair(t)
	one, two := b.put(t, source, "k", "one"), b.put(t, source, "k", "two")
	b.replicated(t, source, destination, "k", *one.VersionId)
	b.replicated(t, source, destination, "k", *two.VersionId)
	assert.Equal(t, "one", b.get(t, b.Client(b.Replica), destination, "k", *one.VersionId))
	assert.Equal(t, "two", b.get(t, b.Client(b.Replica), destination, "k", ""))
}

func multipartReplicated(t T, b *bed) {
	u := b.create(t, types.ChecksumAlgorithmCrc32, "")
	destination := b.bucket(t, b.Replica)
	require.NoError(t, b.replicate(t, u.bucket, everything(destination)))
	made := u.completed(t)
	from, to := b.replicated(t, u.bucket, destination, *multipartKey, *made.VersionId)
	assert.Equal(t, from.ETag, to.ETag)
	assert.Equal(t, from.ChecksumCRC32, to.ChecksumCRC32)
	assert.Equal(t, types.ChecksumTypeComposite, to.ChecksumType)
	assert.Contains(t, aws.ToString(to.ChecksumCRC32), "-2")
}

func crc64Replicated(t T, b *bed) { fullReplicated(t, b, types.ChecksumAlgorithmCrc64nvme) }

func crc32Replicated(t T, b *bed) {
	fullReplicated(t, b, types.ChecksumAlgorithmCrc32)
	fullReplicated(t, b, types.ChecksumAlgorithmCrc32c)
}

func fullReplicated(t T, b *bed, algorithm types.ChecksumAlgorithm) {
	u := b.create(t, algorithm, types.ChecksumTypeFullObject)
	destination := b.bucket(t, b.Replica)
	require.NoError(t, b.replicate(t, u.bucket, everything(destination)))
	from, to := b.replicated(t, u.bucket, destination, *multipartKey, *u.completed(t).VersionId)
	assert.NotEmpty(t, sumOf(to, algorithm))
	assert.Equal(t, sumOf(from, algorithm), sumOf(to, algorithm))
	assert.Equal(t, types.ChecksumTypeFullObject, to.ChecksumType)
}

// pendingFirst: nobody can arrange to see PENDING, but COMPLETED must never be
// followed by anything else.
func pendingFirst(t T, b *bed) {
	source, destination := b.pair(t)
	put := b.put(t, source, "k", "v")
	var seen []types.ReplicationStatus
	b.await(t, func() bool {
		out, err := head(t, b.s3, source, "k", *put.VersionId)
		require.NoError(t, err)
		seen = append(seen, out.ReplicationStatus)
		return out.ReplicationStatus == types.ReplicationStatusCompleted
	})
	_, err := head(t, b.Client(b.Replica), destination, "k", *put.VersionId)
	require.NoError(t, err, "COMPLETED means that the replica is there")
	seen = slices.Compact(seen)
	assert.Contains(t, [][]types.ReplicationStatus{{"COMPLETED"}, {"PENDING", "COMPLETED"}}, seen)
}

func markerReplicated(t T, b *bed) {
	source, destination := b.pair(t)
	put := b.put(t, source, "k", "v")
	b.replicated(t, source, destination, "k", *put.VersionId)
	marker, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: source, Key: aws.String("k")})
	require.NoError(t, err)
	b.await(t, func() bool {
		_, err := head(t, b.Client(b.Replica), destination, "k", *marker.VersionId)
		require.Error(t, err)
		return statusOf(err) == 405
	})
}

func markerNotReplicated(t T, b *bed) {
	source, destination := b.bucket(t, b.Primary), b.bucket(t, b.Replica)
	rule := everything(destination)
	rule.DeleteMarkerReplication.Status = types.DeleteMarkerReplicationStatusDisabled
	require.NoError(t, b.replicate(t, source, rule))
	b.put(t, source, "k", "v")
	marker, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: source, Key: aws.String("k")})
	require.NoError(t, err)
	later := b.put(t, source, "later", "v")
	b.replicated(t, source, destination, "later", *later.VersionId)
	_, err = head(t, b.Client(b.Replica), destination, "k", *marker.VersionId)
	failed(t, err, 404, "NotFound")
}

func deletionNotReplicated(t T, b *bed) {
	source, destination := b.pair(t)
	put := b.put(t, source, "k", "v")
	b.replicated(t, source, destination, "k", *put.VersionId)
	_, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: source, Key: aws.String("k"), VersionId: put.VersionId})
	require.NoError(t, err)
	later := b.put(t, source, "later", "v")
	b.replicated(t, source, destination, "later", *later.VersionId)
	assert.Equal(t, "v", b.get(t, b.Client(b.Replica), destination, "k", *put.VersionId))
}

func notCovered(t T, b *bed) {
	source, destination := b.bucket(t, b.Primary), b.bucket(t, b.Replica)
	rule := everything(destination)
	rule.Filter = &types.ReplicationRuleFilter{Prefix: aws.String("kept/")}
	require.NoError(t, b.replicate(t, source, rule))
	other, kept := b.put(t, source, "k", "v"), b.put(t, source, "kept/k", "v")
	b.replicated(t, source, destination, "kept/k", *kept.VersionId)
	out, err := head(t, b.s3, source, "k", "")
	require.NoError(t, err)
	assert.Empty(t, out.ReplicationStatus)
	_, err = head(t, b.Client(b.Replica), destination, "k", *other.VersionId)
	failed(t, err, 404, "NotFound")
}

func archiveNotReplicated(t T, b *bed) {
	source, destination := b.pair(t)
	for _, class := range []types.StorageClass{types.StorageClassGlacier, types.StorageClassDeepArchive} {
		put, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: source, Key: aws.String(string(class)), Body: strings.NewReader("v"), StorageClass: class})
		require.NoError(t, err)
		later := b.put(t, source, "later", "v")
		b.replicated(t, source, destination, "later", *later.VersionId)
		out, err := head(t, b.s3, source, string(class), "")
		require.NoError(t, err)
		assert.Empty(t, out.ReplicationStatus)
		_, err = head(t, b.Client(b.Replica), destination, string(class), *put.VersionId)
		failed(t, err, 404, "NotFound")
	}
}

func archivedReplica(t T, b *bed) {
	source, destination := b.bucket(t, b.Primary), b.bucket(t, b.Replica)
	rule := everything(destination)
	rule.Destination.StorageClass = types.StorageClassDeepArchive
	require.NoError(t, b.replicate(t, source, rule))
	put := b.put(t, source, "k", "v")
	from, to := b.replicated(t, source, destination, "k", *put.VersionId)
	assert.Empty(t, from.StorageClass)
	assert.Equal(t, types.StorageClassDeepArchive, to.StorageClass)
}

func deletedReplicaStaysDeleted(t T, b *bed) {
	source, destination := b.pair(t)
	put := b.put(t, source, "k", "v")
	b.replicated(t, source, destination, "k", *put.VersionId)
	_, err := b.Client(b.Replica).DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: destination, Key: aws.String("k"), VersionId: put.VersionId})
	require.NoError(t, err)
	later := b.put(t, source, "later", "v")
	b.replicated(t, source, destination, "later", *later.VersionId)
	_, err = head(t, b.Client(b.Replica), destination, "k", *put.VersionId)
	failed(t, err, 404, "NotFound")
	out, err := head(t, b.s3, source, "k", *put.VersionId)
	require.NoError(t, err)
	assert.Equal(t, types.ReplicationStatusCompleted, out.ReplicationStatus)
}
