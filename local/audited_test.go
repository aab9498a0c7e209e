package local_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	"autobackup/internal/s3event"
	"autobackup/local/gate"
	"autobackup/local/sns"
	"autobackup/local/wire"
)

// audited is a stage with audits on a schedule.
func audited(more ...change) []change {
	return append([]change{defaults("template.yaml", "AuditLevel", "rest"), defaults("template.yaml", "AuditSchedule", "rate(1 day)")}, more...)
}

// audit has the time come at which the schedule starts the audits, and waits for their end.
func (w *world) audit() []audit.Summary {
	w.t.Helper()
	before := map[string]bool{}
	for _, e := range w.audits() {
		before[*e.ExecutionArn] = true
	}
	require.NoError(w.t, w.Events.Fire(w.region, "autobackup-audit-dev"))
	w.settle()
	all := w.audits()
	require.NotEmpty(w.t, all)
	require.False(w.t, before[*all[0].ExecutionArn], "no audit has begun")
	out, err := w.sfn().DescribeExecution(w.t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: all[0].ExecutionArn})
	require.NoError(w.t, err)
	require.Equal(w.t, types.ExecutionStatusSucceeded, out.Status, aws.ToString(out.Cause))
	var summaries []audit.Summary
	require.NoError(w.t, json.Unmarshal([]byte(aws.ToString(out.Output)), &summaries))
	return summaries
}

func (w *world) sfn() *sfn.Client { return sfn.NewFromConfig(w.AWSConfig(w.region)) }

// audits are the executions of audits, the newest first.
func (w *world) audits() []types.ExecutionListItem {
	w.t.Helper()
	out, err := w.sfn().ListExecutions(w.t.Context(), &sfn.ListExecutionsInput{StateMachineArn: aws.String(arnOf("states", "stateMachine:autobackup-audit-dev"))})
	require.NoError(w.t, err)
	return out.Executions
}

// An audit keeps what it was begun with, in its folder and in its first round.
func TestSettingNumbersOfAuditsBoundsThem(t *testing.T) {
	numbers := []change{
		defaults("template.yaml", "AuditRate", "70"), defaults("template.yaml", "AuditDollars", "3"), defaults("template.yaml", "AuditConcurrency", "2"),
		defaults("template.yaml", "AuditHours", "5"), defaults("template.yaml", "DeadlineMinutes", "31"), defaults("template.yaml", "MarkerDeadlineMinutes", "62"),
	}
	inWorld(t, func(w *world) {
		w.audit()
		out, err := w.client.ListObjectsV2(w.t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("autobackup-dev-work-" + account), Prefix: aws.String("audits/" + w.bucket() + "/")})
		require.NoError(w.t, err)
		got := map[string]map[string]any{}
		for _, o := range out.Contents {
			name := filepath.Base(*o.Key)
			if name != "audit.json" && name != "0001.json" {
				continue
			}
			object, err := w.client.GetObject(w.t.Context(), &s3.GetObjectInput{Bucket: aws.String("autobackup-dev-work-" + account), Key: o.Key})
			require.NoError(w.t, err)
			var content map[string]any
			require.NoError(w.t, json.NewDecoder(object.Body).Decode(&content))
			got[name] = content
		}
		assert.Equal(w.t, map[string]any{"rate": 70.0, "dollars": 3.0, "atOnce": 2.0, "seconds": 18000.0}, got["audit.json"]["stage"])
		plan := got["audit.json"]["plan"].(map[string]any)
		assert.Equal(w.t, []any{float64(31 * time.Minute), float64(62 * time.Minute), "rest"}, []any{plan["deadline"], plan["markerDeadline"], plan["level"]})
		assert.InDelta(w.t, 70.0, got["0001.json"]["rate"], 0, "one part has it all")
	}, audited(numbers...)...)
}

