package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/cmd/autobackup/retry"
	"autobackup/internal/reason"
	"autobackup/local/clock"
)

// ofStage names the stage whose messages a command is about.
type ofStage struct {
	Stage  string `help:"Stage of the deployed stack." default:"dev" group:"Where"`
	Region string `help:"Region of the primary stack; default: the AWS configuration's." placeholder:"REGION" group:"Where"`
}

// chosen are the options that choose messages.
type chosen struct {
	Reason    []string      `predictor:"reason" help:"Only parked messages with this reason, as CONTENT_MISMATCH; several with commas. NONE: those that SQS moved." placeholder:"REASON" group:"Which"`
	Bucket    string        `help:"Only objects of this primary bucket." placeholder:"BUCKET" group:"Which"`
	Prefix    string        `help:"Only objects whose keys begin with this." placeholder:"PREFIX" group:"Which"`
	OlderThan time.Duration `help:"Only what was parked, or whose execution ended, at least so long ago, as 1h." placeholder:"TIME" group:"Which"`
	Since     time.Duration `help:"Only what was parked, or whose execution ended, at most so long ago; the default is 14 days." default:"336h" group:"Which"`
}

func (c chosen) filter() retry.Filter {
	f := retry.Filter{Bucket: c.Bucket, Prefix: c.Prefix, OlderThan: c.OlderThan, Since: c.Since}
	for _, code := range c.Reason {
		f.Reasons = append(f.Reasons, reason.Code(code))
	}
	return f
}

// answered are the options by which a command changes something.
type answered struct {
	Why    string `help:"Why this is done: it goes on record in the account, with who did it." placeholder:"TEXT" group:"How"`
	Max    int    `help:"How many messages it takes at most." default:"1000" placeholder:"N" group:"How"`
	All    bool   `help:"Take more than --max messages." group:"How"`
	DryRun bool   `help:"Show what would be done, and change nothing." group:"How"`
	Yes    bool   `help:"Do not ask." short:"y" group:"How"`
	JSON   bool   `help:"Print the report as JSON." name:"json" group:"How"`
}

type retryCommand struct {
	ofStage
	chosen
	answered
	From  string `help:"Where to look: ${enum}. all is all that is to be looked at; of what only parked messages have (--reason, --tell), parked. failure-dlq is what nobody could be told of, and has it told." enum:"all,parked,executions,event-dlq,failure-dlq" default:"all" group:"Which"`
	Tell  bool   `help:"Have operators told of parked messages again, instead of having them looked at again." group:"How"`
	Again bool   `help:"Also retry what was retried of executions before." group:"Which"`
}

const interrupted = `Ctrl-C stops after the page under way, and the same command goes on. What was done
is on record in the account: autobackup parked --done shows it.`

// Help is printed below the flags' list.
func (retryCommand) Help() string {
	return `Has messages looked at again: those that are parked, those that executions left
unsettled when they failed, timed out or were aborted, and the events that EventBridge
could not deliver. With --from failure-dlq, has operators told of what they could not
be told of. What fails again is told and parked again, so mend the cause before. It shows the messages and asks first. ` + interrupted + `

Of a dead-letter queue it looks at 100 messages before it asks or, where a filter
chooses, at as many as --max says; the table says what it has not looked at.

Examples:
  autobackup retry --stage prod --dry-run
  autobackup retry --stage prod --reason ACCESS_DENIED --why "the key's policy is mended"
  autobackup retry --stage prod --tell --older-than 8h --why "shift change"
  autobackup retry --stage prod --from event-dlq --why "the queue's policy is back" --yes --json
  autobackup retry --stage prod --from failure-dlq --why "the topic's key is back"

Exit codes: 0 everything found was retried (with --dry-run: could be), or there
was nothing; 1 something stays where it is, and the report says why: it is too
large, SQS refused it, another reader has it or had it, there is more than --max, the
answer was no, or the run was interrupted; 2 wrong usage, or AWS could not be read or written: what was done until
then is told.`
}

func (c retryCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	o := c.options(c.ofStage, c.chosen)
	o.From, o.Tell, o.Again = c.From, c.Tell, c.Again
	return c.change(ctx, c.Region, retry.Run, o, stdout, stderr)
}

