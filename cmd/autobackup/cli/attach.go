package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithytime "github.com/aws/smithy-go/time"

	"autobackup/cmd/autobackup/attach"
	"autobackup/cmd/autobackup/terminal"
	"autobackup/internal/stagename"
	"autobackup/local/clock"
)

// attachFlags are those of attach and detach.
type attachFlags struct {
	Stage          string `help:"Stage of the stack that validates; default: ${default}." default:"dev" placeholder:"STAGE"`
	Region         string `help:"Region of the primary stack and of the buckets; default: the AWS configuration's." placeholder:"REGION"`
	Yes            bool   `help:"Do not ask." short:"y"`
	SkipValidation bool   `help:"Have S3 not ask the targets of the bucket's own notifications whether they take them." name:"skip-validation"`
	JSON           bool   `help:"Print the report as JSON." name:"json"`
}

// roleARN is a role's in IAM, whatever its path.
var roleARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[a-zA-Z0-9_./-]+$`)

type attachCommand struct {
	Buckets []string `arg:"" optional:"" name:"bucket" help:"s3://BUCKET; several may be named."`
	Plan    string   `help:"Write what would be changed into FILE, a new one, for somebody to review, and change nothing." placeholder:"FILE"`
	Apply   string   `help:"Change what the plan in FILE has, if everything is as it was." placeholder:"FILE" type:"existingfile"`
	Print   string   `help:"Print, and change nothing: what your own code needs, as terraform, cloudformation or aws; or what the stacks must be given to take the buckets, as parameters." placeholder:"FORM"`
	Write   string   `help:"Write what the stacks must be given to take the buckets into FILE, which they are deployed from, and change no bucket: samconfig.toml, a .tfvars.json for Terraform, or another .json for CloudFormation." placeholder:"FILE"`
	Role    string   `help:"ARN of the stage's role that looks; default: as the stack's parameters name it, or arn:PARTITION:iam::ACCOUNT:role/autobackup-STAGE-fetch-etags." placeholder:"ARN"`
	VPC     bool     `help:"The stacks have SubnetIds, where their parameters can't be read: what policies ask of networks is told as not known, and refuses nothing." name:"vpc"`
	attachFlags
}

// Help is printed below the flags' list.
func (attachCommand) Help() string {
	return `Has the uploads into buckets that you have validated. It looks at each bucket and at
the buckets that its replication rules lead to, shows what it would change, and asks.
It changes two things at most: EventBridge is turned on, and S3 tells the stage of
replications that failed, where a rule has metrics. Everything else stays as it is.
autobackup detach takes it back. docs/adopt.md has the steps before it.

Buckets whose tags say that infrastructure code owns them are not changed by --yes:
what their code needs is printed. A plan that is applied changes them: it has the
warning in it.

A plan is written over no file, and has all that was seen of the buckets. At the
question, p writes one and c prints code.

Examples:
  autobackup attach s3://acme-invoices --stage prod
  autobackup attach s3://acme-invoices s3://acme-ledger --stage prod --yes
  autobackup attach s3://acme-invoices --stage prod --plan plan.json
  autobackup attach --stage prod --apply plan.json --json

Exit codes: 0 every bucket is attached, or was planned, printed or written as you asked for; 1
at least one is not; 2 wrong usage, or nothing could be found out.`
}

type detachCommand struct {
	Buckets        []string `arg:"" name:"bucket" help:"s3://BUCKET; several may be named."`
	EventBridgeOff bool     `help:"Also turn EventBridge off where attach turned it on, and no other rule takes the bucket's events." name:"eventbridge-off"`
	attachFlags
}

// Help is printed below the flags' list.
func (detachCommand) Help() string {
	return `Takes back what attach changed of buckets, as it is recorded in the stage's working
bucket, and nothing else: what somebody changed since is theirs. EventBridge stays on
unless --eventbridge-off says otherwise. It shows what it would change, and asks.

Examples:
  autobackup detach s3://acme-invoices --stage prod
  autobackup detach s3://acme-invoices --stage prod --eventbridge-off --yes --json

