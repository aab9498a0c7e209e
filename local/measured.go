package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/local/cloudwatch"
	"autobackup/local/cloudwatch/alarms"
	"autobackup/local/gate"
	"autobackup/local/sns"
	"autobackup/local/sqs"
)

// measures has services count for CloudWatch, and alarms tell topics.
func (s *Stack) measures() {
	s.SQS.Metrics = func(told []sqs.Datapoint) {
		all := make([]cloudwatch.Measured, len(told))
		for i, d := range told {
			of := alarms.NewMetric("AWS/SQS", d.Metric, map[string]string{"QueueName": d.Queue.Resource})
			all[i] = cloudwatch.Measured{Region: d.Queue.Region, Account: d.Queue.AccountID, Of: of, Datapoint: alarms.Datapoint{At: d.Minute, Value: d.Value}}
		}
		s.CloudWatch.Replace(all...)
	}
	s.Events.Metrics = func(ruleARN, metric string) { s.count(ruleARN, "AWS/Events", metric, "RuleName", "rule/", 1) }
	s.Pipes.Metrics = func(pipeARN, metric string, value float64) {
		s.count(pipeARN, "AWS/EventBridge/Pipes", metric, "PipeName", "pipe/", value)
	}
	s.CloudWatch.Gather, s.CloudWatch.Failed = s.SQS.Measure, s.misses.note
	s.CloudWatch.Publish = func(by gate.Caller, topicARN, subject, message string) error {
		_, err := s.SNS.As(by).Publish(sns.Publication{TopicARN: topicARN, Subject: subject, Message: message})
		return err
	}
}

// count measures what a resource did, by its name, which its ARN has after a prefix.
func (s *Stack) count(of, namespace, metric, dimension, prefix string, value float64) {
	at, err := arn.Parse(of)
	if err != nil {
		s.fail(err)
		return
	}
	s.measure(at, alarms.NewMetric(namespace, metric, map[string]string{dimension: strings.TrimPrefix(at.Resource, prefix)}), value)
}

// invoked measures an invocation of a function.
func (s *Stack) invoked(functionARN, metric string, value float64) {
	s.count(functionARN, "AWS/Lambda", metric, "FunctionName", "function:", value)
}

// embedded measures what a function's process has printed to be measured. The process has dated it
// by this machine's clock.
func (s *Stack) embedded(functionARN string, line []byte) {
	at, err := arn.Parse(functionARN)
	if err == nil {
		line, err = later(line, s.Clock.Ahead())
	}
	if err == nil {
		err = s.CloudWatch.PutEmbedded(at.Region, at.AccountID, line)
	}
	if err != nil {
		s.fail(fmt.Errorf("function %s: %w", functionARN, err))
	}
}

// later is a line of the embedded metric format with another time.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func later(line []byte, by time.Duration) ([]byte, error) {
	if by == 0 {
		return line, nil
	}
	var members, about map[string]json.RawMessage
	var at int64
	if err := errors.Join(json.Unmarshal(line, &members), json.Unmarshal(members["_aws"], &about), json.Unmarshal(about["Timestamp"], &at)); err != nil {
		return nil, fmt.Errorf("read when a line of metrics is from: %w", err)
	}
	about["Timestamp"] = strconv.AppendInt(nil, at+by.Milliseconds(), 10)
	var err error
	if members["_aws"], err = json.Marshal(about); err != nil {
		return nil, err
	}
	return json.Marshal(members)
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
	s.CloudWatch.Put(at.Region, at.AccountID, of, alarms.Datapoint{At: s.Clock.Now(), Value: value})
}
