package local_test

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	locals3 "autobackup/local/s3"
)

type ruleSet = []types.ReplicationRule

// one is a rule to the replica of documents.
func one(change ...func(*types.ReplicationRule)) func(*world) ruleSet {
	return func(w *world) ruleSet { return ruleSet{to(w.replicaBucket(), change...)} }
}

// marker makes a delete marker.
func marker(w *world) { w.remove("a", "") }

// tagged uploads with a tag.
func tagged(tags string) func(*world) {
	return func(w *world) { w.put("a", "content", func(in *s3.PutObjectInput) { in.Tagging = &tags }) }
}

func underKMS(w *world) {
	w.put("a", "content", func(in *s3.PutObjectInput) { in.ServerSideEncryption = types.ServerSideEncryptionAwsKms })
}

// plainKinds select by key alone.
var plainKinds = []kind{
	{"for all keys", "an object", one(), nil, "verified"},
	{"for all keys", "an object whose replica is late", one(), func(w *world) {
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Lag: time.Hour} }
		w.put("a", "content")
	}, "verified"},
	{"with a prefix of the key", "an object", one(prefixed("a")), nil, "verified"},
	{"with another prefix", "an object", one(prefixed("b")), nil, "failed `NOT_REPLICATED`"},
	{"disabled", "an object", one(switchedOff), nil, "failed `NOT_REPLICATED`"},
	{"none", "an object", func(*world) ruleSet { return nil }, nil, "failed `NOT_REPLICATED`"},
	{"of the first version", "an object", one(firstVersion), nil, "verified"},
	{"of the first version", "a delete marker", one(firstVersion), marker, "verified"},
	{"replicating delete markers", "a delete marker", one(), marker, "verified"},
	{"not replicating delete markers", "a delete marker", one(withoutMarkers), marker, "skipped `MARKER_NOT_REPLICATED`"},
	{"replicating delete markers", "a delete marker that lifecycle made", one(), func(w *world) {
		w.put("a", "content")
		w.settle()
		require.NoError(w.t, w.S3.ExpireCurrent(w.bucket(), "a"))
	}, "verified, then skipped `LIFECYCLE_MARKER`"},
	{"two to one bucket, both for the key", "an object", func(w *world) ruleSet {
		return ruleSet{to(w.replicaBucket()), to(w.replicaBucket(), prioritized(2), prefixed("a"), intoClass(types.StorageClassStandardIa))}
	}, nil, "verified"},
	{"two to one bucket, the higher priority disabled", "an object", func(w *world) ruleSet {
		return ruleSet{to(w.replicaBucket()), to(w.replicaBucket(), prioritized(2), switchedOff)}
	}, nil, "verified"},
	{"two to one bucket, the higher priority without delete markers", "a delete marker", func(w *world) ruleSet {
		return ruleSet{to(w.replicaBucket()), to(w.replicaBucket(), prioritized(2), withoutMarkers)}
	}, marker, "skipped `MARKER_NOT_REPLICATED`"},
	{"two to one bucket, the lower priority without delete markers", "a delete marker", func(w *world) ruleSet {
		return ruleSet{to(w.replicaBucket(), withoutMarkers), to(w.replicaBucket(), prioritized(2))}
	}, marker, "verified"},
	{"to three buckets", "an object", func(w *world) ruleSet {
		return ruleSet{to(w.replicaBucket()), to(second, prioritized(2)), to(third, prioritized(3))}
	}, nil, "verified (3 replicas)"},
	{"to three buckets, one without delete markers", "a delete marker", func(w *world) ruleSet {
		return ruleSet{to(w.replicaBucket()), to(second, prioritized(2), withoutMarkers), to(third, prioritized(3))}
	}, marker, "verified (2 replicas)"},
	{"to four buckets", "an object", func(w *world) ruleSet {
		return ruleSet{to(w.replicaBucket()), to(second, prioritized(2)), to(third, prioritized(3)), to(fourth, prioritized(4))}
	}, nil, "failed `RULE_NOT_SUPPORTED`"},
	{"to another bucket than when it was uploaded", "an object; then a job of Batch Replication", one(), func(w *world) {
		w.put("a", "content")
		w.ruled(w.region, w.bucket(), to(second))
		w.batch(w.bucket())
	}, "failed `REPLICA_MISSING`, then verified"},
	{"made after the upload", "an object; then a job of Batch Replication", func(*world) ruleSet { return nil }, func(w *world) {
		w.put("a", "content")
		w.ruled(w.region, w.bucket(), to(w.replicaBucket()))
		w.batch(w.bucket())
	}, "failed `NOT_REPLICATED`, then verified"},
	{"for all keys", "an object that S3 gives up; then a job of Batch Replication", one(), func(w *world) {
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Fail: true} }
		w.put("a", "content")
		w.settle()
		w.S3.Replicate = nil
		w.batch(w.bucket())
	}, "failed `REPLICATION_FAILED`, then verified"},
	{"for all keys", "an object whose replica is deleted by its version id; then a job of Batch Replication", one(), func(w *world) {
		version := w.put("a", "content")
		time.Sleep(time.Second)
		_, err := s3.NewFromConfig(w.AWSConfig(secondRegion)).DeleteObject(w.t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(w.replicaBucket()), Key: aws.String("a"), VersionId: &version})
		require.NoError(w.t, err)
		w.batch(w.bucket())
	}, "failed `REPLICA_MISSING`, then failed `REPLICATION_FAILED`"},
}

