package s3

import (
	"errors"
	"net/http"
	"time"
)

const (
	lockModeHeader = "X-Amz-Object-Lock-Mode"
	lockDateHeader = "X-Amz-Object-Lock-Retain-Until-Date"
	holdHeader     = "X-Amz-Object-Lock-Legal-Hold"
)

// ObjectLock is what a bucket with Object Lock does to versions that come
// without retention of their own.
type ObjectLock struct {
	Mode string // GOVERNANCE or COMPLIANCE; empty: they are not locked
	Days int
}

// lock is what protects one version.
type lock struct {
	mode  string    // GOVERNANCE, COMPLIANCE or empty
	until time.Time // with a mode
	hold  string    // ON, OFF or empty
}

var errNoLock = errors.New("the version has Object Lock settings, and the destination bucket has no Object Lock")

// lockOf reads what an upload asks for.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
func lockOf(h http.Header, now time.Time) (lock, error) {
	l := lock{mode: h.Get(lockModeHeader), hold: h.Get(holdHeader)}
	date := h.Get(lockDateHeader)
	if (l.mode == "") != (date == "") {
		return l, invalidArgument("x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied")
	}
	if l.mode != "" && l.mode != "GOVERNANCE" && l.mode != "COMPLIANCE" {
		return l, invalidArgument("Unknown wormMode directive.")
	}
	if l.hold != "" && l.hold != "ON" && l.hold != "OFF" {
		return l, invalidArgument("Legal Hold must be either of 'ON' or 'OFF'")
	}
	var err error
	if date != "" {
		if l.until, err = time.Parse(time.RFC3339, date); err != nil {
			return l, invalidArgument("The retain until date must be provided in ISO 8601 format")
		}
		if !l.until.After(now) {
			return l, invalidArgument("The retain until date must be in the future!").detail("ArgumentName", "x-amz-object-lock-retain-until-date")
		}
	}
	return l, nil
}

// protect locks a version that comes to b now. Retention of its own goes before
// the bucket's default; delete markers have none.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
func (b *bucket) protect(v *version, now time.Time) error {
	switch own := &v.lock; {
	case v.marker:
	case b.lock == nil && own.asked():
		return errNoLock
	case own.mode == "" && b.locks():
		own.mode, own.until = b.lock.Mode, now.AddDate(0, 0, b.lock.Days)
	}
	return nil
}

// asked tells whether an upload asks for a lock.
func (l lock) asked() bool { return l != lock{} }

// locks tells whether b locks what comes to it without being asked.
func (b *bucket) locks() bool { return b.lock != nil && b.lock.Mode != "" }

// proven refuses bytes to lock without anything to verify them by: what is stored
// wrong would stay so.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
func (c *claims) proven(locked bool) error {
	if locked && !c.verifiable() {
		return invalidRequest("Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters")
	}
	return nil
}

func (l lock) write(h http.Header) {
	if l.mode != "" {
		h.Set(lockModeHeader, l.mode)
		h.Set(lockDateHeader, iso(l.until))
	}
	if l.hold != "" {
		h.Set(holdHeader, l.hold)
	}
}

// protects says whether the version may not be removed yet. Nobody is let past
// GOVERNANCE: x-amz-bypass-governance-retention is refused.
func (l lock) protects(now time.Time) bool {
	return l.hold == "ON" || l.mode != "" && now.Before(l.until)
}
