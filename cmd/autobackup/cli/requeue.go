package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"autobackup/cmd/autobackup/requeue"
	"autobackup/local/clock"
)

type requeueCommand struct {
	Stage  string        `help:"Stage of the deployed stack." default:"dev"`
	Region string        `help:"Region of the primary stack; default: the AWS configuration's." placeholder:"REGION"`
	Since  time.Duration `help:"How long ago executions may have ended: a duration in hours; the default is 14 days." default:"336h"`
	From   string        `help:"Where to look: ${enum}." enum:"both,executions,event-dlq" default:"both"`
	DryRun bool          `help:"Show what would be put back, and change nothing."`
	Yes    bool          `help:"Do not ask." short:"y"`
	Again  bool          `help:"Also put back what was put back before."`
	JSON   bool          `help:"Print the report as JSON." name:"json"`
	Ledger string        `help:"File that remembers what was put back from executions; default: one in your configuration folder." type:"path" placeholder:"FILE"`
}

// Help is printed below the flags' list.
func (requeueCommand) Help() string {
	return `Sends to the validation queue the messages that executions left unsettled when
they failed, timed out or were aborted, and the events that EventBridge could not
deliver. It shows them and asks first. Ctrl-C stops after the page under way.

Exit codes: 0 everything found was put back (with --dry-run: could be), or there
was nothing; 1 something stays where it is, and the report says why: it is too
large, SQS refused it, the answer was no, or the run was interrupted; 2 wrong
usage, or AWS could not be read or written: what was put back until then is told.`
}

func (c requeueCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	cfg, err := awsConfig(ctx, c.Region, "name the primary stack's", "stack", stderr)
	if err != nil {
		return trouble(stderr, err)
	}
	if c.Ledger == "" {
		c.Ledger = requeue.DefaultLedger()
	}
	o := requeue.Options{
		Stage: c.Stage, From: c.From, Since: c.Since, DryRun: c.DryRun, Yes: c.Yes, Again: c.Again, Ledger: c.Ledger,
		Now: clock.Real().Now(), In: os.Stdin, Prompt: stderr, Plan: stdout,
	}
	if c.JSON {
		o.Plan = stderr
	}
	report, err := requeue.Run(ctx, cfg, o)
	if report == nil {
		return trouble(stderr, err)
	}
	write := report.Text
	if c.JSON {
		write = report.JSON
	}
	if err := errors.Join(err, write(stdout)); err != nil {
		return trouble(stderr, err)
	}
	if !report.Complete() {
		return Unexpected
	}
	return Expected
}
