package cli

import (
	"context"
	"io"

	"autobackup/cmd/autobackup/console"
)

type consoleCommand struct {
	stageFlags
	Listen       string `help:"Address of this machine to show the page at." default:"127.0.0.1:4747" placeholder:"HOST:PORT"`
	AllowActions bool   `help:"Let the page have parked messages looked at or told again, and discard them, after it has shown what it would do and asked why."`
}

// Help is printed below the flags' list.
func (consoleCommand) Help() string {
	return `Shows a deployed stage as a page on this machine, until Ctrl-C, with your credentials:
what status shows; executions, each as a graph of its states with its history, its
input and output, and each object with its verdict and both sides; looks, found by
bucket, key and reason; parked messages, where you ask for some; the e-mails that were
sent about versions that failed; and reports of the stage's audits. Open the address that is
printed: the token in it lets you in, and nobody else. Nothing is changed; a look into a
queue hides up to 10 messages for 30 seconds. With --allow-actions the page also does
what autobackup retry and discard do: it shows what that would be, asks why, and puts on
record who did it; Ctrl-C then waits for the ten messages under way. docs/console.md
says more.

Examples:
  autobackup console --stage prod
  autobackup console --stage prod --listen 127.0.0.1:4748
  autobackup console --stage prod --allow-actions

Exit codes: 0 it was stopped; 2 wrong usage, there are no credentials or no such stage,
or the page could not be shown.`
}

func (c consoleCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	cfg, o, err := c.options(ctx, stderr)
	if err != nil {
		return trouble(stderr, err)
	}
	if err := console.Run(ctx, cfg, console.Options{Stage: o.Stage, Owners: o.Owners, Now: o.Now, Actions: c.AllowActions}, c.Listen, stdout); err != nil {
		return trouble(stderr, err)
	}
	return Expected
}
