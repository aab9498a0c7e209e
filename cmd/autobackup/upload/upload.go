// Package upload copies the report of an audit to S3, where evidence is kept.
package upload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/report"
	"autobackup/internal/awsconfig"
	"autobackup/internal/s3error"
)

// Report copies the files of a finished report from a folder to where an address says,
// in a folder of the same name. Nothing that is there is replaced: evidence is written
// once. It gives the place.
func Report(ctx context.Context, folder string, to pair.Address, access pair.Access) (string, error) {
	names, err := files(folder)
	if err != nil {
		return "", fmt.Errorf("copy the report %s: %w", folder, err)
	}
	client, err := connect(ctx, to.Bucket, access)
	if err != nil {
		return "", fmt.Errorf("copy the report to s3://%s: %w", to.Bucket, err)
	}
	prefix := strings.TrimSuffix(to.Rest, "/")
	if prefix != "" {
		prefix += "/"
	}
	prefix += filepath.Base(folder) + "/"
	for _, name := range names {
		if err := one(ctx, client, filepath.Join(folder, name), to.Bucket, prefix+name); err != nil {
			return "", fmt.Errorf("copy %s to s3://%s/%s: %s%s; the report is complete in %s", name, to.Bucket, prefix, s3error.Explain("PutObject", err), there(err), folder)
		}
	}
	return "s3://" + to.Bucket + "/" + prefix, nil
}

// there says what it means that a name is taken. Who writes evidence need not be let read it, so
// whether it was taken by this very file, in a try of which the answer was lost, is not asked here.
func there(err error) string {
	if s3error.Code(err) != "PreconditionFailed" {
		return ""
	}
	return ": something of this name is there, and nothing is replaced; where S3's answer was lost, it is this very file, which SHA256SUMS shows:" +
		" then copy the files that are not there yet with aws s3 cp, SHA256SUMS last"
}

func one(ctx context.Context, client *transfermanager.Client, file, bucket, key string) error {
	f, err := os.Open(file) // #nosec G304: a file of the report
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // read only
	_, err = client.UploadObject(ctx, &transfermanager.UploadObjectInput{
		Bucket: &bucket, Key: &key, Body: f, ChecksumAlgorithm: types.ChecksumAlgorithmSha256, IfNoneMatch: aws.String("*"),
	})
	return err
}

// files is what SHA256SUMS lists, and that itself at the end.
func files(folder string) (names []string, err error) {
	text, err := os.ReadFile(filepath.Join(folder, report.SumsFile)) // #nosec G304: a file of the report
	if err != nil {
		return nil, err
	}
	names, err = report.Sums(bytes.NewReader(text))
	return append(names, report.SumsFile), err // last: it vouches for the others
}

// connect is a client in the bucket's own region.
func connect(ctx context.Context, bucket string, access pair.Access) (*transfermanager.Client, error) {
	cfg, err := awsconfig.Load(ctx, config.WithSharedConfigProfile(access.Profile), config.WithRegion(access.Region))
	if err != nil {
		return nil, err
	}
	if access.Endpoint != "" {
		cfg.BaseEndpoint = &access.Endpoint
	}
	if cfg.Region == "" {
		cfg.Region = pair.DefaultRegion
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil })
	out, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	region := s3error.Header(err).Get("x-amz-bucket-region")
	if err == nil {
		region = aws.ToString(out.BucketRegion)
	}
	if err != nil && region == "" {
		return nil, errors.New(s3error.Explain("HeadBucket", err))
	}
	return transfermanager.New(s3.New(client.Options(), func(o *s3.Options) { o.Region = region })), nil
}
