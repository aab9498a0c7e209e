package local_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	"autobackup/internal/ticket"
	"autobackup/local/events"
	"autobackup/local/gate"
	"autobackup/local/wire"
)

// announcingAudits are audits of a stage that puts events, which the rule of the documents takes.
func announcingAudits(t *testing.T) []change {
	return audited(defaults("template.yaml", "AlertEvents", "Enabled"), taking(t, "audits"))
}

// auditEvents are the events about audits that reached the queue, each of which the documented
// schema accepts.
func (w *world) auditEvents() (all []ticket.Audit) {
	w.t.Helper()
	for _, m := range w.messages("tickets") {
		var e struct {
			Type    string          `json:"detail-type"`
			Source  string          `json:"source"`
			Account string          `json:"account"`
			Detail  json.RawMessage `json:"detail"`
		}
		require.NoError(w.t, json.Unmarshal([]byte(m.Body), &e))
		assert.Equal(w.t, []string{ticket.Audits, ticket.Source, account}, []string{e.Type, e.Source, e.Account})
		text, err := os.ReadFile("../docs/event.schema.json")
		require.NoError(w.t, err)
		schema, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
		require.NoError(w.t, err)
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		require.NoError(w.t, c.AddResource("event.json", schema))
		compiled, err := c.Compile("event.json")
		require.NoError(w.t, err)
		detail, err := jsonschema.UnmarshalJSON(strings.NewReader(string(e.Detail)))
		require.NoError(w.t, err)
		require.NoError(w.t, compiled.Validate(detail), string(e.Detail))
		var a ticket.Audit
		require.NoError(w.t, json.Unmarshal(e.Detail, &a))
		all = append(all, a)
	}
	return all
}

// losing has a version in the buckets of documents and of media, whose replicas are gone three
// days later.
func (w *world) losing() (buckets []string) {
	w.t.Helper()
	replicas := s3.NewFromConfig(w.AWSConfig(secondRegion))
	for _, category := range []string{"documents", "media"} {
		buckets = append(buckets, strings.Replace(w.bucket(), "documents", category, 1))
		shelf{w, w.client, buckets[len(buckets)-1]}.put("people/secret name", 1)
	}
	w.settle()
	time.Sleep(3 * day)
	for _, bucket := range buckets {
		replica := aws.String(strings.Replace(bucket, "-primary-", "-replica-", 1))
		out, err := replicas.ListObjectVersions(w.t.Context(), &s3.ListObjectVersionsInput{Bucket: replica})
		require.NoError(w.t, err)
		require.NotEmpty(w.t, out.Versions)
		for _, v := range out.Versions {
			_, err := replicas.DeleteObject(w.t.Context(), &s3.DeleteObjectInput{Bucket: replica, Key: v.Key, VersionId: v.VersionId})
			require.NoError(w.t, err)
		}
	}
	return buckets
}

// lastAudit is the execution that audited last, once an audit that the schedule starts has ended.
func (w *world) lastAudit() *sfn.DescribeExecutionOutput {
	w.t.Helper()
	require.NoError(w.t, w.Events.Fire(w.region, "autobackup-audit-dev"))
	w.settle()
	out, err := w.sfn().DescribeExecution(w.t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: w.audits()[0].ExecutionArn})
	require.NoError(w.t, err)
	return out
}

func TestSettingAlertEventsTellsOfAnAuditInOneEventHoweverManyBucketsHaveNews(t *testing.T) {
	inWorld(t, func(w *world) {
		lost := w.losing()
		w.audit()
		all := w.auditEvents()
		require.Len(t, all, 1)
		e := all[0]
		assert.Equal(t, []any{"dev", *w.audits()[0].ExecutionArn, "[dev] Backup audit: 2 new in 2 buckets", 0}, []any{e.Stage, e.Execution, e.Summary, e.More})
		assert.Equal(t, []ticket.News{ticket.New}, e.News)
		require.Len(t, e.Buckets, 2, "none of the one that has no news")
		for i, bucket := range lost {
			assert.Contains(t, lost, e.Buckets[i].Bucket)
			assert.Equal(t, ticket.Count{Result: audit.Findings, Listed: 1, Findings: 1, New: 1}, *e.Buckets[i].Count)
			assert.True(t, strings.HasPrefix(e.Buckets[i].Report, "s3://autobackup-dev-work-"+account+"/audits/"+e.Buckets[i].Bucket+"/"), bucket)
		}
		assert.NotContains(t, w.messages("tickets")[0].Body, "secret", "no key")
		assert.WithinDuration(t, w.Clock.Now(), e.Time, day)
		assert.Len(t, w.published("failure-topic"), 1)
		assert.Empty(t, w.Gate.Refusals())
		time.Sleep(day)
		w.audit()
		assert.Len(t, w.auditEvents(), 1, "nothing is new")
	}, announcingAudits(t)...)
}

