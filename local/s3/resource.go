package s3

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"

	"autobackup/local/iam"
	"autobackup/local/template"
)

// Types are the resource types of S3.
func (s *Server) Types() template.Types {
	return template.Types{
		"AWS::S3::Bucket": template.Changing(template.Make(map[string]string{
			"LoggingConfiguration": "requests are not logged",
			"OwnershipControls":    "there are no ACLs",
		}, s.deployBucket, s.removeBucket), s.updateBucket).Named("BucketName").Asking(func(_ template.Target, r template.Resource) []template.Ask {
			return []template.Ask{{Action: "s3:CreateBucket", Resource: "arn:aws:s3:::" + r.Text("BucketName")}}
		}),
		"AWS::S3::BucketPolicy": template.Make(nil, s.deployPolicy, s.removePolicy).Named("Bucket").Over(nil).Asking(func(_ template.Target, r template.Resource) []template.Ask {
			return []template.Ask{{Action: "s3:PutBucketPolicy", Resource: "arn:aws:s3:::" + r.Text("Bucket")}}
		}),
	}
}

// bucketProperties are those of AWS::S3::Bucket that have an effect here.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
type bucketProperties struct {
	BucketName              string `cfn:",required"`
	VersioningConfiguration struct {
		Status string
	}
	ObjectLockEnabled       bool
	ObjectLockConfiguration struct {
		ObjectLockEnabled string
		Rule              *struct{ DefaultRetention ObjectLock }
	}
	BucketEncryption struct {
		ServerSideEncryptionConfiguration []struct {
			BucketKeyEnabled              bool
			ServerSideEncryptionByDefault struct {
				SSEAlgorithm   string
				KMSMasterKeyID string
			}
		}
	}
	NotificationConfiguration struct {
		EventBridgeConfiguration *struct {
			EventBridgeEnabled *bool
		}
		QueueConfigurations []struct {
			Event string `cfn:",required"`
			Queue string `cfn:",required"`
		}
	}
	// Of the four, BlockPublicPolicy has an effect: there are no ACLs, and no policy that is
	// public for RestrictPublicBuckets.
	PublicAccessBlockConfiguration *struct {
		BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets bool
	}
	Tags                     []struct{ Key, Value string }
	LifecycleConfiguration   *lifecycleProperties
	ReplicationConfiguration *struct {
		Role  string
		Rules []struct {
			Id                      string //nolint:revive // CloudFormation's name
			Status                  string
			Priority                *int32
			Filter                  *replicationFilter
			DeleteMarkerReplication *Switch
			SourceSelectionCriteria *SourceSelectionCriteria
			Destination             Destination
		}
	}
}

// replicationFilter is RuleFilter in CloudFormation's words.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-replicationrulefilter.html
type replicationFilter struct {
	Prefix    string
	TagFilter *Tag
	And       *struct {
		Prefix     string
		TagFilters []Tag
	}
}

func (s *Server) deployBucket(t template.Target, r template.Resource, p bucketProperties) (string, map[string]string, error) {
	cfg, err := s.configuration(t, r, p)
	if err != nil {
		return "", nil, err
	}
	if err := s.CreateBucket(cfg); err != nil {
		return "", nil, r.Errorf("", "%w", err)
	}
	s.Gate.Own(s.arn(cfg.Name, ""), t.Account)
	return cfg.Name, map[string]string{"Arn": "arn:aws:s3:::" + cfg.Name}, nil
}

// updateBucket gives a bucket the settings that its template has now, in the place of all that
// it has. What is in it stays.
func (s *Server) updateBucket(t template.Target, was template.Made, r template.Resource, p bucketProperties) (string, map[string]string, error) {
	cfg, err := s.configuration(t, r, p)
	if err != nil {
		return "", nil, err
	}
	notified := !reflect.DeepEqual(was.Properties["NotificationConfiguration"], r.Properties["NotificationConfiguration"])
	if err := s.setBucket(cfg, notified); err != nil {
		return "", nil, r.Errorf("", "%w", err)
	}
	return was.Reference, was.Attributes, nil
}

