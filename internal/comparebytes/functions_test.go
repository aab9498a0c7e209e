package comparebytes_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/comparebytes"
	"autobackup/internal/hashbytes"
	"autobackup/internal/reason"
	"autobackup/internal/s3error"
	"autobackup/internal/verdict"
)

// service answers the real SDK client as Lambda does.
type service struct {
	t      *testing.T
	status int
	header map[string]string
	body   string
	err    error
}

func (s service) Do(r *http.Request) (*http.Response, error) {
	assert.Equal(s.t, "lambda.eu-west-1.amazonaws.com", r.URL.Host, "the side's own region is asked")
	assert.Equal(s.t, "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction%3Ah/invocations", r.URL.EscapedPath())
	if s.err != nil {
		return nil, s.err
	}
	header := http.Header{}
	for name, value := range s.header {
		header.Set(name, value)
	}
	return &http.Response{StatusCode: s.status, Header: header, Request: r, Body: io.NopCloser(strings.NewReader(s.body))}, nil
}

func (s service) hash() (hashbytes.Answer, error) {
	return s.functions().Hash(context.Background(), away, hashbytes.Request{Bucket: "copy"})
}

func (s service) hashList() ([]hashbytes.Answer, error) {
	return s.functions().HashList(context.Background(), away, []hashbytes.Request{{Bucket: "copy"}, {Bucket: "copy"}})
}

func (s service) functions() comparebytes.Functions {
	return comparebytes.Functions{
		Lambda: lambda.New(lambda.Options{
			Region: home, HTTPClient: s, RetryMaxAttempts: 1, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		}),
		ARNs: map[string]string{away: "arn:aws:lambda:eu-west-1:111122223333:function:h", home: "arn", "ap-south-1": "arn"},
	}
}

// refusal is the header with which Lambda names an error of its own.
func refusal(code string) map[string]string { return map[string]string{"X-Amzn-Errortype": code} }

// crashed is the header of an answer that is a function's error.
var crashed = map[string]string{"X-Amz-Function-Error": "Unhandled"}

func TestWhatStaysSoIsAnAnswer(t *testing.T) {
	tests := map[string]struct {
		service service
		want    hashbytes.Answer
	}{
		"an answer": {service{status: 200, body: `{"found":"archived","detail":"d"}`}, hashbytes.Answer{Found: verdict.Archived, Detail: "d"}},
		"not allowed": {service{status: 403, header: refusal("AccessDeniedException"), body: `{"Message":"no"}`}, hashbytes.Answer{Found: verdict.Denied,
			Detail: "grant compare-bytes lambda:InvokeFunction on arn:aws:lambda:eu-west-1:111122223333:function:h; Invoke answered 403 AccessDeniedException"}},
		"not allowed for want of a grant": {service{status: 403, header: refusal("AccessDeniedException"),
			body: `{"Message":"User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: lambda:InvokeFunction on resource: f because no identity-based policy allows the lambda:InvokeFunction action"}`},
			hashbytes.Answer{Found: verdict.Denied,
				Detail: "grant compare-bytes lambda:InvokeFunction on arn:aws:lambda:eu-west-1:111122223333:function:h; Invoke answered 403 AccessDeniedException"}},
		"not allowed by an organization": {service{status: 403, header: refusal("AccessDeniedException"),
			body: `{"Message":"User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:eu-west-1:111122223333:function:h with an explicit deny in a service control policy"}`},
			hashbytes.Answer{Found: verdict.Forbidden,
				Detail: "Invoke answered 403 AccessDeniedException: explicit deny of lambda:InvokeFunction in a service control policy, in eu-west-1"}},
		"no such function": {service{status: 404, header: refusal("ResourceNotFoundException"), body: `{"Message":"no"}`}, hashbytes.Answer{Found: verdict.NoReader,
			Detail: "no hash-bytes function in eu-west-1 (Invoke answered 404 ResourceNotFoundException); there is one in: ap-south-1, eu-central-1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.service.t = t
			got, err := tt.service.hash()
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			if tt.service.status == http.StatusOK {
				tt.service.body = `{"answers":[` + tt.service.body + `,` + tt.service.body + `]}`
			}
			all, err := tt.service.hashList()
			require.NoError(t, err)
			assert.Equal(t, []hashbytes.Answer{tt.want, tt.want}, all, "so is each of a list")
		})
	}
}

