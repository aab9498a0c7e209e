package sns_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	client "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/sns"
	"autobackup/local/testing/memnet"
	"autobackup/local/wire"
)

const topicARN = "arn:aws:sns:eu-west-1:111122223333:failures"

func newService(t *testing.T, outbox string) *sns.Service {
	t.Helper()
	var n atomic.Int64
	s := sns.New(clock.Real(), func() string { return fmt.Sprintf("id-%06d", n.Add(1)) }, outbox)
	require.NoError(t, s.CreateTopic(sns.Topic{ARN: topicARN, Subscriptions: []sns.Subscription{
		{Protocol: "email", Endpoint: "ops@example.com"}, {Protocol: "email", Endpoint: "second@example.com"},
	}}))
	return s
}

func newClient(t *testing.T, s *sns.Service) *client.Client {
	t.Helper()
	httpClient, stop := memnet.Client(s)
	t.Cleanup(stop)
	return client.New(client.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://sns.local"), HTTPClient: httpClient, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
}

func TestAMessageBecomesOneEmailPerSubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outbox := filepath.Join(t.TempDir(), "outbox")
		s := newService(t, outbox)
		id, err := s.Publish(sns.Publication{TopicARN: topicARN, Subject: "2 objects failed", Message: "Größe: 7\nFrom here on\n"})
		require.NoError(t, err)
		time.Sleep(90 * time.Second)
		_, err = s.Publish(sns.Publication{TopicARN: topicARN, Message: "no subject"})
		require.NoError(t, err)

		files, err := os.ReadDir(outbox)
		require.NoError(t, err)
		var names []string
		for _, f := range files {
			names = append(names, f.Name())
		}
		assert.Equal(t, []string{"20000101T000000Z-000001.eml", "20000101T000000Z-000002.eml", "20000101T000130Z-000003.eml", "20000101T000130Z-000004.eml"}, names)
		text, err := os.ReadFile(filepath.Join(outbox, names[1]))
		require.NoError(t, err)
		assert.Equal(t, `From: "AWS Notifications" <no-reply@sns.amazonaws.com>
To: <second@example.com>
Subject: 2 objects failed
Date: Sat, 01 Jan 2000 00:00:00 +0000
Message-ID: <`+id+`@eu-west-1.sns.amazonaws.com>
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit

Größe: 7
From here on
`, string(text))
		m, err := mail.ReadMessage(strings.NewReader(string(text)))
		require.NoError(t, err)
		assert.Equal(t, "2 objects failed", m.Header.Get("Subject"))
	})
}

func TestOnlyTheLastThousandMessagesAreRemembered(t *testing.T) {
	s := newService(t, "")
	var last string
	for i := range 1_001 {
		id, err := s.Publish(sns.Publication{TopicARN: topicARN, Message: strconv.Itoa(i)})
		require.NoError(t, err)
		last = id
	}
	all := s.Published()
	require.Len(t, all, 1_000)
	assert.Equal(t, "1", all[0].Message)
	assert.Equal(t, last, all[999].ID)
}

func TestAMessageToATopicWithoutSubscribersReachesNobody(t *testing.T) {
	s := sns.New(clock.Real(), func() string { return "id" }, t.TempDir())
	require.NoError(t, s.CreateTopic(sns.Topic{ARN: topicARN}))
	require.NoError(t, s.CreateTopic(sns.Topic{ARN: topicARN + "2", Subscriptions: []sns.Subscription{{Protocol: "email", Endpoint: "ops@example.com"}}}))
	for _, topic := range []string{topicARN, topicARN + "2"} {
		_, err := s.Publish(sns.Publication{TopicARN: topic, Message: "x"})
		require.NoError(t, err)
	}
	assert.Equal(t, map[string]int{topicARN: 1}, s.Unheard())
	assert.Empty(t, s.Published()[0].To)
	assert.Equal(t, []string{"ops@example.com"}, s.Published()[1].To)
}

