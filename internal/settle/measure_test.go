package settle_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/batch"
	"autobackup/internal/metric"
	"autobackup/internal/verdict"
)

// point is what a line says that these tests look at.
type point struct {
	Stage, Bucket, Reason              string
	Verified, Lagging, Failed, Skipped int
	MetadataDiffers                    int
	Looks, AgeAtVerification           []int
}

// measured is what a round writes.
func measured(t require.TestingT, b batch.Batch) (answer batch.Batch, points []point) {
	var metrics bytes.Buffer
	c := settler(new(bytes.Buffer))
	c.Metrics, c.BucketMetrics = &metrics, []string{"media", "nobody-writes-here"}
	answer = c.Settle(context.Background(), b)
	for line := range strings.Lines(metrics.String()) {
		var p point
		require.NoError(t, json.Unmarshal([]byte(line), &p))
		points = append(points, p)
	}
	return answer, points
}

func TestARoundIsMeasuredByStageByReasonAndByTheBucketsThatAreNamed(t *testing.T) {
	two := mismatch("f") // replica one differs, replica two can't be read
	two.Progress.Unread = verdict.DeniedLooks - 1
	two.Look.Replicas = append(two.Look.Replicas, verdict.Replica{Side: verdict.Side{Bucket: "docs-2", Found: verdict.Denied}})
	inMedia := verified("v1")
	inMedia.Body = strings.Replace(inMedia.Body, `"docs"`, `"media"`, 1)
	_, points := measured(t, batch.Batch{
		Messages: []batch.Message{waited(inMedia, 1, 5), two, lagging("l"), skipped("s"), {ID: "m", Body: "noise"}},
		Summary:  batch.Summary{Objects: []batch.Settled{{ID: "of the round before", Verdict: verdict.Verified}}}})
	assert.Equal(t, []point{
		{Stage: "test", Verified: 1, Failed: 2, Lagging: 1, Skipped: 1, Looks: []int{2, 1, 1, 0}, AgeAtVerification: []int{120}},
		{Stage: "test", Bucket: "media", Verified: 1, Looks: []int{2}, AgeAtVerification: []int{120}},
		{Stage: "test", Reason: "ACCESS_DENIED", Failed: 1},
		{Stage: "test", Reason: "CONTENT_MISMATCH", Failed: 1},
		{Stage: "test", Reason: "MALFORMED_EVENT", Failed: 1},
	}, points)
}

func TestMetricsCountEveryVerdictOfTheRound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		got, points := measured(t, anyBatch().Draw(t, "batch"))
		want := map[string]int{metric.Lagging: len(got.Lagging)}
		for _, s := range got.Summary.Objects {
			want[string(s.Verdict)]++
			for _, r := range s.Replicas {
				if s.Verdict == verdict.Failed && r.Verdict == verdict.Failed {
					want[string(r.Reason)]++
				}
			}
			if s.Verdict == verdict.Failed && !slices.ContainsFunc(s.Replicas, func(r batch.Replica) bool { return r.Verdict == verdict.Failed }) {
				want[string(s.Reason)]++
			}
		}
		count := map[string]int{metric.Lagging: 0}
		add := func(name string, n int) {
			if n > 0 {
				count[name] += n
			}
		}
		for _, p := range points {
			if p.Reason != "" {
				add(p.Reason, p.Failed)
				continue
			}
			if p.Bucket != "" {
				continue // the same verdicts again
			}
			add(metric.Lagging, p.Lagging)
			add(string(verdict.Verified), p.Verified)
			add(string(verdict.Failed), p.Failed)
			add(string(verdict.Skipped), p.Skipped)
		}
		assert.Equal(t, want, count)
	})
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestMetricsThatCannotBeWrittenChangeNoVerdict(t *testing.T) {
	b := batch.Batch{Messages: []batch.Message{verified("v"), mismatch("f"), lagging("l")}}
	var log bytes.Buffer
	c := settler(&log)
	c.Metrics = full{}
	assert.Equal(t, settled(b), c.Settle(t.Context(), b))
	assert.Contains(t, log.String(), `"level":"WARNING","msg":"metrics are incomplete","error":"write metrics of stage test: no space left"`)
}

// What comes out of heartbeats as it must counts apart from uploads, and nothing else of them does.
func TestHeartbeatsThatComeOutAsTheyMustAreNotCountedAsUploads(t *testing.T) {
	beat := func(id, key string, m batch.Message) batch.Message {
		m.Body = strings.NewReplacer(`"docs"`, `"own"`, `"key":"`+m.ID+`"`, `"key":"`+key+`"`).Replace(m.Body)
		m.ID = id
		return m
	}
	gone := mismatch("l")
	gone.Look.Primary.Replication = "COMPLETED"
	gone.Look.Replicas[0].Side = verdict.Side{Bucket: "docs-1", Found: verdict.Missing}
	gone.Progress.Gone = verdict.GoneLooks
	late := beat("m", "in/heartbeat/lost", gone) // where no heartbeat came for hours, it is as old
	late.Progress.Gone = 0
	slow := beat("s", "heartbeat/verified", lagging("s"))
	theirs := lagging("t")
	theirs.Body = strings.Replace(theirs.Body, `"key":"t"`, `"key":"heartbeat/lost"`, 1)
	var metrics bytes.Buffer
	c := settler(new(bytes.Buffer))
	c.Metrics, c.Heartbeats = &metrics, "own"
	answer := c.Settle(context.Background(), batch.Batch{Messages: []batch.Message{
		beat("v", "heartbeat/verified", verified("v")), beat("l", "heartbeat/lost", gone), beat("d", "heartbeat/different", mismatch("d")),
		beat("w", "heartbeat/verified", mismatch("w")), verified("u"), late, slow, theirs,
		beat("b", "heartbeat/lost", mismatch("b")),
	}})
	assert.Len(t, answer.Lagging, 3)
	var ends []string
	for _, s := range answer.Summary.Objects {
		ends = append(ends, strings.TrimSpace(string(s.Verdict)+" "+string(s.Reason)))
	}
	assert.Equal(t, []string{"verified", "skipped AS_PLANTED", "skipped AS_PLANTED", "failed CONTENT_MISMATCH", "verified", "failed CONTENT_MISMATCH"}, ends)
	assert.Len(t, answer.Failed, 2, "those that were not made wrong, or otherwise, are told of")
	var counts []map[string]any
	for line := range strings.Lines(metrics.String()) {
		var values map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &values))
		delete(values, "_aws")
		delete(values, "AgeAtVerification")
		counts = append(counts, values)
	}
	assert.Equal(t, []map[string]any{
		{"Stage": "test", "Verified": 1.0, "Failed": 2.0, "Lagging": 2.0, "Skipped": 0.0, "Looks": []any{1.0, 1.0, 1.0}, "AgeOfLagging": []any{120.0, 120.0}},
		{"Stage": "test", "Reason": "CONTENT_MISMATCH", "Failed": 2.0},
		{"Stage": "test", "HeartbeatVerified": 1.0, "HeartbeatLost": 1.0, "HeartbeatDifferent": 0.0},
	}, counts)
}
