package wire

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/internal/checksum"
	"autobackup/internal/verdict"
)

// Audit is the environment of the function audit, whose code is the program's.
type Audit struct {
	Stage, WorkBucket, FetchETags string // the last one an ARN
	FactsBucket                   string // empty: no facts are left
	Policy                        verdict.Policy
	Level                         string // listed, rest or all
	Rate                          int    // requests a second, of both sides together
	Dollars                       float64
	AtOnce                        int // parts of an audit at the same time
	Time                          time.Duration
	// Of the validation queue, where findings go there: its URL, its ARN, and how long a
	// message may be.
	ValidationURL string
	ValidationARN arn.ARN
	MessageBytes  int64
	// Of scrubs: in how many days all is read, 0 for never; what it may cost a month, in dollars;
	// storage classes; and hash-bytes by region, with the digest that it makes.
	ScrubDays    int
	ScrubDollars float64
	ScrubClasses []string
	HashBytes    map[string]string
	Digest       checksum.Algorithm
}

// AuditOf reads the environment of the function audit: STAGE, WORK_BUCKET, FETCH_ETAGS_ARN,
// AUDIT_LEVEL, AUDIT_RATE, AUDIT_DOLLARS, AUDIT_CONCURRENCY, AUDIT_HOURS, DEADLINE_MINUTES,
// MARKER_DEADLINE_MINUTES and METADATA_DIFFERENCES; with VALIDATION_QUEUE_ARN, which may be
// empty, also MESSAGE_BYTES; and SCRUB_DAYS. Where that is not 0, also SCRUB_DOLLARS,
// SCRUB_CLASSES, which may be empty, DIGEST_ALGORITHM, PRIMARY_HASH_BYTES_ARN and
// REPLICA_HASH_BYTES_ARNS. FACTS_BUCKET may be empty, too.
func AuditOf(env func(string) string) (a Audit, err error) {
	var problems []error
	note := func(err error) { problems = append(problems, err) }
	a.Stage, err = text(env, "STAGE", "dev")
	note(err)
	a.WorkBucket, err = text(env, "WORK_BUCKET", "autobackup-dev-work-123456789012")
	note(err)
	a.FetchETags, err = resource(env, "FETCH_ETAGS_ARN", "lambda")
	note(err)
	switch a.Level = env("AUDIT_LEVEL"); a.Level {
	case "listed", "rest", "all":
	default:
		note(fmt.Errorf("environment variable AUDIT_LEVEL is %q: set it to listed, rest or all", a.Level))
	}
	number := func(name, unit string, low, high int64) int64 {
		n, err := whole(env, name, unit, low, high)
		note(err)
		return n
	}
	a.Rate = int(number("AUDIT_RATE", "requests a second", minRate, maxRate))
	a.Dollars = float64(number("AUDIT_DOLLARS", "dollars", 1, maxDollars))
	a.AtOnce = int(number("AUDIT_CONCURRENCY", "parts at the same time", 1, maxConcurrency))
	a.Time = time.Duration(number("AUDIT_HOURS", "hours", 1, maxMinutes/60)) * time.Hour
	a.Policy.Deadline, err = minutes(env, "DEADLINE_MINUTES")
	note(err)
	a.Policy.MarkerDeadline, err = minutes(env, "MARKER_DEADLINE_MINUTES")
	note(err)
	a.Policy.AlertMetadata, err = alertMetadata(env)
	note(err)
	a.FactsBucket = env("FACTS_BUCKET")
	if env("VALIDATION_QUEUE_ARN") != "" {
		_, a.ValidationURL, err = queue(env, "VALIDATION_QUEUE_ARN")
		note(err)
		a.ValidationARN, _ = arn.Parse(env("VALIDATION_QUEUE_ARN")) // queue has told what is wrong
		a.MessageBytes = number("MESSAGE_BYTES", "bytes", 1, 1<<20)
	}
	if a.ScrubDays = int(number("SCRUB_DAYS", "days", 0, maxScrubDays)); a.ScrubDays > 0 {
		a.ScrubDollars = float64(number("SCRUB_DOLLARS", "dollars a month", 1, maxDollars))
		a.ScrubClasses = append([]string{""}, strings.FieldsFunc(env("SCRUB_CLASSES"), func(r rune) bool { return r == ',' })...)
		a.Digest, err = digestAlgorithm(env)
		note(err)
		a.HashBytes, err = hashBytes(env)
		note(err)
	}
	return a, errors.Join(problems...)
}

const (
	// minRate is what one part of an audit takes to end in time.
	minRate = 10
	// maxRate is more than one bucket has been seen to answer.
	maxRate = 20_000
	// maxDollars is what reading the listings of 10^13 versions costs.
	maxDollars = 100_000
	// maxScrubDays is ten years.
	maxScrubDays = 3650
)
