package discover

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3tables"
	"github.com/aws/aws-sdk-go-v2/service/s3vectors"
)

// kinds are what S3 has beside general purpose buckets.
var kinds = []struct {
	name, operation string
	count           func(*reader, context.Context, string) (int, error)
}{
	{"directory bucket", "ListDirectoryBuckets", (*reader).directories},
	{"table bucket", "ListTableBuckets", (*reader).tables},
	{"vector bucket", "ListVectorBuckets", (*reader).vectors},
	{accessPoint, "ListAccessPoints", (*reader).points},
}

// accessPoint keeps nothing: it is a name for a bucket.
const accessPoint = "access point"

// other counts one kind in all regions. A region that can't be asked is unknown, not empty.
func (r *reader) other(ctx context.Context, kind int, regions []string) Other {
	k := kinds[kind]
	o := Other{Kind: k.name, Unread: []Unread{}}
	for _, region := range regions {
		n, err := k.count(r, ctx, region)
		if err != nil {
			o.Unread = append(o.Unread, unread("", region, k.operation, err))
			continue
		}
		o.Count += n
	}
	return o
}

// pages is one of the SDK's paginators.
type pages[P any, O any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*O)) (P, error)
}

func sum[P, O any](ctx context.Context, all pages[P, O], count func(P) int) (n int, err error) {
	for all.HasMorePages() {
		page, err := all.NextPage(ctx)
		if err != nil {
			return 0, err
		}
		n += count(page)
	}
	return n, nil
}

// directoryBucket ends the name of every one of them, and of no other bucket. A server that
// knows none takes the request for ListBuckets.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/directory-bucket-naming-rules.html
const directoryBucket = "--x-s3"

func (r *reader) directories(ctx context.Context, region string) (int, error) {
	client := s3.NewFromConfig(r.cfg, in(region), func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil
		o.DisableS3ExpressSessionAuth = aws.Bool(true) // a session is for one bucket, and the SDK asks for one anywhere but on AWS
	})
	others := 0
	n, err := sum(ctx, s3.NewListDirectoryBucketsPaginator(client, &s3.ListDirectoryBucketsInput{}), func(page *s3.ListDirectoryBucketsOutput) int {
		for _, b := range page.Buckets {
			if !strings.HasSuffix(aws.ToString(b.Name), directoryBucket) {
				others++
			}
		}
		return len(page.Buckets)
	})
	if err == nil && others > 0 {
		err = errors.New("the server answered with buckets of another kind")
	}
	return n, err
}

func (r *reader) tables(ctx context.Context, region string) (int, error) {
	client := s3tables.NewFromConfig(r.cfg, func(o *s3tables.Options) { o.Region = region })
	return sum(ctx, s3tables.NewListTableBucketsPaginator(client, &s3tables.ListTableBucketsInput{}),
		func(page *s3tables.ListTableBucketsOutput) int { return len(page.TableBuckets) })
}

func (r *reader) vectors(ctx context.Context, region string) (int, error) {
	client := s3vectors.NewFromConfig(r.cfg, func(o *s3vectors.Options) { o.Region = region })
	return sum(ctx, s3vectors.NewListVectorBucketsPaginator(client, &s3vectors.ListVectorBucketsInput{}),
		func(page *s3vectors.ListVectorBucketsOutput) int { return len(page.VectorBuckets) })
}

func (r *reader) points(ctx context.Context, region string) (int, error) {
	client := s3control.NewFromConfig(r.cfg, func(o *s3control.Options) { o.Region = region })
	return sum(ctx, s3control.NewListAccessPointsPaginator(client, &s3control.ListAccessPointsInput{AccountId: aws.String(r.account)}),
		func(page *s3control.ListAccessPointsOutput) int { return len(page.AccessPointList) })
}
