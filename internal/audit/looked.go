package audit

import (
	"math"
	"strings"
	"time"

	"autobackup/internal/reason"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// Looked concludes from a look at both sides of a pair that the listings left open.
// The look has one replica.
func (j Judge) Looked(p Pair, look verdict.Look) Conclusion {
	row := p.Row()
	switch {
	case p.Primary != nil && p.Replica != nil && both(*p.Primary, *p.Replica).Reason == reason.NullVersion:
		return both(*p.Primary, *p.Replica)
	case look.Primary.Found == verdict.Missing:
		return j.sourceGone(p, look)
	case len(look.Replicas) == 1 && look.Replicas[0].Found == verdict.Missing && p.Primary != nil && look.Primary.Replication == "":
		if c := j.explained(row); c.Reason != "" {
			return c
		}
	}
	return j.conclude(row, look, verdict.Judge(j.event(p), look, j.progress(row), j.policy(p)))
}

func (j Judge) event(p Pair) verdict.Event {
	return verdict.Event{Marker: p.Row().Marker, Draw: j.Draw(p)}
}

// policy is that for one pair: bytes are read where the level and the classes have it.
func (j Judge) policy(p Pair) verdict.Policy {
	policy := j.Policy
	if j.Level != Bytes || !j.reads(p) {
		policy.Bytes = verdict.ByteVerification{}
	}
	return policy
}

// ToRead says whether the bytes of both sides are to be read before Looked can
// conclude.
func (j Judge) ToRead(p Pair, look verdict.Look) bool {
	return verdict.ToRead(j.event(p), look, j.policy(p)) >= 0
}

// progress is that of an upload of this age which has had all its looks: whoever
// audits has two looks at most, minutes apart, and the version's age instead.
func (j Judge) progress(row Row) verdict.Progress {
	return verdict.Progress{
		Looks: verdict.GraceLooks, Waited: int(min(max(j.age(row), 0)/time.Second, math.MaxInt32)),
		Unread: verdict.UnreachableLooks, GaveUp: verdict.GaveUpLooks, Gone: verdict.GoneLooks, Differing: verdict.MetadataLooks, Aged: true,
	}
}

// sourceGone is for a version that the primary does not hold.
func (j Judge) sourceGone(p Pair, look verdict.Look) Conclusion {
	gone := len(look.Replicas) == 1 && look.Replicas[0].Found == verdict.Missing && !j.tidied(p.Row())
	if p.Primary != nil || len(look.Replicas) != 1 {
		return Conclusion{Category: Expected, Reason: reason.Changed, Gone: gone, Detail: "the primary no longer has the version"}
	}
	row, r := *p.Replica, look.Replicas[0].Side
	explained := j.explainedSurplus(row)
	switch {
	case r.Found == verdict.Missing:
		return Conclusion{Category: Expected, Reason: reason.Changed, Gone: gone, Detail: "neither side has the version any more"}
	case r.Found != verdict.Object && r.Found != verdict.Marker:
		return Conclusion{Category: Unknown, Reason: r.Found.Reason(), Detail: r.Detail}
	case explained.Reason != "":
		return explained
	case r.Replication == pendingStatus && j.young(row): // on its way back, where the two buckets replicate both ways
		return Conclusion{Category: Expected, Reason: reason.Young}
	case j.hidden(row, false) && (row.Marker || r.Replication == replicaStatus), row.Marker && j.hidden(row, true):
		return unknownLifecycle("only the replica has it")
	case r.Replication == replicaStatus && j.age(row) < j.Erased:
		return Conclusion{Category: Expected, Reason: reason.ErasureRecent}
	case r.Replication == replicaStatus:
		return Conclusion{Category: Finding, Reason: reason.NotErased}
	}
	if rule := j.Rules.MarkerMaker(row.Key, true); row.Marker && rule != "" {
		return Conclusion{Category: Expected, Reason: reason.LifecycleMarker, Expires: rule}
	}
	c := Conclusion{Category: Finding, Reason: reason.ReplicaOnly}
	if r.Replication != "" {
		c.Detail = text.Line("it was written there: its own replication status is "+r.Replication, verdict.MaxDetail)
	}
	return c
}

// tidied says whether lifecycle on the primary may account for a version that is gone, or its
// id is one that others have, too.
func (j Judge) tidied(row Row) bool {
	return row.VersionID == nullVersion || j.remover(row, false) != "" || j.hidden(row, false)
}

// conclude is what a verdict comes to in an audit.
func (j Judge) conclude(row Row, look verdict.Look, v verdict.Verdict) Conclusion {
	c := Conclusion{Reason: v.Reason, Evidence: v.Evidence, Status: look.Primary.Replication, Detail: v.Detail}
	if len(v.Replicas) == 1 {
		e := v.Replicas[0]
		c.Evidence, c.Expires, c.Damaged, c.Detail = e.Evidence, e.Expires, e.Damaged, e.Detail
	}
	switch v.Outcome {
	case verdict.Verified:
		c.Category, c.Reason = Compared, v.Finding
		if j.Policy.AlertMetadata && len(look.Replicas) == 1 && len(verdict.WithUnreadTags(look.Primary, look.Replicas[0].Side)) > 0 {
			c.Category, c.Reason = Unknown, reason.AccessDenied // the detail says of which
		}
	case verdict.Skipped:
		c.Category = Expected
	case verdict.Lagging:
		c.Category, c.Reason = Expected, reason.Young
		if !j.awaited() {
			c.Category, c.Reason = Finding, reason.NotReplicated
		}
	case verdict.Reading:
		c.Category, c.Reason = Unknown, reason.BytesNotRead
	default:
		c.Category = Finding
		return j.failed(row, c)
	}
	return c
}

// failed is for a failed verdict, which may have an explanation that an upload's has
// not: an upload is new, and what an audit finds may be from before the rule. S3 does
// not replicate the markers that lifecycle makes, so that these have no status.
func (j Judge) failed(row Row, c Conclusion) Conclusion {
	maker, remover := j.Rules.MarkerMaker(row.Key, false), j.remover(row, true)
	switch {
	case !j.awaited() && (c.Reason == reason.ReplicaMissing || c.Reason == reason.ReplicationFailed):
		c.Reason = reason.NotReplicated // its status is of another replica, or of a rule that is gone
	case c.Reason == reason.ReplicaMissing && row.Marker && c.Status == "" && maker != "":
		c.Category, c.Reason, c.Expires = Expected, reason.LifecycleMarker, maker
	case c.Reason == reason.NotReplicated && !j.Rules.Known():
		c.Category, c.Reason, c.Detail = Unknown, reason.AccessDenied, "the replica lacks it, and the primary's replication rules, which may say why, could not be read"
	case c.Reason == reason.NotReplicated && j.Rules.Leads():
		c.Category, c.Reason = Expected, reason.BeforeRule
	case (c.Reason == reason.ReplicaMissing || c.Reason == reason.TagsMatchNow && c.Status == completedStatus) && remover != "":
		c.Category, c.Reason, c.Expires = Expected, reason.LifecycleOnReplica, remover
	case c.Reason == reason.ReplicaMissing && c.Status != pendingStatus && (j.hidden(row, true) || row.Marker && c.Status == "" && j.hidden(row, false)):
		hidden := unknownLifecycle("the replica lacks it")
		c.Category, c.Reason, c.Detail = hidden.Category, hidden.Reason, hidden.Detail
	case c.Reason == reason.ReplicaMissing && row.Marker:
		c.Reason = reason.MarkerMissing
	case c.Reason == reason.LeftOut:
		c.Category = Expected
	case unread(c.Reason):
		c.Category = Unknown
	}
	return c
}

// Soonest is how old a version is, at least, before lifecycle removes it: a noncurrent one
// goes after a day at the soonest. A marker may come, and go, in less
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html).
const Soonest = 24 * time.Hour

