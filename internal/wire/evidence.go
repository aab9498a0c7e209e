package wire

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/internal/evidence"
	"autobackup/internal/handler"
	"autobackup/internal/keep"
)

// Evidence builds the function that makes files of evidence of facts, and manifests of days.
// Its payload, the schedule's event, says nothing to it. Environment: STAGE, ACCOUNT,
// WORK_BUCKET and EVIDENCE_BUCKET.
func Evidence(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
	build := EvidenceBy(time.Now) //nolint:forbidigo // here the wall clock enters: it says which hours and days are over
	return build(cfg, env, log)
}

// EvidenceBy is Evidence by another clock.
func EvidenceBy(now func() time.Time) Build {
	return func(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
		cfg, err := reaching(cfg, env)
		if err != nil {
			return nil, err
		}
		values := map[string]string{}
		for name, example := range map[string]string{
			"STAGE": "dev", "ACCOUNT": "123456789012", "WORK_BUCKET": "autobackup-dev-work-123456789012", "EVIDENCE_BUCKET": "autobackup-dev-evidence-123456789012",
		} {
			if values[name], err = text(env, name, example); err != nil {
				return nil, err
			}
		}
		client := newS3(cfg)
		k := keep.Keeper{
			Facts: keep.Bucket{Client: client, Name: values["WORK_BUCKET"]}, Evidence: keep.Bucket{Client: client, Name: values["EVIDENCE_BUCKET"]},
			Of: evidence.Deployment{Stage: values["STAGE"], Account: values["ACCOUNT"], Region: cfg.Region}, Now: now,
		}
		return handler.New("evidence", log, func(ctx context.Context, _ any) (keep.Kept, error) {
			kept, err := k.Run(ctx)
			log.LogAttrs(ctx, slog.LevelInfo, "evidence", slog.Any("kept", kept)) // nobody gets the answer of what a schedule invokes
			return kept, err
		}), nil
	}
}
