package logged_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/logged"
	"autobackup/internal/alert"
	"autobackup/internal/handler"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/told"
	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/logs"
	"autobackup/local/template"
	"autobackup/local/testing/hostile"
	"autobackup/local/testing/memnet"
)

const (
	account, region = "111122223333", "eu-central-1"
	groups          = "arn:aws:logs:" + region + ":" + account + ":log-group:/aws/lambda/autobackup-"
	group           = groups + "compare-etags-dev"
	ofMails         = groups + "failure-notifier-dev"
)

// world is CloudWatch Logs with the groups that are read, in a bubble of time.
type world struct {
	*logs.Service
	t   *testing.T
	cfg aws.Config

	mu    sync.Mutex // an answer may be under way still when who asked has gone on
	slow  time.Duration
	asked []string // patterns
}

// slowly has each answer take so long.
func (w *world) slowly(each time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slow = each
}

// patterns are those that were asked for since the last call.
func (w *world) patterns() (asked []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked, w.asked = w.asked, nil
	return asked
}

// ask keeps a pattern, and returns how long the answer takes.
func (w *world) ask(pattern string) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, pattern)
	return w.slow
}

// ServeHTTP answers after a while.
func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	require.NoError(w.t, err)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var in struct{ FilterPattern string }
	require.NoError(w.t, json.Unmarshal(body, &in))
	select {
	case <-time.After(w.ask(in.FilterPattern)):
		w.Service.ServeHTTP(out, r)
	case <-r.Context().Done():
	}
}

func inWorld(t *testing.T, test func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		s := logs.New(clock.Real())
		s.Account, s.NewID = account, func() string { return "id" }
		for _, function := range []string{"compare-etags", "failure-notifier"} {
			_, _, err := s.Types().Create(template.Target{Stack: "stack", Region: region, Account: account}, template.Resource{
				LogicalID: function, Type: "AWS::Logs::LogGroup", Properties: map[string]any{"LogGroupName": "/aws/lambda/autobackup-" + function + "-dev"},
			})
			require.NoError(t, err)
		}
		w := &world{Service: s, t: t}
		network, stop := memnet.Client(w)
		defer stop()
		w.cfg = aws.Config{Region: region, HTTPClient: network, BaseEndpoint: aws.String("http://logs.test"), Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")}
		test(w)
	})
}

func (w *world) put(bucket, key, version, outcome string, looks int) {
	line := fmt.Sprintf(`{"time":"x","level":"INFO","msg":%q,"bucket":%q,"key":%q,"version":%q,"looks":%d,"messageId":"m","execution":"e"}`, outcome, bucket, key, version, looks)
	require.NoError(w.t, w.As(gate.Caller{}).Put(group, "a", line))
}

func (w *world) of(version string, from time.Time, change ...func(*logged.Part)) (logged.Found, error) {
	p := part(from)
	for _, c := range change {
		c(&p)
	}
	return logged.Of(w.t.Context(), w.cfg, s3event.ObjectVersion{Bucket: "b", Key: "k", VersionID: version}, p)
}

// part is all since a time.
func part(from time.Time) logged.Part {
	return logged.Part{Stage: "dev", From: from, To: time.Now().Add(time.Millisecond), Within: time.Minute}
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
		w.put("b", "k", "v1", "lagging", 1)
		w.put("b", "other", "v1", "failed", 1)
		w.put("other", "k", "v1", "failed", 1)
		w.put("b", "k", "other", "failed", 1)
		require.NoError(t, w.As(gate.Caller{}).Put(group, "a", `{"msg":"metrics are incomplete","version":"v1"}`))
		require.NoError(t, w.As(gate.Caller{}).Put(group, "a", `{"version":"v1","bucket":"b","key":"k","looks":"many","execution":"e"}`))
		require.NoError(t, w.As(gate.Caller{}).Put(group, "a", `{"msg":"of no execution","version":"v1","bucket":"b","key":"k","looks":1}`))
		time.Sleep(60 * time.Hour) // so that several searches find something
		w.put("b", "k", "v1", "lagging", 2)
		w.put("b", "k", "v1", "verified", 3)
		f, err := w.of("v1", began)
		require.NoError(t, err)
		assert.Equal(t, []string{"lagging 1", "lagging 2", "verified 3"}, outcomes(f))
		assert.Equal(t, began.UnixMilli(), f.Lines[0].At.UnixMilli())
		assert.Empty(t, f.Cut)
		assert.True(t, f.From.Equal(began))
		assert.True(t, f.To.Equal(time.Now().Add(time.Millisecond)))

		f, err = w.of("v1", began.Add(time.Hour))
		require.NoError(t, err)
		assert.Equal(t, []string{"lagging 2", "verified 3"}, outcomes(f), "what is older was not asked for")
	})
}

