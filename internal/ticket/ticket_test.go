package ticket_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/alert"
	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/ticket"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
)

var stage = alert.Context{Stage: "test", Queues: alert.Queues{
	ValidationARN: "arn:aws:sqs:eu-west-3:123456789012:autobackup-validation-queue-test",
	FailureARN:    "arn:aws:sqs:eu-west-3:123456789012:autobackup-failure-queue-test",
	DLQURL:        "https://sqs.eu-west-3.amazonaws.com/123456789012/autobackup-validation-dlq-test",
	DLQARN:        "arn:aws:sqs:eu-west-3:123456789012:autobackup-validation-dlq-test",
}}

const execution = "arn:aws:states:eu-west-3:123456789012:execution:autobackup-validation-test:e-1"

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func upload(t require.TestingT, key string) string {
	encoded, err := json.Marshal(key)
	require.NoError(t, err)
	return fmt.Sprintf(`{"source":"aws.s3","detail-type":"Object Created","account":"123456789012","time":"2026-03-02T09:14:05Z","region":"eu-west-3",`+
		`"detail":{"bucket":{"name":"docs"},"object":{"key":%s,"size":3,"version-id":"v1"},"reason":"PutObject"}}`, encoded)
}

const notified = `{"Records":[{"eventVersion":"2.2","eventSource":"aws:s3","awsRegion":"eu-west-3","eventTime":"2026-03-02T09:15:12.527Z","eventName":"Replication:OperationFailedReplication",` +
	`"s3":{"bucket":{"name":"docs"},"object":{"key":"k","size":3,"versionId":"v1"}},"replicationEventData":{"replicationRuleId":"r","destinationBucket":"arn:aws:s3:::docs-r","s3Operation":"OBJECT_PUT","failureReason":"DstPutObjectNotPermitted"}}]}`

// entry is what came of a replica.
func entry(bucket string, o verdict.Outcome, code reason.Code) verdict.Entry {
	return verdict.Entry{Bucket: bucket, Region: "eu-north-1", Outcome: o, Reason: code, Detail: "said of " + bucket}
}

func failed(t require.TestingT, key string, v verdict.Verdict) batch.Failed {
	v.Outcome = verdict.Failed
	return batch.Failed{ID: "m-1", Body: upload(t, key), Reason: v.Reason, Detail: "in a line", Verdict: v}
}

func ofFailure(f batch.Failed) (all []ticket.Event) {
	for _, finding := range told.Findings(f, execution, 0) {
		all = append(all, ticket.OfFailure(stage, finding, noon))
	}
	return all
}

// schema is the documented one. What it says of the type of event, the title has.
func schema(t require.TestingT) *jsonschema.Schema {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	text, err := os.ReadFile("../../docs/event.schema.json")
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	require.NoError(t, err)
	require.NoError(t, c.AddResource("event.json", doc))
	s, err := c.Compile("event.json")
	require.NoError(t, err)
	return s
}

// fits holds an event against the schema, and answers with its JSON.
func fits(t require.TestingT, s *jsonschema.Schema, e ticket.Event) string {
	text, err := e.Encode()
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	require.NoError(t, s.Validate(doc), text)
	return text
}

func TestEachReplicaThatFailedHasAnEvent(t *testing.T) {
	s := schema(t)
	all := ofFailure(failed(t, "a/b", verdict.Verdict{Reason: reason.ContentMismatch, Replicas: []verdict.Entry{
		entry("docs-a", verdict.Failed, reason.ContentMismatch), entry("docs-b", verdict.Verified, ""), entry("docs-c", verdict.Failed, reason.ReplicaMissing)}}))
	require.Len(t, all, 2, "none of the one that is fine")
	a, c := all[0].Detail, all[1].Detail
	assert.Equal(t, []any{ticket.Failed, ticket.Critical, "CONTENT_MISMATCH", "docs-a", "said of docs-a"}, []any{all[0].Type, a.Severity, a.Reason, a.Replica.Name, a.Detail})
	assert.Equal(t, []any{ticket.Failed, ticket.Error, "REPLICA_MISSING", "docs-c"}, []any{all[1].Type, c.Severity, c.Reason, c.Replica.Name})
	assert.NotEqual(t, a.DedupKey, c.DedupKey)
	assert.Equal(t, "[test] Backup check failed: CONTENT_MISMATCH s3://docs/a/b", a.Summary)
	assert.Equal(t, []any{"docs", "eu-west-3", "a/b", "v1", "123456789012", execution}, []any{a.Object.Name, a.Object.Region, a.Object.Key, a.Object.VersionID, a.Object.Account, a.Execution})
	assert.Equal(t, "autobackup explain 's3://docs/a/b?versionId=v1'", a.Commands.Explain)
	assert.Equal(t, []string{"autobackup parked --stage test --region eu-west-3", "autobackup retry --why WHY --stage test --region eu-west-3", "autobackup discard --why WHY --stage test --region eu-west-3"},
		[]string{a.Commands.Parked, a.Commands.Retry, a.Commands.Discard})
	assert.Contains(t, a.Commands.LookAgain, "aws sqs start-message-move-task ")
	for _, e := range all {
		text := fits(t, s, e)
		// Events of before that lie in an archive fit it, too.
		older := regexp.MustCompile(`"(parked|retry|discard)":"[^"]*",`).ReplaceAllString(text, "")
		require.NotEqual(t, text, older)
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(older))
		require.NoError(t, err)
		assert.NoError(t, s.Validate(doc))
	}
}

