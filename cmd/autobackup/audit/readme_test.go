package audit_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/local/testing/page"
)

var update = flag.Bool("update", false, "write the audit's output into README.md")

const (
	readme  = "../../../README.md"
	asTyped = "```sh\nbin/autobackup audit s3://" + primary + "\n```\n"
)

// planted is a world in which most is fine and some of everything is not.
func planted(t *testing.T) *world {
	w := newWorld(t)
	for i := range 40 {
		w.put(fmt.Sprintf("2026/inv-%02d.pdf", i), fmt.Sprint("invoice ", i))
	}
	lost := w.put("2026/inv-88121.pdf", "invoice")
	w.Remove(replica, away, "2026/inv-88121.pdf", lost)
	erased := w.put("people/4411.pdf", "personal data")
	w.Remove(primary, home, "people/4411.pdf", erased)
	w.put("2026/draft.pdf", "draft")
	w.mark("2026/draft.pdf")
	return w
}

func TestTheREADMEShowsWhatAnAuditPrints(t *testing.T) {
	readme, err := filepath.Abs(readme)
	require.NoError(t, err)
	w := planted(t)
	t.Chdir(t.TempDir())
	t.Setenv("AWS_ENDPOINT_URL", w.URL)
	var out, stderr bytes.Buffer
	code := cli.Run([]string{"audit", "s3://" + primary}, &out, &stderr)
	require.Equal(t, 1, code, "%s%s", out.String(), stderr.String())

	shown := "```\n$ autobackup audit s3://" + primary + "\n" + steady(stderr.String()+out.String()) + "```\n"
	text, err := os.ReadFile(readme)
	require.NoError(t, err)
	assert.Contains(t, string(text), asTyped)
	page.Block(t, readme, "audit", "./cmd/autobackup/audit", shown, *update)
}

// steady takes what differs from run to run out of an output: names that are made of
// the time, dates and version ids.
func steady(s string) string {
	for _, r := range []struct{ pattern, by string }{
		{`audit-\d{8}-\d{6}`, "audit-20261128-090000"},
		{`--until \d{4}-\d\d-\d\d`, "--until 2027-02-28"},
		{`(versionId=|--version )[\w.-]+`, "${1}3xQ…"},
	} {
		s = regexp.MustCompile(r.pattern).ReplaceAllString(s, r.by)
	}
	return s
}