// hidden says whether lifecycle rules of the primary or, where replica is set, the
// replica that could not be read may account for a version.
func (j Judge) hidden(row Row, replica bool) bool {
	return !j.Rules.LifecycleKnown(replica) && (row.Marker || j.age(row) >= Soonest)
}

func unknownLifecycle(what string) Conclusion {
	return Conclusion{Category: Unknown, Reason: reason.AccessDenied, Detail: what + ", and the lifecycle rules, which may say why, could not be read"}
}

// unread says whether a reason tells that nothing, or not enough, could be compared.
func unread(code reason.Code) bool {
	switch code {
	case reason.AccessDenied, reason.Unreachable, reason.UnreadableSSEC, reason.Archived, reason.NoReader,
		reason.Inconclusive, reason.BytesNotRead, reason.RuleNotSupported, reason.WorkflowError:
		return true
	}
	return false
}

// Locked is a version that is compared with the locks that one side alone has. What
// could not be read of them is unknown.
func Locked(c Conclusion, names []string, unread error) Conclusion {
	switch {
	case len(names) > 0:
		c.Category, c.Reason = Finding, reason.LockDiffers
		c.Detail = text.Line("one side alone has: "+strings.Join(names, ", "), verdict.MaxDetail)
	case unread != nil:
		c.Category, c.Reason = Unknown, reason.AccessDenied
		c.Detail = text.Line(unread.Error(), verdict.MaxDetail)
	}
	return c
}
