package asl_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/asl"
	"autobackup/local/clock"
)

// taskFunc is a Task of one function.
type taskFunc func(ctx context.Context, parameters []byte) ([]byte, error)

func (f taskFunc) Run(ctx context.Context, parameters []byte) ([]byte, error) {
	return f(ctx, parameters)
}

func load(t *testing.T, definition string, work taskFunc) *asl.Machine {
	m, err := asl.Load([]byte(definition), func(string) (asl.Task, error) { return work, nil })
	require.NoError(t, err)
	return m
}

func TestADayOfWaitingTakesAMomentOfASkippingClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		c, begin := clock.Skipping(ctx), time.Now()
		const waiting = `"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":43200,"End":true}}`
		for _, definition := range []string{
			`{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"MaxConcurrency":1,"ItemProcessor":{` + waiting + `}}}}`,
			distributed(`,"MaxConcurrency":1`, waiting),
		} {
			r := load(t, definition, nil).Run(ctx, asl.Execution{Clock: c, Input: []byte(`[1,2]`)})
			assert.Equal(t, types.ExecutionStatusSucceeded, r.Status)
			assert.GreaterOrEqual(t, r.Stop.Sub(r.Start), 24*time.Hour)
		}
		assert.Less(t, time.Since(begin), time.Second, "the interpreter lets the clock jump while it waits")
	})
}

func TestATaskHoldsTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		c := clock.Skipping(ctx)
		m := load(t, one(task), func(context.Context, []byte) ([]byte, error) {
			time.Sleep(time.Minute) // bubble time, which the clock counts as work
			return []byte(`1`), nil
		})
		defer c.AfterFunc(time.Hour, func() {})()
		r := m.Run(ctx, asl.Execution{Clock: c, Input: []byte(`{}`)})
		assert.Equal(t, types.ExecutionStatusSucceeded, r.Status)
		assert.Less(t, r.Stop.Sub(r.Start), time.Hour, "the clock does not jump while a task runs")
	})
}

func TestATimeOutEndsTheTasksContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cause error
		m := load(t, one(task+`,"TimeoutSeconds":7`), func(ctx context.Context, _ []byte) ([]byte, error) {
			<-ctx.Done()
			cause = context.Cause(ctx)
			return nil, cause
		})
		r := m.Run(t.Context(), asl.Execution{Input: []byte(`{}`)})
		assert.Equal(t, asl.Timeout, r.Error)
		assert.Equal(t, context.DeadlineExceeded, cause)
		assert.Equal(t, 7*time.Second, r.Stop.Sub(r.Start))
	})
}

func TestBadInputFailsTheExecution(t *testing.T) {
	m := load(t, `{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}`, nil)
	for input, want := range map[string][2]string{
		`{`:   {asl.Runtime, "The execution's input is not JSON: unexpected EOF."},
		``:    {asl.Runtime, "The execution's input is not JSON: EOF."},
		`1 2`: {asl.Runtime, "The execution's input is not JSON: more than one JSON value."},
		`"` + strings.Repeat("é", 131_072) + `"`: {asl.DataLimitExceeded, "The execution's input exceeds the maximum number of bytes service limit."},
	} {
		r := m.Run(t.Context(), asl.Execution{Input: []byte(input)})
		assert.Equal(t, types.ExecutionStatusFailed, r.Status)
		assert.Equal(t, want, [2]string{r.Error, r.Cause})
		assert.Empty(t, r.Path)
	}
	r := m.Run(t.Context(), asl.Execution{Input: []byte(`"` + strings.Repeat("é", 131_071) + `"`)})
	assert.Equal(t, types.ExecutionStatusSucceeded, r.Status, "the limit itself is allowed, in bytes of UTF-8")
}

func TestAnAnswerThatIsNoJSONEndsTheExecution(t *testing.T) {
	m := load(t, one(task+`,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"Z"}]`), func(context.Context, []byte) ([]byte, error) { return []byte(`ok`), nil })
	r := m.Run(t.Context(), asl.Execution{Input: []byte(`{}`)})
	assert.Equal(t, asl.Runtime, r.Error)
	assert.Equal(t, "An error occurred while executing the state 'A'. The answer of arn:aws:states:::sns:publish is not JSON: "+
		"invalid character 'o' looking for beginning of value.", r.Cause)
}

