package doctor_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/doctor"
	core "autobackup/internal/doctor"
	"autobackup/internal/handler"
)

// scheduled runs the function as the world's caller, and answers with its metrics and with the
// report that it logged.
func (w *world) scheduled() (metrics map[string]any, report core.Report, err error) {
	w.t.Helper()
	var lines, log bytes.Buffer
	f, err := doctor.Function(&lines, time.Now)(w.config(), func(name string) string { return map[string]string{"STAGE": stage}[name] }, handler.Logger(&log))
	require.NoError(w.t, err)
	answer, err := f(w.t.Context(), []byte(`{"detail-type":"Scheduled Event","source":"aws.events","detail":{}}`))
	if err != nil {
		assert.Empty(w.t, lines.String())
		return nil, report, err
	}
	require.NoError(w.t, json.Unmarshal(lines.Bytes(), &metrics), lines.String())
	var line struct{ Report core.Report }
	require.NoError(w.t, json.Unmarshal(log.Bytes(), &line), "one line")
	assert.JSONEq(w.t, fmt.Sprintf(`{"stage":"dev","buckets":%d}`, line.Report.Buckets), string(answer))
	return metrics, line.Report, nil
}

func TestTheFunctionLogsTheReportAndMeasuresWhatItFound(t *testing.T) {
	w := newWorld(t)
	before, report, err := w.scheduled()
	require.NoError(t, err)
	assert.Equal(t, w.doctor().Screen(true), report.Screen(true), "it is the command's")
	assert.InDelta(t, report.Failed, before["DoctorFailed"], 0)
	assert.InDelta(t, report.Unknown, before["DoctorUnknown"], 0)
	assert.Equal(t, stage, before["Stage"])

	w.notifies(theirs, &types.NotificationConfiguration{})
	after, _, err := w.scheduled()
	require.NoError(t, err)
	assert.InDelta(t, report.Failed+1, after["DoctorFailed"], 0)

	w.failing = "InvalidClientTokenId"
	_, _, err = w.scheduled()
	assert.ErrorContains(t, err, "InvalidClientTokenId", "an error, and no metric that says that nothing failed")
}

func TestTheFunctionSaysWhichVariableItMisses(t *testing.T) {
	_, err := doctor.Function(nil, nil)(aws.Config{}, func(string) string { return "" }, nil)
	assert.EqualError(t, err, "environment variable STAGE is not set: set it to a value like dev")
}