Exit codes: 0 all was taken back; 1 something of at least one bucket was not; 2 wrong
usage, or nothing could be found out.`
}

func (f attachFlags) load(ctx context.Context, stderr io.Writer) (cfg aws.Config, err error) {
	if err := stagename.Check(f.Stage); err != nil {
		return cfg, err
	}
	return awsConfig(ctx, f.Region, "name the stage's", "buckets", stderr)
}

// options are what both commands do with what they find out.
func (f attachFlags) options(ctx context.Context, typed []string, stdout, stderr io.Writer) (o attach.Options, err error) {
	o = attach.Options{Stage: f.Stage, Yes: f.Yes, SkipValidation: f.SkipValidation, Out: stdout, Now: clock.Real().Now, Wait: smithytime.SleepWithContext}
	if o.Buckets, err = attach.Names(typed); err != nil {
		return o, err
	}
	screen := stdout
	if f.JSON {
		o.Out, screen = stderr, io.Discard
	}
	if !f.Yes && terminal.Is(stderr) && terminal.Is(os.Stdin) {
		o.Choose = func(question string) (string, error) {
			answer, err := terminal.Choose(ctx, os.Stdin, stderr, question, "--yes goes on without asking")
			if ctx.Err() != nil {
				fmt.Fprintln(stderr) //nolint:errcheck // the question ends where it stands
			}
			return answer, err
		}
		if !terminal.Is(screen) { // whoever is asked sees about what
			screen = io.MultiWriter(screen, stderr)
		}
	}
	o.Show = func(r *attach.Report) error { return r.Screen(screen) }
	return o, nil
}

func (f attachFlags) end(r *attach.Report, err error, stdout, stderr io.Writer) int {
	if err == nil && f.JSON {
		err = r.JSON(stdout)
	} else if err == nil {
		err = r.Ending(stdout)
	}
	if err != nil {
		return trouble(stderr, err)
	}
	return r.Exit
}

// check refuses flags that don't go together, and what none of them can mean.
func (c attachCommand) check() error {
	forms := append(slices.Clone(attach.Forms), attach.OfStacks)
	named := slices.DeleteFunc([]string{c.Plan, c.Apply, c.Print, c.Write}, func(s string) bool { return s == "" })
	switch {
	case len(named) > 1 || len(named) == 1 && c.Yes:
		return errors.New("--plan, --apply, --print, --write and --yes each say what to do: name one of them")
	case c.Print != "" && !slices.Contains(forms, c.Print):
		return fmt.Errorf("--print %q is no form: %s", c.Print, strings.Join(forms, ", "))
	case c.Role != "" && !roleARN.MatchString(c.Role):
		return fmt.Errorf("--role %q is no ARN of a role: write arn:aws:iam::ACCOUNT:role/PATH/NAME", c.Role)
	case c.Apply != "" && len(c.Buckets) > 0:
		return errors.New("--apply changes the buckets that the plan has: name none")
	}
	return nil
}

func (c attachCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	if err := c.check(); err != nil {
		return trouble(stderr, err)
	}
	if c.Write != "" {
		if err := attach.Writable(c.Write); err != nil {
			return trouble(stderr, err)
		}
	}
	typed := c.Buckets
	if c.Apply != "" {
		typed = []string{"s3://the-plans"}
	}
	o, err := c.options(ctx, typed, stdout, stderr)
	if err != nil {
		return trouble(stderr, err)
	}
	o.Plan, o.Apply, o.Print, o.Write, o.Role, o.VPC = c.Plan, c.Apply, c.Print, c.Write, c.Role, c.VPC
	if c.Print != "" && !c.JSON {
		o.Show = func(r *attach.Report) error { return r.Screen(stderr) } // what is printed is for a file
	}
	cfg, err := c.load(ctx, stderr)
	if err != nil {
		return trouble(stderr, err)
	}
	r, err := attach.Run(ctx, cfg, o)
	if c.Print != "" && !c.JSON {
		stdout = stderr
	}
	return c.end(r, err, stdout, stderr)
}

func (c detachCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	o, err := c.options(ctx, c.Buckets, stdout, stderr)
	if err != nil {
		return trouble(stderr, err)
	}
	o.EventBridgeOff = c.EventBridgeOff
	cfg, err := c.load(ctx, stderr)
	if err != nil {
		return trouble(stderr, err)
	}
	r, err := attach.Detach(ctx, cfg, o)
	return c.end(r, err, stdout, stderr)
}
