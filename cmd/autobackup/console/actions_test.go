package console_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"autobackup/cmd/autobackup/console"
	"autobackup/cmd/autobackup/operations"
	"autobackup/cmd/autobackup/policy/policytest"
	"autobackup/cmd/autobackup/retry"
	"autobackup/local/sqs"
	"autobackup/local/testing/hostile"
)

// acting has the page of somebody's configuration retry and discard.
func (w *world) acting(cfg aws.Config) {
	w.options = func(o *console.Options) { o.Actions = true }
	w.show(cfg)
}

// submit sends a form, and is where it leads, with what it shows.
func (w *world) submit(path string, form url.Values) (status int, address, page string) {
	w.t.Helper()
	return w.does(http.MethodPost, path, form)
}

// planned is a plan that the page shows, with its id.
func (w *world) planned(form url.Values) (id, page string) {
	w.t.Helper()
	status, address, page := w.submit("/plan", form)
	require.Equal(w.t, http.StatusOK, status, page)
	id, is := strings.CutPrefix(address, "/action?id=")
	require.True(w.t, is, address)
	return id, page
}

// done begins what is planned, and waits for what the page shows of its end.
func (w *world) done(id, why string) string {
	w.t.Helper()
	status, address, page := w.submit("/begin", url.Values{"id": {id}, "why": {why}})
	require.Equal(w.t, http.StatusOK, status, page)
	require.Equal(w.t, "/action?id="+id, address)
	return w.ended(id)
}

func (w *world) ended(id string) (page string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		page = w.get("/action?id=" + id)
		return !strings.Contains(page, "<h1>Under way")
	}, 20*time.Second, 20*time.Millisecond)
	return page
}

// fill parks messages that nothing is known of.
func (w *world) fill(queue string, n int) {
	w.t.Helper()
	for i := range n {
		_, err := w.SQS.Send(w.queue(queue), sqs.Outgoing{Body: fmt.Sprintf("message %d", i)})
		require.NoError(w.t, err)
	}
}

func (w *world) held(queue string) int {
	w.t.Helper()
	all, err := w.SQS.Messages(w.queue(queue))
	require.NoError(w.t, err)
	return len(all)
}

// onRecord are the operations that are on record, the newest first.
func (w *world) onRecord() []operations.Done {
	w.t.Helper()
	all, err := operations.Since(w.t.Context(), operations.InAccount(w.AWSConfig(w.region), "dev", account), time.Time{})
	require.NoError(w.t, err)
	return all
}

