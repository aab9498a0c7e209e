// Package ministack_test deploys both templates into ministack, an independent
// stand-in for AWS, with the commands of docs/deploy.md and the workflows' scripts, and runs
// the demo's scenarios through what was deployed. .ci/run installs what it needs and
// runs it.
//
// docs/local-fidelity.md says what this proves, and what it does not because
// the test does it itself.
package ministack_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/demo"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/lambda"
	locals3 "autobackup/local/s3"
)

var (
	program = flag.String("ministack", "", "the ministack command")
	sam     = flag.String("sam", "", "the sam command, with aws beside it")
)

// missing is a sample of this test's own: without a clock that jumps, the demo
// would take hours for it.
var missing = demo.Sample("documents", "missing.txt", locals3.Plan{Lag: never}, demo.Expectation{Outcome: verdict.Failed, Reason: reason.ReplicaMissing})

func TestTheDemosScenariosThroughMinistack(t *testing.T) {
	needed(t)
	t.Parallel() // most of it is waiting for e-mails
	r := &replication{rules: rules(t)}
	d := deploy(t, start(t, r.serve(t)))
	r.d = d
	mails := d.subscribe()

	expected := d.upload(r)
	first := d.pipe(r, len(expected))
	d.succeeded(first, expected)
	second := r.uploads[len(r.uploads)-1] // what contract.pdf was overwritten with meanwhile
	d.succeeded(d.pipe(r, 1), map[string]demo.Expectation{second.uri(): second.Expect})
	parked := d.parked(first, expected)
	d.alerted(mails, "CONTENT_MISMATCH", "REPLICATION_FAILED", "MALFORMED_EVENT", "REPLICA_MISSING")
	d.alertAgain(mails, parked)
	d.breakAndMend(r, mails)
	d.audited()
	d.deployAgain()
	d.check(t, ofScenarios)
}

