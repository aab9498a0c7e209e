package audit_test

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
)

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// The blocks of docs/audit.md are typed here, against the local S3 with the buckets
// that the page names: what a deployed stack has to do with them is nothing.
func TestTheCommandsOfTheAuditPageWork(t *testing.T) {
	text, err := os.ReadFile("../../../docs/audit.md")
	require.NoError(t, err)
	w := planted(t)
	t.Setenv("AWS_ENDPOINT_URL", w.URL)
	names := map[string]string{}
	audits := 0
	for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
		for _, line := range strings.Split(strings.TrimSpace(block[1]), "\n") {
			if name, value, assigned := strings.Cut(line, "="); assigned && !strings.Contains(name, " ") {
				names[name] = value
				continue
			}
			words := strings.Fields(os.Expand(line, func(name string) string { return names[name] }))
			if words[0] != "autobackup" || words[1] != "audit" || words[2] == "--stage" { // cmd/autobackup/cli types these against a stage
				continue
			}
			t.Chdir(t.TempDir())
			audits++
			var out, stderr bytes.Buffer
			assert.NotEqual(t, cli.Trouble, cli.Run(words[1:], &out, &stderr), "%s: %s", line, stderr.String())
		}
	}
	assert.Equal(t, map[string]string{"primary": primary, "replica": replica}, names)
	assert.GreaterOrEqual(t, audits, 3)
}