// ofParked is the form for what is parked.
func ofParked(do string, more ...string) url.Values {
	form := url.Values{"from": {"parked"}, "do": {do}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return form
}

func TestWhatIsParkedIsRetriedToldAndDiscardedFromThePageAsTheCommandsDoIt(t *testing.T) {
	w := newWorld(t)
	w.scenarios()
	w.acting(w.AWSConfig(w.region))

	_, sample := w.ask(http.MethodPost, "/parked", url.Values{"queue": {"autobackup-validation-dlq-dev"}})
	assert.Contains(t, sample, `name="reason" value="MALFORMED_EVENT"`, "what is shown has a form for each reason, and is not hidden from what that does")
	id, plan := w.planned(ofParked("discard", "reason", "MALFORMED_EVENT"))
	assert.Contains(t, words(t, plan), "Plan: Discard them")
	assert.Contains(t, words(t, plan), "autobackup-validation-dlq-dev MALFORMED_EVENT")
	assert.Contains(t, words(t, plan), "Put 1 message on record and delete them? It goes on record as done by arn:aws:")
	before := w.held("validation-dlq")
	assert.Empty(t, w.onRecord(), "a plan changes nothing")
	page := w.done(id, " a test of <b>ticket</b> 4411 ")
	assert.Contains(t, words(t, page), "Discarded: 1 message (1 parked, 0 of autobackup-event-dlq-dev)")
	assert.Contains(t, words(t, page), "result all done, 1 message")
	assert.Equal(t, before-1, w.held("validation-dlq"))
	record := w.onRecord()[0]
	assert.Contains(t, words(t, page), "as "+record.ID)
	assert.Equal(t, "a test of <b>ticket</b> 4411", record.Begin.Why)
	assert.Contains(t, record.Begin.Who, "arn:aws:")
	assert.Equal(t, map[string]string{"from": "parked", "reason": "MALFORMED_EVENT", "since": "336h0m0s"}, record.Begin.Filter)
	assert.Equal(t, 1, record.End.Done)

	id, plan = w.planned(ofParked("tell", "reason", "CONTENT_MISMATCH"))
	assert.Contains(t, words(t, plan), "Send 1 message to autobackup-failure-queue-dev?")
	assert.Contains(t, words(t, w.done(id, "shift change")), "Handed over to be told again: 1 message")
	w.settle()

	id, plan = w.planned(ofParked("retry", "bucket", w.bucket("databases")))
	assert.Contains(t, words(t, plan), "REPLICATION_FAILED")
	assert.NotContains(t, plan, "CONTENT_MISMATCH")
	assert.Contains(t, words(t, w.done(id, "the role is mended")), "Retried: ")

	did := words(t, w.get("/done"))
	for _, want := range []string{"discard 1 of 1", "a test of <b>ticket</b> 4411", "retry to autobackup-failure-queue-dev 1 of 1", "shift change", "--from parked --reason CONTENT_MISMATCH --since 336h0m0s --tell true", "the role is mended", record.ID} {
		assert.Contains(t, did, want)
	}
	assert.Less(t, strings.Index(did, "the role is mended"), strings.Index(did, "shift change"), "the newest first")
}

func TestEventsThatWereNotDeliveredAreRetriedFromThePage(t *testing.T) {
	w := newWorld(t)
	w.acting(w.AWSConfig(w.region))
	w.fill("event-dlq", 3)
	id, plan := w.planned(url.Values{"from": {"event-dlq"}, "do": {"retry"}})
	assert.Contains(t, words(t, plan), "Send 3 messages to autobackup-validation-queue-dev?")
	assert.Contains(t, words(t, w.done(id, "the policy is back")), "Retried: 3 messages (0 parked, 3 of autobackup-event-dlq-dev")
	assert.Zero(t, w.held("event-dlq"))
	w.fill("failure-dlq", 2)
	id, plan = w.planned(url.Values{"from": {"failure-dlq"}, "do": {"retry"}})
	assert.Contains(t, words(t, plan), "Plan: Have them told ")
	assert.Contains(t, words(t, plan), "Send 2 messages to autobackup-failure-queue-dev?")
	assert.Contains(t, words(t, w.done(id, "the topic is back")), "2 of autobackup-failure-dlq-dev)")
}

// The plan is made anew when it is begun, with the most that it was planned with.
func TestWhatCameSinceThePlanIsTakenTooAndNeverMoreThanTheMost(t *testing.T) {
	w := newWorld(t)
	w.acting(w.AWSConfig(w.region))
	w.fill("validation-dlq", 2)
	id, plan := w.planned(ofParked("discard", "max", "3"))
	assert.Contains(t, words(t, plan), "Put 2 messages on record")
	w.fill("validation-dlq", 2)
	page := w.done(id, "w")
	assert.Contains(t, words(t, page), "more than --max: nothing was changed")
	assert.Contains(t, page, "<h1>Not all done: Discard them</h1>")
	assert.Equal(t, 4, w.held("validation-dlq"))
	_, plan = w.planned(ofParked("discard", "max", "3"))
	assert.Contains(t, words(t, plan), "About 4 messages are more than --max 3")
	assert.NotContains(t, plan, `action="/begin"`)
	id, _ = w.planned(ofParked("discard", "max", "3", "all", "true"))
	assert.Contains(t, words(t, w.done(id, "w")), "all done, 4 messages")
	id, plan = w.planned(ofParked("discard"))
	assert.Contains(t, words(t, plan), "Nothing to discard in stage dev")
	status, _, page := w.submit("/begin", url.Values{"id": {id}, "why": {"w"}})
	assert.Equal(t, http.StatusBadRequest, status)
	assert.Contains(t, page, "there is nothing that this plan does")
}

func TestAPlanIsBegunOnceAndForAReasonAlone(t *testing.T) {
	w := newWorld(t)
	w.acting(w.AWSConfig(w.region))
	w.fill("validation-dlq", 1)
	id, _ := w.planned(ofParked("discard"))
	for why, want := range map[string]string{"": "--why is missing", " \t": "--why is missing", strings.Repeat("w", retry.MaxWhy+1): "--why has 1001 bytes"} {
		status, _, page := w.submit("/begin", url.Values{"id": {id}, "why": {why}})
		assert.Equal(t, http.StatusBadRequest, status)
		assert.Contains(t, words(t, page), want)
	}
	assert.Equal(t, 1, w.held("validation-dlq"))
	w.done(id, "w")
	w.fill("validation-dlq", 1)
	assert.Contains(t, words(t, w.done(id, "again")), ":root : w ", "it is shown as it was begun")
	assert.Equal(t, 1, w.held("validation-dlq"), "a form that is sent again does nothing again")
	assert.Len(t, w.onRecord(), 1)
}

func TestAFormThatWasChangedIsRefused(t *testing.T) {
	w := newWorld(t)
	w.acting(w.AWSConfig(w.region))
	w.fill("validation-dlq", 1)
	w.fill("failure-queue", 0)
	for name, form := range map[string]url.Values{
		`nothing is taken from ""`:                   {"do": {"retry"}},
		`nothing is taken from "validation-queue"`:   {"from": {"validation-queue"}, "do": {"discard"}},
		`nothing is taken from "executions"`:         {"from": {"executions"}, "do": {"retry"}},
		`"tell" is nothing that is done with`:        {"from": {"event-dlq"}, "do": {"tell"}},
		`"destroy" is nothing that is done with`:     ofParked("destroy"),
		`--reason "<script>" is unknown`:             ofParked("retry", "reason", "<script>"),
		"--reason is of parked messages":             {"from": {"event-dlq"}, "do": {"discard"}, "reason": {"NONE"}},
		`"soon" is no time`:                          ofParked("retry", "older-than", "soon"),
		"--older-than -1h0m0s is in the future":      ofParked("retry", "older-than", "-1h"),
		"leave nothing between them":                 ofParked("retry", "older-than", "400h"),
		`"many" is no number of messages`:            ofParked("retry", "max", "many"),
		"--max 0 takes nothing":                      ofParked("retry", "max", "0"),
		`"99999999999999999999" is no number of mes`: ofParked("retry", "max", "99999999999999999999"),
	} {
		status, _, page := w.submit("/plan", form)
		assert.Equal(t, http.StatusBadRequest, status, name)
		assert.Contains(t, words(t, page), name)
		assertInert(t, page)
	}
	for _, path := range []string{"/begin", "/stop"} {
		status, _, page := w.submit(path, url.Values{"id": {"guessed"}, "why": {"w"}})
		assert.Equal(t, http.StatusNotFound, status)
		assert.Contains(t, page, "This plan is of another time")
	}
	id, _ := w.planned(ofParked("retry", "reason", "NONE"))
	w.done(id, "w")
	assert.Equal(t, map[string]string{"from": "parked", "reason": "NONE", "since": "336h0m0s"}, w.onRecord()[0].Begin.Filter)
	id, _ = w.planned(ofParked("retry", "reason", "NONE"))
	status, _, _ := w.submit("/begin", url.Values{"id": {id}, "why": {"w"}, "reason": {""}, "from": {"event-dlq"}, "do": {"discard"}, "all": {"true"}})
	require.Less(t, status, 500)
	for _, o := range w.onRecord() {
		assert.Equal(t, "retry", o.Begin.Command, "what was shown is done, whatever else a form says")
	}
}

// A page that may not act has no form that does, and does nothing for who sends one all the same.
func TestWithoutAllowActionsNothingIsDone(t *testing.T) {
	w := newWorld(t)
	w.scenarios()
	_, sample := w.ask(http.MethodPost, "/parked", url.Values{"queue": {"autobackup-validation-dlq-dev"}})
	for _, page := range []string{w.get("/parked"), sample} {
		assert.NotContains(t, page, `action="/plan"`)
		assert.NotContains(t, words(t, page), "Retry or discard")
	}
	before := w.held("validation-dlq")
	for _, path := range []string{"/plan", "/begin", "/stop"} {
		status, _, page := w.submit(path, ofParked("discard"))
		assert.Equal(t, http.StatusForbidden, status, path)
		assert.Contains(t, words(t, page), "This page changes nothing It was started without --allow-actions")
	}
	assert.Equal(t, before, w.held("validation-dlq"))
	assert.Empty(t, w.onRecord())

	w.acting(w.AWSConfig(w.region))
	assert.Contains(t, w.get("/parked"), `action="/plan"`)
	for _, path := range []string{"/plan", "/begin", "/stop"} {
		status, _ := w.ask(http.MethodGet, path, nil)
		assert.Equal(t, http.StatusMethodNotAllowed, status, "no link does anything")
	}
}

// A form of a page of elsewhere, with all that a browser would send, changes nothing.
func TestNoOtherPageHasAnythingDone(t *testing.T) {
	w := newWorld(t)
	w.acting(w.AWSConfig(w.region))
	w.fill("validation-dlq", 1)
	id, _ := w.planned(ofParked("discard"))
	for name, header := range map[string]map[string]string{
		"a form of elsewhere":              {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"},
		"a form of another port":           {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"},
		"a form of a sandboxed report":     {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
		"a form of nobody knows where":     {},
		"an old browser's, from a page":    {"Referer": "http://evil.example/"},
		"a form by a name that leads here": {"Origin": "http://evil.example", "Host": "evil.example"},
	} {
		for path, form := range map[string]url.Values{"/plan": ofParked("discard"), "/begin": {"id": {id}, "why": {"w"}}, "/stop": {"id": {id}}} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.address+path, strings.NewReader(form.Encode()))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for name, value := range header {
				r.Header.Set(name, value)
			}
			if header["Host"] != "" {
				r.Host = header["Host"]
			}
			answer, err := w.browser.Do(r) // which has the cookie
			require.NoError(t, err)
			_ = answer.Body.Close()
			assert.Contains(t, []int{http.StatusForbidden, http.StatusMisdirectedRequest}, answer.StatusCode, "%s to %s", name, path)
		}
	}
	assert.Equal(t, 1, w.held("validation-dlq"))
	assert.Empty(t, w.onRecord())
}

// pausing has each call that deletes messages wait, and says when one does.
func pausing(cfg aws.Config) (paused aws.Config, at chan struct{}, goOn chan struct{}) {
	at, goOn = make(chan struct{}, 100), make(chan struct{})
	cfg = cfg.Copy()
	cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Pause", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			if middleware.GetOperationName(ctx) == "DeleteMessageBatch" {
				at <- struct{}{}
				<-goOn
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.After)
	})
	return cfg, at, goOn
}

