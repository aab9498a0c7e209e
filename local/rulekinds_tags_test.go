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
	"autobackup/local/gate"
	"autobackup/local/iam"
	locals3 "autobackup/local/s3"
)

// byTag is a rule by one tag; besides, the same beside a rule for everything to another
// bucket; either, two rules by two values of it to two buckets.
func byTag(w *world) ruleSet { return ruleSet{to(w.replicaBucket(), ofTags("", "team", "x"))} }
func besides(w *world) ruleSet {
	return ruleSet{to(second, prioritized(2)), to(w.replicaBucket(), ofTags("", "team", "x"))}
}
func either(w *world) ruleSet {
	return ruleSet{to(w.replicaBucket(), ofTags("", "team", "x")), to(second, prioritized(2), ofTags("", "team", "y"))}
}

// retagged uploads with tags, and gives it others at once.
func retagged(before string, after ...string) func(*world) {
	return func(w *world) {
		tagged(before)(w)
		time.Sleep(time.Second)
		w.tag(w.region, w.bucket(), after...)
	}
}

// tagKinds select by tag.
var tagKinds = []kind{
	{"by tag", "an object with it", byTag, tagged("team=x&tier=1"), "verified"},
	{"by tag", "an object with another value", byTag, tagged("team=y"), "skipped `NOT_SELECTED`"},
	{"by tag", "an object without tags", byTag, nil, "skipped `NOT_SELECTED`"},
	{"by tag", "a delete marker", byTag, marker, "skipped `MARKER_NOT_REPLICATED`"},
	{"by tag", "an object with it, and a replica that is damaged", byTag, func(w *world) {
		w.corrupted(locals3.FlipBit)
		tagged("team=x")(w)
	}, "failed `CONTENT_MISMATCH`"},
	{"by tag", "an object with it, and a replica that is late", byTag, func(w *world) {
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Lag: time.Hour} }
		tagged("team=x")(w)
	}, "verified"},
	{"by tag", "an object with it, that S3 gives up", byTag, func(w *world) {
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Fail: true} }
		tagged("team=x")(w)
	}, "failed `REPLICATION_FAILED`"},
	{"by tag", "an object tagged after the upload; then a job of Batch Replication", byTag, func(w *world) {
		retagged("", "team", "x")(w)
		w.batch(w.bucket())
	}, "failed `TAGS_MATCH_NOW`, then verified"},
	{"by tag", "an object whose tag is taken off after the upload, and stays on the replica", byTag, retagged("team=x"), "verified `METADATA_DIFFERS`"},
	{"by tag", "an object whose tag is taken off, and whose replica is deleted by its version id", byTag, func(w *world) {
		retagged("team=x")(w)
		w.eraseReplica()
	}, "failed `REPLICA_MISSING`"},
	{"by prefix and tags", "an object with the prefix and all tags", func(w *world) ruleSet {
		return ruleSet{to(w.replicaBucket(), ofTags("a", "team", "x", "tier", "1"))}
	}, tagged("team=x&tier=1"), "verified"},
	{"by prefix and tags", "an object with the prefix and one of the tags", func(w *world) ruleSet {
		return ruleSet{to(w.replicaBucket(), ofTags("a", "team", "x", "tier", "1"))}
	}, tagged("team=x"), "skipped `NOT_SELECTED`"},
	{"by another prefix and tags", "an object with the tags", func(w *world) ruleSet {
		return ruleSet{to(w.replicaBucket(), ofTags("b", "team", "x", "tier", "1"))}
	}, tagged("team=x&tier=1"), "failed `NOT_REPLICATED`"},
	{"by tag, disabled", "an object with it", func(w *world) ruleSet { return ruleSet{to(w.replicaBucket(), ofTags("", "team", "x"), switchedOff)} },
		tagged("team=x"), "failed `NOT_REPLICATED`"},
	{"by tag, and for all to the same bucket", "an object without tags", func(w *world) ruleSet {
		return ruleSet{to(w.replicaBucket()), to(w.replicaBucket(), prioritized(2), ofTags("", "team", "x"))}
	}, nil, "verified"},
	{"by tag, and for all to the same bucket", "a delete marker", func(w *world) ruleSet {
		return ruleSet{to(w.replicaBucket()), to(w.replicaBucket(), prioritized(2), ofTags("", "team", "x"))}
	}, marker, "verified"},
	{"by tag taking what is under KMS, and for all to the same bucket", "an object under KMS without tags", func(w *world) ruleSet {
		return ruleSet{to(w.replicaBucket()), to(w.replicaBucket(), prioritized(2), ofTags("", "team", "x"), takingKMS)}
	}, underKMS, "failed `LEFT_OUT`"},
	{"by tag, and for all to another bucket", "an object with it", besides, tagged("team=x"), "verified (2 replicas)"},
	{"by tag, and for all to another bucket", "an object without tags", besides, nil, "verified"},
	{"by tag, and for all to another bucket", "a delete marker", besides, marker, "verified"},
	{"by tag, and for all to another bucket", "an object tagged after the upload; then a job of Batch Replication", besides, func(w *world) {
		retagged("", "team", "x")(w)
		w.batch(w.bucket())
	}, "failed `TAGS_MATCH_NOW` (2 replicas), then verified (2 replicas)"},
	{"by tag, and for all to another bucket", "an object whose tag is taken off after the upload", besides, retagged("team=x"), "verified"},
	{"by two tags to two buckets", "an object with one of them", either, tagged("team=y"), "verified"},
	{"by two tags to two buckets", "an object whose tag is changed from one to the other", either, retagged("team=x", "team", "y"), "failed `TAGS_MATCH_NOW`"},
	{"by two tags to two buckets", "an object whose tag is taken off after the upload, and stays on the replica", either, retagged("team=x"), "verified `METADATA_DIFFERS`"},
	{"by two tags to two buckets", "an object whose tag is taken off, and whose replica is deleted by its version id", either, func(w *world) {
		retagged("team=x")(w)
		w.eraseReplica()
	}, "failed `REPLICA_MISSING` (2 replicas)"},
	{"by five tags to four buckets", "an object with one of them", func(w *world) ruleSet {
		all := ruleSet{to(w.replicaBucket(), prioritized(5), ofTags("", "team", "e"))}
		for i, bucket := range []string{w.replicaBucket(), second, third, fourth} {
			all = append(all, to(bucket, prioritized(int32(i)), ofTags("", "team", string(rune('a'+i)))))
		}
		return all
	}, tagged("team=c"), "verified"},
	{"by tag", "an object whose tags may not be read", byTag, func(w *world) {
		w.S3.Fault = func(q locals3.Request) *locals3.Fault {
			if q.Operation == "GetObjectTagging" {
				return &locals3.Fault{Status: 403}
			}
			return nil
		}
		tagged("team=x")(w)
	}, "failed `ACCESS_DENIED`"},
}

