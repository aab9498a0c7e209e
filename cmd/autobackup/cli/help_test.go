package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
)

// example is a line below "Examples:", as a shell's of which the program's words are cut out.
var example = regexp.MustCompile(`(?m)^  (?:eval "\$\()?autobackup ([^|\n]*?)(?:\)"| \|.*)?$`)

// words are those of a line of a POSIX shell without variables.
func words(line string) (all []string) {
	for _, word := range regexp.MustCompile(`(?:"[^"]*"|'[^']*'|\S)+`).FindAllString(line, -1) {
		all = append(all, regexp.MustCompile(`"([^"]*)"|'([^']*)'`).ReplaceAllString(word, "$1$2"))
	}
	return all
}

// Each command is looked at, so that one that is added has all of it.
func TestEachHelpHasExamplesThatAreCommandLinesAndExitCodes(t *testing.T) {
	all, err := cli.Helps()
	require.NoError(t, err)
	var commands, without []string
	for _, h := range all {
		name := strings.Join(append([]string{"autobackup"}, h.Words...), " ")
		t.Run(name, func(t *testing.T) {
			if len(h.Words) == 1 {
				commands = append(commands, h.Words[0])
			}
			said, examples, found := strings.Cut(h.Says, "\n\nExamples:\n")
			require.True(t, found, "the help has no examples")
			assert.NotEmpty(t, said, "the help says nothing of what the command does")
			examples, codes, found := strings.Cut(examples, "\n\nExit codes: ")
			require.True(t, found, "the help does not say behind its examples which exit codes there are")
			assert.Regexp(t, `^0 [^;]+;( 1 [^;]+;)?\s2\s[^;]+$`, strings.ReplaceAll(codes, "\n", " "), "the help does not say of each exit code what it means")

			lines := example.FindAllStringSubmatch(examples, -1)
			assert.Len(t, lines, strings.Count(examples, "\n")+1, "a line of the examples is none")
			json := false
			for _, line := range lines {
				typed := words(line[1])
				json = json || slices.Contains(typed, "--json")
				assert.Equal(t, strings.Join(h.Words, " "), strings.Join(typed[:min(len(h.Words), len(typed))], " "), "an example is of another command")
				if slices.Contains(typed, "--help") {
					continue // that of the program, which shows where more is
				}
				assert.NoError(t, cli.Parses(typed), line[1])
			}
			assert.Equal(t, h.JSON, json, "an example shows --json where the command has it")
			if !h.JSON {
				without = append(without, name)
			}
		})
	}
	assert.Equal(t, cli.Commands(), commands)
	// These have nothing to tell a program, or print JSON anyway: what there is to list, to be
	// looked at until Ctrl-C, and policies.
	assert.Equal(t, []string{"autobackup", "autobackup console", "autobackup evidence", "autobackup policy", "autobackup serve", "autobackup completion"}, without)
}

// What is printed has it all, too: kong lays it out anew.
func TestEachPrintedHelpHasItsExamplesAndExitCodes(t *testing.T) {
	all, err := cli.Helps()
	require.NoError(t, err)
	for _, h := range all {
		code, stdout, stderr := run(append(slices.Clone(h.Words), "--help")...)
		assert.Zero(t, code, h.Words)
		assert.Empty(t, stderr, h.Words)
		assert.Contains(t, stdout, "\nExamples:\n", h.Words)
		assert.Contains(t, stdout, "\nExit codes: 0 ", h.Words)
		for _, line := range example.FindAllString(h.Says, -1) {
			assert.Contains(t, stdout, line, h.Words)
		}
	}
}

// Alarms and the e-mails of executions are texts of files, which nothing else makes.
func TestTheCommandsThatAlarmsAndExecutionsNameAreCommandLines(t *testing.T) {
	here := strings.NewReplacer("${Stage}", "prod", "${AWS::Region}", "eu-central-1", "${Region}", "eu-central-1")
	for file, c := range map[string]struct{ begins, ends string }{
		"template.yaml":                  {": autobackup ", ". Runbook: "},
		"statemachine/validate.asl.json": {`\n   autobackup `, `\n`},
	} {
		text, err := os.ReadFile(filepath.Join(project, file))
		require.NoError(t, err)
		all := strings.Split(string(text), c.begins)[1:]
		assert.Greater(t, len(all), 3, file)
		for _, rest := range all {
			line, _, found := strings.Cut(rest, c.ends)
			require.True(t, found, "%s: %s", file, rest)
			assert.NoError(t, cli.Parses(words(here.Replace(line))), "%s: %s", file, line)
		}
	}
}