// Who stops, and who ends the program, ends an action after the ten messages under way; it says so
// on record. Who closes the page ends nothing.
func TestAnActionIsNeverCutInTheMiddleOfAPageOfMessages(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(w *world, id string, program context.CancelFunc)
		left int
	}{
		"stopped":            {func(w *world, id string, _ context.CancelFunc) { w.submit("/stop", url.Values{"id": {id}}) }, 15},
		"the program ends":   {func(_ *world, _ string, program context.CancelFunc) { program() }, 15},
		"the page is closed": {func(w *world, _ string, _ context.CancelFunc) { w.browser.CloseIdleConnections() }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fill("validation-dlq", 25)
			cfg, at, goOn := pausing(w.AWSConfig(w.region))
			page, err := console.Open(t.Context(), "--listen", "127.0.0.1:0")
			require.NoError(t, err)
			program, stop := context.WithCancel(t.Context())
			defer stop()
			over := make(chan error, 1)
			go func() {
				over <- page.Serve(program, cfg, console.Options{Stage: "dev", Now: w.Clock.Now, Actions: true})
			}()
			w.open(page.URL)
			id, _ := w.planned(ofParked("discard"))
			status, _, shown := w.submit("/begin", url.Values{"id": {id}, "why": {"w"}})
			require.Equal(t, http.StatusOK, status)
			<-at // ten are on record, and not deleted yet
			assert.Contains(t, words(t, shown), "Under way: Discard them Since ")
			assert.Contains(t, shown, `data-live="2"`)
			c.end(w, id, stop)
			time.Sleep(100 * time.Millisecond)
			select {
			case err := <-over:
				require.NoError(t, err)
				require.Fail(t, "the program ended in the middle of a page")
			default:
			}
			close(goOn)
			if name != "the program ends" {
				page := w.ended(id)
				assert.Contains(t, words(t, page), map[bool]string{true: "result interrupted after 10 messages", false: "result all done, 25 messages"}[c.left > 0])
				assert.Contains(t, page, map[bool]string{true: "<h1>Stopped: Discard them</h1>", false: "<h1>Done: Discard them</h1>"}[c.left > 0])
				stop()
			}
			require.NoError(t, <-over)
			assert.Equal(t, c.left, w.held("validation-dlq"))
			record := w.onRecord()[0]
			require.NotNil(t, record.End)
			assert.Equal(t, c.left > 0, record.End.Interrupted)
			assert.Equal(t, 25-c.left, record.End.Done)
		})
	}
}

