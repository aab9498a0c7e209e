package demo

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/cmd/autobackup/policy"
)

// uploader is the configuration of who uploads, with the least policy of that for each
// bucket: what `autobackup policy upload` prints.
func (r *run) uploader(ctx context.Context) (aws.Config, error) {
	owner := s3.NewFromConfig(r.stack.AWSConfig(r.pair.primaryRegion))
	var all []policy.Options
	var buckets []string
	for _, category := range r.pair.categories {
		buckets = append(buckets, r.pair.bucket(Item{Category: category}))
	}
	if r.takesExisting() {
		buckets = append(buckets, Existing)
	}
	for _, bucket := range buckets {
		o := policy.Options{Command: policy.Upload, Primary: bucket, Deletes: true}
		out, err := owner.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &o.Primary})
		if err != nil {
			return aws.Config{}, fmt.Errorf("ask for the key of %s: %w", o.Primary, err)
		}
		for _, rule := range out.ServerSideEncryptionConfiguration.Rules {
			if key := rule.ApplyServerSideEncryptionByDefault.KMSMasterKeyID; key != nil {
				o.Keys = append(o.Keys, *key)
			}
		}
		all = append(all, o)
	}
	return r.with("uploader", all...)
}

// operator is the configuration of who does the steps of docs/operations.md, with what
// `autobackup policy operate` prints.
func (r *run) operator() (aws.Config, error) {
	o := policy.Options{Command: policy.Operate, Stage: r.pair.stage, Region: r.pair.primaryRegion, Account: account}
	for _, q := range r.stack.SQS.Queues(r.pair.primaryRegion) {
		if q.KmsMasterKeyID != "" && !slices.Contains(o.Keys, q.KmsMasterKeyID) {
			o.Keys = append(o.Keys, q.KmsMasterKeyID)
		}
	}
	return r.with("operator", o)
}

// with is the configuration of a user with these policies alone.
func (r *run) with(name string, all ...policy.Options) (aws.Config, error) {
	var policies []any
	for _, o := range all {
		o.Side, o.Partition = policy.Both, "aws"
		document, err := policy.For(o)
		if err != nil {
			return aws.Config{}, fmt.Errorf("make the policy of the %s: %w", name, err)
		}
		policies = append(policies, document)
	}
	by, err := r.stack.Gate.User(name, policies...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("give the %s its policy: %w", name, err)
	}
	return r.stack.AWSConfigOf(by, r.pair.primaryRegion), nil
}
