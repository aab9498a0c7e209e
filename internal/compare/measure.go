package compare

import (
	"context"
	"log/slog"

	"autobackup/internal/metric"
)

// measure writes the metrics of a round.
func (c Comparer) measure(ctx context.Context, looks int, judged []judgment) {
	objects := make([]metric.Object, len(judged))
	for i, j := range judged {
		objects[i] = metric.Object{
			Bucket: j.object.Bucket, Outcome: j.verdict.Outcome, Reason: j.verdict.Reason, Finding: j.verdict.Finding,
			Looks: looks, Time: j.object.Time}
	}
	if err := metric.Write(c.Metrics, c.Stage, c.Now(), objects); err != nil {
		c.Log.LogAttrs(ctx, slog.LevelWarn, "metrics are incomplete", slog.String("error", err.Error()))
	}
}
