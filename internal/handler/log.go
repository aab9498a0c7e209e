package handler

import (
	"io"
	"log/slog"
)

// LevelSuccess is the level of a line that says an object version is verified.
// It lies between INFO and WARNING.
const LevelSuccess = slog.Level(2)

var levelNames = map[slog.Level]string{LevelSuccess: "SUCCESS", slog.LevelWarn: "WARNING"}

// Logger writes one JSON object a line, with time, level and msg first. Levels
// are DEBUG, INFO, SUCCESS, WARNING and ERROR; DEBUG lines are not written.
func Logger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: nameLevel}))
}

func nameLevel(groups []string, a slog.Attr) slog.Attr {
	level, ok := a.Value.Any().(slog.Level)
	if name := levelNames[level]; ok && name != "" && len(groups) == 0 && a.Key == slog.LevelKey {
		return slog.String(slog.LevelKey, name)
	}
	return a
}
