package discover

// Coverage counts buckets: Buckets is Replicas, Replicate, InPart, Not and Unknown
// together. Replicas need no replica of their own, so the shares are of the others.
type Coverage struct {
	Buckets   int `json:"buckets"`   // general purpose buckets that were listed
	Replicas  int `json:"replicas"`  // destinations of rules that were seen, without rules of their own
	Replicate int `json:"replicate"` // their rules cover every key
	Validated int `json:"validated"` // of those that replicate
	InPart    int `json:"inPart"`    // their rules cover prefixes or tags
	Not       int `json:"not"`       // without an enabled rule, or without versioning
	Unknown   int `json:"unknown"`   // whether they replicate could not be read
	// The shares are rounded down, so that only all is 100.
	ReplicatePercent int `json:"replicatePercent"`
	ValidatedPercent int `json:"validatedPercent"`
}

func count(rows []Row) Coverage {
	c := Coverage{Buckets: len(rows)}
	for i := range rows {
		c.add(&rows[i])
	}
	c.ReplicatePercent, c.ValidatedPercent = percent(c.Replicate, c.of()), percent(c.Validated, c.of())
	return c
}

func (c *Coverage) add(r *Row) {
	switch r.State {
	case Replica:
		c.Replicas++
	case Covered, Unchecked:
		c.Replicate++
	case Part:
		c.InPart++
	case Without, Suspended:
		c.Not++
	case Unknown:
		// What is not known of these may be no more than whether they are validated.
		if r.unknown(Replication) || r.unknown(Versioning) {
			c.Unknown++
		} else {
			c.Replicate++
		}
	}
	if r.State == Covered {
		c.Validated++
	}
}

// of is how many buckets should replicate.
func (c *Coverage) of() int { return c.Buckets - c.Replicas }

func percent(n, of int) int {
	if of == 0 {
		return 0
	}
	return n * 100 / of
}
