package local_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/asl"
	locals3 "autobackup/local/s3"
	"autobackup/local/states"
)

// workflow is another definition in place of the project's: the fields StartAt
// and States. Its comment uses what the template hands the definition.
func workflow(fields string) change {
	return func(name, text string) string {
		if name != "statemachine/validate.asl.json" {
			return text
		}
		used, _ := json.Marshal(strings.Join(regexp.MustCompile(`\$\{\w+\}`).FindAllString(text, -1), " "))
		return fmt.Sprintf(`{"Comment":%s,%s}`, used, fields)
	}
}

// mapping puts a distributed Map over the lines of $.key in place of the
// workflow.
var mapping = workflow(`"StartAt":"M","States":{"M":{"Type":"Map","End":true,"Label":"Lines","MaxConcurrency":2,"ToleratedFailureCount":1,
	"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"JSONL"},"Parameters":{"Bucket.$":"$.bucket","Key.$":"$.key"}},
	"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"C","States":{
		"C":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":2,"Next":"F"}],"Default":"P"},"F":{"Type":"Fail","Error":"Two"},"P":{"Type":"Pass","End":true}}},
	"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket.$":"$.bucket","Prefix":"results"}}}}`)

// mapOver runs the Map over an object that was put.
func (w *world) mapOver(key string) states.Execution {
	w.t.Helper()
	input, err := json.Marshal(map[string]string{"bucket": w.bucket(), "key": key})
	require.NoError(w.t, err)
	e, err := w.States.StartExecution(w.machine(), input)
	require.NoError(w.t, err)
	w.settle()
	for _, found := range w.States.Executions() {
		if found.ARN == e.ARN {
			require.NotNil(w.t, found.Result)
			return found
		}
	}
	return states.Execution{}
}

func TestADistributedMapReadsAndWritesTheStacksObjects(t *testing.T) {
	inOpenWorld(t, func(w *world) {
		w.put("plan.jsonl", "1\n2\n3\n")
		e := w.mapOver("plan.jsonl")
		var out struct {
			MapRunArn           string //nolint:revive // ASL's name
			ResultWriterDetails struct{ Bucket, Key string }
		}
		require.NoError(t, json.Unmarshal(e.Result.Output, &out), "%s", e.Result.Cause)
		require.True(t, strings.HasPrefix(out.ResultWriterDetails.Key, "results/"), out.ResultWriterDetails.Key)
		for name, want := range map[string][]string{"SUCCEEDED_0.json": {"1", "3"}, "FAILED_0.json": {"2"}} {
			object, err := w.client.GetObject(w.t.Context(), &s3.GetObjectInput{Bucket: aws.String(w.bucket()),
				Key: aws.String(strings.Replace(out.ResultWriterDetails.Key, "manifest.json", name, 1))})
			require.NoError(t, err)
			text, err := io.ReadAll(object.Body)
			require.NoError(t, err)
			var records []struct{ Input, ExecutionArn string } //nolint:revive // ASL's name
			require.NoError(t, json.Unmarshal(text, &records))
			require.Len(t, records, len(want))
			for _, r := range records {
				assert.Contains(t, want, r.Input)
				assert.NotEmpty(t, w.events[r.ExecutionArn], "a child's history is told")
			}
		}
		leftover, err := filepath.Glob(filepath.Join(w.Dir, "results-*"))
		require.NoError(t, err)
		assert.Empty(t, leftover)

		client := sfn.NewFromConfig(w.AWSConfig(w.region), func(o *sfn.Options) { o.RetryMaxAttempts = 1 })
		run, err := client.DescribeMapRun(w.t.Context(), &sfn.DescribeMapRunInput{MapRunArn: &out.MapRunArn})
		require.NoError(t, err)
		assert.Equal(t, e.ARN, *run.ExecutionArn)
		assert.Equal(t, types.MapRunStatusSucceeded, run.Status)
		assert.Equal(t, int32(2), run.MaxConcurrency)
		assert.Equal(t, int64(1), run.ToleratedFailureCount)
		assert.Equal(t, types.MapRunItemCounts{Succeeded: 2, Failed: 1, Total: 3, ResultsWritten: 3}, *run.ItemCounts)
		assert.Equal(t, types.MapRunExecutionCounts{Succeeded: 2, Failed: 1, Total: 3, ResultsWritten: 3}, *run.ExecutionCounts)
		assert.WithinDuration(t, e.Result.Stop, *run.StopDate, 1e6)
		_, err = client.DescribeMapRun(w.t.Context(), &sfn.DescribeMapRunInput{MapRunArn: aws.String(out.MapRunArn + "0")})
		assert.ErrorContains(t, err, "ResourceNotFound")
		_, err = client.ListExecutions(w.t.Context(), &sfn.ListExecutionsInput{MapRunArn: &out.MapRunArn})
		assert.ErrorContains(t, err, `does not support the parameter "mapRunArn"`)
	}, mapping)
}

func TestADistributedMapTellsWhatS3Refuses(t *testing.T) {
	inOpenWorld(t, func(w *world) {
		e := w.mapOver("nowhere")
		assert.Equal(t, asl.ItemReaderFailed, e.Result.Error)
		assert.Contains(t, e.Result.Cause, `get "nowhere" from `+w.bucket())
		assert.Contains(t, e.Result.Cause, "NoSuchKey")

		w.put("plan.jsonl", "1\n")
		w.S3.Fault = func(q locals3.Request) *locals3.Fault {
			if q.Operation == "PutObject" {
				return &locals3.Fault{Status: http.StatusForbidden}
			}
			return nil
		}
		e = w.mapOver("plan.jsonl")
		assert.Equal(t, asl.ResultWriterFailed, e.Result.Error)
		assert.Contains(t, e.Result.Cause, "AccessDenied")
		files, err := os.ReadDir(w.Dir)
		require.NoError(t, err)
		for _, file := range files {
			assert.False(t, strings.HasPrefix(file.Name(), "results-"), file.Name())
		}
	}, mapping)
}
