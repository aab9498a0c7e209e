package local_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/lambda"
)

// A function that is killed fails, and the workflow parks and alerts about what it
// could not look at: at the end of a stack, that would be intact objects.
func TestClosingAStackStopsExecutionsBeforeItKillsTheirFunctions(t *testing.T) {
	folder := copyOfProject(t, []change{workflow(`"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"autobackup-compare-etags-dev"},
		"Catch":[{"ErrorEquals":["States.ALL"],"Next":"Park"}],"End":true},"Park":{"Type":"Succeed"}}`)})
	binaries := t.TempDir()
	started := filepath.Join(binaries, "started")
	require.NoError(t, os.WriteFile(filepath.Join(binaries, "compare-etags"), []byte("#!/bin/sh\n: > '"+started+"'\nexec /bin/sleep 60\n"), 0o700)) //nolint:gosec // it runs
	stack, err := local.Start(t.Context(), local.Config{
		Clock: clock.Real(), Project: folder, Dir: t.TempDir(), Account: account, URL: "http://127.0.0.1", Runtime: lambda.Binaries(binaries),
	})
	require.NoError(t, err)
	environment, err := local.Environment(folder, "default")
	require.NoError(t, err)
	_, err = stack.Deploy(environment, nil)
	require.NoError(t, err)
	_, err = stack.States.StartExecution("arn:aws:states:"+environment.Region+":"+account+":stateMachine:autobackup-validation-dev", []byte(`{}`))
	require.NoError(t, err)
	require.Eventually(t, func() bool { _, err := os.Stat(started); return err == nil }, 10*time.Second, time.Millisecond)
	require.NoError(t, stack.Close())
	result := stack.States.Executions()[0].Result
	assert.Equal(t, types.ExecutionStatusAborted, result.Status)
	assert.Equal(t, []string{"T"}, result.Path)
}
