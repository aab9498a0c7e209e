package verdict

import (
	"slices"
	"strings"
	"time"

	"autobackup/internal/reason"
)

// Judge gives the verdict about one object version: ev is what the message says
// about it, look what both sides show, p how much was tried so far. Any input
// gets a verdict. A lagging one is to be looked at again after at most
// Remaining.
func Judge(ev Event, look Look, p Progress, policy Policy) Verdict {
	return trial{ev, look, p, policy}.judge().Verdict
}

// trial is what a verdict is made from.
type trial struct {
	event    Event
	look     Look
	progress Progress
	policy   Policy
}

// ruling is a verdict with what ends it, where it is lagging.
type ruling struct {
	Verdict
	deadline time.Duration // of Progress.Waited; 0 where a number of looks ends it
}

func (t trial) judge() ruling {
	r := t.rule()
	r.Detail = reason.Line(r.Detail, MaxDetail)
	return r
}

func (t trial) rule() ruling {
	primary := t.look.Primary
	if t.event.Marker && t.event.Lifecycle {
		return skipped(reason.LifecycleMarker, sides(t.look)+": lifecycle made the delete marker, and S3 does not replicate those")
	}
	if r, unread := t.unreadable(sides(t.look)+": the primary", primary); unread {
		return r
	}
	if primary.Found == Missing {
		return t.sourceDeleted()
	}
	if primary.Replication == "REPLICA" {
		return skipped(reason.IsReplica, sides(t.look)+": the primary is itself a replica: status REPLICA")
	}
	if len(t.look.Replicas) == 0 {
		return untilLooks(t.progress.Looks, GraceLooks, reason.NotReplicated, named("primary", primary)+": no replication rule covers the key")
	}
	return t.replicas()
}

// replicas judges every replica that is expected to have the version.
func (t trial) replicas() ruling {
	var rulings []ruling
	for _, r := range t.look.Replicas {
		if t.look.expects(r) {
			rulings = append(rulings, t.replica(r))
		}
	}
	if len(rulings) == 0 {
		return skipped(reason.MarkerNotReplicated, sides(t.look)+": no replication rule replicates delete markers")
	}
	return worst(rulings)
}

func (t trial) replica(r Side) ruling {
	if r, unread := t.unreadable(both(t.look.Primary, r)+": the replica", r); unread {
		return r
	}
	primary := t.look.Primary
	switch {
	case r.Found == Missing:
		return t.missing(r)
	case r.Found != primary.Found:
		return failed(reason.ContentMismatch, both(primary, r)+": the same version is "+
			string(primary.Found)+" in the primary and "+string(r.Found)+" in the replica")
	case r.Found == Marker:
		return verified(DeleteMarker, both(primary, r)+": the same delete marker on both sides")
	}
	c := Compare(primary, r)
	switch {
	case r.Bytes != nil && r.Bytes.Outcome != Reading:
		return t.metadata(r, t.bytesRead(c, r))
	case t.policy.Bytes.wants(c, t.event):
		if lag, waits := t.unsteady(r); waits {
			return lag
		}
		return ruling{Verdict: Verdict{Outcome: Reading, Reason: c.Reason, Evidence: c.Evidence, Detail: c.Detail}}
	case c.Verified():
		return t.metadata(r, verified(c.Evidence, c.Detail))
	}
	return failed(c.Reason, c.Detail)
}

// missing judges a replica that does not have the version yet, by
// x-amz-replication-status of the primary
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html).
func (t trial) missing(r Side) ruling {
	primary := t.look.Primary
	detail := both(primary, r) + ": the replica does not have the version; status " + status(primary) +
		" after " + t.progress.Waited.String()
	deadline := t.policy.DeadlineFor(primary.Size)
	switch {
	case primary.Found == Marker:
		return t.untilDeadline(t.policy.MarkerDeadline, reason.ReplicaMissing, detail)
	case primary.Replication == "":
		return untilLooks(t.progress.Looks, GraceLooks, reason.NotReplicated, detail)
	case primary.Replication != "FAILED":
		return t.untilDeadline(deadline, reason.ReplicaMissing, detail)
	case t.look.FailedReplica() != "" && (t.look.Alerted || t.progress.GaveUp >= GaveUpLooks):
		gaveUp := failed(reason.ReplicationFailed, detail)
		gaveUp.Alerted = t.look.Alerted
		return gaveUp
	default:
		return t.untilDeadline(deadline, reason.ReplicationFailed, detail)
	}
}

