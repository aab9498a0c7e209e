package faults_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/testing/faults"
	"autobackup/local/wire"
)

const role = "arn:aws:iam::123456789012:role/reader"

func TestAScenarioThatIsReadAndWrittenIsTheSame(t *testing.T) {
	for _, at := range []faults.Place{faults.Gate, faults.Network, faults.Function, faults.Delivery} {
		c := faults.Call{At: at, Principal: role, Action: "a:B", Resource: "*"}
		if at == faults.Function {
			c.Principal = ""
		}
		want := faults.Scenario{World: "w", Faults: faults.Of(c)}
		require.NotEmpty(t, want.Faults)
		want.Faults[0].Lasts, want.Faults[0].Minutes = true, 90
		got, err := faults.Parse([]byte(want.String()))
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
}

func TestAScenarioThatSaysNothingSensibleIsRefusedWithWhatToDo(t *testing.T) {
	const call = `"at": "gate", "principal": "p", "action": "a", "resource": "r", "attempt": 1`
	for text, want := range map[string]string{
		`{"world": "w", "fault": []}`:                                                                           "as a failed exploration prints it",
		`{"world": "w", "faults": [{` + call + `, "what": "denied"}]} {}`:                                       "one scenario into a file",
		`{"faults": [{` + call + `, "what": "denied"}]}`:                                                        "name one of those that are explored",
		`{"world": "w", "faults": []}`:                                                                          "name at least one",
		`{"world": "w", "faults": [{` + call + `, "what": "broke"}]}`:                                           `faults[0]: what is "broke"; use one of`,
		`{"world": "w", "faults": [{` + call + `, "what": "crashed"}]}`:                                         `"crashed" can't be made at the gate`,
		`{"world": "w", "faults": [{` + call + `, "what": "denied", "done": true}]}`:                            "leave done out",
		`{"world": "w", "faults": [{` + strings.Replace(call, "gate", "network", 1) + `, "what": "garbled"}]}`:  "set done",
		`{"world": "w", "faults": [{` + strings.Replace(call, "1", "0", 1) + `, "what": "denied"}]}`:            "the first is 1",
		`{"world": "w", "faults": [{` + strings.Replace(call, `"r"`, `""`, 1) + `, "what": "denied"}]}`:         "name both",
		`{"world": "w", "faults": [{` + strings.Replace(call, "gate", "function", 1) + `, "what": "crashed"}]}`: "none for an invocation",
		`{"world": "w", "faults": [{` + strings.Replace(call, "gate", "elsewhere", 1) + `, "what": "denied"}]}`: `use one of ["gate" "network" "function" "delivery"]`,
		`{"world": "w", "faults": [{` + call + `, "what": "denied", "minutes": 5}]}`:                            "set lasts",
		`{"world": "w", "faults": [{` + call + `, "what": "denied", "minutes": -5, "lasts": true}]}`:            "leave it out for ever",
	} {
		_, err := faults.Parse([]byte(text))
		assert.ErrorContains(t, err, want, text)
	}
}

func TestTheNthCallGoesWrongOrAllFromThenOn(t *testing.T) {
	for lasts, want := range map[bool]string{false: "+-++", true: "+---"} {
		g := gate.New("123456789012")
		fault := faults.Fault{Call: faults.Call{At: faults.Gate, Principal: role, Action: "sqs:SendMessage", Resource: "q"}, Attempt: 2, What: faults.Throttled, Lasts: lasts}
		i := faults.New(fault)
		i.At(g, clock.Real())
		by := g.As(iam.Session(role, "s"))
		got := ""
		for range 4 {
			var refused *gate.Refused // this account has no such role: who comes through is told so
			got += map[bool]string{true: "+", false: "-"}[errors.As(by.May("sqs:SendMessage", "q"), &refused)]
		}
		assert.Equal(t, want, got)
		_ = by.May("sqs:SendMessage", "other")
		require.NoError(t, g.As(g.Owner()).May("sqs:SendMessage", "q"), "the owner's is nobody's fault")
		made := i.Made()
		require.Len(t, made, 5)
		assert.Equal(t, faults.Made{Call: fault.Call, Attempt: 4}, made[3])
		assert.Equal(t, strings.Count(want, "-"), i.Struck())
	}
}

func TestWhatIsRandomInAKeyMakesNoOtherCall(t *testing.T) {
	g := gate.New("123456789012")
	i := faults.New()
	i.At(g, clock.Real())
	by := g.As(iam.Session(role, "s"))
	for _, resource := range []string{"arn:aws:s3:::b-123456789012/rows-2478452308.jsonl", "arn:aws:s3:::b-123456789012/rows-1178452308.jsonl", "arn:aws:s3:::b-123456789012", "arn:aws:s3:::b/plans/" + strings.Repeat("0a", 32) + ".json", "arn:aws:sqs:::123456789012"} {
		_ = by.May("s3:PutObject", resource)
	}
	var got []string
	for _, m := range i.Made() {
		got = append(got, fmt.Sprint(m.Resource, " ", m.Attempt))
	}
	assert.Equal(t, []string{"arn:aws:s3:::b-123456789012/rows-*.jsonl 1", "arn:aws:s3:::b-123456789012/rows-*.jsonl 2", "arn:aws:s3:::b-123456789012 1", "arn:aws:s3:::b/plans/*.json 1", "arn:aws:sqs:::123456789012 1"}, got)
}

func TestAServiceSaysInItsOwnWordsWhatIsWrong(t *testing.T) {
	for action, codes := range map[string][2]string{
		"s3:GetObject": {"SlowDown", "InternalError"}, "sqs:SendMessage": {"RequestThrottled", "InternalFailure"}, "sns:Publish": {"Throttled", "InternalError"},
		"lambda:InvokeFunction": {"TooManyRequestsException", "ServiceException"}, "events:PutEvents": {"ThrottlingException", "InternalException"}, "states:StartExecution": {"ThrottlingException", "InternalFailure"},
	} {
		for n, what := range []faults.Kind{faults.Throttled, faults.Broken} {
			g := gate.New("123456789012")
			faults.New(faults.Fault{Call: faults.Call{At: faults.Gate, Principal: role, Action: action, Resource: "r"}, Attempt: 1, What: what, Done: n == 1}).At(g, clock.Real())
			by := g.As(iam.Session(role, "s"))
			err := by.May(action, "r")
			if n == 1 {
				err = by.Done(action, "r")
			}
			var refused *wire.Error
			require.ErrorAs(t, err, &refused, action)
			assert.Equal(t, codes[n], refused.Code)
		}
	}
}

// bucket answers every GET with the same body, and counts.
type bucket struct{ asked int }

func (b *bucket) Do(r *http.Request) (*http.Response, error) {
	b.asked++
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("content")), ContentLength: 7, Request: r}, nil
}

