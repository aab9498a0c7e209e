package ministack_test

import (
	"encoding/json"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
)

// audited has the stage audit a bucket, as far as ministack goes: whatever it finds there, the
// execution ends, and says of the bucket what came of it.
func (d *stack) audited() {
	d.Helper()
	machine := "arn:aws:states:" + documented.region + ":" + account + ":stateMachine:autobackup-audit-dev"
	var started struct{ ExecutionArn string }
	d.aws(&started, "stepfunctions", "start-execution", "--region", documented.region, "--state-machine-arn", machine, "--input", `{"bucket": "`+d.bucket("primary", "documents")+`"}`)
	var ended struct{ Status, Output, Error, Cause string }
	for until := time.Now().Add(2 * time.Minute); ended.Status == "" || ended.Status == "RUNNING"; time.Sleep(time.Second) {
		require.True(d, time.Now().Before(until), "the audit does not end")
		d.aws(&ended, "stepfunctions", "describe-execution", "--region", documented.region, "--execution-arn", started.ExecutionArn)
	}
	d.Logf("audit: %+v", ended)
	require.Equal(d, "SUCCEEDED", ended.Status)
	var summaries []audit.Summary
	require.NoError(d, json.Unmarshal([]byte(ended.Output), &summaries))
	require.Len(d, summaries, 1)
	assert.Positive(d, summaries[0].Listed)
}
