package s3event_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/s3event"
)

func TestAnEventThatIsWrittenIsReadAsTheVersionThatItIsAbout(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, v := range map[string]s3event.ObjectVersion{
		"an object":       {Bucket: "docs", Key: "a \"b\"\n<c>\u202e.txt", VersionID: "v1", Region: "eu-central-1", Account: "111122223333", Size: 12, ETag: "abc", Time: at, Reason: "autobackup audit"},
		"a delete marker": {Bucket: "docs", Key: "a", VersionID: "v2", Region: "eu-central-1", Account: "111122223333", Marker: true, Time: at, Reason: "autobackup audit"},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := s3event.Event(v, "aws")
			require.NoError(t, err)
			got, err := s3event.Parse(body)
			require.NoError(t, err)
			got.Time = v.Time // EventBridge's form tells none
			assert.Equal(t, v, got)
		})
	}
	_, err := s3event.Event(s3event.ObjectVersion{Bucket: "docs", Key: "\xff", VersionID: "v"}, "")
	assert.Error(t, err, "a key that is no UTF-8 would be another key")
}
