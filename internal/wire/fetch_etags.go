package wire

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/internal/batch"
	"autobackup/internal/handler"
	"autobackup/internal/look"
)

// FetchETags builds the function of the states FetchETags and FetchETagsAgain. A
// batch.First or a Batch goes in; a Batch comes out whose Messages have looks, as
// many as the workflow's state has room for. It has no environment variable of its
// own: what is replicated where, S3 tells.
func FetchETags(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
	cfg, err := reaching(cfg, env)
	if err != nil {
		return nil, err
	}
	client := newS3(cfg)
	looker := look.New(client, client, time.Now) //nolint:forbidigo // here the wall clock enters: it ages what is known of buckets
	look := func(ctx context.Context, b batch.Batch) (batch.Batch, error) { return looker.Look(ctx, b), nil }
	return handler.New("fetch-etags", log, look), nil
}