func TestSettingNothingPutsNoEventOfAudits(t *testing.T) {
	inWorld(t, func(w *world) {
		var put []events.Entry
		w.Events.Fault = func(e events.Entry) string {
			put = append(put, e)
			return ""
		}
		w.losing()
		w.audit()
		assert.Len(t, w.published("failure-topic"), 1)
		assert.Empty(t, put)
		assert.Empty(t, w.auditEvents())
		assert.False(t, w.Gate.Decision(byRole("AuditStateMachineRole", "events:PutEvents", bus)).Allowed, "it may put none")
	}, audited(taking(t, "audits"))...)
}

func TestWhatABucketCouldNotBeAuditedForIsToldOnTheBusAsItIs(t *testing.T) {
	inWorld(t, func(w *world) {
		w.Gate.Fault = func(c gate.Call) error {
			if c.Action == "s3:GetBucketVersioning" && strings.HasSuffix(c.Resource, ":::autobackup-dev-primary-media-"+account) { // an answer to HEAD has no text
				return &wire.Error{Code: "InvalidRequest", Status: 400, Message: "\"}],\"stage\":\"prod\",\"x\":[{\"y\":\"\\ \n\u202e<b>${Chat} States.Format('{}')"}
			}
			return nil
		}
		out := w.lastAudit()
		assert.Equal(t, []any{types.ExecutionStatusFailed, "Autobackup.NotAudited"}, []any{out.Status, aws.ToString(out.Error)})
		all := w.auditEvents()
		require.Len(t, all, 1)
		assert.Equal(t, []any{"dev", []ticket.News{ticket.NotAudited}}, []any{all[0].Stage, all[0].News})
		require.Len(t, all[0].Buckets, 1)
		b := all[0].Buckets[0]
		assert.Equal(t, "autobackup-dev-primary-media-"+account, b.Bucket)
		assert.Nil(t, b.Count, "nothing was counted")
		assert.Contains(t, b.Error, "\"}],\"stage\":\"prod\",\"x\":[{\"y\":\"\\ ")
		assert.Contains(t, b.Error, "<b>${Chat} States.Format('{}')")
		assert.Regexp(t, "^[ -~]+$", b.Error)
		assert.Len(t, w.published("failure-topic"), 1)
	}, announcingAudits(t)...)
}

func TestABusThatTakesNoEventOfAuditsCostsNoEMailIsSeenAndGetsTheEventByARedrive(t *testing.T) {
	for name, breaks := range map[string]func(w *world){
		"EventBridge.FailedEntry": func(w *world) {
			w.Events.Fault = func(events.Entry) string { return "InternalFailure" }
		},
		"EventBridge.AmazonEventBridgeException": func(w *world) {
			w.Gate.Fault = func(c gate.Call) error {
				if c.Action == "events:PutEvents" {
					return &gate.Refused{Call: c}
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.losing()
				breaks(w)
				out := w.lastAudit()
				assert.Equal(t, []any{types.ExecutionStatusFailed, name}, []any{out.Status, aws.ToString(out.Error)}, "the alarm audit-failed tells")
				assert.Len(t, w.published("failure-topic"), 1)
				assert.Len(t, w.published("chat-topic"), 1)
				assert.Empty(t, w.auditEvents())

				w.Events.Fault, w.Gate.Fault = nil, nil
				time.Sleep(day)
				_, err := w.sfn().RedriveExecution(w.t.Context(), &sfn.RedriveExecutionInput{ExecutionArn: out.ExecutionArn})
				require.NoError(t, err)
				w.settle()
				out, err = w.sfn().DescribeExecution(w.t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: out.ExecutionArn})
				require.NoError(t, err)
				assert.Equal(t, types.ExecutionStatusSucceeded, out.Status, aws.ToString(out.Cause))
				all := w.auditEvents()
				require.Len(t, all, 1)
				assert.Less(t, all[0].Time, w.Clock.Now().Add(-time.Hour), "that of the audit")
				assert.Len(t, w.published("failure-topic"), 1, "no e-mail again")
				assert.Len(t, w.published("chat-topic"), 1)
			}, append(announcingAudits(t), chatting)...)
		})
	}
}

func TestABusThatIsBusyForAWhileGetsTheEventOfAnAuditOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		w.losing()
		busy := 3
		w.Events.Fault = func(events.Entry) string {
			if busy--; busy >= 0 {
				return "ThrottlingException"
			}
			return ""
		}
		w.audit()
		assert.Len(t, w.auditEvents(), 1)
		assert.Len(t, w.published("failure-topic"), 1)
	}, announcingAudits(t)...)
}

func TestTheWorkflowOfAuditsMayPutEventsOfItsOwnSourceAlone(t *testing.T) {
	inWorld(t, func(w *world) {
		assert.True(t, w.Gate.Decision(byRole("AuditStateMachineRole", "events:PutEvents", bus)).Allowed)
		others := byRole("AuditStateMachineRole", "events:PutEvents", bus)
		others.Context["events:source"] = []string{"acme.orders"}
		for _, c := range []gate.Call{
			others, byRole("AuditStateMachineRole", "events:PutEvents", inFirst("events", "event-bus/theirs")), byRole("AuditStateMachineRole", "events:DeleteEventBus", bus),
		} {
			assert.False(t, w.Gate.Decision(c).Allowed, "%s on %s with %v", c.Action, c.Resource, c.Context)
		}
	}, announcingAudits(t)...)
}
