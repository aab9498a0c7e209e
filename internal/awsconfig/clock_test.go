package awsconfig_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/awsconfig"
)

func TestTheClockIsThatOfTheServiceWhichAnsweredLast(t *testing.T) {
	own := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	date, status := "", http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = []string{date}
		w.WriteHeader(status)
	}))
	defer server.Close()
	clock := awsconfig.NewClock(func() time.Time { return own })
	cfg, err := awsconfig.Load(t.Context(), config.WithRegion("eu-central-1"), config.WithBaseEndpoint(server.URL), config.WithRetryMaxAttempts(1),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("id", "secret", "")), config.WithAPIOptions([]func(*middleware.Stack) error{clock.Hear}))
	require.NoError(t, err)
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	assert.Equal(t, own, clock.Now(), "nobody has answered")
	for _, c := range []struct {
		why    string
		says   time.Duration // later than this machine's clock
		status int
		want   time.Duration
	}{
		{"the service is hours ahead", 40 * time.Hour, http.StatusOK, 40*time.Hour + time.Second},
		{"a refusal has the time, too", 41 * time.Hour, http.StatusForbidden, 41*time.Hour + time.Second},
		{"this machine's clock is fast", -10 * time.Minute, http.StatusOK, -10*time.Minute + time.Second},
		{"the answer was on its way", -time.Second, http.StatusOK, 0},
		{"both are the same", 0, http.StatusOK, 0},
	} {
		date, status = own.Add(c.says).Format(http.TimeFormat), c.status
		_, err := client.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("b")})
		assert.Equal(t, c.status == http.StatusOK, err == nil, c.why)
		assert.Equal(t, own.Add(c.want), clock.Now(), c.why)
	}
	date = own.Add(time.Hour).Format(http.TimeFormat)
	_, _ = client.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("b")})
	for _, date = range []string{"", "noon"} {
		_, err = client.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("b")})
		require.NoError(t, err)
		assert.Equal(t, own.Add(time.Hour+time.Second), clock.Now(), "an answer without the time changes nothing")
	}
}
