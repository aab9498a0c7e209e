// Package cli is the command line of autobackup: results go to stdout,
// everything else to stderr.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"autobackup/cmd/autobackup/demo"
	"autobackup/cmd/autobackup/serve"
)

// Exit codes, printed in the help.
const (
	Expected   = 0 // every outcome was the expected one
	Unexpected = 1 // an object was not verified, not read, or not as expected; a message was not retried, a bucket not attached, a deployment not as it must be
	Trouble    = 2 // wrong usage, or the program could not do its work
)

const description = `Know, not hope, that S3 backups in another region are intact.

Examples:
  autobackup demo
  autobackup audit s3://acme-invoices
  autobackup status --stage prod
  autobackup retry --help

Exit codes: 0 every outcome was the expected one; 1 at least one was not, a file
could not be read, a message was not retried, or a bucket not attached; 2 wrong
usage, or the program could not do its work. Each command's help says its own.`

type commands struct {
	Audit      auditCommand      `cmd:"" help:"Compare all versions of a bucket with its replicas: read-only, nothing to deploy."`
	Explain    explainCommand    `cmd:"" help:"Explain one object version: both sides now, side by side, why, and what to do; read-only."`
	Discover   discoverCommand   `cmd:"" help:"Show which buckets of your accounts replicate and are validated, and which do not."`
	Attach     attachCommand     `cmd:"" help:"Have the uploads into buckets that you have validated: looks, shows what it would change, and asks."`
	Detach     detachCommand     `cmd:"" help:"Take back what attach changed of buckets."`
	Doctor     doctorCommand     `cmd:"" help:"Say whether a deployment is as it must be, and what mends what is not; read-only."`
	Status     statusCommand     `cmd:"" help:"Show a deployment in one screen: what doctor says, what was verified lately, queues, the last audit; read-only."`
	Console    consoleCommand    `cmd:"" help:"Show a deployment as a page on this machine: overview, executions, parked messages, audits; read-only, unless it may act."`
	Evidence   evidenceCommand   `cmd:"" help:"Say whether evidence of endings is as it was written, or what it shows of a span of days; read-only."`
	Accept     acceptCommand     `cmd:"" help:"Take what is known and meant out of the findings of the next audits."`
	Policy     policyCommand     `cmd:"" help:"Print the least IAM policy for a command or for deploying, or a boundary of all roles."`
	Demo       demoCommand       `cmd:"" help:"Run the main job on this machine: two regions, replication, validation, alerts."`
	Serve      serveCommand      `cmd:"" help:"Run both stacks on this machine until Ctrl-C, to see what comes of uploads by your own tools."`
	Parked     parkedCommand     `cmd:"" help:"Say what waits for somebody in the dead-letter queues, by reason, with what it means and what to do; or what was done."`
	Retry      retryCommand      `cmd:"" help:"Have messages looked at or told again: parked ones, those in failed executions, undelivered events; shows them, and asks."`
	Discard    discardCommand    `cmd:"" help:"Delete messages that need nothing more, and keep them on record; shows them, and asks."`
	Completion completionCommand `cmd:"" help:"Print what has bash or zsh complete commands and flags."`
}

type serveCommand struct {
	Listen  string `help:"Address to listen on, ${default} where none is given; where it is of the loopback, also listen for Docker's containers, on its bridge." default:"127.0.0.1:9400" placeholder:"HOST:PORT"`
	Page    string `help:"Address to show the page at." default:"127.0.0.1:4747" placeholder:"HOST:PORT"`
	Dir     string `help:"Keep everything in this folder, which is made: the next serve with it goes on where this one was stopped, or killed." placeholder:"DIR"`
	Fast    bool   `help:"Let waits and delays pass at once."`
	Env     bool   `help:"Print what a shell exports to talk to the serve that listens there, and end: eval \"$(autobackup serve --env)\"."`
	Project string `help:"Folder of template.yaml and samconfig.toml." default:"." type:"existingdir"`
}

type demoCommand struct {
	Dir       string            `help:"Upload the files in DIR, recursively, instead of the samples." type:"existingdir" placeholder:"DIR"`
	Project   string            `help:"Folder of template.yaml and samconfig.toml." default:"." type:"existingdir"`
	Parameter map[string]string `help:"Deploy with this parameter of the templates, such as ByteVerification=always; may be repeated." placeholder:"NAME=VALUE" mapsep:"none"`
	JSON      bool              `help:"Print the report as JSON." name:"json"`
	Keep      string            `help:"Keep the e-mails in this folder, which is made, or is empty." placeholder:"DIR"`
}

