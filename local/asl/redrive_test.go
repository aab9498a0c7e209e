package asl_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/asl"
)

// performance is an execution that can be redriven, and what is seen of it.
type performance struct {
	t    *testing.T
	m    *asl.Machine
	x    asl.Execution
	last *asl.Progress

	mu     sync.Mutex
	calls  []string
	events []types.HistoryEvent
	run    asl.MapRun
	broken bool // calls with a 2 in them fail
	place  *bucket
}

func perform(t *testing.T, definition, input string) *performance {
	p := &performance{t: t, broken: true, place: &bucket{objects: map[string]string{}}}
	p.m = load(t, definition, func(_ context.Context, parameters []byte) ([]byte, error) {
		time.Sleep(time.Second) // bubble time
		p.mu.Lock()
		defer p.mu.Unlock()
		p.calls = append(p.calls, string(parameters))
		if p.broken && strings.Contains(string(parameters), "2") {
			return nil, &asl.Error{Name: "Two", Cause: "it is 2"}
		}
		return parameters, nil
	})
	p.x = asl.Execution{ARN: root, Name: "run", StateMachineARN: machine, StateMachineName: "m", Input: []byte(input), Objects: p.place, Dir: t.TempDir(),
		History: func(e types.HistoryEvent) { p.events = append(p.events, e) }, MapRun: func(r asl.MapRun) { p.run = r }}
	return p
}

// act runs the execution, or redrives it; it may be stopped after a time.
func (p *performance) act(stop ...time.Duration) asl.Result {
	p.t.Helper()
	x := p.x
	x.From, x.Redrive = p.last, p.last != nil
	p.calls = nil
	run := p.m.Begin(p.t.Context(), x)
	for _, after := range stop {
		time.AfterFunc(after, func() { run.Abort("Mine", "I said so") })
	}
	r := run.Finish()
	text, err := json.Marshal(run.Progress())
	require.NoError(p.t, err)
	p.last = &asl.Progress{}
	require.NoError(p.t, json.Unmarshal(text, p.last))
	return r
}

func (p *performance) summary() (lines []string) { return summary(p.events) }

func TestARedriveGoesOnAtTheTaskThatFailedWithAllItsAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := perform(t, `{"TimeoutSeconds":60,"StartAt":"P","States":{"P":{"Type":"Pass","Next":"T"},"T":{"Type":"Task","Resource":"r","End":true,
			"Parameters":{"in.$":"$","times.$":"$$.Execution.RedriveCount"},"Retry":[{"ErrorEquals":["Two"],"IntervalSeconds":9,"MaxAttempts":1}]}}}`, `2`)
		assert.Equal(t, "Two", p.act().Error)
		assert.Equal(t, []string{`{"in":2,"times":0}`, `{"in":2,"times":0}`}, p.calls)
		started := p.last.Started
		time.Sleep(time.Hour) // bubble time: TimeoutSeconds begin anew
		assert.Equal(t, "Two", p.act().Error)
		assert.Equal(t, []string{`{"in":2,"times":1}`, `{"in":2,"times":1}`}, p.calls, "attempts are counted anew")
		p.broken = false
		r := p.act()
		assert.Equal(t, types.ExecutionStatusSucceeded, r.Status, r.Cause)
		assert.Equal(t, []string{`{"in":2,"times":2}`}, p.calls)
		assert.Equal(t, []string{"P", "T"}, r.Path, "what succeeded is not run again")
		assert.Equal(t, 2+2+2, r.Transitions, "states, retries and redrives")
		assert.True(t, r.Start.Equal(started))
		assert.Equal(t, []string{"1<0 ExecutionStarted", "2<0 PassStateEntered", "3<2 PassStateExited", "4<3 TaskStateEntered",
			"5<4 LambdaFunctionScheduled", "6<5 LambdaFunctionStarted", "7<6 LambdaFunctionFailed", "8<7 LambdaFunctionScheduled", "9<8 LambdaFunctionStarted", "10<9 LambdaFunctionFailed",
			"11<10 ExecutionFailed", "12<11 ExecutionRedriven",
			"13<12 LambdaFunctionScheduled", "14<13 LambdaFunctionStarted", "15<14 LambdaFunctionFailed", "16<15 LambdaFunctionScheduled", "17<16 LambdaFunctionStarted", "18<17 LambdaFunctionFailed",
			"19<18 ExecutionFailed", "20<19 ExecutionRedriven",
			"21<20 LambdaFunctionScheduled", "22<21 LambdaFunctionStarted", "23<22 LambdaFunctionSucceeded", "24<23 TaskStateExited", "25<24 ExecutionSucceeded"}, p.summary())
		assert.Equal(t, int32(2), *p.events[19].ExecutionRedrivenEventDetails.RedriveCount)
	})
}

