package wire

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/internal/batch"
	"autobackup/internal/evidence"
	"autobackup/internal/handler"
	"autobackup/internal/heartbeat"
	"autobackup/internal/keep"
	"autobackup/internal/program"
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
// BUCKET_METRICS with their names and commas between them; HEARTBEAT_BUCKET where the stage has one. Where FACTS_BUCKET names one, what was
// settled is left there as facts for the function evidence; else it calls no AWS service. Metrics go to
// standard output, which Lambda brings to CloudWatch Logs
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Lambda.html).
func CompareETags(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
	build := CompareETagsTo(os.Stdout, time.Now) //nolint:forbidigo // here the wall clock enters: it dates metrics and facts, no verdict
	return build(cfg, env, log)
}

// CompareETagsTo is CompareETags with another place for the metrics, and another
// clock to date them and the facts.
func CompareETagsTo(metrics io.Writer, now func() time.Time) Build {
	return func(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
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
			Heartbeats:    heartbeat.Bucket(env("HEARTBEAT_BUCKET")),
			BucketMetrics: strings.FieldsFunc(env("BUCKET_METRICS"), func(r rune) bool { return r == ',' }),
		}
		do := func(ctx context.Context, b batch.Batch) (batch.Batch, error) { return settler.Settle(ctx, b), nil }
		if bucket := env("FACTS_BUCKET"); bucket != "" {
			if cfg, err = reaching(cfg, env); err != nil {
				return nil, err
			}
			do = told{settler, keep.Bucket{Client: newS3(cfg), Name: bucket}}.settle
		}
		return handler.New("compare-etags", log, do), nil
	}
}

// told settles rounds and leaves what they settled as facts.
type told struct {
	settle.Settler
	facts keep.Store
}

// settle fails where facts can't be left: the workflow tries again, and parks at last what
// nothing would give evidence of. What was measured counts only then, so that a round that is
// tried again counts once.
func (t told) settle(ctx context.Context, b batch.Batch) (batch.Batch, error) {
	var measured bytes.Buffer
	s := t.Settler
	s.Metrics = &measured
	after, ended := s.Round(ctx, b)
	run := evidence.Run{ID: cmp.Or(b.Execution, "unknown"), At: t.Now(), Program: program.Running(), Template: program.Template()}
	var records []evidence.Record
	for _, e := range ended {
		if t.Heartbeats.Holds(e.Version.Bucket) {
			continue // evidence is about what people uploaded
		}
		if r, is := evidence.OfSettled(e.Settled, e.Version, e.Look, run); is {
			records = append(records, r)
		}
	}
	if err := keep.Put(ctx, t.facts, records); err != nil {
		return batch.Batch{}, err
	}
	if _, err := measured.WriteTo(t.Metrics); err != nil {
		t.Log.LogAttrs(ctx, slog.LevelWarn, "metrics are incomplete", slog.String("error", err.Error()))
	}
	return after, nil
}