// S3 lists as null what events name no version of.
func TestWhatHasNoVersionIdIsFoundByItsKey(t *testing.T) {
	inWorld(t, func(w *world) {
		began := time.Now()
		w.put("b", "k", "", "failed", 1)
		w.put("b", "k", "v1", "failed", 2)
		w.put("b", "other", "", "failed", 3)
		w.put("c", "k", "", "failed", 4)
		f, err := w.of("null", began)
		require.NoError(t, err)
		assert.Equal(t, []string{"failed 1"}, outcomes(f))
		assert.Equal(t, []string{`{ ($.bucket = "b") && ($.key = "k") }`}, w.patterns())
	})
}

func TestALineAtAWindowsBorderIsToldOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		began := time.Now()
		time.Sleep(24 * time.Hour)
		w.put("b", "k", "v", "lagging", 1)
		at := time.Now()
		time.Sleep(24 * time.Hour)
		f, err := w.of("v", began, func(p *logged.Part) { p.To = at.Add(24 * time.Hour) })
		require.NoError(t, err)
		assert.Equal(t, []string{"lagging 1"}, outcomes(f))
	})
}

func TestASearchThatTakesTooLongTellsTheNewestAndSinceWhen(t *testing.T) {
	inWorld(t, func(w *world) {
		began := time.Now()
		w.put("b", "k", "v", "lagging", 1)
		time.Sleep(10 * 24 * time.Hour)
		w.put("b", "k", "v", "verified", 2)
		asked := time.Now()
		w.slowly(17 * time.Second)
		f, err := w.of("v", began)
		require.NoError(t, err)
		assert.Equal(t, []string{"verified 2"}, outcomes(f))
		assert.Equal(t, "1m0s were over", f.Cut)
		assert.Equal(t, (15+30+60)*time.Minute, asked.Add(time.Millisecond).Sub(f.From), "three requests, each for twice as long")
		assert.Equal(t, time.Minute, time.Since(asked), "a request that is under way ends, too")

		w.slowly(time.Hour)
		f, err = w.of("v", began)
		require.NoError(t, err)
		assert.Empty(t, f.Lines)
		assert.Equal(t, f.To, f.From, "nothing was searched")
		assert.Equal(t, "1m0s were over", f.Cut)
	})
}

