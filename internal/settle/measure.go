package settle

import (
	"context"
	"log/slog"

	"autobackup/internal/metric"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// measure writes the metrics of a round.
func (s Settler) measure(ctx context.Context, judged []judgment) {
	objects := make([]metric.Object, len(judged))
	for i, j := range judged {
		objects[i] = metric.Object{
			Bucket: j.object.Bucket, Outcome: j.verdict.Outcome, Reasons: reasons(j.verdict), Finding: j.verdict.Finding,
			Looks: j.progress.Looks, Time: j.object.Time}
	}
	if err := (metric.Scope{Stage: s.Stage, Buckets: s.BucketMetrics}).Write(s.Metrics, s.Now(), objects); err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "metrics are incomplete", slog.String("error", err.Error()))
	}
}

// reasons are why a version failed: one for each replica that did, or the
// primary's.
func reasons(v verdict.Verdict) (failed []reason.Code) {
	if v.Outcome != verdict.Failed {
		return nil
	}
	for _, e := range v.Replicas {
		if e.Outcome == verdict.Failed {
			failed = append(failed, e.Reason)
		}
	}
	if len(failed) == 0 {
		return []reason.Code{v.Reason}
	}
	return failed
}
