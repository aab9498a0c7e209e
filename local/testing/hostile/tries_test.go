package hostile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/testing/hostile"
)

func TestEachTryIsOfATestThatIsThere(t *testing.T) {
	texts := map[string]string{}
	for _, try := range hostile.Tries {
		require.NotEmpty(t, try.Where)
		require.NotEmpty(t, try.What, try.Where)
		require.NotEmpty(t, try.Tests, try.Where)
		for _, test := range try.Tests {
			folder, name, found := strings.Cut(test, " ")
			require.True(t, found, test)
			if texts[folder] == "" {
				files, err := filepath.Glob(filepath.Join("../../..", folder, "*_test.go"))
				require.NoError(t, err)
				for _, file := range files {
					content, err := os.ReadFile(file) // #nosec G304: the project's own
					require.NoError(t, err)
					texts[folder] += string(content)
				}
			}
			assert.Contains(t, texts[folder], "\nfunc "+name+"(t *testing.T) {", folder)
		}
	}
}

func TestTheKeysAreEachAnotherAndMostCanBeUploaded(t *testing.T) {
	seen := map[string]bool{}
	for _, key := range hostile.Keys {
		assert.False(t, seen[key], "%q stands twice", key)
		seen[key] = true
	}
	all := hostile.Uploadable()
	assert.Greater(t, len(all), len(hostile.Keys)*3/4)
	for _, key := range all {
		assert.True(t, utf8.ValidString(key))
		assert.NotContains(t, key, "\x00")
	}
}
