package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
)

const waiting = "AUTOBACKUP_TEST_WAITS"

// TestMain is the program that the test below sends signals to, where it is told so.
func TestMain(m *testing.M) {
	audit.Again = 20 * time.Millisecond
	if os.Getenv(waiting) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := untilStopped()
	defer stop()
	fmt.Println("waiting")
	select {
	case <-ctx.Done():
		fmt.Println(context.Cause(ctx))
	case <-time.After(2 * time.Second):
		fmt.Println("nothing ended it")
	}
}

func TestTheProgramTidiesUpWhenItsTerminalIsClosedUnlessItIsToOutliveIt(t *testing.T) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // so that under nohup the programs below do not inherit that it is ignored
	for name, c := range map[string]struct {
		before string
		signal os.Signal
		want   string
	}{
		"Ctrl-C":              {"", os.Interrupt, "interrupt signal received"},
		"SIGTERM":             {"", syscall.SIGTERM, "terminated signal received"},
		"the terminal":        {"", syscall.SIGHUP, "hangup signal received"},
		"the terminal, nohup": {"trap '' HUP; ", syscall.SIGHUP, "nothing ended it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), "sh", "-c", c.before+`exec "$0"`, os.Args[0]) //nolint:gosec // this test itself
			command.Env = append(os.Environ(), waiting+"=1")
			out, err := command.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, command.Start())
			lines := bufio.NewScanner(out)
			require.True(t, lines.Scan())
			require.NoError(t, command.Process.Signal(c.signal))
			lines.Scan()
			assert.Equal(t, c.want, lines.Text())
			assert.NoError(t, command.Wait())
		})
	}
}
