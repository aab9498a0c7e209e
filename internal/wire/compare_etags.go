package wire

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/internal/alert"
	"autobackup/internal/batch"
	"autobackup/internal/compare"
	"autobackup/internal/handler"
	"autobackup/internal/verdict"
)

// maxMinutes is a year: how long an execution can last
// (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
const maxMinutes = 365 * 24 * 60

// CompareETags builds the function of the state CompareETags: a Batch with looks
// goes in, the Batch after a round of verdicts comes out. Environment: STAGE,
// DEADLINE_MINUTES, MARKER_DEADLINE_MINUTES, BYTE_VERIFICATION,
// METADATA_DIFFERENCES, and for the commands in alerts
// VALIDATION_QUEUE_ARN, VALIDATION_DLQ_URL, VALIDATION_DLQ_ARN and
// FAILURE_QUEUE_ARN. It calls no AWS service: metrics go to standard output,
// which Lambda brings to CloudWatch Logs
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Lambda.html).
func CompareETags(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
	build := CompareETagsTo(os.Stdout, time.Now) //nolint:forbidigo // here the wall clock enters: it dates metrics, no verdict
	return build(cfg, env, log)
}

// CompareETagsTo is CompareETags with another place for the metrics, and another
// clock to date them.
func CompareETagsTo(metrics io.Writer, now func() time.Time) Build {
	return func(_ aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
		policy, err := policy(env)
		if err != nil {
			return nil, err
		}
		if policy.Bytes, err = verdict.ParseByteVerification(env("BYTE_VERIFICATION")); err != nil {
			return nil, fmt.Errorf("environment variable BYTE_VERIFICATION: %w", err)
		}
		if policy.AlertMetadata, err = alertMetadata(env); err != nil {
			return nil, err
		}
		stage, queues, err := addressing(env)
		if err != nil {
			return nil, err
		}
		comparer := compare.Comparer{
			Policy: policy, Stage: stage, Queues: queues, Log: log, Success: handler.LevelSuccess, Metrics: metrics, Now: now,
		}
		compare := func(ctx context.Context, b batch.Batch) (batch.Batch, error) { return comparer.Compare(ctx, b), nil }
		return handler.New("compare-etags", log, compare), nil
	}
}

func policy(env func(string) string) (p verdict.Policy, err error) {
	if p.Deadline, err = minutes(env, "DEADLINE_MINUTES"); err != nil {
		return p, err
	}
	p.MarkerDeadline, err = minutes(env, "MARKER_DEADLINE_MINUTES")
	return p, err
}

// alertMetadata is whether other metadata is alerted, or only recorded.
func alertMetadata(env func(string) string) (bool, error) {
	switch value := env("METADATA_DIFFERENCES"); value {
	case "record", "alert":
		return value == "alert", nil
	default:
		return false, fmt.Errorf("environment variable METADATA_DIFFERENCES is %q: set it to record or alert", value)
	}
}

// minutes is the value of a variable that holds a duration, from one minute to a
// year.
func minutes(env func(string) string, name string) (time.Duration, error) {
	n, err := strconv.ParseUint(env(name), 10, 31)
	if err != nil || n == 0 || n > maxMinutes {
		return 0, fmt.Errorf("environment variable %s is %q: set it to a whole number of minutes from 1 to %d", name, env(name), maxMinutes)
	}
	return time.Duration(n) * time.Minute, nil
}

// addressing reads what alerts name: the stage and the queues.
func addressing(env func(string) string) (stage string, q alert.Queues, err error) {
	if stage, err = text(env, "STAGE", "dev"); err != nil {
		return "", q, err
	}
	if q.ValidationARN, err = resource(env, "VALIDATION_QUEUE_ARN", "sqs"); err != nil {
		return "", q, err
	}
	if q.FailureARN, err = resource(env, "FAILURE_QUEUE_ARN", "sqs"); err != nil {
		return "", q, err
	}
	if q.DLQARN, err = resource(env, "VALIDATION_DLQ_ARN", "sqs"); err != nil {
		return "", q, err
	}
	q.DLQURL, err = text(env, "VALIDATION_DLQ_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/autobackup-validation-dlq-dev")
	return stage, q, err
}

// resource is the value of a variable that holds an ARN of a service.
func resource(env func(string) string, name, service string) (string, error) {
	_, err := parsedARN(env, name, service)
	return env(name), err
}

func parsedARN(env func(string) string, name, service string) (arn.ARN, error) {
	a, err := arn.Parse(env(name))
	if err != nil || a.Service != service || a.Resource == "" {
		return arn.ARN{}, fmt.Errorf("environment variable %s is %q: set it to an ARN like arn:aws:%s:eu-central-1:123456789012:autobackup-dev",
			name, env(name), service)
	}
	return a, nil
}
