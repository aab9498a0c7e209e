package cli_test

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/cli"
	"autobackup/cmd/autobackup/policy/policytest"
	"autobackup/internal/handler"
	"autobackup/internal/wire"
	"autobackup/local"
	"autobackup/local/asl"
	"autobackup/local/clock"
	"autobackup/local/cloudwatch"
	"autobackup/local/cloudwatch/alarms"
	"autobackup/local/lambda"
	"autobackup/local/sqs"
)

const account = "123456789012"

// guarded is both stacks at an address that the environment's AWS configuration leads to.
type guarded struct {
	*local.Stack
	t     *testing.T
	first string // region of the primary stack
}

func newGuarded(t *testing.T, clk *clock.Clock) *guarded {
	t.Helper()
	return newGuardedWith(t, clk, nil)
}

// newGuardedWith is newGuarded with parameters of the primary stack.
func newGuardedWith(t *testing.T, clk *clock.Clock, parameters map[string]string) *guarded {
	t.Helper()
	g := &guarded{t: t}
	functions := wire.Functions(io.Discard, time.Now)
	functions["audit"] = audit.Function(io.Discard, clk.Now)
	server := httptest.NewUnstartedServer(nil)
	url := "http://" + server.Listener.Addr().String()
	var err error
	g.Stack, err = local.Start(t.Context(), local.Config{
		Clock: clk, Project: project, Dir: t.TempDir(), Account: account, URL: url, KeepHistory: true,
		Runtime: lambda.InProcess(functions, handler.Logger(io.Discard), func(region string) aws.Config { return g.AWSConfig(region) }),
	})
	require.NoError(t, err)
	server.Config.Handler = g.Stack
	server.Start()
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, g.Close())
	})
	for _, name := range []string{"replica", "default"} {
		environment, err := local.Environment(project, name)
		require.NoError(t, err)
		_, err = g.Deploy(environment, map[string]map[string]string{"default": parameters}[name])
		require.NoError(t, err)
		g.first = environment.Region
	}
	g.CloudWatch.Put(g.first, account, alarms.NewMetric("Autobackup", "HeartbeatVerified", map[string]string{"Stage": "dev"}), alarms.Datapoint{At: time.Now(), Value: 1})
	for _, a := range g.CloudWatch.Alarms(g.first, account) { // as minutes after they are made
		require.NoError(t, g.CloudWatch.Set(a.ARN(), func(a *cloudwatch.Alarm) { a.State = cloudwatch.OK }))
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": url, "AWS_REGION": g.first, "AWS_SECRET_ACCESS_KEY": local.SecretKey, "AWS_PROFILE": "", "AWS_DEFAULT_REGION": "",
		"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "HOME": t.TempDir(), "XDG_CONFIG_HOME": t.TempDir(),
	} {
		t.Setenv(name, value)
	}
	return g
}

// machine is the ARN of the state machine, and execution that of one that failed.
func (g *guarded) machine() string {
	return "arn:aws:states:" + g.first + ":" + account + ":stateMachine:autobackup-validation-dev"
}

func (g *guarded) execution() string {
	g.t.Helper()
	g.States.TaskFault = func(context.Context, string, []byte) error { return &asl.Error{Name: "Broken", Cause: "on purpose"} }
	e, err := g.States.StartExecution(g.machine(), []byte(`[{"messageId": "m", "body": "{}"}]`))
	require.NoError(g.t, err)
	require.NoError(g.t, g.WaitIdle(g.t.Context()))
	return e.ARN
}

// Each of these permissions is needed, and what is missing is told by its name.
func TestParkedRetryAndDiscardTellEachPermissionThatTheyLack(t *testing.T) {
	for command, words := range map[string][][]string{
		"retry":   {{"--yes", "--again", "--why", "w", "--from", "executions"}, {"--yes", "--why", "w", "--from", "event-dlq"}, {"--yes", "--why", "w", "--tell"}, {"--yes", "--why", "w", "--from", "failure-dlq"}},
		"discard": {{"--yes", "--why", "w"}, {"--yes", "--why", "w", "--from", "event-dlq"}},
		"parked":  {nil, {"--done"}},
	} {
		t.Run(command, func(t *testing.T) { tellsWhatItLacks(t, command, words) })
	}
}

