package console_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"autobackup/cmd/autobackup/policy/policytest"
	"autobackup/cmd/autobackup/report"
	"autobackup/local/sqs"
	"autobackup/local/states"
	"autobackup/local/testing/hostile"
)

func (w *world) queue(kind string) string {
	return "arn:aws:sqs:" + w.region + ":" + account + ":autobackup-" + kind + "-dev"
}

// scenarios are those of the demo: uploads that are verified, late, corrupted and not replicated,
// and a message that is no event; and an audit of the stage.
func (w *world) scenarios() {
	w.t.Helper()
	w.put(w.bucket("documents"), "2026/contract.pdf", "content")
	w.settle()
	w.put(w.bucket("media"), "photo.jpg", "content")
	w.put(w.bucket("media"), "slow.mov", "content")
	w.put(w.bucket("databases"), "orders.dump", "content")
	_, err := w.SQS.Send(w.queue("validation-queue"), sqs.Outgoing{Body: "hello"})
	require.NoError(w.t, err)
	w.settle()
	_, err = w.States.StartExecution("arn:aws:states:"+w.region+":"+account+":stateMachine:autobackup-audit-dev", []byte("{}"))
	require.NoError(w.t, err)
	w.settle()
}

// validations are the executions that validate, the oldest first.
func (w *world) validations() (all []states.Execution) {
	for _, e := range w.States.Executions() {
		if strings.Contains(e.ARN, ":autobackup-validation-") {
			all = append(all, e)
		}
	}
	return all
}

// of is the page of the execution whose messages have something in their bodies.
func (w *world) of(object string) string {
	w.t.Helper()
	for _, e := range w.validations() {
		if strings.Contains(string(e.Input), object) {
			return "/execution?name=" + e.Name
		}
	}
	require.Fail(w.t, "no execution has "+object)
	return ""
}

// report is the folder of a report of the audit, and the address of its page.
func (w *world) report() (folder, file string) {
	w.t.Helper()
	seen := map[string]bool{"/audits": true}
	for at := []string{"/audits"}; len(at) > 0; at = at[1:] {
		for _, link := range links(w.t, w.get(at[0])) {
			if strings.HasPrefix(link, "/audits/file?") && strings.HasSuffix(link, "report.html") {
				return at[0], link
			}
			if strings.HasPrefix(link, "/audits?in=") && !seen[link] {
				seen[link] = true
				at = append(at, link)
			}
		}
	}
	require.Fail(w.t, "no audit has left a report")
	return "", ""
}

// links are the addresses that a page has.
func links(t *testing.T, page string) (all []string) {
	t.Helper()
	parsed, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	for n := range parsed.Descendants() {
		for _, a := range n.Attr {
			if n.Data == "a" && a.Key == "href" {
				all = append(all, a.Val)
			}
		}
	}
	return all
}

// pages are addresses of all pages, with what there is to show.
func (w *world) pages() map[string]string {
	folder, _ := w.report()
	execution := w.of("photo.jpg")
	stay := ""
	for _, link := range links(w.t, w.get(execution)) {
		if strings.HasPrefix(link, "/stay?") {
			stay = link
		}
	}
	return map[string]string{"overview": "/", "executions": "/executions", "execution": execution, "stay": stay, "parked": "/parked", "done": "/done", "audits": folder}
}

