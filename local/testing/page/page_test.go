package page_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/testing/page"
)

const before, block, after = "# A page\n", "<!-- one: begin; go test ./x -run Y -update writes this -->\nold\n<!-- one: end -->", "\nmore\n"

// failing tells whether a test that it is given to fails.
type failing struct {
	*testing.T
	failed bool
}

func (f *failing) Errorf(string, ...any) { f.failed = true }

func TestABlockIsWrittenAndHeld(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(file, []byte(before+block+after), 0o600))
	page.Block(t, file, "one", "./x -run Y", "old\n", false)

	other := &failing{T: t}
	page.Block(other, file, "one", "./x -run Y", "OLD\n", false)
	assert.True(t, other.failed)
	page.Block(t, file, "one", "./x -run Y", "OLD\n", false, strings.ToLower)

	page.Block(t, file, "one", "./x -run Y", "new\n", true)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, before+strings.Replace(block, "old", "new", 1)+after, string(text))
	assert.Equal(t, string(text), page.Between(t, before+block+after, "one", "./x -run Y", "new\n"))
}
