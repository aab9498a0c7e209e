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

func TestTwoCheckoutsRunEachItsOwnFunctions(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("GOFLAGS", "-buildvcs=false")
	gocache, err := os.UserHomeDir()
	require.NoError(t, err)
	t.Setenv("GOCACHE", filepath.Join(gocache, ".cache", "go-build")) // not in the empty cache
	first, err := functions.Build(t.Context(), checkout(t, "first"))
	require.NoError(t, err)
	second, err := functions.Build(t.Context(), checkout(t, "second"))
	require.NoError(t, err)
	assert.Equal(t, "first", said(t, first), "though the second was built since")
	assert.Equal(t, "second", said(t, second))
}
