package look

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/internal/s3error"
)

// directoryAge is how long what is known of a bucket is believed: short enough
// that a changed rule counts within the look after next, long enough that
// buckets cost no more than 24 calls an hour.
const directoryAge = 5 * time.Minute

// Buckets tells where buckets are and what they replicate.
type Buckets interface {
	HeadBucket(context.Context, *s3.HeadBucketInput, ...func(*s3.Options)) (*s3.HeadBucketOutput, error)
	GetBucketReplication(context.Context, *s3.GetBucketReplicationInput, ...func(*s3.Options)) (*s3.GetBucketReplicationOutput, error)
}

// directory knows the buckets' regions and rules.
type directory struct {
	buckets Buckets
	regions *cache[string]
	rules   *cache[[]types.ReplicationRule]
}

func newDirectory(buckets Buckets, now func() time.Time) *directory {
	return &directory{buckets, newCache[string](now), newCache[[]types.ReplicationRule](now)}
}

// region asks in the client's own region. S3 names the right one in a header
// also where it refuses the request: 301 and 400 from another region, 403
// without s3:ListBucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
func (d *directory) region(ctx context.Context, bucket string) (region string, err error) {
	return d.regions.get(bucket, func() (string, error) {
		err := call(ctx, func(ctx context.Context) error {
			out, err := d.buckets.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
			if err == nil {
				region = aws.ToString(out.BucketRegion)
			}
			return err
		})
		if named := s3error.Header(err).Get("x-amz-bucket-region"); named != "" {
			return named, nil
		}
		return region, err
	})
}

// destinations are the buckets that the primary replicates key to. Without
// replication configuration there are none.
func (d *directory) destinations(ctx context.Context, bucket, region, key string) ([]destination, error) {
	rules, err := d.rules.get(bucket, func() (rules []types.ReplicationRule, err error) {
		err = call(ctx, func(ctx context.Context) error {
			out, err := d.buckets.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: &bucket}, in(region))
			if err == nil && out.ReplicationConfiguration != nil {
				rules = out.ReplicationConfiguration.Rules
			}
			return err
		})
		if s3error.Code(err) == "ReplicationConfigurationNotFoundError" {
			return nil, nil
		}
		return rules, err
	})
	if err != nil {
		return nil, fmt.Errorf("read replication rules of %s: %w", bucket, err)
	}
	return destinations(rules, key)
}
