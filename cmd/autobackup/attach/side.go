package attach

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/cmd/autobackup/discover"
	"autobackup/internal/attach"
	"autobackup/internal/look"
	"autobackup/internal/s3error"
)

// reader reads one bucket. Each fact is read by itself: one that is denied hides no other.
type reader struct {
	*account
	side *attach.Side
	// owner must be the bucket's; nil: anybody may.
	owner *string
}

// call is how one fact is read.
type call struct {
	fact      attach.Fact
	operation string
	none      string // code of the answer that there is nothing
	do        func(context.Context) error
}

func (r reader) run(ctx context.Context, calls []call) error {
	for _, c := range calls {
		if r.side.Region == "" { // which nothing but HeadBucket tells
			r.side.Unread = append(r.side.Unread, attach.Unread{Fact: c.fact, Why: "not asked for, as its region is not known"})
			continue
		}
		err := c.do(ctx)
		if err == nil || c.none != "" && s3error.Code(err) == c.none {
			continue
		}
		if err := failed(r.side, c.fact, c.operation, err); err != nil {
			return err
		}
	}
	return nil
}

// common reads what is read of both sides.
func (r reader) common(ctx context.Context) error {
	versioning := call{attach.Versioning, "GetBucketVersioning", "", r.versioning}
	if r.few {
		return r.run(ctx, []call{versioning})
	}
	return r.run(ctx, []call{
		versioning,
		{attach.Encryption, "GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError", r.encryption},
		{attach.Lock, "GetObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", r.lock},
		{attach.Lifecycle, "GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration", r.lifecycle},
		{attach.Policy, "GetBucketPolicy", "NoSuchBucketPolicy", r.policy},
		{attach.Payer, "GetBucketRequestPayment", "", r.payer},
	})
}

func (r reader) versioning(ctx context.Context) error {
	out, err := r.s3.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &r.side.Bucket, ExpectedBucketOwner: r.owner}, in(r.side.Region))
	if err == nil {
		r.side.Versioning = cmp.Or(string(out.Status), "never")
	}
	return err
}

func (r reader) encryption(ctx context.Context) error {
	out, err := r.s3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &r.side.Bucket, ExpectedBucketOwner: r.owner}, in(r.side.Region))
	if err != nil || out.ServerSideEncryptionConfiguration == nil {
		return err
	}
	for _, rule := range out.ServerSideEncryptionConfiguration.Rules {
		if by := rule.ApplyServerSideEncryptionByDefault; by != nil {
			r.side.Encryption, r.side.Key, r.side.BucketKey = string(by.SSEAlgorithm), aws.ToString(by.KMSMasterKeyID), aws.ToBool(rule.BucketKeyEnabled)
		}
	}
	return nil
}

func (r reader) lock(ctx context.Context) error {
	r.side.Lock = "no"
	out, err := r.s3.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &r.side.Bucket, ExpectedBucketOwner: r.owner}, in(r.side.Region))
	if err == nil {
		r.side.Lock = discover.Locks(out.ObjectLockConfiguration)
	}
	return err
}

func (r reader) lifecycle(ctx context.Context) error {
	out, err := r.s3.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &r.side.Bucket, ExpectedBucketOwner: r.owner}, in(r.side.Region))
	if err != nil {
		return err
	}
	for _, rule := range out.Rules {
		ends := rule.NoncurrentVersionExpiration != nil || rule.Expiration != nil && (aws.ToInt32(rule.Expiration.Days) > 0 || rule.Expiration.Date != nil)
		if rule.Status == types.ExpirationStatusEnabled && ends {
			r.side.Expires = append(r.side.Expires, aws.ToString(rule.ID))
		}
	}
	return nil
}

func (r reader) policy(ctx context.Context) error {
	out, err := r.s3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &r.side.Bucket, ExpectedBucketOwner: r.owner}, in(r.side.Region))
	if err == nil {
		r.side.Policy = aws.ToString(out.Policy)
	}
	return err
}

func (r reader) payer(ctx context.Context) error {
	out, err := r.s3.GetBucketRequestPayment(ctx, &s3.GetBucketRequestPaymentInput{Bucket: &r.side.Bucket, ExpectedBucketOwner: r.owner}, in(r.side.Region))
	if err == nil {
		r.side.RequesterPays = out.Payer == types.PayerRequester
	}
	return err
}

// primaryReader also reads what only a primary has.
type primaryReader struct {
	reader
	of *attach.Bucket
}

func (p primaryReader) all(ctx context.Context) error {
	if err := p.common(ctx); err != nil {
		return err
	}
	few := []call{
		{attach.Replication, "GetBucketReplication", "ReplicationConfigurationNotFoundError", p.rules},
		{attach.Notifications, "GetBucketNotificationConfiguration", "", func(ctx context.Context) (err error) {
			p.of.Configuration, err = p.configuration(ctx, p.side.Bucket, p.side.Region)
			return err
		}},
	}
	if p.few {
		return p.run(ctx, few)
	}
	return p.run(ctx, append(few, []call{
		{attach.Tags, "GetBucketTagging", "NoSuchTagSet", p.tags},
		{attach.Recorded, "GetObject", "", func(ctx context.Context) (err error) {
			p.of.Record, err = p.record(ctx, p.side.Bucket)
			return err
		}},
	}...))
}

func (p primaryReader) rules(ctx context.Context) error {
	out, err := p.s3.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: &p.side.Bucket, ExpectedBucketOwner: p.owner}, in(p.side.Region))
	if err != nil || out.ReplicationConfiguration == nil {
		return err
	}
	for _, r := range out.ReplicationConfiguration.Rules {
		d := r.Destination
		if d == nil {
			continue
		}
		p.of.Rules = append(p.of.Rules, attach.Rule{
			ID: aws.ToString(r.ID), Enabled: r.Status == types.ReplicationRuleStatusEnabled, To: look.Destination(r), Account: aws.ToString(d.Account),
			Every: discover.Every(r), ByTag: look.ByTag(r),
			Metrics: d.Metrics != nil && d.Metrics.Status == types.MetricsStatusEnabled, KMS: !look.IgnoresKMS(r), Key: replicaKey(d),
		})
	}
	return nil
}

func replicaKey(d *types.Destination) string {
	if d.EncryptionConfiguration == nil {
		return ""
	}
	return aws.ToString(d.EncryptionConfiguration.ReplicaKmsKeyID)
}

func (p primaryReader) tags(ctx context.Context) error {
	out, err := p.s3.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &p.side.Bucket, ExpectedBucketOwner: p.owner}, in(p.side.Region))
	if err != nil {
		return err
	}
	for _, tag := range out.TagSet {
		p.of.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return nil
}
