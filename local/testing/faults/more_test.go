package faults_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/testing/faults"
)

func TestAWholeServiceIsDownForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New("123456789012")
		i := faults.New(faults.Fault{Call: faults.Call{At: faults.Gate, Principal: "arn:*", Action: "sqs:*", Resource: "*"}, Attempt: 2, What: faults.Broken, Lasts: true, Minutes: 10})
		i.At(g, clock.Real())
		by := g.As(iam.Session(role, "s"))
		got := ""
		for _, action := range []string{"sqs:SendMessage", "sqs:ReceiveMessage", "sns:Publish", "sqs:DeleteMessage", "wait", "sqs:SendMessage"} {
			if action == "wait" {
				time.Sleep(10 * time.Minute)
				continue
			}
			var refused *gate.Refused // this account has no such role: who comes through is told so
			got += map[bool]string{true: "+", false: "-"}[errors.As(by.May(action, "q"), &refused)]
		}
		assert.Equal(t, "+-+-+", got)
		assert.Equal(t, 2, i.Struck())
	})
}

func TestACallBetweenServicesIsSlowOrComesLate(t *testing.T) {
	for what, want := range map[faults.Kind]time.Duration{faults.Slow: 25 * time.Second, faults.Late: 301 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			g := gate.New("123456789012")
			i := faults.New(faults.Fault{Call: faults.Call{At: faults.Gate, Principal: role, Action: "sqs:SendMessage", Resource: "q"}, Attempt: 1, What: what})
			i.At(g, clock.Real())
			began := time.Now()
			var refused *gate.Refused
			require.ErrorAs(t, g.As(iam.Session(role, "s")).May("sqs:SendMessage", "q"), &refused, "it is done in the end")
			assert.Equal(t, want, time.Since(began))
			assert.False(t, i.Owes())
		})
	}
}

func TestPeopleStopWhatRunsAndStartAPipeAgain(t *testing.T) {
	for what, want := range map[faults.Kind]string{faults.Stopped: "executions 0s ", faults.PipeStopped: "pipe 0s started 1h0m0s "} {
		synctest.Test(t, func(t *testing.T) {
			g := gate.New("123456789012")
			i := faults.New(faults.Fault{Call: faults.Call{At: faults.Gate, Principal: role, Action: "sqs:SendMessage", Resource: "q"}, Attempt: 1, What: what})
			i.At(g, clock.Real())
			began, did := time.Now(), ""
			note := func(what string) func() {
				return func() { did += fmt.Sprint(what, " ", time.Since(began), " ") }
			}
			i.Hands = faults.Hands{StopExecutions: note("executions"), StopPipe: note("pipe"), StartPipe: note("started")}
			_ = g.As(iam.Session(role, "s")).May("sqs:SendMessage", "q")
			for i.Owes() {
				time.Sleep(time.Minute)
			}
			synctest.Wait()
			assert.Equal(t, want, did)
		})
	}
}

func TestADeliveryComesTwiceOrAfterOthers(t *testing.T) {
	for what, want := range map[faults.Kind]string{faults.Twice: "first second first ", faults.Late: "second first ", faults.Denied: "first second "} {
		synctest.Test(t, func(t *testing.T) {
			i := faults.New(faults.Fault{Call: faults.Call{At: faults.Delivery, Principal: "s3.amazonaws.com", Action: "events:PutEvents", Resource: "arn:aws:s3:::b"}, Attempt: 1, What: what})
			if what == faults.Denied {
				i = faults.New()
			}
			var mu sync.Mutex
			came := ""
			for _, name := range []string{"first", "second"} {
				require.NoError(t, i.Deliver("events:PutEvents", "b", func() error {
					mu.Lock()
					defer mu.Unlock()
					came += name + " "
					return nil
				}))
			}
			for i.Owes() {
				time.Sleep(time.Minute)
			}
			mu.Lock()
			defer mu.Unlock()
			assert.Equal(t, want, came)
		})
	}
}

// slowBucket notes what it is asked, and when.
type slowBucket struct {
	began time.Time
	asked []string
}

func (b *slowBucket) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	b.asked = append(b.asked, fmt.Sprint(time.Since(b.began), " ", string(body)))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}, err
}

func TestARequestIsSlowOrComesLateOrIsRefusedForItsTime(t *testing.T) {
	call := faults.Call{At: faults.Network, Principal: role, Action: "s3:PutObject", Resource: "arn:aws:s3:::b/k"}
	for what, want := range map[faults.Kind]struct {
		asked string
		fails bool
	}{
		faults.Slow:   {"59s content", false}, // or 0s with Done
		faults.Late:   {"1m0s content", true},
		faults.Skewed: {"0s content", false}, // the SDK asks again
	} {
		synctest.Test(t, func(t *testing.T) {
			b := &slowBucket{began: time.Now()}
			i := faults.New(faults.Fault{Call: call, Attempt: 1, What: what})
			client := s3.New(s3.Options{
				Region: "eu-central-1", BaseEndpoint: aws.String("http://127.0.0.1"), UsePathStyle: true, RetryMaxAttempts: map[bool]int{true: 2, false: 1}[what == faults.Skewed],
				Credentials: credentials.NewStaticCredentialsProvider("A", "s", ""), HTTPClient: i.On(b, func(*http.Request) string { return role }),
				RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
			})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), Body: bytes.NewReader([]byte("content"))})
			synctest.Wait()
			assert.Equal(t, want.fails, err != nil, "%s: %v", what, err)
			require.Len(t, b.asked, 1, what)
			assert.True(t, strings.HasSuffix(b.asked[0], "content"), "what comes late is whole")
			if what != faults.Skewed { // the SDK waits as long as chance has it
				assert.Equal(t, want.asked, b.asked[0])
			}
			assert.False(t, i.Owes())
		})
	}
}

func TestAFunctionIsSlowOrHasAWrongClock(t *testing.T) {
	const arn = "arn:aws:lambda:eu-central-1:123456789012:function:f"
	for _, f := range faults.Of(faults.Call{At: faults.Function, Action: "lambda:InvokeFunction", Resource: arn}) {
		want, known := map[faults.Kind][2]time.Duration{faults.Slow: {59 * time.Second, 59 * time.Second}, faults.Ahead: {20 * time.Minute, 0}, faults.Behind: {-20 * time.Minute, 0}}[f.What]
		if !known {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			i, began := faults.New(f), time.Now()
			now, other := i.Clock("f"), i.Clock("of")
			var read time.Duration
			code, err := faults.Around(i, func() (func(context.Context, []byte) ([]byte, error), error) {
				return func(context.Context, []byte) ([]byte, error) { read = now().Sub(began); return []byte("1"), nil }, nil
			})
			require.NoError(t, err)
			invoke := func() {
				ctx, cancel := context.WithTimeout(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{InvokedFunctionArn: arn}), time.Minute)
				defer cancel()
				_, err := code(ctx, nil)
				require.NoError(t, err)
			}
			invoke()
			assert.Equal(t, want[1], time.Since(began), f.What)
			if !f.Done {
				assert.Equal(t, want[0], read, f.What)
			}
			assert.Equal(t, time.Since(began), other().Sub(began), "another function's is right")
			invoke()
			assert.Equal(t, time.Since(began), now().Sub(began), "it was one invocation's")
		})
	}
}
