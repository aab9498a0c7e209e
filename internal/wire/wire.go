// Package wire builds each function from its AWS configuration and its
// environment: one constructor a function, in a file of its name. It is the one
// place where the wall clock enters the functions' code.
package wire

import (
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/internal/handler"
)

// Build is what every constructor of this package is: env is os.Getenv or a
// stand-in for it, log what handler.Logger makes. Its error names the environment
// variable that is wrong and what it should be.
type Build = func(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error)

// Functions are all constructors, each by its function's folder in lambdas/, for
// whoever runs the functions without their mains. That of doctor is with the command
// that it is, in cmd/autobackup/doctor. Metrics go to another place
// than standard output and are dated by another clock, as in CompareETagsTo.
func Functions(metrics io.Writer, now func() time.Time) map[string]Build {
	return map[string]Build{
		"compare-bytes":    CompareBytes,
		"compare-etags":    CompareETagsTo(metrics, now),
		"evidence":         EvidenceBy(now),
		"failure-notifier": FailureNotifier,
		"fetch-etags":      FetchETags,
		"hash-bytes":       HashBytes,
		"heartbeat":        HeartbeatTo(metrics, now),
	}
}