func TestARequestGoesWrongOnTheNetwork(t *testing.T) {
	call := faults.Call{At: faults.Network, Principal: role, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"}
	for what, holds := range map[faults.Kind]func(err error) bool{
		faults.Throttled: code("SlowDown"), faults.Broken: code("InternalError"), faults.Expired: code("ExpiredToken"),
		faults.Reset:     func(err error) bool { return errors.Is(err, syscall.ECONNRESET) },
		faults.Silent:    func(err error) bool { return errors.Is(err, context.DeadlineExceeded) },
		faults.Truncated: func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) },
		faults.Garbled:   func(err error) bool { return err == nil },
	} {
		for _, f := range faults.Of(call) {
			if f.What != what {
				continue
			}
			b := &bucket{}
			i := faults.New(f)
			client := s3.New(s3.Options{
				Region: "eu-central-1", BaseEndpoint: aws.String("http://127.0.0.1"), UsePathStyle: true, RetryMaxAttempts: 1,
				Credentials: credentials.NewStaticCredentialsProvider("A", "s", ""), HTTPClient: i.On(b, func(*http.Request) string { return role }),
			})
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
			body := []byte{}
			if err == nil {
				body, err = io.ReadAll(out.Body)
			}
			cancel()
			assert.True(t, holds(err), "%s: %v", what, err)
			assert.NotEqual(t, "content", string(body))
			assert.Equal(t, map[bool]int{true: 1}[f.Done], b.asked, "%s, done: %t", what, f.Done)
			assert.Equal(t, []faults.Made{{Call: call, Attempt: 1}}, i.Made())
		}
	}
}

func code(want string) func(error) bool {
	return func(err error) bool {
		var api smithy.APIError
		return errors.As(err, &api) && api.ErrorCode() == want
	}
}

func TestAnInvocationGoesWrongBeforeOrAfterItsWork(t *testing.T) {
	const function = "arn:aws:lambda:eu-central-1:123456789012:function:f"
	for _, f := range faults.Of(faults.Call{At: faults.Function, Action: "lambda:InvokeFunction", Resource: function}) {
		worked := false
		code, err := faults.Around(faults.New(f), func() (invoked, error) {
			return func(context.Context, []byte) ([]byte, error) { worked = true; return []byte("1"), nil }, nil
		})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{InvokedFunctionArn: function}), time.Millisecond)
		answer, err := code(ctx, nil)
		cancel()
		if slices.Contains([]faults.Kind{faults.Slow, faults.Ahead, faults.Behind}, f.What) {
			require.NoError(t, err)
			assert.True(t, worked)
			continue
		}
		require.Error(t, err)
		assert.Empty(t, answer)
		assert.Equal(t, f.Done, worked, f.What)
		_, exits := err.(messages.InvokeResponse_Error) //nolint:errorlint // as Lambda looks at it
		assert.Equal(t, f.What == faults.Crashed || f.What == faults.OutOfMemory, exits, f.What)
		assert.Equal(t, f.What == faults.Silent, errors.Is(err, context.DeadlineExceeded), f.What)
		answer, err = code(t.Context(), nil)
		require.NoError(t, err, "of another function")
		assert.Equal(t, "1", string(answer))
	}
}

