package local_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/local/asl"
	locals3 "autobackup/local/s3"
	"autobackup/local/states"
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
	require.Len(t, all, 15)
	return all
}

// reading are the states that have bytes read, each in an execution of its own.
var reading = []string{"CompareBytes", "CompareRange", "ConcludeBytes"}

// gettingTo are the changes with which an execution of uploadTwo gets to a state.
func gettingTo(state string) (changes []change) {
	if slices.Contains(append(reading, "StartReading", "TellUnread", "ParkUnread"), state) {
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
	if _, messages, ok := strings.Cut(string(parameters), `"unsettled":`); ok && strings.Contains(messages, `"error":`) {
		return "TellUnread" // the error of the start is with its message
	}
	for _, call := range []struct{ resource, text, state string }{
		{"lambda:invoke", `"operation":"range"`, "CompareRange"},
		{"lambda:invoke", `"operation":"conclude"`, "ConcludeBytes"},
		{"lambda:invoke", `"operation":"compare"`, "CompareBytes"},
		{"lambda:invoke", "compare-etags", "CompareETags"},
		{"lambda:invoke", `"summary":`, "FetchETagsAgain"},
		{"lambda:invoke", "", "FetchETags"},
		{"states:startExecution", "", "StartReading"},
		{"sns:publish", "stopped by an error", "AlertUnsettled"},
		{"sns:publish", "in trouble", "TellTrouble"},
		{"sqs:sendMessage", `"unsettled":`, "TellUnsettled"},
		{"sqs:sendMessage", `"failures":`, "TellFailures"},
		{"sqs:sendMessage", "no execution could be started", "ParkUnread"},
		{"sqs:sendMessage", "the workflow stopped before a verdict", "ParkUnsettledMessage"},
		{"sqs:sendMessage", "", "ParkFailure"},
	} {
		if strings.HasSuffix(resource, call.resource) && has(call.text) {
			return call.state
		}
	}
	panic("a call that no state is known to make: " + resource)
}

// before is what must be broken for an execution to get to a state.
var before = map[string][]string{
	"TellUnsettled": {"CompareETags"}, "ParkUnsettledMessage": {"CompareETags"},
	"AlertUnsettled": {"CompareETags", "TellUnsettled"},
	"TellTrouble":    {"TellFailures"},
	"ParkUnread":     {"StartReading"},
	"TellUnread":     {"StartReading"},
}

// trouble makes the first calls of a state fail with err, or hang where err is
// nil. It also breaks what must be broken for the execution to get to the state.
func (w *world) trouble(state string, calls int, err error) {
	left := atomic.Int64{} // the items of a Map call at once
	left.Store(int64(calls))
	w.States.TaskFault = func(ctx context.Context, resource string, parameters []byte) error {
		from := caller(resource, parameters)
		if slices.Contains(before[state], from) {
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

// ending is how uploadTwo ends.
type ending struct {
	fails   string // the error of the first execution, or empty
	reasons []string
	alerts  int
}

// endings of uploadTwo where what must be broken for a state is broken, and the
// state itself works.
func usual(state string) ending {
	switch state {
	case "TellUnsettled", "AlertUnsettled", "ParkUnsettledMessage":
		return ending{reason.BadInput, []string{"WORKFLOW_ERROR", "WORKFLOW_ERROR"}, 1}
	case "TellTrouble":
		return ending{"Autobackup.NotTold", []string{"CONTENT_MISMATCH"}, 1}
	case "TellUnread", "ParkUnread":
		return ending{"Autobackup.NotStarted", []string{"CONTENT_MISMATCH", "WORKFLOW_ERROR"}, 2}
	default:
		return ending{"", []string{"CONTENT_MISMATCH"}, 1}
	}
}

func (w *world) ends(want ending) {
	w.t.Helper()
	first := w.first()
	alerts := len(w.subjects())
	if alerts == 1 && want.alerts > 1 {
		alerts = want.alerts // what failed within one window is one e-mail
	}
	assert.Equal(w.t, want, ending{first.Result.Error, w.reasons(), alerts}, "%s %s", first.Result.Cause, first.Result.Path)
	assert.Empty(w.t, w.messages("failure-dlq"))
	if want.fails == "" {
		verified := 0
		for _, line := range w.settled() {
			if line.Verdict == verdict.Verified {
				verified++
			}
		}
		assert.Equal(w.t, 1, verified, "the other is not touched by it")
	}
}

// first is the execution that the pipe started; those that read bytes follow it.
func (w *world) first() states.Execution { return w.States.Executions()[0] }

// By default each Retry has one of the errors that it names, and others have another of it.
func TestEveryTaskSurvivesAsManyFailuresAsItsRetryAllows(t *testing.T) {
	all := tasks(t)
	turn := 0
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, retry := range all[name].Retry {
			turn++
			for n, equals := range retry.ErrorEquals {
				if retry.MaxAttempts == 0 || !*more && n != turn%len(retry.ErrorEquals) {
					continue // ExecutionAlreadyExists is success
				}
				t.Run(name+" "+equals, func(t *testing.T) {
					t.Parallel()
					failure := &asl.Error{Name: equals, Cause: "on purpose"}
					if equals == asl.All {
						failure.Name = "Some.Error"
					}
					inWorld(t, func(w *world) {
						w.trouble(name, retry.MaxAttempts, failure)
						w.uploadTwo()
						w.settle()
						w.ends(usual(name))
						assert.Equal(t, retry.MaxAttempts, w.retried(name), "each failure is retried")
					}, gettingTo(name)...)
				})
			}
		}
	}
}

// retries are the transitions of all executions beyond their states.
func (w *world) retries() (n int) {
	for _, e := range w.States.Executions() {
		n += e.Result.Transitions - len(e.Result.Path)
		if slices.Contains(e.Result.Path, "ReadRanges") {
			n -= 3 * 2 // ranges of 3 bytes; a child's state and its end
		}
	}
	return n
}

// retried are the retries of one state: what was broken to get there was retried
// as often as its own Retry says.
func (w *world) retried(state string) int {
	n := w.retries()
	for _, broken := range before[state] {
		if broken != "CompareETags" { // BadInput is not retried there
			n -= tasks(w.t)[broken].Retry[len(tasks(w.t)[broken].Retry)-1].MaxAttempts
		}
	}
	return n
}

func TestEveryTaskThatHangsEndsAtItsTimeoutAndIsRetried(t *testing.T) {
	for name, s := range tasks(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var took [2]time.Duration
			for calls := range took {
				inWorld(t, func(w *world) {
					w.trouble(name, calls, nil)
					w.uploadTwo()
					w.settle()
					w.ends(usual(name))
					for _, e := range w.States.Executions() {
						took[calls] += e.Result.Stop.Sub(e.Result.Start)
					}
				}, gettingTo(name)...)
			}
			extra, limit := took[1]-took[0], time.Duration(s.TimeoutSeconds)*time.Second
			assert.GreaterOrEqual(t, extra, limit)
			assert.LessOrEqual(t, extra, limit+time.Duration(s.Retry[len(s.Retry)-1].IntervalSeconds)*time.Second)
		})
	}
}

func TestRetriesLastAMinuteAndSpreadOut(t *testing.T) {
	for name, s := range tasks(t) {
		retry, delay, total := s.Retry[len(s.Retry)-1], 0.0, 0.0
		for attempt := range retry.MaxAttempts {
			delay = float64(retry.IntervalSeconds)
			for range attempt {
				delay *= retry.BackoffRate
			}
			total += min(delay, float64(retry.MaxDelaySeconds))
		}
		assert.GreaterOrEqual(t, total, 60.0, "%s: throttling lasts seconds to a minute", name)
		assert.LessOrEqual(t, total, 310.0, "%s: an operator waits for the alert", name)
		assert.GreaterOrEqual(t, delay, float64(retry.MaxDelaySeconds)/2, "%s: MaxDelaySeconds has a meaning", name)
		assert.Equal(t, "FULL", retry.JitterStrategy, name)
	}
}

const (
	guide          = " as the guide says"
	asTheGuideSays = "States.DataLimitExceeded" + guide
)

func TestABrokenTaskTakesTheCatchPathAndNoMessageIsLost(t *testing.T) {
	const (
		report = "FetchETags CompareETags Verdicts ParkFailures ParkFailure TellFailures Reported "
		unread = "FetchETags CompareETags KeepUnsettled TellUnsettled "
		park   = "ParkUnsettled ParkUnsettledList ParkUnsettledMessage ParkUnsettledMessage ParkUnsettledList ParkUnsettledList ExecutionFailed"
		goOn   = "Verdicts WaitForReplication FetchETagsAgain" // and so on, until the lagging one is verified
	)
	both := []string{"WORKFLOW_ERROR", "WORKFLOW_ERROR"}
	cases := map[string]struct {
		path string // its beginning
		ends ending
	}{
		"FetchETags":           {"FetchETags WhoseInput KeepWholeBatch TellUnsettled ParkUnsettled ParkUnsettledList ParkUnsettledMessage ParkUnsettledMessage ExecutionFailed", ending{"as raised", both, 1}},
		"CompareETags":         {unread + park, ending{"as raised", both, 1}},
		"FetchETagsAgain":      {report + goOn + " KeepLagging TellUnsettled ParkUnsettled ParkUnsettledList ParkUnsettledList ParkUnsettledMessage ExecutionFailed", ending{"as raised", []string{"CONTENT_MISMATCH", "WORKFLOW_ERROR"}, 2}},
		"TellFailures":         {report + "NotTold TellTrouble " + goOn, ending{"Autobackup.NotTold", []string{"CONTENT_MISMATCH"}, 1}},
		"TellTrouble":          {report + "NotTold TellTrouble " + goOn, ending{"Autobackup.NotTold", []string{"CONTENT_MISMATCH"}, 0}},
		"ParkFailure":          {"FetchETags CompareETags Verdicts ParkFailures ParkFailure FailureNotParked TellFailures Reported NotParked TellTrouble " + goOn, ending{"Autobackup.NotParked", nil, 2}},
		"StartReading":         {report + goOn, ending{"Autobackup.NotStarted", []string{"CONTENT_MISMATCH", "WORKFLOW_ERROR"}, 2}},
		"TellUnread":           {report + goOn, ending{"Autobackup.NotStarted", []string{"CONTENT_MISMATCH", "WORKFLOW_ERROR"}, 1}},
		"ParkUnread":           {report + goOn, ending{"Autobackup.NotStarted", []string{"CONTENT_MISMATCH"}, 2}},
		"TellUnsettled":        {unread + "AlertUnsettled " + park, ending{reason.BadInput, both, 1}},
		"AlertUnsettled":       {unread + "AlertUnsettled " + park, ending{reason.BadInput, both, 0}},
		"ParkUnsettledMessage": {unread + "ParkUnsettled ParkUnsettledList ParkUnsettledMessage ", ending{reason.BadInput, nil, 1}},
	}
	require.Len(t, cases, len(tasks(t))-len(reading))
	for turn, state := range slices.Sorted(maps.Keys(cases)) {
		c := cases[state]
		for n, equals := range []string{reason.BadInput, reason.Internal, "States.Timeout", "Lambda.Unknown", "States.DataLimitExceeded", asTheGuideSays} {
			if !*more && equals != asTheGuideSays && n != turn%5 {
				continue // each state has what is caught otherwise than all else, and one of the others
			}
			t.Run(state+" "+equals, func(t *testing.T) {
				// AWS's guide says that States.ALL does not catch an oversized answer, its
				// recordings say that it does. The workflow is right under both.
				equals, terminalDataLimit = strings.TrimSuffix(equals, guide), equals == asTheGuideSays
				defer func() { terminalDataLimit = false }()
				inWorld(t, func(w *world) {
					w.trouble(state, 1_000, &asl.Error{Name: equals, Cause: "on purpose"})
					w.uploadTwo()
					w.settle()

					assert.True(t, strings.HasPrefix(strings.Join(w.first().Result.Path, " "), c.path), "%s", w.first().Result.Path)
					want := c.ends
					if want.fails == "as raised" {
						want.fails = equals
						assert.Contains(t, w.first().Result.Cause, "on purpose")
					}
					w.ends(want)
					assert.Equal(t, types.ExecutionStatusFailed, w.first().Result.Status)
				}, gettingTo(state)...)
			})
		}
	}
}

func TestBytesThatCannotBeReadFailTheirMessageAlone(t *testing.T) {
	for _, state := range reading {
		for _, name := range []string{reason.BadInput, "States.Timeout", "States.DataLimitExceeded", "Lambda.Unknown"} {
			t.Run(state+" "+name, func(t *testing.T) {
				inWorld(t, func(w *world) {
					w.trouble(state, 1_000, &asl.Error{Name: name, Cause: "on purpose"})
					w.uploadTwo()
					w.put("slow too.bin", "content")
					w.settle()
					require.Len(t, w.States.Executions(), 3, "one each for what is to be read")
					for _, e := range w.States.Executions() {
						assert.Equal(t, types.ExecutionStatusSucceeded, e.Result.Status, e.Result.Cause)
					}
					assert.Equal(t, []string{"BYTES_NOT_READ", "BYTES_NOT_READ", "CONTENT_MISMATCH"}, w.reasons(), "stored checksums agree all the same")
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
		reason.Transient, asl.Timeout,
		// https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception
		"Lambda.ClientExecutionTimeoutException", "Lambda.ServiceException", "Lambda.AWSLambdaException",
		"Lambda.SdkClientException", "Lambda.TooManyRequestsException",
		"Sandbox.Timedout", // a function's own time-out
		// A process that ended amid an invocation: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
		"Runtime.ExitError", "Runtime.OutOfMemory", "Lambda.Unknown",
	}
	exists := []string{"StepFunctions.ExecutionAlreadyExistsException", "StepFunctions.ExecutionAlreadyExists"}
	for name, s := range tasks(t) {
		var caught [][]string
		for _, c := range s.Catch {
			caught = append(caught, c.ErrorEquals)
		}
		// AWS's guide says that States.ALL does not catch States.DataLimitExceeded, its
		// recordings say that it does: with both names, either is right.
		want := [][]string{{asl.DataLimitExceeded}, {asl.All}}
		switch name {
		case "CompareRange": // ReadRanges catches for all its children
			want = nil
		case "StartReading":
			want = append([][]string{exists}, want...)
			assert.Equal(t, exists, s.Retry[0].ErrorEquals)
		}
		assert.Equal(t, want, caught, name)
		retry := s.Retry[len(s.Retry)-1]
		if strings.HasSuffix(s.Resource, "lambda:invoke") {
			assert.ElementsMatch(t, known, retry.ErrorEquals, name)
		} else {
			assert.Equal(t, []string{asl.All}, retry.ErrorEquals, name)
		}
	}
}

func TestTheAlertOfABrokenWorkflowSaysWhatIsKnownAndNoMore(t *testing.T) {
	inWorld(t, func(w *world) {
		w.States.TaskFault = func(_ context.Context, resource string, parameters []byte) error {
			switch caller(resource, parameters) {
			case "CompareETags":
				return &asl.Error{Name: reason.Internal, Cause: "a 'cause' with {braces}"}
			case "TellUnsettled": // else the sender tells
				return &asl.Error{Name: "SQS.Broken"}
			}
			return nil
		}
		w.uploadTwo()
		w.settle()
		text := w.SNS.Published()[0].Message
		for _, part := range []string{
			reason.Internal, "a 'cause' with {braces}", w.one().ARN, "2 message(s) have no verdict", "Nothing is known about their objects",
			fmt.Sprintf("https://console.aws.amazon.com/states/home?region=%s#/v2/executions/details/%s", w.region, w.one().ARN),
			"--destination-arn " + w.queue("validation-queue"), "--source-arn " + w.queue("validation-dlq"),
		} {
			assert.Contains(t, text, part)
		}
	})
}
