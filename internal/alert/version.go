package alert

import (
	"cmp"
	"math"
	"slices"

	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
)

// version is one object version that failed, with all that its messages tell. A
// message that tells of no object is one as well.
type version struct {
	object   *s3event.ObjectVersion // nil where the message tells of none
	examples []told.Example         // at least one: the messages about this version
	entries  []verdict.Entry        // of all replicas, the worst first
	findings []finding              // what is wrong, at least one, the worst first
}

// identity is what makes two messages be about the same version: the message's
// id stands for an object that is not known.
type identity struct{ bucket, key, version, message string }

func identify(x told.Example) identity {
	if x.Object == nil {
		return identity{message: x.MessageID}
	}
	return identity{bucket: x.Object.Bucket, key: x.Object.Key, version: x.Object.VersionID}
}

// named are the versions that failed one by one. Each is there once, however many
// of its replicas failed and however many messages tell of it.
func named(stage string, n told.News) []version {
	var order []identity
	examples := map[identity][]told.Example{}
	for _, c := range n.Causes {
		if c.Kind == told.Alike || c.Kind == told.Over {
			continue
		}
		for _, x := range c.Examples {
			id := identify(x)
			if examples[id] == nil {
				order = append(order, id)
			}
			examples[id] = append(examples[id], x)
		}
	}
	var versions []version
	for _, id := range order {
		versions = append(versions, newVersion(stage, examples[id]))
	}
	return versions
}

// maxEntries bounds what is told of the replicas of one version: what its own
// message says of each, and what a notification does.
const maxEntries = 2 * verdict.MaxReplicas

func newVersion(stage string, examples []told.Example) version {
	v := version{object: examples[0].Object}
	for _, x := range examples {
		if slices.ContainsFunc(v.examples, func(y told.Example) bool { return y.MessageID == x.MessageID }) {
			continue // the example of another cause
		}
		v.examples = append(v.examples, x)
		for _, e := range x.Verdict.Replicas {
			if !slices.Contains(v.entries, e) {
				v.entries = append(v.entries, e)
			}
		}
		v.findings = append(v.findings, findings(stage, x)...)
	}
	slices.SortStableFunc(v.entries, func(a, b verdict.Entry) int { return cmp.Compare(badness(a), badness(b)) })
	v.entries = v.entries[:min(len(v.entries), maxEntries)]
	v.findings = slices.DeleteFunc(slices.Clone(v.findings), v.toldWithReason)
	slices.SortStableFunc(v.findings, func(a, b finding) int { return cmp.Compare(severity(a.Reason), severity(b.Reason)) })
	return v
}

// toldWithReason says whether another message tells S3's reason for the failed
// replication that the finding is.
func (v version) toldWithReason(f finding) bool {
	return f.Reason == reason.ReplicationFailed && f.Basis == "" && slices.ContainsFunc(v.findings, func(g finding) bool {
		return g.Bucket == f.Bucket && notified(g)
	})
}

// badness orders the replicas: those that failed first, the worst of them first.
func badness(e verdict.Entry) int {
	if e.Outcome == verdict.Failed {
		return severity(e.Reason)
	}
	return math.MaxInt
}

func (v version) rank() int { return severity(v.findings[0].Reason) }

// code is the worst reason. It is one of package reason's, or says that it is
// none: an attribute of a parked message can hold anything.
func (v version) code() string { return known(v.findings[0].Reason) }

func known(code reason.Code) string {
	if severity(code) < 0 {
		return UnknownCode
	}
	return string(code)
}

// UnknownCode stands for a reason that is not one of package reason's.
const UnknownCode = "UNKNOWN_REASON"

// name is the object's URI, or the message's id where no object is known. It is
// as hostile as the message.
func (v version) name() string {
	if v.object == nil {
		return "message " + v.examples[0].MessageID
	}
	return "s3://" + v.object.Bucket + "/" + v.object.Key
}

// alerts is how often operators were told of the version before.
func (v version) alerts() (most int) {
	for _, x := range v.examples {
		most = max(most, x.Alerts)
	}
	return most
}
