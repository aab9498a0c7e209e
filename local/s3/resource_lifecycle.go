package s3

// lifecycleProperties are those of a bucket's LifecycleConfiguration, without the
// names that CloudFormation has given up.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-lifecycleconfiguration.html
type lifecycleProperties struct {
	Rules                              []lifecycleRule
	TransitionDefaultMinimumObjectSize string
}

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html
type lifecycleRule struct {
	Id                             string //nolint:revive // CloudFormation's name
	Status                         string `cfn:",required"`
	Prefix                         string
	TagFilters                     []Tag
	ObjectSizeGreaterThan          *int64
	ObjectSizeLessThan             *int64
	ExpirationInDays               *int32
	ExpirationDate                 string
	ExpiredObjectDeleteMarker      *bool
	NoncurrentVersionExpiration    *NoncurrentVersionExpiration
	AbortIncompleteMultipartUpload *AbortIncompleteMultipartUpload
	Transitions                    []struct {
		StorageClass     string `cfn:",required"`
		TransitionDate   string
		TransitionInDays *int32
	}
	NoncurrentVersionTransitions []struct {
		StorageClass            string `cfn:",required"`
		TransitionInDays        *int32
		NewerNoncurrentVersions *int32
	}
}

// configuration is what S3 answers about the properties; p may be nil.
func (p *lifecycleProperties) configuration() *LifecycleConfiguration {
	if p == nil {
		return nil
	}
	answer := &LifecycleConfiguration{MinimumSize: p.TransitionDefaultMinimumObjectSize}
	for _, rule := range p.Rules {
		answer.Rules = append(answer.Rules, rule.rule())
	}
	return answer
}

func (p lifecycleRule) rule() LifecycleRule {
	r := LifecycleRule{
		ID: p.Id, Status: p.Status, Filter: p.filter(),
		NoncurrentVersionExpiration: p.NoncurrentVersionExpiration, AbortIncompleteMultipartUpload: p.AbortIncompleteMultipartUpload,
	}
	if p.ExpirationInDays != nil || p.ExpirationDate != "" || p.ExpiredObjectDeleteMarker != nil {
		r.Expiration = &Expiration{Date: p.ExpirationDate, Days: p.ExpirationInDays, ExpiredObjectDeleteMarker: p.ExpiredObjectDeleteMarker}
	}
	for _, t := range p.Transitions {
		r.Transitions = append(r.Transitions, Transition{Date: t.TransitionDate, Days: t.TransitionInDays, StorageClass: t.StorageClass})
	}
	for _, t := range p.NoncurrentVersionTransitions {
		r.NoncurrentVersionTransitions = append(r.NoncurrentVersionTransitions, NoncurrentVersionTransition{
			NoncurrentDays: t.TransitionInDays, NewerNoncurrentVersions: t.NewerNoncurrentVersions, StorageClass: t.StorageClass})
	}
	return r
}

// filter selects by prefix alone, or by all that the rule has. No document tells
// whether S3 answers a prefix of CloudFormation's in Filter or in the older
// Prefix of the rule: who reads rules must take both.
func (p lifecycleRule) filter() *LifecycleFilter {
	if len(p.TagFilters) == 0 && p.ObjectSizeGreaterThan == nil && p.ObjectSizeLessThan == nil {
		return &LifecycleFilter{Prefix: &p.Prefix}
	}
	return &LifecycleFilter{And: &LifecycleAnd{
		Prefix: &p.Prefix, Tags: p.TagFilters, ObjectSizeGreaterThan: p.ObjectSizeGreaterThan, ObjectSizeLessThan: p.ObjectSizeLessThan}}
}
