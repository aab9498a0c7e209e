package pair

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"autobackup/internal/audit"
	"autobackup/internal/look"
)

// Rule is what the primary's replication rules say about a key and the replica.
func (p *Pair) Rule(key string) look.Rule {
	return look.RuleFor(p.Primary.replication, key, p.Replica.Bucket)
}

// Ageing is the lifecycle rules of the bucket for such keys.
func (s *Side) Ageing(key string) []look.Ageing { return look.AgeingOf(s.lifecycle, key) }

// rules is what both buckets' configurations say about versions; it implements
// audit.Rules.
type rules struct {
	primary, replica *Side
	now              time.Time
	leads            bool // a rule leads to the replica: asked for every version, so found out once
}

// Known implements audit.Rules.
func (r rules) Known() bool { return r.primary.unread(rulesAction) == "" }

// Leads implements audit.Rules.
func (r rules) Leads() bool { return r.leads }

// Covers implements audit.Rules.
func (r rules) Covers(key string) bool { return r.rule(key).Covers }

// IgnoresMarkers implements audit.Rules.
func (r rules) IgnoresMarkers(key string) bool { return r.rule(key).IgnoresMarkers }

func (r rules) rule(key string) look.Rule {
	return look.RuleFor(r.primary.replication, key, r.replica.Bucket)
}

// LifecycleKnown implements audit.Rules. A server that has no lifecycle removes nothing.
func (r rules) LifecycleKnown(replica bool) bool {
	if replica {
		return !r.replica.hidden
	}
	return !r.primary.hidden
}

// Remover implements audit.Rules.
func (r rules) Remover(row audit.Row, replica bool) string {
	lost := look.Lost{
		Key: row.Key, Size: row.Size, Marker: row.Marker, Made: row.Modified, Noncurrent: row.Superseded, Newer: max(row.Newer-1, 0), Now: r.now,
	}
	rules := r.lifecycle(replica)
	if lost.Noncurrent.IsZero() {
		lost.Noncurrent = lost.Expired(rules)
	}
	if lost.Marker && !lost.Alone(rules) {
		return ""
	}
	return lost.Remover(rules)
}

// MarkerMaker implements audit.Rules.
func (r rules) MarkerMaker(key string, replica bool) string {
	return look.MarkerMaker(r.lifecycle(replica), key)
}

func (r rules) lifecycle(replica bool) []types.LifecycleRule {
	if replica {
		return r.replica.lifecycle
	}
	return r.primary.lifecycle
}
