package local

import (
	"autobackup/internal/local/s3"
	"autobackup/internal/local/template"
)

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
		Rule              *struct{ DefaultRetention s3.ObjectLock }
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
	LifecycleConfiguration   *lifecycleProperties
	ReplicationConfiguration *struct {
		Role  string
		Rules []struct {
			Id       string //nolint:revive // CloudFormation's name
			Status   string
			Priority *int32
			Filter   *struct {
				Prefix string
			}
			DeleteMarkerReplication *s3.Switch
			SourceSelectionCriteria *s3.SourceSelectionCriteria
			Destination             s3.Destination
		}
	}
}

func (d *deployment) bucket(r template.Resource) (string, map[string]string, error) {
	var p bucketProperties
	if err := decode(r, &p); err != nil {
		return "", nil, err
	}
	eventBridge := p.NotificationConfiguration.EventBridgeConfiguration
	cfg := s3.BucketConfig{
		Name:      p.BucketName,
		Region:    d.region,
		Versioned: p.VersioningConfiguration.Status == "Enabled",
		// Naming EventBridgeConfiguration at all turns it on.
		EventBridge: eventBridge != nil && (eventBridge.EventBridgeEnabled == nil || *eventBridge.EventBridgeEnabled),
		Replication: p.replication(),
		Lifecycle:   p.LifecycleConfiguration.configuration(),
	}
	if p.ObjectLockEnabled {
		cfg.Lock = &s3.ObjectLock{}
		if rule := p.ObjectLockConfiguration.Rule; rule != nil {
			cfg.Lock = &rule.DefaultRetention
		}
	}
	for _, q := range p.NotificationConfiguration.QueueConfigurations {
		cfg.Queues = append(cfg.Queues, s3.QueueConfiguration{Queue: q.Queue, Events: []string{q.Event}})
	}
	if err := d.S3.CreateBucket(cfg); err != nil {
		return "", nil, r.Errorf("", "%w", err)
	}
	return cfg.Name, map[string]string{"Arn": "arn:aws:s3:::" + cfg.Name}, nil
}

func (p bucketProperties) replication() *s3.ReplicationConfiguration {
	if p.ReplicationConfiguration == nil {
		return nil
	}
	answer := &s3.ReplicationConfiguration{Role: p.ReplicationConfiguration.Role}
	for _, rule := range p.ReplicationConfiguration.Rules {
		r := s3.ReplicationRule{
			ID: rule.Id, Status: rule.Status, Priority: rule.Priority,
			DeleteMarkerReplication: rule.DeleteMarkerReplication,
			SourceSelectionCriteria: rule.SourceSelectionCriteria,
			Destination:             rule.Destination,
		}
		if rule.Filter != nil {
			r.Filter = &s3.RuleFilter{Prefix: rule.Filter.Prefix}
		}
		answer.Rules = append(answer.Rules, r)
	}
	return answer
}