func TestWhatEndsAnActionIsTold(t *testing.T) {
	w := newWorld(t)
	w.fill("validation-dlq", 1)
	cfg := w.AWSConfig(w.region)
	var lock sync.Mutex
	broken := false
	cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Break", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (out middleware.InitializeOutput, m middleware.Metadata, err error) {
			lock.Lock()
			defer lock.Unlock()
			if broken && middleware.GetOperationName(ctx) == "SendMessageBatch" {
				return out, m, fmt.Errorf("broken <on purpose>")
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.After)
	})
	w.acting(cfg)
	id, _ := w.planned(ofParked("retry"))
	lock.Lock()
	broken = true
	lock.Unlock()
	page := w.done(id, "w")
	assert.Contains(t, words(t, page), "send 1 message to autobackup-validation-queue-dev")
	assert.Contains(t, words(t, page), "broken <on purpose>")
	assert.Contains(t, page, "<h1>Ended by an error: Have them looked at again</h1>")
	assert.Contains(t, words(t, w.get("/done")), "0 of 1, ended by an error")
	assertInert(t, page)
}

// Whatever stands in messages, reasons, whys and records ends no text and runs nothing.
func TestHostileTextsBreakOutOfNoAction(t *testing.T) {
	w := newWorld(t)
	w.acting(w.AWSConfig(w.region))
	for _, key := range hostile.Keys {
		body, err := json.Marshal(map[string]any{"source": "aws.s3", "detail-type": "Object Created", "region": w.region, "detail": map[string]any{
			"bucket": map[string]string{"name": w.bucket("documents")}, "object": map[string]string{"key": key, "version-id": "v"}}})
		require.NoError(t, err)
		attributes := map[string]sqs.Attribute{}
		for _, name := range []string{"reason", "detail", "execution"} {
			attributes[name] = sqs.Attribute{DataType: "String", Value: sendable(key)}
		}
		_, err = w.SQS.Send(w.queue("validation-dlq"), sqs.Outgoing{Body: string(body), Attributes: attributes})
		require.NoError(t, err)
		w.record(begun(t, key))
	}
	assertInert(t, w.get("/done"))
	_, sample := w.ask(http.MethodPost, "/parked", url.Values{"queue": {"autobackup-validation-dlq-dev"}})
	assertInert(t, sample)
	id, plan := w.planned(ofParked("tell"))
	assertInert(t, plan)
	assertInert(t, w.done(id, "w"))
	w.settle()
	for _, key := range hostile.Keys {
		w.fill("event-dlq", 1)
		id, plan := w.planned(url.Values{"from": {"event-dlq"}, "do": {"discard"}})
		assertInert(t, plan)
		why := key[:min(len(key), retry.MaxWhy)] + "!"
		status, _, page := w.submit("/begin", url.Values{"id": {id}, "why": {why[:min(len(why), retry.MaxWhy)]}})
		require.Equal(t, http.StatusOK, status, page)
		assertInert(t, page)
		assertInert(t, w.ended(id))
	}
	assertInert(t, w.get("/done"))
}

