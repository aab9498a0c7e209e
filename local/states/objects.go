package states

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// objects is the S3 that distributed Maps read items from and write results to.
// Its requests come in at the stack's own address, as those of functions do, so
// that faults, rules and regions count for them too.
type objects struct{ client *s3.Client }

func (s *Service) objects(region, accessKey string) objects {
	return objects{s3.NewFromConfig(s.AWSConfig(region, accessKey))}
}

// Get opens an object.
func (o objects) Get(ctx context.Context, bucket, key, version string) (io.ReadCloser, error) {
	in := &s3.GetObjectInput{Bucket: &bucket, Key: &key}
	if version != "" {
		in.VersionId = &version
	}
	out, err := o.client.GetObject(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("get %q from %s: %w", key, bucket, err)
	}
	return out.Body, nil
}

// Put stores an object.
func (o objects) Put(ctx context.Context, bucket, key string, body io.ReadSeeker) error {
	_, err := o.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: body, ContentType: aws.String("application/json")})
	if err != nil {
		return fmt.Errorf("put %q into %s: %w", key, bucket, err)
	}
	return nil
}
