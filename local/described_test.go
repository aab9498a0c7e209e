package local_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	alarms "autobackup/local/cloudwatch"
	alarmed "autobackup/local/cloudwatch/alarms"
	topics "autobackup/local/sns"
)

// The SDKs read what is deployed.
func TestStacksTellOfThemselvesOverHTTP(t *testing.T) {
	inWorld(t, func(w *world) {
		stacks := cloudformation.NewFromConfig(w.AWSConfig(w.region))
		got, err := stacks.DescribeStacks(w.t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("autobackup-dev")})
		require.NoError(t, err)
		require.Len(t, got.Stacks, 1)
		assert.Equal(t, "CREATE_COMPLETE", string(got.Stacks[0].StackStatus))
		parameters, outputs := map[string]string{}, map[string]string{}
		for _, p := range got.Stacks[0].Parameters {
			parameters[*p.ParameterKey] = aws.ToString(p.ParameterValue)
		}
		for _, o := range got.Stacks[0].Outputs {
			outputs[*o.OutputKey] = *o.OutputValue
		}
		assert.Equal(t, "documents,media,databases", parameters["Categories"])
		assert.Equal(t, topicARN, outputs["FailureTopicArn"])
		_, err = stacks.DescribeStacks(w.t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("another")})
		require.ErrorContains(t, err, "Stack with id another does not exist")

		pipe, err := pipes.NewFromConfig(w.AWSConfig(w.region)).DescribePipe(w.t.Context(), &pipes.DescribePipeInput{Name: aws.String("autobackup-validation-pipe-dev")})
		require.NoError(t, err)
		assert.Equal(t, "RUNNING", string(pipe.CurrentState))
		stopped, err := pipes.NewFromConfig(w.AWSConfig(w.region)).StopPipe(w.t.Context(), &pipes.StopPipeInput{Name: pipe.Name})
		require.NoError(t, err)
		assert.Equal(t, "STOPPED", string(stopped.CurrentState))
		pipe, err = pipes.NewFromConfig(w.AWSConfig(w.region)).DescribePipe(w.t.Context(), &pipes.DescribePipeInput{Name: pipe.Name})
		require.NoError(t, err)
		assert.Equal(t, "STOPPED", string(pipe.CurrentState))
		_, err = pipes.NewFromConfig(w.AWSConfig(w.region)).StartPipe(w.t.Context(), &pipes.StartPipeInput{Name: pipe.Name})
		require.NoError(t, err)
		pipe, err = pipes.NewFromConfig(w.AWSConfig(w.region)).DescribePipe(w.t.Context(), &pipes.DescribePipeInput{Name: pipe.Name})
		require.NoError(t, err)
		assert.Equal(t, "RUNNING", string(pipe.CurrentState))

		targets, err := eventbridge.NewFromConfig(w.AWSConfig(w.region)).ListTargetsByRule(w.t.Context(), &eventbridge.ListTargetsByRuleInput{Rule: aws.String("autobackup-s3-upload-trigger-dev")})
		require.NoError(t, err)
		require.Len(t, targets.Targets, 1)
		assert.Equal(t, queueARN("validation-queue"), *targets.Targets[0].Arn)
		assert.Equal(t, queueARN("event-dlq"), *targets.Targets[0].DeadLetterConfig.Arn)
	})
}

func TestFunctionsOfOneFolderHaveOneCode(t *testing.T) {
	inWorld(t, func(w *world) {
		digest := func(region, name string) string {
			got, err := lambda.NewFromConfig(w.AWSConfig(region)).GetFunctionConfiguration(w.t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: &name})
			require.NoError(t, err)
			assert.Equal(t, "Active Successful", string(got.State)+" "+string(got.LastUpdateStatus))
			return *got.CodeSha256
		}
		assert.Equal(t, digest(firstRegion, "autobackup-hash-bytes-dev"), digest(secondRegion, "autobackup-hash-bytes-dev"))
		assert.NotEqual(t, digest(firstRegion, "autobackup-hash-bytes-dev"), digest(firstRegion, "autobackup-fetch-etags-dev"))
	})
}

func TestAlarmsAreTold(t *testing.T) {
	inWorld(t, func(w *world) {
		client := cloudwatch.NewFromConfig(w.AWSConfig(w.region))
		in := &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String("autobackup-"), AlarmTypes: []cwtypes.AlarmType{"MetricAlarm", "CompositeAlarm"}}
		got, err := client.DescribeAlarms(w.t.Context(), in)
		require.NoError(t, err)
		assert.Len(t, got.CompositeAlarms, 2)
		assert.Greater(t, len(got.MetricAlarms), 20)
		for _, alarm := range got.MetricAlarms {
			assert.Equal(t, alarms.NoData, string(alarm.StateValue))
			assert.True(t, *alarm.ActionsEnabled)
		}
		require.NoError(t, w.CloudWatch.Set(*got.MetricAlarms[0].AlarmArn, func(a *alarms.Alarm) { a.State = "ALARM" }))
		in.AlarmTypes = nil // which is of metrics alone
		got, err = client.DescribeAlarms(w.t.Context(), in)
		require.NoError(t, err)
		assert.Empty(t, got.CompositeAlarms)
		assert.Equal(t, "ALARM", string(got.MetricAlarms[0].StateValue))
		named := func(in *cloudwatch.DescribeAlarmsInput) (names []string) {
			got, err := client.DescribeAlarms(w.t.Context(), in)
			require.NoError(t, err)
			for _, alarm := range got.MetricAlarms {
				names = append(names, *alarm.AlarmName)
			}
			return names
		}
		rings, quiet := *got.MetricAlarms[0].AlarmName, *got.MetricAlarms[1].AlarmName
		assert.Equal(t, []string{rings}, named(&cloudwatch.DescribeAlarmsInput{StateValue: "ALARM"}))
		assert.Equal(t, []string{rings, quiet}, named(&cloudwatch.DescribeAlarmsInput{AlarmNames: []string{quiet, rings, "none"}}))
		assert.Equal(t, []string{quiet}, named(&cloudwatch.DescribeAlarmsInput{AlarmNames: []string{quiet, rings}, StateValue: cwtypes.StateValueInsufficientData}))
		in.ActionPrefix = aws.String("arn:")
		_, err = client.DescribeAlarms(w.t.Context(), in)
		require.ErrorContains(t, err, "does not support the parameter ActionPrefix")
	})
}

