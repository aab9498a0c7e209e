package doctor

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/internal/handler"
	"autobackup/internal/metric"
	"autobackup/internal/wire"
)

// Looked is what the function answers: of whom its report is. What it found stands in the log
// and in the metrics, because nobody gets the answer of what a schedule invokes.
type Looked struct {
	Stage   string `json:"stage"`
	Buckets int    `json:"buckets"`
}

// Function builds the Lambda function that a schedule invokes: it does what the command does,
// with its own role, logs the report as one line, and writes metrics that an alarm reads. Its
// payload, the schedule's event, says nothing to it. Environment: STAGE. It fails only where
// nothing could be found out: then there is no metric, which would say that all is well.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
func Function(metrics io.Writer, now func() time.Time) wire.Build {
	return func(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
		stage := env("STAGE")
		if stage == "" {
			return nil, errors.New("environment variable STAGE is not set: set it to a value like dev")
		}
		return handler.New("doctor", log, func(ctx context.Context, _ any) (Looked, error) {
			report, err := Run(ctx, cfg, Options{Stage: stage, Now: now})
			if err != nil {
				return Looked{}, err
			}
			level := handler.LevelSuccess
			if report.Exit != 0 {
				level = slog.LevelWarn
			}
			log.LogAttrs(ctx, level, "doctor", slog.Any("report", report))
			return Looked{report.Stage, report.Buckets}, metric.Scope{Stage: report.Stage}.WriteDoctor(metrics, now(), report.Untold(), report.Unknown)
		}), nil
	}
}
