package s3

import (
	"slices"
	"strings"
	"time"
)

// covering are the enabled rules that select a version of a key.
func (l *LifecycleConfiguration) covering(key string, v *version) (all []*LifecycleRule) {
	for i := range l.Rules {
		if r := &l.Rules[i]; r.Status == "Enabled" && r.selection().covers(key, v) {
			all = append(all, r)
		}
	}
	return all
}

// selection is what a rule selects by, whichever form it has.
func (r *LifecycleRule) selection() LifecycleAnd {
	switch f := r.Filter; {
	case f == nil:
		return LifecycleAnd{Prefix: r.Prefix}
	case f.And != nil:
		return *f.And
	case f.Tag != nil:
		return LifecycleAnd{Tags: []Tag{*f.Tag}}
	default:
		return LifecycleAnd{Prefix: f.Prefix, ObjectSizeGreaterThan: f.ObjectSizeGreaterThan, ObjectSizeLessThan: f.ObjectSizeLessThan}
	}
}

func (a LifecycleAnd) bySize() bool {
	return a.ObjectSizeGreaterThan != nil || a.ObjectSizeLessThan != nil
}

// covers says whether a version is selected. What selects by size selects no delete marker,
// of which AWS says nothing.
func (a LifecycleAnd) covers(key string, v *version) bool {
	tagged := func(t Tag) bool { return v.tags.Has(t.Key) && v.tags.Get(t.Key) == t.Value }
	switch size := v.size(); {
	case a.Prefix != nil && !strings.HasPrefix(key, *a.Prefix):
		return false
	case slices.ContainsFunc(a.Tags, func(t Tag) bool { return !tagged(t) }):
		return false
	case a.bySize() && v.marker:
		return false
	case a.ObjectSizeGreaterThan != nil && size <= *a.ObjectSizeGreaterThan:
		return false
	case a.ObjectSizeLessThan != nil && size >= *a.ObjectSizeLessThan:
		return false
	}
	return true
}

// due is the midnight UTC at which so many days after a moment are over.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html#intro-lifecycle-rules-number-of-days
func due(from time.Time, days *int32) time.Time {
	return nextMidnight(from.Add(time.Duration(number(days)) * day))
}

func passed(from time.Time, days *int32, midnight time.Time) bool {
	return !due(from, days).After(midnight)
}

func number(n *int32) int {
	if n == nil {
		return 0
	}
	return int(*n)
}

// date reads a date of a rule, which validate has seen.
func date(text string) time.Time {
	at, _ := time.Parse(time.RFC3339, text)
	return at
}

// at is when an object that was made at a time ends; e may be nil.
func (e *Expiration) at(made time.Time) (time.Time, bool) {
	switch {
	case e == nil:
		return time.Time{}, false
	case e.Date != "":
		return date(e.Date), true
	default:
		return due(made, e.Days), e.Days != nil
	}
}

// ofMarkers says whether delete markers are removed that nothing is below; e may be nil.
func (e *Expiration) ofMarkers() bool {
	return e != nil && e.ExpiredObjectDeleteMarker != nil && *e.ExpiredObjectDeleteMarker
}

// currentClasses are the storage classes that a rule has for a current version by now.
func (r *LifecycleRule) currentClasses(made, midnight time.Time) (classes []string) {
	for _, t := range r.Transitions {
		if t.Date != "" && !date(t.Date).After(midnight) || t.Date == "" && passed(made, t.Days, midnight) {
			classes = append(classes, t.StorageClass)
		}
	}
	return classes
}

// noncurrentClasses are those for a version that has been noncurrent since a time, with so
// many newer ones that are.
func (r *LifecycleRule) noncurrentClasses(since time.Time, newer int, midnight time.Time) (classes []string) {
	for _, t := range r.NoncurrentVersionTransitions {
		if passed(since, t.NoncurrentDays, midnight) && newer >= number(t.NewerNoncurrentVersions) {
			classes = append(classes, t.StorageClass)
		}
	}
	return classes
}

// smallest is the size from which objects move to another class where no rule says
// another one, in bytes.
const smallest = 128 << 10

// takes says whether an object is large enough for a class.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
func (l *LifecycleConfiguration) takes(r *LifecycleRule, class string, size int64) bool {
	archive := class == "GLACIER" || class == "DEEP_ARCHIVE"
	return size >= smallest || r.selection().bySize() || archive && l.minimumSize() == "varies_by_storage_class"
}

// moves says whether lifecycle moves versions from a class to another: to later ones only, and
// from One Zone-IA into archives alone.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
func moves(from, to string) bool {
	return rank(to) > rank(from) && (from != "ONEZONE_IA" || to != "GLACIER_IR")
}

// rank orders storage classes.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
func rank(class string) int {
	return slices.Index([]string{"STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"}, class)
}

// preference orders storage classes where rules have several for a version.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
func preference(class string) int {
	return slices.Index([]string{"STANDARD_IA", "ONEZONE_IA", "GLACIER_IR", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE"}, class)
}

// aborts says whether a rule ends an upload that nobody completes. Uploads have no size,
// and AWS takes no such rule with tags or sizes.
func (l *LifecycleConfiguration) aborts(u *upload, midnight time.Time) bool {
	return slices.ContainsFunc(l.Rules, func(r LifecycleRule) bool {
		abort, by := r.AbortIncompleteMultipartUpload, r.selection()
		return r.Status == "Enabled" && abort != nil && len(by.Tags) == 0 && !by.bySize() &&
			(by.Prefix == nil || strings.HasPrefix(u.key, *by.Prefix)) && passed(u.initiated, &abort.DaysAfterInitiation, midnight)
	})
}
