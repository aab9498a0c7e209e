package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	smithytime "github.com/aws/smithy-go/time"

	"autobackup/cmd/autobackup/overview"
	"autobackup/cmd/autobackup/terminal"
	core "autobackup/internal/overview"
)

type statusCommand struct {
	stageFlags
	All   bool `help:"Show also each thing that is as it must be."`
	Watch bool `help:"Look again each minute, until Ctrl-C."`
	JSON  bool `help:"Print the report as JSON; with --watch an object each minute." name:"json"`
}

// Help is printed below the flags' list.
func (statusCommand) Help() string {
	return `Shows a deployment in one screen: what doctor says of it, failures first; how many
versions were verified, lagged, failed and were skipped in the last hour and the last
24; what its queues hold, and how old the oldest message is; and what the last audit
and scrub told. ? is what could not be read, and is never fine; "no data" is said where
CloudWatch has none. Nothing is changed. docs/console.md says more.

Examples:
  autobackup status --stage prod
  autobackup status --stage prod --watch
  autobackup status --stage prod --json | jq .figures.queues

Exit codes: 0 all is as it must be, or there are warnings alone; 1 something is not, or
could not be read; 2 wrong usage, or nothing could be found out.`
}

// between is how long --watch waits: metrics have a value a minute.
const between = time.Minute

// clearScreen is what a terminal takes to begin again at its top.
const clearScreen = "\x1b[H\x1b[2J"

func (c statusCommand) run(ctx context.Context, stdout, stderr io.Writer) int {
	cfg, o, err := c.options(ctx, stderr)
	if err != nil {
		return trouble(stderr, err)
	}
	for {
		report, err := overview.Run(ctx, cfg, o)
		if err != nil {
			return trouble(stderr, err)
		}
		if err := c.write(stdout, report); err != nil {
			return trouble(stderr, fmt.Errorf("write the report: %w", err))
		}
		if !c.Watch || smithytime.SleepWithContext(ctx, between) != nil {
			return report.Doctor.Exit
		}
	}
}

func (c statusCommand) write(w io.Writer, report core.Report) error {
	if c.JSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		if !c.Watch {
			e.SetIndent("", "  ")
		}
		return e.Encode(report)
	}
	screen := report.Screen(c.All)
	if c.Watch && terminal.Is(w) {
		screen = clearScreen + screen
	}
	_, err := io.WriteString(w, screen)
	return err
}
