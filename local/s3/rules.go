package s3

import (
	"encoding/xml"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// bucketARN is what the ARN of every bucket starts with.
const bucketARN = "arn:aws:s3:::"

// maxRules is how many rules S3 allows.
const maxRules = 1000

// ReplicationConfiguration has the replication rules of a bucket, all of version 2 of
// the schema (with Filter) or all of version 1. What has no meaning here, such as Role or Metrics,
// is kept and answered.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationConfiguration.html
type ReplicationConfiguration struct {
	XMLName xml.Name          `xml:"ReplicationConfiguration"`
	Xmlns   string            `xml:"xmlns,attr,omitempty"`
	Role    string            `xml:"Role"`
	Rules   []ReplicationRule `xml:"Rule"`
}

// ReplicationRule says which versions go to one destination.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationRule.html
type ReplicationRule struct {
	ID                        string                   `xml:"ID,omitempty"`
	Priority                  *int32                   `xml:"Priority"` // required in version 2; among rules to one destination the highest counts
	Prefix                    *string                  `xml:"Prefix"`   // of version 1
	Filter                    *RuleFilter              `xml:"Filter"`   // of version 2; empty: every key
	Status                    string                   `xml:"Status"`   // Enabled or Disabled
	SourceSelectionCriteria   *SourceSelectionCriteria `xml:"SourceSelectionCriteria"`
	ExistingObjectReplication *Switch                  `xml:"ExistingObjectReplication"` // no effect
	Destination               Destination              `xml:"Destination"`
	DeleteMarkerReplication   *Switch                  `xml:"DeleteMarkerReplication"` // required in version 2
}

// RuleFilter selects by Prefix, by Tag, or by all of And.
type RuleFilter struct {
	Prefix string   `xml:"Prefix,omitempty"`
	Tag    *Tag     `xml:"Tag"`
	And    *RuleAnd `xml:"And"`
}

// RuleAnd selects what has the prefix and all the tags.
type RuleAnd struct {
	Prefix string `xml:"Prefix,omitempty"`
	Tags   []Tag  `xml:"Tag"`
}

// Tag is an object tag.
type Tag struct {
	Key   string `xml:"Key"`
	Value string `xml:"Value"`
}

// Switch is Enabled or Disabled.
type Switch struct {
	Status string `xml:"Status"`
}

// SourceSelectionCriteria makes a rule apply to objects encrypted with KMS keys, too, and
// to changes of replicas.
type SourceSelectionCriteria struct {
	SseKmsEncryptedObjects *Switch `xml:"SseKmsEncryptedObjects"`
	ReplicaModifications   *Switch `xml:"ReplicaModifications"`
}

// Destination is where replicas go.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Destination.html
type Destination struct {
	Bucket                   string                    `xml:"Bucket"` // ARN
	Account                  string                    `xml:"Account,omitempty"`
	StorageClass             string                    `xml:"StorageClass,omitempty"` // empty: the source's
	AccessControlTranslation *AccessControlTranslation `xml:"AccessControlTranslation"`
	EncryptionConfiguration  *EncryptionConfiguration  `xml:"EncryptionConfiguration"`
	ReplicationTime          *ReplicationTime          `xml:"ReplicationTime"` // no effect
	Metrics                  *Metrics                  `xml:"Metrics"`         // enabled: failures are notified
}

// AccessControlTranslation gives the replica to the destination's owner, which needs a
// permission; here it is theirs in any case.
type AccessControlTranslation struct {
	Owner string `xml:"Owner"`
}

// EncryptionConfiguration names the key of replicas whose source has a KMS key.
type EncryptionConfiguration struct {
	ReplicaKmsKeyID string `xml:"ReplicaKmsKeyID"`
}

// ReplicationTime is S3's Replication Time Control.
type ReplicationTime struct {
	Status string  `xml:"Status"`
	Time   Minutes `xml:"Time"`
}

// Metrics are a rule's metrics in CloudWatch.
type Metrics struct {
	Status         string   `xml:"Status"`
	EventThreshold *Minutes `xml:"EventThreshold"`
}

// Minutes is a time in minutes.
type Minutes struct {
	Minutes int32 `xml:"Minutes"`
}

// validate refuses what S3 refuses, apart from what other buckets decide.
func (r *ReplicationConfiguration) validate(versioned bool) *apiError {
	if !versioned {
		return invalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
	}
	if len(r.Rules) == 0 || len(r.Rules) > maxRules {
		return invalidRequest("A replication configuration has 1 to %d rules", maxRules)
	}
	first, err := r.first()
	if err != nil {
		return err
	}
	priorities := map[int32]bool{}
	for _, rule := range r.Rules {
		if err := rule.validate(first); err != nil {
			return err
		}
		if first {
			continue
		}
		if priorities[*rule.Priority] {
			return invalidRequest("Found duplicate priority %d", *rule.Priority)
		}
		priorities[*rule.Priority] = true
	}
	return nil
}

// first says whether the rules are of version 1, which has neither priorities nor tags,
// always replicates delete markers, and knows one destination. Rules whose prefixes
// overlap it does not take.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html#replication-backward-compat-considerations
func (r *ReplicationConfiguration) first() (bool, *apiError) {
	v1 := slices.DeleteFunc(slices.Clone(r.Rules), func(rule ReplicationRule) bool { return rule.Filter != nil })
	if len(v1) == 0 {
		return false, nil
	}
	for i, rule := range v1 {
		switch {
		case len(v1) < len(r.Rules):
			return true, invalidRequest("Rules with and without Filter can't be in one replication configuration")
		case rule.Priority != nil:
			return true, invalidRequest("Priority cannot be used for this version of Cross Region Replication configuration schema.")
		case rule.DeleteMarkerReplication != nil:
			return true, invalidRequest("DeleteMarkerReplication cannot be used for this version of Cross Region Replication configuration schema.")
		case rule.Destination.Bucket != v1[0].Destination.Bucket:
			return true, invalidRequest("All rules without Filter must have the same destination bucket")
		}
		for _, other := range v1[:i] {
			if strings.HasPrefix(rule.prefix(), other.prefix()) || strings.HasPrefix(other.prefix(), rule.prefix()) {
				return true, invalidRequest("Found overlapping prefixes %q and %q", other.prefix(), rule.prefix())
			}
		}
	}
	return true, nil
}

func (r *ReplicationRule) validate(first bool) *apiError {
	switch {
	case !first && r.Prefix != nil:
		return malformedXML(errors.New("a rule with Filter has its prefix there"))
	case !first && r.Priority == nil:
		return invalidRequest("Priority must be specified for this version of Cross Region Replication configuration schema.")
	case !first && r.DeleteMarkerReplication == nil:
		return invalidRequest("DeleteMarkerReplication must be specified for this version of Cross Region Replication configuration schema.")
	case r.DeleteMarkerReplication.enabled() && r.selectsByTag():
		return invalidRequest("Delete marker replication is not supported if any Tag filter is specified.")
	case r.Status != "Enabled" && r.Status != "Disabled":
		return invalidRequest("Status must be Enabled or Disabled, not %q", r.Status)
	case !strings.HasPrefix(r.Destination.Bucket, bucketARN):
		return invalidArgument("Invalid bucket ARN: %q", r.Destination.Bucket)
	}
	return nil
}

func (s *Switch) enabled() bool { return s != nil && s.Status == "Enabled" }

func (r *ReplicationRule) selectsByTag() bool {
	return r.Filter != nil && (r.Filter.Tag != nil || r.Filter.And != nil && len(r.Filter.And.Tags) > 0)
}

// prefix is that of a rule of version 1.
func (r *ReplicationRule) prefix() string {
	if r.Prefix == nil {
		return ""
	}
	return *r.Prefix
}

// filters says whether a rule selects a key with these tags.
func (r *ReplicationRule) filters(key string, tags url.Values) bool {
	if r.Filter == nil {
		return strings.HasPrefix(key, r.prefix())
	}
	return r.Filter.covers(key, tags)
}

// replicatesMarkers: version 1 does so unasked. Neither replicates those that lifecycle
// rules make.
func (r *ReplicationRule) replicatesMarkers() bool {
	return r.Filter == nil || r.DeleteMarkerReplication.enabled()
}

// priority is 0 in version 1, where no two rules select one key.
func (r *ReplicationRule) priority() int32 {
	if r.Priority == nil {
		return 0
	}
	return *r.Priority
}

// covers tells whether a rule applies to a version of key. What lies in an archive
// S3 doesn't replicate, whatever the rules say, be it uploaded straight into it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
func (r *ReplicationRule) covers(key string, v *version) bool {
	switch {
	case r.Status != "Enabled" || !r.filters(key, v.tags):
		return false
	case v.marker:
		return v.reason == reasonDelete
	case v.archived():
		return false
	case v.encryption.kms():
		return r.SourceSelectionCriteria != nil && r.SourceSelectionCriteria.SseKmsEncryptedObjects.enabled()
	}
	return true
}

func (f *RuleFilter) covers(key string, tags url.Values) bool {
	prefix, wanted := f.Prefix, []Tag(nil)
	if f.And != nil {
		prefix, wanted = f.And.Prefix, f.And.Tags
	}
	if f.Tag != nil {
		wanted = []Tag{*f.Tag}
	}
	for _, tag := range wanted {
		if !tags.Has(tag.Key) || tags.Get(tag.Key) != tag.Value {
			return false
		}
	}
	return strings.HasPrefix(key, prefix)
}

// applying are the rules by destination bucket that cover a version: per
// destination the one of the highest priority, unless that leaves out delete markers and
// this is one. r may be nil.
func (r *ReplicationConfiguration) applying(key string, v *version) map[string]*ReplicationRule {
	rules := map[string]*ReplicationRule{}
	if r == nil {
		return rules
	}
	for i := range r.Rules {
		rule := &r.Rules[i]
		name := strings.TrimPrefix(rule.Destination.Bucket, bucketARN)
		if best := rules[name]; rule.covers(key, v) && (best == nil || rule.priority() > best.priority()) {
			rules[name] = rule
		}
	}
	if v.marker {
		maps.DeleteFunc(rules, func(_ string, rule *ReplicationRule) bool { return !rule.replicatesMarkers() })
	}
	return rules
}
