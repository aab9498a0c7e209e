package verdict

import (
	"math"
	"time"
)

// Progress is how much has been tried for one message. It replaces a clock
// (docs/decisions/0001) and is the one place where looks are counted: Add counts
// one, and the value travels with the message.
type Progress struct {
	Looks  int `json:"looks"`  // looks made
	Waited int `json:"waited"` // seconds spent waiting between looks
	// Each of these counts looks in a row, up to the latest, and starts anew with
	// a look of which it is not true.
	Unread    int `json:"unread,omitempty"`    // a side was denied or unreachable
	GaveUp    int `json:"gaveUp,omitempty"`    // S3 had given up replicating to the one replica that is missing
	Gone      int `json:"gone,omitempty"`      // S3 had replicated the version, and a replica lacked it
	Differing int `json:"differing,omitempty"` // metadata that may change differed
	// Aged is set where Waited is the version's age, and nobody waited: in an audit.
	Aged bool `json:"aged,omitempty"`
}

// Add is the progress with one more look.
func (p Progress) Add(look Look) Progress {
	count := func(before int, now bool) int {
		if !now {
			return 0
		}
		return max(before, 0) + 1
	}
	p.Looks = max(p.Looks, 0) + 1
	p.Unread = count(p.Unread, look.unread())
	p.GaveUp = count(p.GaveUp, look.gaveUp())
	p.Gone = count(p.Gone, look.gone())
	p.Differing = count(p.Differing, look.metadataDiffers())
	return p
}

// Wait is the progress after a wait, which counts in whole seconds.
func (p Progress) Wait(wait time.Duration) Progress {
	p.Waited = max(p.Waited, 0) + int(wait/time.Second)
	return p
}

func (p Progress) waited() time.Duration {
	return time.Duration(min(max(p.Waited, 0), int(math.MaxInt64/time.Second))) * time.Second
}

// How often a side is looked at before its answer is believed. Permissions and
// a replication status just set take a moment to be seen everywhere; throttling
// and outages take longer, so UnreachableLooks spans at least ten minutes of
// NextWait.
const (
	GraceLooks       = 3 // of Progress.Looks
	DeniedLooks      = 3 // of Progress.Unread: in a row, so that one stray answer late in a long wait is no failure
	UnreachableLooks = 8 // of Progress.Unread
	GoneLooks        = 4 // of Progress.Gone: half a minute at least, so that no answer of the moment accuses anybody
	// GaveUpLooks of Progress.GaveUp span at least a minute of NextWait: S3's
	// notification of the failure, which knows the reason, mostly comes first.
	GaveUpLooks = 5
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
