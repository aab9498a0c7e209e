// Command bench measures validation side by side with what a user would pick
// instead, on two MinIO servers that replicate. bench/run installs what it needs
// and starts it; docs/benchmarks.md has what it printed last.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"autobackup/internal/handler"
	"autobackup/local/clock"
)

// options are what bench/run passes. A path that is empty leaves its tool out.
type options struct {
	objects int   // small objects
	mib     int64 // size of the large one
	rounds  int   // of which each tool's fastest counts
	dir     string
	write   string // a document to put the result into
	minio, python, rclone, s3sync,
	noRclone, noS3sync string // why they are left out
}

func main() {
	var o options
	flag.IntVar(&o.objects, "objects", 5000, "small objects, of 1 KiB")
	flag.Int64Var(&o.mib, "mib", 4096, "size of the large object in MiB")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each tool runs; its fastest run counts")
	flag.StringVar(&o.dir, "dir", os.TempDir(), "folder for the servers' objects, which are deleted afterwards")
	flag.StringVar(&o.write, "write", "", "document to write the result into, between its markers")
	flag.StringVar(&o.minio, "minio", "", "MinIO's executable")
	flag.StringVar(&o.python, "python", "", "a Python with boto3")
	flag.StringVar(&o.rclone, "rclone", "", "rclone's executable")
	flag.StringVar(&o.s3sync, "s3sync", "", "s3sync's executable")
	flag.StringVar(&o.noRclone, "no-rclone", "none was given", "why there is no rclone")
	flag.StringVar(&o.noS3sync, "no-s3sync", "none was given", "why there is no s3sync")
	flag.Parse()
	debug.SetGCPercent(handler.GCPercent) // as in the functions
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: error: %v\n", err)
		os.Exit(1)
	}
}

// run measures and prints. A tool that fails, or that does not find both sides
// equal, is an error; a target that is missed is a line of the table.
func run(ctx context.Context, o options, out, progress io.Writer) (err error) {
	dir, err := os.MkdirTemp(o.dir, "autobackup-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	watch := clock.Real()
	before := load()
	say := func(format string, values ...any) { _, _ = fmt.Fprintf(progress, format+"\n", values...) }
	say("upload %d objects of 1 KiB and one of %d MiB, and wait until they are replicated", o.objects, o.mib)
	w, err := newWorld(ctx, o, dir, watch)
	defer func() { err = errors.Join(err, w.stop()) }()
	if err != nil {
		return err
	}
	tools, err := w.tools(o)
	if err != nil {
		return err
	}
	results, err := w.measure(ctx, tools, o.rounds, say)
	if err != nil {
		return err
	}
	text := report(rows(o), results, facts(ctx, o, w.batchSize, watch.Now(), before))
	if _, err := io.WriteString(out, text); err != nil || o.write == "" {
		return err
	}
	return insert(o.write, text)
}
