package s3_test

import (
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

// byTag lets the only rule select by a tag.
func byTag(key, value string) *s3.ReplicationConfiguration {
	r := rules(destination)
	r.Rules[0].Filter = &s3.RuleFilter{Tag: &s3.Tag{Key: key, Value: value}}
	r.Rules[0].DeleteMarkerReplication.Status = "Disabled"
	return r
}

func (l *local) tag(t *testing.T, region, bucket, key string, pairs ...string) {
	t.Helper()
	set := &types.Tagging{TagSet: []types.Tag{}}
	for i := 0; i < len(pairs); i += 2 {
		set.TagSet = append(set.TagSet, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
	}
	_, err := l.client("http", region).PutObjectTagging(t.Context(), &awss3.PutObjectTaggingInput{Bucket: &bucket, Key: &key, Tagging: set})
	require.NoError(t, err)
}

func (l *local) tags(t *testing.T, region, bucket, key string) map[string]string {
	t.Helper()
	out, err := l.client("http", region).GetObjectTagging(t.Context(), &awss3.GetObjectTaggingInput{Bucket: &bucket, Key: &key})
	require.NoError(t, err)
	all := map[string]string{}
	for _, tag := range out.TagSet {
		all[*tag.Key] = *tag.Value
	}
	return all
}

func teamX(in *awss3.PutObjectInput) { in.Tagging = aws.String("team=x") }

// there says whether the destination holds the current version of a key.
func (l *local) there(t *testing.T, key string) bool {
	t.Helper()
	_, err := l.head(t, replica, destination, key, nil)
	return err == nil
}

func TestChangedTagsFollowWhatWasReplicated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, rules(destination), destination)
		l.put(t, "k", "v")
		l.settle()
		l.server.Replicate = func(r s3.Replication) s3.Plan { assert.True(t, r.Change); return s3.Plan{Lag: time.Minute} }
		l.tag(t, primary, source, "k", "a", "1", "b", "2")
		assert.Equal(t, types.ReplicationStatusPending, l.status(t, "k"))
		assert.Empty(t, l.tags(t, replica, destination, "k"))
		l.settle()
		assert.Equal(t, types.ReplicationStatusCompleted, l.status(t, "k"))
		assert.Equal(t, map[string]string{"a": "1", "b": "2"}, l.tags(t, replica, destination, "k"))
		_, err := l.client("http", primary).DeleteObjectTagging(t.Context(), &awss3.DeleteObjectTaggingInput{Bucket: aws.String(source), Key: aws.String("k")})
		require.NoError(t, err)
		l.settle()
		assert.Empty(t, l.tags(t, replica, destination, "k"))

		l.server.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Fail: true} }
		l.tag(t, primary, source, "k", "a", "2")
		l.settle()
		assert.Equal(t, types.ReplicationStatusFailed, l.status(t, "k"))
		assert.Empty(t, l.tags(t, replica, destination, "k"))
	})
}

func TestTagsThatChangeOnTheWayComeWithTheReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, rules(destination), destination)
		l.server.Replicate = func(r s3.Replication) s3.Plan {
			if r.Change {
				return s3.Plan{}
			}
			return s3.Plan{Lag: time.Hour}
		}
		l.put(t, "k", "v", teamX)
		l.tag(t, primary, source, "k", "team", "y")
		l.settle()
		assert.Equal(t, map[string]string{"team": "y"}, l.tags(t, replica, destination, "k"))
	})
}

func TestWhatTagsCanNotBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, nil)
		l.put(t, "k", "v")
		for want, tags := range map[string][]types.Tag{
			"InvalidTag":  {{Key: aws.String("k"), Value: aws.String("1")}, {Key: aws.String("k"), Value: aws.String("2")}},
			"prefixed":    {{Key: aws.String("aws:k"), Value: aws.String("1")}},
			"BadRequest":  make([]types.Tag, 11),
			"TagValue yo": {{Key: aws.String("k"), Value: aws.String("<")}},
		} {
			for i := range tags {
				if tags[i].Key == nil {
					tags[i] = types.Tag{Key: aws.String(strings.Repeat("k", i+1)), Value: aws.String("")}
				}
			}
			_, err := l.client("http", primary).PutObjectTagging(t.Context(), &awss3.PutObjectTaggingInput{Bucket: aws.String(source), Key: aws.String("k"), Tagging: &types.Tagging{TagSet: tags}})
			require.ErrorContains(t, err, want)
		}
		assert.Empty(t, l.tags(t, primary, source, "k"))
	})
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-troubleshoot.html
func TestARuleByTagTakesWhatHasItWhenItIsUploaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, byTag("team", "x"), destination)
		l.put(t, "at once", "v", teamX)
		l.put(t, "later", "v")
		l.tag(t, primary, source, "later", "team", "x")
		l.settle()
		assert.True(t, l.there(t, "at once"))
		assert.False(t, l.there(t, "later"))
		assert.Empty(t, l.status(t, "later"))

		n, err := l.server.BatchReplicate(source, "", "NONE")
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		l.settle()
		assert.True(t, l.there(t, "later"), "a job goes by the tags of now")
		assert.Equal(t, types.ReplicationStatusCompleted, l.status(t, "later"))
	})
}

