package compare

import (
	"context"
	"log/slog"

	"autobackup/internal/batch"
	"autobackup/internal/verdict"
)

// log writes one line a message. The attributes are structured, so a hostile key
// can't make a line of its own.
func (c Comparer) log(ctx context.Context, b batch.Batch, j judgment) {
	attrs := []slog.Attr{
		slog.String("bucket", j.object.Bucket),
		slog.String("key", j.object.Key),
		slog.String("version", j.object.VersionID),
		slog.String("detail", j.verdict.Detail),
		slog.Int("looks", b.Looks),
		slog.String("messageId", j.message.ID),
		slog.String("execution", b.Execution),
	}
	if j.verdict.Outcome == verdict.Verified {
		attrs = append(attrs, slog.String("evidence", string(j.verdict.Evidence)))
		if j.verdict.Finding != "" {
			attrs = append(attrs, slog.String("finding", string(j.verdict.Finding)))
		}
	} else {
		attrs = append(attrs, slog.String("reason", string(j.verdict.Reason)))
	}
	c.Log.LogAttrs(ctx, c.level(j.verdict.Outcome), string(j.verdict.Outcome), attrs...)
}

func (c Comparer) level(o verdict.Outcome) slog.Level {
	switch o {
	case verdict.Verified:
		return c.Success
	case verdict.Lagging:
		return slog.LevelWarn
	case verdict.Skipped, verdict.Reading:
		return slog.LevelInfo
	default:
		return slog.LevelError
	}
}