// eraseReplica deletes all versions of a in the replica of documents.
func (w *world) eraseReplica() {
	w.t.Helper()
	client, bucket := s3.NewFromConfig(w.AWSConfig(secondRegion)), aws.String(w.replicaBucket())
	out, err := client.ListObjectVersions(w.t.Context(), &s3.ListObjectVersionsInput{Bucket: bucket})
	require.NoError(w.t, err)
	for _, v := range out.Versions {
		_, err := client.DeleteObject(w.t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: v.Key, VersionId: v.VersionId})
		require.NoError(w.t, err)
	}
}

// What keeps one bucket's rules from being followed is told of its own objects, and
// changes nothing for the others of the batch.
func TestABucketWhoseRulesCanNotBeFollowedCostsNobodyElse(t *testing.T) {
	for name, tt := range map[string]struct {
		rules ruleSet
		fault string // operation that is refused for the bucket
		want  string
	}{
		"too many replicas":          {ruleSet{to(second), to(third, prioritized(2)), to(fourth, prioritized(3)), to("fifth-"+account, prioritized(4))}, "", "failed " + string(reason.RuleNotSupported)},
		"tags that may not be read":  {ruleSet{to(second, ofTags("", "team", "x"))}, "GetObjectTagging", "failed " + string(reason.AccessDenied)},
		"rules that may not be read": {ruleSet{to(second)}, "GetBucketReplication", "failed " + string(reason.AccessDenied)},
	} {
		t.Run(name, func(t *testing.T) {
			inOpenWorld(t, func(w *world) {
				for _, bucket := range []string{second, third, fourth, "fifth-" + account} {
					w.bucketIn(secondRegion, bucket)
				}
				media := strings.Replace(w.bucket(), "documents", "media", 1)
				w.ruled(w.region, media, tt.rules...)
				w.S3.Fault = func(q locals3.Request) *locals3.Fault {
					if q.Operation == tt.fault && q.Bucket == media {
						return &locals3.Fault{Status: 403}
					}
					return nil
				}
				for i := range 5 {
					w.put(fmt.Sprint("d", i), "content")
					_, err := w.client.PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: &media, Key: aws.String(fmt.Sprint("m", i)), Body: strings.NewReader("content"), Tagging: aws.String("team=x")})
					require.NoError(t, err)
				}
				w.settle()
				for _, line := range w.summary(w.one()).Objects {
					if strings.Contains(line.Object, media) {
						assert.Equal(t, tt.want, string(line.Verdict)+" "+string(line.Reason), line.Object)
						continue
					}
					assert.Equal(t, verdict.Verified, line.Verdict, "%s: %s", line.Object, line.Reason)
					assert.Equal(t, 1, line.Looks, "and waits for nobody")
				}
				require.Len(t, w.parked(), 5)
			})
		})
	}
}

