package local_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/verdict"
	"autobackup/local/testing/page"
)

// kind is an upload into the bucket of documents under one kind of replication rules.
type kind struct {
	rules  string // for docs/verdicts.md, as is upload
	upload string
	set    func(w *world) []types.ReplicationRule
	do     func(w *world) // puts the object a, or what comes of one; nil: puts it
	want   string         // what comes of it, and of having it looked at again
}

// to is a rule for everything, to a bucket.
func to(bucket string, change ...func(*types.ReplicationRule)) types.ReplicationRule {
	r := types.ReplicationRule{
		ID: aws.String("to " + bucket), Priority: aws.Int32(1), Status: types.ReplicationRuleStatusEnabled,
		Filter:                  &types.ReplicationRuleFilter{Prefix: aws.String("")},
		DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: types.DeleteMarkerReplicationStatusEnabled},
		Destination:             &types.Destination{Bucket: aws.String("arn:aws:s3:::" + bucket)},
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

func prioritized(n int32) func(*types.ReplicationRule) {
	return func(r *types.ReplicationRule) { r.Priority = &n }
}

func prefixed(prefix string) func(*types.ReplicationRule) {
	return func(r *types.ReplicationRule) { r.Filter.Prefix = &prefix }
}

func switchedOff(r *types.ReplicationRule) { r.Status = types.ReplicationRuleStatusDisabled }

func withoutMarkers(r *types.ReplicationRule) {
	r.DeleteMarkerReplication.Status = types.DeleteMarkerReplicationStatusDisabled
}

func firstVersion(r *types.ReplicationRule) {
	r.Prefix, r.Filter, r.Priority, r.DeleteMarkerReplication = aws.String(""), nil, nil, nil //nolint:staticcheck // as in such rules
}

// ofTags lets a rule select by a prefix and by tags: key, value and so on.
func ofTags(prefix string, pairs ...string) func(*types.ReplicationRule) {
	return func(r *types.ReplicationRule) {
		withoutMarkers(r)
		and := &types.ReplicationRuleAndOperator{Prefix: &prefix, Tags: tagSet(pairs...)}
		if r.Filter = (&types.ReplicationRuleFilter{And: and}); prefix == "" && len(and.Tags) == 1 {
			r.Filter = &types.ReplicationRuleFilter{Tag: &and.Tags[0]}
		}
	}
}

func tagSet(pairs ...string) (tags []types.Tag) {
	for i := 0; i < len(pairs); i += 2 {
		tags = append(tags, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
	}
	return tags
}

func intoClass(class types.StorageClass) func(*types.ReplicationRule) {
	return func(r *types.ReplicationRule) { r.Destination.StorageClass = class }
}

func takingKMS(r *types.ReplicationRule) {
	r.SourceSelectionCriteria = &types.SourceSelectionCriteria{SseKmsEncryptedObjects: &types.SseKmsEncryptedObjects{Status: types.SseKmsEncryptedObjectsStatusEnabled}}
	r.Destination.EncryptionConfiguration = &types.EncryptionConfiguration{ReplicaKmsKeyID: aws.String("alias/theirs")}
}

func syncing(r *types.ReplicationRule) {
	r.SourceSelectionCriteria = &types.SourceSelectionCriteria{ReplicaModifications: &types.ReplicaModifications{Status: types.ReplicaModificationsStatusEnabled}}
}

func ownedThere(r *types.ReplicationRule) {
	r.Destination.Account = aws.String(account)
	r.Destination.AccessControlTranslation = &types.AccessControlTranslation{Owner: types.OwnerOverrideDestination}
}

// ruled gives a bucket these rules, or none.
func (w *world) ruled(region, bucket string, rules ...types.ReplicationRule) {
	w.t.Helper()
	client := s3.NewFromConfig(w.AWSConfig(region))
	if len(rules) == 0 {
		_, err := client.DeleteBucketReplication(w.t.Context(), &s3.DeleteBucketReplicationInput{Bucket: &bucket})
		require.NoError(w.t, err)
		return
	}
	_, err := client.PutBucketReplication(w.t.Context(), &s3.PutBucketReplicationInput{Bucket: &bucket,
		ReplicationConfiguration: &types.ReplicationConfiguration{Role: aws.String("arn:aws:iam::123456789012:role/r"), Rules: rules}})
	require.NoError(w.t, err)
}

// tag gives the object a in a bucket other tags.
func (w *world) tag(region, bucket string, pairs ...string) {
	w.t.Helper()
	_, err := s3.NewFromConfig(w.AWSConfig(region)).PutObjectTagging(w.t.Context(), &s3.PutObjectTaggingInput{Bucket: &bucket, Key: aws.String("a"),
		Tagging: &types.Tagging{TagSet: append([]types.Tag{}, tagSet(pairs...)...)}})
	require.NoError(w.t, err)
}

// batch runs a job of S3 Batch Replication, and has what is parked looked at again.
func (w *world) batch(bucket string) {
	w.t.Helper()
	w.settle()
	n, err := w.S3.BatchReplicate(bucket, "")
	require.NoError(w.t, err)
	require.Positive(w.t, n)
	w.settle()
	w.move("validation-dlq", "validation-queue")
}

// came is what came of every message about a, in the order of the executions.
func (w *world) came() string {
	var all []string
	for _, e := range w.States.Executions() {
		for _, line := range w.summary(e).Objects {
			if line.Verdict == verdict.Reading || !strings.Contains(line.Object, w.bucket()+"/a@") {
				continue
			}
			words := string(line.Verdict)
			if code := cmp.Or(line.Reason, line.Finding); code != "" {
				words += " `" + string(code) + "`"
			}
			if n := len(line.Replicas); n > 1 {
				words += fmt.Sprintf(" (%d replicas)", n)
			}
			all = append(all, words)
		}
	}
	return strings.Join(all, ", then ")
}

func TestUploadsUnderEveryKindOfRule(t *testing.T) {
	var rows strings.Builder
	rows.WriteString("| rules | upload | what comes of it |\n|---|---|---|\n")
	for _, k := range slices.Concat(plainKinds, tagKinds, otherKinds) {
		fmt.Fprintf(&rows, "| %s | %s | %s |\n", k.rules, k.upload, k.want)
		t.Run(k.rules+", "+k.upload, func(t *testing.T) {
			inOpenWorld(t, func(w *world) {
				w.bucketIn(secondRegion, second)
				w.bucketIn(secondRegion, third)
				w.bucketIn(secondRegion, fourth)
				w.ruled(w.region, w.bucket(), k.set(w)...)
				if k.do == nil {
					w.put("a", "content")
				} else {
					k.do(w)
				}
				w.settle()
				assert.Equal(t, k.want, w.came())
				assert.Equal(t, strings.Contains(k.want, "failed"), len(w.subjects()) > 0, "what fails is told")
			})
		})
	}
	page.Block(t, verdicts, "rules", "./local -run UnderEveryKindOfRule", rows.String(), *update)
}

const (
	fourth   = "fourth-" + account
	verdicts = "../docs/verdicts.md"
)
