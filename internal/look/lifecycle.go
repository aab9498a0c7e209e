package look

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/internal/s3event"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// expires is the id of the first lifecycle rule of the replica's bucket that may
// have removed the version. It is looked for only where S3 reports that it had
// replicated the version and the replica lacks it. It is empty where no rule is
// known to, and where rules can't be read: why a replica is missing is a help for
// people, no part of the verdict.
func (l *Looker) expires(ctx context.Context, v s3event.ObjectVersion, primary verdict.Side, r verdict.Replica) string {
	marker := primary.Found == verdict.Marker
	bucketGone := r.Region == ""
	if primary.Replication != string(types.ReplicationStatusCompleted) || r.Found != verdict.Missing || bucketGone || r.ByTag || marker && r.IgnoresMarkers {
		return ""
	}
	rules, _ := l.directory.lifecycle(ctx, r.Bucket, r.Region) // with an error there are none
	gone := Lost{Key: v.Key, Size: primary.Size, Marker: marker, Made: v.Time, Noncurrent: v.Time, Newer: unknownNewer, Now: l.directory.now()}
	return within(maxRule, text.Line(gone.Remover(rules), maxRuleID))
}

// Lost is a version that is gone from a bucket.
type Lost struct {
	Key    string
	Size   int64 // bytes
	Marker bool
	Made   time.Time // zero where that is not known
	// Noncurrent is since when it may have been noncurrent; zero where it is current,
	// or where that is not known.
	Noncurrent time.Time
	// Newer is how many newer versions of the key are noncurrent; unknownNewer where that
	// is not known.
	Newer int
	Now   time.Time
}

// unknownNewer stands for any number: a rule that keeps some newer versions may then
// have removed this one.
const unknownNewer = math.MaxInt

// Remover is the id of the first enabled rule that covers the version and was due;
// empty where there is none.
func (l Lost) Remover(rules []types.LifecycleRule) string {
	for _, r := range rules {
		if r.Status == types.ExpirationStatusEnabled && l.covered(selection(r)) && l.due(r) {
			return aws.ToString(r.ID)
		}
	}
	return ""
}

// selection is what a rule selects by, whichever form it has.
func selection(r types.LifecycleRule) types.LifecycleRuleAndOperator {
	switch f := r.Filter; {
	case f == nil:
		return types.LifecycleRuleAndOperator{Prefix: r.Prefix} //nolint:staticcheck // older rules have it nowhere else
	case f.And != nil:
		return *f.And
	case f.Tag != nil:
		return types.LifecycleRuleAndOperator{Tags: []types.Tag{*f.Tag}}
	default:
		return types.LifecycleRuleAndOperator{Prefix: f.Prefix, ObjectSizeGreaterThan: f.ObjectSizeGreaterThan, ObjectSizeLessThan: f.ObjectSizeLessThan}
	}
}

// covered says whether a rule surely selects the version. One that selects by tag
// is not counted, because nobody can read the tags of what is gone, and neither is
// one that selects delete markers by size, of which AWS says nothing.
func (l Lost) covered(by types.LifecycleRuleAndOperator) bool {
	larger, smaller := by.ObjectSizeGreaterThan, by.ObjectSizeLessThan
	switch {
	case !strings.HasPrefix(l.Key, aws.ToString(by.Prefix)), len(by.Tags) > 0:
		return false
	case larger == nil && smaller == nil:
		return true
	}
	return !l.Marker && (larger == nil || l.Size > *larger) && (smaller == nil || l.Size < *smaller)
}

// due says whether a rule may have removed the version by now. Buckets that hold
// replicas have versioning, where Expiration makes a delete marker and removes no
// object: only NoncurrentVersionExpiration does, and not before the version has
// existed for that many days. A version deleted the day it was made was deleted by
// somebody. Delete markers are removed by Expiration, too.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
func (l Lost) due(r types.LifecycleRule) bool {
	if n := r.NoncurrentVersionExpiration; n != nil && l.passed(l.Noncurrent, n.NoncurrentDays) && l.Newer >= int(aws.ToInt32(n.NewerNoncurrentVersions)) {
		return true
	}
	e := r.Expiration
	switch {
	case !l.Marker || e == nil:
		return false
	case e.Date != nil:
		return !e.Date.After(l.Now)
	default:
		return aws.ToBool(e.ExpiredObjectDeleteMarker) || e.Days != nil && l.passed(l.Made, e.Days)
	}
}

// passed says whether so many days have passed since a moment that is known.
func (l Lost) passed(since time.Time, days *int32) bool {
	return !since.IsZero() && l.Now.Sub(since) >= time.Duration(aws.ToInt32(days))*24*time.Hour
}

// Alone says whether a rule had the time to remove all that was below a delete marker:
// lifecycle removes a marker only where nothing is.
func (l Lost) Alone(rules []types.LifecycleRule) bool {
	for _, r := range rules {
		n := r.NoncurrentVersionExpiration
		if r.Status == types.ExpirationStatusEnabled && n != nil && l.covered(selection(r)) && l.passed(l.Made, n.NoncurrentDays) {
			return true
		}
	}
	return false
}

// Expired is when lifecycle made an object noncurrent that nobody replaced: in a bucket
// with versioning, Expiration puts a delete marker on it. Zero where no rule is known to.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
func (l Lost) Expired(rules []types.LifecycleRule) (first time.Time) {
	for _, r := range rules {
		e := r.Expiration
		if r.Status != types.ExpirationStatusEnabled || e == nil || l.Marker || !l.covered(selection(r)) {
			continue
		}
		at := aws.ToTime(e.Date)
		if e.Days != nil {
			at = l.Made.AddDate(0, 0, int(*e.Days))
		}
		if !at.IsZero() && !at.After(l.Now) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// MarkerMaker is the id of the first enabled lifecycle rule that makes delete markers
// of keys like this one: in a bucket with versioning, that is what Expiration does.
// Empty where there is none. A rule that selects by tag or by size is not counted, as
// in Lost.Remover.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
func MarkerMaker(rules []types.LifecycleRule, key string) string {
	for _, r := range rules {
		e := r.Expiration
		expires := e != nil && (e.Days != nil || e.Date != nil)
		if r.Status == types.ExpirationStatusEnabled && expires && (Lost{Key: key, Marker: true}).covered(selection(r)) {
			return aws.ToString(r.ID)
		}
	}
	return ""
}
