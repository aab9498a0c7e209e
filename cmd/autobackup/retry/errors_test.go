package retry_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/retry"
)

// refuse makes one request fail: the nth for an action, from 1.
func (w *world) refuse(action string, nth int) {
	w.before = func(a string) int {
		if a == action {
			nth--
		}
		if a == action && nth == 0 {
			return 403
		}
		return 0
	}
}

func TestWhatCannotBeReadEndsTheRunBeforeAnythingIsSent(t *testing.T) {
	cases := []struct {
		action string
		nth    int
		want   string
	}{
		{"GetQueueUrl", 1, "find the queue autobackup-validation-queue-dev: "},
		{"GetQueueUrl", 2, "find the queue autobackup-validation-dlq-dev: "},
		{"GetQueueUrl", 3, "find the queue autobackup-event-dlq-dev: "},
		{"GetQueueAttributes", 1, "read the attributes of autobackup-validation-queue-dev: "},
		{"GetQueueAttributes", 2, "read the attributes of autobackup-validation-dlq-dev: "},
		{"GetQueueAttributes", 3, "read the attributes of autobackup-event-dlq-dev: "},
		{"ListObjectsV2", 1, "read what was retried before: ListObjectsV2 of s3://autobackup-dev-work-123456789012/operations/: "},
		{"ListExecutions", 1, "with status FAILED: "},
		{"ListExecutions", 2, "with status TIMED_OUT: "},
		{"ListExecutions", 3, "with status ABORTED: "},
		{"DescribeExecution", 1, "describe execution arn:aws:states:"},
		{"DescribeExecution", 2, "describe execution arn:aws:states:"},
		{"GetExecutionHistory", 1, "read the history of execution arn:aws:states:"},
		{"GetExecutionHistory", 2, "read the history of execution arn:aws:states:"},
		{"ReceiveMessage", 1, "receive from autobackup-event-dlq-dev: "},
	}
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.start(event("a"))
		w.start(event("b"))
		w.settle()
		w.fill("c")
		for _, c := range cases {
			w.refuse(c.action, c.nth)
			report, err := w.retry()
			require.ErrorContains(t, err, c.want, "%s, call %d", c.action, c.nth)
			assert.ErrorContains(t, err, "StatusCode: 403", c.action)
			assert.NotContains(t, err.Error(), "no answer", c.action)
			assert.Zero(t, report.Done(), c.action)
			assert.Empty(t, w.plan.String(), "a plan that misses something is not shown")
			assert.Empty(t, w.messages("validation-queue"), c.action)
			assert.Empty(t, w.onRecord(), c.action)
		}
		w.before = nil
		assert.Equal(t, 3, w.done().Done())
	})
}

func TestWhatFailsWhilePuttingBackEndsTheRunAndTheNextOneGoesOn(t *testing.T) {
	cases := []struct {
		action string
		nth    int
		want   string
		sent   int // of two executions with a message each, and twelve events
	}{
		{"DescribeExecution", 3, "describe execution ", 0},
		{"DescribeExecution", 4, "describe execution ", 1},
		{"GetExecutionHistory", 4, "read the history of execution ", 1},
		{"SendMessageBatch", 1, "send 1 message to autobackup-validation-queue-dev: ", 0},
		{"SendMessageBatch", 2, "send 1 message to autobackup-validation-queue-dev: ", 1},
		{"SendMessageBatch", 3, "send 10 messages to autobackup-validation-queue-dev: ", 2},
		{"ReceiveMessage", 4, "receive from autobackup-event-dlq-dev: ", 2},
		{"ReceiveMessage", 5, "receive from autobackup-event-dlq-dev: ", 12},
		{"SendMessageBatch", 4, "send 2 messages to autobackup-validation-queue-dev: ", 12},
		{"ReceiveMessage", 6, "receive from autobackup-event-dlq-dev: ", 14},
	}
	for _, c := range cases {
		inWorld(t, func(w *world) {
			w.broken(notParked...)
			w.start(event("a"))
			w.start(event("b"))
			w.settle()
			w.fill(keys(12)...)
			w.refuse(c.action, c.nth)
			report, err := w.retry()
			require.ErrorContains(t, err, c.want, "%s, call %d", c.action, c.nth)
			assert.Equal(t, c.sent, report.Done(), "%s, call %d", c.action, c.nth)
			assert.Equal(t, 12-max(0, c.sent-2), w.visible(), "%s, call %d: what is left shows", c.action, c.nth)
			w.before = nil
			if c.sent < 14 {
				assert.Equal(t, 14-c.sent, w.done().Done(), "%s, call %d", c.action, c.nth)
			}
			assert.Len(t, w.messages("validation-queue"), 14)
		})
	}
}

