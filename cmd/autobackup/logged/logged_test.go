package logged_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/logged"
	"autobackup/internal/s3event"
	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/logs"
	"autobackup/local/template"
	"autobackup/local/testing/memnet"
)

const (
	account, region = "111122223333", "eu-central-1"
	group           = "arn:aws:logs:" + region + ":" + account + ":log-group:/aws/lambda/autobackup-compare-etags-dev"
)

// world is CloudWatch Logs with the group of compare-etags, in a bubble of time.
type world struct {
	*logs.Service
	t   *testing.T
	cfg aws.Config
}

func inWorld(t *testing.T, test func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		s := logs.New(clock.Real())
		s.Account, s.NewID = account, func() string { return "id" }
		_, _, err := s.Types().Create(template.Target{Stack: "stack", Region: region, Account: account}, template.Resource{
			LogicalID: "Group", Type: "AWS::Logs::LogGroup", Properties: map[string]any{"LogGroupName": "/aws/lambda/autobackup-compare-etags-dev"},
		})
		require.NoError(t, err)
		network, stop := memnet.Client(s)
		defer stop()
		test(&world{s, t, aws.Config{Region: region, HTTPClient: network, BaseEndpoint: aws.String("http://logs.test"), Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")}})
	})
}

func (w *world) put(bucket, key, version, outcome string, looks int) {
	line := fmt.Sprintf(`{"time":"x","level":"INFO","msg":%q,"bucket":%q,"key":%q,"version":%q,"looks":%d,"messageId":"m","execution":"e"}`, outcome, bucket, key, version, looks)
	require.NoError(w.t, w.As(gate.Caller{}).Put(group, "a", line))
}

func (w *world) of(version string, from time.Time, change ...func(*logged.Asked)) (logged.Found, error) {
	a := logged.Asked{
		Stage: "dev", Version: s3event.ObjectVersion{Bucket: "b", Key: "k", VersionID: version}, From: from, To: time.Now().Add(time.Millisecond), Clock: time.Now, Within: time.Minute,
	}
	for _, c := range change {
		c(&a)
	}
	return logged.Of(w.t.Context(), w.cfg, a)
}

func outcomes(f logged.Found) (all []string) {
	for _, l := range f.Lines {
		all = append(all, fmt.Sprint(l.Outcome, " ", l.Looks))
	}
	return all
}

func TestTheLinesOfOneVersionAreToldTheOldestFirst(t *testing.T) {
	inWorld(t, func(w *world) {
		began := time.Now()
		w.put("b", "k", "null", "lagging", 1)
		w.put("b", "other", "null", "failed", 1)
		w.put("other", "k", "null", "failed", 1)
		w.put("b", "k", "other", "failed", 1)
		require.NoError(t, w.As(gate.Caller{}).Put(group, "a", `{"msg":"metrics are incomplete","version":"null"}`))
		require.NoError(t, w.As(gate.Caller{}).Put(group, "a", `{"version":"null","bucket":"b","key":"k","looks":"many","execution":"e"}`))
		require.NoError(t, w.As(gate.Caller{}).Put(group, "a", `{"msg":"of no execution","version":"null","bucket":"b","key":"k","looks":1}`))
		time.Sleep(60 * time.Hour) // so that several searches find something
		w.put("b", "k", "null", "lagging", 2)
		w.put("b", "k", "null", "verified", 3)
		f, err := w.of("null", began)
		require.NoError(t, err)
		assert.Equal(t, []string{"lagging 1", "lagging 2", "verified 3"}, outcomes(f))
		assert.Equal(t, began.UnixMilli(), f.Lines[0].At.UnixMilli())
		assert.Empty(t, f.Cut)
		assert.True(t, f.From.Equal(began))
		assert.True(t, f.To.Equal(time.Now().Add(time.Millisecond)))

		f, err = w.of("null", began.Add(time.Hour))
		require.NoError(t, err)
		assert.Equal(t, []string{"lagging 2", "verified 3"}, outcomes(f), "what is older was not asked for")
	})
}

func TestALineAtAWindowsBorderIsToldOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		began := time.Now()
		time.Sleep(24 * time.Hour)
		w.put("b", "k", "v", "lagging", 1)
		at := time.Now()
		time.Sleep(24 * time.Hour)
		f, err := w.of("v", began, func(a *logged.Asked) { a.To = at.Add(24 * time.Hour) })
		require.NoError(t, err)
		assert.Equal(t, []string{"lagging 1"}, outcomes(f))
	})
}

func TestASearchThatTakesTooLongTellsTheNewestDaysAndWhichTheyAre(t *testing.T) {
	inWorld(t, func(w *world) {
		began := time.Now()
		w.put("b", "k", "v", "lagging", 1)
		time.Sleep(10 * 24 * time.Hour)
		w.put("b", "k", "v", "verified", 2)
		asked := time.Now()
		f, err := w.of("v", began, func(a *logged.Asked) {
			a.Clock = func() time.Time { // each request takes a while
				time.Sleep(15 * time.Second)
				return time.Now()
			}
		})
		require.NoError(t, err)
		assert.Equal(t, []string{"verified 2"}, outcomes(f))
		assert.Equal(t, "1m0s were over", f.Cut)
		assert.Equal(t, 3*24*time.Hour, asked.Add(time.Millisecond).Sub(f.From), "each day that was searched")
	})
}

func TestWhatCannotBeReadSaysWhyAndWhatToDo(t *testing.T) {
	inWorld(t, func(w *world) {
		_, err := w.of(`a" }`, time.Now().Add(-time.Hour))
		require.ErrorContains(t, err, `search the log for the version "a\" }": an id of S3 has letters`)
		_, err = w.of("", time.Now().Add(-time.Hour))
		require.ErrorContains(t, err, `search the log for the version ""`)
		_, err = w.of("v", time.Now().Add(-time.Hour), func(a *logged.Asked) { a.Stage = "prod" })
		require.ErrorContains(t, err, "search the log group /aws/lambda/autobackup-compare-etags-prod: FilterLogEvents answered 400 ResourceNotFoundException: is the stage deployed in the primary's region?")
	})
	server := httptest.NewServer(nil)
	server.Close()
	_, err := logged.Of(t.Context(), aws.Config{Region: region, BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""), RetryMaxAttempts: 1}, logged.Asked{
		Stage: "dev", Version: s3event.ObjectVersion{Bucket: "b", Key: "k", VersionID: "v"}, From: time.Now().Add(-time.Hour), To: time.Now(), Clock: time.Now, Within: time.Minute,
	})
	require.ErrorContains(t, err, "search the log group /aws/lambda/autobackup-compare-etags-dev: ")
}
