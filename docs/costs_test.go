package docs_test

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/metric"
	"autobackup/local/template"
)

// deployed is what the costs take from the templates with their defaults.
type deployed struct {
	batch, window, record, transitions, polled, keys, days float64
	memory, hashMemory                                     float64 // GB of fetch-etags and compare-etags, and of hash-bytes
	categories, alarms, composites, dashboards             float64
	measuredRules                                          float64 // with metrics of S3
	ofStage, ofBucket                                      float64 // metrics of the functions
	senderWindow, senders, message                         float64
	functions                                              float64
	heartbeats                                             float64 // a month
}

// filled is how many messages a batch has in a month with so many uploads, as
// evenly as they can come: a window collects no more than come in it.
func (d deployed) filled(objects float64) float64 {
	return min(d.batch, max(1, objects/month*d.window))
}

func TestThePageOnCostsHasTheCostsOfTheTemplatesDefaults(t *testing.T) {
	d := ofDefaults(t)
	want := between(t, read(t, "costs.md"), "costs", costTable(items(d)))
	want = between(t, want, "forms", formsTable(t))
	want = between(t, want, "further", furtherTable(furthers(t, d)))
	want = between(t, want, "replication", replicationTable())
	want = between(t, want, "readings", readingsTable(t, d))
	generated(t, "costs.md", want)
}

// together is what so many uploads a month cost.
func together(d deployed, objects float64) (sum float64) {
	for _, i := range items(d) {
		sum += i.cost(objects)
	}
	return sum
}

func TestAMillionObjectsCostAtMostSixDollarsWhereBatchesAreFull(t *testing.T) {
	d := ofDefaults(t)
	assert.LessOrEqual(t, together(d, 100*million)/100, 6.0)
	assert.InDelta(t, d.batch, d.filled(100*million), 0)
}

// What the text around the tables says in numbers follows from the same
// quantities.
func TestTheTextAboutCostsSaysWhatTheTablesDo(t *testing.T) {
	d, text := ofDefaults(t), strings.Join(strings.Fields(read(t, "costs.md")), " ")
	assert.Contains(t, text, fmt.Sprintf("S3's metrics of %g rules, %.2f of it", d.measuredRules, ofS3Rule*d.measuredRules*metricPrice))
	assert.Contains(t, text, fmt.Sprintf("from about %.0f million uploads a month on", math.Ceil(d.batch/d.window*month/million)))
	assert.Contains(t, text, fmt.Sprintf("a window brings %.0f at a million a month", math.Floor(d.filled(million))))
	assert.Contains(t, text, fmt.Sprintf("costs %.5f for a GB on each side", ofReading(d, 1000)-ofReading(d, 0)))
	fixed := fmt.Sprintf("costs %s instead of %s;", dollars(together(ofForm(t, "lean"), 0)), dollars(together(d, 0)))
	assert.Contains(t, strings.Join(strings.Fields(read(t, "decisions/0057-the-lean-form.md")), " "), fixed)
	assert.Contains(t, text, fmt.Sprintf("each name in `BucketMetrics` adds up to %g metrics, for %.2f a month", d.ofBucket, d.ofBucket*metricPrice))
	_, known := parameters(t, "../template.yaml")
	assert.Contains(t, known["BucketMetrics"].Description, fmt.Sprintf("up to %.2f dollars a month each", d.ofBucket*metricPrice))
	assert.Contains(t, text, fmt.Sprintf("an upload that comes alone costs %.4f", d.transitions*transitionPrice/million))
}

// The generator's own arithmetic, done again from what a reader sees.
func TestTheCostTableAddsUp(t *testing.T) {
	rows := regexp.MustCompile(`(?m)^\| \[.* \| ([\d,.]+) / ([\d,.]+) / ([\d,.]+) \| ([\d.]+) per (\S+) \| ([\d,.]+) \| ([\d,.]+) \| ([\d,.]+) \|$`)
	total := regexp.MustCompile(`(?m)^\| \*\*together\*\* \| \| \| \*\*([\d,.]+)\*\* \| \*\*([\d,.]+)\*\* \| \*\*([\d,.]+)\*\* \|$`)
	text := read(t, "costs.md")
	require.Regexp(t, total, text)
	own := strings.Split(text, "**together**")[0]
	require.Greater(t, len(rows.FindAllString(own, -1)), 12)
	for column, together := range total.FindStringSubmatch(text)[1:] {
		sum := 0.0
		for _, row := range rows.FindAllStringSubmatch(own, -1) {
			per := map[string]float64{"million": million}[row[5]]
			cost := figure(t, row[6+column])
			assert.InDelta(t, figure(t, row[1+column])/max(per, 1)*figure(t, row[4]), cost, 0.006+cost/100, row[0])
			sum += cost
		}
		assert.InDelta(t, sum, figure(t, together), 0.1)
	}
}

