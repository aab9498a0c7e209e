package docs_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"

	list "autobackup/cmd/autobackup/price"
	"autobackup/internal/audit"
	"autobackup/internal/metric"
)

const (
	million   = 1e6
	gigabyte  = 1 << 30
	month     = 30 * 24 * 3600 // seconds
	chunk     = 64 << 10       // bytes that SQS and Pipes bill as one
	sqsBatch  = 10             // most messages that one call to SQS receives or deletes
	pollers   = 5              // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
	longPoll  = 20             // seconds
	keyReuse  = 300            // seconds that SQS keeps a data key where the queue doesn't say
	ofS3Rule  = 4              // metrics; https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
	ofBuckets = 3              // requests about a category's buckets and rules: two HeadBucket, one GetBucketReplication
	beatSteps = 16             // transitions of a heartbeat's execution; TestAHeartbeatIsOneExecutionOfSixteenTransitions in local has it
	beatPuts  = 4              // PUTs of a heartbeat: two, and their replicas
	objectLog = 700            // bytes: a line of compare-etags, 671 of a sample, and 26 that CloudWatch counts
	batchLog  = 3000           // bytes: metrics, and Lambda's own lines
)

// Seconds that fetch-etags and compare-etags take for a full batch: measured, 16
// and 9 ms of a core, of which 256 MB have a seventh. The rest is spent waiting for
// S3, and kept for TLS and busy machines.
const (
	lookTime  = 0.5
	judgeTime = 0.1
)

// List prices in US dollars, each for a million where it is not said otherwise.
const (
	eventPrice      = 1.00
	sqsPrice        = 0.40
	pipePrice       = 0.40
	transitionPrice = 25.00
	invokePrice     = 0.20
	gbSecondPrice   = 13.33
	getPrice        = list.Get // HEAD and every other request that writes nothing
	putPrice        = list.List
	metricPrice     = 0.30 // each
	alarmPrice      = 0.10 // each
	compositePrice  = 0.50 // each
	dashboardPrice  = 3.00 // each
	logPrice        = 0.50 // a GB
	logKeptPrice    = 0.03 // a GB and month
	keyPrice        = 1.00 // each
	kmsPrice        = list.KMS
	tracePrice      = 5.00
	emailPrice      = 20.00
)

// item is a row of the costs: what is paid for, how many of it a month with
// this many objects takes, and what a unit of that costs in US dollars.
type item struct {
	page, name, what string
	count            func(objects float64) float64
	price            float64
	unit             string
}

func fixed(n float64) func(float64) float64 { return func(float64) float64 { return n } }

// used is fixed where anything is uploaded at all.
func used(n float64) func(float64) float64 {
	return func(objects float64) float64 { return min(objects, n) }
}

// items are the rows, with no free tier, when every object is verified at its
// first look.
func items(d deployed) []item {
	batches := func(each float64) func(float64) float64 {
		return func(objects float64) float64 { return objects / d.filled(objects) * each }
	}
	each := func(n float64) func(float64) float64 { return func(objects float64) float64 { return objects * n } }
	chunks := func(objects float64) float64 {
		return batches(math.Ceil(d.filled(objects) * d.record / chunk))(objects)
	}
	logs := func(objects float64) float64 { return (objects*objectLog + batches(batchLog)(objects)) / gigabyte }
	gbSeconds := (lookTime + judgeTime) * d.memory
	all := []item{
		{"eventbridge", "EventBridge", "an event for each object", each(1), eventPrice, "million"},
		{"sqs", "SQS", fmt.Sprintf("sent one by one, received and deleted by %d", sqsBatch), each(1 + 2.0/sqsBatch), sqsPrice, "million"},
		{"sqs", "SQS", fmt.Sprintf("polling: %d calls every %d s on %g queues", pollers, longPoll, d.polled), fixed(d.polled * pollers * month / longPoll), sqsPrice, "million"},
		{"eventbridge", "Pipes", fmt.Sprintf("batches of up to %g, in chunks of 64 KB, %.1f KB a record", d.batch, d.record/1024), chunks, pipePrice, "million"},
		{"step-functions", "Step Functions", fmt.Sprintf("%g transitions a batch", d.transitions), batches(d.transitions), transitionPrice, "million"},
		{"step-functions", "Step Functions", fmt.Sprintf("heartbeats, of %d transitions", beatSteps), fixed(d.heartbeats * beatSteps), transitionPrice, "million"},
		{"s3", "S3", fmt.Sprintf("heartbeats, of %d PUTs with their replicas'", beatPuts), fixed(d.heartbeats * beatPuts), putPrice, "million"},
		{"cloudwatch", "CloudWatch", "metrics of heartbeats", fixed(min(d.heartbeats, float64(len(metric.OfHeartbeats())))), metricPrice, "metric"},
		{"lambda", "Lambda", "2 invocations a batch", batches(2), invokePrice, "million"},
		{"lambda", "Lambda", fmt.Sprintf("GB-seconds on arm64: %.2f a batch (%g s to look and %g s to judge, at %g MB)", gbSeconds, lookTime, judgeTime, d.memory*1024), batches(gbSeconds), gbSecondPrice, "million"},
		{"s3", "S3", "2 HEAD requests an object", each(2), getPrice, "million"},
		{"s3", "S3", fmt.Sprintf("at most %d requests a batch about the buckets of %g categories and their rules", ofBuckets*int(d.categories), d.categories), batches(ofBuckets * d.categories), getPrice, "million"},
		{"cloudwatch", "CloudWatch", "metrics of the functions: the stage's", used(d.ofStage), metricPrice, "metric"},
		{"cloudwatch", "CloudWatch", fmt.Sprintf("S3's replication metrics: %d for each of %g rules", ofS3Rule, d.measuredRules), fixed(ofS3Rule * d.measuredRules), metricPrice, "metric"},
		{"cloudwatch", "CloudWatch", "alarms, one for each metric they watch", fixed(d.alarms), alarmPrice, "alarm"},
		{"cloudwatch", "CloudWatch", "composite alarms", fixed(d.composites), compositePrice, "alarm"},
		{"cloudwatch", "CloudWatch", "dashboards", fixed(d.dashboards), dashboardPrice, "dashboard"},
		{"cloudwatch", "CloudWatch", fmt.Sprintf("logs written: %d bytes an object, %d a batch", objectLog, batchLog), logs, logPrice, "GB"},
		{"cloudwatch", "CloudWatch", fmt.Sprintf("logs kept for %g days", d.days), func(n float64) float64 { return logs(n) * d.days / 30 }, logKeptPrice, "GB"},
		{"kms", "KMS", "keys of queues and topic", fixed(d.keys), keyPrice, "key"},
		{"kms", "KMS", fmt.Sprintf("3 calls every %d s for the validation queue", keyReuse), used(3 * month / keyReuse * min(d.keys, 1)), kmsPrice, "million"},
		{"xray", "X-Ray", "at most one trace a batch", batches(1), tracePrice, "million"},
	}
	return slices.DeleteFunc(all, func(i item) bool { return i.count(million) == 0 })
}

