package discover

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/internal/look"
)

// enabled are the rules that replicate.
func enabled(rules []types.ReplicationRule) []Rule {
	all := []Rule{}
	for _, r := range rules {
		if r.Status != types.ReplicationRuleStatusEnabled || r.Destination == nil {
			continue
		}
		all = append(all, Rule{
			ID: aws.ToString(r.ID), To: look.Destination(r), Account: aws.ToString(r.Destination.Account), Every: Every(r),
			Metrics: r.Destination.Metrics != nil && r.Destination.Metrics.Status == types.MetricsStatusEnabled,
		})
	}
	return all
}

// Every says whether a rule covers every key, with or without the Filter that newer
// configurations have.
func Every(r types.ReplicationRule) bool {
	prefix := aws.ToString(r.Prefix) //nolint:staticcheck // deprecated, and S3 still answers it
	if f := r.Filter; f != nil {
		prefix += aws.ToString(f.Prefix)
		if f.Tag != nil {
			return false
		}
		if f.And != nil {
			prefix += aws.ToString(f.And.Prefix)
			if len(f.And.Tags) > 0 {
				return false
			}
		}
	}
	return prefix == ""
}
