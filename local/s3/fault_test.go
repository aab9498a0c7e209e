package s3_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/s3"
	"autobackup/local/testing/memnet"
)

func once(o *awss3.Options) { o.RetryMaxAttempts = 1 }

func TestAFaultAnswersInPlaceOfS3(t *testing.T) {
	for name, test := range map[string]struct {
		fault  s3.Fault
		status int
		code   string
	}{
		"403":               {s3.Fault{Status: 403}, 403, "AccessDenied"},
		"404":               {s3.Fault{Status: 404}, 404, "NoSuchKey"},
		"500":               {s3.Fault{Status: 500}, 500, "InternalError"},
		"503":               {s3.Fault{Status: 503}, 503, "SlowDown"},
		"a code by name":    {s3.Fault{Status: 400, Code: "ExpiredToken"}, 400, "ExpiredToken"},
		"an unusual status": {s3.Fault{Status: 502}, 502, "InternalError"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := pair(t, nil)
				put := l.put(t, "k", "v")
				var asked s3.Request
				l.server.Fault = func(r s3.Request) *s3.Fault { asked = r; return &test.fault }
				_, err := l.client("http", primary, once).GetObject(t.Context(), &awss3.GetObjectInput{
					Bucket: aws.String(source), Key: aws.String("k"), VersionId: put.VersionId,
				})
				var api smithy.APIError
				require.ErrorAs(t, err, &api)
				assert.Equal(t, test.code, api.ErrorCode())
				var response *awshttp.ResponseError
				require.ErrorAs(t, err, &response)
				assert.Equal(t, test.status, response.HTTPStatusCode())
				assert.Equal(t, s3.Request{Operation: "GetObject", Region: primary, Bucket: source, Key: "k", VersionID: *put.VersionId}, asked)
				_, err = l.client("http", primary, once).HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: aws.String(source), Key: aws.String("k")})
				require.ErrorAs(t, err, &response, "a HEAD has the status only")
				assert.Equal(t, test.status, response.HTTPStatusCode())
				l.server.Fault = func(s3.Request) *s3.Fault { return nil }
				_, err = l.head(t, primary, source, "k", nil)
				require.NoError(t, err)
			})
		})
	}
}

func TestTheSDKRetriesAPassingFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, nil)
		l.put(t, "k", "v")
		left := 2
		l.server.Fault = func(s3.Request) *s3.Fault {
			if left--; left >= 0 {
				return &s3.Fault{Status: 503}
			}
			return nil
		}
		_, err := l.head(t, primary, source, "k", nil)
		require.NoError(t, err)
		assert.Equal(t, 3, l.server.Requests()[s3.Counted{Operation: "HeadObject", Bucket: source}])
		assert.Equal(t, 1, l.server.Requests()[s3.Counted{Operation: "PutObject", Bucket: source}])
	})
}

func TestADroppedConnectionIsNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, nil)
		l.server.Fault = func(s3.Request) *s3.Fault { return &s3.Fault{Drop: true} }
		_, err := l.client("http", primary, once).HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: aws.String(source), Key: aws.String("k")})
		require.Error(t, err)
		var response *awshttp.ResponseError
		assert.False(t, errors.As(err, &response) && response.HTTPStatusCode() != 0, "%v", err)
	})
}

func TestAHangingRequestEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, nil)
		l.server.Fault = func(s3.Request) *s3.Fault { return &s3.Fault{Hang: true} }
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		started := time.Now()
		_, err := l.client("http", primary, once).HeadObject(ctx, &awss3.HeadObjectInput{Bucket: aws.String(source), Key: aws.String("k")})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Minute, time.Since(started))
	})
}

func TestAHangingRequestEndsWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, nil)
		l.server.Fault = func(s3.Request) *s3.Fault { return &s3.Fault{Hang: true} }
		time.AfterFunc(time.Hour, func() { assert.NoError(t, l.server.Close()) })
		started := time.Now()
		_, err := l.client("http", primary, once).HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: aws.String(source), Key: aws.String("k")})
		require.Error(t, err)
		assert.Equal(t, time.Hour, time.Since(started))
	})
}

// A skipping clock reaches the client's time-out although the request hangs.
func TestAHangingRequestDoesNotStopASkippingClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stopClock := context.WithCancel(t.Context())
		skipping := clock.Skipping(ctx)
		server, err := s3.New(s3.Config{Clock: skipping, Dir: t.TempDir(), Account: account})
		require.NoError(t, err)
		server.Fault = func(s3.Request) *s3.Fault { return &s3.Fault{Hang: true} }
		client, stop := memnet.Client(server)
		l := &local{server: server, http: client}

		request, cancel := skipping.WithTimeout(t.Context(), time.Hour)
		started := time.Now()
		_, err = l.client("http", primary, once).ListBuckets(request, &awss3.ListBucketsInput{})
		require.Error(t, err)
		assert.Less(t, time.Since(started), time.Second)

		cancel()
		stop()
		stopClock()
		require.NoError(t, server.Close())
	})
}