func TestOnlyWhatGoesByItselfPasses(t *testing.T) {
	passing := map[faults.Kind]bool{}
	for _, at := range []faults.Place{faults.Gate, faults.Network, faults.Function, faults.Delivery} {
		for _, f := range faults.Of(faults.Call{At: at, Action: "a"}) {
			passing[f.What] = f.Passes()
			f.Lasts = true
			assert.False(t, f.Passes())
		}
	}
	text, err := json.Marshal(passing)
	require.NoError(t, err)
	assert.JSONEq(t, `{"denied": false, "denied by a service control policy": false, "throttled": true, "broken": true, "time-out": true, "reset": true, "expired": false,
		"truncated": true, "garbled": false, "crashed": false, "out of memory": false, "unknown error": false, "wrapped error": false,
		"slow": true, "late": true, "skewed": true, "clock ahead": true, "clock behind": true, "twice": true, "executions stopped": false, "pipe stopped": true}`, string(text))
}

func TestAShareOfCallsGoesWrongAtRandomInEveryWayTheSameEachTime(t *testing.T) {
	call := faults.Call{At: faults.Gate, Principal: role, Action: "sqs:SendMessage", Resource: "q"}
	const calls = 20_000
	run := func(seed uint64, makes func(faults.Fault) bool) (struck map[faults.Kind]int, which string) {
		g := gate.New("123456789012")
		i := faults.AtRandom(seed, 0.01, makes)
		i.At(g, clock.Real())
		by := g.As(iam.Session(role, "s"))
		for range calls {
			var refused *gate.Refused // as nobody has such a role
			err := by.May(call.Action, call.Resource)
			which += map[bool]string{true: "+", false: "-"}[errors.As(err, &refused) && by.Done(call.Action, call.Resource) == nil]
		}
		return i.StruckBy(), which
	}
	quick := func(f faults.Fault) bool {
		return f.What != faults.Silent && f.What != faults.Slow && f.What != faults.Late && f.What != faults.Denied && f.What != faults.DeniedByAll
	}
	struck, which := run(1, quick)
	assert.Equal(t, []faults.Kind{faults.Broken, faults.Throttled}, slices.Sorted(maps.Keys(struck)))
	assert.InDelta(t, calls/100, struck[faults.Broken]+struck[faults.Throttled], 40)
	assert.InDelta(t, 2*struck[faults.Throttled], struck[faults.Broken], 60, "which strikes before and after")
	again, same := run(1, quick)
	assert.Equal(t, struck, again)
	assert.True(t, which == same, "other calls went wrong")
	_, other := run(2, quick)
	assert.False(t, which == other, "another seed is another run")
	none, _ := run(1, func(faults.Fault) bool { return false })
	assert.Empty(t, none)
}

type invoked = func(context.Context, []byte) ([]byte, error)

// A process that is killed at a call does no other, and the next invocation has a process of its own.
func TestAProcessIsKilledAtACallAndAnotherOneTakesItsPlace(t *testing.T) {
	call := faults.Call{At: faults.Network, Principal: role, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"}
	for _, f := range faults.Kills(call) {
		b := &bucket{}
		f.Attempt = 2
		i := faults.New(f)
		built, invocations := 0, 0
		code, err := faults.Around(i, func() (invoked, error) {
			built++
			client := s3.New(s3.Options{
				Region: "eu-central-1", BaseEndpoint: aws.String("http://127.0.0.1"), UsePathStyle: true, RetryMaxAttempts: 3,
				Credentials: credentials.NewStaticCredentialsProvider("A", "s", ""), HTTPClient: i.On(b, func(*http.Request) string { return role }),
			})
			return func(ctx context.Context, _ []byte) ([]byte, error) {
				invocations++
				for range 3 {
					out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
					if err != nil {
						<-ctx.Done() // as code that waits to try again
						return nil, err
					}
					_ = out.Body.Close()
				}
				return []byte("1"), nil
			}, nil
		})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		_, err = code(ctx, nil)
		cancel()
		assert.Equal(t, messages.InvokeResponse_Error{Type: "Runtime.ExitError", Message: "Error: Runtime exited with error: exit status 2"}, err)
		assert.Equal(t, map[bool]int{false: 1, true: 2}[f.Done], b.asked, "done: %t", f.Done)
		answer, err := code(t.Context(), nil)
		require.NoError(t, err)
		assert.Equal(t, "1", string(answer))
		_, err = code(t.Context(), nil)
		require.NoError(t, err)
		assert.Equal(t, []int{2, 3}, []int{built, invocations}, "the second process is still there for the third")
		assert.Equal(t, 1, i.Struck())
	}
}
