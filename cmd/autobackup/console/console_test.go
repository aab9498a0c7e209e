package console_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"autobackup/cmd/autobackup/policy/policytest"
	"autobackup/cmd/autobackup/report"
	"autobackup/internal/alert"
	"autobackup/local/sns"
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
	together := w.Clock.Work() // in one batch, however long it takes
	w.put(w.bucket("media"), "photo.jpg", "content")
	w.put(w.bucket("media"), "slow.mov", "content")
	w.put(w.bucket("databases"), "orders.dump", "content")
	_, err := w.SQS.Send(w.queue("validation-queue"), sqs.Outgoing{Body: "hello"})
	together()
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
	return map[string]string{"overview": "/", "executions": "/executions", "execution": execution, "stay": stay, "looks": "/looks?reason=CONTENT_MISMATCH", "parked": "/parked", "done": "/done", "e-mails": "/emails", "audits": folder}
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
	assert.Regexp(t, `^dev 123456789012 `+w.region+` Overview Executions Parked What people did E-mails Audits as of 20\S+ \S+ UTC `, strings.TrimPrefix(shown, "To the content "))
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
	assert.Regexp(t, `found object missing bytes 7 – ETag "[0-9a-f]{32}" – checksum CRC64NVME \S+ \(FULL_OBJECT\) – encryption AES256 – replication FAILED –`, shown, "what is missing has no size")
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

func TestEMailsAreShownAsTheyWereSent(t *testing.T) {
	w := newWorld(t)
	w.scenarios()
	sent := w.SNS.Published()
	var mails []sns.Publication
	for _, p := range sent { // an audit's is published by its state machine
		if strings.Contains(p.Subject, "Backup check failed") {
			mails = append(mails, p)
		}
	}
	require.NotEmpty(t, mails)
	page := w.get("/emails")
	parsed, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	var texts []string
	for n := range parsed.Descendants() {
		if n.Data == "pre" {
			texts = append(texts, n.FirstChild.Data)
		}
	}
	require.Len(t, texts, len(mails))
	for i, m := range mails {
		assert.Equal(t, m.Message, texts[len(mails)-1-i], "the newest first")
		assert.Contains(t, page, m.ID)
		assert.Contains(t, words(t, page), m.Time.UTC().Format("2006-01-02 15:04")) // the line is written behind it
		assert.Contains(t, words(t, page), m.Subject)
	}
	assert.Len(t, sent, len(mails)+1, "the audit's is not here, and the page says so")
	assert.Contains(t, words(t, page), "Not here: what others send to the same topic, which are alarms' e-mails by CloudWatch")
	assert.Contains(t, words(t, page), "1 hour 24 hours 7 days 90 days")

	began := w.Clock.Now()
	require.NoError(t, w.Clock.Sleep(t.Context(), 2*time.Hour))
	shown := words(t, w.get("/emails?window=1h"))
	assert.Contains(t, shown, " None.")
	assert.Regexp(t, `Searched: the log from `+began.Add(time.Hour).UTC().Format("2006-01-02 15:04")+`:\d\d UTC to `+began.Add(2*time.Hour).UTC().Format("2006-01-02 15:04")+`:\d\d UTC\.`, shown)
	assert.NotContains(t, shown, "Older lines are not here")
	status, text := w.ask(http.MethodGet, "/emails?window=2h", nil)
	assert.Equal(t, http.StatusNotFound, status)
	assert.Contains(t, text, "one of the windows that the page names")
}

// Of many e-mails the newest are shown, and the page says since when.
func TestThePageSaysWhereTheLogWasCut(t *testing.T) {
	w := newWorld(t)
	for i := range 60 {
		line, err := json.Marshal(map[string]any{"msg": alert.Sent, "email": alert.Copy{Subject: fmt.Sprintf("subject %d.", i), Message: "text"}})
		require.NoError(t, err)
		require.NoError(t, w.log("failure-notifier", string(line)))
		require.NoError(t, w.Clock.Sleep(t.Context(), time.Second))
	}
	page := w.get("/emails")
	shown := words(t, page)
	assert.Contains(t, shown, "Older lines are not here: the newest 50 are told.")
	assert.Contains(t, shown, "subject 59.")
	assert.Contains(t, shown, "subject 10.")
	assert.NotContains(t, shown, "subject 9.")
	assert.Equal(t, 1, strings.Count(page, "<details open>"))
}