// Help is printed below the flags' list.
func (serveCommand) Help() string {
	return `Runs both stacks on this machine until Ctrl-C, at one address that the AWS CLI, SDKs
and your own tools can be sent to: two regions, replication, validation, alarms and
e-mails, which are written to files. Nothing of it is AWS. A key breaks and mends what
can go wrong, and the page shows what comes of uploads; docs/local.md says more.

Examples:
  autobackup serve
  autobackup serve --dir kept --fast
  autobackup serve --listen 127.0.0.1:9500 --page 127.0.0.1:4848
  eval "$(autobackup serve --env)"

Exit codes: 0 it was stopped, or with --env printed; 2 wrong usage, the stacks could
not be run, or with --env none listens there.`
}

// Help is printed below the flags' list.
func (demoCommand) Help() string {
	return `Deploys both stacks on this machine, uploads samples that show what can happen to a
replica, or your own files, and prints what came of each, the e-mails, and what is
parked. Nothing of it is AWS, nothing stays but what --keep names, and it takes
seconds. docs/local.md says more.

Examples:
  autobackup demo
  autobackup demo --dir photos --keep e-mails
  autobackup demo --parameter ByteVerification=always --parameter DeadlineMinutes=30
  autobackup demo --json

Exit codes: 0 every outcome was the expected one; 1 at least one was not, or a file
could not be read; 2 wrong usage, or the stacks could not be run.`
}

// Commands lists the names of all commands.
func Commands() (names []string) {
	fields := reflect.TypeFor[commands]()
	for i := range fields.NumField() {
		names = append(names, strings.ToLower(fields.Field(i).Name))
	}
	return names
}

// Run executes a command line and answers the exit code.
func Run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := untilStopped()
	defer stop()
	var c commands
	exit := -1
	parser, err := kong.New(&c, kong.Name("autobackup"), kong.Description(description), kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exit = code }))
	if err != nil {
		return trouble(stderr, err)
	}
	if code, asked := completes(parser, stderr); asked {
		return code
	}
	if err := empty(args); err != nil {
		return trouble(stderr, err)
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 { // --help
		return exit
	}
	if err != nil {
		return trouble(stderr, fmt.Errorf("%w\nautobackup: hint: %s", err, hint(err)))
	}
	return parsed.Selected().Target.Interface().(command).run(ctx, stdout, stderr)
}

// hint says which help there is for a command line that is none.
func hint(err error) string {
	var wrong *kong.ParseError
	if errors.As(err, &wrong) && wrong.Context.Selected() != nil {
		return wrong.Context.Selected().FullPath() + " --help says what it takes"
	}
	return "autobackup --help lists the commands"
}

// empty refuses flags that a shell's empty variable left without a value: they would be as
// if they were left out, and a folder the one that the program runs in.
func empty(args []string) error {
	for i, arg := range args {
		flag, value, has := strings.Cut(arg, "=")
		if !has && i+1 < len(args) {
			value, has = args[i+1], true
		}
		if has && value == "" && strings.HasPrefix(flag, "--") && flag != "--" {
			return fmt.Errorf("%s is empty: give it a value, or leave it out", flag)
		}
	}
	return nil
}

// untilStopped ends with Ctrl-C, SIGTERM and, where the program was not started to
// outlive it (nohup), the terminal: what is temporary is then removed. A second
// signal ends the program at once.
func untilStopped() (context.Context, context.CancelFunc) {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// command is what every field of commands is.
type command interface {
	run(ctx context.Context, stdout, stderr io.Writer) int
}

func (d demoCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	if value, nameless := d.Parameter[""]; nameless {
		return trouble(stderr, fmt.Errorf("--parameter: %q names no parameter: write NAME=VALUE, such as ByteVerification=always", "="+value))
	}
	report, err := demo.Run(ctx, demo.Options{Project: d.Project, Dir: d.Dir, Parameters: d.Parameter, Keep: d.Keep, Progress: stderr})
	if err != nil {
		return trouble(stderr, err)
	}
	write := report.Text
	if d.JSON {
		write = report.JSON
	}
	if err := write(stdout); err != nil {
		return trouble(stderr, err)
	}
	if !report.Expected {
		return Unexpected
	}
	return Expected
}

func (s serveCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	if s.Env {
		if err := serve.Environment(ctx, s.Listen, stdout); err != nil {
			return trouble(stderr, err)
		}
		return Expected
	}
	o := serve.Options{Project: s.Project, Listen: s.Listen, Page: s.Page, Dir: s.Dir, Fast: s.Fast, In: os.Stdin, Out: stdout, Progress: stderr}
	if err := serve.Run(ctx, o); err != nil {
		return trouble(stderr, err)
	}
	return Expected
}

func trouble(stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "autobackup: error: %v\n", told(err)) //nolint:errcheck // nowhere left to tell
	return Trouble
}

var errStopped = errors.New("stopped before it was done")

// told is an error as people read it: only a signal cancels what the program does.
func told(err error) error {
	if errors.Is(err, context.Canceled) {
		return errStopped
	}
	return err
}
