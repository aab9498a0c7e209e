package conformance

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// taggedPair is a source and its destination, by a rule for what has these tags: key, value
// and so on.
func (b *bed) taggedPair(t T, tags ...string) (source, destination *string) {
	t.Helper()
	source, destination = b.bucket(t, b.Primary), b.bucket(t, b.Replica)
	rule := everything(destination)
	rule.DeleteMarkerReplication.Status = types.DeleteMarkerReplicationStatusDisabled
	and := &types.ReplicationRuleAndOperator{Prefix: aws.String("")}
	for i := 0; i < len(tags); i += 2 {
		and.Tags = append(and.Tags, types.Tag{Key: &tags[i], Value: &tags[i+1]})
	}
	if rule.Filter = (&types.ReplicationRuleFilter{And: and}); len(and.Tags) == 1 {
		rule.Filter = &types.ReplicationRuleFilter{Tag: &and.Tags[0]}
	}
	require.NoError(t, b.replicate(t, source, rule))
	return source, destination
}

func (b *bed) putTagged(t T, bucket *string, key, tags string) *s3.PutObjectOutput {
	t.Helper()
	out, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: strings.NewReader("v"), Tagging: &tags})
	require.NoError(t, err)
	return out
}

// leftAlone looks at a version after a later one was replicated that the rule takes.
func (b *bed) leftAlone(t T, source, destination *string, key, version, tags string) {
	t.Helper()
	later := b.putTagged(t, source, "later", tags)
	b.replicated(t, source, destination, "later", *later.VersionId)
	out, err := head(t, b.s3, source, key, version)
	require.NoError(t, err)
	assert.Empty(t, out.ReplicationStatus)
	_, err = head(t, b.Client(b.Replica), destination, key, version)
	failed(t, err, 404, "NotFound")
}

func byTagReplicated(t T, b *bed) {
	source, destination := b.taggedPair(t, "team", "x")
	put := b.putTagged(t, source, "k", "team=x&tier=1")
	b.replicated(t, source, destination, "k", *put.VersionId)
	other := b.putTagged(t, source, "other", "team=y")
	b.leftAlone(t, source, destination, "other", *other.VersionId, "team=x")
	none := b.put(t, source, "none", "v")
	b.leftAlone(t, source, destination, "none", *none.VersionId, "team=x")
	marker, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: source, Key: aws.String("k")})
	require.NoError(t, err)
	later := b.putTagged(t, source, "later", "team=x")
	b.replicated(t, source, destination, "later", *later.VersionId)
	_, err = head(t, b.Client(b.Replica), destination, "k", *marker.VersionId)
	failed(t, err, 404, "NotFound")
}

func byTagsReplicated(t T, b *bed) {
	source, destination := b.taggedPair(t, "team", "x", "tier", "1")
	both := b.putTagged(t, source, "both", "team=x&tier=1")
	b.replicated(t, source, destination, "both", *both.VersionId)
	one := b.putTagged(t, source, "one", "team=x")
	b.leftAlone(t, source, destination, "one", *one.VersionId, "team=x&tier=1")
}

func taggedLaterNotReplicated(t T, b *bed) {
	source, destination := b.taggedPair(t, "team", "x")
	put := b.put(t, source, "late", "v")
	_, err := b.s3.PutObjectTagging(t.Context(), &s3.PutObjectTaggingInput{Bucket: source, Key: aws.String("late"), VersionId: put.VersionId,
		Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("team"), Value: aws.String("x")}}}})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"team": "x"}, tagsOf(t, b.s3, source, "late", *put.VersionId))
	b.leftAlone(t, source, destination, "late", *put.VersionId, "team=x")
}