// ofDefaults reads the quantities from the template, the workflow, a sample
// event and the list of metrics.
func ofDefaults(t *testing.T) deployed {
	t.Helper()
	return ofForm(t, "full")
}

// ofForm does, of a form of the stack.
func ofForm(t *testing.T, form string) deployed {
	t.Helper()
	s := resolved(t, "template.yaml", withForm(form))
	d := deployed{
		batch: figure(t, s.Parameters["BatchSize"]), window: figure(t, s.Parameters["BatchWindowSeconds"]),
		days: figure(t, s.Parameters["LogRetentionDays"]), record: averageRecord(t),
		transitions: transitions(t, whenAllAreVerified),
		ofStage:     metricsBy(metric.Stage), ofBucket: metricsBy(metric.Stage, metric.Bucket), polled: 1,
		categories: float64(strings.Count(s.Parameters["Categories"], ",") + 1),
		message:    figure(t, fmt.Sprint(propertiesOf(t, s, "ValidationQueue")["MaximumMessageSize"])),
	}
	for _, r := range s.Resources {
		d.add(t, r)
	}
	return d
}

// metricsBy is how many metrics the functions write by these dimensions.
func metricsBy(dimensions ...string) (n float64) {
	for _, d := range metric.Definitions() {
		if slices.Equal(d.Dimensions, dimensions) {
			n++
		}
	}
	return n
}

// receiptHandle is about the length of one, in bytes; SQS says that it has at most
// 1,024. The sample's is shorter.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
const receiptHandle = 412

// averageRecord is what the pipe hands over for an upload like the sample's, in
// bytes.
func averageRecord(t *testing.T) float64 {
	t.Helper()
	var sample struct{ Messages []json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(read(t, "../events/fetch-etags/upload.json")), &sample))
	require.Len(t, sample.Messages, 1)
	var record struct{ ReceiptHandle string }
	require.NoError(t, json.Unmarshal(sample.Messages[0], &record))
	compact, err := json.Marshal(sample.Messages[0])
	require.NoError(t, err)
	return float64(len(compact) - len(record.ReceiptHandle) + receiptHandle)
}

func (d *deployed) add(t *testing.T, r template.Resource) {
	t.Helper()
	switch r.Type {
	case "AWS::KMS::Key":
		d.keys++
	case "AWS::S3::Bucket":
		if replication, ok := r.Properties["ReplicationConfiguration"].(map[string]any); ok {
			for _, rule := range replication["Rules"].([]any) {
				if rule.(map[string]any)["Destination"].(map[string]any)["Metrics"] != nil {
					d.measuredRules++
				}
			}
		}
	case "AWS::Serverless::Function":
		d.functions++
		memory := figure(t, fmt.Sprint(r.Properties["MemorySize"])) / 1024
		if r.LogicalID == "HashBytesFunction" {
			d.hashMemory = memory
		} else {
			d.memory = memory // the others have that of Globals
		}
		events, _ := r.Properties["Events"].(map[string]any)
		d.polled += float64(len(events))
		if failures, ok := events["Failures"].(map[string]any); ok {
			mapping := failures["Properties"].(map[string]any)
			d.senderWindow = figure(t, fmt.Sprint(mapping["MaximumBatchingWindowInSeconds"]))
			d.senders = figure(t, fmt.Sprint(mapping["ScalingConfig"].(map[string]any)["MaximumConcurrency"]))
		}
	case "AWS::CloudWatch::Alarm":
		queries, _ := r.Properties["Metrics"].([]any)
		measured := slices.DeleteFunc(slices.Clone(queries), func(q any) bool { return q.(map[string]any)["MetricStat"] == nil })
		d.alarms += float64(max(1, len(measured)))
	case "AWS::CloudWatch::CompositeAlarm":
		d.composites++
	case "AWS::CloudWatch::Dashboard":
		d.dashboards++
	case "AWS::Events::Rule":
		if r.LogicalID == "HeartbeatRule" {
			require.Equal(t, "rate(10 minutes)", r.Properties["ScheduleExpression"])
			d.heartbeats = month / 600
		}
	}
}

func figure(t *testing.T, text string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
	require.NoError(t, err)
	return n
}
