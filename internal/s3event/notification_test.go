package s3event_test

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/s3event"
)

// sample is the body in one of the notifier's sample events.
func sample(t require.TestingT, name string) string {
	text, err := os.ReadFile("../../events/failure-notifier/" + name + ".json")
	require.NoError(t, err)
	var event struct{ Records []struct{ Body string } }
	require.NoError(t, json.Unmarshal(text, &event))
	return event.Records[0].Body
}

func TestANotificationOfAFailedReplicationIsRead(t *testing.T) {
	body := sample(t, "replication-failed")
	want := s3event.ReplicationFailure{
		ObjectVersion: s3event.ObjectVersion{
			Bucket: "autobackup-dev-primary-documents-123456789012", Key: "reports/2026/annual report+(1).pdf",
			VersionID: "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH", Region: "eu-central-1", Size: 48213, ETag: "5d41402abc4b2a76b9719d911017c592",
			Time: time.Date(2026, 3, 2, 9, 15, 12, 527e6, time.UTC), Reason: "Replication:OperationFailedReplication",
		},
		Destination: "autobackup-dev-replica-documents-123456789012", Operation: "OBJECT_PUT", Rule: "everything",
		Requested: time.Date(2026, 3, 2, 9, 14, 5, 168e6, time.UTC), Cause: "DstPutObjectNotPermitted",
	}
	got, err := s3event.ParseNotification(body)
	require.NoError(t, err)
	assert.Equal(t, s3event.Notification{Failures: []s3event.ReplicationFailure{want}}, got)
	assert.True(t, got.Failures[0].Upload())

	record := strings.TrimSuffix(strings.TrimPrefix(body, `{"Records":[`), `]}`)
	got, err = s3event.ParseNotification(`{"Records":[` + record + "," + strings.ReplaceAll(record, "OBJECT_PUT", "OBJECT_TAGGING") + `]}`)
	require.NoError(t, err)
	require.Len(t, got.Failures, 2, "a message may hold several")
	assert.False(t, got.Failures[1].Upload())

	got, err = s3event.ParseNotification(sample(t, "s3-test-event"))
	require.NoError(t, err)
	assert.Equal(t, s3event.Notification{Test: "autobackup-dev-primary-documents-123456789012"}, got)
}

func TestOnlyWhatComesAfterTheDeadlineIsAfterIt(t *testing.T) {
	asked := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		asked, gaveUp time.Time
		want          bool
	}{
		"before":                      {asked, asked.Add(time.Hour - 1), false},
		"at the deadline":             {asked, asked.Add(time.Hour), false},
		"after":                       {asked, asked.Add(time.Hour + 1), true},
		"S3 does not say when it was": {time.Time{}, asked.Add(48 * time.Hour), false},
	} {
		f := s3event.ReplicationFailure{ObjectVersion: s3event.ObjectVersion{Time: tc.gaveUp}, Requested: tc.asked}
		assert.Equal(t, tc.want, f.After(time.Hour), name)
	}
}

func TestOnlyS3sOwnFormIsANotification(t *testing.T) {
	for body, want := range map[string]bool{
		sample(t, "replication-failed"): true, sample(t, "s3-test-event"): true, sample(t, "another-notification"): true,
		`{"Records":[]}`: true, `{"Records":1}`: true, `{"Event":"x"}`: true,
		event(): false, sample(t, "moved-by-sqs"): false, "": false, "noise": false, "{}": false, "[]": false, `{"Records":[`: false,
		`{"source":"aws.s3","Records":[]}`: false,
	} {
		assert.Equal(t, want, s3event.IsNotification(body), body)
	}
}

