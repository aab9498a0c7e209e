package listing_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/listing"
)

var words = []string{"p/a@1", "p/a@2", "p/b@1", "p/c@3", "p/c@2", "p/c@1", "p/d@1"}

// answers is a way for a fake to answer: as f says, or honestly where it says nothing.
type answers = func(n int, request *http.Request, honest func(url.Values) string) (*http.Response, error)

// broken is a body that ends with an error in its middle.
type broken struct {
	io.Reader
	err error
}

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = b.err
	}
	return n, err
}

// once makes an answer of the second call only.
func once(answer answers) answers {
	return func(n int, request *http.Request, honest func(url.Values) string) (*http.Response, error) {
		if n == 2 {
			return answer(n, request, honest)
		}
		return nil, nil
	}
}

// always makes an answer of all calls but the first.
func always(answer answers) answers {
	return func(n int, request *http.Request, honest func(url.Values) string) (*http.Response, error) {
		if n > 1 {
			return answer(n, request, honest)
		}
		return nil, nil
	}
}

var faults = map[string]struct {
	answer answers
	want   string // the error where it stays so
}{
	"503": {func(int, *http.Request, func(url.Values) string) (*http.Response, error) {
		return status(http.StatusServiceUnavailable, "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"), nil
	}, "ListObjectVersions of s3://docs answered 503 SlowDown: Please reduce your request rate."},
	"a body that ends too early": {func(_ int, r *http.Request, honest func(url.Values) string) (*http.Response, error) {
		body := honest(r.URL.Query())
		return ok(body[:len(body)/2]), nil
	}, "ListObjectVersions of s3://docs: the answer can't be read: ListVersionsResult: cut off in a tag, or no XML"},
	"a body that is no XML": {func(int, *http.Request, func(url.Values) string) (*http.Response, error) {
		return ok("<&>"), nil
	}, "ListObjectVersions of s3://docs: the answer is cut off, or no XML"},
	"a connection that ends in a body": {func(_ int, r *http.Request, honest func(url.Values) string) (*http.Response, error) {
		body := honest(r.URL.Query())
		response := ok(body)
		response.Body = io.NopCloser(broken{strings.NewReader(body[:len(body)/2]), io.ErrUnexpectedEOF})
		return response, nil
	}, "ListObjectVersions of s3://docs: the answer is cut off, or no XML"},
	"an empty body": {func(int, *http.Request, func(url.Values) string) (*http.Response, error) {
		return ok(""), nil
	}, "ListObjectVersions of s3://docs: the answer can't be read: ListVersionsResult: cut off before its end"},
	"an endless body": {func(int, *http.Request, func(url.Values) string) (*http.Response, error) {
		response := ok("")
		response.Body, response.ContentLength = io.NopCloser(endless{}), -1
		return response, nil
	}, "ListObjectVersions of s3://docs: the answer is too long"},
	"an error with status 200": {func(int, *http.Request, func(url.Values) string) (*http.Response, error) {
		return ok("<Error><Code>InternalError</Code></Error>"), nil
	}, "ListObjectVersions of s3://docs answered 500 InternalError: UnknownError"},
	"no answer": {func(_ int, r *http.Request, _ func(url.Values) string) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}, "ListObjectVersions of s3://docs: no answer within 30s"},
	"a body that stops to come": {func(_ int, r *http.Request, _ func(url.Values) string) (*http.Response, error) {
		response := ok("")
		response.Body, response.ContentLength = io.NopCloser(stuck{r.Context()}), -1
		return response, nil
	}, "ListObjectVersions of s3://docs: no answer within 30s"},
	"a lost connection": {func(int, *http.Request, func(url.Values) string) (*http.Response, error) {
		return nil, io.EOF
	}, "ListObjectVersions of s3://docs got no answer: EOF"},
}

// endless is a body that is white space for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// stuck is a body that does not come.
type stuck struct{ ctx context.Context }

func (s stuck) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

func TestAFaultThatPassesChangesNothing(t *testing.T) {
	for name, tt := range faults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{rows: rowsOf(words...), page: 3, answer: once(tt.answer)}
				assert.Equal(t, f.rows, all(t, f.lister(), "", ""))
				assert.Equal(t, int64(4), f.calls)
			})
		})
	}
}

func TestAFaultThatStaysIsAnErrorBehindTheRowsBefore(t *testing.T) {
	for name, tt := range faults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{rows: rowsOf(words...), page: 3, answer: always(tt.answer)}
				rows, err := read(t.Context(), f.lister(), "", "")
				require.EqualError(t, err, tt.want)
				assert.Equal(t, f.rows[:3], rows)
				assert.Equal(t, int64(1+3), f.calls, "the SDK tries three times")
			})
		})
	}
}

