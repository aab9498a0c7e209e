package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
	"github.com/posener/complete"

	"autobackup/cmd/autobackup/retry"
	"autobackup/internal/shell"
)

type completionCommand struct{}

// Help is printed below the command's line.
func (completionCommand) Help() string {
	return `Prints what has bash or zsh complete the commands, flags and values of this program,
for the shell's own file of settings.

Examples:
  eval "$(autobackup completion)"

Exit codes: 0 printed; 2 wrong usage.`
}

// Has zsh take what follows as bash does.
const inZsh = `if [ -n "$ZSH_VERSION" ]; then
  type compdef > /dev/null 2>&1 || { autoload -U compinit && compinit -i; }
  autoload -U +X bashcompinit && bashcompinit
fi
`

func (completionCommand) run(_ context.Context, stdout, stderr io.Writer) int {
	program, err := os.Executable()
	if err == nil { // the shell reads the program's name twice: here, and where it starts it
		_, err = fmt.Fprintf(stdout, "%scomplete -o default -o bashdefault -C %s autobackup\n", inZsh, shell.Quote(shell.Quote(program)))
	}
	if err != nil {
		return trouble(stderr, err)
	}
	return Expected
}

// completes answers a shell that asks how a line goes on, which it does by the environment.
func completes(parser *kong.Kong, stderr io.Writer) (exit int, asked bool) {
	kongcompletion.Register(parser, kongcompletion.WithPredictor("reason", complete.PredictFunc(func(complete.Args) (all []string) {
		for _, code := range retry.Reasons() {
			all = append(all, string(code))
		}
		return all
	})), kongcompletion.WithExitFunc(func(code int) { exit, asked = code, true }), kongcompletion.WithErrorHandler(func(err error) { trouble(stderr, err) }))
	return exit, asked
}