func TestADisplayNameCannotAddHeaders(t *testing.T) {
	outbox := t.TempDir()
	s := sns.New(clock.Real(), func() string { return "id" }, outbox)
	require.NoError(t, s.CreateTopic(sns.Topic{ARN: topicARN, DisplayName: "Ops\r\nBcc: x@example.com",
		Subscriptions: []sns.Subscription{{Protocol: "email", Endpoint: "ops@example.com"}}}))
	_, err := s.Publish(sns.Publication{TopicARN: topicARN, Message: "x"})
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(outbox, "*.eml"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	f, err := os.Open(files[0])
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	m, err := mail.ReadMessage(f)
	require.NoError(t, err)
	assert.Empty(t, m.Header.Get("Bcc"))
}

func TestWhatSNSRefusesIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		publication sns.Publication
		want        string
	}{
		"an unknown topic":              {sns.Publication{TopicARN: topicARN + "2", Message: "x"}, "NotFound: Topic does not exist"},
		"an empty message":              {sns.Publication{TopicARN: topicARN}, "InvalidParameter: Invalid parameter: Empty message"},
		"a message over 256 KiB":        {sns.Publication{TopicARN: topicARN, Message: strings.Repeat("x", 256<<10+1)}, "InvalidParameter: Invalid parameter: Message too long"},
		"256 KiB with attributes":       {sns.Publication{TopicARN: topicARN, Message: strings.Repeat("x", 256<<10), Attributes: map[string]sns.Attribute{"a": {}}}, "InvalidParameter: Invalid parameter: Message too long"},
		"a message that is no UTF-8":    {sns.Publication{TopicARN: topicARN, Message: "\xff"}, "InvalidParameter: Invalid parameter: Message is not UTF-8"},
		"a subject of 100 characters":   {sns.Publication{TopicARN: topicARN, Message: "x", Subject: strings.Repeat("s", 100)}, "InvalidParameter: Invalid parameter: Subject"},
		"a subject of two lines":        {sns.Publication{TopicARN: topicARN, Message: "x", Subject: "a\nb"}, "InvalidParameter: Invalid parameter: Subject"},
		"a subject with an umlaut":      {sns.Publication{TopicARN: topicARN, Message: "x", Subject: "Größe"}, "InvalidParameter: Invalid parameter: Subject"},
		"a subject that begins blank":   {sns.Publication{TopicARN: topicARN, Message: "x", Subject: " x"}, "InvalidParameter: Invalid parameter: Subject"},
		"a subject with a control byte": {sns.Publication{TopicARN: topicARN, Message: "x", Subject: "a\x7f"}, "InvalidParameter: Invalid parameter: Subject"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, "")
			_, err := s.Publish(c.publication)
			assert.EqualError(t, err, c.want)
			assert.Empty(t, s.Published())
		})
	}
	s := newService(t, "")
	_, err := s.Publish(sns.Publication{TopicARN: topicARN, Message: strings.Repeat("x", 256<<10), Subject: strings.Repeat("s", 99)})
	assert.NoError(t, err, "the largest message and the longest subject pass")
}

func TestTopicsAreCheckedWhenCreated(t *testing.T) {
	with := func(sub sns.Subscription) sns.Topic {
		return sns.Topic{ARN: topicARN + "2", Subscriptions: []sns.Subscription{sub}}
	}
	for want, topic := range map[string]sns.Topic{
		`InvalidParameter: "failures" is no topic ARN; write it as arn:aws:sns:region:account:name`:                                      {ARN: "failures"},
		"InvalidParameter: topic failures.fifo: FIFO topics are not supported by the local stack; use a standard topic":                  {ARN: topicARN + ".fifo"},
		"InvalidParameter: topic " + topicARN + " exists already":                                                                        {ARN: topicARN},
		`InvalidParameter: topic failures2: subscriptions by "sqs" are not supported by the local stack; use email`:                      with(sns.Subscription{Protocol: "sqs"}),
		"InvalidParameter: topic failures2: \"a@b\\nBcc: c@d\" is no e-mail address: mail: expected single address, got \"\\nBcc: c@d\"": with(sns.Subscription{Protocol: "email", Endpoint: "a@b\nBcc: c@d"}),
	} {
		assert.EqualError(t, newService(t, "").CreateTopic(topic), want)
	}
}

