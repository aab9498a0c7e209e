package handler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/handler"
	"autobackup/internal/reason"
	"autobackup/internal/text"
)

type request struct {
	Name  string   `json:"name"`
	Count int      `json:"count"`
	List  []string `json:"list"`
}

func (r request) Validate() error {
	if r.Name == "" {
		return errors.New(`"name" is missing: it is the name to greet`)
	}
	return nil
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func greet(_ context.Context, r request) (map[string]any, error) {
	return map[string]any{"text": "<" + r.Name + ">", "count": r.Count}, nil
}

func failing(err error) handler.Func {
	return handler.New("f", quiet(), func(context.Context, request) (any, error) { return nil, err })
}

// named is the error as it crosses the boundary; anything but a value of this
// type would lose its name in aws-lambda-go.
func named(t *testing.T, err error) messages.InvokeResponse_Error {
	t.Helper()
	got, ok := err.(messages.InvokeResponse_Error) //nolint:errorlint // aws-lambda-go asserts exactly so
	require.True(t, ok, "%T", err)
	return got
}

func TestAnswerIsEncodedWithoutHTMLEscapes(t *testing.T) {
	got, err := handler.New("f", quiet(), greet)(t.Context(), []byte(`{"name":"a&b","count":2,"unknown":[1]}`))
	require.NoError(t, err)
	assert.Equal(t, `{"count":2,"text":"<a&b>"}`, string(got))
}

func TestPayloadsThatAreRefused(t *testing.T) {
	tests := map[string]struct{ payload, cause string }{
		"nothing":               {"", "decode the payload: unexpected end of JSON input"},
		"JSON that is cut off":  {`{"name":"a"`, "decode the payload: unexpected end of JSON input"},
		"no JSON":               {"\xff", "decode the payload: invalid character '?' looking for beginning of value"},
		"a second value":        {`{"name":"a"} {}`, "decode the payload: invalid character '{' after top-level value"},
		"another type":          {`[]`, "decode the payload: json: cannot unmarshal array into Go value of type handler_test.request"},
		"another type inside":   {`{"name":"a","count":"2"}`, "decode the payload: json: cannot unmarshal string into Go struct field request.count of type int"},
		"a fraction":            {`{"name":"a","count":2.5}`, "decode the payload: json: cannot unmarshal number 2.5 into Go struct field request.count of type int"},
		"null":                  {"null", `"name" is missing: it is the name to greet`},
		"what Validate refuses": {`{"name":""}`, `"name" is missing: it is the name to greet`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			answer, err := handler.New("f", quiet(), greet)(t.Context(), []byte(tt.payload))
			assert.Nil(t, answer)
			got := named(t, err)
			assert.Equal(t, reason.BadInput, got.Type)
			assert.Equal(t, "bad input: "+tt.cause+"; the folder events has a good one of each function", got.Message)
		})
	}
}

func status(code int) error {
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: code}}, Err: errors.New("said S3"),
	}}
}

type temporary struct{}

func (temporary) Error() string   { return "i/o timeout" }
func (temporary) Timeout() bool   { return true }
func (temporary) Temporary() bool { return true }

func TestErrorNames(t *testing.T) {
	tests := map[string]struct {
		err  error
		want string
	}{
		"a time-out":                      {context.DeadlineExceeded, reason.Transient},
		"an answer that was cut off":      {fmt.Errorf("read the answer: %w", io.ErrUnexpectedEOF), reason.Transient},
		"a call of AWS that timed out":    {&aws.RequestCanceledError{Err: context.DeadlineExceeded}, reason.Transient},
		"a call of AWS that was canceled": {&aws.RequestCanceledError{Err: context.Canceled}, reason.Internal},
		"a time-out of the network":       {&url.Error{Op: "Get", URL: "https://x", Err: temporary{}}, reason.Transient},
		"an answer of 500":                {status(500), reason.Transient},
		"an answer of 503":                {status(503), reason.Transient},
		"throttling of SNS":               {&smithy.GenericAPIError{Code: "Throttling"}, reason.Transient},
		"throttling of SQS":               {&smithy.GenericAPIError{Code: "RequestThrottled"}, reason.Transient},
		"an answer of 403":                {status(403), reason.Internal},
		"an answer of 404":                {status(404), reason.Internal},
		"a permission that is missing":    {&smithy.GenericAPIError{Code: "AccessDenied"}, reason.Internal},
		"any other error":                 {errors.New("a bug"), reason.Internal},
	}
	for name, tt := range tests {
		for how, err := range map[string]error{
			"as it is": tt.err, "wrapped": fmt.Errorf("publish: %w", tt.err), "joined": errors.Join(errors.New("first"), tt.err),
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				_, got := failing(err)(t.Context(), []byte(`{"name":"a"}`))
				assert.Equal(t, tt.want, named(t, got).Type)
				assert.Equal(t, text.Line(err.Error(), 1024), named(t, got).Message)
			})
		}
	}
}

