package local_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/local/asl"
	locals3 "autobackup/internal/local/s3"
	"autobackup/internal/reason"
)

// taskState is a Task of the definition, as far as these tests need it.
type taskState struct {
	Type, Resource string
	TimeoutSeconds int
	Retry          []struct {
		ErrorEquals                                   []string
		IntervalSeconds, MaxAttempts, MaxDelaySeconds int
		BackoffRate                                   float64
		JitterStrategy                                string
	}
	Catch []struct {
		ErrorEquals []string
		Next        string
	}
	ItemProcessor struct{ States map[string]taskState }
}

// tasks are all Task states of the definition, those in Maps included.
func tasks(t *testing.T) map[string]taskState {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(project, "statemachine/validate.asl.json"))
	require.NoError(t, err)
	var definition struct{ States map[string]taskState }
	require.NoError(t, json.Unmarshal(source, &definition))
	all := map[string]taskState{}
	var collect func(map[string]taskState)
	collect = func(states map[string]taskState) {
		for name, s := range states {
			if s.Type == "Task" {
				all[name] = s
			}
			collect(s.ItemProcessor.States)
		}
	}
	collect(definition.States)
	require.Len(t, all, 10)
	return all
}

// reading are the states that have bytes read.
var reading = []string{"CompareBytes", "CompareRange", "ConcludeBytes"}

// gettingTo are the changes with which an execution of uploadTwo gets to a state.
func gettingTo(state string) (changes []change) {
	if slices.Contains(reading, state) {
		changes = append(changes, replace("template.yaml", "Default: inconclusive", "Default: always"))
	}
	if state == "CompareRange" || state == "ConcludeBytes" { // only objects larger than a range
		changes = append(changes, replace("template.yaml", `RANGE_BYTES: "4294967296"`, `RANGE_BYTES: "3"`))
	}
	return changes
}

// caller is the state that makes a call, told by what only its calls have.
func caller(resource string, parameters []byte) string {
	has := func(s string) bool { return strings.Contains(string(parameters), s) }
	switch {
	case has(`"operation":"range"`):
		return "CompareRange"
	case has(`"operation":"conclude"`):
		return "ConcludeBytes"
	case has(`"operation":"compare"`):
		return "CompareBytes"
	case strings.HasSuffix(resource, "lambda:invoke") && has("compare-etags"):
		return "CompareETags"
	case strings.HasSuffix(resource, "lambda:invoke") && has(`"summary":`):
		return "FetchETagsAgain"
	case strings.HasSuffix(resource, "lambda:invoke"):
		return "FetchETags"
	case strings.HasSuffix(resource, "sns:publish") && has("stopped by an error"):
		return "AlertUnsettled"
	case strings.HasSuffix(resource, "sns:publish"):
		return "AlertFailures"
	case has(string(reason.WorkflowError)):
		return "ParkUnsettledMessage"
	default:
		return "ParkFailure"
	}
}

// trouble makes the first calls of a state fail with err, or hang where err is
// nil. It also breaks what must be broken for the execution to get to the state.
func (w *world) trouble(state string, calls int, err error) {
	left := atomic.Int64{} // the items of a Map call at once
	left.Store(int64(calls))
	w.TaskFault = func(ctx context.Context, resource string, parameters []byte) error {
		from := caller(resource, parameters)
		if from == "CompareETags" && strings.Contains(state, "Unsettled") {
			return &asl.Error{Name: reason.BadInput, Cause: "broken on purpose"}
		}
		if from != state || left.Add(-1) < 0 {
			return nil
		}
		if err == nil {
			<-ctx.Done()
			return context.Cause(ctx)
		}
		return err
	}
}

// uploadTwo makes one object that fails and one that lags, in one batch.
func (w *world) uploadTwo() {
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
		if r.Key == "wrong.bin" {
			return locals3.Plan{Corrupt: locals3.FlipBit}
		}
		return locals3.Plan{Lag: time.Hour}
	}
	w.put("wrong.bin", "content")
	w.put("slow.bin", "content")
}

// asUsual is how such a batch ends when nothing else is wrong; with a broken
// CompareETags, both messages are parked without a verdict.
func (w *world) asUsual(state string) {
	if strings.Contains(state, "Unsettled") {
		assert.Equal(w.t, []string{"WORKFLOW_ERROR", "WORKFLOW_ERROR"}, w.reasons())
		assert.Equal(w.t, "FetchETags CompareETags AlertUnsettled ParkUnsettled ParkUnsettledMessage ParkUnsettledMessage ExecutionFailed", w.path())
		assert.Equal(w.t, []string{"[dev] Backup check stopped by an error: WORKFLOW_ERROR"}, w.subjects())
		return
	}
	assert.Equal(w.t, types.ExecutionStatusSucceeded, w.one().Result.Status, w.one().Result.Cause)
	assert.Equal(w.t, []string{"CONTENT_MISMATCH"}, w.reasons())
	assert.Len(w.t, w.subjects(), 1)
	assert.Contains(w.t, w.summary(w.one()).Text, "1 verified")
}

