package local_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/lambda"
	"autobackup/local/states"
)

// waiting is a workflow that takes an hour.
var waiting = workflow(`"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":3600,"End":true}}`)

// starting is a workflow whose input says what a Task hands to startExecution;
// its output is the answer, or the error with its cause.
var starting = workflow(`"StartAt":"Nested","States":{
	"Nested":{"Type":"Choice","Choices":[{"Variable":"$$.Execution.Input.start","IsPresent":true,"Next":"Start"}],"Default":"W"},
	"Start":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution","Parameters":{"StateMachineArn.$":"$$.StateMachine.Id","Name.$":"$.start","Input.$":"$.input"},
		"Catch":[{"ErrorEquals":["States.ALL"],"Next":"Told"}],"Next":"Told"},
	"Told":{"Type":"Pass","End":true},
	"W":{"Type":"Wait","Seconds":3600,"End":true}}`)

func (w *world) states() *sfn.Client {
	return sfn.NewFromConfig(w.AWSConfig(w.region), func(o *sfn.Options) { o.RetryMaxAttempts = 1 })
}

// code is the code of an error that Step Functions answered with.
func code(t *testing.T, err error) string {
	t.Helper()
	refused := smithy.APIError(nil)
	require.ErrorAs(t, err, &refused)
	return refused.ErrorCode() + ": " + refused.ErrorMessage()
}

// AWS recorded both answers and the message (a public emulator's suite, run on AWS
// in August 2024).
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
func TestANameStartsOneExecution(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		start := func(input string) (*sfn.StartExecutionOutput, error) {
			return w.states().StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: aws.String(w.machine()), Name: aws.String("plan-1"), Input: &input})
		}
		first, err := start(`{"n":1}`)
		require.NoError(t, err)
		arn := strings.Replace(w.machine(), ":stateMachine:", ":execution:", 1) + ":plan-1"
		assert.Equal(t, arn, *first.ExecutionArn)
		time.Sleep(time.Minute)
		again, err := start(`{"n":1}`)
		require.NoError(t, err)
		assert.Equal(t, first.ExecutionArn, again.ExecutionArn)
		assert.Equal(t, first.StartDate, again.StartDate, "as the first start was answered")
		const exists = "ExecutionAlreadyExists: Execution Already Exists: '"
		_, err = start(`{"n":2}`)
		assert.Equal(t, exists+arn+"'", code(t, err), "another input")
		w.settle()
		_, err = start(`{"n":1}`)
		assert.Equal(t, exists+arn+"'", code(t, err), "it has ended")

		other, err := w.States.StartExecution(w.machine(), []byte(`{}`))
		require.NoError(t, err)
		assert.Regexp(t, `:[0-9a-f-]{36}$`, other.ARN, "without a name one is made up")
		w.settle()
		assert.Len(t, w.States.Executions(), 2)
	}, waiting)
}

func TestANamedExecutionIsListedDescribedAndItsHistoryRead(t *testing.T) {
	const name = "Ünit_1.a-b=c@d'(e)!+"
	inWorld(t, func(w *world) {
		t := w.t
		w.States.KeepHistory = true
		e, err := w.States.StartExecution(w.machine(), []byte(`{"n":1}`), states.Named(name))
		require.NoError(t, err)
		for _, status := range []types.ExecutionStatus{types.ExecutionStatusRunning, types.ExecutionStatusFailed} {
			listed, err := w.states().ListExecutions(t.Context(), &sfn.ListExecutionsInput{StateMachineArn: aws.String(w.machine()), StatusFilter: status})
			require.NoError(t, err)
			require.Len(t, listed.Executions, 1)
			assert.Equal(t, []string{e.ARN, name}, []string{*listed.Executions[0].ExecutionArn, *listed.Executions[0].Name})
			w.settle()
		}
		described, err := w.states().DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: &e.ARN})
		require.NoError(t, err)
		assert.Equal(t, []string{name, `{"n":1}`, "FAILED"}, []string{*described.Name, *described.Input, string(described.Status)})
		assert.Equal(t, time.Hour, described.StopDate.Sub(*described.StartDate))
		history, err := w.states().GetExecutionHistory(t.Context(), &sfn.GetExecutionHistoryInput{ExecutionArn: &e.ARN})
		require.NoError(t, err)
		assert.Equal(t, types.HistoryEventTypeExecutionFailed, history.Events[len(history.Events)-1].Type)
	}, workflow(`"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":3600,"Next":"F"},"F":{"Type":"Fail","Error":"Ended"}}`))
}

