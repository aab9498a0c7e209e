package asl_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"

	"autobackup/local/asl"
)

// crowd is a task that takes a second and tells how many of it ran at most.
type crowd struct {
	mu        sync.Mutex
	now, most int
}

func (c *crowd) run(_ context.Context, parameters []byte) ([]byte, error) {
	c.add(1)
	time.Sleep(time.Second) // bubble time
	c.add(-1)
	return parameters, nil
}

func (c *crowd) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += n
	c.most = max(c.most, c.now)
}

// finding is a Map over $.items that finds its concurrency at $.in.most: inline,
// or distributed. The input has as many items as the service runs at a time, and more.
func finding(distributes bool) string {
	const fields = `,"ItemsPath":"$.items","MaxConcurrencyPath":"$.in.most"`
	if distributes {
		return distributed(fields, calling)
	}
	return strings.Replace(strings.Replace(distributed(fields, calling), `"DISTRIBUTED"`, `"INLINE"`, 1), `,"ExecutionType":"STANDARD"`, "", 1)
}

// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
func TestMaxConcurrencyPathSaysHowManyItemsRunAtATime(t *testing.T) {
	input := func(most string) string {
		return `{"in":{"most":` + most + `},"items":[1` + strings.Repeat(",1", 99) + `]}`
	}
	for _, c := range []struct {
		most        string
		distributes bool
		want        int
	}{
		{"3", false, 3}, {"3", true, 3}, {"0", false, 40}, {"0", true, 100}, {"50", false, 40}, {"50", true, 50}, {"9999999999999", true, 100},
	} {
		synctest.Test(t, func(t *testing.T) {
			g, run := &crowd{}, asl.MapRun{}
			r := execute(t, finding(c.distributes), input(c.most), g.run, nil, func(x *asl.Execution) { x.MapRun = func(m asl.MapRun) { run = m } })
			assert.Equal(t, types.ExecutionStatusSucceeded, r.Status, r.Cause)
			assert.Equal(t, c.want, g.most, "%+v", c)
			if c.distributes && c.want < 100 {
				assert.Equal(t, c.want, run.MaxConcurrency, "DescribeMapRun tells it")
			}
		})
	}
}

// AWS recorded the error and the events, not the words, of what is no number (a
// public emulator's suite, run on AWS in June 2024). A negative number it recorded
// as an execution that never goes on; here it fails.
func TestAMaxConcurrencyThatIsNoNumberFailsTheMapBeforeItStarts(t *testing.T) {
	for _, distributes := range []bool{false, true} {
		for _, value := range []string{`{}`, `"NoNumber"`, `1.5`, `-1`, `null`} {
			var events []types.HistoryEventType
			r := execute(t, finding(distributes), `{"in":{"most":`+value+`},"items":[1]}`, nil, nil, func(x *asl.Execution) {
				x.History = func(e types.HistoryEvent) { events = append(events, e.Type) }
			})
			assert.Equal(t, asl.Runtime, r.Error)
			assert.Equal(t, "An error occurred while executing the state 'M'. MaxConcurrency must be a whole number that is not negative, not "+value+".", r.Cause)
			assert.Equal(t, []types.HistoryEventType{"ExecutionStarted", "MapStateEntered", "ExecutionFailed"}, events)
		}
	}
	r := execute(t, finding(false), `{"items":[]}`, nil, nil)
	assert.Contains(t, r.Cause, "The JSONPath '$.in.most' specified for the field 'MaxConcurrencyPath' could not be found in the input")
}
