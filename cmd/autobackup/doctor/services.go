package doctor

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"autobackup/cmd/autobackup/discover"
	"autobackup/cmd/autobackup/metrics"
	"autobackup/internal/attach"
	"autobackup/internal/doctor"
)

// stack reads one.
func (r *run) stack(ctx context.Context, s *doctor.Stack) error {
	cfg, has := r.in(s.Region, s.Account)
	if !has {
		s.Unread = r.stranger(s.Account)
		return nil
	}
	found, err := discover.DescribeStack(ctx, cfg, s.Name)
	if err != nil {
		return Told("DescribeStacks", err, nil, &s.Unread)
	}
	s.Status, s.Parameters, s.Outputs = found.Status, found.Parameters, found.Outputs
	return nil
}

// https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html
func (r *run) function(ctx context.Context, f *doctor.Function) error {
	cfg, has := r.in(f.Region, f.Account)
	if !has {
		f.Unread = r.stranger(f.Account)
		return nil
	}
	out, err := lambda.NewFromConfig(cfg).GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &f.Name})
	if err != nil {
		return Told("GetFunctionConfiguration", err, &f.Gone, &f.Unread)
	}
	f.State, f.Update, f.Code = string(out.State), string(out.LastUpdateStatus), aws.ToString(out.CodeSha256)
	f.Why = strings.TrimSpace(aws.ToString(out.StateReason) + " " + aws.ToString(out.LastUpdateStatusReason))
	for _, of := range out.Architectures {
		f.Processor = string(of)
	}
	return nil
}

// mapping reads what hands the failure queue's messages to the sender of e-mails.
// https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html
func (r *run) mapping(ctx context.Context) error {
	out, err := lambda.NewFromConfig(r.cfg).ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{FunctionName: aws.String("autobackup-failure-notifier-" + r.Stage.Name)})
	if missing(err) { // its function is told as gone
		return nil
	}
	if err != nil {
		return Told("ListEventSourceMappings", err, nil, &r.NoMapping)
	}
	for _, m := range out.EventSourceMappings {
		if strings.HasSuffix(aws.ToString(m.EventSourceArn), ":autobackup-failure-queue-"+r.Stage.Name) {
			r.Mappings = append(r.Mappings, doctor.Mapping{ID: aws.ToString(m.UUID), State: aws.ToString(m.State)})
		}
	}
	return nil
}

// https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
func (r *run) topic(ctx context.Context) error {
	t := &r.Topic
	t.ARN = r.arn("sns", "autobackup-failure-topic-"+r.Stage.Name)
	if theirs := r.Stacks[0].Parameters["AlertTopicArn"]; theirs != "" {
		t.ARN, t.Theirs = theirs, true
	}
	client := sns.NewFromConfig(r.cfg)
	pages := sns.NewListSubscriptionsByTopicPaginator(client, &sns.ListSubscriptionsByTopicInput{TopicArn: &t.ARN})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return Told("ListSubscriptionsByTopic", err, &t.Gone, &t.Unread)
		}
		for _, s := range page.Subscriptions {
			one := doctor.Subscription{Endpoint: aws.ToString(s.Endpoint)}
			if !strings.HasPrefix(aws.ToString(s.SubscriptionArn), "arn:") { // PendingConfirmation, or Deleted
				t.Subscriptions = append(t.Subscriptions, one)
				continue
			}
			one.ARN = aws.ToString(s.SubscriptionArn)
			out, err := client.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &one.ARN})
			if err == nil {
				one.ByLink = strings.HasPrefix(aws.ToString(s.Protocol), "email") && out.Attributes["ConfirmationWasAuthenticated"] != "true"
			} else if err := Told("GetSubscriptionAttributes", err, nil, &one.Unread); err != nil {
				return err
			}
			t.Subscriptions = append(t.Subscriptions, one)
		}
	}
	return nil
}

