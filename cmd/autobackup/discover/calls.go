package discover

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/internal/attach"
	"autobackup/internal/s3error"
	"autobackup/internal/text"
)

// pageSize is of ListBuckets. Without one, S3 refuses accounts that may have more than
// 10,000 buckets, and tells no regions.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
const pageSize = 1000

// reader reads one account.
type reader struct {
	cfg     aws.Config
	s3      *s3.Client
	account string
}

func newReader(cfg aws.Config, account string) *reader {
	return &reader{cfg: cfg, account: account, s3: s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil // only S3 itself has a host name for each bucket
		o.APIOptions = append(o.APIOptions, s3error.OwnAnswers)
	})}
}

func in(region string) func(*s3.Options) { return func(o *s3.Options) { o.Region = region } }

// buckets are all general purpose buckets of the account, in all regions.
func (r *reader) buckets(ctx context.Context) (all []Bucket, err error) {
	pages := s3.NewListBucketsPaginator(r.s3, &s3.ListBucketsInput{MaxBuckets: aws.Int32(pageSize)}, func(o *s3.ListBucketsPaginatorOptions) {
		o.StopOnDuplicateToken = false
	})
	seen := map[string]bool{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, b := range page.Buckets {
			name := aws.ToString(b.Name)
			if seen[name] {
				return nil, fmt.Errorf("ListBuckets tells of bucket %s twice: its pages can't be believed", text.Name(name))
			}
			seen[name] = true
			all = append(all, Bucket{Account: r.account, Name: name, Region: aws.ToString(b.BucketRegion), Rules: []Rule{}, Triggers: []string{}, Unread: []Unread{}})
		}
	}
	return all, nil
}

// locate finds the region of a bucket where the list didn't tell it.
func (r *reader) locate(ctx context.Context, b *Bucket) {
	if b.Region != "" {
		return
	}
	out, err := r.s3.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &b.Name})
	if err != nil {
		for _, f := range []Fact{Region, Versioning, Replication, EventBridge, Trigger, Lock} {
			b.Unread = append(b.Unread, unread(f, "", "GetBucketLocation", err))
		}
		return
	}
	switch at := string(out.LocationConstraint); at {
	case "": // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
		b.Region = "us-east-1"
	case "EU":
		b.Region = "eu-west-1"
	default:
		b.Region = at
	}
}

// look reads the facts of one bucket, each by itself: one that is denied hides no other.
func (r *reader) look(ctx context.Context, b *Bucket) {
	if b.Region == "" {
		return
	}
	for _, read := range []struct {
		fact      Fact
		operation string
		do        func(context.Context, *Bucket) error
	}{
		{Versioning, "GetBucketVersioning", r.versioning},
		{Replication, "GetBucketReplication", r.replication},
		{EventBridge, "GetBucketNotificationConfiguration", r.notifications},
		{Lock, "GetObjectLockConfiguration", r.lock},
	} {
		if err := read.do(ctx, b); err != nil {
			b.Unread = append(b.Unread, unread(read.fact, b.Region, read.operation, err))
		}
	}
}

func (r *reader) versioning(ctx context.Context, b *Bucket) error {
	out, err := r.s3.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &b.Name}, in(b.Region))
	if err != nil {
		return err
	}
	b.Versioning = string(out.Status)
	if b.Versioning == "" {
		b.Versioning = "never"
	}
	return nil
}

func (r *reader) replication(ctx context.Context, b *Bucket) error {
	out, err := r.s3.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: &b.Name}, in(b.Region))
	if s3error.Code(err) == "ReplicationConfigurationNotFoundError" {
		return nil
	}
	if err != nil {
		return err
	}
	b.Rules = enabled(out.ReplicationConfiguration.Rules)
	return nil
}

func (r *reader) notifications(ctx context.Context, b *Bucket) error {
	out, err := r.s3.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &b.Name}, in(b.Region))
	if err != nil {
		return err
	}
	b.EventBridge = out.EventBridgeConfiguration != nil
	return nil
}

func (r *reader) lock(ctx context.Context, b *Bucket) error {
	out, err := r.s3.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &b.Name}, in(b.Region))
	if s3error.Code(err) == "ObjectLockConfigurationNotFoundError" {
		b.Lock = "no"
		return nil
	}
	if err != nil {
		return err
	}
	b.Lock = Locks(out.ObjectLockConfiguration)
	return nil
}

// UploadRules are Autobackup's rules in a region that are enabled.
func UploadRules(ctx context.Context, cfg aws.Config, region string) (all []UploadRule, err error) {
	every, err := EveryUploadRule(ctx, cfg, region)
	return slices.DeleteFunc(every, func(t UploadRule) bool { return t.Disabled }), err
}

// EveryUploadRule also has those that are disabled.
func EveryUploadRule(ctx context.Context, cfg aws.Config, region string) (all []UploadRule, err error) {
	err = eachRule(ctx, cfg, region, attach.TriggerPrefix, func(rule types.Rule) error {
		t, err := parse(aws.ToString(rule.Name), aws.ToString(rule.EventPattern))
		t.Disabled = rule.State == types.RuleStateDisabled
		if err == nil {
			all = append(all, t)
		}
		return err
	})
	return all, err
}

// EachRule hands over each enabled rule of events on the default bus of a region.
func EachRule(ctx context.Context, cfg aws.Config, region, prefix string, do func(types.Rule) error) error {
	return eachRule(ctx, cfg, region, prefix, func(rule types.Rule) error {
		if rule.State == types.RuleStateDisabled {
			return nil
		}
		return do(rule)
	})
}

func eachRule(ctx context.Context, cfg aws.Config, region, prefix string, do func(types.Rule) error) error {
	client := eventbridge.NewFromConfig(cfg, func(o *eventbridge.Options) { o.Region = region })
	tokens := map[string]bool{}
	ask := &eventbridge.ListRulesInput{} // S3's events are on the default bus
	if prefix != "" {
		ask.NamePrefix = &prefix
	}
	for {
		out, err := client.ListRules(ctx, ask)
		if err != nil {
			return err
		}
		if out.Rules == nil { // which EventBridge has also where it is empty
			return errors.New("the answer has no list of rules, so it is not EventBridge's")
		}
		for _, rule := range out.Rules {
			if rule.EventPattern == nil {
				continue
			}
			if err := do(rule); err != nil {
				return err
			}
		}
		if ask.NextToken = out.NextToken; aws.ToString(ask.NextToken) == "" {
			return nil
		}
		if tokens[*ask.NextToken] {
			return errors.New("the same page of rules comes again and again")
		}
		tokens[*ask.NextToken] = true
	}
}

// Locks says what a bucket does to versions that come without retention of their own.
func Locks(c *s3types.ObjectLockConfiguration) string {
	switch {
	case c == nil || c.ObjectLockEnabled != s3types.ObjectLockEnabledEnabled:
		return "no"
	case c.Rule == nil || c.Rule.DefaultRetention == nil:
		return "on"
	}
	d := c.Rule.DefaultRetention
	if years := aws.ToInt32(d.Years); years > 0 {
		return fmt.Sprintf("%s, years: %d", d.Mode, years)
	}
	return fmt.Sprintf("%s, days: %d", d.Mode, aws.ToInt32(d.Days))
}
