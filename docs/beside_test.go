package docs_test

import (
	"encoding/json"
	"fmt"
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

// besides are the plain commands for which the program has one that says, asks or records more: where
// people are shown the one, they are shown the other.
var besides = map[string][]string{
	"aws sqs start-message-move-task":       {"retry"},
	"aws sqs receive-message":               {"parked", "retry"},
	"aws sqs get-queue-attributes":          {"parked", "retry", "status", "doctor"},
	"aws s3api head-object":                 {"explain"},
	"aws s3api copy-object":                 {"explain"},
	"aws pipes describe-pipe":               {"status", "doctor"},
	"aws lambda list-event-source-mappings": {"doctor"},
}

// troubles are all texts that tell somebody of something that went wrong, by their names.
func troubles(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"../internal/alert/testdata/*.txt", "../internal/alert/testdata/chat/*"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, file := range files {
			if !strings.Contains(file, "/all-reasons-") { // which are no e-mails: they have the words of each reason
				all[file] = read(t, file)
			}
		}
	}
	for _, name := range runbooks(t) {
		all["runbook "+name] = read(t, "runbooks/"+name+".md")
	}
	for _, a := range slices.Concat(alarms(t), alarmsOf(t, "lean"), ofSchedule(t, "full"), ofAudits(t, "full"), ofScrubs(t, "full")) {
		if a.AlarmActions != nil {
			all["alarm "+a.AlarmName+", "+a.AlarmDescription] = a.AlarmDescription
		}
	}
	files, err := filepath.Glob("../statemachine/*.json")
	require.NoError(t, err)
	for _, file := range files {
		for i, text := range ownMessages(t, file) {
			all[fmt.Sprintf("e-mail %d of %s", i+1, file)] = text
		}
	}
	return all
}

// ownMessages are the e-mails that an execution words itself.
func ownMessages(t *testing.T, file string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(file) //nolint:gosec // the project's
	require.NoError(t, err)
	var find func(any)
	find = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, of := range v {
				if said, is := of.(string); is && strings.HasPrefix(name, "Message") && strings.HasPrefix(said, "States.Format('What ") {
					all = append(all, said)
				}
				find(of)
			}
		case []any:
			for _, of := range v {
				find(of)
			}
		}
	}
	var definition any
	require.NoError(t, json.Unmarshal(text, &definition))
	find(definition)
	slices.Sort(all)
	return all
}

// programs are the commands of the program that a text names.
func programs(text string) (all []string) {
	for _, found := range regexp.MustCompile(`(?:^|[\s(\x60/"])autobackup ([a-z]+)`).FindAllStringSubmatch(text, -1) {
		if slices.Contains(cli.Commands(), found[1]) {
			all = append(all, found[1])
		}
	}
	return all
}

func TestWhateverTellsOfTroubleNamesTheProgramsCommandThatFits(t *testing.T) {
	all, executions, used := troubles(t), 0, map[string]bool{}
	for name, text := range all {
		has := programs(text)
		assert.NotEmpty(t, has, "%s names no command of the program", name)
		for plain, ours := range besides {
			if strings.Contains(text, plain+" ") {
				used[plain] = true
				assert.True(t, slices.ContainsFunc(ours, func(c string) bool { return slices.Contains(has, c) }), "%s has %s, and none of %v of the program beside it", name, plain, ours)
			}
		}
		if strings.HasPrefix(name, "e-mail ") {
			executions++
		}
	}
	assert.Equal(t, 2, executions)
	assert.Len(t, used, len(besides), "a plain command that nothing names needs none beside it")
}