func TestLooksAreFoundByBucketKeyAndReason(t *testing.T) {
	w := newWorld(t)
	w.scenarios()
	of := func(pairs ...string) (rows []string, page string) {
		query := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			query.Set(pairs[i], pairs[i+1])
		}
		page = w.get("/looks?" + query.Encode())
		parsed, err := html.Parse(strings.NewReader(page))
		require.NoError(t, err)
		for n := range parsed.Descendants() {
			if n.Data == "tr" && n.Parent.Data == "tbody" {
				var row strings.Builder
				require.NoError(t, html.Render(&row, n))
				rows = append(rows, words(t, "<table>"+row.String()+"</table>"))
			}
		}
		return rows, page
	}
	rows, page := of("reason", "CONTENT_MISMATCH")
	require.Len(t, rows, 1)
	assert.Regexp(t, `^20\S+ \S+ UTC failed CONTENT_MISMATCH .*s3://`+w.bucket("media")+`/photo\.jpg@\S+ 1 \S+$`, rows[0])
	assert.Contains(t, links(t, page), w.of("photo.jpg"), "the execution is linked")
	assert.Contains(t, words(t, page), "that came to CONTENT_MISMATCH , the newest first")
	assert.Contains(t, words(t, page), "AWS's list of prices has none for such a search.")

	rows, _ = of("bucket", w.bucket("media"), "key", "slow.mov")
	require.Greater(t, len(rows), 2)
	assert.Contains(t, rows[0], " verified by full-object checksum")
	for _, row := range rows[1:] {
		assert.Contains(t, row, " lagging ")
	}
	rows, _ = of("key", "2026/con")
	assert.Equal(t, []string{"none"}, rows, "a key is all of it")
	rows, page = of("key", "2026/con", "begins", "yes")
	assert.Len(t, rows, 1)
	assert.Contains(t, words(t, page), "whose key begins with 2026/con ")
	assert.Contains(t, page, `name="key" value="2026/con"`)
	rows, _ = of("bucket", w.bucket("documents"), "key", "photo.jpg")
	assert.Equal(t, []string{"none"}, rows)
	require.NoError(t, w.Clock.Sleep(t.Context(), 2*time.Hour))
	rows, _ = of("reason", "CONTENT_MISMATCH", "window", "1h")
	assert.Equal(t, []string{"none"}, rows)

	rows, page = of("begins", "yes")
	assert.Empty(t, rows)
	assert.Contains(t, words(t, page), "Looks are found by a bucket, a key or a reason: name one of them.")
	status, text := w.ask(http.MethodGet, "/looks?reason=BROKEN", nil)
	assert.Equal(t, http.StatusNotFound, status)
	assert.Contains(t, text, "Versions have no such reason.")
	assert.Contains(t, w.get("/executions"), `<form class="find" method="get" action="/looks">`)
}

// Whoever may write to the log may write of any execution.
func TestAnExecutionThatIsNoneOfTheStagesIsNotLinked(t *testing.T) {
	w := newWorld(t)
	for i, execution := range []string{"arn:aws:states:" + w.region + ":" + account + ":execution:other:e", "arn:aws:states:" + w.region + ":" + account + ":execution:autobackup-validation-dev:a?b", "javascript:x"} {
		line, err := json.Marshal(map[string]any{"msg": "failed", "bucket": "b", "key": fmt.Sprint(i), "version": "v", "looks": 1, "execution": execution})
		require.NoError(t, err)
		require.NoError(t, w.log("compare-etags", string(line)))
	}
	page := w.get("/looks?bucket=b")
	assert.Equal(t, 3, strings.Count(words(t, page), "none of the stage's"))
	for _, link := range links(t, page) {
		assert.NotContains(t, link, "/execution?")
	}
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
	for _, code := range []string{"CONTENT_MISMATCH", "REPLICATION_FAILED"} {
		assert.Contains(t, shown, "have all that is parked for it looked at again, once the cause is gone autobackup retry --stage dev --region "+w.region+" --reason "+code+" --why WHY ")
	}
	assert.NotContains(t, shown, "start-message-move-task", "which moves what is parked for other reasons, too")
	_, page = w.ask(http.MethodPost, "/parked", url.Values{"queue": {"autobackup-validation-dlq-dev"}})
	assert.Contains(t, words(t, page), "0 received: it is empty, or somebody holds what it has", "they are hidden")
	status, page = w.ask(http.MethodPost, "/parked", url.Values{"queue": {"autobackup-validation-queue-dev"}})
	assert.Equal(t, http.StatusNotFound, status, "which would take messages from the pipe")
	assert.Contains(t, page, "parks messages in no such queue")
}

// The command is what other screens and e-mails print of such a key.
func TestWhatIsParkedOfAnOddKeyIsExplainedByACommandToo(t *testing.T) {
	w := newWorld(t)
	w.put(w.bucket("documents"), oddKey, "content")
	w.settle()
	_, page := w.ask(http.MethodPost, "/parked", url.Values{"queue": {"autobackup-validation-dlq-dev"}})
	assert.Contains(t, words(t, page), `explain autobackup explain --object '{"Bucket":"`+w.bucket("documents")+`","Key":"rtl\u202egnp.\nexe\u0027","VersionId":"`)
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
	texts := ""
	for _, key := range hostile.Keys {
		page := w.get("/looks?" + url.Values{"key": {key}, "bucket": {key}}.Encode())
		assertInert(t, page)
		for _, name := range []string{"msg", "reason", "evidence", "detail", "version"} {
			line, err := json.Marshal(map[string]any{"bucket": "b", "key": key, "looks": 1, "execution": key + "e", name: key})
			require.NoError(t, err)
			require.NoError(t, w.log("compare-etags", string(line)))
		}
		line, err := json.Marshal(map[string]any{"msg": alert.Sent, "email": alert.Copy{Subject: key, Message: key, ID: key}})
		require.NoError(t, err)
		require.NoError(t, w.log("failure-notifier", string(line)))
		page = w.get("/emails?window=1h")
		assertInert(t, page)
		texts += page
	}
	page := w.get("/looks?bucket=b")
	assertInert(t, page)
	for _, page := range []string{page, texts} {
		assert.Contains(t, words(t, page), "<script>alert(1)</script>")
		assert.Contains(t, words(t, page), "{{.}}")
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
