package s3

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

const day = 24 * time.Hour

// nextMidnight is the first midnight UTC after a moment.
func nextMidnight(at time.Time) time.Time { return at.UTC().Truncate(day).Add(day) }

// Age does what lifecycle rules were due to do by now, in all buckets. Nobody needs to
// call it who then looks at a bucket: a bucket ages before each call that it gets.
func (s *Server) Age() {
	s.mu.Lock()
	tell := func() {}
	for _, b := range s.buckets {
		tell = both(tell, s.age(b))
	}
	s.mu.Unlock()
	tell()
}

// age does what the lifecycle rules of a bucket were due to do at every midnight since the
// last time, as S3 does once a day, and answers how to tell of it. No timer does: a clock
// that skips idle time would jump from one midnight to the next for ever. The server is
// locked; what is answered is called when it no longer is.
func (s *Server) age(b *bucket) (tell func()) {
	tell = func() {}
	now := s.clock.Now()
	for midnight := nextMidnight(b.aged); !midnight.After(now); midnight = midnight.Add(day) {
		if b.lifecycle == nil || b.objects.keys.Len()+len(b.uploads) == 0 {
			break
		}
		tell = both(tell, s.ageTo(b, midnight))
	}
	b.aged = now
	return tell
}

func both(first, second func()) func() {
	return func() { first(); second() }
}

// ageTo does what is due at a midnight.
func (s *Server) ageTo(b *bucket, midnight time.Time) (tell func()) {
	tell = func() {}
	for _, key := range b.objects.keys.Keys() {
		a := &ageing{Server: s, b: b, key: key, midnight: midnight, tell: tell}
		a.noncurrent()
		a.current()
		tell = a.tell
	}
	for id, u := range b.uploads {
		if b.lifecycle.aborts(u, midnight) {
			u.discard()
			delete(b.uploads, id)
			s.keepUpload(b, id)
		}
	}
	return tell
}

// ageing is what a midnight does to the versions of a key.
type ageing struct {
	*Server
	b        *bucket
	key      string
	midnight time.Time
	tell     func()
}

// noncurrent removes versions that are not current any more, or moves them to another
// storage class. A version became noncurrent when the one after it was made.
func (a *ageing) noncurrent() {
	all := slices.Clone(a.b.objects.versions[a.key])
	for i, v := range all[:max(0, len(all)-1)] {
		newer, since := len(all)-2-i, all[i+1].modified
		switch {
		case v.waitsForReplicas():
		case a.removesNoncurrent(v, since, newer) && !v.lock.protects(a.midnight):
			a.remove(v)
		default:
			a.move(v, func(r *LifecycleRule) []string { return r.noncurrentClasses(since, newer, a.midnight) })
		}
	}
}

func (a *ageing) removesNoncurrent(v *version, since time.Time, newer int) bool {
	return slices.ContainsFunc(a.b.lifecycle.covering(a.key, v), func(r *LifecycleRule) bool {
		e := r.NoncurrentVersionExpiration
		return e != nil && passed(since, e.NoncurrentDays, a.midnight) && newer >= number(e.NewerNoncurrentVersions)
	})
}

// current ends the current version, or moves it to another storage class, which goes
// before making a delete marker on the same day, and after removing it for good.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
func (a *ageing) current() {
	v := a.b.objects.find(a.key, "")
	if v == nil || v.waitsForReplicas() {
		return
	}
	if v.marker {
		if len(a.b.objects.versions[a.key]) == 1 && a.expires(v, true) {
			a.remove(v)
		}
		return
	}
	expires := a.expires(v, false)
	if expires && !a.b.versioned {
		a.remove(v)
		return
	}
	moved := a.move(v, func(r *LifecycleRule) []string { return r.currentClasses(v.modified, a.midnight) })
	if expires && !moved {
		a.mark()
	}
}

// expires says whether a rule ends the current version by now. A delete marker that is all
// that is left of a key has no age to reach where a rule is for those.
func (a *ageing) expires(v *version, lone bool) bool {
	return slices.ContainsFunc(a.b.lifecycle.covering(a.key, v), func(r *LifecycleRule) bool {
		at, ok := r.Expiration.at(v.modified)
		return ok && !at.After(a.midnight) || lone && r.Expiration.ofMarkers()
	})
}

// remove removes a version for good.
func (a *ageing) remove(v *version) {
	a.b.objects.remove(a.key, v.id)
	v.body.release()
	a.tell = both(a.tell, a.removed(a.b, a.key, v, reasonLifecycle, a.midnight, a.itself()))
}

// mark puts a delete marker on a key, whose time is midnight's, whenever that is noticed.
// S3 does not replicate it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configure-notification.html
func (a *ageing) mark() {
	a.seq++
	v := &version{marker: true, reason: reasonLifecycle, id: a.random.versionID(), seq: a.seq, modified: a.midnight}
	a.b.objects.add(a.key, v)
	a.tell = both(a.tell, a.event(a.b, a.key, v, a.midnight, a.itself()))
}

// move moves a version to the best of the classes that rules have for it, if there is one.
func (a *ageing) move(v *version, classes func(*LifecycleRule) []string) bool {
	best := ""
	for _, r := range a.b.lifecycle.covering(a.key, v) {
		for _, class := range classes(r) {
			if a.b.lifecycle.takes(r, class, v.size()) && preference(class) > preference(best) {
				best = class
			}
		}
	}
	if v.marker || !moves(v.storageClass, best) {
		return false
	}
	moved := *v // whoever has the version keeps what it was
	moved.storageClass = best
	a.b.objects.replace(a.key, v, &moved)
	a.tell = both(a.tell, a.changedClass(a.b, a.key, &moved, a.midnight, a.itself()))
	return true
}

func (s *Server) itself() origin {
	return origin{requester: serviceRequester, requestID: s.random.requestID()}
}

// waitsForReplicas says whether lifecycle leaves a version alone, because it was not
// replicated to where it should be.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-and-other-bucket-config.html
func (v *version) waitsForReplicas() bool {
	status := v.replicationStatus()
	return status == statusPending || status == statusFailed
}

const expirationHeader = "X-Amz-Expiration"

// expiry says when a rule ends an object, and which; "" where none does.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func (b *bucket) expiry(key string, v *version) string {
	if b.lifecycle == nil || b.objects.find(key, "") != v {
		return ""
	}
	header, first := "", time.Time{}
	for _, r := range b.lifecycle.covering(key, v) {
		if at, ok := r.Expiration.at(v.modified); ok && (header == "" || at.Before(first)) {
			header, first = fmt.Sprintf(`expiry-date="%s", rule-id="%s"`, at.Format(http.TimeFormat), r.ID), at
		}
	}
	return header
}
