package asl_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/asl"
)

func TestASuspendedExecutionLeavesNoTraceAndItsTasksEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := 0
		m := load(t, `{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"r","Retry":[{"ErrorEquals":["States.ALL"]}],"End":true}}}}}}`,
			func(ctx context.Context, _ []byte) ([]byte, error) {
				<-ctx.Done()
				ended++
				return nil, ctx.Err()
			})
		var events []types.HistoryEvent
		run := m.Begin(t.Context(), asl.Execution{Input: []byte(`[1]`), History: func(e types.HistoryEvent) { events = append(events, e) }})
		result := make(chan asl.Result)
		go func() { result <- run.Finish() }()
		time.Sleep(time.Second) // bubble time
		p := run.Suspend()
		assert.Equal(t, types.ExecutionStatusRunning, (<-result).Status)
		assert.Equal(t, 1, ended)
		assert.Empty(t, events, "those of the first instant are told by whoever goes on")
		assert.Nil(t, p.Result)

		done := load(t, `{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"r","End":true}}}}}}`,
			func(context.Context, []byte) ([]byte, error) { return []byte(`2`), nil })
		r := done.Run(t.Context(), asl.Execution{Input: []byte(`[1]`), From: &p, History: func(e types.HistoryEvent) { events = append(events, e) }})
		assert.Equal(t, `[2]`, string(r.Output), r.Cause)
		assert.Equal(t, []string{"1<0 ExecutionStarted", "2<0 MapStateEntered", "3<2 MapStateStarted", "4<3 MapIterationStarted", "5<4 TaskStateEntered",
			"6<5 LambdaFunctionScheduled", "7<6 LambdaFunctionStarted", "8<7 LambdaFunctionSucceeded", "9<8 TaskStateExited", "10<9 MapIterationSucceeded",
			"11<10 MapStateSucceeded", "12<10 MapStateExited", "13<12 ExecutionSucceeded"}, summary(events))
	})
}

// A redrive that is suspended before it computes is still told when it goes on.
func TestARedriveThatNeverBeganIsOneWhenItGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := perform(t, one(task), `2`)
		require.Equal(t, "Two", p.act().Error)
		x := p.x
		x.From, x.Redrive = p.last, true
		run := p.m.Begin(t.Context(), x)
		suspended := run.Suspend()
		assert.Equal(t, types.ExecutionStatusRunning, run.Finish().Status)
		p.broken, x.From, x.Redrive = false, &suspended, false
		r := p.m.Run(t.Context(), x)
		assert.Equal(t, types.ExecutionStatusSucceeded, r.Status, r.Cause)
		assert.Contains(t, p.summary(), "7<6 ExecutionRedriven")
	})
}

func TestAStopThatWasUnderWayIsOneWhenItGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := load(t, `{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"End":true}}}`, nil)
		run := m.Begin(t.Context(), asl.Execution{Input: []byte(`1`)})
		run.Abort("Mine", "I said so")
		p := run.Suspend()
		assert.Equal(t, types.ExecutionStatusRunning, run.Finish().Status)
		r := m.Run(t.Context(), asl.Execution{Input: []byte(`1`), From: &p})
		assert.Equal(t, []string{"ABORTED", "Mine", "I said so"}, []string{string(r.Status), r.Error, r.Cause})
	})
}

// What another definition has no place for ends the execution, and says so.
func TestProgressThatFitsNoDefinitionIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := load(t, `{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"End":true}}}}}}`, nil)
		run := m.Begin(t.Context(), asl.Execution{Input: []byte(`[1]`)})
		go run.Finish()
		time.Sleep(time.Second) // bubble time
		p := run.Suspend()
		for definition, want := range map[string]string{
			`{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}`: "The execution can't go on: it is in the state 'M', which is not in the definition.",
			`{"StartAt":"M","States":{"M":{"Type":"Pass","End":true}}}`: "The execution can't go on: it is in the state 'M', which is another kind of state in the definition.",
		} {
			r := load(t, definition, nil).Run(t.Context(), asl.Execution{Input: []byte(`[1]`), From: &p})
			assert.Equal(t, []string{"FAILED", asl.Runtime, want}, []string{string(r.Status), r.Error, r.Cause})
		}
	})
}

func TestASuspendedMapRunEndsAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := perform(t, distributed(writing("")+`,"MaxConcurrency":2`, calling), `[1,3,4,5]`)
		run := p.m.Begin(t.Context(), p.x)
		result := make(chan asl.Result)
		go func() { result <- run.Finish() }()
		time.Sleep(1500 * time.Millisecond) // bubble time
		suspended := run.Suspend()
		assert.Equal(t, types.ExecutionStatusRunning, (<-result).Status)
		told := p.run
		assert.Equal(t, types.MapRunStatusRunning, told.Status, "nothing is told of its end")
		assert.Equal(t, asl.Counts{Running: 2, Succeeded: 2, Total: 4, ResultsWritten: 2}, told.Items)
		assert.Empty(t, p.place.objects)
		x := p.x
		x.From = &suspended
		p.calls = nil
		r := p.m.Run(t.Context(), x)
		assert.Equal(t, types.ExecutionStatusSucceeded, r.Status, r.Cause)
		assert.ElementsMatch(t, []string{"4", "5"}, p.calls)
		assert.Equal(t, 4, strings.Count(written(t, p.place, "run/out/")["SUCCEEDED_0.json"], `"Status":"SUCCEEDED"`))
	})
}
