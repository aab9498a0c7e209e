package look

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// maxQuotedID bounds a rule's id in a sentence, in bytes, so that it stays within
// verdict.MaxSideDetail with what to do next.
const maxQuotedID = 50

// destination is a bucket that a key is replicated to, with what the rule leaves
// out.
type destination struct {
	bucket         string
	ignoresMarkers bool
	ignoresKMS     bool
}

// destinations follows the enabled rules whose prefix the key has. Of several
// rules to one bucket the one of the highest priority counts:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html
// Where such a rule selects by tag, or where they lead to more than
// verdict.MaxReplicas buckets, there are none and unsupported says why.
func destinations(rules []types.ReplicationRule, key string) (found []destination, unsupported string) {
	for _, rule := range matching(rules, key) {
		d := destination{bucketName(rule), ignoresMarkers(rule), ignoresKMS(rule)}
		if slices.ContainsFunc(found, func(other destination) bool { return other.bucket == d.bucket }) {
			continue
		}
		if byTag(rule) {
			return nil, "replication rule " + text.Quoted(aws.ToString(rule.ID), maxQuotedID) +
				" selects objects by tag, which is not supported: let the rule select by prefix"
		}
		found = append(found, d)
	}
	if len(found) > verdict.MaxReplicas {
		return nil, fmt.Sprintf("%d replicas; autobackup compares at most %d", len(found), verdict.MaxReplicas)
	}
	return found, ""
}

// Rule is what the replication rules of a bucket say about one key and one bucket.
type Rule struct {
	// Covers is set where an enabled rule for such keys leads to the bucket. Whether one
	// that selects by tag, too, matched a version, only the version's status tells.
	Covers         bool
	ID             string
	ByTag          bool // it selects by tag, too
	IgnoresMarkers bool // it replicates no delete markers
	IgnoresKMS     bool // it replicates nothing that is encrypted with keys of AWS KMS
}

// RuleFor is the rule of the highest priority that leads to the bucket for such keys.
func RuleFor(rules []types.ReplicationRule, key, bucket string) Rule {
	var found Rule
	for _, r := range matching(rules, key) {
		if bucketName(r) != bucket {
			continue
		}
		if !found.Covers {
			found = Rule{true, aws.ToString(r.ID), byTag(r), ignoresMarkers(r), ignoresKMS(r)}
		}
		if !byTag(r) { // a delete marker has no tags, so the first rule without decides for it
			found.IgnoresMarkers = ignoresMarkers(r)
			break
		}
	}
	return found
}

// Destinations is the buckets that enabled rules lead to, whatever the key, each once.
func Destinations(rules []types.ReplicationRule) (buckets []string) {
	for _, r := range rules {
		if r.Status == types.ReplicationRuleStatusEnabled && r.Destination != nil && !slices.Contains(buckets, bucketName(r)) {
			buckets = append(buckets, bucketName(r))
		}
	}
	return buckets
}

// matching is the enabled rules whose prefix the key has, the highest priority first.
func matching(rules []types.ReplicationRule, key string) []types.ReplicationRule {
	found := slices.DeleteFunc(slices.Clone(rules), func(r types.ReplicationRule) bool {
		return r.Status != types.ReplicationRuleStatusEnabled || r.Destination == nil || !strings.HasPrefix(key, prefix(r))
	})
	slices.SortStableFunc(found, func(a, b types.ReplicationRule) int {
		return cmp.Compare(aws.ToInt32(b.Priority), aws.ToInt32(a.Priority))
	})
	return found
}

// prefix is where the three forms of a rule keep it; a rule without one covers
// every key.
func prefix(r types.ReplicationRule) string {
	switch {
	case r.Filter == nil:
		return aws.ToString(r.Prefix) //nolint:staticcheck // rules of the first version have it nowhere else
	case r.Filter.And != nil:
		return aws.ToString(r.Filter.And.Prefix)
	default:
		return aws.ToString(r.Filter.Prefix)
	}
}

func byTag(r types.ReplicationRule) bool {
	return r.Filter != nil && (r.Filter.Tag != nil || r.Filter.And != nil && len(r.Filter.And.Tags) > 0)
}

// ignoresMarkers: a rule without Filter is of the first version of replication
// configurations, which replicates the markers of users' deletions unasked.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html#replication-backward-compat-considerations
func ignoresMarkers(r types.ReplicationRule) bool {
	return r.Filter != nil && (r.DeleteMarkerReplication == nil ||
		r.DeleteMarkerReplication.Status != types.DeleteMarkerReplicationStatusEnabled)
}

// ignoresKMS: a rule replicates what is encrypted with keys of AWS KMS only where
// it says so.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
func ignoresKMS(r types.ReplicationRule) bool {
	s := r.SourceSelectionCriteria
	return s == nil || s.SseKmsEncryptedObjects == nil || s.SseKmsEncryptedObjects.Status != types.SseKmsEncryptedObjectsStatusEnabled
}

// bucketName is the name in the destination's ARN, arn:aws:s3:::name.
func bucketName(r types.ReplicationRule) string {
	name := aws.ToString(r.Destination.Bucket)
	if parsed, err := arn.Parse(name); err == nil {
		return parsed.Resource
	}
	return name
}