func TestARedriveRunsOnlyTheItemsThatDidNotSucceed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := perform(t, `{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"MaxConcurrency":2,"ItemProcessor":{"StartAt":"P","States":{
			"P":{"Type":"Pass","Next":"T"},"T":{"Type":"Task","Resource":"r","Next":"W"},"W":{"Type":"Wait","Seconds":1,"End":true}}}}}}`, `[1,2,3,4]`)
		r := p.act()
		assert.Equal(t, "Two", r.Error)
		assert.ElementsMatch(t, []string{"1", "2"}, p.calls)
		p.broken = false
		r = p.act()
		assert.Equal(t, `[1,2,3,4]`, string(r.Output), r.Cause)
		assert.ElementsMatch(t, []string{"2", "3", "4"}, p.calls, "the first item was past its task, and waits again")
		assert.Equal(t, []string{"M", "P", "T", "P", "T", "W", "W", "P", "T", "W", "P", "T", "W"}, r.Path)
	})
}

func TestARedriveRunsAllItemsWhereWhatTheyGaveWasTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, kind := range []string{"INLINE", "DISTRIBUTED"} {
			half := `"` + strings.Repeat("x", 100_000) + `"`
			definition := distributed("", `"StartAt":"I","States":{"I":{"Type":"Task","Resource":"r","Parameters":{"a.$":"$","b.$":"$"},"End":true}}`)
			if kind == "INLINE" {
				definition = strings.Replace(strings.Replace(definition, `"DISTRIBUTED"`, `"INLINE"`, 1), `,"ExecutionType":"STANDARD"`, "", 1)
			}
			p := perform(t, definition, `[`+half+`,`+half+`]`)
			assert.Equal(t, asl.DataLimitExceeded, p.act().Error)
			first := p.run.ARN
			assert.Equal(t, asl.DataLimitExceeded, p.act().Error)
			assert.Len(t, p.calls, 2, kind)
			if kind == "DISTRIBUTED" {
				assert.NotEqual(t, first, p.run.ARN, "as another Map Run")
			}
		}
	})
}

func TestARedriveGoesOnWithTheMapRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for kind, again := range map[string][]string{"STANDARD": {"2", "3", "4", "5"}, "EXPRESS": {"2", "3", "4", "5"}} {
			const children = `"StartAt":"F","States":{"F":{"Type":"Pass","Next":"I"},"I":{"Type":"Task","Resource":"r","End":true}}`
			definition := strings.Replace(distributed(writing("")+`,"MaxConcurrency":3`, children), "STANDARD", kind, 1)
			p := perform(t, definition, `[1,2,3,4,5]`)
			entered, arns := map[string]int{}, map[string]bool{}
			var mu sync.Mutex
			p.x.ChildHistory = func(arn string, e types.HistoryEvent) {
				mu.Lock()
				defer mu.Unlock()
				arns[arn] = true
				if e.StateEnteredEventDetails != nil && *e.StateEnteredEventDetails.Name == "F" {
					entered[arn]++
				}
			}
			p.m = load(t, definition, func(ctx context.Context, parameters []byte) ([]byte, error) {
				seconds := map[string]time.Duration{"1": 1, "2": 2}[string(parameters)]
				if seconds == 0 && p.broken {
					seconds = 60
				}
				select {
				case <-time.After(seconds * time.Second):
				case <-ctx.Done():
					return nil, ctx.Err()
				}
				mu.Lock()
				defer mu.Unlock()
				p.calls = append(p.calls, string(parameters))
				if p.broken && string(parameters) == "2" {
					return nil, &asl.Error{Name: "Two"}
				}
				return parameters, nil
			})
			assert.Equal(t, asl.ExceedToleratedFailure, p.act().Error)
			assert.Equal(t, asl.Counts{Succeeded: 1, Failed: 1, Aborted: 2, Pending: 1, Total: 5, ResultsWritten: 4}, p.run.Items)
			first := p.run
			p.broken = false
			r := p.act()
			require.Equal(t, types.ExecutionStatusSucceeded, r.Status, r.Cause)
			assert.ElementsMatch(t, again, p.calls)
			assert.Equal(t, first.ARN, p.run.ARN)
			assert.Equal(t, asl.Counts{Succeeded: 5, Total: 5, ResultsWritten: 5}, p.run.Items)
			assert.Equal(t, types.MapRunStatusSucceeded, p.run.Status)
			assert.Equal(t, 1, p.run.Redrives)
			assert.Contains(t, p.summary(), "9<8 MapRunRedriven", strings.Join(p.summary(), "\n"))
			assert.Len(t, arns, 5, "a child keeps its ARN")
			for arn, n := range entered {
				assert.LessOrEqual(t, n, map[string]int{"STANDARD": 1, "EXPRESS": 2}[kind], arn)
			}
			found := written(t, p.place, "run/out/")
			var records []struct {
				Input        string
				RedriveCount int
			}
			require.NoError(t, json.Unmarshal([]byte(found["SUCCEEDED_0.json"]), &records))
			redriven := map[string]int{}
			for _, record := range records {
				redriven[record.Input] = record.RedriveCount
			}
			n := map[string]int{"STANDARD": 1, "EXPRESS": 0}[kind]
			assert.Equal(t, map[string]int{"1": 0, "2": n, "3": n, "4": n, "5": 0}, redriven)
			assert.Contains(t, found["manifest.json"], `"FAILED":[]`)
		}
	})
}

func TestAMapRunThatFailsAgainKeepsWhatItDidNotRedrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := perform(t, distributed(writing("")+`,"MaxConcurrency":1,"ToleratedFailureCount":2`, calling), `[12,21,22,1]`)
		assert.Equal(t, asl.ExceedToleratedFailure, p.act().Error)
		assert.Equal(t, asl.Counts{Failed: 3, Pending: 1, Total: 4, ResultsWritten: 3}, p.run.Items)
		p.x.MayRedrive = func(arn string) error {
			if len(p.calls) > 0 {
				return &asl.Error{Name: "States.Permissions", Cause: arn}
			}
			return nil
		}
		r := p.act()
		assert.Equal(t, "States.Permissions", r.Error)
		assert.Equal(t, []string{"12"}, p.calls)
		assert.Equal(t, asl.Counts{Failed: 3, Pending: 1, Total: 4, ResultsWritten: 3}, p.run.Items)
		assert.Equal(t, 3, strings.Count(written(t, p.place, "run/out/")["FAILED_0.json"], `"Status":"FAILED"`))
		p.x.MayRedrive, p.broken = nil, false
		r = p.act()
		assert.Equal(t, types.ExecutionStatusSucceeded, r.Status, r.Cause)
		assert.ElementsMatch(t, []string{"12", "21", "22", "1"}, p.calls)
		assert.Equal(t, 2, p.run.Redrives)
	})
}

