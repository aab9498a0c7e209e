package explain_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The page's samples are the golden files, which TestEachSituationIsToldRightly holds
// against what is explained.
func TestThePageShowsWhatIsExplained(t *testing.T) {
	const file = "../../../docs/explain.md"
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	want := string(page)
	for _, name := range []string{"gone", "so-far", "failed", "verified"} {
		sample, err := os.ReadFile(filepath.Join("testdata", name+".txt")) //nolint:gosec // the test's
		require.NoError(t, err)
		before, rest, found := strings.Cut(want, "<!-- "+name+": begin; go test ./cmd/autobackup/explain -update writes this -->\n")
		require.True(t, found, name)
		_, after, found := strings.Cut(rest, "<!-- "+name+": end -->")
		require.True(t, found, name)
		want = before + "<!-- " + name + ": begin; go test ./cmd/autobackup/explain -update writes this -->\n```text\n" + string(sample) + "```\n<!-- " + name + ": end -->" + after
	}
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o600))
		return
	}
	assert.Equal(t, want, string(page), "run go test ./cmd/autobackup/explain -update")
}
