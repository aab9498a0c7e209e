package look

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// destination is a bucket that a key is replicated to.
type destination struct {
	bucket         string
	ignoresMarkers bool
}

// unsupportedRule is a rule that can't be followed by the key alone.
type unsupportedRule struct{ id string }

func (e *unsupportedRule) Error() string {
	return fmt.Sprintf("replication rule %q selects objects by tag, which is not supported: let the rule select by prefix", e.id)
}

// destinations follows the enabled rules whose prefix the key has. Of several
// rules to one bucket the one of the highest priority counts:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html
// The error is an unsupportedRule where such a rule selects by tag.
func destinations(rules []types.ReplicationRule, key string) ([]destination, error) {
	matching := slices.DeleteFunc(slices.Clone(rules), func(r types.ReplicationRule) bool {
		return r.Status != types.ReplicationRuleStatusEnabled || r.Destination == nil || !strings.HasPrefix(key, prefix(r))
	})
	slices.SortStableFunc(matching, func(a, b types.ReplicationRule) int {
		return cmp.Compare(aws.ToInt32(b.Priority), aws.ToInt32(a.Priority))
	})
	var found []destination
	for _, rule := range matching {
		d := destination{bucketName(rule), ignoresMarkers(rule)}
		if slices.ContainsFunc(found, func(other destination) bool { return other.bucket == d.bucket }) {
			continue
		}
		if byTag(rule) {
			return nil, &unsupportedRule{aws.ToString(rule.ID)}
		}
		found = append(found, d)
	}
	return found, nil
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

// bucketName is the name in the destination's ARN, arn:aws:s3:::name.
func bucketName(r types.ReplicationRule) string {
	text := aws.ToString(r.Destination.Bucket)
	if parsed, err := arn.Parse(text); err == nil {
		return parsed.Resource
	}
	return text
}