func tellsWhatItLacks(t *testing.T, command string, words [][]string) {
	g := newGuarded(t, clock.Skipping(t.Context()))
	g.execution()
	t.Setenv("AWS_ACCESS_KEY_ID", local.AccessKey)
	code, _, said := run("retry", "--from", "executions", "--why", "w", "--yes") // so that there is a record
	require.Equal(t, cli.Expected, code, said)
	typed := func(p policytest.Printed) (exit int, said string) {
		for _, queue := range []string{"event-dlq", "validation-dlq", "failure-dlq"} {
			_, err := g.SQS.Send("arn:aws:sqs:"+g.first+":"+account+":autobackup-"+queue+"-dev", sqs.Outgoing{Body: `{"an": "event"}`})
			require.NoError(t, err)
		}
		user, err := g.Gate.User("ops", p)
		require.NoError(t, err)
		t.Setenv("AWS_ACCESS_KEY_ID", user.AccessKey())
		for _, options := range words {
			code, stdout, stderr := run(append([]string{command}, options...)...)
			exit, said = max(exit, code), said+stdout+stderr
		}
		return exit, said
	}
	p := policytest.Print(t, command, "--stage", "dev", "--region", g.first, "--account", account,
		"--kms-key", "arn:aws:kms:"+g.first+":"+account+":key/autobackup-dev-SQSKey")
	code, said = typed(p)
	require.NotEqual(t, cli.Trouble, code, said)
	require.NotContains(t, said, "not authorized")
	for lacks, policy := range p.Without() {
		action, sid, _ := strings.Cut(lacks, " in ")
		if action == "sqs:ChangeMessageVisibility" || sid == "WorkKeys" { // what it left shows by itself, later; the bucket has no key here
			continue
		}
		code, said := typed(policy)
		assert.Contains(t, said, "is not authorized to perform: "+action, lacks)
		assert.Equal(t, cli.Trouble, code, lacks)
	}
}

// steps are what docs/operations.md and the runbooks have people do with messages and executions, and what the console does.
func (g *guarded) steps(cfg aws.Config, execution string) error {
	queues, machines := awssqs.NewFromConfig(cfg), sfn.NewFromConfig(cfg)
	ctx := context.Background()
	arn := func(name string) *string {
		return aws.String("arn:aws:sqs:" + g.first + ":" + account + ":autobackup-" + name + "-dev")
	}
	var all []error
	note := func(err error) { all = append(all, err) }
	for _, name := range []string{"validation-queue", "failure-queue"} {
		out, err := queues.GetQueueUrl(ctx, &awssqs.GetQueueUrlInput{QueueName: aws.String("autobackup-" + name + "-dev")})
		note(err)
		if err == nil {
			_, err = queues.GetQueueAttributes(ctx, &awssqs.GetQueueAttributesInput{QueueUrl: out.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
			note(err)
			_, err = queues.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: out.QueueUrl, MessageBody: aws.String("a rehearsal")})
			note(err)
		}
	}
	for _, q := range g.SQS.Queues(g.first) {
		if !strings.Contains(q.Name(), "-dlq-") {
			continue
		}
		_, err := g.SQS.Send(q.ARN, sqs.Outgoing{Body: "parked"})
		require.NoError(g.t, err)
		_, err = queues.GetQueueAttributes(ctx, &awssqs.GetQueueAttributesInput{QueueUrl: &q.URL, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
		note(err)
		got, err := queues.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: &q.URL})
		note(err)
		if err == nil {
			_, err = queues.DeleteMessage(ctx, &awssqs.DeleteMessageInput{QueueUrl: &q.URL, ReceiptHandle: got.Messages[0].ReceiptHandle})
			note(err)
		}
		if strings.Contains(q.Name(), "event") { // SQS moves nothing out of it
			continue
		}
		_, err = queues.StartMessageMoveTask(ctx, &awssqs.StartMessageMoveTaskInput{SourceArn: aws.String(q.ARN), DestinationArn: arn("validation-queue")})
		note(err)
		_, err = queues.ListMessageMoveTasks(ctx, &awssqs.ListMessageMoveTasksInput{SourceArn: aws.String(q.ARN)})
		note(err)
	}
	_, err := machines.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: aws.String(g.machine())})
	note(err)
	_, err = machines.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &execution})
	note(err)
	_, err = machines.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{ExecutionArn: &execution})
	note(err)
	return errors.Join(all...)
}

func TestOperatorsNeedEachPermissionOfTheirPolicyAndNoOther(t *testing.T) {
	g := newGuarded(t, clock.Skipping(t.Context()))
	as := func(p policytest.Printed) aws.Config {
		user, err := g.Gate.User("ops", p)
		require.NoError(t, err)
		return g.AWSConfigOf(user, g.first)
	}
	p := policytest.Print(t, "operate", "--stage", "dev", "--region", g.first, "--account", account,
		"--kms-key", "arn:aws:kms:"+g.first+":"+account+":key/autobackup-dev-SQSKey")
	execution := g.execution()
	require.NoError(t, g.steps(as(p), execution))
	for lacks, policy := range p.Without() {
		action, _, _ := strings.Cut(lacks, " ")
		if !regexp.MustCompile(`^(sqs|states):|^kms:(Decrypt|GenerateDataKey)$`).MatchString(action) {
			continue // what the local stack does not serve, docs/operate_test.go holds against the commands
		}
		require.ErrorContains(t, g.steps(as(policy), execution), "is not authorized to perform: "+action, lacks)
	}
}