// The logs of the function and of the state machine are their own, and are kept as long as others.
func TestSettingLogsOfAuditsKeepsThem(t *testing.T) {
	inWorld(t, func(w *world) {
		w.Gate.Fault = func(c gate.Call) error {
			if strings.HasSuffix(c.Resource, ":::autobackup-dev-primary-media-"+account) {
				return &wire.Error{Code: "NoSuchBucket", Status: 404, Message: "The specified bucket does not exist"}
			}
			return nil
		}
		require.NoError(t, w.Events.Fire(w.region, "autobackup-audit-dev"))
		w.settle()
		days := kept(t, "the logs of functions")[0]
		groups := []string{"log-group:/aws/lambda/autobackup-audit-dev", "log-group:/aws/vendedlogs/states/autobackup-audit-dev"}
		time.Sleep(time.Duration(days-1) * day)
		for _, group := range groups {
			assert.NotEmpty(t, w.Logs.Lines(arnOf("logs", group)), group)
		}
		time.Sleep(2 * day)
		for _, group := range groups {
			assert.Empty(t, w.Logs.Lines(arnOf("logs", group)), group)
		}
	}, audited()...)
}

// lose deletes a version of the replica for good.
func (w *world) lose(key, version string) {
	w.t.Helper()
	client := s3.NewFromConfig(w.AWSConfig(secondRegion))
	_, err := client.DeleteObject(w.t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(strings.Replace(w.bucket(), "-primary-", "-replica-", 1) + map[bool]string{true: "-dr"}[w.bucket() == theirBucket]), Key: &key, VersionId: &version})
	require.NoError(w.t, err)
}

func TestSettingAuditScheduleAuditsAllBucketsOfTheStage(t *testing.T) {
	inWorld(t, func(w *world) {
		for i := range 5 {
			w.put(fmt.Sprintf("fine/%d", i), "content")
		}
		lost := w.put("lost", "content")
		w.settle()
		time.Sleep(3 * day)
		w.lose("lost", lost)
		summaries := w.audit()
		require.Len(t, summaries, 3, "of each category")
		for _, s := range summaries {
			assert.Empty(t, s.Error)
			if s.Bucket == w.bucket() {
				assert.Equal(t, int64(6), s.Listed)
				assert.Equal(t, int64(1), s.Findings)
				assert.Equal(t, int64(1), s.New)
			}
		}
		assert.Empty(t, w.Gate.Refusals())
		mails := w.published("failure-topic")
		require.Len(t, mails, 1)
		assert.Equal(t, "[dev] Backup audit: 1 new in 1 bucket", mails[0].Subject)
		time.Sleep(day)
		w.audit()
		assert.Len(t, w.published("failure-topic"), 1, "nothing is new")
	}, audited()...)
}

// unaskedOfAudits are grants that nothing here uses.
var unaskedOfAudits = map[string]string{
	"states:StartExecution":   "AWS asks for it for each child of a Map Run; the local stack does not",
	"states:RedriveExecution": "only where an audit that was stopped within a round is redriven",
}

// Nothing is granted to audits that they don't use: in a world of categories with own keys, and
// in one of buckets that exist.
func TestEveryGrantOfAuditsIsUsed(t *testing.T) {
	ofAudits := regexp.MustCompile(`^autobackup-dev-Audit`)
	for _, name := range []string{"SSE-KMS", "attached", "an own key for environments"} {
		t.Run(name, func(t *testing.T) {
			all, used, done := counted()
			defer done()
			inWorld(t, func(w *world) {
				lost := w.put("lost", "content")
				w.settle()
				time.Sleep(3 * day)
				w.lose("lost", lost)
				w.audit()
				time.Sleep(day)
				w.interrupted()
				w.audit()
				assert.Empty(t, w.Gate.Refusals())
			}, scrubbed(1, append(slices.Clone(configurations[name]), defaults("template.yaml", "AuditFindings", "validate"))...)...)
			var idle []string
			for g := range all {
				if ofAudits.MatchString(g.policy) && !used[g] && unseen[g.action] == "" && unseen[g.String()] == "" && unaskedOfAudits[g.action] == "" && !category.MatchString(g.policy) {
					idle = append(idle, g.String())
				}
			}
			slices.Sort(idle)
			assert.Empty(t, idle)
		})
	}
}