func TestAnErrorWhileTheRunIsInterruptedIsToldAllTheSame(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill("a")
		ctx, interrupt := context.WithCancel(w.t.Context())
		w.before = func(action string) int {
			if action != "SendMessageBatch" {
				return 0
			}
			interrupt()
			return 403
		}
		report, err := w.retryIn(ctx)
		assert.ErrorContains(t, err, "send 1 message to autobackup-validation-queue-dev: ")
		assert.False(t, report.Interrupted)
		assert.Equal(t, 1, w.visible())
	})
}

func TestAPageThatSQSRefusesWhollyStaysAndIsTold(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill("a")
		w.fake = map[string]string{"SendMessageBatch": `{"Successful":[],"Failed":[{"Id":"0","Code":"InternalError","Message":"try later","SenderFault":false}]}`}
		report := w.done()
		assert.Zero(t, report.Done())
		require.Len(t, report.Left, 1)
		assert.Equal(t, "autobackup-validation-queue-dev refused it: InternalError: try later", report.Left[0].Why)
		assert.Equal(t, 1, w.visible())
	})
}

func TestNothingIsChangedThatCannotBePutOnRecord(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill("a")
		w.refuse("PutObject", 1)
		report, err := w.retry()
		require.ErrorContains(t, err, "record who does this and why, before anything is changed (nothing was): PutObject of s3://autobackup-dev-work-123456789012/operations/")
		require.ErrorContains(t, err, "autobackup policy retry prints what that takes")
		assert.Zero(t, report.Done())
		assert.Equal(t, 1, w.visible())
		assert.Empty(t, w.messages("validation-queue"))
	})
}

func TestALaterExecutionIsPutBackWhereAnEarlierOneWasBefore(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.start(event("a"))
		w.settle()
		w.healed()
		assert.Equal(t, 1, w.done().Done())
		w.settle()
		w.broken(notParked...)
		w.start(event("b"))
		w.settle()
		report := w.done()
		require.Len(t, report.Executions, 2)
		assert.Equal(t, []int{1, 0}, []int{report.Executions[0].Before, report.Executions[1].Before})
		assert.Equal(t, []int{0, 1}, []int{report.Executions[0].Done, report.Executions[1].Done})
	})
}

func TestWhatWasSentAndNotNotedIsToldAndEndsTheRun(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put(keys(12)...)
		w.settle()
		w.refuse("PutObject", 2) // the first page
		report, err := w.retry()
		require.ErrorContains(t, err, "record what was sent (the next run sends 10 messages of "+report.Executions[0].ARN+" again, which harms nothing): PutObject of s3://autobackup-dev-work-123456789012/operations/")
		assert.Equal(t, 10, report.Done())
		assert.Len(t, w.messages("validation-queue"), 10)
	})
}

func TestAStackThatAnswersStrangelyIsNoStack(t *testing.T) {
	inWorld(t, func(w *world) {
		for want, attributes := range map[string]string{
			"read the ARN of autobackup-event-dlq-dev: arn: invalid prefix":                   `"QueueArn":"none","MaximumMessageSize":"1","ApproximateNumberOfMessages":"0","ApproximateNumberOfMessagesNotVisible":"0"`,
			"read MaximumMessageSize of autobackup-validation-queue-dev: ":                    `"ApproximateNumberOfMessages":"0","ApproximateNumberOfMessagesNotVisible":"0"`,
			"read ApproximateNumberOfMessagesNotVisible of autobackup-validation-queue-dev: ": `"MaximumMessageSize":"1","ApproximateNumberOfMessages":"0","ApproximateNumberOfMessagesNotVisible":"some"`,
		} {
			w.fake = map[string]string{"GetQueueAttributes": `{"Attributes":{` + attributes + `}}`}
			_, err := w.retry()
			assert.ErrorContains(t, err, want)
		}
	})
}

