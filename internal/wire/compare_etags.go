package wire

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/internal/batch"
	"autobackup/internal/handler"
	"autobackup/internal/settle"
)

// What SQS takes as MaximumMessageSize, in bytes
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html).
const (
	minMessage = 1 << 10
	maxMessage = 1 << 20
)

// CompareETags builds the function of the state CompareETags: a Batch with looks
// goes in, the Batch after a round of verdicts comes out. Environment: STAGE,
// DEADLINE_MINUTES, MARKER_DEADLINE_MINUTES, BYTE_VERIFICATION,
// METADATA_DIFFERENCES, MESSAGE_BYTES and, where buckets have metrics of their own,
// BUCKET_METRICS with their names and commas between them. It calls no AWS service: metrics go to
// standard output, which Lambda brings to CloudWatch Logs
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Lambda.html).
func CompareETags(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
	build := CompareETagsTo(os.Stdout, time.Now) //nolint:forbidigo // here the wall clock enters: it dates metrics, no verdict
	return build(cfg, env, log)
}

// CompareETagsTo is CompareETags with another place for the metrics, and another
// clock to date them.
func CompareETagsTo(metrics io.Writer, now func() time.Time) Build {
	return func(_ aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
		stage, err := text(env, "STAGE", "dev")
		if err != nil {
			return nil, err
		}
		policy, err := policy(env)
		if err != nil {
			return nil, err
		}
		message, err := whole(env, "MESSAGE_BYTES", "bytes", minMessage, maxMessage)
		if err != nil {
			return nil, err
		}
		settler := settle.Settler{
			Policy: policy, Stage: stage, MaxMessage: int(message), Log: log, Success: handler.LevelSuccess, Metrics: metrics, Now: now,
			BucketMetrics: strings.FieldsFunc(env("BUCKET_METRICS"), func(r rune) bool { return r == ',' }),
		}
		settle := func(ctx context.Context, b batch.Batch) (batch.Batch, error) { return settler.Settle(ctx, b), nil }
		return handler.New("compare-etags", log, settle), nil
	}
}
