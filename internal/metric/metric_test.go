package metric_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/metric"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

var update = flag.Bool("update", false, "write the golden files")

var at = time.Date(2026, 3, 2, 9, 16, 5, 250_000_000, time.UTC)

// media and documents are buckets that have metrics of their own, archive has none.
const (
	media     = "acme-media"
	documents = "acme.documents"
	archive   = "acme-archive"
)

var scope = metric.Scope{Stage: "test", Buckets: []string{media, documents, "acme-idle"}}

func TestOneLineInAllOneABucketThatIsNamedAndOneAReason(t *testing.T) {
	event := at.Add(-2 * time.Minute)
	var out bytes.Buffer
	require.NoError(t, scope.Write(&out, at, []metric.Object{
		{Bucket: media, Outcome: verdict.Verified, Looks: 2, Time: event},
		{Bucket: media, Outcome: verdict.Lagging, Looks: 2, Time: event},
		{Bucket: media, Outcome: verdict.Failed, Reasons: []reason.Code{reason.SizeMismatch}, Looks: 2, Time: event},
		{Bucket: documents, Outcome: verdict.Verified, Finding: reason.MetadataDiffers, Looks: 2, Time: event.Add(-time.Hour)},
		{Bucket: media, Outcome: verdict.Failed, Reasons: []reason.Code{reason.AccessDenied, reason.SizeMismatch}, Looks: 2, Time: event},
		{Bucket: archive, Outcome: verdict.Verified, Looks: 2, Time: event.Add(-time.Second)},
		{Bucket: archive, Outcome: verdict.Failed, Reasons: []reason.Code{reason.SizeMismatch}, Looks: 2, Time: event},
		{Bucket: media, Outcome: verdict.Skipped, Looks: 2, Time: event},
		{Outcome: verdict.Failed, Reasons: []reason.Code{reason.MalformedEvent}, Looks: 2},
	}))
	const golden = "testdata/round.jsonl"
	if *update {
		require.NoError(t, os.WriteFile(golden, out.Bytes(), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), out.String(), "run go test ./internal/metric -update")
}

func TestNoObjectsMakeNoLine(t *testing.T) {
	assert.Empty(t, written(t, nil))
}

func TestOnlyABucketThatIsNamedHasMetricsOfItsOwn(t *testing.T) {
	for name, tt := range map[string]struct {
		bucket string
		own    bool
	}{
		"one that is named":               {media, true},
		"one with a dot":                  {documents, true},
		"another":                         {archive, false},
		"its beginning":                   {media[:4], false},
		"one that begins so":              {media + "-2", false},
		"capital letters":                 {"Acme-Media", false},
		"a line break behind it":          {media + "\n", false},
		"two names":                       {media + "," + documents, false},
		"one with a line in it":           {media + "\"}\n{", false},
		"none, of what is no S3 event":    {"", false},
		"one that the stack would name":   {"autobackup-test-primary-media-123456789012", false},
		"the name of a stage's dimension": {"test", false},
	} {
		t.Run(name, func(t *testing.T) {
			got := written(t, []metric.Object{{Bucket: tt.bucket, Outcome: verdict.Skipped, Looks: 1}})
			assert.Equal(t, []float64{1}, got["Skipped Stage=test"])
			want := 5 // metrics of the stage
			if tt.own {
				want = 10
				assert.Equal(t, []float64{1}, got["Skipped Stage=test Bucket="+tt.bucket])
			}
			assert.Len(t, got, want)
		})
	}
}

func TestWithoutNamesTheStageAloneHasMetrics(t *testing.T) {
	w := &lines{}
	require.NoError(t, metric.Scope{Stage: "test"}.Write(w, at, []metric.Object{{Bucket: media, Outcome: verdict.Skipped}, {Outcome: verdict.Skipped}}))
	assert.Len(t, *w, 1)
	assert.NotContains(t, (*w)[0], metric.Bucket)
}

func TestAgeIsFromTheEventToTheVerdict(t *testing.T) {
	const age = "AgeAtVerification Stage=test Bucket=acme-media"
	for name, tt := range map[string]struct {
		object metric.Object
		want   []float64
	}{
		"whole seconds":             {metric.Object{Outcome: verdict.Verified, Time: at.Add(-1999 * time.Millisecond)}, []float64{1}},
		"clocks that differ":        {metric.Object{Outcome: verdict.Verified, Time: at.Add(time.Hour)}, []float64{0}},
		"an event without a time":   {metric.Object{Outcome: verdict.Verified}, nil},
		"what failed has none":      {metric.Object{Outcome: verdict.Failed, Reasons: []reason.Code{reason.Archived}, Time: at}, nil},
		"what lags has another":     {metric.Object{Outcome: verdict.Lagging, Time: at}, nil},
		"what was skipped has none": {metric.Object{Outcome: verdict.Skipped, Time: at}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tt.object.Bucket = media
			assert.Equal(t, tt.want, written(t, []metric.Object{tt.object})[age])
		})
	}
}