func needed(t *testing.T) {
	t.Helper()
	if *program == "" || *sam == "" {
		t.Skip("needs ministack and the SAM CLI, which .ci/run installs: bash .ci/run")
	}
}

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	if shared, err = os.MkdirTemp("", "autobackup"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := errors.Join(writeCalls(), os.RemoveAll(shared)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// rules is the local stack with both templates deployed, without functions.
func rules(t *testing.T) *local.Stack {
	t.Helper()
	none := func(clk *clock.Clock, newID func() string, c lambda.Config, _ string) (*lambda.Function, error) {
		return lambda.NewInProcess(clk, newID, c, func(context.Context, []byte) ([]byte, error) {
			return nil, errors.New("only its buckets are asked")
		})
	}
	s, err := local.Start(t.Context(), local.Config{Clock: clock.Real(), Project: project, Dir: t.TempDir(), Account: account, Seed: 1, URL: "http://unused", Runtime: none})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for _, name := range []string{"replica", "default"} {
		environment, err := local.Environment(project, name)
		require.NoError(t, err)
		parameters := map[string]string{}
		if environment.Region = documented.replica; name == "default" {
			environment.Region, parameters["ReplicaRegion"] = documented.region, documented.replica
		}
		_, err = s.Deploy(environment, parameters)
		require.NoError(t, err)
	}
	return s
}

// upload sends everything that is sent before the first look. It gives what is
// expected of every message, by the object's name in summaries.
func (d *stack) upload(r *replication) map[string]demo.Expectation {
	d.Helper()
	for _, it := range append(demo.Samples(), missing) {
		u := r.put(it)
		require.NotNil(d, u)
		if it.Then == demo.Remove {
			r.remove(u)
		}
	}
	expected := map[string]demo.Expectation{}
	for _, u := range r.uploads {
		expected[u.uri()] = u.Expect
	}
	out, err := d.sqs.SendMessage(d.Context(), &sqs.SendMessageInput{
		QueueUrl: aws.String(d.outputs["ValidationQueueUrl"]), MessageBody: aws.String(demo.NotAnEvent)})
	require.NoError(d, err)
	expected["message "+aws.ToString(out.MessageId)] = demo.Expectation{Outcome: verdict.Failed, Reason: reason.MalformedEvent}
	return expected
}

// succeeded compares the summary with what is expected, object by object.
func (d *stack) succeeded(e execution, expected map[string]demo.Expectation) {
	d.Helper()
	require.Equal(d, sfntypes.ExecutionStatusSucceeded, e.status, "%s: %s", e.error, e.cause)
	d.Log(e.summary.Text)
	got := map[string]demo.Expectation{}
	for _, s := range e.summary.Objects {
		d.Logf("%-8s %-18s %-27s looks %2d  %.90q", s.Verdict, s.Reason, s.Evidence, s.Looks, s.Object)
		got[s.Object] = demo.Expectation{Outcome: s.Verdict, Reason: s.Reason}
		if s.Verdict == verdict.Verified {
			assert.Contains(d, []verdict.Evidence{verdict.BytesRead, verdict.DeleteMarker}, s.Evidence, "ByteVerification=always")
		}
	}
	assert.Equal(d, expected, got)
	assert.Len(d, e.summary.Objects, len(expected))
}

// parked checks what is in the validation DLQ: the messages that failed, as
// they were, with why.
func (d *stack) parked(e execution, expected map[string]demo.Expectation) []types.Message {
	d.Helper()
	want := map[string]int{}
	for _, x := range expected {
		if x.Outcome == verdict.Failed {
			want[string(x.Reason)]++
		}
	}
	messages, got := d.receive(d.outputs["ValidationDLQUrl"], len(want)), map[string]int{}
	for _, m := range messages {
		got[attribute(m, "reason")]++
		assert.Contains(d, e.bodies, aws.ToString(m.Body), "parked unchanged")
		assert.NotEmpty(d, attribute(m, "detail"))
		assert.Equal(d, e.arn, attribute(m, "execution"))
		assert.Equal(d, "1", attribute(m, "alerts"))
	}
	assert.Equal(d, want, got)
	return messages
}

func attribute(m types.Message, name string) string {
	return aws.ToString(m.MessageAttributes[name].StringValue)
}

// alertAgain moves a parked message to the failure queue: failure-notifier
// alerts and puts it back.
func (d *stack) alertAgain(mails string, parked []types.Message) {
	d.Helper()
	m := parked[0]
	d.move(m, d.outputs["ValidationDLQUrl"], d.outputs["FailureQueueUrl"])
	d.alerted(mails, attribute(m, "reason"))
	back := d.receive(d.outputs["ValidationDLQUrl"], 1)[0]
	assert.Equal(d, aws.ToString(m.Body), aws.ToString(back.Body))
	assert.Equal(d, attribute(m, "reason"), attribute(back, "reason"))
	assert.Equal(d, attribute(m, "execution"), attribute(back, "execution"))
	assert.Equal(d, "2", attribute(back, "alerts"))
}

// breakAndMend throttles fetch-etags to a standstill: the execution fails
// visibly, parks without any function's help and has the sender tell. Once mended, the parked
// message is moved to the validation queue and verified.
func (d *stack) breakAndMend(r *replication, mails string) {
	d.Helper()
	d.aws(nil, "lambda", "put-function-concurrency", "--function-name", "autobackup-fetch-etags-dev", "--reserved-concurrent-executions", "0")
	u := r.put(demo.Sample("documents", "during-the-incident.txt", locals3.Plan{}, demo.Expectation{Outcome: verdict.Verified}))
	broken := d.pipe(r, 1)
	assert.Equal(d, sfntypes.ExecutionStatusFailed, broken.status)
	assert.NotEmpty(d, broken.error)
	d.Logf("execution failed: %s", broken.error)
	d.alerted(mails, string(reason.WorkflowError))
	m := d.receive(d.outputs["ValidationDLQUrl"], 1)[0]
	assert.Equal(d, broken.bodies, []string{aws.ToString(m.Body)}, "parked unchanged")
	assert.Equal(d, string(reason.WorkflowError), attribute(m, "reason"))
	assert.Equal(d, broken.arn, attribute(m, "execution"))

	d.aws(nil, "lambda", "delete-function-concurrency", "--function-name", "autobackup-fetch-etags-dev")
	d.move(m, d.outputs["ValidationDLQUrl"], d.outputs["ValidationQueueUrl"])
	d.succeeded(d.pipe(r, 1), map[string]demo.Expectation{u.uri(): u.Expect})
}

// subscribe subscribes a queue to the topic, as operators do their addresses.
func (d *stack) subscribe() (queue string) {
	d.Helper()
	made, err := d.sqs.CreateQueue(d.Context(), &sqs.CreateQueueInput{QueueName: aws.String("mailbox")})
	require.NoError(d, err)
	arn, err := d.sqs.GetQueueAttributes(d.Context(), &sqs.GetQueueAttributesInput{QueueUrl: made.QueueUrl, AttributeNames: []types.QueueAttributeName{"QueueArn"}})
	require.NoError(d, err)
	topic := d.outputs["FailureTopicArn"]
	_, err = d.sqs.SetQueueAttributes(d.Context(), &sqs.SetQueueAttributesInput{QueueUrl: made.QueueUrl, Attributes: map[string]string{
		"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"` + arn.Attributes["QueueArn"] + `"}]}`}})
	require.NoError(d, err)
	_, err = d.sns.Subscribe(d.Context(), &sns.SubscribeInput{TopicArn: &topic, Protocol: aws.String("sqs"), Endpoint: aws.String(arn.Attributes["QueueArn"])})
	require.NoError(d, err)
	return aws.ToString(made.QueueUrl)
}

// pause is longer than the sender of e-mails waits between the first few.
const pause = 6 * time.Minute

// alerted waits for alerts that name every reason between them. No other comes.
func (d *stack) alerted(mails string, reasons ...string) {
	d.Helper()
	var all strings.Builder
	for _, code := range reasons {
		for !strings.Contains(all.String(), code) {
			m := d.receiveFor(pause, mails, 1)[0]
			var mail struct{ Subject, Message string }
			require.NoError(d, json.Unmarshal([]byte(aws.ToString(m.Body)), &mail))
			d.Logf("alert: %s", mail.Subject)
			assert.NotEmpty(d, mail.Subject)
			all.WriteString(mail.Subject + "\n" + mail.Message + "\n")
			d.delete(mails, m)
		}
	}
	const left = types.QueueAttributeNameApproximateNumberOfMessages
	out, err := d.sqs.GetQueueAttributes(d.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &mails, AttributeNames: []types.QueueAttributeName{left}})
	require.NoError(d, err)
	assert.Equal(d, "0", out.Attributes[string(left)], "more alerts than failures")
}
