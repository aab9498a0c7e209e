package wire

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"autobackup/internal/beat"
	"autobackup/internal/comparebytes"
	"autobackup/internal/handler"
	"autobackup/internal/metric"
)

// Heartbeat builds the function that makes heartbeats. Its payload, the schedule's event, says
// nothing to it. Environment: STAGE, HEARTBEAT_BUCKET, HEARTBEAT_REPLICA, REPLICA_REGION,
// KEY_PREFIX, which may be empty, VALIDATION_QUEUE_ARN, COMPARE_ETAGS_ARN, DIGEST_ALGORITHM,
// PRIMARY_HASH_BYTES_ARN and REPLICA_HASH_BYTES_ARNS.
func Heartbeat(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
	build := HeartbeatTo(os.Stdout, time.Now) //nolint:forbidigo // here the wall clock enters: it dates heartbeats and metrics
	return build(cfg, env, log)
}

// HeartbeatTo is Heartbeat with another place for the metrics, and another clock.
func HeartbeatTo(metrics io.Writer, now func() time.Time) Build {
	return func(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
		cfg, err := reaching(cfg, env)
		if err != nil {
			return nil, err
		}
		b, err := beater(cfg, env)
		if err != nil {
			return nil, err
		}
		return handler.New("heartbeat", log, func(ctx context.Context, _ any) (beat.Beat, error) {
			at := now()
			done, err := b.Beat(ctx, at)
			log.LogAttrs(ctx, slog.LevelInfo, "heartbeat", slog.Any("done", done)) // nobody gets the answer of what a schedule invokes
			// What came of what was put, compare-etags writes. Zeros have alarms know that there is something to wait for.
			measured := metric.Heartbeats{}
			if done.Different {
				measured.Different = 1
			}
			return done, errors.Join(err, metric.Scope{Stage: b.Stage}.WriteHeartbeats(metrics, at, measured))
		}), nil
	}
}

func beater(cfg aws.Config, env func(string) string) (b beat.Beater, err error) {
	functions := comparebytes.Functions{Lambda: lambda.NewFromConfig(cfg)}
	b.Objects, b.Queue, b.Functions, b.Prefix = newS3(cfg), sqs.NewFromConfig(cfg), functions.Lambda, env("KEY_PREFIX")
	b.Primary.Region = cfg.Region
	for name, to := range map[string]struct {
		value   *string
		example string
	}{
		"STAGE":             {&b.Stage, "dev"},
		"HEARTBEAT_BUCKET":  {&b.Primary.Bucket, "autobackup-dev-primary-beat-123456789012"},
		"HEARTBEAT_REPLICA": {&b.Replica.Bucket, "autobackup-dev-replica-beat-eu-west-1-123456789012"},
		"REPLICA_REGION":    {&b.Replica.Region, "eu-west-1"},
	} {
		if *to.value, err = text(env, name, to.example); err != nil {
			return b, err
		}
	}
	if _, b.QueueURL, err = queue(env, "VALIDATION_QUEUE_ARN"); err != nil {
		return b, err
	}
	if b.CompareETags, err = resource(env, "COMPARE_ETAGS_ARN", "lambda"); err != nil {
		return b, err
	}
	of, _ := arn.Parse(b.CompareETags) // resource has told what is wrong
	b.Account, b.Partition = of.AccountID, of.Partition
	if b.Algorithm, err = digestAlgorithm(env); err != nil {
		return b, err
	}
	functions.ARNs, err = hashBytes(env)
	b.Hasher = functions
	return b, err
}