func TestALoopEndsAtTheHistoryLimit(t *testing.T) {
	m := load(t, `{"StartAt":"A","States":{"A":{"Type":"Choice","Choices":[{"Variable":"$","IsNull":true,"Next":"B"}],"Default":"A"},"B":{"Type":"Succeed"}}}`, nil)
	var events int
	r := m.Run(t.Context(), asl.Execution{Input: []byte(`{}`), History: func(types.HistoryEvent) { events++ }})
	assert.Equal(t, asl.Runtime, r.Error)
	assert.Equal(t, "The execution reached the maximum number of history events (25000).", r.Cause)
	assert.InDelta(t, 25_000, events, 2)
}

func TestAMachineRunsManyExecutionsAtOnce(t *testing.T) {
	m := load(t, `{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemSelector":{"v.$":"$$.Map.Item.Value","e.$":"$$.Execution.Name"},
		"ItemProcessor":{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"r","ResultPath":"$.v","End":true}}}}}}`,
		func(_ context.Context, p []byte) ([]byte, error) { return p, nil })
	var all sync.WaitGroup
	for i := range 20 {
		name := fmt.Sprint("run", i)
		all.Go(func() {
			r := m.Run(t.Context(), asl.Execution{Name: name, Input: []byte(`[1,2]`)})
			assert.Equal(t, `[{"e":"`+name+`","v":{"e":"`+name+`","v":1}},{"e":"`+name+`","v":{"e":"`+name+`","v":2}}]`, string(r.Output))
		})
	}
	all.Wait()
}

func TestHistoryCarriesWhatTheServiceTells(t *testing.T) {
	m := load(t, one(task+`,"TimeoutSeconds":30,"Parameters":{"Message":"hi"}`), func(context.Context, []byte) ([]byte, error) { return []byte(`{"MessageId": "m"}`), nil })
	var events []types.HistoryEvent
	x := asl.Execution{ARN: "arn:aws:states:eu-west-1:123456789012:execution:m:e", RoleARN: "role", Input: []byte(`{"a":1}`),
		History: func(e types.HistoryEvent) { events = append(events, e) }}
	require.Equal(t, types.ExecutionStatusSucceeded, m.Run(t.Context(), x).Status)
	require.Len(t, events, 9)
	assert.Equal(t, `{"a":1}`, *events[0].ExecutionStartedEventDetails.Input)
	assert.Equal(t, "role", *events[0].ExecutionStartedEventDetails.RoleArn)
	assert.Equal(t, `{"a":1}`, *events[1].StateEnteredEventDetails.Input)
	scheduled := events[2].TaskScheduledEventDetails
	assert.Equal(t, []string{"sns", "publish", "eu-west-1", `{"Message":"hi"}`},
		[]string{*scheduled.ResourceType, *scheduled.Resource, *scheduled.Region, *scheduled.Parameters})
	assert.Equal(t, int64(30), *scheduled.TimeoutInSeconds)
	assert.Equal(t, "publish", *events[3].TaskStartedEventDetails.Resource)
	assert.Equal(t, `{"MessageId":"m"}`, *events[4].TaskSucceededEventDetails.Output)
	assert.Equal(t, `{"MessageId":"m"}`, *events[5].StateExitedEventDetails.Output)
	assert.Equal(t, `{"MessageId":"m"}`, *events[8].ExecutionSucceededEventDetails.Output)
	for i, e := range events {
		assert.Equal(t, int64(i+1), e.Id)
		assert.NotNil(t, e.Timestamp)
	}
}

func TestAStoppedExecutionEntersNoState(t *testing.T) {
	m := load(t, `{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}`, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := m.Run(ctx, asl.Execution{Input: []byte(`{}`)})
	assert.Equal(t, types.ExecutionStatusAborted, r.Status)
	assert.Empty(t, r.Path)
}
