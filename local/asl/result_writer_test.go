package asl_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/asl"
)

// written is what a Map Run left in a bucket: the names behind its own folder,
// and what the objects hold.
func written(t *testing.T, b *bucket, prefix string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for key, text := range b.objects {
		rest, ok := strings.CutPrefix(key, prefix)
		require.True(t, ok, key)
		_, name, _ := strings.Cut(rest, "/")
		found[name] = text
	}
	return found
}

func TestResultsAreWrittenInTheServicesLayout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bucket{}
		r := execute(t, distributed(writing("")+`,"ToleratedFailureCount":1`, calling), `["a",2]`, rejectTwos, b)
		var result struct {
			MapRunArn           string //nolint:revive // ASL's name
			ResultWriterDetails struct{ Bucket, Key string }
		}
		require.NoError(t, json.Unmarshal(r.Output, &result), "%s", r.Cause)
		id, ok := strings.CutPrefix(result.MapRunArn, "arn:aws:states:eu-west-1:123456789012:mapRun:m/L:")
		assert.True(t, ok, result.MapRunArn)
		assert.Equal(t, "run", result.ResultWriterDetails.Bucket)
		assert.Equal(t, "out/"+id+"/manifest.json", result.ResultWriterDetails.Key)
		assert.JSONEq(t, fmt.Sprintf(`{"DestinationBucket":"run","MapRunArn":"%s","ResultFiles":{"PENDING":[],
			"FAILED":[{"Key":"out/%[2]s/FAILED_0.json","Size":%[3]d}],"SUCCEEDED":[{"Key":"out/%[2]s/SUCCEEDED_0.json","Size":%[4]d}]}}`,
			result.MapRunArn, id, len(b.objects["run/out/"+id+"/FAILED_0.json"]), len(b.objects["run/out/"+id+"/SUCCEEDED_0.json"])),
			b.objects["run/"+result.ResultWriterDetails.Key])
		for name, want := range map[string]string{
			"SUCCEEDED_0.json": `{"Input":"\"a\"","InputDetails":{"Included":true},"Output":"\"a\"","OutputDetails":{"Included":true},"Status":"SUCCEEDED"`,
			"FAILED_0.json":    `{"Input":"2","InputDetails":{"Included":true},"Error":"Two","Cause":"it is 2","Status":"FAILED"`,
		} {
			var records []map[string]any
			require.NoError(t, json.Unmarshal([]byte(written(t, b, "run/out/")[name]), &records))
			require.Len(t, records, 1)
			child, at := records[0]["Name"].(string), r.Start.UTC().Format("2006-01-02T15:04:05.000Z")
			text, err := json.Marshal(records[0])
			require.NoError(t, err)
			assert.JSONEq(t, want+fmt.Sprintf(`,"Name":"%s","ExecutionArn":"arn:aws:states:eu-west-1:123456789012:execution:m/L:%[1]s",
				"StateMachineArn":"%s/L","RedriveCount":0,"StartDate":"%[3]s","StopDate":"%[3]s"}`, child, machine, at), string(text))
		}
	})
}

func TestResultsAreTransformed(t *testing.T) {
	for transformation, want := range map[string]string{"COMPACT": `[[1,2],3,[]]`, "FLATTEN": `[1,2,3]`} {
		b := &bucket{}
		definition := distributed(writing(`,"WriterConfig":{"Transformation":"`+transformation+`","OutputType":"JSON"}`)+`,"MaxConcurrency":1`, passing)
		require.Equal(t, types.ExecutionStatusSucceeded, execute(t, definition, `[[1,2],3,[]]`, nil, b).Status)
		assert.Equal(t, want, written(t, b, "run/out/")["SUCCEEDED_0.json"], transformation)
	}
}

func TestAPrefixIsAFolder(t *testing.T) {
	for prefix, folder := range map[string]string{`"p"`: "run/p/", `"p/"`: "run/p/", `""`: "run/"} {
		b := &bucket{}
		definition := strings.Replace(distributed(writing(""), passing), `"Prefix":"out"`, `"Prefix.$":"$[0]"`, 1)
		require.Equal(t, types.ExecutionStatusSucceeded, execute(t, definition, `[`+prefix+`]`, nil, b).Status)
		assert.Equal(t, []string{"SUCCEEDED_0.json", "manifest.json"}, slices.Sorted(maps.Keys(written(t, b, folder))))
	}
}

