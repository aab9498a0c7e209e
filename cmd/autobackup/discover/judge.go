package discover

import (
	"cmp"
	"slices"
)

// State is where a bucket is counted. Each is in exactly one.
type State string

// The states, as a report shows them: what is worst first.
const (
	Without   State = "not replicated"
	Unchecked State = "replicated, not validated"
	Suspended State = "versioning suspended"
	Part      State = "replicated in part"
	Unknown   State = "unknown"
	Replica   State = "replica"
	Covered   State = "replicated and validated"
)

var states = []State{Without, Unchecked, Suspended, Part, Unknown, Replica, Covered}

// Blind says whether a bucket in this state may be lost, or may be, for all that is known.
func (s State) Blind() bool { return s != Replica && s != Covered }

// Row is a bucket with what follows from its facts.
type Row struct {
	Bucket
	State State `json:"state"`
	// Validated is only known where the facts that it follows from are; but for what LeftOut and Only have.
	Validated bool     `json:"validated"`
	Of        []string `json:"replicaOf"` // buckets whose rules lead here
	Next      string   `json:"next,omitempty"`
}

// judge says of all buckets in which state they are. Only rules of buckets that are seen
// make another a replica.
func judge(buckets []Bucket) []Row {
	sources := map[string][]string{}
	for _, b := range buckets {
		for _, r := range b.Rules {
			if !slices.Contains(sources[r.To], b.Name) {
				sources[r.To] = append(sources[r.To], b.Name)
			}
		}
	}
	rows := make([]Row, 0, len(buckets))
	for _, b := range buckets {
		r := Row{Bucket: b, Of: append([]string{}, sources[b.Name]...)}
		slices.Sort(r.Of)
		r.Validated = b.EventBridge && len(b.Triggers) > 0 && !r.unseen()
		r.State = r.state()
		r.Next = r.next()
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(slices.Index(states, a.State)-slices.Index(states, b.State), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Name, b.Name))
	})
	return rows
}

// unseen says whether it is not known if the bucket is validated. EventBridge that is off
// and a trigger that is not there decide it, each without the other.
func (r *Row) unseen() bool {
	off := !r.unknown(EventBridge) && !r.EventBridge
	none := !r.unknown(Trigger) && len(r.Triggers) == 0
	return !off && !none && (r.unknown(EventBridge) || r.unknown(Trigger))
}

// state is decided by what is known for sure, before what is not.
func (r *Row) state() State {
	switch {
	case !r.unknown(Versioning) && r.Versioning == "Suspended":
		return Suspended
	case r.unknown(Replication), r.unknown(Versioning):
		return Unknown
	case len(r.Rules) == 0 && len(r.Of) > 0 && r.Versioning == "Enabled":
		return Replica
	case len(r.Rules) == 0, r.Versioning != "Enabled":
		return Without
	case !r.every():
		return Part
	case r.unseen():
		return Unknown
	case !r.Validated, len(r.LeftOut)+len(r.Only) > 0:
		return Unchecked
	}
	return Covered
}