func TestARegionWithoutAFunctionIsAnAnswerThatNamesThoseWithOne(t *testing.T) {
	for want, arns := range map[string]map[string]string{
		"no hash-bytes function in mars; there is one in: eu-central-1, eu-west-1": {away: "a", home: "b"},
		"no hash-bytes function in mars; there is one in: no other region":         nil,
	} {
		got, err := comparebytes.Functions{ARNs: arns}.Hash(t.Context(), "mars", hashbytes.Request{})
		require.NoError(t, err)
		assert.Equal(t, hashbytes.Answer{Found: verdict.NoReader, Detail: want}, got)
		all, err := comparebytes.Functions{ARNs: arns}.HashList(t.Context(), "mars", make([]hashbytes.Request, 2))
		require.NoError(t, err)
		assert.Equal(t, []hashbytes.Answer{got, got}, all)
	}
}

func TestDetailsOfInvocationsAreBoundedAndBeginWithWhatMatters(t *testing.T) {
	s := service{t: t, status: 403, header: refusal(strings.Repeat("x", 300)), body: `{}`}
	got, err := s.hash()
	require.NoError(t, err)
	assert.Len(t, got.Detail, verdict.MaxSideDetail)
	assert.True(t, strings.HasPrefix(got.Detail, "grant compare-bytes lambda:InvokeFunction on arn:aws:lambda:eu-west-1:111122223333:function:h; "))

	got, err = comparebytes.Functions{}.Hash(t.Context(), strings.Repeat("\n", 300), hashbytes.Request{})
	require.NoError(t, err)
	assert.Len(t, got.Detail, verdict.MaxSideDetail)
	assert.NotContains(t, got.Detail, "\n")
}

// None of these is S3's doing, so none is told as what S3 answered.
func TestWhatKeepsAFunctionFromAnsweringForNowIsWorthAnotherTry(t *testing.T) {
	tests := map[string]struct {
		service service
		want    string
	}{
		"throttled":              {service{status: 429, header: refusal("TooManyRequestsException"), body: `{}`}, "429"},
		"throttled, nameless":    {service{status: 429, body: `{}`}, "429"},
		"Lambda down":            {service{status: 500, header: refusal("ServiceException"), body: `{}`}, "500"},
		"the function's key bad": {service{status: 502, header: refusal("KMSDisabledException"), body: `{}`}, "502"},
		"Lambda out of capacity": {service{status: 507, body: `{}`}, "507"},
		"no answer":              {service{err: io.ErrUnexpectedEOF}, "unexpected EOF"},
		"no answer in time":      {service{err: context.DeadlineExceeded}, "deadline exceeded"},
		"the function asks":      {service{status: 200, header: crashed, body: `{"errorType":"Autobackup.Transient","errorMessage":"m"}`}, "failed: Autobackup.Transient: m"},
		"timed out":              {service{status: 200, header: crashed, body: `{"errorType":"Sandbox.Timedout","errorMessage":"240 s"}`}, "failed: Sandbox.Timedout: 240 s"},
		"out of memory":          {service{status: 200, header: crashed, body: `{"errorType":"Runtime.ExitError","errorMessage":"killed"}`}, "failed: Runtime.ExitError: killed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.service.t = t
			got, err := tt.service.hash()
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, err, "arn:aws:lambda:eu-west-1:111122223333:function:h")
			assert.Equal(t, reason.Transient, named(t, err))
			assert.Zero(t, got)
			if tt.service.status > 200 {
				assert.Equal(t, tt.service.status, s3error.Status(err), "the cause is kept")
			}
			all, ofAll := tt.service.hashList()
			require.EqualError(t, ofAll, err.Error())
			assert.Equal(t, reason.Transient, named(t, ofAll))
			assert.Empty(t, all)
		})
	}
}

func TestABugIsAnErrorThatIsNotTriedAgain(t *testing.T) {
	tests := map[string]struct {
		service service
		want    string
	}{
		"bad input":          {service{status: 200, header: crashed, body: `{"errorType":"Autobackup.BadInput","errorMessage":"m"}`}, "function:h failed: Autobackup.BadInput: m"},
		"internal":           {service{status: 200, header: crashed, body: `{"errorType":"Autobackup.Internal","errorMessage":"m"}`}, "function:h failed: Autobackup.Internal: m"},
		"no JSON error":      {service{status: 200, header: crashed, body: `boom`}, "decode the error of arn:"},
		"no JSON answer":     {service{status: 200, body: `boom`}, "decode the answer of arn:"},
		"an answer of air":   {service{status: 200, body: `[]`}, "decode the answer of arn:"},
		"a payload refused":  {service{status: 400, header: refusal("InvalidRequestContentException"), body: `{}`}, "invoke arn:"},
		"a payload too long": {service{status: 413, header: refusal("RequestTooLargeException"), body: `{}`}, "invoke arn:"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.service.t = t
			_, err := tt.service.hash()
			require.ErrorContains(t, err, tt.want)
			assert.Equal(t, reason.Internal, named(t, err))
			_, err = tt.service.hashList()
			require.ErrorContains(t, err, tt.want)
			assert.Equal(t, reason.Internal, named(t, err))
		})
	}
}
