// Package requeue puts back into the validation queue what no redrive reaches:
// the messages that a failed execution left without a verdict and without
// parking them, and the events that EventBridge could not deliver.
//
// It first reads everything and changes nothing, shows what it found, asks, and
// then works in pages of ten messages. A page is never cut: Ctrl-C ends the run
// after the page under way. What was put back from executions is noted in a
// ledger, a file on this machine, because Step Functions offers no place to mark
// an execution (docs/decisions/0014-requeue.md).
package requeue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/jedib0t/go-pretty/v6/progress"

	"autobackup/cmd/autobackup/terminal"
)

// Origins of messages, as --from names them.
const (
	FromBoth       = "both"
	FromExecutions = "executions"
	FromEventDLQ   = "event-dlq"
)

// Options say what to put back, and how to ask.
type Options struct {
	Stage  string        // as template.yaml's parameter
	From   string        // FromBoth, FromExecutions or FromEventDLQ
	Since  time.Duration // executions that ended longer ago are left out
	DryRun bool          // only show
	Yes    bool          // do not ask
	Again  bool          // put back what the ledger has, too
	Ledger string        // file of what was put back; made where it is not there

	Now    time.Time // when the run begins
	In     io.Reader // where the answer comes from
	Prompt io.Writer // gets the question, and a progress display if it is a terminal
	// Plan gets the table of what would be put back, before the question.
	Plan io.Writer
}

// run is one call of Run.
type run struct {
	Options
	sqs    *sqs.Client
	sfn    *sfn.Client
	stack  stack
	ledger *ledger
	sent   *progress.Tracker
	report *Report
}

// Run puts messages back. The report tells what was done, also where the error
// is not nil: that says why the rest could not be done. An interruption and a
// question answered with no are no errors; the report has them.
func Run(ctx context.Context, cfg aws.Config, o Options) (*Report, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	cfg = bounded(cfg)
	r := &run{
		Options: o, sqs: sqs.NewFromConfig(cfg), sfn: sfn.NewFromConfig(cfg),
		report: &Report{
			Stage: o.Stage, Region: cfg.Region, DryRun: o.DryRun, Ledger: o.Ledger,
			Executions: []*Execution{}, EventDLQ: EventDLQ{Queue: "autobackup-event-dlq-" + o.Stage, Objects: []string{}}, Left: []Left{},
		},
	}
	err := r.do(ctx)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		r.report.Interrupted, err = true, nil
	}
	return r.report, err
}

func (r *run) do(ctx context.Context) (err error) {
	if r.ledger, err = readLedger(r.Ledger); err != nil {
		return err
	}
	if r.stack, err = r.find(ctx); err != nil {
		return err
	}
	if err := r.plan(ctx); err != nil {
		return err
	}
	if err := r.report.plan(r.Plan); err != nil {
		return err
	}
	if r.DryRun || r.report.Pending() == 0 {
		return nil
	}
	if !r.Yes {
		question := fmt.Sprintf("Put %s back into %s?", count(r.report.Pending(), "message"), r.stack.validation.name)
		agreed, err := terminal.Ask(ctx, r.In, r.Prompt, question, "--yes puts back without asking")
		if err != nil || !agreed {
			r.report.Declined = err == nil
			return err
		}
	}
	return r.work(ctx)
}

// plan reads what there is, and changes nothing.
func (r *run) plan(ctx context.Context) error {
	if r.From != FromEventDLQ {
		if err := r.planExecutions(ctx); err != nil {
			return err
		}
	}
	if r.From != FromExecutions {
		return r.planEventDLQ(ctx)
	}
	return nil
}

// work puts back what the plan found.
func (r *run) work(ctx context.Context) error {
	if err := r.ledger.open(); err != nil {
		return err
	}
	defer r.ledger.close()
	shown := terminal.On(r.Prompt)
	defer shown.Stop()
	r.sent = shown.Track("putting back (Ctrl-C stops after the page under way)", r.report.Pending())
	if err := r.workExecutions(ctx); err != nil || r.report.EventDLQ.Pending == 0 {
		return err
	}
	return r.workEventDLQ(ctx)
}
