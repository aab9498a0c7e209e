// Package page holds what tests write into the project's pages: a block between two comments, of
// which the first names the block and the test.
package page

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Between is a page with another block of that name. Test is what go test is given beside -update,
// as the page says it.
func Between(t testing.TB, text, name, test, block string) string {
	t.Helper()
	before, begin, _, after := cut(t, text, name, test)
	return before + begin + block + after
}

// Block holds a block of the file against what a test found, or writes it where update says so. What
// differs each time can be made steady in both before they are compared.
func Block(t testing.TB, file, name, test, found string, update bool, steady ...func(string) string) {
	t.Helper()
	text, err := os.ReadFile(file) //nolint:gosec // a page that the test names
	require.NoError(t, err)
	before, begin, inside, after := cut(t, string(text), name, test)
	if update {
		require.NoError(t, os.WriteFile(file, []byte(before+begin+found+after), 0o600)) //nolint:gosec // as above
		return
	}
	for _, same := range steady {
		inside, found = same(inside), same(found)
	}
	assert.Equal(t, inside, found, "run go test %s -update if this is meant", test)
}

func cut(t testing.TB, text, name, test string) (before, begin, inside, after string) {
	t.Helper()
	begin = "<!-- " + name + ": begin; go test " + test + " -update writes this -->\n"
	end := "<!-- " + name + ": end -->"
	before, rest, begins := strings.Cut(text, begin)
	require.True(t, begins, begin)
	inside, after, ends := strings.Cut(rest, end)
	require.True(t, ends, end)
	return before, begin, inside, end + after
}