func TestStartExecutionRefusesWhatTheServiceRefuses(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		names := []string{"", strings.Repeat("n", 81)}
		for _, r := range " \t\u00a0<>{}[]?*\"#%\\^|~`$&,;:/\x00\x1f\x7f\u009f\ufffe" {
			names = append(names, "a"+string(r)+"b")
		}
		for _, name := range names {
			_, err := w.states().StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: aws.String(w.machine()), Name: &name})
			assert.Equal(t, "InvalidName: Invalid Name: '"+name+"'", code(t, err))
		}
		const invalid = "InvalidExecutionInput: Invalid State Machine Execution Input: '"
		for input, want := range map[string]string{
			"":                                       "unexpected end of JSON input",
			"not":                                    "invalid character 'o' in literal null (expecting 'u')",
			"{} {}":                                  "invalid character '{' after top-level value",
			`"` + strings.Repeat("x", 262_143) + `"`: "it is larger than 262144 bytes.",
		} {
			_, err := w.states().StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: aws.String(w.machine()), Input: &input})
			assert.Equal(t, invalid+want+"'", code(t, err))
		}
		_, err := w.states().StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: aws.String(w.machine() + "-gone")})
		assert.Equal(t, "StateMachineDoesNotExist: State Machine Does Not Exist: '"+w.machine()+"-gone'", code(t, err))
		_, err = w.states().StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: aws.String(w.machine()), TraceHeader: aws.String("Root=1")})
		assert.ErrorContains(t, err, `does not support the parameter "traceHeader"`)
		assert.Empty(t, w.States.Executions())

		for _, name := range []string{"a", strings.Repeat("ü", 80)} {
			_, err := w.States.StartExecution(w.machine(), []byte(`1`), states.Named(name))
			require.NoError(t, err, name)
		}
	}, waiting)
}

func TestTheStateMachineStartsItselfUnderAName(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		var asked []string
		w.States.TaskFault = func(_ context.Context, resource string, parameters []byte) error {
			asked = append(asked, resource+" "+string(parameters))
			return nil
		}
		_, err := w.States.StartExecution(w.machine(), []byte(`{"start":"again","input":{"text":"<&>é🙂","list":[1]}}`))
		require.NoError(t, err)
		begin := time.Now()
		w.settle()
		all := w.States.Executions()
		require.Len(t, all, 2)
		parent, child := all[0], all[1]
		assert.Equal(t, "again", child.Name)
		assert.Equal(t, `{"list":[1],"text":"<&>é🙂"}`, string(child.Input), "as JSON text, HTML not escaped")
		assert.Equal(t, types.ExecutionStatusSucceeded, child.Result.Status)
		assert.Equal(t, begin, parent.Result.Stop, "nobody waits for what it started")
		assert.Equal(t, time.Hour, child.Result.Stop.Sub(begin), "WaitIdle does")

		var answer map[string]any
		require.NoError(t, json.Unmarshal(parent.Result.Output, &answer))
		assert.Equal(t, map[string]any{"ExecutionArn": child.ARN, "StartDate": float64(begin.UnixMilli())}, answer)
		assert.Equal(t, []string{"arn:aws:states:::states:startExecution " +
			`{"Input":{"list":[1],"text":"<&>é🙂"},"Name":"again","StateMachineArn":"` + w.machine() + `"}`}, asked, "a fault could have been made")
		var calls []string
		for _, event := range w.events[parent.ARN] {
			if d := event.TaskScheduledEventDetails; d != nil {
				calls = append(calls, *d.ResourceType+" "+*d.Resource)
			}
		}
		assert.Equal(t, []string{"states startExecution"}, calls)
	}, starting)
}