func TestEveryTaskSurvivesAsManyFailuresAsItsRetryAllows(t *testing.T) {
	for name, s := range tasks(t) {
		for _, retry := range s.Retry {
			for _, equals := range retry.ErrorEquals {
				t.Run(name+" "+equals, func(t *testing.T) {
					failure := &asl.Error{Name: equals, Cause: "on purpose"}
					if equals == asl.All {
						failure.Name = "Some.Error"
					}
					inWorld(t, func(w *world) {
						w.trouble(name, retry.MaxAttempts, failure)
						w.uploadTwo()
						w.settle()
						w.asUsual(name)
						children := 0
						if strings.Contains(w.path(), "ReadRanges") {
							children = 3 * 2 // ranges of 3 bytes; a child's state and its end
						}
						assert.Equal(t, retry.MaxAttempts, w.retries()-children, "each failure is retried")
					}, gettingTo(name)...)
				})
			}
		}
	}
}

// retries are the transitions of the only execution beyond its states.
func (w *world) retries() int { return w.one().Result.Transitions - len(w.one().Result.Path) }

func TestEveryTaskThatHangsEndsAtItsTimeoutAndIsRetried(t *testing.T) {
	for name, s := range tasks(t) {
		t.Run(name, func(t *testing.T) {
			var usual, hung time.Duration
			for calls, took := range []*time.Duration{&usual, &hung} {
				inWorld(t, func(w *world) {
					w.trouble(name, calls, nil)
					w.uploadTwo()
					w.settle()
					w.asUsual(name)
					*took = w.one().Result.Stop.Sub(w.one().Result.Start)
				}, gettingTo(name)...)
			}
			extra, limit := hung-usual, time.Duration(s.TimeoutSeconds)*time.Second
			assert.GreaterOrEqual(t, extra, limit)
			assert.LessOrEqual(t, extra, limit+time.Duration(s.Retry[0].IntervalSeconds)*time.Second)
		})
	}
}

func TestRetriesLastAMinuteAndSpreadOut(t *testing.T) {
	for name, s := range tasks(t) {
		require.Len(t, s.Retry, 1, name)
		retry, delay, total := s.Retry[0], 0.0, 0.0
		for attempt := range retry.MaxAttempts {
			delay = float64(retry.IntervalSeconds)
			for range attempt {
				delay *= retry.BackoffRate
			}
			total += min(delay, float64(retry.MaxDelaySeconds))
		}
		assert.GreaterOrEqual(t, total, 60.0, "%s: throttling lasts seconds to a minute", name)
		assert.LessOrEqual(t, total, 300.0, "%s: an operator waits for the alert", name)
		assert.GreaterOrEqual(t, delay, float64(retry.MaxDelaySeconds)/2, "%s: MaxDelaySeconds has a meaning", name)
		assert.Equal(t, "FULL", retry.JitterStrategy, name)
	}
}

func TestABrokenTaskTakesTheCatchPathAndNoMessageIsLost(t *testing.T) {
	const again = "FetchETags CompareETags Verdicts AlertFailures ParkFailures ParkFailure Reported WaitForReplication FetchETagsAgain"
	const unsettled = " AlertUnsettled ParkUnsettled"
	cases := []struct {
		state   string
		path    string
		reasons []string
		alerts  int
	}{
		{"FetchETags", "FetchETags KeepWholeBatch" + unsettled + " ParkUnsettledMessage ParkUnsettledMessage ExecutionFailed",
			[]string{"WORKFLOW_ERROR", "WORKFLOW_ERROR"}, 1},
		{"CompareETags", "FetchETags CompareETags" + unsettled + " ParkUnsettledMessage ParkUnsettledMessage ExecutionFailed",
			[]string{"WORKFLOW_ERROR", "WORKFLOW_ERROR"}, 1},
		{"FetchETagsAgain", again + unsettled + " ParkUnsettledMessage ExecutionFailed",
			[]string{"CONTENT_MISMATCH", "WORKFLOW_ERROR"}, 2},
		{"AlertFailures", "FetchETags CompareETags Verdicts AlertFailures ParkFailures ParkFailure Reported" + unsettled + " ParkUnsettledMessage ExecutionFailed",
			[]string{"CONTENT_MISMATCH", "WORKFLOW_ERROR"}, 1},
		{"ParkFailure", "FetchETags CompareETags Verdicts AlertFailures ParkFailures ParkFailure FailureNotParked Reported ParkingFailed" + unsettled + " ParkUnsettledMessage ExecutionFailed",
			[]string{"WORKFLOW_ERROR"}, 2},
		{"AlertUnsettled", "FetchETags CompareETags" + unsettled + " ParkUnsettledMessage ParkUnsettledMessage ExecutionFailed",
			[]string{"WORKFLOW_ERROR", "WORKFLOW_ERROR"}, 0},
		{"ParkUnsettledMessage", "FetchETags CompareETags" + unsettled + " ParkUnsettledMessage ParkUnsettledMessage MessageNotParked MessageNotParked ExecutionFailed",
			nil, 1},
	}
	require.Len(t, cases, len(tasks(t))-len(reading))
	for _, c := range cases {
		for _, equals := range []string{reason.BadInput, reason.Internal, "States.Timeout", "Lambda.Unknown"} {
			t.Run(c.state+" "+equals, func(t *testing.T) {
				inWorld(t, func(w *world) {
					w.trouble(c.state, 1_000, &asl.Error{Name: equals, Cause: "on purpose"})
					w.uploadTwo()
					w.settle()

					assert.Equal(t, c.path, w.path())
					assert.Equal(t, c.reasons, w.reasons())
					assert.Len(t, w.subjects(), c.alerts)
					result := w.one().Result
					assert.Equal(t, types.ExecutionStatusFailed, result.Status)
					if !strings.Contains(c.state, "Unsettled") {
						assert.Equal(t, equals, result.Error, "the execution's error is the first one")
						assert.Contains(t, result.Cause, "on purpose")
					}
				})
			})
		}
	}
}