// interrupted leaves a bucket locked by an audit that was stopped.
func (w *world) interrupted() {
	w.t.Helper()
	before := len(w.audits())
	require.NoError(w.t, w.Events.Fire(w.region, "autobackup-audit-dev"))
	key := "audits/" + w.bucket() + "/lock.json"
	work := aws.String("autobackup-dev-work-" + account)
	for {
		time.Sleep(time.Second)
		if _, err := w.client.HeadObject(w.t.Context(), &s3.HeadObjectInput{Bucket: work, Key: &key}); err == nil {
			break
		}
		require.Len(w.t, w.audits(), before+1)
	}
	_, err := w.sfn().StopExecution(w.t.Context(), &sfn.StopExecutionInput{ExecutionArn: w.audits()[0].ExecutionArn})
	require.NoError(w.t, err)
	w.settle()
}

func TestSettingChatAlertsSaysInChatWhatAuditsCameTo(t *testing.T) {
	inWorld(t, func(w *world) {
		lost := w.put("lost", "content")
		w.settle()
		time.Sleep(3 * day)
		w.lose("lost", lost)
		w.audit()
		chats := w.published("chat-topic")
		require.Len(t, chats, 1)
		var said struct {
			Content struct{ Title, Description string }
		}
		require.NoError(t, json.Unmarshal([]byte(chats[0].Message), &said))
		assert.Contains(t, said.Content.Title, "Backup audit: 1 new in 1 bucket")
		assert.Contains(t, said.Content.Description, "1 new of 1 findings")
		assert.Len(t, w.published("failure-topic"), 1)
		assert.Empty(t, w.Gate.Refusals())
		w.SNS.Fault(func(p sns.Publication) error {
			if strings.Contains(p.TopicARN, "chat-topic") {
				return &wire.Error{Code: "InternalError", Status: 500, Message: "broken"}
			}
			return nil
		})
		other := w.put("other", "content")
		w.settle()
		time.Sleep(3 * day)
		w.lose("other", other)
		w.audit()
		assert.Len(t, w.published("failure-topic"), 2, "a broken chat costs no e-mail")
	}, audited(chatting)...)
}

func TestSettingAuditFindingsHasThemEndAsUploadsDo(t *testing.T) {
	inWorld(t, func(w *world) {
		lost := w.put("lost \u202e", "content")
		w.settle()
		marked := w.put("marked", "content")
		w.settle()
		marker := w.remove("marked", "")
		w.settle()
		time.Sleep(3 * day)
		w.lose("lost \u202e", lost)
		w.lose("marked", marker)
		w.lose("marked", marked)
		summaries := w.audit()
		assert.Equal(t, 3, summaries[slices.IndexFunc(summaries, func(s audit.Summary) bool { return s.Bucket == w.bucket() })].Validated)
		parked := w.parked()
		require.Len(t, parked, 3)
		for _, m := range parked {
			v, err := s3event.Parse(m.Body)
			require.NoError(t, err)
			assert.Contains(t, []string{lost, marked, marker}, v.VersionID)
		}
		assert.Contains(t, w.published("failure-topic")[0].Message, "3 of these are validated again, as uploads are")
		mails := w.published("failure-topic")
		require.Greater(t, len(mails), 1)
		for _, m := range mails[1:] {
			assert.Contains(t, m.Subject, "Backup check failed", "what was told and parked")
		}
		time.Sleep(day)
		w.audit()
		assert.Len(t, w.parked(), 3)
		assert.Len(t, w.published("failure-topic"), len(mails), "each is told once")
		assert.Empty(t, w.Gate.Refusals())
	}, audited(defaults("template.yaml", "AuditFindings", "validate"))...)
}

