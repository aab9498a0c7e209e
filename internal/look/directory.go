package look

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/internal/s3error"
	"autobackup/internal/s3event"
)

// settling is how long after an upload the rules that S3 shows may still be those
// from before it: a configuration that was put a moment ago is not shown at once,
// the times of events have whole seconds, and clocks differ a little. Half the
// delivery delay of template.yaml, so that the rules read for one upload serve the
// uploads of the next half minute, too.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketReplication.html
const settling = 30 * time.Second

// Buckets tells where buckets are, what they replicate and what they remove.
type Buckets interface {
	HeadBucket(context.Context, *s3.HeadBucketInput, ...func(*s3.Options)) (*s3.HeadBucketOutput, error)
	GetBucketReplication(context.Context, *s3.GetBucketReplicationInput, ...func(*s3.Options)) (*s3.GetBucketReplicationOutput, error)
	GetBucketLifecycleConfiguration(context.Context, *s3.GetBucketLifecycleConfigurationInput, ...func(*s3.Options)) (*s3.GetBucketLifecycleConfigurationOutput, error)
}

// directory knows the buckets' regions and rules, and whether tags may be read.
type directory struct {
	buckets      Buckets
	timeout      time.Duration // of a call
	now          func() time.Time
	regions      *cache[string]
	replications *cache[[]types.ReplicationRule]
	lifecycles   *cache[[]types.LifecycleRule]
	taggings     *cache[bool] // of buckets whose tags may be read
}

func newDirectory(buckets Buckets, now func() time.Time) *directory {
	return &directory{buckets, callTimeout, now, newCache[string](now), newCache[[]types.ReplicationRule](now), newCache[[]types.LifecycleRule](now), newCache[bool](now)}
}

// call runs one call of S3 within the timeout, the SDK's retries included.
func (d *directory) call(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	return do(ctx)
}

// whenever believes whatever a cache still keeps.
var whenever time.Time

// region asks in the client's own region. S3 names the right one in a header
// also where it refuses the request: 301 and 400 from another region, 403
// without s3:ListBucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
func (d *directory) region(ctx context.Context, bucket string) (region string, err error) {
	return d.regions.get(bucket, whenever, func() (string, error) {
		err := d.call(ctx, func(ctx context.Context) error {
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

// replication is the primary bucket's replication rules, none where it has no
// replication configuration. Rules that were read before the upload had settled
// never judge it: a rule added since would go unseen, and a replica that nobody
// looked at would be passed. Of an event without a time nothing can be said, so
// for it the rules are read now.
func (d *directory) replication(ctx context.Context, v s3event.ObjectVersion, region string) ([]types.ReplicationRule, error) {
	since := v.Time.Add(settling)
	if v.Time.IsZero() {
		since = d.now()
	}
	return d.replications.get(v.Bucket, since, func() (rules []types.ReplicationRule, err error) {
		err = d.call(ctx, func(ctx context.Context) error {
			out, err := d.buckets.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: &v.Bucket}, in(region))
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
}

// lifecycle is a bucket's lifecycle rules, none where it has no lifecycle
// configuration.
func (d *directory) lifecycle(ctx context.Context, bucket, region string) ([]types.LifecycleRule, error) {
	return d.lifecycles.get(bucket, whenever, func() (rules []types.LifecycleRule, err error) {
		err = d.call(ctx, func(ctx context.Context) error {
			out, err := d.buckets.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &bucket}, in(region))
			if err == nil {
				rules = out.Rules
			}
			return err
		})
		if s3error.Code(err) == "NoSuchLifecycleConfiguration" {
			return nil, nil
		}
		return rules, err
	})
}