func TestBytesThatCannotBeReadFailTheirMessageAlone(t *testing.T) {
	for _, state := range reading {
		for _, name := range []string{reason.BadInput, "States.Timeout", "Lambda.Unknown"} {
			t.Run(state+" "+name, func(t *testing.T) {
				inWorld(t, func(w *world) {
					w.trouble(state, 1_000, &asl.Error{Name: name, Cause: "on purpose"})
					w.uploadTwo()
					w.put("slow too.bin", "content")
					w.settle()
					assert.Equal(t, types.ExecutionStatusSucceeded, w.one().Result.Status)
					assert.Equal(t, []string{"CONTENT_MISMATCH", "WORKFLOW_ERROR", "WORKFLOW_ERROR"}, w.reasons())
					assert.Len(t, w.subjects(), 2)
					assert.Contains(t, w.path(), " NotRead ")
				}, gettingTo(state)...)
			})
		}
	}
}

func TestFunctionErrorsThatNoRetryCanMendAreNotRetried(t *testing.T) {
	for _, state := range []string{"FetchETags", "CompareETags", "FetchETagsAgain"} {
		for _, name := range []string{reason.BadInput, reason.Internal} {
			t.Run(state+" "+name, func(t *testing.T) {
				inWorld(t, func(w *world) {
					w.trouble(state, 1_000, &asl.Error{Name: name})
					w.uploadTwo()
					w.settle()
					assert.Zero(t, w.retries())
				})
			})
		}
	}
}

func TestErrorNamesInTheDefinitionAreOnesThatSomebodyRaises(t *testing.T) {
	known := []string{
		reason.Transient, asl.All, asl.Timeout,
		// https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception
		"Lambda.ClientExecutionTimeoutException", "Lambda.ServiceException", "Lambda.AWSLambdaException",
		"Lambda.SdkClientException", "Lambda.TooManyRequestsException",
		"Sandbox.Timedout", // a function's own time-out
	}
	for name, s := range tasks(t) {
		if name != "CompareRange" { // ReadRanges catches for all its children
			require.Len(t, s.Catch, 1, name)
			assert.Equal(t, []string{asl.All}, s.Catch[0].ErrorEquals, name)
		}
		for _, retry := range s.Retry {
			for _, equals := range retry.ErrorEquals {
				assert.True(t, slices.Contains(known, equals), "%s: %s", name, equals)
			}
			if strings.HasSuffix(s.Resource, "lambda:invoke") {
				assert.ElementsMatch(t, remove(known, asl.All), retry.ErrorEquals, name)
			}
		}
	}
}

func remove(from []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(from), func(s string) bool { return s == one })
}

func TestTheAlertOfABrokenWorkflowSaysWhatIsKnownAndNoMore(t *testing.T) {
	inWorld(t, func(w *world) {
		w.trouble("CompareETags", 1_000, &asl.Error{Name: reason.Internal, Cause: "a 'cause' with {braces}"})
		w.uploadTwo()
		w.settle()
		text := w.SNS.Published()[0].Message
		for _, part := range []string{
			reason.Internal, "a 'cause' with {braces}", w.one().ARN, "2 message(s) have no verdict", "Nothing is known about their objects",
			fmt.Sprintf("https://%s.console.aws.amazon.com/states/home?region=%s#/v2/executions/details/%s", w.region, w.region, w.one().ARN),
			"--destination-arn " + w.queue("validation-queue"), "--source-arn " + w.queue("validation-dlq"),
		} {
			assert.Contains(t, text, part)
		}
	})
}
