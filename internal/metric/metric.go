// Package metric writes what a round of verdicts comes to as lines of
// CloudWatch's embedded metric format, from which CloudWatch Logs makes metrics
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
// A round is one line, one more for each bucket that is to have metrics of its own,
// and one for each reason that something failed for, however many objects it has:
// lines and metrics cost money.
//
// Names, units and dimensions are an interface, which alarms and dashboards
// use: add, never rename. docs/metrics.md lists them.
package metric

import (
	"slices"
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
	Stage  = "Stage"
	Bucket = "Bucket"
	Reason = "Reason"
)

// Definition is a metric as CloudWatch knows it. Two definitions of one name
// differ in their dimensions and are two metrics.
type Definition struct {
	Name       string
	Unit       string // Count, Seconds, Bytes or Percent
	Dimensions []string
}

var (
	byStage  = []string{Stage}
	byReason = []string{Stage, Reason}
	byBucket = []string{Stage, Bucket}
)

// All lists every metric there is.
func All() []Definition {
	return slices.Concat(Definitions(), OfHeartbeats(), OfDoctor(), OfAudit(), OfScrub())
}

// Definitions lists every metric that Write writes.
func Definitions() (all []Definition) {
	measures := []Definition{
		{Verified, count, nil}, {Lagging, count, nil}, {Failed, count, nil}, {Skipped, count, nil}, {MetadataDiffers, count, nil},
		{Looks, count, nil}, {AgeAtVerification, seconds, nil}, {AgeOfLagging, seconds, nil},
	}
	for _, dimensions := range [][]string{byStage, byBucket} {
		for _, m := range measures {
			all = append(all, Definition{m.Name, m.Unit, dimensions})
		}
	}
	return append(all, Definition{Failed, count, byReason})
}

// Units
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html).
const (
	count   = "Count"
	seconds = "Seconds"
	bytes   = "Bytes"
	percent = "Percent"
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

// Scope is whose metrics a round makes.
type Scope struct {
	Stage string
	// Buckets have metrics of their own, and no others: a bucket's name comes with a
	// message, which anyone may have written, and each one that is taken for a
	// dimension makes metrics that cost money.
	Buckets []string
}
