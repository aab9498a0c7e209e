package operations

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"autobackup/cmd/autobackup/identity"
	"autobackup/internal/keep"
	"autobackup/internal/s3error"
)

// errForeign is of an answer that something between gave, such as a proxy: S3's has an ETag.
var errForeign = errors.New("the answer has no ETag, so it is not S3's: run the same command again")

// Bucket is the name of a stage's working bucket.
func Bucket(stage, account string) string { return "autobackup-" + stage + "-work-" + account }

// InAccount is the working bucket of a stage.
func InAccount(cfg aws.Config, stage, account string) keep.Store {
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil // only S3 itself has a host name for each bucket
		o.APIOptions = append(o.APIOptions, s3error.OwnAnswers)
		o.DisableLogOutputChecksumValidationSkipped = true
	})
	return keep.Bucket{Client: own{client}, Name: Bucket(stage, account)}
}

// own is a client that takes nothing for written that S3 has not.
type own struct{ *s3.Client }

// PutObject implements keep.Client.
func (c own) PutObject(ctx context.Context, in *s3.PutObjectInput, options ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	out, err := c.Client.PutObject(ctx, in, options...)
	if err == nil && aws.ToString(out.ETag) == "" {
		return nil, errForeign
	}
	return out, err
}

// Who is the ARN of the caller, who is on record.
func Who(ctx context.Context, cfg aws.Config) (string, error) {
	if err := identity.Check(ctx, cfg, identity.Wanted{For: "your account"}); err != nil {
		return "", err
	}
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err == nil && aws.ToString(out.Arn) == "" {
		err = errors.New("the answer names nobody")
	}
	if err != nil {
		return "", fmt.Errorf("find out who does this: %s (%s)", s3error.Explain("GetCallerIdentity", err), identity.Unknown(err))
	}
	return *out.Arn, nil
}