func TestNotificationsThatAreDoubtfulAreRefused(t *testing.T) {
	good := sample(t, "replication-failed")
	const sender = "; find out who sends to this queue"
	for name, tc := range map[string]struct{ old, with, want string }{
		"another source":            {`"aws:s3"`, `"aws:sns"`, `eventSource is "aws:sns", not "aws:s3"` + sender},
		"another event":             {"Replication:OperationFailedReplication", "ObjectCreated:Put", `eventName is "ObjectCreated:Put", not "Replication:OperationFailedReplication"; correct the bucket's queue notification`},
		"no key":                    {`"key":"reports/2026/annual+report%2B%281%29.pdf",`, "", "s3.object.key is no URL-encoded key" + sender},
		"half of an escape":         {"%281%29", "%2", "s3.object.key is no URL-encoded key" + sender},
		"a key that is no UTF-8":    {"%281%29", "%FF", "s3.object.key is no URL-encoded key" + sender},
		"a key that is not encoded": {"%281%29", "é", "s3.object.key is no URL-encoded key" + sender},
		"a key of 1,025 bytes":      {"reports/2026/annual+report%2B%281%29.pdf", strings.Repeat("a", 1025), "s3.object.key is no URL-encoded key" + sender},
		"no bucket":                 {`"name":"autobackup-dev-primary-documents-123456789012"`, `"name":""`, `s3.bucket.name "" is no bucket name` + sender},
		"no region":                 {`"awsRegion":"eu-central-1"`, `"awsRegion":"x"`, `awsRegion "x" is no region` + sender},
		"no version":                {`3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH`, `null`, `s3.object.versionId "null" is no version id` + sender},
		"a negative size":           {`48213`, `-1`, `s3.object.size is -1 bytes` + sender},
		"a destination without ARN": {`arn:aws:s3:::autobackup-dev-replica`, `autobackup-dev-replica`, `destinationBucket "autobackup-dev-replica-documents-123456789012" is no bucket's ARN` + sender},
		"no operation":              {`OBJECT_PUT`, ``, `eventTime, s3Operation or failureReason is missing` + sender},
		"no failure reason":         {`,"failureReason":"DstPutObjectNotPermitted"`, ``, `eventTime, s3Operation or failureReason is missing` + sender},
		"a time that is none":       {`2026-03-02T09:15:12.527Z`, `yesterday`, `time is not in RFC 3339` + sender},
		"a name that stands twice":  {`"size":48213`, `"size":48213,"Size":1`, `the name "Size" stands twice in one JSON object` + sender},
		"another test":              {good, `{"Event":"s3:Other"}`, `Event is "s3:Other", not "s3:TestEvent"` + sender},
		"a test of no bucket":       {good, `{"Event":"s3:TestEvent"}`, `Bucket "" is no bucket name` + sender},
		"no records":                {good, `{"Records":[]}`, `Records is missing or empty` + sender},
		"an empty message":          {good, ` `, `the message is empty` + sender},
	} {
		t.Run(name, func(t *testing.T) {
			body := strings.ReplaceAll(good, tc.old, tc.with)
			require.NotEqual(t, good, body)
			got, err := s3event.ParseNotification(body)
			assert.EqualError(t, err, "malformed event: "+tc.want)
			refused(t, err)
			assert.Zero(t, got)
		})
	}
}

func TestAnyKeyComesThroughItsEncoding(t *testing.T) {
	good := sample(t, "replication-failed")
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringN(1, 256, 1024).Draw(t, "key")
		got, err := s3event.ParseNotification(strings.ReplaceAll(good, "reports/2026/annual+report%2B%281%29.pdf", url.QueryEscape(key)))
		require.NoError(t, err)
		assert.Equal(t, key, got.Failures[0].Key)
	})
}

func FuzzParseNotification(f *testing.F) {
	for _, name := range []string{"replication-failed", "s3-test-event", "another-notification", "moved-by-sqs"} {
		f.Add(sample(f, name))
	}
	f.Add(`{"Records":[{}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		n, err := s3event.ParseNotification(body)
		if err != nil {
			refused(t, err)
			require.Zero(t, n)
			return
		}
		require.True(t, s3event.IsNotification(body) || strings.Contains(body, "ource"), "what is read claimed to be one")
		require.Equal(t, n.Test == "", len(n.Failures) > 0)
		for _, failure := range n.Failures {
			require.NotEmpty(t, failure.Key)
			require.NotEmpty(t, failure.Destination)
			require.NotRegexp(t, `[^ -~]`, failure.String())
		}
	})
}
