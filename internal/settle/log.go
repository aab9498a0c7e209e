package settle

import (
	"context"
	"log/slog"

	"autobackup/internal/verdict"
)

// log writes one line a message, with an entry for each replica. The attributes
// are structured, so a hostile key can't make a line of its own.
func (r *round) log(ctx context.Context, execution string, j judgment) {
	attrs := []slog.Attr{
		slog.String("bucket", j.object.Bucket),
		slog.String("key", j.object.Key),
		slog.String("version", j.object.VersionID),
		slog.Int("looks", j.progress.Looks),
		slog.String("messageId", j.message.ID),
		slog.String("execution", execution),
	}
	given := func(name, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(name, value))
		}
	}
	given("reason", string(j.verdict.Reason))
	given("evidence", string(j.verdict.Evidence))
	given("finding", string(j.verdict.Finding))
	given("detail", j.verdict.Detail)
	if len(j.verdict.Replicas) > 0 {
		attrs = append(attrs, slog.Any("replicas", j.verdict.Replicas))
	}
	r.Log.LogAttrs(ctx, r.level(j.verdict.Outcome), string(j.verdict.Outcome), attrs...)
}

func (s Settler) level(o verdict.Outcome) slog.Level {
	switch o {
	case verdict.Verified:
		return s.Success
	case verdict.Lagging:
		return slog.LevelWarn
	case verdict.Skipped, verdict.Reading:
		return slog.LevelInfo
	default:
		return slog.LevelError
	}
}
