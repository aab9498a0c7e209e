package local_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/evidence"
	"autobackup/internal/s3event"
	locals3 "autobackup/local/s3"
	"autobackup/local/sqs"
	"autobackup/local/testing/hostile"
)

// printable says what of a text a terminal or a mail program takes for more than a character to
// show.
func printable(text string) (odd []string) {
	if !utf8.ValidString(text) {
		odd = append(odd, "no UTF-8")
	}
	for _, r := range text {
		if r != '\n' && !strconv.IsPrint(r) {
			odd = append(odd, strconv.QuoteRune(r))
		}
	}
	return odd
}

// links are the addresses in a text that a mail program makes links of.
var links = regexp.MustCompile(`(?i)\b(?:https?|ftp|file|javascript|data):[^\s"'<>)]+`)

// elsewhere are those that lead anywhere but to AWS.
func elsewhere(text string) (all []string) {
	for _, link := range links.FindAllString(text, -1) {
		u, err := url.Parse(link)
		if err != nil || !strings.HasSuffix(u.Hostname(), ".amazon.com") && !strings.HasSuffix(u.Hostname(), ".amazonaws.com") {
			all = append(all, link)
		}
	}
	return all
}

// Of many objects with hostile keys, tags and metadata, each half damaged on the way: whatever the
// stack writes stays what it is, and names each object as it is named.
func TestHostileNamesBreakOutOfNothingThatTheStackWrites(t *testing.T) {
	var log, measures lines
	functionLog, functionMetrics = &log, &measures
	defer func() { functionLog, functionMetrics = nowhere, nowhere }()
	changes := append(announcing(t), chatting, defaults("template.yaml", "EvidenceDays", "45"))
	inWorld(t, func(w *world) {
		keys := hostile.Uploadable()
		w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
			if slices.Index(keys, r.Key)%2 == 1 {
				return locals3.Plan{Corrupt: locals3.FlipBit}
			}
			return locals3.Plan{}
		}
		var wrong []string
		for n, key := range keys {
			w.put(key, "content", func(in *s3.PutObjectInput) {
				if tag := regexp.MustCompile(`[\pL\pN _.:/=+\-@]{1,100}`).FindString(key); tag != "" { // which S3 takes no others of
					in.Tagging = aws.String(url.Values{"team": {tag}}.Encode())
				}
				if regexp.MustCompile(`^[ -~]{1,200}$`).MatchString(key) && strings.TrimSpace(key) == key {
					in.Metadata, in.ContentDisposition = map[string]string{"name": key}, aws.String(key)
				}
			})
			if n%2 == 1 {
				wrong = append(wrong, key)
			}
		}
		w.settle()
		require.Empty(t, w.hours(27))

		assert.ElementsMatch(t, wrong, keysOf(t, w.parked()), "parked as they came")
		for _, m := range w.parked() {
			for name, a := range m.Attributes {
				if name != "facts" {
					assert.Empty(t, printable(a.Value), "the attribute %s", name)
				}
				assert.NotContains(t, a.Value, "\n")
			}
		}
		for _, what := range []string{log.String(), measures.String()} {
			require.NotEmpty(t, what)
			for line := range strings.Lines(what) {
				var one map[string]any
				require.NoError(t, json.Unmarshal([]byte(line), &one), line)
				assert.NotContains(t, strings.TrimSuffix(line, "\n"), "\n")
			}
		}
		mails := w.published("failure-topic")
		require.NotEmpty(t, mails)
		for _, p := range mails {
			assert.Regexp(t, `^[ -~]{1,99}$`, p.Subject)
			assert.Empty(t, printable(p.Message), p.Message)
			assert.Empty(t, elsewhere(p.Message), p.Message)
			assert.NotRegexp(t, `(?m)^(Bcc|Subject):`, p.Message)
		}
		said := w.published("chat-topic")
		require.NotEmpty(t, said)
		for _, p := range said {
			w.assertInert(p.Message)
		}
		var told []string
		for _, e := range w.tickets() {
			told = append(told, e.Detail.Object.Key)
		}
		assert.ElementsMatch(t, wrong, told, "an event has the key as it is")
		_, records := w.kept()
		var kept []string
		for _, r := range records {
			if r.Source == evidence.Upload {
				kept = append(kept, r.Key)
			}
		}
		assert.ElementsMatch(t, keys, kept)
		settled := 0
		for _, e := range w.validations() {
			settled += len(w.summary(e).Objects)
		}
		assert.GreaterOrEqual(t, settled, len(keys))
		assert.Empty(t, w.messages("failure-dlq"))
	}, changes...)
}

// assertInert holds what is said in chat against what chat would act on.
func (w *world) assertInert(message string) {
	w.t.Helper()
	var m struct {
		Content struct {
			Title, Description string
			NextSteps          []string
		}
	}
	require.NoError(w.t, json.Unmarshal([]byte(message), &m), message)
	for _, part := range append(m.Content.NextSteps, m.Content.Title, m.Content.Description) {
		part = strings.ReplaceAll(strings.ReplaceAll(part, "https://docs.aws.amazon.com/", ""), "s3://", "")
		assert.NotRegexp(w.t, `[<>&@|#]|\]\(|\]\[|\]:|(?i)mailto:|[a-z]://`, part)
		assert.Empty(w.t, printable(part))
	}
}

func keysOf(t *testing.T, all []sqs.Message) (keys []string) {
	for _, m := range all {
		v, err := s3event.Parse(m.Body)
		require.NoError(t, err, m.Body)
		keys = append(keys, v.Key)
	}
	return keys
}

// An audit of the same objects, all of which the replica has lost: its files and its e-mail.
func TestHostileNamesBreakOutOfNothingThatAnAuditWrites(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.OnEvent = func(string, []byte) {}
		keys := hostile.Uploadable()
		versions := map[string]string{}
		for _, key := range keys {
			versions[key] = w.put(key, "content")
		}
		time.Sleep(3 * day)
		for key, version := range versions {
			w.lose(key, version)
		}
		w.audit()
		mails := w.published("failure-topic")
		require.Len(t, mails, 1)
		assert.Regexp(t, `^[ -~]{1,99}$`, mails[0].Subject)
		assert.Empty(t, printable(mails[0].Message))
		assert.Empty(t, elsewhere(mails[0].Message))
		files := map[string]string{}
		for _, name := range w.work().names("audits/") {
			r, err := shelf{w, w.client, "autobackup-dev-work-" + account}.open(name)
			require.NoError(t, err)
			content, err := io.ReadAll(r)
			require.NoError(t, err)
			if strings.Contains(name, "/"+w.bucket()+"/") {
				files[name[strings.LastIndex(name, "/")+1:]] = string(content)
			}
		}
		var found []string
		for line := range bytes.Lines([]byte(files["findings.jsonl"])) {
			var one struct{ Key string }
			require.NoError(t, json.Unmarshal(line, &one))
			found = append(found, one.Key)
		}
		assert.ElementsMatch(t, keys, found)
		table := strings.ReplaceAll(files["findings.csv"], "\r\n", "\n")
		assert.Empty(t, printable(table))
		assert.NotRegexp(t, `(?m)(^|[,;\t])"?[=+@]`, table)
		page := files["report.html"]
		require.NotEmpty(t, page)
		assert.NotRegexp(t, `(?i)<(script|img|iframe|object|embed|link|base|form|svg)\b|\son[a-z]+\s*=\s*["']|(href|src)\s*=\s*["']?(javascript|data|file):`, page)
	}, audited()...)
}
