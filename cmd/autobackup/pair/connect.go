package pair

import (
	"context"
	"math"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Connect is a client in a bucket's own region, for who reads one bucket alone. whose is who
// needs the credentials, for the error where there are none.
func Connect(ctx context.Context, whose, bucket string, a Access) (*s3.Client, error) {
	unbounded := NewPace(math.MaxInt32, func(map[string]int64) error { return nil })
	account, err := connect(ctx, whose, "--profile", a, Options{Pace: unbounded})
	if err != nil {
		return nil, err
	}
	region, err := locate(ctx, account, bucket)
	if err != nil {
		return nil, err
	}
	return s3.New(account.s3.Options(), func(o *s3.Options) { o.Region = region }), nil
}