func TestAJobOfBatchReplicationReplicatesWhatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, nil, destination, other)
		old := l.put(t, "old", "v")
		_, err := l.server.BatchReplicate(source, "")
		require.ErrorContains(t, err, "no replication configuration")
		_, err = l.server.BatchReplicate("nobodys", "")
		require.ErrorContains(t, err, "NoSuchBucket")
		client := l.client("http", primary)
		rule := func(to string) *awss3.PutBucketReplicationInput {
			return &awss3.PutBucketReplicationInput{Bucket: aws.String(source), ReplicationConfiguration: &types.ReplicationConfiguration{Role: aws.String(role),
				Rules: []types.ReplicationRule{{Status: "Enabled", Prefix: aws.String(""), Destination: &types.Destination{Bucket: aws.String("arn:aws:s3:::" + to)}}}}}
		}
		_, err = client.PutBucketReplication(t.Context(), rule(destination))
		require.NoError(t, err)
		l.server.Replicate = func(r s3.Replication) s3.Plan { return s3.Plan{Fail: r.Key == "failed"} }
		l.put(t, "failed", "v")
		l.put(t, "done", "v")
		l.settle()
		for status, key := range map[string]string{"NONE": "old", "FAILED": "failed", "COMPLETED": "done"} {
			l.server.Replicate = nil
			n, err := l.server.BatchReplicate(source, key[:1], status)
			require.NoError(t, err)
			assert.Equal(t, 1, n, status)
			l.settle()
			assert.True(t, l.there(t, key))
			assert.Equal(t, types.ReplicationStatusCompleted, l.status(t, key))
		}
		_, err = l.client("http", replica).DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String(destination), Key: aws.String("old"), VersionId: old.VersionId})
		require.NoError(t, err)
		_, err = l.server.BatchReplicate(source, "old")
		require.NoError(t, err)
		l.settle()
		assert.False(t, l.there(t, "old"), "what was deleted by its version id stays deleted")
		assert.Equal(t, types.ReplicationStatusFailed, l.status(t, "old"))

		_, err = client.PutBucketReplication(t.Context(), rule(other))
		require.NoError(t, err)
		_, err = l.head(t, replica, other, "done", nil)
		require.Error(t, err, "what was replicated is not replicated again to another destination")
		_, err = l.server.BatchReplicate(source, "done", "COMPLETED")
		require.NoError(t, err)
		l.settle()
		_, err = l.head(t, replica, other, "done", nil)
		require.NoError(t, err)
	})
}

func TestAJobTakesReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(t)
		require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: other, Region: primary, Versioned: true}))
		require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: destination, Region: replica, Versioned: true, Replication: rules(other)}))
		require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: source, Region: primary, Versioned: true, Replication: rules(destination)}))
		put := l.put(t, "k", "v")
		l.settle()
		n, err := l.server.BatchReplicate(destination, "", "REPLICA")
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		l.settle()
		_, err = l.head(t, primary, other, "k", put.VersionId)
		require.NoError(t, err)
		copied, err := l.head(t, replica, destination, "k", nil)
		require.NoError(t, err)
		assert.Equal(t, types.ReplicationStatusReplica, copied.ReplicationStatus)
	})
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-for-metadata-changes.html
func TestChangesOfReplicasComeBackWhereBothBucketsSyncThem(t *testing.T) {
	sync := func(to string, on bool) *s3.ReplicationConfiguration {
		r := rules(to)
		if on {
			r.Rules[0].SourceSelectionCriteria = &s3.SourceSelectionCriteria{ReplicaModifications: &s3.Switch{Status: "Enabled"}}
		}
		return r
	}
	for name, tt := range map[string]struct{ there, back, want bool }{
		"both sync": {true, true, true}, "the source alone": {true, false, false}, "the replica alone": {false, true, false}, "neither": {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := start(t)
				require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: destination, Region: replica, Versioned: true, Replication: sync(source, tt.back)}))
				require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: source, Region: primary, Versioned: true, Replication: sync(destination, tt.there)}))
				l.put(t, "k", "v")
				l.settle()
				l.server.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Lag: time.Minute} }
				l.tag(t, replica, destination, "k", "a", "1")
				during, err := l.head(t, replica, destination, "k", nil)
				require.NoError(t, err)
				assert.Equal(t, map[bool]types.ReplicationStatus{true: "PENDING", false: "REPLICA"}[tt.want], during.ReplicationStatus)
				l.settle()
				after, err := l.head(t, replica, destination, "k", nil)
				require.NoError(t, err)
				assert.Equal(t, types.ReplicationStatusReplica, after.ReplicationStatus)
				assert.Equal(t, tt.want, len(l.tags(t, primary, source, "k")) == 1)
				assert.Equal(t, types.ReplicationStatusCompleted, l.status(t, "k"))
			})
		})
	}
}

