package pipes_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/gate"
	"autobackup/local/pipes"
	"autobackup/local/template"
	"autobackup/local/wire"
)

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-monitoring.html
func TestAPipeTellsOfEachBatchHowItsStartEnded(t *testing.T) {
	for want, err := range map[string]error{
		"":                   nil,
		"ExecutionFailed":    errors.New("denied"),
		"ExecutionThrottled": &wire.Error{Code: "ThrottlingException"},
		"ExecutionTimeout":   fmt.Errorf("no answer: %w", context.DeadlineExceeded),
	} {
		synctest.Test(t, func(t *testing.T) {
			queues := newQueues(t)
			s := pipes.NewService(queues, func(gate.Caller, string, []byte) error { return err })
			got := map[string]float64{}
			s.Metrics = func(pipe, metric string, value float64) {
				assert.Equal(t, "arn:aws:pipes:eu-west-1:111122223333:pipe/p", pipe)
				got[metric] += value
			}
			_, _, made := s.Types().Create(template.Target{Region: "eu-west-1", Account: "111122223333"}, template.Resource{Type: "AWS::Pipes::Pipe", Properties: map[string]any{
				"Name": "p", "RoleArn": "r", "Source": queueARN, "Target": "t",
				"TargetParameters": map[string]any{"StepFunctionStateMachineParameters": map[string]any{"InvocationType": "FIRE_AND_FORGET"}},
			}})
			require.NoError(t, made)
			send(t, queues, "x")
			synctest.Wait()
			s.Close()
			all := map[string]float64{"Invocations": 1, "ExecutionFailed": 0, "ExecutionPartiallyFailed": 0, "ExecutionThrottled": 0, "ExecutionTimeout": 0}
			if want != "" {
				all[want] = 1
			}
			assert.True(t, maps.Equal(all, got), "%s: %v", want, got)
		})
	}
}
