package local_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
	"autobackup/local/template"
)

// lean are the alarms of the lean form, as docs/deploy.md lists them: those without which a
// message could end where nobody looks.
var leanAlarms = []string{
	"EventDLQNotEmptyAlarm", "EventDeliveryFailedAlarm", "ExecutionsFailedAlarm", "FailureDLQNotEmptyAlarm", "FailureQueueTooOldAlarm",
	"ValidationDLQNotEmptyAlarm", "ValidationQueueAgeAlarm",
}

// without are the resources of a stack that another lacks.
func without(s, other *template.Stack) (ids []string) {
	for _, r := range s.Resources {
		if !slices.ContainsFunc(other.Resources, func(o template.Resource) bool { return o.LogicalID == r.LogicalID }) {
			ids = append(ids, r.LogicalID)
		}
	}
	slices.Sort(ids)
	return ids
}

func TestSettingTheLeanFormIsWithoutWhatCostsBeforeAnythingIsUploaded(t *testing.T) {
	full, err := stack(t, "default", nil)
	require.NoError(t, err)
	lean, err := stack(t, "default", map[string]string{"Form": "lean"})
	require.NoError(t, err)
	assert.Empty(t, without(lean, full))
	var alarms []string
	for _, r := range lean.Resources {
		switch r.Type {
		case "AWS::KMS::Key", "AWS::KMS::Alias", "AWS::CloudWatch::Dashboard", "AWS::CloudWatch::CompositeAlarm":
			assert.Fail(t, "it costs something", r.LogicalID)
		case "AWS::CloudWatch::Alarm":
			alarms = append(alarms, r.LogicalID)
			assert.Equal(t, []any{"FailureTopic"}, r.Properties["AlarmActions"], r.LogicalID)
		case "AWS::SQS::Queue":
			assert.Equal(t, true, r.Properties["SqsManagedSseEnabled"], r.LogicalID)
			assert.NotContains(t, r.Properties, "KmsMasterKeyId", r.LogicalID)
		case "AWS::SNS::Topic":
			assert.NotContains(t, r.Properties, "KmsMasterKeyId", "CloudWatch can't publish with alias/aws/sns")
		}
	}
	slices.Sort(alarms)
	assert.Equal(t, leanAlarms, alarms)
	for _, id := range without(full, lean) {
		assert.Regexp(t, `^(SQSKey|SNSKey)(Alias)?$|^Dashboard$|Alarm$|^Heartbeat`, id)
	}
	metrics := []string{"ReplicationConfiguration", "Rules", "0", "Destination"}
	assert.Contains(t, property(t, full, "PrimaryBucketmedia", metrics...), "Metrics")
	assert.NotContains(t, property(t, lean, "PrimaryBucketmedia", metrics...), "Metrics")
	timed, err := stack(t, "default", map[string]string{"Form": "lean", "ReplicationTimeControl": "Enabled"})
	require.NoError(t, err)
	assert.Contains(t, property(t, timed, "PrimaryBucketmedia", metrics...), "Metrics", "it is part of Replication Time Control")
}

// What is verified, told and parked is the same in both forms, and nobody lacks a permission.
func TestSettingTheLeanFormValidatesTellsAndParks(t *testing.T) {
	inWorld(t, func(w *world) {
		w.upload(w.bucket())
		w.settle()
		assert.Equal(t, whereRead, w.verdicts(w.bucket()))
		assert.Equal(t, []string{string(reason.ContentMismatch), string(reason.ReplicationFailed)}, w.reasons())
		for _, told := range []string{"CONTENT_MISMATCH", "REPLICATION_FAILED"} {
			assert.Contains(t, w.mails(), told)
		}
		w.move("validation-dlq", "failure-queue")
		w.settle()
		assert.Len(t, w.parked(), 2, "told again, and put back")
		assert.Empty(t, w.Gate.Refusals())
	}, slices.Concat(always, []change{defaults("template.yaml", "Form", "lean")})...)
}

func TestTheLeanFormValidatesBucketsThatPeopleHadBefore(t *testing.T) {
	a := attached{
		pairs: []pair{{"acme-invoices", "acme-invoices-dr", secondRegion, account}},
		with:  map[string]string{"Form": "lean", "Categories": ""},
	}
	inAttachedWorld(t, a, func(w *world) {
		w.upload("acme-invoices")
		w.settle()
		assert.Equal(t, whereRead, w.verdicts("acme-invoices"))
		assert.Contains(t, w.reasons(), string(reason.ReplicationFailed))
		for _, told := range []string{"CONTENT_MISMATCH", "REPLICATION_FAILED"} {
			assert.Contains(t, w.mails(), told)
		}
	})
}

// S3 tells of a failed replication only where the rule has metrics: the look finds it all the same.
func TestTheLeanFormFindsAFailedReplicationWithoutS3sNotification(t *testing.T) {
	for form, parked := range map[string]int{"full": 2, "lean": 1} { // with the notification beside the upload
		inWorld(t, func(w *world) {
			w.upload(w.bucket())
			w.settle()
			time.Sleep(time.Hour)
			assert.Equal(t, parked, strings.Count(strings.Join(w.reasons(), " "), string(reason.ReplicationFailed)), form)
		}, defaults("template.yaml", "Form", form))
	}
}
