package s3event_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"autobackup/internal/s3event"
)

// event is a valid message; edits are pairs of a JSON text in it and what
// stands there instead.
func event(edits ...string) string {
	const form = `{"version":"0","id":"17793124-05d4-b198-2fde-7ededc63b103","detail-type":"Object Created",` +
		`"source":"aws.s3","account":"111122223333","time":"2026-03-01T12:00:00Z","region":"eu-central-1",` +
		`"resources":["arn:aws:s3:::docs-primary"],"detail":{"version":"0","bucket":{"name":"docs-primary"},` +
		`"object":{"key":"a/b.txt","size":5,"etag":"5d41402abc4b2a76b9719d911017c592",` +
		`"version-id":"IYV3p45BT0ac8hjHg1houSdS1a.Mro8e","sequencer":"617f08299329d189"},` +
		`"request-id":"N4N7GDK58NMKJ12R","requester":"123456789012","source-ip-address":"1.2.3.4","reason":"PutObject"}}`
	body := strings.NewReplacer(edits...).Replace(form)
	if len(edits) > 0 && body == form {
		panic(fmt.Sprintf("no edit applies: %q", edits))
	}
	return body
}

// parsed is what event says without edits.
var parsed = s3event.ObjectVersion{
	Bucket: "docs-primary", Key: "a/b.txt", VersionID: "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
	Region: "eu-central-1", Account: "111122223333", Size: 5, ETag: "5d41402abc4b2a76b9719d911017c592",
	Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Reason: "PutObject",
}

// sample is the body in one of the notifier's sample events.
func sample(t require.TestingT, name string) string {
	text, err := os.ReadFile("../../events/failure-notifier/" + name + ".json")
	require.NoError(t, err)
	var event struct{ Records []struct{ Body string } }
	require.NoError(t, json.Unmarshal(text, &event))
	return event.Records[0].Body
}

// record is the one record of the notification of a failed replication, and
// notification a message that has the records.
func record(t require.TestingT, edits ...string) string {
	form := sample(t, "replication-failed")
	body := strings.NewReplacer(edits...).Replace(form)
	require.True(t, len(edits) == 0 || body != form, "no edit applies: %q", edits)
	return strings.TrimSuffix(strings.TrimPrefix(body, `{"Records":[`), `]}`)
}

func notification(records ...string) string {
	return `{"Records":[` + strings.Join(records, ",") + `]}`
}
