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

	"autobackup/internal/checksum"
	"autobackup/internal/comparebytes"
	"autobackup/internal/digest"
	"autobackup/internal/hashbytes"
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
	f := comparebytes.Functions{
		Lambda: lambda.New(lambda.Options{
			Region: home, HTTPClient: s, RetryMaxAttempts: 1, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		}),
		ARNs: map[string]string{away: "arn:aws:lambda:eu-west-1:111122223333:function:h"},
	}
	return f.Hash(context.Background(), away, hashbytes.Request{Bucket: "copy"})
}

func TestWhatKeepsAFunctionFromAnsweringIsTold(t *testing.T) {
	failed := map[string]string{"X-Amz-Function-Error": "Unhandled"}
	refusal := func(code string) map[string]string { return map[string]string{"X-Amzn-Errortype": code} }
	tests := map[string]struct {
		service service
		found   verdict.Found
		detail  string
	}{
		"an answer":              {service{status: 200, body: `{"found":"denied","detail":"d"}`}, verdict.Denied, "d"},
		"transient":              {service{status: 200, header: failed, body: `{"errorType":"Autobackup.Transient","errorMessage":"m"}`}, verdict.Unreachable, "hash-bytes failed: Autobackup.Transient: m"},
		"timed out":              {service{status: 200, header: failed, body: `{"errorType":"Sandbox.Timedout","errorMessage":"900 s"}`}, verdict.Unreachable, "hash-bytes failed: Sandbox.Timedout: 900 s"},
		"out of memory":          {service{status: 200, header: failed, body: `{"errorType":"Runtime.ExitError","errorMessage":"killed"}`}, verdict.Unreachable, "hash-bytes failed: Runtime.ExitError: killed"},
		"throttled":              {service{status: 429, header: refusal("TooManyRequestsException"), body: `{}`}, verdict.Unreachable, "Invoke answered 429 TooManyRequestsException"},
		"Lambda down":            {service{status: 500, header: refusal("ServiceException"), body: `{}`}, verdict.Unreachable, "Invoke answered 500 ServiceException"},
		"not allowed":            {service{status: 403, header: refusal("AccessDeniedException"), body: `{"Message":"no"}`}, verdict.Denied, "grant compare-bytes lambda:InvokeFunction on arn:aws:lambda:eu-west-1:111122223333:function:h"},
		"no such function":       {service{status: 404, header: refusal("ResourceNotFoundException"), body: `{"Message":"no"}`}, verdict.Unsupported, "deploy the stack of arn:aws:lambda:eu-west-1:111122223333:function:h"},
		"the function's key bad": {service{status: 502, header: refusal("KMSDisabledException"), body: `{}`}, verdict.Unreachable, "Invoke answered 502"},
		"no answer":              {service{err: io.ErrUnexpectedEOF}, verdict.Unreachable, "Invoke "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.service.t = t
			got, err := tt.service.hash()
			require.NoError(t, err)
			assert.Equal(t, tt.found, got.Found, got.Detail)
			assert.Contains(t, got.Detail, tt.detail)
			assert.Regexp(t, `^[ -~]{1,200}$`, got.Detail)
		})
	}
}

func TestABugOfTheFunctionIsAnError(t *testing.T) {
	failed := map[string]string{"X-Amz-Function-Error": "Unhandled"}
	tests := map[string]struct {
		service service
		want    string
	}{
		"bad input":        {service{status: 200, header: failed, body: `{"errorType":"Autobackup.BadInput","errorMessage":"m"}`}, "hash-bytes failed: Autobackup.BadInput: m"},
		"internal":         {service{status: 200, header: failed, body: `{"errorType":"Autobackup.Internal","errorMessage":"m"}`}, "hash-bytes failed: Autobackup.Internal: m"},
		"no JSON error":    {service{status: 200, header: failed, body: `boom`}, "decode the error of hash-bytes"},
		"no JSON answer":   {service{status: 200, body: `boom`}, "decode the answer of arn:"},
		"an answer of air": {service{status: 200, body: `[]`}, "decode the answer of arn:"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.service.t = t
			_, err := tt.service.hash()
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

// made answers for both sides whatever is asked.
type made hashbytes.Answer

func (m made) Hash(context.Context, string, hashbytes.Request) (hashbytes.Answer, error) {
	return hashbytes.Answer(m), nil
}

func TestAnAnswerThatIsNotWhatWasAskedForIsAnErrorAndNoVerdict(t *testing.T) {
	digests := func(change func(*digest.Digests)) *digest.Digests {
		d := &digest.Digests{Length: 7, BlockSize: digest.BlockSize, Algorithm: checksum.SHA256, Blocks: make([]byte, 32)}
		change(d)
		return d
	}
	none := func(*digest.Digests) {}
	tests := map[string]struct {
		answer made
		right  bool
	}{
		"what was asked for":     {made{Found: verdict.Object, Digests: digests(none)}, true},
		"digests of fewer bytes": {made{Found: verdict.Object, Digests: digests(func(d *digest.Digests) { d.Length-- })}, false},
		"other blocks":           {made{Found: verdict.Object, Digests: digests(func(d *digest.Digests) { d.BlockSize-- })}, false},
		"another algorithm":      {made{Found: verdict.Object, Digests: digests(func(d *digest.Digests) { d.Algorithm, d.Blocks = checksum.CRC64NVME, d.Blocks[:8] })}, false},
		"too few digests":        {made{Found: verdict.Object, Digests: digests(func(d *digest.Digests) { d.Blocks = nil })}, false},
		"no digests":             {made{Found: verdict.Object}, false},
		"digests of a missing":   {made{Found: verdict.Missing, Digests: digests(none)}, false},
		"nothing":                {made{}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := comparebytes.Comparer{Hasher: tt.answer}
			got, err := c.Do(t.Context(), comparebytes.Request{Step: comparebytes.Step{Operation: comparebytes.OpCompare}, Pair: pairOf(7, 7, "", "")})
			if tt.right {
				require.NoError(t, err)
				assert.Equal(t, verdict.Verified, got.(comparebytes.Answer).Outcome)
				return
			}
			require.Error(t, err)
			assert.Equal(t, comparebytes.Answer{}, got)
		})
	}
}