func TestRulesOfTheFirstVersion(t *testing.T) {
	first := func(prefix string) *s3.ReplicationConfiguration {
		return &s3.ReplicationConfiguration{Role: role, Rules: []s3.ReplicationRule{{Status: "Enabled", Prefix: &prefix, Destination: s3.Destination{Bucket: "arn:aws:s3:::" + destination}}}}
	}
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, first("kept/"), destination)
		l.put(t, "kept/k", "v")
		l.put(t, "k", "v")
		l.put(t, "kept/expired", "v")
		l.settle()
		assert.True(t, l.there(t, "kept/k"))
		assert.False(t, l.there(t, "k"))
		require.NoError(t, l.server.ExpireCurrent(source, "kept/expired"))
		marker, err := l.client("http", primary).DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String(source), Key: aws.String("kept/k")})
		require.NoError(t, err)
		l.settle()
		_, err = l.head(t, replica, destination, "kept/k", marker.VersionId)
		require.ErrorContains(t, err, "405", "markers of people's deletions are replicated unasked")
		assert.True(t, l.there(t, "kept/expired"), "those that lifecycle made are not")
	})
	for want, change := range map[string]func(*s3.ReplicationConfiguration){
		"Priority cannot be used": func(r *s3.ReplicationConfiguration) { r.Rules[0].Priority = new(int32) },
		"DeleteMarkerReplication cannot be used": func(r *s3.ReplicationConfiguration) {
			r.Rules[0].DeleteMarkerReplication = &s3.Switch{Status: "Enabled"}
		},
		"with and without Filter": func(r *s3.ReplicationConfiguration) { r.Rules = append(r.Rules, rules(destination).Rules...) },
		"the same destination": func(r *s3.ReplicationConfiguration) {
			r.Rules = append(r.Rules, first("b").Rules...)
			r.Rules[1].Destination.Bucket = "arn:aws:s3:::" + other
		},
		"overlapping prefixes": func(r *s3.ReplicationConfiguration) { r.Rules = append(r.Rules, first("a/b").Rules...) },
	} {
		synctest.Test(t, func(t *testing.T) {
			r := first("a")
			change(r)
			require.ErrorContains(t, start(t).server.CreateBucket(s3.BucketConfig{Name: source, Region: primary, Versioned: true, Replication: r}), want)
		})
	}
}

func TestOfTwoRulesToOneBucketTheFirstThatSelectsDecidesAboutMarkers(t *testing.T) {
	for name, tt := range map[string]struct {
		high, low, want bool
		tagged          bool // the rule of the higher priority selects by tag
	}{
		"both replicate them":                {true, true, true, false},
		"the higher one leaves them out":     {false, true, false, false},
		"the lower one leaves them out":      {true, false, true, false},
		"the higher one, which is by a tag":  {false, true, true, true},
		"neither, and the higher is by tags": {false, false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rules(destination, destination)
				status := map[bool]string{true: "Enabled", false: "Disabled"}
				r.Rules[0].DeleteMarkerReplication.Status, r.Rules[1].DeleteMarkerReplication.Status = status[tt.low], status[tt.high]
				if tt.tagged {
					r.Rules[1].Filter = &s3.RuleFilter{Tag: &s3.Tag{Key: "team", Value: "x"}}
				}
				l := pair(t, r, destination)
				l.put(t, "k", "v", teamX)
				l.settle()
				marker, err := l.client("http", primary).DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String(source), Key: aws.String("k")})
				require.NoError(t, err)
				l.settle()
				_, err = l.head(t, replica, destination, "k", marker.VersionId)
				assert.Equal(t, tt.want, strings.Contains(err.Error(), "405"), err)
			})
		})
	}
}
