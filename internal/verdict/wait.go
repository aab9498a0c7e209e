package verdict

import (
	"math"
	"time"

	"autobackup/internal/reason"
)

// How often a side is looked at before its answer is believed. Permissions and
// a replication status just set take a moment to be seen everywhere; throttling
// and outages take longer, so UnreachableLooks spans at least ten minutes of
// NextWait.
const (
	GraceLooks       = 3 // of Progress.Looks
	DeniedLooks      = 3 // of Progress.Unread: in a row, so that one stray answer late in a long wait is no failure
	UnreachableLooks = 8 // of Progress.Unread
	GaveUpLooks      = 2 // of Progress.GaveUp: S3's notification, which comes within seconds, alerts before the validation does
)

const (
	firstWait = 5 * time.Second
	maxWait   = 15 * time.Minute
	// perGiB is what a size adds to the deadline. It allows for replication at
	// about 200 MiB a second; S3 promises no rate, only 15 minutes for most
	// objects with Replication Time Control
	// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html).
	perGiB = 5 * time.Second
	// maxForSize is above what the largest object, 50 TB, adds.
	maxForSize = 72 * time.Hour
)

// NextWait is how long to wait after this many looks: 5 seconds after the
// first, doubled after each, at most 15 minutes.
func NextWait(looks int) time.Duration {
	wait := firstWait
	for ; looks > 1 && wait < maxWait; looks-- {
		wait *= 2
	}
	return min(wait, maxWait)
}

// DeadlineFor is how long to wait in all for the replica of an object of size
// bytes: Deadline and 5 seconds for every full GiB, of which a size never adds
// more than 72 hours.
func (p Policy) DeadlineFor(size int64) time.Duration {
	gib := min(max(size, 0)>>30, int64(maxForSize/perGiB))
	forSize := time.Duration(gib) * perGiB
	return min(p.Deadline, math.MaxInt64-forSize) + forSize
}

// Remaining is how long a lagging object version may be left alone: until its
// deadline, in whole seconds rounded up, but at most 15 minutes; 0 where the
// verdict is not lagging. The wait that follows a batch is the smallest of
// NextWait and every lagging Remaining, so no wait overshoots a deadline.
func Remaining(ev Event, look Look, p Progress, policy Policy) time.Duration {
	r := trial{ev, look, p, policy}.judge()
	switch {
	case r.Outcome != Lagging:
		return 0
	case r.deadline == 0:
		return maxWait
	}
	left := min(r.deadline-max(p.Waited, 0), maxWait)
	return (left + time.Second - 1).Truncate(time.Second)
}

// untilLooks is lagging until as many looks were made as it takes.
func untilLooks(made, looks int, code reason.Code, detail string) ruling {
	r := failed(code, detail)
	if made < looks {
		r.Outcome = Lagging
	}
	return r
}

// untilDeadline is lagging until the time spent waiting reaches the deadline.
func (t trial) untilDeadline(deadline time.Duration, code reason.Code, detail string) ruling {
	r := failed(code, detail)
	if t.progress.Waited < deadline {
		r.Outcome, r.deadline = Lagging, deadline
	}
	return r
}