func TestWhatIsOverHasTheKeysOfWhatFailed(t *testing.T) {
	s := schema(t)
	f := failed(t, "k", verdict.Verdict{Reason: reason.ReplicaMissing, Replicas: []verdict.Entry{entry("docs-a", verdict.Failed, reason.ReplicaMissing)}})
	primary := failed(t, "k", verdict.Verdict{Reason: reason.AccessDenied, Detail: "403"})
	stopped := batch.Failed{ID: "m-9", Body: f.Body, Reason: reason.WorkflowError, Detail: "stopped"}
	replicaKey, versionKey := ofFailure(f)[0].Detail.DedupKey, ofFailure(primary)[0].Detail.DedupKey
	assert.Equal(t, versionKey, ofFailure(stopped)[0].Detail.DedupKey)

	verified := verdict.Verdict{Outcome: verdict.Verified, Evidence: "full-object checksum CRC32", Replicas: []verdict.Entry{
		{Bucket: "docs-a", Outcome: verdict.Verified, Evidence: "full-object checksum CRC32"}}}
	for name, c := range map[string]struct {
		over []ticket.Event
		want map[string]ticket.Resolution
	}{
		"verified": {ticket.OfOver(stage, batch.Over{ID: "m-2", Body: f.Body, Verdict: verified}, execution, noon),
			map[string]ticket.Resolution{versionKey: ticket.Verified, replicaKey: ticket.Verified}},
		"verified, its facts cut": {ticket.OfOver(stage, batch.Over{ID: "m-2", Body: f.Body, Was: []string{"docs-a"}, Verdict: verdict.Verdict{Outcome: verdict.Verified}}, execution, noon),
			map[string]ticket.Resolution{versionKey: ticket.Verified, replicaKey: ticket.Verified}},
		"gone from the primary": {ticket.OfOver(stage, batch.Over{ID: "m-2", Body: f.Body, Was: []string{"docs-a"}, Verdict: verdict.Verdict{Outcome: verdict.Skipped, Reason: reason.SourceDeleted}}, execution, noon),
			map[string]ticket.Resolution{versionKey: ticket.Skipped, replicaKey: ticket.Skipped}},
		"led to another replica by now": {ticket.OfOver(stage, batch.Over{ID: "m-2", Body: f.Body, Was: []string{"docs-a"}, Verdict: verdict.Verdict{Outcome: verdict.Verified, Replicas: []verdict.Entry{entry("docs-b", verdict.Verified, "")}}}, execution, noon),
			map[string]ticket.Resolution{versionKey: ticket.Verified, replicaKey: ticket.NotExpected}},
		"failed again elsewhere": {ticket.OfRest(stage, again(f, entry("docs-a", verdict.Verified, ""), entry("docs-b", verdict.Failed, reason.ReplicaMissing)), execution, noon),
			map[string]ticket.Resolution{versionKey: ticket.Superseded, replicaKey: ticket.Verified}},
		"failed again there":                   {ticket.OfRest(stage, again(f, entry("docs-a", verdict.Failed, reason.ReplicaMissing)), execution, noon), map[string]ticket.Resolution{versionKey: ticket.Superseded}},
		"failed again, not known where":        {ticket.OfRest(stage, again(f), execution, noon), nil},
		"failed for the first time":            {ticket.OfRest(stage, f, execution, noon), nil},
		"no object, which nothing can make of": {ticket.OfOver(stage, batch.Over{ID: "m", Body: "noise", Verdict: verified}, execution, noon), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := map[string]ticket.Resolution{}
			for _, e := range c.over {
				fits(t, s, e)
				assert.Equal(t, ticket.Settled, e.Type)
				if e.Detail.DedupKey == versionKey || e.Detail.DedupKey == replicaKey {
					got[e.Detail.DedupKey] = e.Detail.Resolution
				}
			}
			if c.want == nil {
				c.want = map[string]ticket.Resolution{}
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func again(f batch.Failed, replicas ...verdict.Entry) batch.Failed {
	f.Again, f.Verdict.Replicas = true, replicas
	return f
}

func TestANotificationThatIsOverSaysNothingOfTheVersionItself(t *testing.T) {
	v := verdict.Verdict{Outcome: verdict.Verified, Replicas: []verdict.Entry{entry("docs-r", verdict.Verified, "")}}
	all := ticket.OfOver(stage, batch.Over{ID: "m", Body: notified, Verdict: v}, execution, noon)
	require.Len(t, all, 1)
	assert.Equal(t, "docs-r", all[0].Detail.Replica.Name)
}

func TestAMessageWithoutAnObjectHasAnEventOfItsOwn(t *testing.T) {
	all := ofFailure(batch.Failed{ID: "m-3", Body: "noise", Reason: reason.MalformedEvent, Detail: "no JSON"})
	require.Len(t, all, 1)
	fits(t, schema(t), all[0])
	assert.Nil(t, all[0].Detail.Object)
	assert.Empty(t, all[0].Detail.Commands.Explain)
	assert.Equal(t, ticket.Warning, all[0].Detail.Severity)
}

func TestStagesHaveKeysOfTheirOwn(t *testing.T) {
	f := told.Findings(failed(t, "k", verdict.Verdict{Reason: reason.AccessDenied}), execution, 0)[0]
	other := stage
	other.Stage = "prod"
	assert.NotEqual(t, ticket.OfFailure(stage, f, noon).Detail.DedupKey, ticket.OfFailure(other, f, noon).Detail.DedupKey)
}

func TestEveryReasonHasASeverityAndWordsThatStandAlone(t *testing.T) {
	for _, code := range reason.Severity() {
		for _, entries := range [][]verdict.Entry{nil, {entry("docs-r", verdict.Failed, code)}} {
			for _, e := range ofFailure(failed(t, "k", verdict.Verdict{Reason: code, Replicas: entries})) {
				d := e.Detail
				assert.NotContains(t, d.What+d.Why+d.Next, "below", code)
				assert.NotContains(t, d.What+d.Why+d.Next, "above", code)
				assert.NotContains(t, d.What+d.Why+d.Next, "see the end", code)
				assert.Equal(t, code == reason.ContentMismatch || code == reason.SizeMismatch || code == reason.RecordDisagrees, d.Severity == ticket.Critical, code)
			}
		}
	}
	odd := ofFailure(failed(t, "k", verdict.Verdict{Reason: "NEW_ONE"}))[0].Detail
	assert.Equal(t, []any{ticket.Critical, "UNKNOWN_REASON"}, []any{odd.Severity, odd.Reason}, "nobody can tell how bad it is")
}

// maxEvent is how long an event is at most, in bytes: ten of them always fit a call, and
// the SNS topics and queues that rules send them to take each.
const maxEvent = 24 << 10

func TestAnyMessageMakesEventsThatFitTheSchema(t *testing.T) {
	s := schema(t)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"docs-r", strings.Repeat("<", 500), "\x00\n"}))
		replica := rapid.Custom(func(t *rapid.T) verdict.Entry {
			return verdict.Entry{Bucket: name.Draw(t, "bucket"), Region: name.Draw(t, "region"), Reason: reason.Code(rapid.OneOf(name, rapid.SampledFrom([]string{string(reason.ReplicaMissing)})).Draw(t, "reason")),
				Outcome: rapid.SampledFrom([]verdict.Outcome{verdict.Failed, verdict.Verified, verdict.Skipped, ""}).Draw(t, "outcome"), Evidence: verdict.Evidence(name.Draw(t, "evidence")), Detail: name.Draw(t, "detail"),
				Cause: name.Draw(t, "cause"), Expires: name.Draw(t, "expires")}
		})
		key := rapid.OneOf(rapid.StringN(1, 50, 1000), rapid.SampledFrom([]string{strings.Repeat("\x01", 1024), strings.Repeat("\U0001f600", 256), strings.Repeat(`"`, 1024)})).Draw(t, "key")
		v := verdict.Verdict{Reason: reason.Code(name.Draw(t, "reason")), Detail: name.Draw(t, "detail"), Evidence: verdict.Evidence(name.Draw(t, "evidence")), Replicas: rapid.SliceOfN(replica, 0, 4).Draw(t, "replicas")}
		f := failed(t, key, v)
		f.Again, f.Was = true, rapid.SliceOfN(name, 0, 3).Draw(t, "was")
		v.Outcome = rapid.SampledFrom([]verdict.Outcome{verdict.Verified, verdict.Skipped}).Draw(t, "over")
		all := append(ofFailure(f), ticket.OfRest(stage, f, execution, noon)...)
		all = append(all, ticket.OfOver(stage, batch.Over{ID: "m", Body: f.Body, Was: f.Was, Verdict: v}, execution, noon)...)
		for _, e := range all {
			assert.LessOrEqual(t, len(fits(t, s, e)), maxEvent)
		}
	})
}
