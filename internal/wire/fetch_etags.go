package wire

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/internal/handler"
	"autobackup/internal/look"
)

// FetchETags builds the function of the states FetchETags and FetchETagsAgain. A
// batch.First or a Batch goes in; a Batch comes out whose Messages have looks, as
// many as the workflow's state has room for. An audit sends look.Versions, and
// look.Looks come out. It has no environment variable of its
// own: what is replicated where, S3 tells.
func FetchETags(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
	cfg, err := reaching(cfg, env)
	if err != nil {
		return nil, err
	}
	client := newS3(cfg)
	looker := look.New(client, client, time.Now) //nolint:forbidigo // here the wall clock enters: it ages what is known of buckets
	return handler.New("fetch-etags", log, func(ctx context.Context, r look.Request) (any, error) {
		if r.Versions != nil {
			return looker.LookAt(ctx, *r.Versions), nil
		}
		return looker.Look(ctx, *r.Batch), nil
	}), nil
}