// Without the grant S3 hides how many tags there are, so that no tags and no permission look
// alike. Neither is taken for a version that no rule selects.
func TestWithoutTheGrantToReadTagsNothingIsTakenForNotSelected(t *testing.T) {
	for _, granted := range []bool{true, false} {
		t.Run(fmt.Sprint(granted), func(t *testing.T) {
			if !granted {
				prepare = func(g *gate.Gate) {
					g.Deployed = func(d *iam.Document) {
						takeAway(d, grant{"autobackup-dev-fetch-etags/look-at-both-sides", "s3:GetObjectVersionTagging"})
					}
				}
				defer func() { prepare = nil }()
			}
			inWorld(t, func(w *world) {
				w.changed(ofTags("", "team", "x"))
				w.put("selected", "content", func(in *s3.PutObjectInput) { in.Tagging = aws.String("team=x") })
				w.put("other", "content", func(in *s3.PutObjectInput) { in.Tagging = aws.String("team=y") })
				w.put("untagged", "content")
				w.settle()
				denied := []string{"failed " + string(reason.AccessDenied)}
				want := map[string][]string{"selected": denied, "other": denied, "untagged": denied}
				if granted {
					want = map[string][]string{"selected": {"verified"}, "other": {"skipped"}, "untagged": {"skipped"}}
				}
				assert.Equal(w.t, want, w.endsByKey())
				assert.Equal(w.t, !granted, strings.Contains(w.mails(), "grant s3:GetObjectVersionTagging on the bucket's objects"))
			})
		})
	}
}

// changed changes the deployed rules of documents.
func (w *world) changed(change func(*types.ReplicationRule)) {
	w.t.Helper()
	bucket := aws.String(w.bucket())
	deployed, err := w.client.GetBucketReplication(w.t.Context(), &s3.GetBucketReplicationInput{Bucket: bucket})
	require.NoError(w.t, err)
	for i := range deployed.ReplicationConfiguration.Rules {
		change(&deployed.ReplicationConfiguration.Rules[i])
	}
	_, err = w.client.PutBucketReplication(w.t.Context(), &s3.PutBucketReplicationInput{Bucket: bucket, ReplicationConfiguration: deployed.ReplicationConfiguration})
	require.NoError(w.t, err)
}

// An owner override takes a permission of the replication role, which the templates don't give.
func TestAnOwnerOverrideThatTheRoleMayNotDoIsAFailedReplication(t *testing.T) {
	inWorld(t, func(w *world) {
		w.changed(ownedThere)
		w.put("a", "content")
		w.settle()
		assert.Contains(w.t, w.came(), "failed `REPLICATION_FAILED`")
		assert.NotContains(w.t, w.came(), "verified")
	})
}
