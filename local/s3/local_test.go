package s3_test

import (
	"bytes"
	"net/http"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/s3"
	"autobackup/local/testing/memnet"
)

const (
	primary = "us-east-1"
	replica = "eu-west-1"
	account = "111122223333"
	role    = "arn:aws:iam::" + account + ":role/replication"
)

// local is a server, and clients that reach it within the process.
type local struct {
	server *s3.Server
	http   *http.Client

	mu     sync.Mutex
	events []string // as they came
}

// start brings up a server for one test, or one synctest bubble.
func start(t testing.TB) *local {
	t.Helper()
	server, err := s3.New(s3.Config{
		Clock: clock.Real(), Dir: t.TempDir(), Account: account, Random: bytes.NewReader(make([]byte, 32)),
	})
	require.NoError(t, err)
	l := &local{server: server}
	server.OnEvent = func(_ string, event []byte) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.events = append(l.events, string(event))
	}
	var stop func()
	l.http, stop = memnet.Client(server)
	t.Cleanup(func() {
		stop()
		require.NoError(t, server.Close())
	})
	return l
}

// client has the defaults that the SDK's config package sets. Over https it sends checksums as trailers of
// unsigned chunks, over http as headers with a signed body.
func (l *local) client(scheme, region string, options ...func(*awss3.Options)) *awss3.Client {
	return awss3.NewFromConfig(aws.Config{
		Region: region, HTTPClient: l.http, BaseEndpoint: aws.String(scheme + "://s3.memory"),
		Credentials:                credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	}, append(options, func(o *awss3.Options) { o.UsePathStyle = true })...)
}
