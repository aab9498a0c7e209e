// The tests of this package check the checker: the functions as they are deployed,
// from the first look to the verdict, with the bytes read where that takes it, on
// an S3 that holds what it should not. Only the state machine is left out: a
// stack calls the functions in its order.
package checker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/batch"
	"autobackup/internal/comparebytes"
	"autobackup/internal/handler"
	"autobackup/internal/hashbytes"
	"autobackup/internal/look"
	"autobackup/internal/reason"
	"autobackup/internal/settle"
	"autobackup/internal/verdict"
	"autobackup/local/testing/memnet"
)

const (
	home    = "eu-central-1"
	away    = "eu-west-1"
	primary = "docs"
	replica = "copy"
	working = "working"

	rangeSize = 1000
	blockSize = 300

	deadline       = time.Hour
	markerDeadline = 3 * time.Hour
)

// readings is the parameter's values.
var readings = map[string]verdict.ByteVerification{
	"never": {}, "inconclusive": {Inconclusive: true}, "always": {Inconclusive: true, PerMille: 1000},
}

// stack is the functions of both regions. Run it in a bubble: it sleeps as long
// as the workflow waits.
type stack struct {
	looker   *look.Looker
	settler  settle.Settler
	comparer comparebytes.Comparer
	bytes    handler.Func // of comparer
	clients  map[string]*sdk.Client
}

func newStack(clients map[string]*sdk.Client, bytes verdict.ByteVerification) *stack {
	log := slog.New(slog.DiscardHandler)
	regions, arns := functions{}, map[string]string{}
	for region, client := range clients {
		arns[region] = "hash-bytes in " + region
		regions[region] = handler.New("hash-bytes", log, hashbytes.Reader{Objects: client}.Do)
	}
	s := &stack{
		looker: look.New(clients[home], clients[home], time.Now),
		settler: settle.Settler{
			Policy: verdict.Policy{Deadline: deadline, MarkerDeadline: markerDeadline, Bytes: bytes},
			Stage:  "dev", MaxMessage: 1 << 20, Log: log, Metrics: io.Discard, Now: time.Now,
		},
		comparer: comparebytes.Comparer{
			Hasher: comparebytes.Functions{Lambda: regions, ARNs: arns}, Store: clients[home], Bucket: working, Now: time.Now, Wait: wait,
		},
		clients: clients,
	}
	s.cut(rangeSize, blockSize)
	return s
}

// cut sets the sizes of ranges and blocks.
func (s *stack) cut(ranges, blocks int64) {
	s.comparer.RangeSize, s.comparer.BlockSize = ranges, blocks
	s.bytes = handler.New("compare-bytes", slog.New(slog.DiscardHandler), s.comparer.Do)
}

// connect gives clients of both regions, which don't retry by themselves.
func connect(t testing.TB, server http.Handler) map[string]*sdk.Client {
	network, stop := memnet.Client(server)
	t.Cleanup(stop)
	clients := map[string]*sdk.Client{}
	for _, region := range []string{home, away} {
		clients[region] = sdk.New(sdk.Options{
			Region: region, HTTPClient: network, BaseEndpoint: aws.String("http://127.0.0.1"), UsePathStyle: true, RetryMaxAttempts: 1,
			Credentials:                credentials.NewStaticCredentialsProvider("id", "secret", ""),
			ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
			RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		})
	}
	return clients
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// functions stands in for Lambda, its time-out included.
type functions map[string]handler.Func

func (f functions) Invoke(ctx context.Context, in *lambda.InvokeInput, options ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
	var o lambda.Options
	for _, set := range options {
		set(&o)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	payload, err := f[o.Region](ctx, in.Payload)
	if ctx.Err() != nil {
		payload, err = nil, messages.InvokeResponse_Error{Type: "Sandbox.Timedout", Message: "timed out"}
	}
	if err == nil {
		return &lambda.InvokeOutput{Payload: payload}, nil
	}
	payload, err = json.Marshal(err)
	return &lambda.InvokeOutput{Payload: payload, FunctionError: aws.String("Unhandled")}, err
}

// ending is how a message ended.
type ending struct {
	batch.Settled
	detail string // of a failed one
	looks  int
}

func (e ending) String() string {
	return fmt.Sprintf("%s %s %s after %d looks: %s", e.Verdict, e.Reason, e.Evidence, e.looks, e.detail)
}

// validate looks, judges, reads and waits until the message is settled, as an
// execution that reads bytes does.
func (s *stack) validate(ctx context.Context, body string) (ending, error) {
	b := batch.Batch{Reads: true, Messages: []batch.Message{{ID: "1", Body: body}}}
	for range 100 {
		b = s.settler.Settle(ctx, s.looker.Look(ctx, b))
		for b.Counts.Reading > 0 {
			b = s.settler.Settle(ctx, s.read(ctx, b))
		}
		if len(b.Summary.Objects) > 0 {
			end := ending{Settled: b.Summary.Objects[0], looks: b.Summary.Objects[0].Looks}
			for _, f := range b.Failed {
				end.detail = f.Detail
			}
			return end, nil
		}
		time.Sleep(time.Duration(b.Wait) * time.Second)
	}
	return ending{}, errors.New("the message is not settled after 100 looks")
}

// read is the states that read the bytes of one replica.
func (s *stack) read(ctx context.Context, b batch.Batch) batch.Batch {
	var answer comparebytes.Answer
	err := s.task(ctx, comparebytes.Request{Operation: comparebytes.OpCompare, Batch: &b}, &answer)
	if err == nil && answer.Plan != nil {
		answer, err = s.ranges(ctx, b, *answer.Plan)
	}
	if err != nil {
		b.NotRead = &batch.Error{Error: err.Error()}
		return b
	}
	return answer.Batch
}

// task invokes compare-bytes as a Task state does that retries Transient.
func (s *stack) task(ctx context.Context, in comparebytes.Request, out any) error {
	payload, err := json.Marshal(in)
	if err != nil {
		return err
	}
	for retries := 0; ; retries++ {
		answer, err := s.bytes(ctx, payload)
		var named messages.InvokeResponse_Error
		if errors.As(err, &named) && named.Type == reason.Transient && retries < 8 {
			time.Sleep(2 * time.Second << retries)
			continue
		}
		if err != nil {
			return err
		}
		return json.Unmarshal(answer, out)
	}
}
