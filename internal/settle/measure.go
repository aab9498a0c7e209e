package settle

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"autobackup/internal/heartbeat"
	"autobackup/internal/metric"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// measure writes the metrics of a round. Heartbeats that came out as they must have metrics of
// their own, so that those of uploads are about uploads; any other counts as an upload does.
func (s Settler) measure(ctx context.Context, judged []judgment) {
	var objects []metric.Object
	var beats metric.Heartbeats
	for _, j := range judged {
		switch {
		case j.verdict.Reason == reason.AsPlanted:
			if strings.HasSuffix(j.object.Key, heartbeat.Lost) {
				beats.Lost++
			}
			continue
		case j.verdict.Outcome == verdict.Verified && s.Heartbeats.Holds(j.object.Bucket):
			beats.Verified++
			continue
		// One whose replica was deleted may be of long ago, where no heartbeat came meanwhile: it does not
		// say that replication is slow. The other heartbeats do.
		case j.verdict.Outcome == verdict.Lagging && s.Heartbeats.Holds(j.object.Bucket) && strings.HasSuffix(j.object.Key, heartbeat.Lost):
			continue
		}
		objects = append(objects, metric.Object{
			Bucket: j.object.Bucket, Outcome: j.verdict.Outcome, Reasons: reasons(j.verdict), Finding: j.verdict.Finding,
			Looks: j.progress.Looks, Time: j.object.Time})
	}
	scope, at := metric.Scope{Stage: s.Stage, Buckets: s.BucketMetrics}, s.Now()
	err := scope.Write(s.Metrics, at, objects)
	if beats != (metric.Heartbeats{}) {
		err = errors.Join(err, scope.WriteHeartbeats(s.Metrics, at, beats))
	}
	if err != nil {
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