func TestAuditsListTheReplicasOfAnotherAccount(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put("fine", "content")
		w.settle()
		time.Sleep(day)
		summaries := w.audit()
		s := summaries[slices.IndexFunc(summaries, func(s audit.Summary) bool { return s.Bucket == w.bucket() })]
		assert.Equal(t, []any{audit.AsItMustBe, int64(1)}, []any{s.Result, s.Listed})
		assert.Empty(t, w.Gate.Refusals())
	}, audited(append(slices.Clone(configurations["another account"]), defaults("replica.yaml", "AuditLevel", "rest"))...)...)
}

func TestABucketThatCannotBeAuditedKeepsNoOtherFromIt(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put("fine", "content")
		w.settle()
		time.Sleep(day)
		w.Gate.Fault = func(c gate.Call) error {
			if c.Action == "s3:ListBucketVersions" && strings.HasSuffix(c.Resource, ":::autobackup-dev-primary-media-"+account) {
				return &gate.Refused{Call: c}
			}
			return nil
		}
		require.NoError(t, w.Events.Fire(w.region, "autobackup-audit-dev"))
		w.settle()
		out, err := w.sfn().DescribeExecution(w.t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: w.audits()[0].ExecutionArn})
		require.NoError(t, err)
		require.Equal(t, types.ExecutionStatusSucceeded, out.Status, aws.ToString(out.Cause))
		mails := w.published("failure-topic")
		require.Len(t, mails, 1)
		assert.Equal(t, "[dev] Backup audit: not all is known in 1 bucket", mails[0].Subject)
		assert.Contains(t, mails[0].Message, "s3://autobackup-dev-primary-media-"+account)
		assert.Contains(t, mails[0].Message, "grant s3:ListBucketVersions")
	}, audited()...)
}

func TestABucketThatIsGoneFailsTheExecutionAndIsTold(t *testing.T) {
	inWorld(t, func(w *world) {
		w.Gate.Fault = func(c gate.Call) error {
			if strings.HasSuffix(c.Resource, ":::autobackup-dev-primary-media-"+account) {
				return &wire.Error{Code: "NoSuchBucket", Status: 404, Message: "The specified bucket does not exist"}
			}
			return nil
		}
		require.NoError(t, w.Events.Fire(w.region, "autobackup-audit-dev"))
		w.settle()
		out, err := w.sfn().DescribeExecution(w.t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: w.audits()[0].ExecutionArn})
		require.NoError(t, err)
		assert.Equal(t, types.ExecutionStatusFailed, out.Status)
		assert.Equal(t, "Autobackup.NotAudited", aws.ToString(out.Error))
		assert.Contains(t, aws.ToString(out.Cause), "1 bucket could not be audited")
		mails := w.published("failure-topic")
		require.Len(t, mails, 1)
		assert.Equal(t, "[dev] Backup audit: could not be made in 1 bucket", mails[0].Subject)
		assert.Contains(t, mails[0].Message, "could not be audited: find the bucket autobackup-dev-primary-media-"+account)
	}, audited()...)
}

func TestSettingNothingMakesNothingForAudits(t *testing.T) {
	s, err := stack(t, "default", nil)
	require.NoError(t, err)
	for _, r := range s.Resources {
		assert.NotContains(t, r.LogicalID, "Audit")
	}
	_, err = stack(t, "default", map[string]string{"AuditSchedule": "rate(1 day)"})
	assert.ErrorContains(t, err, "AuditSchedule, AuditOverdueDays and AuditFindings need audits. Set AuditLevel=rest, or leave them out.")
	s, err = stack(t, "default", map[string]string{"AuditLevel": "all"})
	require.NoError(t, err)
	for _, r := range s.Resources {
		assert.NotContains(t, r.LogicalID, "AuditRule", "on request alone")
		assert.NotEqual(t, "AuditOverdueAlarm", r.LogicalID)
	}
}
