package s3event_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"autobackup/internal/s3event"
)

// seeds are messages of every kind.
func seeds(f *testing.F) {
	for _, name := range []string{"replication-failed", "replication-of-metadata-failed", "s3-test-event", "another-notification", "moved-by-sqs"} {
		f.Add(sample(f, name))
	}
	for _, body := range []string{
		event(), event(`"Object Created"`, `"Object Deleted"`, `"PutObject"`, `"DeleteObject","deletion-type":"Delete Marker Created"`),
		"", "{}", "[]", "null", event()[:100], event() + event(), `{"Records":[]}`, `{"Records":[{}]}`, event(`a/b.txt`, `\ud83d`), event(`a/b.txt`, "\xff"),
		event(`a/b.txt`, "\ufffd"+`\\ud\ud83d\udcc4`), event(`"size":5`, `"size":5,"size":6`), event(parsed.VersionID, "null"),
		notification(record(f), record(f)), notification("1", `{"a":[]}`, `"x"`),
	} {
		f.Add(body)
	}
}

func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, body string) {
		o, err := s3event.Parse(body)
		bucket, isTest := s3event.TestEvent(body)
		require.Equal(t, isTest, bucket != "")
		if err != nil {
			refused(t, err)
			require.Zero(t, o)
			return
		}
		require.False(t, isTest)
		require.NotEmpty(t, o.Bucket)
		require.NotEmpty(t, o.Region)
		require.NotEmpty(t, o.Key)
		require.LessOrEqual(t, len(o.Key), 1024)
		require.NotEqual(t, "null", o.VersionID)
		require.NotRegexp(t, `[^ -~]`, o.String())
		if o.GaveUp != nil {
			require.NotEmpty(t, o.GaveUp.Destination)
			require.NotEmpty(t, o.GaveUp.Operation)
			require.NotEmpty(t, o.GaveUp.Cause)
			require.False(t, o.Time.IsZero())
		}
	})
}

// FuzzSplit compares with the records that encoding/json finds.
func FuzzSplit(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, body string) {
		messages := s3event.Split(body)
		if len(messages) == 1 {
			require.Equal(t, body, messages[0])
			return
		}
		var members map[string]json.RawMessage // a map, because it folds no names
		require.NoError(t, json.Unmarshal([]byte(body), &members))
		var records []json.RawMessage
		require.NoError(t, json.Unmarshal(members["Records"], &records))
		require.Len(t, messages, len(records))
		require.True(t, s3event.IsNotification(body))
		for i, message := range messages {
			require.True(t, s3event.IsNotification(message))
			require.Equal(t, `{"Records":[`+string(records[i])+`]}`, message)
			require.Equal(t, []string{message}, s3event.Split(message))
		}
	})
}
