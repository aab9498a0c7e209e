package pair

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// Size is how many objects the bucket holds and how many bytes, by the daily metrics
// that S3 gives away: all versions, delete markers and parts of unfinished uploads. ok
// is false where they can't be had, as on a server that is not AWS's. It is for an
// estimate.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
func (s *Side) Size(ctx context.Context, now time.Time) (objects, bytes int64, ok bool) {
	if s.Endpoint != "" {
		return 0, 0, false
	}
	ctx, cancel := context.WithTimeout(ctx, callerTimeout)
	defer cancel()
	client := cloudwatch.NewFromConfig(s.config, func(o *cloudwatch.Options) { o.Region = s.Region })
	objects, ok = metric(ctx, client, s.Bucket, "NumberOfObjects", "AllStorageTypes", now)
	if !ok {
		return 0, 0, false
	}
	bytes, _ = metric(ctx, client, s.Bucket, "BucketSizeBytes", "StandardStorage", now)
	return objects, bytes, true
}

// recent is how far back a daily metric is looked for.
const recent = 3 * 24 * time.Hour

func metric(ctx context.Context, client *cloudwatch.Client, bucket, name, storage string, now time.Time) (int64, bool) {
	const day = 24 * 60 * 60
	out, err := client.GetMetricStatistics(ctx, &cloudwatch.GetMetricStatisticsInput{
		Namespace: aws.String("AWS/S3"), MetricName: &name, Period: aws.Int32(day), Statistics: []types.Statistic{types.StatisticAverage},
		StartTime: aws.Time(now.Add(-recent)), EndTime: &now,
		Dimensions: []types.Dimension{
			{Name: aws.String("BucketName"), Value: &bucket}, {Name: aws.String("StorageType"), Value: &storage},
		},
	})
	if err != nil || len(out.Datapoints) == 0 {
		return 0, false
	}
	latest := out.Datapoints[0]
	for _, p := range out.Datapoints {
		if p.Timestamp.After(*latest.Timestamp) {
			latest = p
		}
	}
	return int64(aws.ToFloat64(latest.Average)), true
}

// KMS says whether looks at objects of the pair probably take requests to AWS KMS, by the
// default encryption of the buckets.
func (p *Pair) KMS() bool {
	asks := func(encryption string) bool {
		return strings.HasPrefix(encryption, "aws:kms") && !strings.HasSuffix(encryption, bucketKey)
	}
	return asks(p.Primary.Encryption) || asks(p.Replica.Encryption)
}