func TestAnErrorOfS3KeepsItsCodeAndNamesNoKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{page: 1, answer: func(int, *http.Request, func(url.Values) string) (*http.Response, error) {
			return status(http.StatusForbidden, "<Error><Code>AccessDenied</Code><Message>not \n allowé</Message></Error>"), nil
		}}
		_, err := f.lister().Page(t.Context(), listing.Marker{Key: "secret"}, 0)
		require.EqualError(t, err, "ListObjectVersions of s3://docs answered 403 AccessDenied; grant s3:ListBucketVersions on the bucket: not   allow?")
		var api smithy.APIError
		require.ErrorAs(t, err, &api)
		assert.Equal(t, "AccessDenied", api.ErrorCode())
		assert.Equal(t, int64(1), f.calls)

		f.answer = func(int, *http.Request, func(url.Values) string) (*http.Response, error) {
			return nil, errors.New("no route")
		}
		_, err = f.lister().Page(t.Context(), listing.Marker{Key: "secret"}, 0)
		require.EqualError(t, err, "ListObjectVersions of s3://docs got no answer: no route")
	})
}

func TestWhatToDoIsSaidHoweverLongS3sOwnWordsAre(t *testing.T) {
	for code, advice := range map[string]string{
		"AccessDenied": "grant s3:ListBucketVersions on the bucket", "ExpiredToken": "renew the credentials", "InvalidToken": "renew the credentials",
		"TokenRefreshRequired": "renew the credentials", "InvalidAccessKeyId": "renew the credentials",
	} {
		f := &fake{page: 1, answer: func(int, *http.Request, func(url.Values) string) (*http.Response, error) {
			words := "User: arn:aws:sts::111122223333:assumed-role/" + strings.Repeat("a", 300) + " is not authorized"
			return status(http.StatusForbidden, "<Error><Code>"+code+"</Code><Message>"+words+"</Message></Error>"), nil
		}}
		_, err := f.lister().Page(t.Context(), listing.Marker{}, 0)
		require.ErrorContains(t, err, "ListObjectVersions of s3://docs answered 403 "+code+"; "+advice+": User: arn:aws")
	}
}

func TestTheCallersEndIsNoTimeOutOfS3(t *testing.T) {
	for _, fault := range []string{"no answer", "a body that stops to come"} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{page: 1, answer: faults[fault].answer}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := f.lister().Page(ctx, listing.Marker{}, 0)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.EqualError(t, err, "ListObjectVersions of s3://docs did not answer in time")
			assert.Equal(t, int64(1), f.calls)
		})
	}
}

// aside is a client that answers without S3.
type aside struct{}

func (aside) ListObjectVersions(context.Context, *sdk.ListObjectVersionsInput, ...func(*sdk.Options)) (*sdk.ListObjectVersionsOutput, error) {
	return &sdk.ListObjectVersionsOutput{}, nil
}

func TestAClientThatDoesNotReadThePageIsNoEmptyBucket(t *testing.T) {
	_, err := listing.Lister{Client: aside{}, Bucket: "docs"}.Page(t.Context(), listing.Marker{}, 0)
	require.EqualError(t, err, "ListObjectVersions of s3://docs failed: the client did not hand over S3's answer")
}

func TestWhatIsAskedFor(t *testing.T) {
	tests := map[string]struct {
		lister listing.Lister
		after  listing.Marker
		max    int32
		want   string // empty where nothing is asked
	}{
		"the beginning":                     {listing.Lister{}, listing.Marker{}, 0, "encoding-type=url&versions="},
		"one row behind a version":          {listing.Lister{}, listing.Marker{Key: "k ", VersionID: "v+"}, 1, "encoding-type=url&key-marker=k%20&max-keys=1&version-id-marker=v%2B&versions="},
		"a prefix":                          {listing.Lister{Prefix: "p/"}, listing.Marker{}, 0, "encoding-type=url&prefix=p%2F&versions="},
		"a marker within the prefix":        {listing.Lister{Prefix: "p/"}, listing.Marker{Key: "p/a"}, 0, "encoding-type=url&key-marker=p%2Fa&prefix=p%2F&versions="},
		"a marker that comes before it":     {listing.Lister{Prefix: "p/"}, listing.Marker{Key: "p", VersionID: "v"}, 0, "encoding-type=url&prefix=p%2F&versions="},
		"a marker that comes behind it":     {listing.Lister{Prefix: "p/"}, listing.Marker{Key: "p0"}, 0, ""},
		"the prefix itself, which is a key": {listing.Lister{Prefix: "p/"}, listing.Marker{Key: "p/"}, 0, "encoding-type=url&key-marker=p%2F&prefix=p%2F&versions="},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var asked, signed string
			f := &fake{page: 9, answer: func(_ int, r *http.Request, _ func(url.Values) string) (*http.Response, error) {
				q := r.URL.Query()
				q.Del("x-id")
				asked, signed = strings.ReplaceAll(q.Encode(), "+", "%20"), r.Header.Get("Authorization")
				return nil, nil
			}}
			l := f.lister()
			l.Prefix = tt.lister.Prefix
			got, err := l.Page(t.Context(), tt.after, tt.max)
			require.NoError(t, err)
			assert.Empty(t, got.Rows)
			assert.False(t, got.Truncated)
			assert.Equal(t, tt.want, asked)
			if asked != "" {
				assert.Contains(t, signed, "/us-east-1/s3/", "the client's region")
			}
			l.Region = "eu-west-3"
			_, err = l.Page(t.Context(), tt.after, tt.max)
			require.NoError(t, err)
			if asked != "" {
				assert.Contains(t, signed, "/eu-west-3/s3/")
			}
		})
	}
}