// otherKinds are about what else rules say, and about several buckets in a row.
var otherKinds = []kind{
	{"taking what is under KMS", "an object under KMS", one(takingKMS), underKMS, "verified"},
	{"not taking what is under KMS", "an object under KMS", one(), underKMS, "failed `LEFT_OUT`"},
	{"two to one bucket, the lower priority taking what is under KMS", "an object under KMS", func(w *world) ruleSet {
		return ruleSet{to(w.replicaBucket(), takingKMS), to(w.replicaBucket(), prioritized(2))}
	}, underKMS, "verified"},
	{"to two buckets, one taking what is under KMS", "an object under KMS", func(w *world) ruleSet {
		return ruleSet{to(w.replicaBucket(), takingKMS), to(second, prioritized(2))}
	}, underKMS, "failed `LEFT_OUT` (2 replicas)"},
	{"giving replicas to the destination's owner", "an object", one(ownedThere), nil, "verified"},
	{"into STANDARD_IA", "an object", one(intoClass(types.StorageClassStandardIa)), nil, "verified"},
	{"into GLACIER_IR", "an object", one(intoClass(types.StorageClassGlacierIr)), nil, "verified"},
	{"into GLACIER", "an object", one(intoClass(types.StorageClassGlacier)), nil, "verified"},
	{"into DEEP_ARCHIVE", "an object", one(intoClass(types.StorageClassDeepArchive)), nil, "verified"},
	{"into DEEP_ARCHIVE", "an object that only the bytes could decide", one(intoClass(types.StorageClassDeepArchive)), func(w *world) {
		w.recutReplicas()
		w.putWith("a", "content", types.ChecksumAlgorithmSha256)
	}, "failed `ARCHIVED`"},
	{"for all keys", "an object uploaded into GLACIER", one(), func(w *world) {
		w.put("a", "content", func(in *s3.PutObjectInput) { in.StorageClass = types.StorageClassGlacier })
	}, "failed `LEFT_OUT`"},
	{"both ways, syncing changes of replicas", "an object whose replica is tagged", one(syncing), func(w *world) {
		w.ruled(secondRegion, w.replicaBucket(), to(w.bucket(), syncing))
		w.put("a", "content")
		time.Sleep(time.Second)
		w.tag(secondRegion, w.replicaBucket(), "team", "x")
	}, "verified"},
	{"both ways, not syncing changes of replicas", "an object whose replica is tagged", one(), func(w *world) {
		w.ruled(secondRegion, w.replicaBucket(), to(w.bucket()))
		w.put("a", "content")
		time.Sleep(time.Second)
		w.tag(secondRegion, w.replicaBucket(), "team", "x")
	}, "verified `METADATA_DIFFERS`"},
	{"both ways", "an object uploaded into the other bucket", one(), func(w *world) { w.fromThere() }, "verified"},
	{"both ways", "an object uploaded into the other bucket, and erased there", one(), func(w *world) {
		version := w.fromThere()
		time.Sleep(time.Second)
		_, err := s3.NewFromConfig(w.AWSConfig(secondRegion)).DeleteObject(w.t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(w.replicaBucket()), Key: aws.String("a"), VersionId: version})
		require.NoError(w.t, err)
	}, "failed `REPLICA_NOT_REPLICATED`"},
	{"the next of a chain", "a replica from the bucket before; then a job of Batch Replication", one(), func(w *world) {
		w.fromBefore()
		w.batch(w.bucket())
	}, "failed `REPLICA_NOT_REPLICATED`, then verified"},
	{"none, the last of a chain", "a replica from the bucket before", func(*world) ruleSet { return nil }, func(w *world) { w.fromBefore() }, "skipped `IS_REPLICA`"},
	{"by tag, the next of a chain", "a replica from the bucket before, without the tag", one(ofTags("", "team", "x")), func(w *world) { w.fromBefore() }, "skipped `IS_REPLICA`"},
}

// fromThere uploads into the replica of documents, which replicates back.
func (w *world) fromThere() *string {
	w.t.Helper()
	w.ruled(secondRegion, w.replicaBucket(), to(w.bucket()))
	out, err := s3.NewFromConfig(w.AWSConfig(secondRegion)).PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: aws.String(w.replicaBucket()), Key: aws.String("a"), Body: strings.NewReader("content")})
	require.NoError(w.t, err)
	return out.VersionId
}

// fromBefore uploads into a bucket that replicates to documents.
func (w *world) fromBefore() {
	w.t.Helper()
	w.ruled(secondRegion, fourth, to(w.bucket()))
	_, err := s3.NewFromConfig(w.AWSConfig(secondRegion)).PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: aws.String(fourth), Key: aws.String("a"), Body: strings.NewReader("content")})
	require.NoError(w.t, err)
}
