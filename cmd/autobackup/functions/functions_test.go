package functions_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/functions"
	"autobackup/local/clock"
	"autobackup/local/lambda"
)

// checkout is a project with one function, which says a word and ends.
func checkout(t *testing.T, word string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                "module x\n\ngo 1.24\n",
		"lambdas/speak/main.go": "package main\n\nfunc main() { print(\"" + word + "\") }\n",
	} {
		file := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	return folder
}

// said is what a built function prints.
func said(t *testing.T, code lambda.Code) string {
	t.Helper()
	var log bytes.Buffer
	f, err := code.Run(clock.Real(), func() string { return "id" }, lambda.Config{
		Name: "speak", ARN: "arn:aws:lambda:eu-central-1:123456789012:function:speak", Timeout: 60, Log: &log,
	}, "lambdas/speak/")
	require.NoError(t, err)
	_, err = f.Invoke(t.Context(), []byte("{}"))
	require.Error(t, err, "it speaks, and does not answer")
	f.Close()
	return log.String()
}

// emptyCache has functions built into a cache of their own, which it answers.
func emptyCache(t *testing.T) (folder string) {
	t.Helper()
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	folder = t.TempDir()
	t.Setenv("XDG_CACHE_HOME", folder)
	t.Setenv("GOFLAGS", "-buildvcs=false")
	t.Setenv("GOCACHE", filepath.Join(home, ".cache", "go-build")) // not in the empty cache
	return folder
}

func TestTwoCheckoutsRunEachItsOwnFunctions(t *testing.T) {
	emptyCache(t)
	first, err := functions.Build(t.Context(), checkout(t, "first"))
	require.NoError(t, err)
	second, err := functions.Build(t.Context(), checkout(t, "second"))
	require.NoError(t, err)
	assert.Equal(t, "first", said(t, first), "though the second was built since")
	assert.Equal(t, "second", said(t, second))
}

func TestTheFunctionsOfACheckoutThatIsGoneAreRemovedByTheNextBuild(t *testing.T) {
	cache := filepath.Join(emptyCache(t), "autobackup", "functions")
	gone, stays := checkout(t, "gone"), checkout(t, "stays")
	kept, err := functions.Build(t.Context(), stays)
	require.NoError(t, err)
	_, err = functions.Build(t.Context(), gone)
	require.NoError(t, err)
	built := func() []string {
		files, err := filepath.Glob(filepath.Join(cache, "*"))
		require.NoError(t, err)
		return files
	}
	assert.Len(t, built(), 4, "a folder and a link of each")
	require.NoError(t, os.RemoveAll(gone))
	next, err := functions.Build(t.Context(), checkout(t, "next"))
	require.NoError(t, err)
	assert.Len(t, built(), 4)
	assert.Equal(t, "stays", said(t, kept))
	assert.Equal(t, "next", said(t, next))
}
