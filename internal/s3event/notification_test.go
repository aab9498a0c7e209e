package s3event_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/s3event"
)

func TestANotificationOfAFailedReplicationIsRead(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want func(*s3event.ObjectVersion)
	}{
		"as S3 sends it":              {notification(record(t)), func(*s3event.ObjectVersion) {}},
		"with the name of the filter": {notification(record(t, `"Replication:`, `"s3:Replication:`)), func(o *s3event.ObjectVersion) { o.Reason = "s3:" + o.Reason }},
		"another operation":           {notification(record(t, "OBJECT_PUT", "OBJECT_TAGGING")), func(o *s3event.ObjectVersion) { o.GaveUp.Operation = "OBJECT_TAGGING" }},
		"another partition":           {notification(record(t, "arn:aws:s3:::autobackup-dev-replica", "arn:aws-us-gov:s3:::autobackup-dev-replica")), func(*s3event.ObjectVersion) {}},
		"no rule, request or ETag": {
			notification(record(t, `"replicationRuleId":"everything",`, "", `"requestTime":"2026-03-02T09:14:05.168Z",`, "", `"eTag":"5d41402abc4b2a76b9719d911017c592",`, "")),
			func(o *s3event.ObjectVersion) { o.ETag, o.GaveUp.Rule, o.GaveUp.Requested = "", "", time.Time{} },
		},
		"a bucket without versioning": {
			notification(record(t, `"versionId":"3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH",`, "")), func(o *s3event.ObjectVersion) { o.VersionID = "" },
		},
		"a bucket with suspended versioning": {
			notification(record(t, `3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH`, "null")), func(o *s3event.ObjectVersion) { o.VersionID = "" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := s3event.ObjectVersion{
				Bucket: "autobackup-dev-primary-documents-123456789012", Key: "reports/2026/annual report+(1).pdf",
				VersionID: "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH", Region: "eu-central-1", Size: 48213, ETag: "5d41402abc4b2a76b9719d911017c592",
				Time: time.Date(2026, 3, 2, 9, 15, 12, 527e6, time.UTC), Reason: "Replication:OperationFailedReplication",
				GaveUp: &s3event.ReplicationFailure{
					Destination: "autobackup-dev-replica-documents-123456789012", Operation: "OBJECT_PUT", Rule: "everything",
					Cause: "DstPutObjectNotPermitted", Requested: time.Date(2026, 3, 2, 9, 14, 5, 168e6, time.UTC),
				},
			}
			tc.want(&want)
			got, err := s3event.Parse(tc.body)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

func TestOnlyAnUploadThatWasGivenUpLacksTheVersionItself(t *testing.T) {
	assert.True(t, s3event.ReplicationFailure{Operation: "OBJECT_PUT"}.Upload())
	for _, operation := range []string{"", "object_put", "OBJECT_PUT ", "OBJECT_TAGGING", "OBJECT_ACL_PUT"} {
		assert.False(t, s3event.ReplicationFailure{Operation: operation}.Upload(), operation)
	}
}

func TestOnlyS3sOwnFormIsANotification(t *testing.T) {
	for body, want := range map[string]bool{
		sample(t, "replication-failed"): true, sample(t, "s3-test-event"): true, sample(t, "another-notification"): true,
		`{"Records":[]}`: true, `{"Records":1}`: true, `{"Event":"x"}`: true, `{"Event":"x","Event":"y"}`: true, "{\"Event\":\"\xff\"}": true,
		event(): false, sample(t, "moved-by-sqs"): false, "": false, "noise": false, "{}": false, "[]": false, `{"Records":[`: false, `{"Records":[]}x`: false,
		`{"source":"aws.s3","Records":[]}`: false, `{"source":"aws.s3","Event":"x"}`: false,
	} {
		assert.Equal(t, want, s3event.IsNotification(body), body)
	}
}

func TestOnlyS3sTestOfANotificationIsATestEvent(t *testing.T) {
	bucket, ok := s3event.TestEvent(sample(t, "s3-test-event"))
	assert.True(t, ok)
	assert.Equal(t, "autobackup-dev-primary-documents-123456789012", bucket)
	for name, body := range map[string]string{
		"an upload":                  event(),
		"a failed replication":       sample(t, "replication-failed"),
		"nothing":                    "",
		"another event":              `{"Event":"s3:Other","Bucket":"docs-primary"}`,
		"an event of EventBridge":    `{"Event":"s3:TestEvent","Bucket":"docs-primary","source":"aws.s3"}`,
		"no bucket":                  `{"Event":"s3:TestEvent"}`,
		"a bucket that is none":      `{"Event":"s3:TestEvent","Bucket":"docs primary"}`,
		"a test with records":        `{"Event":"s3:TestEvent","Bucket":"docs-primary","Records":[{}]}`,
		"a name that stands twice":   `{"Event":"s3:TestEvent","Bucket":"docs-primary","Bucket":"docs-primary"}`,
		"truncated JSON":             `{"Event":"s3:TestEvent","Bucket":"docs-primary"`,
		"a test event as its result": `"s3:TestEvent"`,
	} {
		t.Run(name, func(t *testing.T) {
			bucket, ok := s3event.TestEvent(body)
			assert.False(t, ok)
			assert.Empty(t, bucket)
		})
	}
}

func TestANotificationOfSeveralRecordsIsSplit(t *testing.T) {
	one, other := record(t), record(t, "OBJECT_PUT", "OBJECT_TAGGING")
	odd := ` { "a" : [ "\ud83c\udf89" , 1e2 ] } `
	for name, tc := range map[string]struct {
		body string
		want []string
	}{
		"two records":                       {notification(one, other), []string{notification(one), notification(other)}},
		"records that nobody knows":         {"\n{\"Records\" : [" + odd + ",7," + one + "]}", []string{notification(odd[1 : len(odd)-1]), notification("7"), notification(one)}},
		"one record stays as it is":         {"\n{ \"Records\": [" + one + " ] }", nil},
		"a test stays as it is":             {sample(t, "s3-test-event"), nil},
		"an upload stays as it is":          {event(), nil},
		"an upload with records as well":    {event(`"version":"0",`, `"Records":[1,2],`), nil},
		"no records stay as they are":       {`{"Records":[]}`, nil},
		"records that are no array":         {`{"Records":{"0":1,"1":2}}`, nil},
		"noise stays as it is":              {"\xff", nil},
		"nothing stays as it is":            {"", nil},
		"a repeated name stays as it is":    {notification(one, `{"a":1,"a":2}`), nil},
		"truncated JSON stays as it is":     {notification(one, other)[:2000], nil},
		"records twice are not chosen from": {`{"Records":[1,2],"Records":[3,4]}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			want := tc.want
			if want == nil {
				want = []string{tc.body}
			}
			assert.Equal(t, want, s3event.Split(tc.body))
		})
	}
}
