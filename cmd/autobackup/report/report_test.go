package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got, "run go test ./cmd/autobackup/report -update")
}

func screenOf(t require.TestingT, o report.Options, reports ...audit.Report) string {
	var b bytes.Buffer
	require.NoError(t, report.Screen(&b, reports, "audit-7f3a", o))
	return b.String()
}

// written is what a folder holds after Write.
func written(t *testing.T, items []audit.Item, o report.Options, reports ...audit.Report) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "audit-7f3a")
	require.NoError(t, report.Write(dir, reports, each(items, nil), o))
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		files[e.Name()] = string(bytes.ReplaceAll(content, []byte(dir), []byte("audit-7f3a")))
	}
	return files
}

func TestTheFirstScreen(t *testing.T) {
	fine := sample()
	fine.Counts, fine.Listed, fine.Replicable = fine.Counts[4:], fine.Listed-5, 0
	fine.Notes, fine.Replica.Unread, fine.Result, fine.Exit = nil, nil, "all as it must be", 0
	first := sample()
	first.Since = ""
	none := fine
	none.Counts, none.Listed = nil, 0
	for name, tt := range map[string]struct {
		o       report.Options
		reports []audit.Report
	}{
		"findings.txt": {report.Options{}, []audit.Report{sample()}},
		"first.txt":    {report.Options{}, []audit.Report{first}},
		"fine.txt":     {report.Options{}, []audit.Report{fine}},
		"empty.txt":    {report.Options{}, []audit.Report{none}},
		"redacted.txt": {report.Options{RedactKeys: true}, []audit.Report{sample()}},
		"colour.txt":   {report.Options{Colour: true}, []audit.Report{fine, sample()}},
	} {
		t.Run(name, func(t *testing.T) { golden(t, "screen/"+name, screenOf(t, tt.o, tt.reports...)) })
	}
}

// The gate opens the page in a browser, which complains where it is wider than the window.
func TestThePageOfNamesAsLongAsTheyCanBe(t *testing.T) {
	long := strings.Repeat("k", 1000)
	r := sample()
	r.Prefix, r.Notes = long, []string{"of " + long + " 1 in 100 was looked at, as it is mostly missing"}
	items := sampleItems()
	for n := range items {
		items[n].Key = long
	}
	r.Counts[0].Examples, r.Counts[1].Examples, r.Counts[2].Examples = items[3:5], items[2:3], items[5:6]
	r.Counts[3].Examples, r.Counts[4].Examples = items[1:2], items[:1]
	golden(t, "long/report.html", written(t, items, report.Options{}, r)["report.html"])
}

func TestTheFolder(t *testing.T) {
	for name, o := range map[string]report.Options{"folder": {Replicable: replicable}, "redacted": {Replicable: replicable, RedactKeys: true}} {
		for file, content := range written(t, sampleItems(), o, sample()) {
			if file != "SHA256SUMS" { // which has the path in mend.md hashed
				t.Run(name+"/"+file, func(t *testing.T) { golden(t, name+"/"+file, content) })
			}
		}
	}
}