// configuration is that of the bucket which a template describes.
func (s *Server) configuration(t template.Target, r template.Resource, p bucketProperties) (BucketConfig, error) {
	eventBridge := p.NotificationConfiguration.EventBridgeConfiguration
	cfg := BucketConfig{
		Name:      p.BucketName,
		Region:    t.Region,
		Versioned: p.VersioningConfiguration.Status == "Enabled",
		// Naming EventBridgeConfiguration at all turns it on.
		EventBridge: eventBridge != nil && (eventBridge.EventBridgeEnabled == nil || *eventBridge.EventBridgeEnabled),
		Replication: p.replication(),
		Lifecycle:   p.LifecycleConfiguration.configuration(),
		Public:      p.PublicAccessBlockConfiguration != nil && !p.PublicAccessBlockConfiguration.BlockPublicPolicy,
	}
	for _, e := range p.BucketEncryption.ServerSideEncryptionConfiguration {
		byDefault := e.ServerSideEncryptionByDefault
		cfg.Encryption = BucketEncryption{Algorithm: byDefault.SSEAlgorithm, KMSKey: byDefault.KMSMasterKeyID, BucketKey: e.BucketKeyEnabled}
	}
	if p.ObjectLockEnabled {
		cfg.Lock = &ObjectLock{}
		if rule := p.ObjectLockConfiguration.Rule; rule != nil {
			cfg.Lock = &rule.DefaultRetention
		}
	}
	for _, tag := range p.Tags {
		if cfg.Tags == nil {
			cfg.Tags = map[string]string{}
		}
		cfg.Tags[tag.Key] = tag.Value
	}
	for _, q := range p.NotificationConfiguration.QueueConfigurations {
		cfg.Notifications.Queues = append(cfg.Notifications.Queues, Notification{Queue: q.Queue, Events: []string{q.Event}})
	}
	if t.Account != s.account && (cfg.EventBridge || len(cfg.Notifications.Queues) > 0 || cfg.Replication != nil) {
		return cfg, r.Errorf("", "%s belongs to %s: only buckets of %s send events and notifications, and are replicated, here", cfg.Name, t.Account, s.account)
	}
	return cfg, nil
}

// removeBucket deletes a bucket as CloudFormation does: not if anything is in it.
func (s *Server) removeBucket(_ template.Target, made template.Made) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[made.Reference]
	if b == nil {
		return nil
	}
	return s.dropBucket(b)
}

func (p bucketProperties) replication() *ReplicationConfiguration {
	if p.ReplicationConfiguration == nil {
		return nil
	}
	answer := &ReplicationConfiguration{Role: p.ReplicationConfiguration.Role}
	for _, rule := range p.ReplicationConfiguration.Rules {
		r := ReplicationRule{
			ID: rule.Id, Status: rule.Status, Priority: rule.Priority,
			DeleteMarkerReplication: rule.DeleteMarkerReplication,
			SourceSelectionCriteria: rule.SourceSelectionCriteria,
			Destination:             rule.Destination,
		}
		if f := rule.Filter; f != nil {
			r.Filter = &RuleFilter{Prefix: f.Prefix, Tag: f.TagFilter}
			if f.And != nil {
				r.Filter.And = &RuleAnd{Prefix: f.And.Prefix, Tags: f.And.TagFilters}
			}
		}
		answer.Rules = append(answer.Rules, r)
	}
	return answer
}

// policyProperties are those of AWS::S3::BucketPolicy.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucketpolicy.html
type policyProperties struct {
	Bucket         string `cfn:",required"`
	PolicyDocument any    `cfn:",required"`
}

func (s *Server) deployPolicy(t template.Target, r template.Resource, p policyProperties) (string, map[string]string, error) {
	if err := s.refusePublic(p); err != nil {
		return "", nil, r.Errorf("PolicyDocument", "%w", err)
	}
	if err := s.Gate.Attach(s.arn(p.Bucket, ""), iam.Bucket, p.PolicyDocument); err != nil {
		return "", nil, r.Errorf("PolicyDocument", "%w", err)
	}
	text, err := json.Marshal(p.PolicyDocument)
	if err != nil {
		return "", nil, r.Errorf("PolicyDocument", "%w", err)
	}
	s.write(p.Bucket, string(text))
	return t.Stack + "-" + r.LogicalID, nil, nil
}

func (s *Server) removePolicy(_ template.Target, made template.Made) error {
	bucket := made.Properties["Bucket"].(string)
	s.Gate.Detach(s.arn(bucket, ""))
	s.write(bucket, "")
	return nil
}

// write gives a bucket the policy that it answers.
func (s *Server) write(bucket, policy string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[bucket]; b != nil {
		b.policy = policy
		s.keepBucket(bucket)
	}
}

// refusePublic refuses a policy that lets everybody in, unless the bucket takes such. One
// with a condition counts as none: S3 tells by its keys and values.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
func (s *Server) refusePublic(p policyProperties) error {
	s.mu.Lock()
	b := s.buckets[p.Bucket]
	s.mu.Unlock()
	if b == nil || b.public {
		return nil
	}
	text, err := json.Marshal(p.PolicyDocument)
	if err != nil {
		return err
	}
	policy, err := iam.Parse(text, iam.Bucket)
	if err != nil {
		return err
	}
	everybody := func(s iam.Statement) bool {
		return s.Effect == iam.Allow && len(s.Conditions) == 0 && slices.ContainsFunc(s.Principals, func(w iam.Who) bool { return w.Value == "*" })
	}
	if slices.ContainsFunc(policy.Statements, everybody) {
		return fail(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: s3:PutBucketPolicy on resource: %q because "+
			"public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.", s.Gate.Owner().ARN, s.arn(p.Bucket, ""))
	}
	return nil
}