type discardCommand struct {
	ofStage
	chosen
	answered
	From string `help:"Where to look: ${enum}." enum:"parked,event-dlq" default:"parked" group:"Which"`
}

// Help is printed below the flags' list.
func (discardCommand) Help() string {
	return `Deletes messages whose objects need no copy, or that were checked by hand: parked
ones, or events that EventBridge could not deliver. It shows them and asks first. Their
bodies and attributes go on record before they are deleted, below operations/ in the
stage's working bucket, for 400 days. ` + interrupted + `

Examples:
  autobackup discard --stage prod --bucket acme-scratch --dry-run
  autobackup discard --stage prod --reason MALFORMED_EVENT --why "the test of ticket 4411"
  autobackup discard --stage prod --from event-dlq --why "checked by hand" --yes --json

Exit codes: 0 everything chosen was discarded (with --dry-run: could be), or there
was nothing; 1 something stays, and the report says why: SQS did not delete it,
another reader has it or had it, there is more than --max, the answer was no, or the
run was interrupted; 2 wrong usage, or AWS could not be read or written: what was done
until then is told.`
}

func (c discardCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	o := c.options(c.ofStage, c.chosen)
	o.From = c.From
	return c.change(ctx, c.Region, retry.Discard, o, stdout, stderr)
}

func (a answered) options(s ofStage, which chosen) retry.Options {
	return retry.Options{
		Stage: s.Stage, Filter: which.filter(), Why: a.Why, Max: a.Max, All: a.All, DryRun: a.DryRun, Yes: a.Yes,
		In: os.Stdin,
	}
}

// change runs a command that changes something, and says what came of it.
func (a answered) change(ctx context.Context, region string, do func(context.Context, aws.Config, retry.Options) (*retry.Report, error), o retry.Options, stdout, stderr io.Writer) int {
	cfg, err := awsConfig(ctx, region, "name the primary stack's", "stack", stderr)
	if err != nil {
		return trouble(stderr, err)
	}
	o.Prompt, o.Plan, o.Now = stderr, stdout, theirs(&cfg)
	if a.JSON {
		o.Plan = stderr
	}
	report, err := do(ctx, cfg, o)
	if report == nil {
		return trouble(stderr, err)
	}
	write := report.Text
	if a.JSON {
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

type parkedCommand struct {
	ofStage
	chosen
	Max  int  `help:"How many parked messages to look at." default:"100" placeholder:"N" group:"How"`
	Done bool `help:"Show instead what people had retried and discarded, with who and why, in the time of --since; no message is looked at." group:"How"`
	JSON bool `help:"Print as JSON." name:"json" group:"How"`
}

// Help is printed below the flags' list.
func (parkedCommand) Help() string {
	return `Says how many messages are parked, were not delivered and were not told of, and of
the first parked ones by reason, the worst first, what it means and what to do. A look
hides a message from colleagues for up to half a minute, and SQS counts that it was
received; what was looked at is shown again at the end. Nothing else is changed.

Examples:
  autobackup parked --stage prod
  autobackup parked --stage prod --reason CONTENT_MISMATCH,SIZE_MISMATCH --max 1000
  autobackup parked --stage prod --older-than 24h --json
  autobackup parked --stage prod --done --since 24h

Exit codes: 0 nothing is parked, undelivered or untold (with --done: it is shown);
1 something is; 2 wrong usage, or AWS could not be read.`
}

func (c parkedCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	cfg, err := awsConfig(ctx, c.Region, "name the primary stack's", "stack", stderr)
	if err != nil {
		return trouble(stderr, err)
	}
	now := clock.Real().Now()
	var page interface {
		Text(w io.Writer) error
		JSON(w io.Writer) error
	}
	exit := Expected
	if c.Done {
		page, err = retry.Operations(ctx, cfg, c.Stage, c.Since, now)
	} else {
		var l *retry.Look
		l, err = retry.LookAtParked(ctx, cfg, retry.LookOptions{Stage: c.Stage, Filter: c.filter(), Max: c.Max, Now: now})
		if l != nil {
			page, exit = l, l.Exit()
		}
	}
	if err != nil {
		return trouble(stderr, err)
	}
	write := page.Text
	if c.JSON {
		write = page.JSON
	}
	if err := write(stdout); err != nil {
		return trouble(stderr, err)
	}
	return exit
}
