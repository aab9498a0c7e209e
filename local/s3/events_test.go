package s3_test

import (
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/s3"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

// told is a server whose source bucket and replica tell their events.
func told(t *testing.T) *local {
	t.Helper()
	l := start(t)
	l.server.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Lag: time.Second / 2} }
	require.NoError(t, l.server.CreateBucket(s3.BucketConfig{Name: destination, Region: replica, Versioned: true, EventBridge: true}))
	require.NoError(t, l.server.CreateBucket(s3.BucketConfig{
		Name: source, Region: primary, Versioned: true, EventBridge: true, Replication: rules(destination),
	}))
	return l
}

func TestEventsAreTheOnesOfS3(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := told(t)
		key := "Größe <1> & more/50% + ?.pdf"
		put := l.put(t, key, "text")
		l.settle()
		client := l.client("http", primary)
		_, err := client.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String(source), Key: &key})
		require.NoError(t, err)
		l.settle()
		_, err = client.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String(source), Key: &key, VersionId: put.VersionId})
		require.NoError(t, err)
		l.put(t, "expired", "")
		l.settle()
		require.NoError(t, l.server.ExpireCurrent(source, "expired"))
		l.store(t, "multi", strings.Repeat("x", 5<<20+1))
		l.settle()
		golden(t, "events.golden", strings.Join(l.events, "\n")+"\n")
	})
}

func TestEventsAreJSONWithIdsOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := told(t)
		for range 3 {
			l.put(t, "k", "v")
			l.settle()
		}
		ids, sequencers := map[string]bool{}, []string{}
		for _, text := range l.events {
			var event struct {
				ID, Region string
				Detail     struct{ Object struct{ Sequencer string } }
			}
			require.NoError(t, json.Unmarshal([]byte(text), &event))
			assert.Regexp(t, regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`), event.ID)
			ids[event.ID] = true
			if event.Region == primary {
				sequencers = append(sequencers, event.Detail.Object.Sequencer)
			}
		}
		assert.Len(t, ids, 6, "three sources and three replicas")
		require.Len(t, sequencers, 3)
		assert.IsIncreasing(t, sequencers)
	})
}

func TestABucketWithoutEventBridgeIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pair(t, rules(destination), destination)
		l.put(t, "k", "v")
		l.settle()
		assert.Empty(t, l.events)
	})
}