// sourceDeleted: nothing is left to compare with. What the replicas show goes
// into the detail, so one that can't be read is given its looks first.
func (t trial) sourceDeleted() ruling {
	detail := named("primary", t.look.Primary) + " no longer has the version"
	outcome := Skipped
	for _, r := range t.look.Replicas {
		detail += "; " + named("replica", r) + " shows " + shown(r)
		if again, unread := t.unreadable("", r); unread && again.Outcome == Lagging {
			outcome = Lagging
		}
	}
	r := skipped(reason.SourceDeleted, detail)
	r.Outcome = outcome
	return r
}

// unreadable rules on a side whose object or marker can't be seen; unread is
// false where it shows one, or shows that there is none.
func (t trial) unreadable(which string, s Side) (r ruling, unread bool) {
	detail := which + " shows " + shown(s)
	switch s.Found {
	case Object, Marker, Missing:
		return ruling{}, false
	case Unsupported, SSEC, Archived:
		return failed(s.Found.unread(), detail), true
	case Denied:
		return untilLooks(t.progress.Unread, DeniedLooks, s.Found.unread(), detail), true
	default:
		return untilLooks(t.progress.Unread, UnreachableLooks, s.Found.unread(), detail), true
	}
}

// severity orders the reasons for which one replica may fail or lag, the worst
// first. Those that a deadline ends come before those that a number of looks
// ends, so that Remaining knows of a deadline wherever there is one.
var severity = []reason.Code{
	reason.ContentMismatch, reason.SizeMismatch, reason.ReplicationFailed, reason.ReplicaMissing,
	reason.NotReplicated, reason.AccessDenied, reason.UnreadableSSEC, reason.Archived,
	reason.RuleNotSupported, reason.Unreachable, reason.Inconclusive, reason.MetadataDiffers,
}

// strength orders the evidence, the strongest first.
var strength = []Evidence{BytesRead, FullObjectChecksum, CompositeChecksum, SinglePartETag, MultipartETag, DeleteMarker}

// worst merges the rulings on several replicas: the worst decides, and the
// detail tells of all that came out as it did. A finding about one is kept, and told
// first.
func worst(rulings []ruling) ruling {
	w := slices.MaxFunc(rulings, func(a, b ruling) int { return a.weight() - b.weight() })
	var details []string
	for _, r := range rulings {
		switch {
		case r.Outcome != w.Outcome:
		case r.Finding != "":
			w.Finding = r.Finding
			details = append([]string{r.Detail}, details...)
		default:
			details = append(details, r.Detail)
		}
	}
	w.Detail = strings.Join(details, "; ")
	return w
}

// weight is the larger the worse.
func (r ruling) weight() int {
	switch r.Outcome {
	case Failed:
		return 300 - slices.Index(severity, r.Reason)
	case Lagging:
		return 200 - slices.Index(severity, r.Reason)
	case Reading:
		return 100
	default:
		return slices.IndexFunc(strength, func(e Evidence) bool { return strings.HasPrefix(string(r.Evidence), string(e)) })
	}
}

func verified(e Evidence, detail string) ruling {
	return ruling{Verdict: Verdict{Outcome: Verified, Evidence: e, Detail: detail}}
}

func failed(code reason.Code, detail string) ruling {
	return ruling{Verdict: Verdict{Outcome: Failed, Reason: code, Detail: detail}}
}

func skipped(code reason.Code, detail string) ruling {
	return ruling{Verdict: Verdict{Outcome: Skipped, Reason: code, Detail: detail}}
}
