package verdict

import (
	"slices"
	"strings"
	"time"

	"autobackup/internal/reason"
)

// Judge gives the verdict about one object version: ev is what the message says
// about it, look what both sides show, p how much was tried so far, this look
// included. Any input gets a verdict.
func Judge(ev Event, look Look, p Progress, policy Policy) Verdict {
	t := trial{ev, look, p, policy}
	v := t.judge()
	v.Marker = look.Primary.Found == Marker || ev.Marker && look.Primary.Found != Object
	v.Wait = seconds(min(v.Wait, NextWait(p.Looks)))
	return v
}

// seconds rounds up, so that a wait never ends before what it waits for.
func seconds(d time.Duration) time.Duration { return (d + time.Second - 1).Truncate(time.Second) }

// trial is what a verdict is made from.
type trial struct {
	event    Event
	look     Look
	progress Progress
	policy   Policy
}

func (t trial) judge() Verdict {
	primary := t.look.Primary
	switch {
	case t.event.Unversioned:
		return ofPrimary(failed(reason.NotVersioned, "the event names no version: versioning of the bucket is off or suspended"))
	case t.event.Marker && t.event.Lifecycle:
		return ofPrimary(skipped(reason.LifecycleMarker, "lifecycle made the delete marker, and S3 does not replicate those"))
	case t.look.Unsupported != "":
		return ofPrimary(failed(reason.RuleNotSupported, t.look.Unsupported))
	case !primary.Found.readable():
		return ofPrimary(t.unreadable(primary))
	case primary.Found == Missing:
		return t.sourceDeleted()
	case t.look.Unread != nil:
		return ofPrimary(t.unreadable(Side{Found: t.look.Unread.Found, Detail: t.look.Unread.Detail}))
	case t.look.Unselected && !t.look.holds():
		return ofPrimary(t.unselected())
	case len(t.look.Replicas) == 0 && primary.Replication == replicaStatus:
		return ofPrimary(skipped(reason.IsReplica, "the primary is itself a replica, and no replication rule covers the key"))
	case len(t.look.Replicas) == 0:
		return ofPrimary(untilLooks(t.progress.Looks, GraceLooks, failed(reason.NotReplicated, "no replication rule covers the key")))
	}
	return t.replicas()
}

// unselected rules on a version that rules by tag leave out.
func (t trial) unselected() ruling {
	switch primary := t.look.Primary; {
	case primary.Found == Marker:
		return skipped(reason.MarkerNotReplicated, "only rules by tag cover the key, and S3 replicates no delete markers by those")
	case primary.Replication == replicaStatus:
		return skipped(reason.IsReplica, "the primary is itself a replica, and no replication rule selects its tags")
	}
	return untilLooks(t.progress.Looks, GraceLooks, skipped(reason.NotSelected, "replication rules select such keys by tag, and none the tags that the version has"))
}

// replicas judges every replica that the verdict is about.
func (t trial) replicas() Verdict {
	var rulings []ruling
	for _, r := range t.look.Replicas {
		if t.judges(r) {
			rulings = append(rulings, t.replica(r).of(r))
		}
	}
	if len(rulings) == 0 {
		return ofPrimary(skipped(reason.MarkerNotReplicated, "no replication rule replicates delete markers"))
	}
	return merge(rulings)
}

// judges says whether the verdict is about a replica: one that is expected to
// have the version. A notification is about the replica that it names alone, if
// there is such a one; the others are the business of the upload's own message.
func (t trial) judges(r Replica) bool {
	told := func(r Replica) bool { return t.look.expects(r) && t.told(r) }
	return told(r) || t.look.expects(r) && !slices.ContainsFunc(t.look.Replicas, told)
}

// told says whether the message is S3's notification about this replica.
func (t trial) told(r Replica) bool {
	return t.event.GaveUp != nil && t.event.GaveUp.Destination == r.Bucket
}

func (t trial) replica(r Replica) ruling {
	primary := t.look.Primary
	switch {
	case !r.Found.readable():
		return t.unreadable(r.Side)
	case r.Found == Missing:
		return t.missing(r)
	case r.Found != primary.Found:
		return failed(reason.ContentMismatch, "the same version is "+string(primary.Found)+" in the primary and "+string(r.Found)+" in the replica")
	case r.Found == Marker:
		return verified(DeleteMarker, "the same delete marker on both sides")
	}
	return t.content(r)
}

// content judges two objects.
func (t trial) content(r Replica) ruling {
	c := Compare(t.look.Primary, r)
	switch {
	case c.Different():
		return c.failed()
	case t.told(r) && t.event.GaveUp.Change:
		change := failed(reason.ReplicationFailed, "S3 gave up replicating a change that was made after the upload")
		change.Basis, change.Cause = ChangeBasis, t.event.GaveUp.Cause
		return change
	case r.Bytes != nil:
		return t.metadata(r, t.bytes(c, r))
	case t.policy.Bytes.wants(c, t.event):
		return t.reading(c, r)
	case c.Verified():
		return t.metadata(r, verified(c.Evidence, c.Detail))
	}
	return c.failed()
}

// reading has the bytes read, but not while metadata is unsteady: bytes are read
// once.
func (t trial) reading(c Comparison, r Replica) ruling {
	if names, mayChange := differences(t.look.Primary.Metadata, r.Metadata); t.unsteady(mayChange) {
		return lagging(failed(reason.MetadataDiffers,
			"metadata differs, and the bytes are read once it no longer changes: "+strings.Join(names, ", ")))
	}
	return ruling{Entry: Entry{Outcome: Reading, Reason: c.Reason, Detail: c.Detail}}
}

// ToRead is the index of the first replica whose bytes are to be read before
// Judge can give another verdict than Reading; -1 where there is none.
func ToRead(ev Event, look Look, policy Policy) int {
	t := trial{event: ev, look: look}
	return slices.IndexFunc(look.Replicas, func(r Replica) bool {
		return t.judges(r) && r.Bytes == nil && look.Primary.Found == Object && r.Found == Object && policy.Bytes.wants(Compare(look.Primary, r), ev)
	})
}

// sourceDeleted: nothing is left to compare with. What the replicas show is
// told, so one that can't be read is given its looks first.
func (t trial) sourceDeleted() Verdict {
	const detail = "the primary no longer has the version"
	var rulings []ruling
	for _, r := range t.look.Replicas {
		gone := skipped(reason.SourceDeleted, detail+"; the replica shows "+shown(r.Side))
		rulings = append(rulings, untilLooks(t.progress.Unread, r.Found.looks(), gone).of(r))
	}
	if len(rulings) == 0 {
		return ofPrimary(skipped(reason.SourceDeleted, detail))
	}
	return merge(rulings)
}

// unreadable rules on a side whose object or marker can't be seen.
func (t trial) unreadable(s Side) ruling {
	unread := failed(s.Found.Reason(), shown(s))
	unread.Forbidden = s.Found == Forbidden
	return untilLooks(t.progress.Unread, s.Found.looks(), unread)
}