// https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_DescribePipe.html
func (r *run) pipe(ctx context.Context) error {
	p := &r.Pipe
	p.Name = "autobackup-validation-pipe-" + r.Stage.Name
	out, err := pipes.NewFromConfig(r.cfg).DescribePipe(ctx, &pipes.DescribePipeInput{Name: &p.Name})
	if err != nil {
		return Told("DescribePipe", err, &p.Gone, &p.Unread)
	}
	p.State = string(out.CurrentState)
	return nil
}

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html
func (r *run) machine(ctx context.Context) error {
	m := &r.Machine
	m.Name = "autobackup-validation-" + r.Stage.Name
	out, err := sfn.NewFromConfig(r.cfg).DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: aws.String(r.arn("states", "stateMachine:"+m.Name))})
	if err != nil {
		return Told("DescribeStateMachine", err, &m.Gone, &m.Unread)
	}
	m.State = string(out.Status)
	return nil
}

// audits reads whether the state machine of audits is there, where the stage makes some, and
// when the last one ended that succeeded.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
func (r *run) audits(ctx context.Context) error {
	if !makesAudits(r.Stacks[0]) {
		return nil
	}
	a := &doctor.Audits{Machine: doctor.Running{Name: "autobackup-audit-" + r.Stage.Name}}
	r.Audits = a
	client, machine := sfn.NewFromConfig(r.cfg), r.arn("states", "stateMachine:"+a.Machine.Name)
	out, err := client.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: &machine})
	if err != nil {
		return Told("DescribeStateMachine", err, &a.Machine.Gone, &a.Machine.Unread)
	}
	a.Machine.State = string(out.Status)
	last, err := client.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: &machine, StatusFilter: sfntypes.ExecutionStatusSucceeded, MaxResults: 1})
	if err != nil {
		return Told("ListExecutions", err, nil, &a.Unread)
	}
	if len(last.Executions) > 0 {
		a.Last = aws.ToTime(last.Executions[0].StopDate)
	}
	return nil
}

// makesAudits says whether a primary stack does.
func makesAudits(s doctor.Stack) bool {
	level := s.Parameters["AuditLevel"]
	return level != "" && level != "none"
}

// past is how far back heartbeats are looked for: many times what an alarm waits for.
const past = 3 * time.Hour

// heartbeats reads whether the stage's schedule is enabled, and when the last heartbeat came out
// verified: each that is put writes a zero (docs/metrics.md).
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRules.html
func (r *run) heartbeats(ctx context.Context) error {
	if !putsHeartbeats(r.Stacks[0]) {
		return nil
	}
	b := &doctor.Heartbeats{Rule: doctor.Running{Name: "autobackup-heartbeat-" + r.Stage.Name, Gone: true}}
	r.Beats = b
	out, err := eventbridge.NewFromConfig(r.cfg).ListRules(ctx, &eventbridge.ListRulesInput{NamePrefix: &b.Rule.Name})
	if err != nil {
		b.Rule.Gone = false
		if err := Told("ListRules", err, nil, &b.Rule.Unread); err != nil {
			return err
		}
		out = &eventbridge.ListRulesOutput{}
	}
	for _, rule := range out.Rules {
		if aws.ToString(rule.Name) == b.Rule.Name {
			b.Rule.Gone, b.Rule.State = false, string(rule.State)
		}
	}
	until := r.now().Truncate(time.Minute).Add(time.Minute)
	points, err := metrics.Read(ctx, r.cfg, []metrics.Query{metrics.OfStage(r.Stage.Name, "HeartbeatVerified", "Maximum")}, until.Add(-past), until, time.Minute)
	if err != nil {
		return Told("GetMetricData", err, nil, &b.Unread)
	}
	for _, p := range points[0] {
		if p.Value > 0 {
			b.Last = p.At
		}
	}
	return nil
}

// putsHeartbeats says whether a primary stack does, as its template does.
func putsHeartbeats(s doctor.Stack) bool {
	return s.Parameters["Form"] == "full" && s.Parameters["Heartbeats"] == "Enabled" && s.Parameters["ReplicaRegion"] != ""
}