// words is the text that a page shows, in one line.
func words(t require.TestingT, page string) string {
	parsed, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	var b strings.Builder
	for n := range parsed.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "title" {
			b.WriteString(n.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func TestTheOverviewIsWhatStatusShows(t *testing.T) {
	w := newWorld(t)
	w.scenarios()
	shown := words(t, w.get("/"))
	assert.Regexp(t, `^dev 123456789012 `+w.region+` Overview Executions Parked What people did Audits as of 20\S+ \S+ UTC `, strings.TrimPrefix(shown, "To the content "))
	assert.Contains(t, shown, "FAIL autobackup-validation-dlq-dev ")
	assert.Contains(t, shown, "messages parked, and waiting for a decision")
	assert.Contains(t, shown, "mend autobackup parked --stage dev --region ")
	assert.Contains(t, shown, "verified 2 in the last hour, 2 in 24 hours")
	assert.Regexp(t, `audit: 20\S+: \d+ versions listed, `, shown)
	assert.Regexp(t, `Result: [1-9]\d* failed, \d+ warnings?, 0 unknown exit 1 `, shown)
	assert.NotContains(t, shown, "?")
}

func TestExecutionsAreListedByStatusPageByPage(t *testing.T) {
	w := newWorld(t)
	w.scenarios()
	shown := words(t, w.get("/executions"))
	for _, e := range w.validations() {
		assert.Contains(t, shown, e.Name)
	}
	assert.Contains(t, words(t, w.get("/executions?status=RUNNING")), "Of the status RUNNING , the newest first.")
	assert.Contains(t, words(t, w.get("/executions?status=RUNNING")), "execution none")
	status, text := w.ask(http.MethodGet, "/executions?status=BROKEN", nil)
	assert.Equal(t, http.StatusNotFound, status)
	assert.Contains(t, text, "Executions have no such status.")
	for range 51 {
		_, err := w.States.StartExecution("arn:aws:states:"+w.region+":"+account+":stateMachine:autobackup-validation-dev", []byte("[]"))
		require.NoError(t, err)
	}
	w.settle()
	seen, at, pages := map[string]bool{}, "/executions", 0
	for at != "" {
		next := ""
		for _, link := range links(t, w.get(at)) {
			if strings.HasPrefix(link, "/execution?") {
				seen[link] = true
			}
			if strings.Contains(link, "next=") {
				next = link
			}
		}
		at, pages = next, pages+1
	}
	assert.Len(t, seen, len(w.validations()))
	assert.Equal(t, 2, pages)
}

func TestAnExecutionIsItsObjectsItsGraphAndItsHistory(t *testing.T) {
	w := newWorld(t)
	w.scenarios()
	page := w.get(w.of("photo.jpg"))
	shown := words(t, page)
	assert.Contains(t, shown, "s3://"+w.bucket("media")+"/photo.jpg@")
	assert.Regexp(t, `/photo\.jpg@\S+ failed CONTENT_MISMATCH`, shown)
	assert.Regexp(t, `/slow\.mov@\S+ verified by full-object checksum CRC64NVME`, shown)
	assert.Regexp(t, `/orders\.dump@\S+ failed REPLICATION_FAILED`, shown)
	assert.Contains(t, shown, "bucket "+w.bucket("media")+" "+w.region+" autobackup-dev-replica-media-"+account+" "+w.second)
	assert.Contains(t, page, `<g class="took">`)
	assert.Regexp(t, `<text class="name"[^>]*>WaitForReplication</text><text[^>]*>\d+ times, \d+m`, page, "the waits, with their time")
	assert.Contains(t, page, "ParkFailures to TellFailures: 2 times")
	assert.Contains(t, shown, "ParkFailure 4 0 0", "what is inside of a Map is in the table")
	assert.Regexp(t, `<text class="name"[^>]*>ParkFailure</text><text[^>]*>4 times`, page, "and in a graph of its own")
	assert.Contains(t, shown, "Inside of ParkFailures")
	assert.NotContains(t, shown, "Inside of ReadRanges", "where it has not been")
	for _, state := range []string{"FetchETags", "CompareETags", "Verdicts", "Done"} {
		assert.Contains(t, shown, "data of "+state)
	}
	stay := w.pages()["stay"]
	assert.Contains(t, words(t, w.get(stay)), `Input { "`)
	for path, want := range map[string]string{
		"/execution?name=none":                                   "The stage has no such execution",
		"/execution?name=":                                       "An execution is named by its name.",
		"/execution?name=a:stateMachine:b":                       "An execution is named by its name.",
		"/stay?stay=1&" + w.of("photo.jpg")[len("/execution?"):]: "No stay in a state began with this event",
	} {
		status, text := w.ask(http.MethodGet, path, nil)
		assert.Equal(t, http.StatusNotFound, status, path)
		assert.Contains(t, text, want, path)
	}
}

func TestWithoutAHistoryNothingIsSaidOfStates(t *testing.T) {
	w := newWorld(t)
	w.scenarios()
	at := w.of("contract.pdf")
	w.States.KeepHistory = false
	page := w.get(at)
	shown := words(t, page)
	assert.Contains(t, shown, "Where it has been is not known: ? GetExecutionHistory answered")
	assert.Contains(t, shown, "verified by full-object checksum", "which its output says")
	assert.NotContains(t, page, `class="took"`)
}

// A look hides messages, so nothing is looked at before somebody asks.
func TestParkedMessagesAreASampleOnRequest(t *testing.T) {
	w := newWorld(t)
	w.scenarios()
	before := words(t, w.get("/parked"))
	assert.NotContains(t, before, "received.")
	assert.Contains(t, before, "is hidden from colleagues and from a move for 30 seconds")
	status, page := w.ask(http.MethodPost, "/parked", url.Values{"queue": {"autobackup-validation-dlq-dev"}})
	assert.Equal(t, http.StatusOK, status)
	shown := words(t, page)
	for _, want := range []string{"CONTENT_MISMATCH", "REPLICATION_FAILED", "MALFORMED_EVENT", "docs/verdicts.md#content_mismatch", "autobackup explain 's3://" + w.bucket("media") + "/photo.jpg?versionId=", "body of message"} {
		assert.Contains(t, shown, want)
	}
	assert.Contains(t, shown, "once the cause is gone aws sqs start-message-move-task --region "+w.region+" --source-arn "+w.queue("validation-dlq")+" --destination-arn "+w.queue("validation-queue"))
	_, page = w.ask(http.MethodPost, "/parked", url.Values{"queue": {"autobackup-validation-dlq-dev"}})
	assert.Contains(t, words(t, page), "0 received: it is empty, or somebody holds what it has", "they are hidden")
	status, page = w.ask(http.MethodPost, "/parked", url.Values{"queue": {"autobackup-validation-queue-dev"}})
	assert.Equal(t, http.StatusNotFound, status, "which would take messages from the pipe")
	assert.Contains(t, page, "parks messages in no such queue")
}

// The facts of one that somebody has edited are about another.
func TestAnEditedMessageIsToldWithoutItsFacts(t *testing.T) {
	w := newWorld(t)
	facts := `{"verdict":"failed","replicas":[{"bucket":"theirs","verdict":"failed","reason":"SIZE_MISMATCH"}]}`
	attributes := map[string]sqs.Attribute{}
	for name, value := range map[string]string{"reason": "SIZE_MISMATCH", "facts": facts, "sum": "00000000", "execution": "<script>"} {
		attributes[name] = sqs.Attribute{DataType: "String", Value: value}
	}
	_, err := w.SQS.Send(w.queue("validation-dlq"), sqs.Outgoing{Body: "{}", Attributes: attributes})
	require.NoError(t, err)
	_, page := w.ask(http.MethodPost, "/parked", url.Values{"queue": {"autobackup-validation-dlq-dev"}})
	assert.Contains(t, words(t, page), "Somebody has edited it since it was parked")
	assert.NotContains(t, page, "theirs")
	assert.NotContains(t, page, "the execution that parked it")
}

func TestAReportOfAnAuditIsOpenedWithoutTheRightsOfThePage(t *testing.T) {
	w := newWorld(t)
	w.scenarios()
	folder, at := w.report()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.address+at, nil)
	require.NoError(t, err)
	answer, err := w.browser.Do(r)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	assert.Equal(t, http.StatusOK, answer.StatusCode)
	assert.True(t, strings.HasPrefix(answer.Header.Get("Content-Security-Policy"), "sandbox; default-src 'none';"), answer.Header)
	assert.Equal(t, "text/html; charset=utf-8", answer.Header.Get("Content-Type"))
	for _, link := range links(t, w.get(folder)) {
		if strings.HasSuffix(link, "findings.csv") {
			r.URL.RawQuery = strings.TrimPrefix(link, "/audits/file?")
			other, err := w.browser.Do(r)
			require.NoError(t, err)
			_ = other.Body.Close()
			assert.Equal(t, "attachment; filename=findings.csv", other.Header.Get("Content-Disposition"))
		}
	}
	for path, want := range map[string]int{"/audits/file?key=audits/none.html": http.StatusNotFound, "/audits/file?key=attached/x": http.StatusNotFound, "/audits?in=attached/": http.StatusNotFound, "/audits?in=audits": http.StatusNotFound} {
		status, _ := w.ask(http.MethodGet, path, nil)
		assert.Equal(t, want, status, path)
	}
}

// Keys, reasons and names that others chose end no text and run nothing, and no page loads
// anything from elsewhere.
func TestHostileKeysBreakOutOfNoPage(t *testing.T) {
	w := newWorld(t)
	for _, key := range hostile.Uploadable() {
		w.put(w.bucket("documents"), key, "content")
	}
	w.settle()
	for _, key := range hostile.Keys {
		body, err := json.Marshal(map[string]string{"key": key})
		require.NoError(t, err)
		attributes := map[string]sqs.Attribute{}
		for _, name := range []string{"reason", "detail", "facts", "execution", "alerts"} {
			attributes[name] = sqs.Attribute{DataType: "String", Value: sendable(key)}
		}
		_, err = w.SQS.Send(w.queue("validation-dlq"), sqs.Outgoing{Body: string(body), Attributes: attributes})
		require.NoError(t, err)
	}
	shown := ""
	for _, e := range w.validations() {
		page := w.get("/execution?name=" + e.Name)
		assertInert(t, page)
		shown += page
	}
	for range 12 {
		_, page := w.ask(http.MethodPost, "/parked", url.Values{"queue": {"autobackup-validation-dlq-dev"}})
		assertInert(t, page)
	}
	text := words(t, shown)
	for _, key := range []string{"<script>alert(1)</script>", "</code><img src=x onerror=alert(1)>", "{{.}}", "\u202egnp.exe"} {
		assert.Contains(t, text, report.Visible(key))
	}
}

// sendable is a text that SQS takes as an attribute.
func sendable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// assertInert: a page has its own script alone, loads nothing else, and shows nothing hidden.
func assertInert(t *testing.T, page string) {
	t.Helper()
	parsed, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	for n := range parsed.Descendants() {
		for _, a := range n.Attr {
			assert.False(t, strings.HasPrefix(a.Key, "on") || a.Key == "style", "%s of <%s>", a.Key, n.Data)
			switch a.Key {
			case "src", "href", "action":
				assert.True(t, strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "//") || strings.HasPrefix(a.Val, "#"), "%s=%q of <%s>", a.Key, a.Val, n.Data)
			}
		}
		if n.Type == html.ElementNode {
			assert.NotContains(t, []string{"img", "iframe", "object", "embed", "base", "style"}, n.Data)
		}
		if n.Data == "script" {
			assert.Equal(t, []html.Attribute{{Key: "src", Val: "/live.js"}, {Key: "defer"}}, n.Attr)
		}
	}
	for _, hidden := range []string{"\u202e", "\u2066", "\x1b", "\u2028", "\u009b"} {
		assert.NotContains(t, page, hidden)
	}
}

// Each of these permissions is needed beside doctor's, and what is missing is told by its name.
func TestThePageTellsEachPermissionThatItLacks(t *testing.T) {
	w := newWorld(t)
	w.scenarios()
	w.record(begun(t, "w"))
	pages := w.pages()
	_, file := w.report()
	p := policytest.Print(t, "console", "--stage", "dev", "--region", w.region, "--account", account,
		"--kms-key", "arn:aws:kms:"+w.region+":"+account+":key/autobackup-dev-SQSKey")
	look := func(p policytest.Printed) string {
		user, err := w.Gate.User("ops", p)
		require.NoError(t, err)
		cfg := w.AWSConfigOf(user, w.region)
		w.show(cfg)
		all := ""
		for _, path := range pages {
			_, text := w.ask(http.MethodGet, path, nil)
			all += words(t, text)
		}
		_, text := w.ask(http.MethodGet, file, nil)
		all += words(t, text)
		for _, kind := range []string{"validation-dlq", "failure-dlq", "event-dlq"} {
			_, err := w.SQS.Send(w.queue(kind), sqs.Outgoing{Body: "parked"})
			require.NoError(t, err)
			_, text := w.ask(http.MethodPost, "/parked", url.Values{"queue": {"autobackup-" + kind + "-dev"}})
			all += words(t, text)
		}
		return all
	}
	all := look(p)
	if _, told, lacking := strings.Cut(all, "(grant "); lacking {
		require.Fail(t, "with the whole policy it lacks "+told[:min(len(told), 300)])
	}
	n := 0
	for lacks, without := range p.Without() {
		action, resource, _ := strings.Cut(lacks, " ")
		switch {
		case strings.Contains(resource, "WorkKeys"): // this stage's working bucket has none
			continue
		case action == "cloudtrail:LookupEvents": // where something of a bucket is wrong
			continue
		}
		assert.Contains(t, look(without), "(grant "+action+")", lacks)
		n++
	}
	assert.Greater(t, n, 20)
}