// slowly is a task that takes as many seconds as the item says; 2 fails.
func slowly(ctx context.Context, parameters []byte) ([]byte, error) {
	seconds, err := time.ParseDuration(string(parameters) + "s")
	if err != nil {
		return nil, err
	}
	timer := time.NewTimer(seconds)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return rejectTwos(ctx, parameters)
}

func TestAFailureStopsTheOthersAndLeavesTheRestPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, runs := &bucket{}, []asl.MapRun{}
		watch := func(x *asl.Execution) { x.MapRun = func(r asl.MapRun) { runs = append(runs, r) } }
		r := execute(t, distributed(writing("")+`,"MaxConcurrency":3`, calling), `[1,2,9,8,7,6]`, slowly, b, watch)
		assert.Equal(t, asl.ExceedToleratedFailure, r.Error)
		assert.Equal(t, 2*time.Second, r.Stop.Sub(r.Start).Truncate(time.Millisecond))
		inputs := map[string][]string{}
		for name, text := range written(t, b, "run/out/") {
			var records []struct{ Input, Status string }
			if name == "manifest.json" {
				assert.Contains(t, text, "PENDING_0.json")
				continue
			}
			require.NoError(t, json.Unmarshal([]byte(text), &records))
			for _, record := range records {
				inputs[name] = append(inputs[name], record.Input+" "+record.Status)
			}
			slices.Sort(inputs[name])
		}
		assert.Equal(t, map[string][]string{
			"SUCCEEDED_0.json": {"1 SUCCEEDED"}, "FAILED_0.json": {"2 FAILED", "8 ABORTED", "9 ABORTED"}, "PENDING_0.json": {"6 PENDING", "7 PENDING"},
		}, inputs)
		assert.Contains(t, written(t, b, "run/out/"), "manifest.json")
		last := runs[len(runs)-1]
		assert.Equal(t, types.MapRunStatusFailed, last.Status)
		assert.Equal(t, asl.Counts{Pending: 2, Succeeded: 1, Failed: 1, Aborted: 2, Total: 6, ResultsWritten: 4}, last.Items)
		assert.Equal(t, 3, last.MaxConcurrency)
		assert.Equal(t, r.Stop, last.Stop)
		assert.Equal(t, types.MapRunStatusRunning, runs[0].Status)
	})
}

func TestAStoppedExecutionLeavesNoObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, last := &bucket{}, asl.MapRun{}
		m := load(t, distributed(writing(""), calling), slowly)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		r := m.Run(ctx, asl.Execution{Name: "run", Input: []byte(`[1,9]`), Objects: b, MapRun: func(r asl.MapRun) { last = r }})
		assert.Equal(t, types.ExecutionStatusAborted, r.Status)
		assert.Empty(t, b.objects)
		assert.Equal(t, types.MapRunStatusAborted, last.Status)
		assert.Equal(t, asl.Counts{Succeeded: 1, Aborted: 1, Total: 2, ResultsWritten: 2}, last.Executions)
	})
}

func TestResultsThatCannotBeWrittenFailTheState(t *testing.T) {
	for _, key := range []string{"SUCCEEDED_0.json", "FAILED_0.json", "manifest.json"} {
		b := &bucket{refuses: key}
		r := execute(t, distributed(writing("")+`,"ToleratedFailureCount":1`, calling), `[1,2,3]`, rejectTwos, b)
		assert.Equal(t, [2]string{asl.ResultWriterFailed, "access denied"}, [2]string{r.Error, r.Cause}, key)
		assert.NotContains(t, written(t, b, "run/out/"), "manifest.json", key)
	}
	r := execute(t, distributed(strings.Replace(writing(""), `"$$.Execution.Name"`, `"$[0]"`, 1), passing), `[1]`, nil, &bucket{})
	assert.Equal(t, "An error occurred while executing the state 'M'. Bucket must be a string that is not empty, not 1.", r.Cause)
}

// lazy is an object whose lines are made when they are read, and a place that
// keeps of what is written only its size.
type lazy struct {
	lines int
	sizes map[string]int64
}

func (l *lazy) Get(context.Context, string, string, string) (io.ReadCloser, error) {
	body, pipe := io.Pipe()
	go func() {
		for i := range l.lines {
			if _, err := fmt.Fprintf(pipe, "{\"range\":%d}\n", i); err != nil {
				return // the reader has gone
			}
		}
		_ = pipe.Close()
	}()
	return body, nil
}

func (l *lazy) Put(_ context.Context, _, key string, body io.ReadSeeker) error {
	n, err := io.Copy(io.Discard, body)
	if key = key[strings.LastIndex(key, "/")+1:]; err == nil {
		l.sizes[key] = n
	}
	return err
}