// rules reads those of the stage, also the ones that are disabled, and where they send.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTargetsByRule.html
func (r *run) rules(ctx context.Context) error {
	every, err := discover.EveryUploadRule(ctx, r.cfg, r.Stage.Region)
	if err != nil {
		return Told("ListRules", err, nil, &r.NoRules)
	}
	client := eventbridge.NewFromConfig(r.cfg)
	for _, trigger := range every {
		if attach.StageOf(trigger.Name) != r.Stage.Name {
			continue
		}
		one := doctor.Rule{Name: trigger.Name, Disabled: trigger.Disabled}
		out, err := client.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: &trigger.Name})
		if err == nil {
			for _, target := range out.Targets {
				one.Targets = append(one.Targets, aws.ToString(target.Arn))
			}
		} else if err := Told("ListTargetsByRule", err, nil, &one.Unread); err != nil {
			return err
		}
		r.all, r.Rules = append(r.all, trigger), append(r.Rules, one)
	}
	return nil
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
func (r *run) queues(ctx context.Context) error {
	client := sqs.NewFromConfig(r.cfg)
	for _, kind := range []string{"validation-queue", "failure-queue", "validation-dlq", "failure-dlq", "event-dlq"} {
		q := doctor.Queue{Name: "autobackup-" + kind + "-" + r.Stage.Name}
		found, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &q.Name})
		operation := "GetQueueUrl"
		if err == nil {
			operation, err = "GetQueueAttributes", count(ctx, client, found.QueueUrl, &q)
		}
		if err != nil {
			if err := Told(operation, err, &q.Gone, &q.Unread); err != nil {
				return err
			}
		}
		r.Queues = append(r.Queues, q)
	}
	return nil
}

func count(ctx context.Context, client *sqs.Client, url *string, q *doctor.Queue) error {
	names := []sqstypes.QueueAttributeName{
		sqstypes.QueueAttributeNameApproximateNumberOfMessages, sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible, sqstypes.QueueAttributeNameApproximateNumberOfMessagesDelayed,
	}
	got, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url, AttributeNames: names})
	if err != nil {
		return err
	}
	for _, name := range names {
		n, err := strconv.Atoi(got.Attributes[string(name)])
		if err != nil {
			return err
		}
		q.Messages += n
	}
	return nil
}

// alarms reads those of the stage that are there to tell somebody: others are parts of composite
// ones, and may be in ALARM where nothing is wrong.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
func (r *run) alarms(ctx context.Context) error {
	pages := cloudwatch.NewDescribeAlarmsPaginator(cloudwatch.NewFromConfig(r.cfg), &cloudwatch.DescribeAlarmsInput{
		AlarmNamePrefix: aws.String("autobackup-"), AlarmTypes: []cwtypes.AlarmType{cwtypes.AlarmTypeMetricAlarm, cwtypes.AlarmTypeCompositeAlarm},
	})
	composite := map[string]bool{}
	add := func(name *string, state cwtypes.StateValue, enabled *bool, actions []string) {
		if strings.HasSuffix(aws.ToString(name), "-"+r.Stage.Name) {
			r.Alarms = append(r.Alarms, doctor.Alarm{Name: *name, State: string(state), Disabled: !aws.ToBool(enabled), Actless: len(actions) == 0})
		}
	}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return Told("DescribeAlarms", err, nil, &r.NoAlarms)
		}
		for _, a := range page.MetricAlarms {
			add(a.AlarmName, a.StateValue, a.ActionsEnabled, a.AlarmActions)
		}
		for _, a := range page.CompositeAlarms {
			composite[aws.ToString(a.AlarmName)] = true
			add(a.AlarmName, a.StateValue, a.ActionsEnabled, a.AlarmActions)
		}
	}
	r.Alarms = slices.DeleteFunc(r.Alarms, func(a doctor.Alarm) bool {
		return a.Actless && composite[strings.Replace(a.Name, "-metric-", "-", 1)] && !composite[a.Name]
	})
	return nil
}
