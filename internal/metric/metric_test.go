package metric_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
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

const media = "autobackup-test-primary-media-123456789012"

func TestOneLineACategoryAndOneAReason(t *testing.T) {
	documents := strings.Replace(media, "media", "documents", 1)
	event := at.Add(-2 * time.Minute)
	var out bytes.Buffer
	require.NoError(t, metric.Write(&out, "test", at, []metric.Object{
		{Bucket: media, Outcome: verdict.Verified, Looks: 2, Time: event},
		{Bucket: media, Outcome: verdict.Lagging, Looks: 2, Time: event},
		{Bucket: media, Outcome: verdict.Failed, Reasons: []reason.Code{reason.SizeMismatch}, Looks: 2, Time: event},
		{Bucket: documents, Outcome: verdict.Verified, Finding: reason.MetadataDiffers, Looks: 2, Time: event.Add(-time.Hour)},
		{Bucket: media, Outcome: verdict.Failed, Reasons: []reason.Code{reason.AccessDenied, reason.SizeMismatch}, Looks: 2, Time: event},
		{Bucket: media, Outcome: verdict.Verified, Looks: 2, Time: event.Add(-time.Second)},
		{Bucket: media, Outcome: verdict.Failed, Reasons: []reason.Code{reason.SizeMismatch}, Looks: 2, Time: event},
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

func TestTheCategoryIsThatOfAPrimaryBucketOfTheStage(t *testing.T) {
	for name, tt := range map[string]struct{ bucket, want string }{
		"a category":                      {media, "media"},
		"the longest category":            {"autobackup-test-primary-a234567890123456-123456789012", "a234567890123456"},
		"a longer one":                    {"autobackup-test-primary-a2345678901234567-123456789012", "other"},
		"a digit first":                   {"autobackup-test-primary-1media-123456789012", "other"},
		"no category":                     {"autobackup-test-primary--123456789012", "other"},
		"a hyphen in it":                  {"autobackup-test-primary-me-dia-123456789012", "other"},
		"capital letters":                 {"autobackup-test-primary-Media-123456789012", "other"},
		"a letter outside ASCII":          {"autobackup-test-primary-médias-123456789012", "other"},
		"no account":                      {"autobackup-test-primary-media", "other"},
		"something behind the account":    {media + "-x", "other"},
		"a line break behind the account": {media + "\n", "other"},
		"another stage":                   {"autobackup-prod-primary-media-123456789012", "other"},
		"the replica":                     {"autobackup-test-replica-media-123456789012", "other"},
		"the end of a name alone":         {"media-123456789012", "other"},
		"another bucket":                  {"docs", "other"},
		"no bucket":                       {"", "other"},
	} {
		t.Run(name, func(t *testing.T) {
			got := written(t, []metric.Object{{Bucket: tt.bucket, Outcome: verdict.Skipped, Looks: 1}})
			assert.Equal(t, []float64{1}, got["Skipped Stage=test Category="+tt.want])
		})
	}
}

func TestTheTemplateNamesBucketsAndCategoriesAsMetricsReadThem(t *testing.T) {
	text, err := os.ReadFile("../../template.yaml")
	require.NoError(t, err)
	name := regexp.MustCompile(`BucketName: !Sub "?(autobackup-\S+-primary-\S+?)"?\n`).FindSubmatch(text)
	require.NotNil(t, name)
	categories := regexp.MustCompile(`(?s)\n  Categories:\n.*?Default: (\S+)`).FindSubmatch(text)
	require.NotNil(t, categories)
	assert.Contains(t, string(text), `AllowedPattern: "|[a-z][a-z0-9]{0,15}"`)
	for c := range strings.SplitSeq(string(categories[1]), ",") {
		bucket := strings.NewReplacer("${Stage}", "test", "${Category}", c, "${AWS::AccountId}", "123456789012").Replace(string(name[1]))
		got := written(t, []metric.Object{{Bucket: bucket, Outcome: verdict.Skipped, Looks: 1}})
		assert.Equal(t, []float64{1}, got["Skipped Stage=test Category="+c])
	}
}

func TestAgeIsFromTheEventToTheVerdict(t *testing.T) {
	const age = "AgeAtVerification Stage=test Category=media"
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
	assert.Equal(t, []float64{90, 3600}, got["AgeOfLagging Stage=test Category=media"])
}

func TestTheStageCountsWhatItsCategoriesDo(t *testing.T) {
	got := written(t, []metric.Object{
		{Bucket: media, Outcome: verdict.Verified}, {Bucket: media, Outcome: verdict.Skipped},
		{Bucket: strings.Replace(media, "media", "documents", 1), Outcome: verdict.Verified},
		{Outcome: verdict.Failed, Reasons: []reason.Code{reason.MalformedEvent}},
	})
	assert.Equal(t, []float64{1, 1, 0}, got["Verified Stage=test"], "one value for each category")
	assert.Equal(t, []float64{0, 1, 0}, got["Skipped Stage=test"])
	assert.NotContains(t, got, "Failed Stage=test")
}

func TestMoreValuesThanALineTakesMakeMoreLines(t *testing.T) {
	objects := slices.Repeat([]metric.Object{{Bucket: media, Outcome: verdict.Verified, Looks: 3, Time: at}}, 201)
	objects = append(objects, slices.Repeat([]metric.Object{{Bucket: media, Outcome: verdict.Skipped, Looks: 3}}, 100)...)
	w := &lines{}
	require.NoError(t, metric.Write(w, "test", at, objects))
	assert.Len(t, *w, 4)
	assert.Equal(t, record{
		"Verified Stage=test Category=media": {201}, "Skipped Stage=test Category=media": {100},
		"Failed Stage=test Category=media": {0}, "Lagging Stage=test Category=media": {0},
		"Verified Stage=test": {201}, "Skipped Stage=test": {100},
		"Looks Stage=test Category=media":             slices.Repeat([]float64{3}, 301),
		"AgeAtVerification Stage=test Category=media": make([]float64, 201),
	}, written(t, objects))
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("closed") }

func TestAWriterThatFailsIsNamed(t *testing.T) {
	err := metric.Write(broken{}, "test", at, []metric.Object{{Bucket: media, Outcome: verdict.Verified}})
	assert.EqualError(t, err, "write metrics of category media: closed")
}