// AWS recorded the name and the cause of the error about the missing machine, but
// for the request's id; causes of ExecutionAlreadyExists on AWS have the same form.
func TestANestedStartThatIsRefusedIsAnErrorOfTheTask(t *testing.T) {
	const service = `(Service: AWSStepFunctions; Status Code: 400; Error Code: `
	inWorld(t, func(w *world) {
		t := w.t
		start := func(input string) states.Execution {
			e, err := w.States.StartExecution(w.machine(), []byte(input))
			require.NoError(t, err)
			time.Sleep(time.Second)
			for _, found := range w.States.Executions() {
				if found.ARN == e.ARN {
					require.NotNil(t, found.Result)
					return found
				}
			}
			return states.Execution{}
		}
		failed := func(input string) (name, cause string) {
			var told struct{ Error, Cause string }
			require.NoError(t, json.Unmarshal(start(input).Result.Output, &told))
			return told.Error, told.Cause
		}
		first := start(`{"start":"again","input":{"n":1}}`)
		assert.Equal(t, string(first.Result.Output), string(start(`{"start":"again","input":{"n":1}}`).Result.Output), "the same answer while it runs")
		arn := strings.Replace(w.machine(), ":stateMachine:", ":execution:", 1) + ":again"
		name, cause := failed(`{"start":"again","input":{"n":2}}`)
		assert.Equal(t, "StepFunctions.ExecutionAlreadyExistsException", name)
		assert.Regexp(t, "^Execution Already Exists: '"+arn+`' `+`\`+service[:len(service)-1]+` ExecutionAlreadyExists; Request ID: [0-9a-f-]{36}; Proxy: null\)$`, cause)
		w.settle()
		name, _ = failed(`{"start":"again","input":{"n":1}}`)
		assert.Equal(t, "StepFunctions.ExecutionAlreadyExistsException", name, "it has ended")
		name, cause = failed(`{"start":"a b","input":{}}`)
		assert.Equal(t, "StepFunctions.InvalidNameException", name)
		assert.Contains(t, cause, "Invalid Name: 'a b' "+service)

		bad := start(`{"start":"b","input":"text"}`)
		assert.Equal(t, "States.Runtime: The parameters are not supported by the local stack: Input is no object", bad.Result.Error+": "+bad.Result.Cause)
		start(`{"start":"c","input":null}`)
		all := w.States.Executions()
		assert.Equal(t, []string{"c", `{}`}, []string{all[len(all)-1].Name, string(all[len(all)-1].Input)}, "no input is an empty object")
		w.settle()
	}, starting)
}

func TestANestedStartOfAnotherMachine(t *testing.T) {
	inOpenWorld(t, func(w *world) {
		t := w.t
		_, err := w.States.StartExecution(w.machine(), []byte(`{}`))
		require.NoError(t, err)
		w.settle()
		assert.Equal(t, "StepFunctions.StateMachineDoesNotExistException", w.one().Result.Error)
		assert.Contains(t, w.one().Result.Cause, "State Machine Does Not Exist: 'arn:aws:states:eu-central-1:123456789012:stateMachine:gone' (Service: AWSStepFunctions; ")
	}, workflow(`"StartAt":"S","States":{"S":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution","Parameters":{"StateMachineArn":"arn:aws:states:eu-central-1:123456789012:stateMachine:gone"},"End":true}}`))
}

// The document has an object; AWS recorded objects, and the error of a body that is
// null (a public emulator's suite, run on AWS in 2024).
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-sqs.html
func TestAMessageBodyMayBeTextOrJSON(t *testing.T) {
	inWorld(t, func(w *world) {
		t := w.t
		for body, want := range map[string]string{
			`"a \"text\" <&>"`:                 `a "text" <&>`,
			`{"b":{"text":"<&>é"},"a":[1.50]}`: `{"a":[1.50],"b":{"text":"<&>é"}}`,
			`[{"k":"<"},null]`:                 `[{"k":"<"},null]`,
			`{}`:                               `{}`,
			`[]`:                               `[]`,
		} {
			_, err := w.States.StartExecution(w.machine(), []byte(`{"body":`+body+`}`))
			require.NoError(t, err)
			time.Sleep(time.Second)
			sent := w.parked()
			require.Len(t, sent, 1, body)
			assert.Equal(t, want, sent[0].Body)
			time.Sleep(time.Minute)
			require.NoError(t, w.SQS.Purge(w.queue("validation-dlq")))
		}
		for body, want := range map[string]string{
			`null`: "SQS.AmazonSQSException", `""`: "SQS.AmazonSQSException", `1`: "States.Runtime", `true`: "States.Runtime",
		} {
			e, err := w.States.StartExecution(w.machine(), []byte(`{"body":`+body+`}`))
			require.NoError(t, err)
			w.settle()
			described, err := w.states().DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: &e.ARN})
			require.NoError(t, err)
			assert.Contains(t, aws.ToString(described.Error), want, body)
			assert.Contains(t, aws.ToString(described.Cause), "MessageBody", body)
		}
		assert.Empty(t, w.parked())
	}, workflow(`"StartAt":"S","States":{"S":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","Parameters":{"QueueUrl":"https://sqs.`+firstRegion+`.amazonaws.com/123456789012/autobackup-validation-dlq-dev","MessageBody.$":"$.body"},"End":true}}`))
}

// A definition can be run under both readings of a task's result that is too large.
func TestAStackTakesEitherSideAboutALargeResult(t *testing.T) {
	folder := copyOfProject(t, []change{workflow(`"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"autobackup-compare-etags-dev"},
		"Catch":[{"ErrorEquals":["States.ALL"],"Next":"C"}],"End":true},"C":{"Type":"Succeed"}}`)})
	dir := t.TempDir()
	for terminal, want := range map[bool]types.ExecutionStatus{false: types.ExecutionStatusSucceeded, true: types.ExecutionStatusFailed} {
		synctest.Test(t, func(t *testing.T) {
			stack, err := local.Start(t.Context(), local.Config{
				Clock: clock.Real(), Project: folder, Dir: dir, Account: account, URL: "http://127.0.0.1", TerminalDataLimit: terminal,
				Runtime: func(clk *clock.Clock, newID func() string, c lambda.Config, _ string) (*lambda.Function, error) {
					return lambda.NewInProcess(clk, newID, c, func(context.Context, []byte) ([]byte, error) {
						return []byte(`"` + strings.Repeat("x", 300_000) + `"`), nil
					})
				},
			})
			require.NoError(t, err)
			environment, err := local.Environment(folder, "default")
			require.NoError(t, err)
			_, err = stack.Deploy(environment, nil)
			require.NoError(t, err)
			_, err = stack.States.StartExecution("arn:aws:states:"+environment.Region+":"+account+":stateMachine:autobackup-validation-dev", []byte(`{}`))
			require.NoError(t, err)
			require.NoError(t, stack.WaitIdle(t.Context()))
			assert.Equal(t, want, stack.States.Executions()[0].Result.Status)
			require.NoError(t, stack.Close())
		})
	}
}
