package docs_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	lambda "github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
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

// sampleAudit is the event of audits of three buckets.
func sampleAudit() ticket.Audit {
	const work = "s3://autobackup-dev-work-123456789012/audits/"
	primary := func(category string) string { return "autobackup-dev-primary-" + category + "-123456789012" }
	report := func(category string) string { return work + primary(category) + "/20260302T020000Z-6b1f8c1e/report/" }
	return ticket.OfAudits("dev", "arn:aws:states:eu-central-1:123456789012:execution:autobackup-audit-dev:6b1f8c1e-2f2a-4b0e-9d3c-0a6f3f1c7a10", "[dev] Backup audit: 2 new in 3 buckets", []ticket.Audited{
		{Bucket: primary("documents"), Report: report("documents"), Count: &ticket.Count{Result: audit.Findings, Listed: 48213, Findings: 3, Unknown: 1, New: 2}},
		{Bucket: primary("media"), Report: report("media"), Cut: "the audit has cost $10.00", Count: &ticket.Count{Result: audit.NotAllKnown, Listed: 91200}},
		{Bucket: primary("databases"), Error: "find the bucket autobackup-dev-primary-databases-123456789012: it does not exist"},
	}, time.Date(2026, 3, 2, 3, 5, 0, 0, time.UTC))
}

// delivered is an event as EventBridge hands it to a target.
func delivered(t *testing.T, e ticket.Event) string {
	t.Helper()
	detail, err := e.Encode()
	require.NoError(t, err)
	return handed(t, e.Type, detail, e.Detail.Time)
}

// deliveredAudit is the event of audits as EventBridge hands it to a target. Step Functions adds
// the resources.
func deliveredAudit(t *testing.T, a ticket.Audit) string {
	t.Helper()
	detail, err := json.Marshal(a)
	require.NoError(t, err)
	machine, _, _ := strings.Cut(strings.Replace(a.Execution, ":execution:", ":stateMachine:", 1), "-dev:")
	return handed(t, ticket.Audits, string(detail), a.Time.Add(time.Second), a.Execution, machine+"-dev")
}

// handed is an event in EventBridge's form.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
func handed(t *testing.T, kind, detail string, at time.Time, resources ...string) string {
	t.Helper()
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
	}{"0", "7bf73129-1428-4cd3-a780-95db273d1602", kind, ticket.Source, "123456789012", at, "eu-central-1", append([]string{}, resources...), json.RawMessage(detail)}))
	require.NoError(t, json.Indent(&indented, b.Bytes(), "", "  "))
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(strings.TrimSpace(indented.String()))
}

func TestTheEventsThatThePageShowsAreThoseThatAreMade(t *testing.T) {
	failed, settled := sampleEvents(t)
	want := read(t, "events.md")
	for name, e := range map[string]string{"failed": delivered(t, failed), "settled": delivered(t, settled), "audits": deliveredAudit(t, sampleAudit())} {
		marker := "<!-- sample: " + name + " -->\n"
		before, after, found := strings.Cut(want, marker)
		require.True(t, found, marker)
		after = regexp.MustCompile("^```json\n(?s:.*?\n)??```\n").ReplaceAllString(after, "")
		want = before + marker + "```json\n" + e + "\n```\n" + after
	}
	generated(t, "events.md", want)
}

// pattern is one that the page has.
func pattern(t *testing.T, name string) *events.Pattern {
	t.Helper()
	_, after, found := strings.Cut(read(t, "events.md"), "<!-- pattern: "+name+" -->\n```json\n")
	text, _, closed := strings.Cut(after, "```")
	require.True(t, found && closed)
	p, err := events.ParsePattern([]byte(text))
	require.NoError(t, err)
	assert.Less(t, len(text), 2048, "what a pattern holds")
	return p
}

func TestThePatternsTakeWhatThePageSays(t *testing.T) {
	tickets, audits := pattern(t, "tickets"), pattern(t, "audits")
	failed, settled := sampleEvents(t)
	other, warning := failed, failed
	other.Detail.Stage, warning.Detail.Severity = "prod", ticket.Warning
	cut, broken, elsewhere := sampleAudit(), sampleAudit(), sampleAudit()
	cut.News, broken.News, elsewhere.Stage = []ticket.News{ticket.NotAllKnown}, []ticket.News{ticket.NotAudited, ticket.NotAllKnown}, "prod"
	for name, c := range map[string]struct {
		event            string
		tickets, audited bool
	}{
		"a replica that is missing": {delivered(t, failed), true, false}, "its end": {delivered(t, settled), true, false},
		"another stage's": {delivered(t, other), false, false}, "a warning": {delivered(t, warning), false, false},
		"audits that found something": {deliveredAudit(t, sampleAudit()), false, true}, "audits that could not be made": {deliveredAudit(t, broken), false, true},
		"audits that did not get to the end": {deliveredAudit(t, cut), false, false}, "another stage's audits": {deliveredAudit(t, elsewhere), false, false},
	} {
		for p, want := range map[*events.Pattern]bool{tickets: c.tickets, audits: c.audited} {
			taken, err := p.Matches([]byte(c.event))
			require.NoError(t, err)
			assert.Equal(t, want, taken, name)
		}
	}
}

// The definition names what package ticket has, and the event is the last thing that is told:
// a state that waits for the bus keeps nobody from the e-mail.
func TestTheWorkflowOfAuditsPutsTheEventByItsNames(t *testing.T) {
	var m struct {
		States map[string]struct {
			Next       string
			Catch      []any
			Parameters struct{ Entries []map[string]string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, "../statemachine/audit.asl.json")), &m))
	bus := m.States["TellBus"]
	assert.Equal(t, []map[string]string{{"Source": ticket.Source, "DetailType": ticket.Audits, "Detail.$": "$.event"}}, bus.Parameters.Entries)
	assert.Equal(t, "WasAllAudited", bus.Next)
	assert.Empty(t, bus.Catch, "a redrive begins here")
}

// Every field of the schema, of buckets too, is in the page's tables.
func TestThePageExplainsEveryField(t *testing.T) {
	var schema struct {
		Properties map[string]struct {
			Items struct {
				Properties map[string]any `json:"properties"`
			} `json:"items"`
		} `json:"properties"`
	}
	require.NoError(t, json.Unmarshal([]byte(read(t, "event.schema.json")), &schema))
	page := read(t, "events.md")
	for name, of := range schema.Properties {
		for _, name := range append(slices.Collect(maps.Keys(of.Items.Properties)), name) {
			assert.True(t, strings.Contains(page, "`"+name+"`"), "docs/events.md has nothing about %s", name)
		}
	}
	assert.Contains(t, page, "version "+ticket.SchemaVersion+".")
}
