package wire

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/alerted"
	"autobackup/internal/batch"
	"autobackup/internal/handler"
	"autobackup/internal/look"
)

// FetchETags builds the function of the states FetchETags and FetchETagsAgain. A
// Batch goes in; it comes back with a look at every message. Environment:
// WORK_BUCKET. What is replicated where, S3 tells.
func FetchETags(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
	client := s3.NewFromConfig(cfg)
	marks, err := marks(client, env, log)
	if err != nil {
		return nil, err
	}
	looker := look.New(client, client, marks, time.Now) //nolint:forbidigo // here the wall clock enters: it ages what is known of buckets
	look := func(ctx context.Context, b batch.Batch) (batch.Batch, error) { return looker.Look(ctx, b), nil }
	return handler.New("fetch-etags", log, look), nil
}

// marks are in the working bucket, which is in the functions' region.
func marks(client *s3.Client, env func(string) string, log *slog.Logger) (alerted.Marks, error) {
	bucket, err := text(env, "WORK_BUCKET", "autobackup-dev-work-123456789012")
	return alerted.Marks{Objects: client, Bucket: bucket, Log: log}, err
}
