package sqs_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	client "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/sqs"
	"autobackup/local/testing/memnet"
)

const (
	mainARN = "arn:aws:sqs:eu-west-1:111122223333:main"
	dlqARN  = "arn:aws:sqs:eu-west-1:111122223333:dlq"
)

func url(queueARN string) string {
	return "http://sqs.local/111122223333/" + queueARN[len("arn:aws:sqs:eu-west-1:111122223333:"):]
}

func ids() func() string {
	var n atomic.Int64
	return func() string { return fmt.Sprintf("id-%06d", n.Add(1)) }
}

// newService has a queue "main" with two receives before "dlq". change may
// change main's configuration.
func newService(t *testing.T, change func(*sqs.Queue)) *sqs.Service {
	t.Helper()
	s := sqs.New(clock.Real(), ids())
	dlq := sqs.Defaults(dlqARN, url(dlqARN))
	dlq.MessageRetentionPeriod = 1_209_600
	require.NoError(t, s.CreateQueue(dlq))
	q := sqs.Defaults(mainARN, url(mainARN))
	q.VisibilityTimeout = 5
	q.RedrivePolicy = &sqs.RedrivePolicy{DeadLetterTargetARN: dlqARN, MaxReceiveCount: 2}
	if change != nil {
		change(&q)
	}
	require.NoError(t, s.CreateQueue(q))
	return s
}

// newClient talks to the service with the SDK.
func newClient(t *testing.T, s *sqs.Service) *client.Client {
	t.Helper()
	httpClient, stop := memnet.Client(s)
	t.Cleanup(stop)
	return client.New(client.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://sqs.local"), HTTPClient: httpClient,
		Credentials:      credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		RetryMaxAttempts: 1,
	})
}

// bubble runs a test in fake time.
func bubble(t *testing.T, test func(t *testing.T)) { t.Helper(); synctest.Test(t, test) }

func receive(t *testing.T, s *sqs.Service, queueARN string, r sqs.Receive) []sqs.Message {
	t.Helper()
	got, err := s.Receive(t.Context(), queueARN, r)
	require.NoError(t, err)
	return got
}

func send(t *testing.T, s *sqs.Service, queueARN, body string) sqs.Message {
	t.Helper()
	m, err := s.Send(queueARN, sqs.Outgoing{Body: body})
	require.NoError(t, err)
	return m
}

func bodies(all []sqs.Message) []string {
	out := []string{}
	for _, m := range all {
		out = append(out, m.Body)
	}
	return out
}