func TestAnEmptyAnswerIsNotTakenForNothingToPutBack(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.start(event("a"))
		w.settle()
		for action, want := range map[string]string{"ListExecutions": "list the executions of ", "DescribeExecution": "describe execution "} {
			w.fake = map[string]string{action: "{}"}
			report, err := w.retry()
			require.ErrorContains(t, err, want)
			require.ErrorContains(t, err, "the answer is empty")
			assert.Zero(t, report.Done())
		}
		w.fake = nil
		assert.Equal(t, 1, w.done().Done())
	})
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestWithoutATerminalToShowOrToAskNothingIsPutBack(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill("a")
		for want, edit := range map[string]func(*retry.Options){
			"write the report: broken pipe":                           func(o *retry.Options) { o.Plan = brokenPipe{} },
			"ask: broken pipe (--yes does it without asking)":         func(o *retry.Options) { o.Yes, o.Prompt = false, brokenPipe{} },
			"read the answer: no line (--yes does it without asking)": func(o *retry.Options) { o.Yes, o.In = false, iotest.ErrReader(errors.New("no line")) },
		} {
			report, err := w.retry(edit)
			assert.ErrorContains(t, err, want)
			assert.Zero(t, report.Done())
			assert.False(t, report.Declined, "nobody answered")
			assert.Equal(t, 1, w.visible())
		}
		report := w.done(func(o *retry.Options) { o.Yes, o.In = false, strings.NewReader("y") })
		assert.Equal(t, 1, report.Done(), "an answer without the end of its line")
		assert.ErrorContains(t, report.Text(brokenPipe{}), "write the report: broken pipe")
		assert.ErrorContains(t, report.JSON(brokenPipe{}), "write the report: broken pipe")
	})
}

// nobody has no credentials, as where somebody forgot to log in.
type nobody struct{}

// Retrieve implements aws.CredentialsProvider.
func (nobody) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{}, errors.New("no EC2 IMDS role found")
}

func TestWithoutCredentialsOrWithThoseThatAWSDoesNotKnowEveryCommandSaysWhatToDo(t *testing.T) {
	inWorld(t, func(w *world) {
		verbs := map[string]func(cfg aws.Config) error{
			"parked": func(cfg aws.Config) error {
				_, err := retry.LookAtParked(w.t.Context(), cfg, retry.LookOptions{Stage: "dev", Filter: retry.Filter{Since: retry.Kept}, Max: 1, Now: time.Now()})
				return err
			},
			"parked --done": func(cfg aws.Config) error {
				_, err := retry.Operations(w.t.Context(), cfg, "dev", time.Hour, time.Now())
				return err
			},
			"retry": func(cfg aws.Config) error {
				_, err := retry.Run(w.t.Context(), cfg, retry.Options{Stage: "dev", From: retry.FromAll, Filter: retry.Filter{Since: retry.Kept}, Max: 1, DryRun: true, Now: time.Now, Plan: io.Discard})
				return err
			},
			"discard": func(cfg aws.Config) error {
				_, err := retry.Discard(w.t.Context(), cfg, retry.Options{Stage: "dev", From: retry.FromParked, Filter: retry.Filter{Since: retry.Kept}, Max: 1, DryRun: true, Now: time.Now, Plan: io.Discard})
				return err
			},
		}
		for name, run := range verbs {
			cfg := w.AWSConfig(w.region)
			cfg.Credentials = nobody{}
			require.ErrorContains(t, run(cfg), "find credentials for your account: ", name)
			require.ErrorContains(t, run(cfg), "aws sso login", name)
		}
		for name, run := range verbs {
			cfg := w.AWSConfig(w.region)
			cfg.APIOptions = append(slices.Clone(cfg.APIOptions), func(stack *middleware.Stack) error {
				return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("Unknown", func(context.Context, middleware.FinalizeInput, middleware.FinalizeHandler) (out middleware.FinalizeOutput, m middleware.Metadata, err error) {
					return out, m, &smithy.GenericAPIError{Code: "UnrecognizedClientException", Message: "The security token included in the request is invalid."}
				}), middleware.After)
			})
			err := run(cfg)
			require.ErrorContains(t, err, ": check the credentials with aws sts get-caller-identity", name)
		}
	})
}

func TestOnlyWhatIsKnownKeepsEverybodyFromAsking(t *testing.T) {
	inWorld(t, func(w *world) {
		cfg := w.AWSConfig(w.region)
		require.NoError(t, retry.Asked(w.t.Context(), cfg, "dev"))
		require.ErrorContains(t, retry.Asked(w.t.Context(), cfg, "nope"), "there is no queue autobackup-validation-dlq-nope in "+w.region)
		w.refuse("GetQueueUrl", 1)
		require.NoError(t, retry.Asked(w.t.Context(), cfg, "dev"), "denied: each page says so")
		w.before, w.silent = nil, "GetQueueUrl"
		began := time.Now()
		require.NoError(t, retry.Asked(w.t.Context(), cfg, "dev"), "no answer")
		assert.Less(t, time.Since(began), time.Minute)
		w.silent = ""
		cfg.Credentials = nobody{}
		require.ErrorContains(t, retry.Asked(w.t.Context(), cfg, "dev"), "find credentials for your account: ")
	})
}