func TestTheSDKPublishesOverHTTP(t *testing.T) {
	s := newService(t, "")
	c := newClient(t, s)
	out, err := c.Publish(t.Context(), &client.PublishInput{
		TopicArn: aws.String(topicARN), Subject: aws.String("one & two <three>"), Message: aws.String("Zeile 1\nline 2 + %2F 🙂"),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"reason": {DataType: aws.String("String"), StringValue: aws.String("SIZE_MISMATCH")},
			"raw":    {DataType: aws.String("Binary"), BinaryValue: []byte{0, 255}},
		},
	})
	require.NoError(t, err)
	got := s.Published()
	require.Len(t, got, 1)
	assert.Equal(t, *out.MessageId, got[0].ID)
	assert.Equal(t, "one & two <three>", got[0].Subject)
	assert.Equal(t, "Zeile 1\nline 2 + %2F 🙂", got[0].Message)
	assert.Equal(t, map[string]sns.Attribute{"reason": {DataType: "String", Value: "SIZE_MISMATCH"}, "raw": {DataType: "Binary", Value: "\x00\xff"}}, got[0].Attributes)

	require.NoError(t, s.CreateTopic(sns.Topic{ARN: topicARN + "2"}))
	require.NoError(t, s.CreateTopic(sns.Topic{ARN: "arn:aws:sns:us-east-1:111122223333:elsewhere"}))
	list, err := c.ListTopics(t.Context(), &client.ListTopicsInput{})
	require.NoError(t, err)
	assert.Equal(t, []types.Topic{{TopicArn: aws.String(topicARN)}, {TopicArn: aws.String(topicARN + "2")}}, list.Topics)
}

func TestTheSDKReadsErrors(t *testing.T) {
	s := newService(t, "")
	c := newClient(t, s)
	publish := func(in *client.PublishInput) smithy.APIError {
		_, err := c.Publish(t.Context(), in)
		var api smithy.APIError
		require.True(t, errors.As(err, &api))
		return api
	}
	missing := publish(&client.PublishInput{TopicArn: aws.String(topicARN + "2"), Message: aws.String("x")})
	assert.Equal(t, "NotFound", missing.ErrorCode())
	phone := publish(&client.PublishInput{PhoneNumber: aws.String("+4915112345678"), Message: aws.String("x")})
	assert.Equal(t, "the local stack does not support the parameter PhoneNumber of Publish", phone.ErrorMessage())
	s.Fault(func(sns.Publication) error {
		return &wire.Error{Code: "InternalError", Status: 500, Message: "broken on purpose"}
	})
	broken := publish(&client.PublishInput{TopicArn: aws.String(topicARN), Message: aws.String("x")})
	assert.Equal(t, "InternalError", broken.ErrorCode())
	assert.Empty(t, s.Published())
	s.Fault(nil)
	_, err := c.Publish(t.Context(), &client.PublishInput{TopicArn: aws.String(topicARN), Message: aws.String("x")})
	require.NoError(t, err)
	_, err = c.PublishBatch(t.Context(), &client.PublishBatchInput{TopicArn: aws.String(topicARN), PublishBatchRequestEntries: []types.PublishBatchRequestEntry{
		{Id: aws.String("a"), Message: aws.String("x")}}})
	assert.ErrorContains(t, err, `the local stack does not support the SNS action "PublishBatch"`)
}

func TestAnUnsignedListIsRefused(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("Action=ListTopics"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	newService(t, "").ServeHTTP(w, r)
	assert.Equal(t, http.StatusForbidden, w.Code)
	assert.Contains(t, w.Body.String(), "ListTopics needs a signed request: its signature names the region")
}
