package look

import (
	"context"
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
	if primary.Replication != string(types.ReplicationStatusCompleted) || r.Found != verdict.Missing || bucketGone || marker && r.IgnoresMarkers {
		return ""
	}
	rules, _ := l.directory.lifecycle(ctx, r.Bucket, r.Region) // with an error there are none
	gone := lost{key: v.Key, size: primary.Size, marker: marker, made: v.Time, now: l.directory.now()}
	return within(maxRule, text.Line(gone.remover(rules), maxRuleID))
}

// lost is a version that is gone from a replica.
type lost struct {
	key    string
	size   int64 // bytes
	marker bool
	made   time.Time // zero where that is not known
	now    time.Time
}

// remover is the id of the first enabled rule that covers the version and was due.
func (l lost) remover(rules []types.LifecycleRule) string {
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
func (l lost) covered(by types.LifecycleRuleAndOperator) bool {
	larger, smaller := by.ObjectSizeGreaterThan, by.ObjectSizeLessThan
	switch {
	case !strings.HasPrefix(l.key, aws.ToString(by.Prefix)), len(by.Tags) > 0:
		return false
	case larger == nil && smaller == nil:
		return true
	}
	return !l.marker && (larger == nil || l.size > *larger) && (smaller == nil || l.size < *smaller)
}

// due says whether a rule may have removed the version by now. Buckets that hold
// replicas have versioning, where Expiration makes a delete marker and removes no
// object: only NoncurrentVersionExpiration does, and not before the version has
// existed for that many days. A version deleted the day it was made was deleted by
// somebody. Delete markers are removed by Expiration, too.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
func (l lost) due(r types.LifecycleRule) bool {
	if n := r.NoncurrentVersionExpiration; n != nil && l.existed(n.NoncurrentDays) {
		return true
	}
	e := r.Expiration
	switch {
	case !l.marker || e == nil:
		return false
	case e.Date != nil:
		return !e.Date.After(l.now)
	default:
		return aws.ToBool(e.ExpiredObjectDeleteMarker) || e.Days != nil && l.existed(e.Days)
	}
}

func (l lost) existed(days *int32) bool {
	return !l.made.IsZero() && l.now.Sub(l.made) >= time.Duration(aws.ToInt32(days))*24*time.Hour
}
