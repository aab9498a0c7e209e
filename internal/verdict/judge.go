package verdict

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"autobackup/internal/reason"
	"autobackup/internal/text"
)

// MaxDetail is the length of Verdict.Detail and Entry.Detail in bytes. It holds
// two SHA-512 in base64 with what they are.
const MaxDetail = 240

// maxWord bounds a word that S3 sent, such as a status, within a detail.
const maxWord = 80

// Judge gives the verdict about one object version: ev is what the message says
// about it, look what both sides show, p how much was tried so far, this look
// included. Any input gets a verdict.
func Judge(ev Event, look Look, p Progress, policy Policy) Verdict {
	t := trial{ev, look, p, policy}
	v := t.judge()
	v.Marker = look.Primary.Found == Marker || ev.Marker && look.Primary.Found != Object
	if v.Outcome == Lagging {
		v.Wait = seconds(max(min(v.Wait, NextWait(p.Looks)), time.Second))
	}
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

// ruling is an entry with how long it may be left alone, where it is lagging.
type ruling struct {
	Entry
	wait time.Duration
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
	case !readable(primary.Found):
		return ofPrimary(t.unreadable(primary))
	case primary.Found == Missing:
		return t.sourceDeleted()
	case len(t.look.Replicas) == 0 && primary.Replication == replicaStatus:
		return ofPrimary(skipped(reason.IsReplica, "the primary is itself a replica, and no replication rule covers the key"))
	case len(t.look.Replicas) == 0:
		return ofPrimary(untilLooks(t.progress.Looks, GraceLooks, failed(reason.NotReplicated, "no replication rule covers the key")))
	}
	return t.replicas()
}

// replicas judges every replica that is expected to have the version. A
// notification is about one of them; the others are the upload's own message's.
func (t trial) replicas() Verdict {
	told := func(r Replica) bool { return t.event.GaveUp != nil && r.Bucket == t.event.GaveUp.Destination }
	concerned := slices.ContainsFunc(t.look.Replicas, told)
	var rulings []ruling
	for _, r := range t.look.Replicas {
		if t.look.expects(r) && (!concerned || told(r)) {
			ruling := t.replica(r)
			ruling.Bucket, ruling.Region = r.Bucket, r.Region
			rulings = append(rulings, ruling)
		}
	}
	if len(rulings) == 0 {
		return ofPrimary(skipped(reason.MarkerNotReplicated, "no replication rule replicates delete markers"))
	}
	return merge(rulings)
}

func (t trial) replica(r Replica) ruling {
	primary := t.look.Primary
	switch {
	case !readable(r.Found):
		return t.unreadable(r.Side)
	case r.Found == Missing:
		return t.missing(r)
	case r.Found != primary.Found:
		return failed(reason.ContentMismatch, "the same version is "+string(primary.Found)+" in the primary and "+string(r.Found)+" in the replica")
	case r.Found == Marker:
		return verified(DeleteMarker, "the same delete marker on both sides")
	case t.event.GaveUp != nil && t.event.GaveUp.Change:
		change := failed(reason.ReplicationFailed, "S3 gave up replicating a change that was made after the upload")
		change.Basis, change.Cause = ChangeBasis, t.event.GaveUp.Cause
		return change
	}
	return t.content(r)
}

// content judges two objects.
func (t trial) content(r Replica) ruling {
	c := Compare(t.look.Primary, r)
	switch {
	case r.Bytes != nil:
		return t.metadata(r, t.bytes(c, r))
	case t.policy.Bytes.wants(c, t.event):
		if lag, waits := t.unsteady(r); waits {
			return lag
		}
		return ruling{Entry: Entry{Outcome: Reading, Reason: c.Reason, Evidence: c.Evidence, Detail: c.Detail}}
	case c.Verified():
		return t.metadata(r, verified(c.Evidence, c.Detail))
	}
	return c.failed()
}

// ToRead is the index of the first replica whose bytes are to be read before
// Judge can give another verdict than Reading; -1 where there is none.
func ToRead(ev Event, look Look, policy Policy) int {
	return slices.IndexFunc(look.Replicas, func(r Replica) bool {
		return r.Bytes == nil && r.Found == Object && look.Primary.Found == Object && policy.Bytes.wants(Compare(look.Primary, r), ev)
	})
}

// sourceDeleted: nothing is left to compare with. What the replicas show is
// told, so one that can't be read is given its looks first.
func (t trial) sourceDeleted() Verdict {
	rulings := []ruling{}
	for _, r := range t.look.Replicas {
		gone := skipped(reason.SourceDeleted, "the primary no longer has the version; the replica shows "+shown(r.Side))
		if again := t.unreadable(r.Side); !readable(r.Found) && again.Outcome == Lagging {
			gone.Outcome, gone.wait = Lagging, again.wait
		}
		gone.Bucket, gone.Region = r.Bucket, r.Region
		rulings = append(rulings, gone)
	}
	if len(rulings) == 0 {
		return ofPrimary(skipped(reason.SourceDeleted, "the primary no longer has the version"))
	}
	return merge(rulings)
}

// readable says whether a side shows a version, or that there is none.
func readable(f Found) bool { return f == Object || f == Marker || f == Missing }

// unreadable rules on a side whose object or marker can't be seen.
func (t trial) unreadable(s Side) ruling {
	r := failed(s.Found.reason(), shown(s))
	switch {
	case s.answered():
		return r
	case s.Found == Denied:
		return untilLooks(t.progress.Unread, DeniedLooks, r)
	default:
		return untilLooks(t.progress.Unread, UnreachableLooks, r)
	}
}

// untilLooks is lagging until as many looks were made as it takes.
func untilLooks(made, looks int, r ruling) ruling {
	if made < looks {
		r.Outcome, r.wait = Lagging, maxWait
	}
	return r
}

// untilDeadline is lagging until the time spent waiting reaches the deadline.
func (t trial) untilDeadline(deadline time.Duration, r ruling) ruling {
	if left := deadline - t.progress.waited(); left > 0 {
		r.Outcome, r.wait = Lagging, min(left, maxWait)
	}
	return r
}

func verified(e Evidence, detail string) ruling {
	return ruling{Entry: Entry{Outcome: Verified, Evidence: e, Detail: text.Line(detail, MaxDetail)}}
}

func failed(code reason.Code, detail string) ruling {
	return ruling{Entry: Entry{Outcome: Failed, Reason: code, Detail: text.Line(detail, MaxDetail)}}
}

func skipped(code reason.Code, detail string) ruling {
	return ruling{Entry: Entry{Outcome: Skipped, Reason: code, Detail: text.Line(detail, MaxDetail)}}
}

// shown is what a side answered, with the error behind it.
func shown(s Side) string {
	if s.Detail == "" {
		return text.Line(string(s.Found), maxWord)
	}
	return fmt.Sprintf("%s (%s)", text.Line(string(s.Found), maxWord), text.Line(s.Detail, MaxSideDetail))
}

func bytes(n int64) string { return strconv.FormatInt(n, 10) + " bytes" }