func TestWhatLagsGetsOlder(t *testing.T) {
	got := written(t, []metric.Object{
		{Bucket: media, Outcome: verdict.Lagging, Time: at.Add(-90 * time.Second)},
		{Bucket: media, Outcome: verdict.Lagging, Time: at.Add(-time.Hour)},
		{Bucket: media, Outcome: verdict.Lagging},
		{Bucket: media, Outcome: verdict.Verified, Time: at.Add(-time.Minute)},
	})
	assert.Equal(t, []float64{90, 3600}, got["AgeOfLagging Stage=test Bucket=acme-media"])
}

func TestTheStageCountsWhatEveryBucketDoes(t *testing.T) {
	got := written(t, []metric.Object{
		{Bucket: media, Outcome: verdict.Verified}, {Bucket: media, Outcome: verdict.Skipped},
		{Bucket: documents, Outcome: verdict.Verified}, {Bucket: archive, Outcome: verdict.Verified},
		{Outcome: verdict.Failed, Reasons: []reason.Code{reason.MalformedEvent}},
	})
	assert.Equal(t, []float64{3}, got["Verified Stage=test"])
	assert.Equal(t, []float64{1}, got["Skipped Stage=test"])
	assert.Equal(t, []float64{1}, got["Failed Stage=test"])
	assert.Equal(t, []float64{1}, got["Verified Stage=test Bucket="+media])
	assert.Equal(t, []float64{1}, got["Failed Stage=test Reason=MALFORMED_EVENT"])
}

func TestMoreValuesThanALineTakesMakeMoreLines(t *testing.T) {
	objects := slices.Repeat([]metric.Object{{Bucket: media, Outcome: verdict.Verified, Looks: 3, Time: at}}, 201)
	objects = append(objects, slices.Repeat([]metric.Object{{Bucket: media, Outcome: verdict.Skipped, Looks: 3}}, 100)...)
	w := &lines{}
	require.NoError(t, scope.Write(w, at, objects))
	assert.Len(t, *w, 8)
	want := record{}
	for _, by := range []string{"Stage=test", "Stage=test Bucket=acme-media"} {
		want["Verified "+by], want["Skipped "+by] = []float64{201}, []float64{100}
		want["Failed "+by], want["Lagging "+by] = []float64{0}, []float64{0}
		want["Looks "+by] = slices.Repeat([]float64{3}, 301)
		want["AgeAtVerification "+by] = make([]float64, 201)
	}
	assert.Equal(t, want, written(t, objects))
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("closed") }

func TestAWriterThatFailsIsNamed(t *testing.T) {
	err := scope.Write(broken{}, at, []metric.Object{{Bucket: media, Outcome: verdict.Verified}})
	assert.EqualError(t, err, "write metrics of stage test: closed")
}
