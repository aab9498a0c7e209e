package replication_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rule is one to the replica, for everything.
func (w *world) rule(priority int32, change ...func(*types.ReplicationRule)) types.ReplicationRule {
	r := types.ReplicationRule{
		ID: aws.String(fmt.Sprint("rule ", priority)), Priority: &priority, Status: types.ReplicationRuleStatusEnabled,
		Filter:                    &types.ReplicationRuleFilter{Prefix: aws.String("")},
		DeleteMarkerReplication:   &types.DeleteMarkerReplication{Status: types.DeleteMarkerReplicationStatusEnabled},
		ExistingObjectReplication: &types.ExistingObjectReplication{Status: types.ExistingObjectReplicationStatusDisabled},
		Destination:               &types.Destination{Bucket: &w.target},
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

func withPrefix(prefix string) func(*types.ReplicationRule) {
	return func(r *types.ReplicationRule) { r.Filter.Prefix = &prefix }
}

func disabled(r *types.ReplicationRule) { r.Status = types.ReplicationRuleStatusDisabled }

func withoutMarkers(r *types.ReplicationRule) {
	r.DeleteMarkerReplication.Status = types.DeleteMarkerReplicationStatusDisabled
}

func byTag(r *types.ReplicationRule) {
	withoutMarkers(r)
	r.Filter = &types.ReplicationRuleFilter{Tag: &types.Tag{Key: aws.String("team"), Value: aws.String("x")}}
}

func byPrefixAndTags(r *types.ReplicationRule) {
	withoutMarkers(r)
	r.Filter = &types.ReplicationRuleFilter{And: &types.ReplicationRuleAndOperator{Prefix: aws.String("and"),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("x")}, {Key: aws.String("tier"), Value: aws.String("1")}}}}
}

// MinIO knows rules of version 2 to a bucket, by prefix, tag and priority. What it does
// otherwise than S3 is no scenario here: it replicates what is tagged later, and what has one
// of several tags.
func TestUploadsUnderKindsOfRulesThatMinIOKnows(t *testing.T) {
	type rules = []types.ReplicationRule
	put := func(key, tags string) func(*world) version {
		return func(w *world) version {
			return w.put(key, "content", func(in *s3.PutObjectInput) {
				if tags != "" {
					in.Tagging = &tags
				}
			})
		}
	}
	remove := func(key string) func(*world) version { return func(w *world) version { return w.remove(key) } }
	inWorld(t, func(w *world) {
		for _, tt := range []struct {
			name  string
			rules rules
			do    func(*world) version
			want  string
		}{
			{"for all keys", rules{w.rule(1)}, put("all", ""), "verified "},
			{"with a prefix of the key", rules{w.rule(1, withPrefix("pre"))}, put("prefix", ""), "verified "},
			{"with another prefix", rules{w.rule(1, withPrefix("none"))}, put("other prefix", ""), "failed NOT_REPLICATED"},
			{"disabled", rules{w.rule(1, disabled)}, put("disabled", ""), "failed NOT_REPLICATED"},
			{"two, the higher priority disabled", rules{w.rule(1), w.rule(2, disabled)}, put("two", ""), "verified "},
			{"a delete marker", rules{w.rule(1)}, remove("all"), "verified "},
			{"a delete marker, and none are replicated", rules{w.rule(1, withoutMarkers)}, remove("prefix"), "skipped MARKER_NOT_REPLICATED"},
			{"by tag, which the object has", rules{w.rule(1, byTag)}, put("tagged", "team=x&tier=1"), "verified "},
			{"by tag, which has another value", rules{w.rule(1, byTag)}, put("other value", "team=y"), "skipped NOT_SELECTED"},
			{"by tag, and there are none", rules{w.rule(1, byTag)}, put("untagged", ""), "skipped NOT_SELECTED"},
			{"by tag, a delete marker", rules{w.rule(1, byTag)}, remove("tagged"), "skipped MARKER_NOT_REPLICATED"},
			{"by prefix and tags, all of them", rules{w.rule(1, byPrefixAndTags)}, put("and all", "team=x&tier=1"), "verified "},
			{"by prefix and tags, none of them", rules{w.rule(1, byPrefixAndTags)}, put("and none", ""), "skipped NOT_SELECTED"},
			{"by tag, and for all", rules{w.rule(1), w.rule(2, byTag)}, put("either", ""), "verified "},
		} {
			_, err := w.from.PutBucketReplication(t.Context(), &s3.PutBucketReplicationInput{
				Bucket: aws.String(bucket), ReplicationConfiguration: &types.ReplicationConfiguration{Role: aws.String(""), Rules: tt.rules},
			})
			require.NoError(t, err, tt.name)
			w.hold = w.untilReplicated
			if tt.want != "verified " {
				w.hold = func(context.Context, int, []version) {} // nothing is to come
			}
			v := tt.do(w)
			line := w.settle()[v.uri()]
			assert.Equal(t, tt.want, string(line.Verdict)+" "+string(line.Reason), tt.name)
		}
	})
}
