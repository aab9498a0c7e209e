package docs_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"autobackup/internal/digest"
	"autobackup/internal/verdict"
)

const (
	lagging   = 0.05 // of all uploads
	failing   = 0.01 // of all uploads
	telling   = 1.0  // seconds that an invocation of failure-notifier takes, at most
	network   = 75   // MB a second that a function reads; docs/decisions/0025
	fewHEADs  = 0.1  // seconds that fetch-etags takes for one object
	beginning = 0.1  // seconds that an invocation takes beside the reading

	objectMegabytes = 1.0 // of an object whose bytes are read
)

// further is what a million uploads cost more, in US dollars and in transitions.
type further struct {
	what, reckoned       string
	transitions, dollars float64
}

func furthers(t *testing.T, d deployed) []further {
	t.Helper()
	return []further{
		d.lag(t, 1), d.lag(t, 3), d.lag(t, 6),
		d.fail(t, failing, false), d.fail(t, 1, true),
		d.read(t),
		d.kept(),
	}
}

// kept is evidence of uploads in full batches: a PUT and a GET for each, and its storage. A run
// of the function evidence is some milliseconds of each batch.
func (d deployed) kept() further {
	const days, month, bytesOfRecord, monthsGigabyte, putting = 400, 30, 40, 0.023, 0.05
	batches := million / d.batch
	return further{
		what:     fmt.Sprintf("evidence is kept (`EvidenceDays=%d`)", days),
		reckoned: fmt.Sprintf("%s PUT and GET requests each, and %d bytes an object for %d days", grouped(math.Round(batches)), bytesOfRecord, days),
		dollars: batches*(putPrice+getPrice)/million + invoked(0, batches*2*putting*d.memory) +
			million*bytesOfRecord/gigabyte*monthsGigabyte*days/month,
	}
}

func furtherTable(all []further) string {
	table := "| what | reckoned | transitions | dollars |\n|---|---|---|---|\n"
	for _, f := range all {
		table += fmt.Sprintf("| %s | %s | %s | %s |\n", f.what, f.reckoned, grouped(math.Round(f.transitions)), dollars(f.dollars))
	}
	return table
}

// touched is the share of full batches in which at least one message is of a kind
// that so many of all are of.
func (d deployed) touched(share float64) float64 { return 1 - math.Pow(1-share, d.batch) }

// invoked is what so many invocations cost that take so many GB-seconds together.
func invoked(n, gbSeconds float64) float64 {
	return (n*invokePrice + gbSeconds*gbSecondPrice) / million
}

// logged is what so many bytes of log cost, written and kept.
func (d deployed) logged(bytes float64) float64 {
	return bytes / gigabyte * (logPrice + logKeptPrice*d.days/30)
}

// lag is a share of laggards, all of which take as many further looks.
func (d deployed) lag(t *testing.T, looks int) further {
	t.Helper()
	var after time.Duration
	for look := range looks {
		after += verdict.NextWait(look + 1)
	}
	share := d.touched(lagging)
	rounds := million / d.batch * share * float64(looks)
	f := further{
		what:        fmt.Sprintf("%.0f %% lag at the first look, and are there %s later", 100*lagging, lasting(after.Seconds())),
		reckoned:    fmt.Sprintf("looks more in %.0f %% of the batches: %d", 100*share, looks),
		transitions: rounds * added(t, whenSomeLag),
	}
	looked := million * lagging * float64(looks)
	f.dollars = f.transitions*transitionPrice/million + invoked(2*rounds, rounds*(lookTime+judgeTime)*d.memory) +
		2*looked*getPrice/million + d.logged(looked*objectLog+rounds*batchLog)
	return f
}

// fail is a share of failures. Where S3 notifies, each version comes a second time:
// its notification is sent on, looked at and parked like the upload's own message.
func (d deployed) fail(t *testing.T, share float64, notified bool) further {
	t.Helper()
	messages, kind := million*share, "fail, for any reason"
	if notified {
		messages, kind = 2*messages, "fail to be replicated, and S3 notifies of each"
	}
	reports := messages / share / d.batch * d.touched(share)
	f := further{
		what:        fmt.Sprintf("%.0f %% %s", 100*share, kind),
		reckoned:    fmt.Sprintf("%s reports to the failure queue, %s messages parked", grouped(math.Round(reports)), grouped(messages)),
		transitions: reports*added(t, whenSomeFail) + messages*inItem(t, "ParkFailures", eachFailure),
	}
	if notified {
		f.transitions += million * share / d.batch * d.transitions
	}
	size := math.Ceil(messages / reports * 2 * d.message / chunk)
	f.dollars = f.transitions*transitionPrice/million + messages*sqsPrice/million + reports*size*(1+2.0/sqsBatch)*sqsPrice/million
	told := min(reports, d.senders*month/d.senderWindow)
	f.dollars += invoked(told, told*telling*d.memory) + told*2*(getPrice+putPrice)/million + month/1800*emailPrice/million
	if notified { // to the failure queue, and ten at once to the validation queue
		sent := 1 + 2.0/sqsBatch + 1.0/sqsBatch + 2.0/sqsBatch
		f.dollars += million*share*(sent*sqsPrice+2*getPrice)/million + d.logged(million*share*objectLog)
	}
	return f
}

// read is a million objects whose bytes are all read.
func (d deployed) read(t *testing.T) further {
	t.Helper()
	return d.readings(t, million, objectMegabytes)
}

// readings are of so many objects, of one range each.
func (d deployed) readings(t *testing.T, objects, megabytes float64) further {
	t.Helper()
	own := transitions(t, whenBytesAreRead)
	started := added(t, whenBytesAreToBeRead)/d.batch + inItem(t, "StartReadings", eachReading)
	f := further{
		what:        fmt.Sprintf("the bytes of all are read (`ByteVerification=always`), %g MB each", megabytes),
		reckoned:    fmt.Sprintf("an execution of %g transitions for each, and %.2f to start it", own, started),
		transitions: objects * (own + started),
	}
	const looks, judgements, comparisons, sides = 1, 2, 1, 2
	gbSeconds := (looks*fewHEADs+(judgements+comparisons)*beginning)*d.memory + sides*beginning*d.hashMemory
	each := invoked(looks+judgements+comparisons+sides, gbSeconds) +
		ofReading(d, megabytes) + (2*getPrice+tracePrice)/million + d.logged(judgements*objectLog+batchLog)
	f.dollars = f.transitions*transitionPrice/million + objects*each
	return f
}

// ofReading is what reading so many megabytes costs on both sides: a GET for each
// block, and three functions while they are read.
func ofReading(d deployed, megabytes float64) float64 {
	blocks := max(1, math.Ceil(megabytes*million/digest.BlockSize))
	return (2*blocks*getPrice + megabytes/network*(2*d.hashMemory+d.memory)*gbSecondPrice) / million
}
