package discover

import "slices"

// Fact is something that is read about a bucket by one call.
type Fact string

// The facts.
const (
	Region      Fact = "region"
	Versioning  Fact = "versioning"
	Replication Fact = "replication"
	EventBridge Fact = "EventBridge"
	Trigger     Fact = "trigger"
	Lock        Fact = "object lock"
)

// Unread is a call that did not tell what it was made for.
type Unread struct {
	Fact   Fact   `json:"fact,omitempty"`
	Region string `json:"region,omitempty"`
	Why    string `json:"why"`             // what was called, and the answer
	Grant  string `json:"grant,omitempty"` // the action that was denied
}

// Rule is an enabled replication rule.
type Rule struct {
	ID      string `json:"id"`
	To      string `json:"to"`                  // bucket
	Account string `json:"toAccount,omitempty"` // where the rule tells it
	Every   bool   `json:"everyKey"`            // it has neither a prefix nor tags
	Metrics bool   `json:"metrics"`
}

// Bucket is a general purpose bucket as it was read.
type Bucket struct {
	Account     string   `json:"account"`
	Name        string   `json:"bucket"`
	Region      string   `json:"region"`
	Versioning  string   `json:"versioning"` // Enabled, Suspended or never
	Rules       []Rule   `json:"rules"`      // those that are enabled
	EventBridge bool     `json:"eventBridge"`
	Triggers    []string `json:"triggers"` // Autobackup's EventBridge rules that take all of its uploads, but for what LeftOut and Only say
	// LeftOut is how keys begin that none of them takes.
	LeftOut []string `json:"leftOut,omitempty"`
	// Only is how all keys begin that they take; empty: they take others, too.
	Only   []string `json:"only,omitempty"`
	Lock   string   `json:"objectLock"` // no, on, or the default retention
	Unread []Unread `json:"unread"`     // facts that are unknown, whatever stands above
}

func (b *Bucket) unknown(f Fact) bool {
	return slices.ContainsFunc(b.Unread, func(u Unread) bool { return u.Fact == f })
}

func (b *Bucket) every() bool {
	return slices.ContainsFunc(b.Rules, func(r Rule) bool { return r.Every })
}

// Account is one whose buckets were to be listed.
type Account struct {
	ID      string   `json:"account"`
	Regions []string `json:"regions"`          // where S3's other kinds of buckets were asked for
	Unread  *Unread  `json:"unread,omitempty"` // why its buckets are not known
	Others  []Other  `json:"others"`
}

// Other is what S3 keeps outside of general purpose buckets, which nothing here covers.
type Other struct {
	Kind   string   `json:"kind"`
	Count  int      `json:"count"` // where it could be asked
	Unread []Unread `json:"unread"`
}

// Facts are all that was read.
type Facts struct {
	Accounts []Account
	Buckets  []Bucket
}
