package docs_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"autobackup/cmd/autobackup/audit"
	core "autobackup/internal/audit"
)

// stageLimits are the parameters that bound an audit of a stage.
type stageLimits struct {
	rate, atOnce   float64
	dollars, hours float64
}

// What else an audit of a stage meets, each with the page that says so or what was measured.
const (
	pageSeconds  = 0.2      // that both sides' pages take together, side by side
	lookSeconds  = 0.1      // that a look at both sides takes
	looksOfCalls = 4 * 32.0 // looks that a part has under way: calls of fetch-etags, and looks of each
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html: for a
	// prefix of a bucket that has not been split; there are two buckets.
	s3Rate = 2 * 5500.0
	// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, unless an account asks for more.
	lambdas = 1000.0
	// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: children of a Map Run at once.
	children = 10_000.0
)

// Prices, as in costs.md.
const (
	transition = 25.0 / 1e6
	gbSecond   = 0.0000133334 // arm64
	put        = 5.0 / 1e6
)

// stageAudit is what an audit of a stage comes to.
type stageAudit struct {
	time    time.Duration
	dollars float64 // of requests, which AuditDollars bounds
	rest    float64 // of functions, workflow and what parts leave in the working bucket
	binds   string
}

// least is the smallest of some rates, and its name.
func least(rates map[string]float64) (name string, rate float64) {
	rate = math.Inf(1)
	for _, n := range []string{"AuditRate", "AuditConcurrency", "S3's requests a second", "Lambda's concurrency", "children of a Map Run"} {
		if r, there := rates[n]; there && r < rate {
			name, rate = n, r
		}
	}
	return name, rate
}

// auditOfStage reckons level rest, with 1 % left open.
func auditOfStage(versions float64, l stageLimits) stageAudit {
	lists, looks := 2*versions/1000, 2*versions/100
	lookAtOnce := max(min(l.atOnce, math.Floor(l.rate/audit.LookRate)), 1)
	byList, listRate := least(map[string]float64{
		"AuditRate": l.rate, "AuditConcurrency": l.atOnce * 2 / pageSeconds, "S3's requests a second": s3Rate, "Lambda's concurrency": lambdas * 2 / pageSeconds, "children of a Map Run": children * 2 / pageSeconds,
	})
	_, lookRate := least(map[string]float64{"AuditRate": l.rate, "AuditConcurrency": lookAtOnce * looksOfCalls * 2 / lookSeconds, "S3's requests a second": s3Rate})
	listing := lists / listRate
	ramp := 30 * math.Ceil(math.Log(max(l.atOnce, 1))/math.Log(audit.PartWorkers))   // rounds until there are as many parts as are worked on
	seconds := min(listing+ramp, max(lists*pageSeconds/2, 10)) + looks/lookRate + 60 // a minute of plans, collecting and the report
	parts := max(seconds*l.atOnce/audit.PartSeconds, 2)
	a := stageAudit{
		time:    time.Duration(seconds * float64(time.Second)),
		dollars: lists*0.005/1000 + looks*0.0004/1000,
		rest:    parts*(2*transition+4*put) + ((seconds-looks/lookRate)*min(l.atOnce, parts)+looks/lookRate*lookAtOnce)*gbSecond + looks/2*lookSeconds/32*0.25*gbSecond,
		binds:   byList,
	}
	switch {
	case seconds < 5*60:
		a.binds = "none"
	case a.dollars > l.dollars:
		a.binds = fmt.Sprintf("AuditDollars: it ends as not all known after $%.0f", l.dollars)
	case a.time > time.Duration(l.hours*float64(time.Hour)):
		a.binds = fmt.Sprintf("AuditHours: it ends as not all known after %.0f hours", l.hours)
	}
	return a
}

func stageQuotas(t *testing.T) string {
	_, known := parameters(t, "../template.yaml")
	number := func(name string) (n float64) {
		_, err := fmt.Sscan(*known[name].Default, &n)
		assert.NoError(t, err, name)
		return n
	}
	defaults := stageLimits{number("AuditRate"), number("AuditConcurrency"), number("AuditDollars"), number("AuditHours")}
	wide := stageLimits{9000, 900, 1000, 72}
	var b strings.Builder
	b.WriteString("| versions a side | with the defaults | requests | functions and workflow | what binds | with `AuditRate=9000 AuditConcurrency=900 AuditDollars=1000 AuditHours=72` | what binds |\n|---:|---:|---:|---:|---|---:|---|\n")
	for _, versions := range []float64{1e6, 1e8, 1e10} {
		one, other := auditOfStage(versions, defaults), auditOfStage(versions, wide)
		fmt.Fprintf(&b, "| %s million | %s | $%.2f | $%.2f | %s | %s | %s |\n", grouped(versions/1e6), hours(one.time), one.dollars, one.rest, one.binds, hours(other.time), other.binds)
	}
	return b.String()
}

func TestTheAuditPageHasWhatAuditsOfAStageComeToAndWhatBindsThem(t *testing.T) {
	generated(t, "audit.md", between(t, read(t, "audit.md"), "stage", stageQuotas(t)))
}

func TestWhatAnAuditOfAStageSpendsOnRequestsIsWhatTheProgramEstimates(t *testing.T) {
	for _, versions := range []int64{1_000_000, 100_000_000} {
		want := ofLevel(core.Listed, versions, false).Dollars + audit.EstimateOfLooks(versions/100, false, defaultRate).Dollars
		assert.InDelta(t, want, auditOfStage(float64(versions), stageLimits{500, 40, 10, 24}).dollars, 0.01*want)
	}
}
