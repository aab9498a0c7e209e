package docs_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	lambda "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/alert"
	"autobackup/internal/batch"
	"autobackup/internal/ticket"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
	"autobackup/local/events"
)

// sampled is the deployment that the samples of events/ are of.
var sampled = alert.Context{Stage: "dev", Queues: alert.Queues{
	ValidationARN: "arn:aws:sqs:eu-central-1:123456789012:autobackup-validation-queue-dev",
	FailureARN:    "arn:aws:sqs:eu-central-1:123456789012:autobackup-failure-queue-dev",
	DLQURL:        "https://sqs.eu-central-1.amazonaws.com/123456789012/autobackup-validation-dlq-dev",
	DLQARN:        "arn:aws:sqs:eu-central-1:123456789012:autobackup-validation-dlq-dev",
}}

// reported is the report of events/failure-notifier/report.json.
func reported(t *testing.T) batch.Report {
	t.Helper()
	var sent lambda.SQSEvent
	require.NoError(t, json.Unmarshal([]byte(read(t, "../events/failure-notifier/report.json")), &sent))
	var r batch.Report
	require.NoError(t, json.Unmarshal([]byte(sent.Records[0].Body), &r))
	require.NotEmpty(t, r.Failures)
	return r
}

// sampleEvents are of one version that failed, and of its replica once it is verified.
func sampleEvents(t *testing.T) (failed, settled ticket.Event) {
	t.Helper()
	r := reported(t)
	f := r.Failures[0]
	at := time.Date(2026, 3, 2, 13, 20, 5, 0, time.UTC)
	failed = ticket.OfFailure(sampled, told.Findings(f, r.Execution, 0)[0], at)
	failed.Detail.Owner = "storage"
	require.NotNil(t, failed.Detail.Replica)
	replica := verdict.Entry{Bucket: failed.Detail.Replica.Name, Region: failed.Detail.Replica.Region, Outcome: verdict.Verified,
		Evidence: "full-object checksum CRC64NVME", Detail: "full-object checksum CRC64NVME is equal"}
	all := ticket.OfOver(sampled, batch.Over{ID: f.ID, Body: f.Body, Verdict: verdict.Verdict{Outcome: verdict.Verified, Evidence: replica.Evidence, Replicas: []verdict.Entry{replica}}}, r.Execution, at.Add(2*time.Hour))
	settled = all[len(all)-1]
	settled.Detail.Owner = "storage"
	require.Equal(t, failed.Detail.DedupKey, settled.Detail.DedupKey)
	return failed, settled
}

// delivered is an event as EventBridge hands it to a target.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
func delivered(t *testing.T, e ticket.Event) string {
	t.Helper()
	detail, err := e.Encode()
	require.NoError(t, err)
	var b, indented bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	require.NoError(t, encoder.Encode(struct {
		Version    string          `json:"version"`
		ID         string          `json:"id"`
		DetailType string          `json:"detail-type"`
		Source     string          `json:"source"`
		Account    string          `json:"account"`
		Time       time.Time       `json:"time"`
		Region     string          `json:"region"`
		Resources  []string        `json:"resources"`
		Detail     json.RawMessage `json:"detail"`
	}{"0", "7bf73129-1428-4cd3-a780-95db273d1602", e.Type, ticket.Source, "123456789012", e.Detail.Time, "eu-central-1", []string{}, json.RawMessage(detail)}))
	require.NoError(t, json.Indent(&indented, b.Bytes(), "", "  "))
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(strings.TrimSpace(indented.String()))
}

func TestTheEventsThatThePageShowsAreThoseThatAreMade(t *testing.T) {
	failed, settled := sampleEvents(t)
	want := read(t, "events.md")
	for name, e := range map[string]ticket.Event{"failed": failed, "settled": settled} {
		marker := "<!-- sample: " + name + " -->\n"
		before, after, found := strings.Cut(want, marker)
		require.True(t, found, marker)
		after = regexp.MustCompile("^```json\n(?s:.*?)\n```\n").ReplaceAllString(after, "")
		want = before + marker + "```json\n" + delivered(t, e) + "\n```\n" + after
	}
	generated(t, "events.md", want)
}

func TestThePatternForTicketsTakesWhatOpensAndClosesThem(t *testing.T) {
	_, after, found := strings.Cut(read(t, "events.md"), "<!-- pattern: tickets -->\n```json\n")
	text, _, closed := strings.Cut(after, "```")
	require.True(t, found && closed)
	pattern, err := events.ParsePattern([]byte(text))
	require.NoError(t, err)
	assert.Less(t, len(text), 2048, "what a pattern holds")
	failed, settled := sampleEvents(t)
	other, warning := failed, failed
	other.Detail.Stage, warning.Detail.Severity = "prod", ticket.Warning
	for name, c := range map[string]struct {
		event ticket.Event
		taken bool
	}{
		"a replica that is missing": {failed, true}, "its end": {settled, true}, "another stage's": {other, false}, "a warning": {warning, false},
	} {
		taken, err := pattern.Matches([]byte(delivered(t, c.event)))
		require.NoError(t, err)
		assert.Equal(t, c.taken, taken, name)
	}
}

// Every field of the schema is in the page's table, and the other way round.
func TestThePageExplainsEveryField(t *testing.T) {
	var schema struct {
		Properties map[string]any `json:"properties"`
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, "event.schema.json")), &schema))
	page := read(t, "events.md")
	for name := range schema.Properties {
		assert.True(t, strings.Contains(page, "`"+name+"`"), "docs/events.md has nothing about %s", name)
	}
}
