package local

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/local/cloudwatch/alarms"
)

// invoked measures an invocation of a function.
func (s *Stack) invoked(functionARN, metric string, value float64) {
	at, err := arn.Parse(functionARN)
	if err != nil {
		s.fail(err)
		return
	}
	s.measure(at, alarms.NewMetric("AWS/Lambda", metric, map[string]string{"FunctionName": functionName(at)}), value)
}

// ended measures an execution that has ended, under the one of four metrics that its end has.
// https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
func (s *Stack) ended(stateMachineARN string, status types.ExecutionStatus) {
	at, err := arn.Parse(stateMachineARN)
	if err != nil {
		s.fail(err)
		return
	}
	metric := map[types.ExecutionStatus]string{
		types.ExecutionStatusSucceeded: "ExecutionsSucceeded", types.ExecutionStatusFailed: "ExecutionsFailed",
		types.ExecutionStatusTimedOut: "ExecutionsTimedOut", types.ExecutionStatusAborted: "ExecutionsAborted",
	}[status]
	s.measure(at, alarms.NewMetric("AWS/States", metric, map[string]string{"StateMachineArn": stateMachineARN}), 1)
}

func (s *Stack) measure(at arn.ARN, of alarms.Metric, value float64) {
	s.CloudWatch.Put(at.Region, at.AccountID, of, alarms.Datapoint{At: s.Clock.Now().Truncate(time.Millisecond), Value: value})
}

// functionName is the name in a function's ARN.
func functionName(of arn.ARN) string {
	const before = "function:"
	return of.Resource[len(before):]
}
