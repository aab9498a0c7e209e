package explain_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"autobackup/local/testing/page"
)

// The page's samples are the golden files, which TestEachSituationIsToldRightly holds
// against what is explained.
func TestThePageShowsWhatIsExplained(t *testing.T) {
	const file = "../../../docs/explain.md"
	for _, name := range []string{"gone", "so-far", "failed", "verified"} {
		sample, err := os.ReadFile(filepath.Join("testdata", name+".txt")) //nolint:gosec // the test's
		require.NoError(t, err)
		page.Block(t, file, name, "./cmd/autobackup/explain", "```text\n"+string(sample)+"```\n", *update)
	}
}