func TestWhoNoLongerWaitsIsToldSo(t *testing.T) {
	inWorld(t, func(w *world) {
		w.slowly(time.Hour)
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Second)
		defer cancel()
		_, err := logged.Of(ctx, w.cfg, s3event.ObjectVersion{Bucket: "b", Key: "k", VersionID: "v"}, part(time.Now()))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestWhatCannotBeReadSaysWhyAndWhatToDo(t *testing.T) {
	inWorld(t, func(w *world) {
		_, err := w.of(`a" }`, time.Now().Add(-time.Hour))
		require.ErrorContains(t, err, `search the log for the version "a\" }": an id of S3 has letters`)
		_, err = w.of("v", time.Now().Add(-time.Hour), func(p *logged.Part) { p.Stage = "prod" })
		require.ErrorContains(t, err, "search the log group /aws/lambda/autobackup-compare-etags-prod: FilterLogEvents answered 400 ResourceNotFoundException: is the stage deployed in the primary's region?")
	})
	server := httptest.NewServer(nil)
	server.Close()
	_, err := logged.Of(t.Context(), aws.Config{Region: region, BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""), RetryMaxAttempts: 1},
		s3event.ObjectVersion{Bucket: "b", Key: "k", VersionID: "v"}, part(time.Now().Add(-time.Hour)))
	require.ErrorContains(t, err, "search the log group /aws/lambda/autobackup-compare-etags-dev: ")
}

// look logs one with a reason.
func (w *world) look(bucket, key string, why reason.Code, looks int) {
	line, err := json.Marshal(map[string]any{"msg": "failed", "bucket": bucket, "key": key, "version": "v", "reason": why, "looks": looks, "execution": "e"})
	require.NoError(w.t, err)
	require.NoError(w.t, w.As(gate.Caller{}).Put(group, "a", string(line)))
}

func shown(looks []logged.Look) (all []string) {
	for _, l := range looks {
		all = append(all, fmt.Sprintf("%s/%s %s %d", l.Version.Bucket, l.Version.Key, l.Reason, l.Looks))
	}
	return all
}

func TestLooksAreFoundByBucketKeyAndReasonTheNewestFirst(t *testing.T) {
	inWorld(t, func(w *world) {
		began := time.Now()
		w.look("b", "2026/a", "SIZE_MISMATCH", 1)
		time.Sleep(50 * time.Hour)
		w.look("b", "2026/ab", "SIZE_MISMATCH", 2)
		w.look("b", "2026/a", "UNREACHABLE", 3)
		w.look("c", "2026/a", "UNREACHABLE", 4)
		require.NoError(t, w.As(gate.Caller{}).Put(group, "a", `{"msg":"metrics are incomplete","bucket":"b","key":"2026/a"}`))
		for name, c := range map[string]struct {
			wanted  logged.Wanted
			pattern string
			want    []string
		}{
			"of a bucket":     {logged.Wanted{Bucket: "c"}, `{ $.bucket = "c" }`, []string{"c/2026/a UNREACHABLE 4"}},
			"of a key":        {logged.Wanted{Key: "2026/a"}, `{ $.key = "2026/a" }`, []string{"c/2026/a UNREACHABLE 4", "b/2026/a UNREACHABLE 3", "b/2026/a SIZE_MISMATCH 1"}},
			"of a prefix":     {logged.Wanted{Bucket: "b", Key: "2026/a", Begins: true}, `{ ($.bucket = "b") && ($.key = "2026/a*") }`, []string{"b/2026/a UNREACHABLE 3", "b/2026/ab SIZE_MISMATCH 2", "b/2026/a SIZE_MISMATCH 1"}},
			"of a reason":     {logged.Wanted{Reason: reason.SizeMismatch}, `{ $.reason = "SIZE_MISMATCH" }`, []string{"b/2026/ab SIZE_MISMATCH 2", "b/2026/a SIZE_MISMATCH 1"}},
			"of all of these": {logged.Wanted{Bucket: "b", Key: "2026/a", Reason: reason.Unreachable}, `{ ($.bucket = "b") && ($.reason = "UNREACHABLE") && ($.key = "2026/a") }`, []string{"b/2026/a UNREACHABLE 3"}},
			"of nothing":      {logged.Wanted{Bucket: "d"}, `{ $.bucket = "d" }`, nil},
		} {
			looks, searched, err := logged.Looks(w.t.Context(), w.cfg, c.wanted, part(began))
			require.NoError(t, err, name)
			assert.Equal(t, c.want, shown(looks), name)
			assert.Equal(t, logged.Searched{From: began, To: time.Now().Add(time.Millisecond)}, searched, name)
			assert.Subset(t, []string{c.pattern}, w.patterns(), name)
		}
	})
}

// A key is anything. In a pattern it would be, too, and find what nobody asked for.
func TestAHostileKeyFindsItselfAlone(t *testing.T) {
	inWorld(t, func(w *world) {
		began := time.Now()
		keys := append(hostile.Uploadable(), `2026/a" || $.key = "*`, `2026/a*`, `*`, `" }`, `%a%`, strings.Repeat("k", 1024), strings.Repeat("k", 1000)+`"`)
		for i, key := range keys {
			w.look("b", key, "UNREACHABLE", i)
		}
		w.look("b", "2026/another", "UNREACHABLE", 1)
		for i, key := range keys {
			for _, begins := range []bool{false, true} {
				looks, _, err := logged.Looks(w.t.Context(), w.cfg, logged.Wanted{Key: key, Begins: begins}, part(began))
				require.NoError(t, err, "%q", key)
				assert.Contains(t, shown(looks), fmt.Sprintf("b/%s UNREACHABLE %d", key, i))
				for _, l := range looks {
					assert.True(t, l.Version.Key == key || begins && strings.HasPrefix(l.Version.Key, key), "%q is not %q", l.Version.Key, key)
				}
				for _, pattern := range w.patterns() {
					assert.Regexp(t, `^(\{ \$\.key = "[A-Za-z0-9._/-]+\*?" \})?$`, pattern)
				}
			}
		}
		looks, _, err := logged.Looks(w.t.Context(), w.cfg, logged.Wanted{Bucket: `b" || $.bucket = "*`, Reason: `x" }`}, part(began))
		require.NoError(t, err)
		assert.Empty(t, looks)
	})
}

func TestNoMoreLinesAreToldThanWereAskedFor(t *testing.T) {
	inWorld(t, func(w *world) {
		began := time.Now()
		for i := range 10 {
			w.look("b", "k", "UNREACHABLE", i)
			time.Sleep(time.Hour)
		}
		w.Looked = 2 // lines a page
		newest := []int{9, 8, 7, 6, 5, 4, 3, 2, 1, 0}
		for _, c := range []struct {
			most, told int
			from       time.Time // of what was searched
			cut        string
		}{
			{0, 10, began, ""},
			{11, 10, began, ""},
			{10, 10, began, ""},
			{9, 9, began.Add(time.Hour), "the newest 9 are told"},
			{1, 1, time.Now().Add(-(15 + 30 + 60) * time.Minute), "the newest 1 are told"},
		} {
			p := part(began)
			p.Most = c.most
			looks, searched, err := logged.Looks(w.t.Context(), w.cfg, logged.Wanted{Bucket: "b"}, p)
			require.NoError(t, err)
			assert.WithinDuration(t, c.from, searched.From, time.Millisecond, c.most)
			assert.Equal(t, c.cut, searched.Cut, c.most)
			var seen []int
			for _, l := range looks {
				seen = append(seen, l.Looks)
			}
			assert.Equal(t, newest[:c.told], seen, c.most)
		}
		for i := range 7 { // in one search, of which they are several pages
			w.look("c", "k", "UNREACHABLE", i)
			time.Sleep(time.Second)
		}
		p := part(began)
		p.Most = 2
		looks, searched, err := logged.Looks(w.t.Context(), w.cfg, logged.Wanted{Bucket: "c"}, p)
		require.NoError(t, err)
		assert.Equal(t, []string{"c/k UNREACHABLE 6", "c/k UNREACHABLE 5"}, shown(looks))
		assert.WithinDuration(t, time.Now().Add(-2*time.Second), searched.From, time.Millisecond)
	})
}

func TestEMailsAreToldTheNewestFirstAndNothingElse(t *testing.T) {
	inWorld(t, func(w *world) {
		began := time.Now()
		sent := func(subject string) {
			var log strings.Builder
			handler.Logger(&log).Info(alert.Sent, "email", alert.Copy{Subject: subject, Message: "a \"text\"\nof <b>two</b> lines\n", ID: "id of " + subject})
			require.NoError(t, w.As(gate.Caller{}).Put(ofMails, "a", log.String()))
			time.Sleep(time.Hour)
		}
		sent("first")
		sent("second")
		for _, other := range []string{`{"msg":"told","email":{"subject":"x"}}`, `{"msg":"e-mailed"}`, `{"msg":"e-mailed","email":7}`, "START RequestId: 1"} {
			require.NoError(t, w.As(gate.Caller{}).Put(ofMails, "a", other))
		}
		mails, searched, err := logged.Mails(w.t.Context(), w.cfg, part(began))
		require.NoError(t, err)
		assert.Empty(t, searched.Cut)
		text := "a \"text\"\nof <b>two</b> lines\n"
		at := func(hours time.Duration) time.Time {
			return began.Add(hours * time.Hour).Truncate(time.Millisecond).UTC()
		}
		assert.Equal(t, []logged.Mail{
			{At: at(1), Copy: alert.Copy{Subject: "second", Message: text, ID: "id of second"}},
			{At: at(0), Copy: alert.Copy{Subject: "first", Message: text, ID: "id of first"}},
		}, mails)
	})
}

func TestOfAnEMailIsToldWhetherItNamesTheVersionOrMayCountIt(t *testing.T) {
	version := alert.Named{Bucket: "b", Key: "k\n\"", Version: "v"}
	of := func(id string, kind told.Kind, why reason.Code, bucket string, unnamed int, named ...alert.Named) alert.Telling {
		return alert.Telling{ID: id, Subject: "subject of " + id, Cause: told.Cause{Reason: why, Bucket: bucket, Replica: "r", Kind: kind}, Named: named, Unnamed: unnamed}
	}
	several := of("together", told.Single, reason.Unreachable, "", 3)
	several.Several = true
	inWorld(t, func(w *world) {
		began := time.Now()
		for _, telling := range []alert.Telling{
			of("names", told.Single, reason.SizeMismatch, "b", 0, alert.Named{Bucket: "b", Key: "other", Version: "v"}, version),
			of("names", told.Single, reason.Unreachable, "b", 7), // of the same e-mail
			of("others", told.Single, reason.SizeMismatch, "b", 0, alert.Named{Bucket: "b", Key: version.Key, Version: "other"}, alert.Named{Bucket: "c", Key: version.Key, Version: "v"}),
			of("elsewhere", told.Single, reason.SizeMismatch, "c", 5),
			of("counts", told.Alike, reason.SizeMismatch, "b", 589, alert.Named{Bucket: "b", Key: "other", Version: "v"}),
			several,
			of("over", told.Over, reason.SizeMismatch, "b", 0),
			of("twice", told.Single, reason.Unreachable, "b", 2),
			of("twice", told.Single, reason.SizeMismatch, "b", 0, version),
			of("twice", told.Single, reason.Archived, "b", 0, version),
		} {
			var log strings.Builder
			handler.Logger(&log).Info(alert.Told, "telling", telling)
			require.NoError(t, w.As(gate.Caller{}).Put(ofMails, "a", log.String()))
			time.Sleep(time.Hour)
		}
		for _, other := range []string{`{"msg":"told"}`, `{"msg":"told","telling":7}`, `{"msg":"e-mailed","telling":{"named":[{"bucket":"b","key":"k\n\"","version":"v"}]}}`} {
			require.NoError(t, w.As(gate.Caller{}).Put(ofMails, "a", other))
		}
		found, err := logged.ToldOf(w.t.Context(), w.cfg, s3event.ObjectVersion{Bucket: "b", Key: version.Key, VersionID: "v"}, part(began))
		require.NoError(t, err)
		assert.Equal(t, []string{`{ $.msg = "told" }`}, slices.Compact(w.patterns()))
		assert.True(t, found.Names())
		assert.Equal(t, "dev", found.Stage)
		assert.True(t, found.From.Equal(began))
		var said []string
		for _, e := range found.Emails {
			assert.Equal(t, "subject of "+e.ID, e.Subject)
			said = append(said, fmt.Sprint(e.ID, " ", e.Names, " ", e.Causes))
		}
		assert.Equal(t, []string{
			"names true [{SIZE_MISMATCH r single 0}]",
			"counts false [{SIZE_MISMATCH r alike 589}]",
			"together false [{UNREACHABLE r single 3}]",
			"twice true [{SIZE_MISMATCH r single 0} {ARCHIVED r single 0}]",
		}, said)
		assert.True(t, began.Truncate(time.Millisecond).Equal(found.Emails[0].At))
	})
}

func TestWhyNothingCanBeReadIsTheServicesAnswer(t *testing.T) {
	inWorld(t, func(w *world) {
		p := part(time.Now().Add(-time.Hour))
		p.Stage = "prod"
		_, _, err := logged.Mails(w.t.Context(), w.cfg, p)
		require.ErrorContains(t, err, "search the log group /aws/lambda/autobackup-failure-notifier-prod: FilterLogEvents answered 400 ResourceNotFoundException")
		var none *types.ResourceNotFoundException
		assert.ErrorAs(t, err, &none)
		_, err = logged.ToldOf(w.t.Context(), w.cfg, s3event.ObjectVersion{Bucket: "b", Key: "k", VersionID: "v"}, p)
		assert.ErrorAs(t, err, &none)
	})
}