// record writes what somebody may have written below operations/.
func (w *world) record(name string, content []byte) {
	w.t.Helper()
	client := s3.NewFromConfig(w.AWSConfig(w.region), func(o *s3.Options) { o.UsePathStyle = true })
	_, err := client.PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: aws.String("autobackup-dev-work-" + account), Key: &name, Body: strings.NewReader(string(content))})
	require.NoError(w.t, err)
}

var numbered int

// begun is the record of an operation that says the same of everything.
func begun(t *testing.T, text string) (name string, content []byte) {
	t.Helper()
	numbered++
	content, err := json.Marshal(operations.Begin{Command: text, Who: text, At: time.Now(), Why: text, To: text, Filter: map[string]string{text: text}, Found: 1})
	require.NoError(t, err)
	return fmt.Sprintf("operations/29990101T000000Z-%d<b>\u202e/begin.json", numbered), content
}

// Each permission is needed that --allow-actions adds, and what is missing is told by its name.
func TestActionsTellEachPermissionThatTheyLack(t *testing.T) {
	w := newWorld(t)
	args := []string{"console", "--stage", "dev", "--region", w.region, "--account", account, "--kms-key", "arn:aws:kms:" + w.region + ":" + account + ":key/autobackup-dev-SQSKey"}
	reads, p := policytest.Print(t, args...), policytest.Print(t, append(args, "--allow-actions")...)
	act := func(p policytest.Printed) string {
		user, err := w.Gate.User("ops", p)
		require.NoError(t, err)
		w.acting(w.AWSConfigOf(user, w.region))
		said := ""
		for _, form := range []url.Values{ofParked("retry"), ofParked("tell"), ofParked("discard"), {"from": {"event-dlq"}, "do": {"retry"}}, {"from": {"event-dlq"}, "do": {"discard"}}, {"from": {"failure-dlq"}, "do": {"retry"}}} {
			w.fill("validation-dlq", 1)
			w.fill("event-dlq", 1)
			w.fill("failure-dlq", 1)
			status, address, page := w.submit("/plan", form)
			said += page
			if id, is := strings.CutPrefix(address, "/action?id="); is && status == http.StatusOK {
				said += w.done(id, "w")
			}
		}
		return html.UnescapeString(said)
	}
	require.NotContains(t, act(p), "not authorized")
	known := map[string]bool{}
	for lacks := range reads.Without() {
		known[lacks] = true
	}
	n := 0
	for lacks, without := range p.Without() {
		action, sid, _ := strings.Cut(lacks, " in ")
		if known[lacks] || sid == "WorkKeys" || action == "sqs:ChangeMessageVisibility" { // what it left shows by itself, later
			continue
		}
		assert.Contains(t, act(without), "is not authorized to perform: "+action, lacks)
		n++
	}
	assert.Equal(t, 5, n, "sending, deleting in two places, recording, and the queues' key")
	for lacks := range known {
		assert.Regexp(t, regexp.MustCompile(`^\w+:(Get|List|Describe|Head|Lookup|Receive|Decrypt|Invoke|Filter)`), lacks, "without actions the page reads")
	}
}