func (i item) row() string {
	return fmt.Sprintf("| [%s](https://aws.amazon.com/%s/pricing/): %s | %s / %s / %s | %s per %s | %s | %s | %s |\n", i.name, i.page, i.what,
		grouped(i.count(0)), grouped(i.count(million)), grouped(i.count(100*million)), price(i.price), i.unit, dollars(i.cost(0)), dollars(i.cost(million)), dollars(i.cost(100*million)))
}

func (i item) cost(objects float64) float64 {
	if i.unit == "million" {
		return i.count(objects) / million * i.price
	}
	return i.count(objects) * i.price
}

const costHead = "| what | how many | price | nothing | 1 million | 100 million |\n|---|---|---|---|---|---|\n"

func costTable(all []item) string {
	table, none, small, large := costHead, 0.0, 0.0, 0.0
	for _, i := range all {
		table += i.row()
		none, small, large = none+i.cost(0), small+i.cost(million), large+i.cost(100*million)
	}
	return table + fmt.Sprintf("| **together** | | | **%s** | **%s** | **%s** |\n", dollars(none), dollars(small), dollars(large))
}

// formsTable is what each form of the stack costs together.
func formsTable(t *testing.T) string {
	t.Helper()
	table := "| form | nothing | 1 million | 100 million |\n|---|---|---|---|\n"
	for _, form := range []string{"full", "lean"} {
		d := ofForm(t, form)
		table += fmt.Sprintf("| `Form=%s` | %s | %s | %s |\n", form, dollars(together(d, 0)), dollars(together(d, million)), dollars(together(d, 100*million)))
	}
	return table
}

// replicationTable is what S3 takes for the copies of objects of a megabyte.
func replicationTable() string {
	gigabytes := func(objects float64) float64 { return objects / 1000 }
	table := costHead
	for _, i := range []item{
		{"s3", "S3", "transfer to the second region", gigabytes, 0.02, "GB"},
		{"s3", "S3", "a PUT for each replica", func(objects float64) float64 { return objects }, putPrice, "million"},
		{"s3", "S3", "storage of these replicas, every month", gigabytes, 0.023, "GB"},
		{"s3", "S3", "with `ReplicationTimeControl=Enabled` only", gigabytes, 0.015, "GB"},
	} {
		table += i.row()
	}
	return table
}

// readingsTable is what reading the bytes of everything once costs on both sides, by a scrub
// with the listings that it goes by, and by an execution for each object.
func readingsTable(t *testing.T, d deployed) string {
	t.Helper()
	table := "| what | listings | reading | together | an execution for each reading |\n|---|---:|---:|---:|---:|\n"
	for _, of := range []struct {
		what               string
		objects, megabytes float64
	}{
		{"a million objects of 1 MB", million, 1},
		{"1 TB in objects of 1 GB", 1000, 1000},
	} {
		listings := ofLevel(audit.Listed, int64(of.objects), false).Dollars
		reading := of.objects * list.Read(int64(of.megabytes*million), false, "", "")
		table += fmt.Sprintf("| %s | %s | %s | **%s** | %s |\n", of.what, dollars(listings), dollars(reading), dollars(listings+reading), dollars(d.readings(t, of.objects, of.megabytes).dollars))
	}
	return table
}

func price(n float64) string {
	if n*100 == math.Trunc(n*100) {
		return fmt.Sprintf("%.2f", n)
	}
	return fmt.Sprint(n)
}

// grouped writes a number with commas, and with decimals where it is small.
func grouped(n float64) string {
	if n < 1000 && n != math.Trunc(n) {
		return fmt.Sprintf("%.2f", n)
	}
	digits := strconv.FormatFloat(n, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func dollars(n float64) string {
	cents := math.Round(n * 100)
	return fmt.Sprintf("%s.%02.0f", grouped(math.Trunc(cents/100)), math.Mod(cents, 100))
}