func TestAStoppedExecutionTellsWhyAndIsRedrivenAtItsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := perform(t, `{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"Next":"At"},"At":{"Type":"Wait","Timestamp":"2000-01-01T00:02:00Z","Next":"P"},"P":{"Type":"Pass","End":true}}}`, `1`)
		r := p.act(30 * time.Second)
		assert.Equal(t, []string{"ABORTED", "Mine", "I said so"}, []string{string(r.Status), r.Error, r.Cause})
		last := p.events[len(p.events)-1].ExecutionAbortedEventDetails
		assert.Equal(t, []string{"Mine", "I said so"}, []string{*last.Error, *last.Cause})
		r = p.act(61 * time.Second)
		assert.Equal(t, []string{"W", "At"}, r.Path, "seconds are waited for anew")
		time.Sleep(time.Hour) // bubble time
		began := time.Now()
		r = p.act()
		assert.Equal(t, types.ExecutionStatusSucceeded, r.Status)
		assert.Equal(t, time.Duration(0), r.Stop.Sub(began), "a time that is over is not")
	})
}

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
func TestWhatCannotBeRedrivenSaysWhy(t *testing.T) {
	const day = 24 * time.Hour
	end := time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		status types.ExecutionStatus
		events int64
		age    time.Duration
		now    time.Duration
		want   string
	}{
		{"", 1, 0, 0, "Execution is RUNNING and cannot be redriven"},
		{"SUCCEEDED", 1, 0, 0, "Execution is SUCCEEDED and cannot be redriven"},
		{"FAILED", 24_998, 0, 0, ""}, {"TIMED_OUT", 1, 0, 14 * day, ""}, {"ABORTED", 1, 351 * day, 14 * day, ""},
		{"FAILED", 24_999, 0, 0, "Execution history event limit exceeded"},
		{"FAILED", 1, 0, 14*day + 1, "Execution redrivable period exceeded"},
		{"FAILED", 1, 352 * day, 14 * day, "Execution has exceeded the max execution time"},
	} {
		p := asl.Progress{Started: end.Add(-c.age), Events: c.events}
		if c.status != "" {
			p.Result = &asl.Result{Status: c.status, Stop: end}
		}
		assert.Equal(t, c.want, p.Unredrivable(end.Add(c.now)), "%+v", c)
	}
}

func TestAMapRunThatIsStoppedAmidItsRedriveKeepsWhatItDidNotRedrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := perform(t, distributed(writing("")+`,"MaxConcurrency":1,"ToleratedFailureCount":3`, calling), `[12,21,22,2]`)
		assert.Equal(t, asl.ExceedToleratedFailure, p.act().Error)
		p.broken = false
		assert.Equal(t, types.ExecutionStatusAborted, p.act(1500*time.Millisecond).Status)
		assert.Equal(t, types.MapRunStatusAborted, p.run.Status)
		assert.Equal(t, asl.Counts{Succeeded: 1, Failed: 2, Aborted: 1, Total: 4, ResultsWritten: 4}, p.run.Items)
		r := p.act()
		assert.Equal(t, types.ExecutionStatusSucceeded, r.Status, r.Cause)
		assert.ElementsMatch(t, []string{"21", "22", "2"}, p.calls)
		assert.Equal(t, asl.Counts{Succeeded: 4, Total: 4, ResultsWritten: 4}, p.run.Items)
	})
}

// https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html
func TestAMapRunWhoseStateFailedByItsDataIsAnotherWhenItIsRedriven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := perform(t, distributed(`,"ResultSelector":{"a.$":"$.nowhere"}`, calling), `[1]`)
		assert.Equal(t, asl.Runtime, p.act().Error)
		first := p.run.ARN
		assert.Equal(t, asl.Runtime, p.act().Error)
		assert.NotEqual(t, first, p.run.ARN)
		assert.Equal(t, []string{"1"}, p.calls)
	})
}

func TestAChildThatCannotBeRedrivenStaysWhatItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := perform(t, distributed(writing("")+`,"MaxConcurrency":1`, calling), `[2,1]`)
		assert.Equal(t, asl.ExceedToleratedFailure, p.act().Error)
		p.broken = false
		time.Sleep(15 * 24 * time.Hour) // bubble time: the child can't be redriven any more, though here its parent is
		r := p.act()
		assert.Equal(t, asl.ExceedToleratedFailure, r.Error, "it counts against the tolerance")
		assert.Empty(t, p.calls)
		assert.Equal(t, asl.Counts{Failed: 1, Pending: 1, Total: 2, ResultsWritten: 1}, p.run.Items)
	})
}
