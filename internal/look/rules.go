package look

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Rule is what the replication rules of a bucket say about one key and one bucket: the
// enabled ones whose prefix the key has. Of several, that of the highest priority counts
// which selects the version:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html
type Rule struct {
	// Covers is set where a rule for such keys leads to the bucket. Whether one
	// that selects by tag, too, took a version, its tags and its status tell.
	Covers bool
	ID     string // of the rule of the highest priority
	ByTag  bool   // no rule for such keys leads there that does not select by tag
	// IgnoresMarkers: a delete marker has no tags, so the first rule without decides, and
	// rules by tag replicate none:
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-marker-replication.html
	IgnoresMarkers bool
	// IgnoresKMS: no rule takes what is encrypted with keys of AWS KMS. S3 calls that another
	// filter of a rule, so the next rule may take what the first one leaves out:
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_SourceSelectionCriteria.html
	IgnoresKMS bool

	bucket string
	rules  []types.ReplicationRule // the highest priority first
	alone  bool                    // no rule for such keys leads to another bucket
}

// RuleFor is what the rules say about such keys and one bucket.
func RuleFor(rules []types.ReplicationRule, key, bucket string) Rule {
	for _, r := range rulesFor(rules, key) {
		if r.bucket == bucket {
			return r
		}
	}
	return Rule{}
}

// rulesFor is that for every bucket that rules for such keys lead to, the one of the
// highest priority first.
func rulesFor(rules []types.ReplicationRule, key string) (all []Rule) {
	for _, r := range matching(rules, key) {
		i := slices.IndexFunc(all, func(found Rule) bool { return found.bucket == Destination(r) })
		if i < 0 {
			i = len(all)
			all = append(all, Rule{Covers: true, ID: aws.ToString(r.ID), ByTag: true, IgnoresMarkers: true, bucket: Destination(r)})
		}
		if all[i].ByTag && !ByTag(r) {
			all[i].ByTag, all[i].IgnoresMarkers = false, ignoresMarkers(r)
		}
		all[i].rules = append(all[i].rules, r)
	}
	for i := range all {
		all[i].alone, all[i].IgnoresKMS = len(all) == 1, leaveOutKMS(all[i].rules)
	}
	return all
}

func leaveOutKMS(rules []types.ReplicationRule) bool {
	return !slices.ContainsFunc(rules, func(r types.ReplicationRule) bool { return !IgnoresKMS(r) })
}

// open says whether it takes a version's tags to tell what the rules mean for it.
func (r Rule) open() bool {
	tagged := slices.DeleteFunc(slices.Clone(r.rules), ByTag)
	return r.ByTag || leaveOutKMS(tagged) != leaveOutKMS(r.rules)
}

// selecting are the rules that select a version with these tags.
func (r Rule) selecting(tags map[string]string) []types.ReplicationRule {
	return slices.DeleteFunc(slices.Clone(r.rules), func(rule types.ReplicationRule) bool {
		return slices.ContainsFunc(wanted(rule), func(t types.Tag) bool {
			value, has := tags[aws.ToString(t.Key)]
			return !has || value != aws.ToString(t.Value)
		})
	})
}

// Destinations is the buckets that enabled rules lead to, whatever the key, each once.
func Destinations(rules []types.ReplicationRule) (buckets []string) {
	for _, r := range rules {
		if r.Status == types.ReplicationRuleStatusEnabled && r.Destination != nil && !slices.Contains(buckets, Destination(r)) {
			buckets = append(buckets, Destination(r))
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

// wanted are the tags that a version must have, all of them.
func wanted(r types.ReplicationRule) []types.Tag {
	switch {
	case r.Filter == nil:
		return nil
	case r.Filter.And != nil:
		return r.Filter.And.Tags
	case r.Filter.Tag != nil:
		return []types.Tag{*r.Filter.Tag}
	default:
		return nil
	}
}

// ByTag says whether a rule selects versions by their tags.
func ByTag(r types.ReplicationRule) bool { return len(wanted(r)) > 0 }

// ignoresMarkers: a rule without Filter is of the first version of replication
// configurations, which replicates the markers of users' deletions unasked.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html#replication-backward-compat-considerations
func ignoresMarkers(r types.ReplicationRule) bool {
	return r.Filter != nil && (r.DeleteMarkerReplication == nil ||
		r.DeleteMarkerReplication.Status != types.DeleteMarkerReplicationStatusEnabled)
}

// IgnoresKMS says that a rule leaves out what is encrypted with keys of AWS KMS, which it
// takes only where it says so.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
func IgnoresKMS(r types.ReplicationRule) bool {
	s := r.SourceSelectionCriteria
	return s == nil || s.SseKmsEncryptedObjects == nil || s.SseKmsEncryptedObjects.Status != types.SseKmsEncryptedObjectsStatusEnabled
}

// Destination is the bucket that a rule leads to: the name in its ARN, arn:aws:s3:::name.
func Destination(r types.ReplicationRule) string {
	name := aws.ToString(r.Destination.Bucket)
	if parsed, err := arn.Parse(name); err == nil {
		return parsed.Resource
	}
	return name
}