func TestErrorMessagesAreShortAndPrintable(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := string(rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(rt, "text"))
		_, err := failing(errors.New(text))(context.Background(), []byte(`{"name":"a"}`))
		assert.Regexp(rt, `^[ -~]*$`, named(t, err).Message)
		assert.LessOrEqual(rt, len(named(t, err).Message), 1024)
	})
}

func TestPanicIsAnErrorWhoseStackGoesToTheLogOnly(t *testing.T) {
	var log bytes.Buffer
	f := handler.New("fetch-etags", handler.Logger(&log), func(context.Context, request) (any, error) {
		var list []int
		return list[len(os.Args)+1], nil
	})
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "r-1"})
	answer, err := f(ctx, []byte(`{"name":"a"}`))
	assert.Nil(t, answer)
	got := named(t, err)
	assert.Equal(t, reason.Internal, got.Type)
	assert.Contains(t, got.Message, "panic: runtime error: index out of range")
	assert.NotContains(t, got.Message, "goroutine")
	assert.Empty(t, got.StackTrace)
	line := map[string]string{}
	require.NoError(t, json.Unmarshal(log.Bytes(), &line))
	assert.Contains(t, line["stack"], "handler_test.go")
	delete(line, "stack")
	delete(line, "time")
	assert.Equal(t, map[string]string{
		"level": "ERROR", "msg": "invocation failed", "function": "fetch-etags", "requestId": "r-1",
		"error": got.Message, "errorType": got.Type, "errorMessage": got.Message,
	}, line)
}

func TestAnswerThatIsNoJSONIsABug(t *testing.T) {
	f := handler.New("f", quiet(), func(context.Context, request) (any, error) { return func() {}, nil })
	_, err := f(t.Context(), []byte(`{"name":"a"}`))
	assert.Equal(t, reason.Internal, named(t, err).Type)
	assert.Equal(t, "encode the answer: json: unsupported type: func()", named(t, err).Message)
}

func TestLogLines(t *testing.T) {
	var log bytes.Buffer
	logger := handler.Logger(&log)
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, handler.LevelSuccess, slog.LevelWarn, slog.LevelError} {
		logger.Log(t.Context(), level, "m", "n", 1, slog.Group("g", "level", handler.LevelSuccess))
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 4)
	for i, level := range []string{"INFO", "SUCCESS", "WARNING", "ERROR"} {
		assert.Regexp(t, `^\{"time":"[^"]+","level":"`+level+`","msg":"m","n":1,"g":\{"level":"INFO\+2"\}\}$`, lines[i])
	}
}

func FuzzNew(f *testing.F) {
	for _, seed := range []string{`{"name":"a"}`, `{"name":1}`, `null`, ``, `{"list":[[]]}`, "\xff", strings.Repeat("[", 20000)} {
		f.Add([]byte(seed))
	}
	invoke := handler.New("f", quiet(), greet)
	f.Fuzz(func(t *testing.T, payload []byte) {
		answer, err := invoke(context.Background(), payload)
		if err == nil {
			assert.True(t, json.Valid(answer))
			return
		}
		assert.Equal(t, reason.BadInput, named(t, err).Type)
	})
}
