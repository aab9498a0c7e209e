// Package retry is what people do with messages that nothing has settled: parked looks at them, retry has
// them looked at or told again, discard deletes them. Parked messages lie in the validation DLQ, events that
// EventBridge could not deliver in the event DLQ, what nobody could be told of in the failure DLQ, and what a failed execution left without a verdict and
// without parking it, in its input.
//
// retry and discard first read and change nothing, show what they found, ask, and then work in pages of
// ten messages. A page is never cut: Ctrl-C ends the run after the page under way. Who did what and why is
// on record in the account, page by page (package operations, docs/decisions/0014-operations.md).
package retry

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/jedib0t/go-pretty/v6/progress"

	"autobackup/cmd/autobackup/operations"
	"autobackup/cmd/autobackup/terminal"
	"autobackup/internal/keep"
)

// run is one call of Run or Discard.
type run struct {
	Options
	queues
	discards        bool
	cfg             aws.Config
	sfn             *sfn.Client
	to              queue // that messages are sent to
	sources         []*source
	began           time.Time // by the clock of SQS
	account         string    // of the stack
	stateMachineARN string
	store           keep.Store
	known           map[operations.Entry]bool // messages of executions that were sent before
	operation       *operations.Operation
	went            map[[sha256.Size]byte]bool // bodies that this run has sent
	shown           *progress.Tracker
	report          *Report
}

// Run has messages looked at again, or told again. The report tells what was done, also where the error
// is not nil: that says why the rest could not be done. An interruption and a
// question answered with no are no errors; the report has them.
func Run(ctx context.Context, cfg aws.Config, o Options) (*Report, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	return start(ctx, cfg, o, false)
}

// Discard deletes messages, which it puts on record before.
func Discard(ctx context.Context, cfg aws.Config, o Options) (*Report, error) {
	if err := o.CheckDiscard(); err != nil {
		return nil, err
	}
	return start(ctx, cfg, o, true)
}

func start(ctx context.Context, cfg aws.Config, o Options, discards bool) (*Report, error) {
	cfg = bounded(cfg)
	r := &run{
		Options: o, queues: queues{sqs.NewFromConfig(cfg), cfg.Region}, discards: discards, cfg: cfg, sfn: sfn.NewFromConfig(cfg),
		went: map[[sha256.Size]byte]bool{}, report: newReport(o, discards, cfg.Region),
	}
	err := r.do(ctx)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		r.report.Interrupted, err = true, nil
	}
	r.report.failed = err != nil
	return r.report, err
}

func (r *run) do(ctx context.Context) error {
	if err := r.find(ctx); err != nil {
		return err
	}
	r.store = operations.InAccount(r.cfg, r.Stage, r.account)
	if err := r.plan(ctx); err != nil {
		return err
	}
	r.report.refuse()
	if err := r.report.plan(r.Plan); err != nil {
		return err
	}
	if r.DryRun || !r.report.Asks() {
		return nil
	}
	if !r.Yes {
		agreed, err := terminal.Ask(ctx, r.In, r.Prompt, r.report.Question(), "--yes does it without asking")
		if err != nil || !agreed {
			r.report.Declined = err == nil
			return err
		}
	}
	return r.work(ctx)
}

// plan reads what there is, and changes nothing.
func (r *run) plan(ctx context.Context) (err error) {
	if !r.discards && r.takes(FromExecutions) {
		if r.known, err = operations.Retried(ctx, r.store, r.Now().Add(-r.Filter.Since)); err != nil {
			return fmt.Errorf("%w: autobackup policy retry prints what that takes", err)
		}
		if err := r.planExecutions(ctx); err != nil {
			return err
		}
	}
	for _, s := range r.sources {
		if err := r.planQueue(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// work does what the plan found.
func (r *run) work(ctx context.Context) error {
	who, err := operations.Who(ctx, r.cfg)
	if err != nil {
		return err
	}
	begin := operations.Begin{Command: r.report.Command, Who: who, At: r.Now(), Why: r.Why, To: r.to.name, Filter: r.record(), Found: r.report.Pending()}
	if r.operation, err = operations.Start(ctx, r.store, begin); err != nil {
		return fmt.Errorf("%w: autobackup policy %s prints what that takes", err, r.report.Command)
	}
	r.report.Operation = r.operation.ID()
	return r.end(ctx, r.workAll(ctx))
}

func (r *run) workAll(ctx context.Context) error {
	shown := terminal.On(r.Prompt)
	defer shown.Stop()
	r.shown = shown.Track("at it (Ctrl-C stops after the page under way)", r.report.Pending())
	if err := r.workExecutions(ctx); err != nil {
		return err
	}
	for _, s := range r.sources {
		if s.report.Pending == 0 && !s.report.open() {
			continue
		}
		if err := r.workQueue(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// end puts on record what the run came to, also where it was interrupted.
func (r *run) end(ctx context.Context, err error) error {
	e := operations.End{At: r.Now(), Done: r.report.Done(), Left: len(r.report.Left), Unreached: r.report.unreached(), Interrupted: ctx.Err() != nil}
	if err != nil && ctx.Err() == nil {
		e.Error = err.Error()
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), pageTime)
	defer cancel()
	if recorded := r.operation.End(within, e); recorded != nil {
		r.report.Interrupted = ctx.Err() != nil
		if errors.Is(err, context.Canceled) {
			return recorded
		}
		return errors.Join(err, recorded)
	}
	return err
}

func records(from string, all []message, whole bool) (recorded []operations.Message) {
	for _, m := range all {
		recorded = append(recorded, m.record(from, whole))
	}
	return recorded
}