// What functions and services wrote is read as one value of each period that has any.
func TestMetricsAreRead(t *testing.T) {
	inWorld(t, func(w *world) {
		client := cloudwatch.NewFromConfig(w.AWSConfig(w.region))
		begin := w.Clock.Now().Truncate(time.Minute)
		of := alarmed.NewMetric("Autobackup", "Failed", map[string]string{"Stage": "dev"})
		for minute, value := range map[int]float64{0: 1, 4: 2, 5: 3, 10: 7} {
			w.CloudWatch.Put(w.region, account, of, alarmed.Datapoint{At: begin.Add(time.Minute * time.Duration(minute)), Value: value})
		}
		query := func(id, name, stat string) cwtypes.MetricDataQuery {
			return cwtypes.MetricDataQuery{Id: &id, MetricStat: &cwtypes.MetricStat{
				Metric: &cwtypes.Metric{Namespace: aws.String("Autobackup"), MetricName: &name, Dimensions: []cwtypes.Dimension{{Name: aws.String("Stage"), Value: aws.String("dev")}}},
				Period: aws.Int32(300), Stat: &stat,
			}}
		}
		in := &cloudwatch.GetMetricDataInput{StartTime: &begin, EndTime: aws.Time(begin.Add(10 * time.Minute)), MetricDataQueries: []cwtypes.MetricDataQuery{
			query("sum", "Failed", "Sum"), query("max", "Failed", "Maximum"), query("none", "Verified", "Sum"),
		}}
		got, err := client.GetMetricData(w.t.Context(), in)
		require.NoError(t, err)
		require.Len(t, got.MetricDataResults, 3)
		assert.Equal(t, []float64{3, 3}, got.MetricDataResults[0].Values, "the newest first, and what is at the end left out")
		assert.Equal(t, []float64{3, 2}, got.MetricDataResults[1].Values)
		assert.Empty(t, got.MetricDataResults[2].Values)
		assert.WithinDuration(t, begin.Add(5*time.Minute), got.MetricDataResults[0].Timestamps[0], 0)
		for want, change := range map[string]func(*cloudwatch.GetMetricDataInput){
			"does not know the statistic":              func(in *cloudwatch.GetMetricDataInput) { in.MetricDataQueries[0] = query("sum", "Failed", "p99") },
			"does not support the member Expression":   func(in *cloudwatch.GetMetricDataInput) { in.MetricDataQueries[0].Expression = aws.String("m+1") },
			"does not support the parameter ScanBy":    func(in *cloudwatch.GetMetricDataInput) { in.ScanBy = "TimestampAscending" },
			"are not unique":                           func(in *cloudwatch.GetMetricDataInput) { in.MetricDataQueries[0].Id = aws.String("max") },
			"StartTime must be less than":              func(in *cloudwatch.GetMetricDataInput) { in.EndTime = in.StartTime },
			"knows periods of whole minutes":           func(in *cloudwatch.GetMetricDataInput) { in.MetricDataQueries[0].MetricStat.Period = aws.Int32(30) },
			"MetricDataQueries must have 1 to 500 mem": func(in *cloudwatch.GetMetricDataInput) { in.MetricDataQueries = []cwtypes.MetricDataQuery{} },
		} {
			changed := *in
			changed.MetricDataQueries = []cwtypes.MetricDataQuery{query("sum", "Failed", "Sum"), query("max", "Failed", "Maximum")}
			change(&changed)
			_, err := client.GetMetricData(w.t.Context(), &changed)
			assert.ErrorContains(t, err, want)
		}
	})
}

func TestSubscriptionsAreToldAsTheyWereConfirmed(t *testing.T) {
	inWorld(t, func(w *world) {
		client := sns.NewFromConfig(w.AWSConfig(w.region))
		list := func() string {
			got, err := client.ListSubscriptionsByTopic(w.t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(topicARN)})
			require.NoError(t, err)
			if len(got.Subscriptions) == 0 {
				return ""
			}
			return *got.Subscriptions[0].SubscriptionArn
		}
		authenticated := func() string {
			got, err := client.GetSubscriptionAttributes(w.t.Context(), &sns.GetSubscriptionAttributesInput{SubscriptionArn: aws.String(list())})
			require.NoError(t, err)
			return got.Attributes["ConfirmationWasAuthenticated"]
		}
		assert.True(t, strings.HasPrefix(list(), topicARN+":"))
		assert.Equal(t, "true", authenticated())
		address := w.primary.Parameters["AlertEmail"]
		w.SNS.Confirm(topicARN, address, topics.ByLink)
		assert.Equal(t, "false", authenticated())
		w.SNS.Confirm(topicARN, address, topics.Pending)
		assert.Equal(t, "PendingConfirmation", list())
		_, err := w.SNS.Publish(topics.Publication{TopicARN: topicARN, Message: "m"})
		require.NoError(t, err)
		assert.Equal(t, 1, w.SNS.Unheard()[topicARN])
		w.SNS.Unsubscribe(topicARN, address)
		assert.Empty(t, list())
	})
}
