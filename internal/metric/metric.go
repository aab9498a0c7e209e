// Package metric writes what a round of verdicts comes to as lines of
// CloudWatch's embedded metric format, from which CloudWatch Logs makes metrics
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
// A round is one line for each category and one for each reason that something
// failed for, however many objects it has: lines and metrics cost money.
//
// Names, units and dimensions are an interface, which alarms and dashboards
// use: add, never rename. docs/metrics.md lists them.
package metric

import (
	"regexp"
	"strings"
	"time"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// Namespace is the CloudWatch namespace of every metric.
const Namespace = "Autobackup"

// Names of metrics.
const (
	Verified          = "Verified"
	Lagging           = "Lagging"
	Failed            = "Failed"
	Skipped           = "Skipped"
	MetadataDiffers   = "MetadataDiffers"
	Looks             = "Looks"
	AgeAtVerification = "AgeAtVerification"
	AgeOfLagging      = "AgeOfLagging"
)

// Names of dimensions.
const (
	Stage    = "Stage"
	Category = "Category"
	Reason   = "Reason"
)

// Other is the category of what is in no bucket of the stack, such as a message
// that is no S3 event.
const Other = "other"

// Definition is a metric as CloudWatch knows it. Two definitions of one name
// differ in their dimensions and are two metrics.
type Definition struct {
	Name       string
	Unit       string // Count or Seconds
	Dimensions []string
}

var (
	byStage    = []string{Stage} // for an alarm, which can't search for categories
	byCategory = []string{Stage, Category}
	byReason   = []string{Stage, Category, Reason}
)

// Definitions lists every metric that Write writes.
func Definitions() []Definition {
	return []Definition{
		{Verified, count, byCategory},
		{Lagging, count, byCategory},
		{Failed, count, byCategory},
		{Failed, count, byReason},
		{Skipped, count, byCategory},
		{MetadataDiffers, count, byCategory},
		{Looks, count, byCategory},
		{AgeAtVerification, seconds, byCategory},
		{AgeOfLagging, seconds, byCategory},
		{Verified, count, byStage},
		{Skipped, count, byStage},
	}
}

// Units
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html).
const (
	count   = "Count"
	seconds = "Seconds"
)

// Object is what came of one message in a round.
type Object struct {
	Bucket  string // as the message names it, or empty
	Outcome verdict.Outcome
	Reasons []reason.Code // of a failed one: one for each replica that failed, or the primary's
	Finding reason.Code   // about a verified one
	Looks   int           // made so far
	Time    time.Time     // of the event; zero where it is not known
}

// bucketEnd is what follows "autobackup-<stage>-primary-" in a bucket's name:
// a category as template.yaml allows it, and the account.
var bucketEnd = regexp.MustCompile(`^([a-z][a-z0-9]{0,15})-[0-9]{12}$`)

// category is that of a primary bucket. The name comes with a message, which
// anyone may have written, and each category makes metrics of its own.
func category(stage, bucket string) string {
	end, primary := strings.CutPrefix(bucket, "autobackup-"+stage+"-primary-")
	if found := bucketEnd.FindStringSubmatch(end); primary && found != nil {
		return found[1]
	}
	return Other
}
