package pair

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answers is a server that answers with the status of the moment, and counts.
type answers struct {
	lock   sync.Mutex
	status int
	count  int
}

// Do implements aws.HTTPClient.
func (a *answers) Do(r *http.Request) (*http.Response, error) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.count++
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

func (a *answers) say(status int) {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.status = status
}

// in is how many requests came in a time.
func (a *answers) in(d time.Duration) int {
	a.lock.Lock()
	before := a.count
	a.lock.Unlock()
	time.Sleep(d)
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.count - before
}

// busy has fifty callers ask without a pause, each request once.
func busy(t *testing.T, pace *Pace, test func(server *answers)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := &answers{status: http.StatusOK}
		client := newS3(aws.Config{
			Region: "eu-central-1", BaseEndpoint: aws.String("http://s3.example.com"), HTTPClient: server, RetryMaxAttempts: 1,
			Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		}, pace)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				for ctx.Err() == nil {
					_, _ = client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("docs")}) // as the server says
				}
			})
		}
		time.Sleep(time.Second) // what may come at once has come
		test(server)
		cancel()
		all.Wait()
	})
}

func free(map[string]int64) error { return nil }

func TestNoMoreIsAskedThanTheRate(t *testing.T) {
	pace := NewPace(100, free)
	busy(t, pace, func(server *answers) {
		assert.InDelta(t, 1000, server.in(10*time.Second), 1)
		synctest.Wait() // for those that were sent this moment
		assert.Equal(t, int64(server.count), pace.Sent()["HeadBucket"])
	})
}

func TestTheFirstAnswerThatSaysSlowDownHalvesTheRateAndOthersRegainIt(t *testing.T) {
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusTooManyRequests} {
		busy(t, NewPace(100, free), func(server *answers) {
			server.say(status)
			time.Sleep(15 * time.Millisecond) // one or two of them
			server.say(http.StatusOK)
			assert.InDelta(t, 52, server.in(time.Second), 4)
			time.Sleep(10 * time.Second)
			assert.InDelta(t, 100, server.in(time.Second), 2)
		})
	}
}

func TestAStormCutsTheRateToOneARequestASecondAtLeast(t *testing.T) {
	busy(t, NewPace(100, free), func(server *answers) {
		server.say(http.StatusServiceUnavailable)
		time.Sleep(time.Second)
		assert.Greater(t, server.in(time.Second), 20, "those under way count once")
		time.Sleep(10 * time.Minute)
		assert.InDelta(t, 60, server.in(time.Minute), 1)
	})
}

func TestOtherErrorsCutNothing(t *testing.T) {
	busy(t, NewPace(100, free), func(server *answers) {
		server.say(http.StatusInternalServerError)
		assert.InDelta(t, 300, server.in(3*time.Second), 1)
	})
}

func TestARateBelowOneIsOne(t *testing.T) {
	busy(t, NewPace(0, free), func(server *answers) {
		assert.InDelta(t, 20, server.in(20*time.Second), 1)
	})
}

func TestWhatIsNotAllowedIsNotSentNorTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &answers{status: http.StatusOK}
		asked := 0
		pace := NewPace(100, func(sent map[string]int64) error {
			asked++
			if sent["HeadBucket"] >= 7 {
				return errors.New("it is spent")
			}
			return nil
		})
		pace.Add(map[string]int64{"HeadBucket": 5})
		client := newS3(aws.Config{
			Region: "eu-central-1", BaseEndpoint: aws.String("http://s3.example.com"), HTTPClient: server, Retryer: retryer,
			Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		}, pace)
		for range 2 {
			_, err := client.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("docs")})
			require.NoError(t, err)
		}
		_, err := client.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("docs")})
		require.ErrorContains(t, err, "it is spent")
		assert.Equal(t, 3, asked)
		assert.Equal(t, 2, server.count)
		assert.Equal(t, map[string]int64{"HeadBucket": 7}, pace.Sent())
	})
}
