package pair

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// route sends each call to the client of its bucket's side: a look at both sides
// knows buckets, and no credentials. It passes reading calls only.
type route struct {
	primary, replica *Side
}

// alias is what the replica is called where both buckets have one name, on two
// servers. No bucket can have this name.
const alias = "@replica"

// replicaName is the bucket that a look asks for as the replica.
func (r route) replicaName() string {
	if r.primary.Bucket == r.replica.Bucket {
		return alias
	}
	return r.replica.Bucket
}

// to is the client for a bucket, whose true name takes the place of the alias.
func (r route) to(bucket *string) (*s3.Client, *string) {
	if *bucket == r.replicaName() {
		return r.replica.Client, &r.replica.Bucket
	}
	return r.primary.Client, bucket
}

// HeadObject implements look.Objects.
func (r route) HeadObject(ctx context.Context, in *s3.HeadObjectInput, o ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	asked := *in
	client, bucket := r.to(in.Bucket)
	asked.Bucket = bucket
	return client.HeadObject(ctx, &asked, o...)
}

// GetObject implements look.Objects.
func (r route) GetObject(ctx context.Context, in *s3.GetObjectInput, o ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	asked := *in
	client, bucket := r.to(in.Bucket)
	asked.Bucket = bucket
	return client.GetObject(ctx, &asked, o...)
}

// GetObjectAttributes implements look.Objects.
func (r route) GetObjectAttributes(ctx context.Context, in *s3.GetObjectAttributesInput, o ...func(*s3.Options)) (*s3.GetObjectAttributesOutput, error) {
	asked := *in
	client, bucket := r.to(in.Bucket)
	asked.Bucket = bucket
	return client.GetObjectAttributes(ctx, &asked, o...)
}

// GetObjectTagging implements look.Objects.
func (r route) GetObjectTagging(ctx context.Context, in *s3.GetObjectTaggingInput, o ...func(*s3.Options)) (*s3.GetObjectTaggingOutput, error) {
	asked := *in
	client, bucket := r.to(in.Bucket)
	asked.Bucket = bucket
	return client.GetObjectTagging(ctx, &asked, o...)
}

// HeadBucket implements look.Buckets.
func (r route) HeadBucket(ctx context.Context, in *s3.HeadBucketInput, o ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	asked := *in
	client, bucket := r.to(in.Bucket)
	asked.Bucket = bucket
	return client.HeadBucket(ctx, &asked, o...)
}

// GetBucketReplication implements look.Buckets.
func (r route) GetBucketReplication(ctx context.Context, in *s3.GetBucketReplicationInput, o ...func(*s3.Options)) (*s3.GetBucketReplicationOutput, error) {
	asked := *in
	client, bucket := r.to(in.Bucket)
	asked.Bucket = bucket
	return client.GetBucketReplication(ctx, &asked, o...)
}

// GetBucketLifecycleConfiguration implements look.Buckets.
func (r route) GetBucketLifecycleConfiguration(ctx context.Context, in *s3.GetBucketLifecycleConfigurationInput, o ...func(*s3.Options)) (*s3.GetBucketLifecycleConfigurationOutput, error) {
	asked := *in
	client, bucket := r.to(in.Bucket)
	asked.Bucket = bucket
	return client.GetBucketLifecycleConfiguration(ctx, &asked, o...)
}
