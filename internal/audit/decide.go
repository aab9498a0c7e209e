package audit

import (
	"slices"
	"time"

	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Rules is what both buckets' configurations say. Every method answers for the rules
// as they were read when the audit began.
type Rules interface {
	// Known says whether the replication rules could be read.
	Known() bool
	// Leads says whether an enabled replication rule leads from the primary to the
	// replica at all.
	Leads() bool
	// Covers says whether such a rule has a prefix of the key. A rule that selects by
	// tag, too, counts: whether it matched, the version's status tells.
	Covers(key string) bool
	// IgnoresMarkers says whether the rule for the key replicates no delete markers.
	IgnoresMarkers(key string) bool
	// LifecycleKnown says whether the lifecycle rules of the primary's bucket or, where
	// replica is set, the replica's could be read.
	LifecycleKnown(replica bool) bool
	// Remover is the id of a lifecycle rule of the primary's bucket or, where replica
	// is set, the replica's, that was due to remove the version; empty where there is
	// none.
	Remover(row Row, replica bool) string
	// MarkerMaker is the id of a lifecycle rule of that bucket that makes delete
	// markers of such keys; empty where there is none.
	MarkerMaker(key string, replica bool) string
}

// Judge puts versions into categories.
type Judge struct {
	Level Level
	// Now is when the audit began. A stopped audit that goes on keeps it.
	Now    time.Time
	Policy verdict.Policy // Deadline, MarkerDeadline, and whose bytes are read
	// Erased is how long a version that was deleted on the primary may stay on the
	// replica, counted from when it was written: nobody records when it was deleted.
	Erased time.Duration
	Rules  Rules
	Bucket string // of the primary: with key and version id, it draws the sample of Policy.Bytes
	// Replica is the bucket that is compared with it.
	Replica string
	// Classes are the storage classes whose bytes are read; "" is STANDARD.
	Classes []string
}

// Conclusion is where a version is counted, and why.
type Conclusion struct {
	Category Category
	Reason   reason.Code
	Evidence verdict.Evidence
	Status   string // as Item.Status
	Expires  string // as Item.Expires
	Damaged  string // as Item.Damaged
	Detail   string // as Item.Detail
	Gone     bool   // as Item.Gone
}

// Listed concludes from the listings. What they leave open, a look decides, where
// the level has looks: open is set then, and the Conclusion is what it stays without.
func (j Judge) Listed(p Pair) (c Conclusion, open bool) {
	switch {
	case p.Primary == nil:
		c = j.surplus(*p.Replica)
	case p.Replica == nil:
		c = j.missing(*p.Primary)
	default:
		c = both(*p.Primary, *p.Replica)
	}
	switch j.Level {
	case Listed:
		return c, false
	case AllLooked:
		return c, true
	default:
		return c, c.Category.Doubtful() || c.Reason == reason.Young || j.drawn(p)
	}
}

// drawn says whether the bytes of a version are in the sample.
func (j Judge) drawn(p Pair) bool {
	return j.Level == Bytes && j.Readable(p) && j.Draw(p) < j.Policy.Bytes.PerMille
}

// Readable says whether the bytes of a version can be read and compared: it has bytes to
// compare, of classes that are read.
func (j Judge) Readable(p Pair) bool { return p.HasBytes() && j.reads(p) }

// HasBytes says whether a version has bytes to compare: it is an object on both sides, of one
// size.
func (p Pair) HasBytes() bool {
	return p.Primary != nil && p.Replica != nil && !p.Primary.Marker && !p.Replica.Marker && p.Primary.Size == p.Replica.Size
}

// reads says whether reading the bytes of a pair costs no more than the requests and
// the transfer, or somebody named its classes.
func (j Judge) reads(p Pair) bool {
	for _, row := range []*Row{p.Primary, p.Replica} {
		if row != nil && !slices.Contains(j.Classes, row.Class) {
			return false
		}
	}
	return true
}

// Draw is the version's of package s3event.
func (j Judge) Draw(p Pair) int {
	row := p.Row()
	return s3event.ObjectVersion{Bucket: j.Bucket, Key: row.Key, VersionID: row.VersionID}.Draw()
}

// both is for a version on both sides. Unequal ETags alone are never a finding. Two
// versions whose id is null need not be the same one: each bucket replaces its own.
func both(p, r Row) Conclusion {
	switch {
	case p.Marker && r.Marker:
		return Conclusion{Category: Compared, Evidence: verdict.DeleteMarker}
	case p.VersionID == nullVersion && (p.Marker != r.Marker || p.ETag != r.ETag || p.Size != r.Size):
		return Conclusion{Category: Expected, Reason: reason.NullVersion}
	case p.Marker != r.Marker || p.ETag != r.ETag && p.Size == r.Size || p.ETag == "":
		return Conclusion{Category: Unknown, Reason: reason.DifferentNotLookedAt}
	case p.Size != r.Size:
		return Conclusion{Category: Finding, Reason: reason.SizeMismatch}
	default:
		return Conclusion{Category: Alike}
	}
}

// missing is for a version of the primary that the replica's listing lacks.
func (j Judge) missing(row Row) Conclusion {
	switch c := j.explained(row); {
	case c.Reason != "":
		return c
	case j.young(row) && j.awaited():
		return Conclusion{Category: Expected, Reason: reason.Young}
	}
	return Conclusion{Category: Unknown, Reason: reason.MissingNotLookedAt}
}

// explained is what accounts for a missing version without a look; it is empty
// where nothing does.
func (j Judge) explained(row Row) Conclusion {
	uncovered := j.Rules.Leads() && !j.Rules.Covers(row.Key)
	switch remover := j.remover(row, true); {
	case row.VersionID == nullVersion && !uncovered:
		return Conclusion{Category: Expected, Reason: reason.NullVersion}
	case uncovered:
		return Conclusion{Category: Expected, Reason: reason.NotCovered}
	case row.Marker && j.Rules.Leads() && j.Rules.IgnoresMarkers(row.Key):
		return Conclusion{Category: Expected, Reason: reason.MarkerNotReplicated}
	case remover != "":
		return Conclusion{Category: Expected, Reason: reason.LifecycleOnReplica, Expires: remover}
	}
	return Conclusion{}
}

// surplus is for a version of the replica that the primary's listing lacks.
func (j Judge) surplus(row Row) Conclusion {
	switch c := j.explainedSurplus(row); {
	case c.Reason != "":
		return c
	case j.young(row): // it may have come between the two listings
		return Conclusion{Category: Expected, Reason: reason.Young}
	}
	return Conclusion{Category: Unknown, Reason: reason.SurplusNotLookedAt}
}

func (j Judge) explainedSurplus(row Row) Conclusion {
	switch remover := j.remover(row, false); {
	case row.VersionID == nullVersion:
		return Conclusion{Category: Expected, Reason: reason.NullVersion}
	case j.Rules.Leads() && !j.Rules.Covers(row.Key):
		return Conclusion{Category: Expected, Reason: reason.NotCovered}
	case remover != "":
		return Conclusion{Category: Expected, Reason: reason.LifecycleOnPrimary, Expires: remover}
	}
	return Conclusion{}
}

// remover is the lifecycle rule that accounts for a version which the primary or, where
// replica is set, the replica lacks. What is noncurrent on the side that has it need not
// have been so on the other, where the marker above it was not replicated.
func (j Judge) remover(row Row, replica bool) string {
	if replica && row.ByMarker && j.Rules.Leads() && j.Rules.IgnoresMarkers(row.Key) {
		return ""
	}
	return j.Rules.Remover(row, replica)
}

// nullVersion is the id of what was written before versioning, or while it was
// suspended
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/AddingObjectstoVersionSuspendedBuckets.html).
const nullVersion = "null"

// awaited says whether S3 may yet bring versions to the replica: where the rules are
// known and none leads there, no age explains what is missing.
func (j Judge) awaited() bool { return j.Rules.Leads() || !j.Rules.Known() }

// young says whether the other side need not have the version yet, where it is on its
// way: a look tells whether it is.
func (j Judge) young(row Row) bool { return j.age(row) < j.deadline(row) }

func (j Judge) age(row Row) time.Duration { return j.Now.Sub(row.Modified) }

func (j Judge) deadline(row Row) time.Duration {
	if row.Marker {
		return j.Policy.MarkerDeadline
	}
	return j.Policy.DeadlineFor(row.Size)
}
