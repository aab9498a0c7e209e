package audit

import (
	"encoding/json"
	"time"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// Level is how far an audit goes, named for what it shows.
type Level string

// The levels, each with all that the one before it shows.
const (
	Listed    Level = "listed" // what both listings show: version there, size and ETag equal
	Rest      Level = "rest"   // listed, rest looked at: what the listing leaves open gets the looks and verdicts of uploads
	AllLooked Level = "all"    // every version is looked at on both sides
	Bytes     Level = "bytes"  // as Rest, and the bytes of a sample are read on both sides
)

// Category is where a version is counted. Each is in exactly one.
type Category string

// The categories, as a report shows them: failures first.
const (
	Finding  Category = "finding"  // not as it must be
	Unknown  Category = "unknown"  // was not, or could not be, looked at or compared
	Accepted Category = "accepted" // a finding or unknown that people took out, in the file of accept
	Expected Category = "expected" // differs, as rules, lifecycle or its age explain
	Compared Category = "compared" // shown to be equal by a look: evidence says by what
	Alike    Category = "alike"    // size and ETag are equal in both listings; nothing else was compared
)

// Categories are all there are, in that order.
func Categories() []Category {
	return []Category{Finding, Unknown, Accepted, Expected, Compared, Alike}
}

// Doubtful says whether somebody has to do something about what is counted so.
func (c Category) Doubtful() bool { return c == Finding || c == Unknown }

// Item is one version in one category: a line of findings.jsonl.
type Item struct {
	Primary   string           `json:"primary"` // bucket
	Replica   string           `json:"replica"` // bucket
	Key       string           `json:"key"`
	Version   string           `json:"versionId"`
	Marker    bool             `json:"deleteMarker,omitempty"`
	Size      int64            `json:"size"` // bytes
	Modified  time.Time        `json:"modified"`
	On        string           `json:"listedOn"` // primary, replica or both
	Category  Category         `json:"category"`
	Reason    reason.Code      `json:"reason,omitempty"`
	Evidence  verdict.Evidence `json:"evidence,omitempty"`
	Status    string           `json:"replicationStatus,omitempty"` // x-amz-replication-status of the primary, where it was looked at
	Expires   string           `json:"lifecycleRule,omitempty"`     // id of the rule that may have removed it
	Damaged   string           `json:"damaged,omitempty"`           // the side whose bytes are not those of its own checksum
	Detail    string           `json:"detail,omitempty"`            // one printable ASCII line without the key
	Uncovered bool             `json:"uncovered,omitempty"`         // no rule that leads to the replica covers the key, or what was looked at beside it was left out
	Scrubbed  bool             `json:"scrubbed,omitempty"`          // its bytes had their turn to be read, and what came of that counts
	New       bool             `json:"new,omitempty"`               // not in the audit before
	Accepted  *Acceptance      `json:"accepted,omitempty"`
	// Gone is that a look found it on no side any more, and no lifecycle rule of the primary is
	// known to account for that. What changed meanwhile has no line, so it is in no file.
	Gone bool `json:"-"`
}

// Acceptance is an entry of the file that accept writes and people review. It
// takes out what all of its fields Primary to Version match; an empty one matches
// everything.
type Acceptance struct {
	Primary string      `json:"primary"` // bucket; never empty
	Replica string      `json:"replica,omitempty"`
	Reason  reason.Code `json:"reason,omitempty"`
	Prefix  string      `json:"prefix,omitempty"`
	Key     string      `json:"key,omitempty"`
	Version string      `json:"versionId,omitempty"`
	Why     string      `json:"why"`
	Who     string      `json:"who"`
	At      time.Time   `json:"at"`
	Until   time.Time   `json:"until"` // from this moment on it matches nothing
}

// Count is how many versions are in a category for one reason or by one evidence.
type Count struct {
	Category Category         `json:"category"`
	Reason   reason.Code      `json:"reason,omitempty"`
	Evidence verdict.Evidence `json:"evidence,omitempty"`
	Versions int64            `json:"versions"`
	New      int64            `json:"new,omitempty"`
	Bytes    int64            `json:"bytes"`              // of the versions' sizes
	Examples []Item           `json:"examples,omitempty"` // a few, the first in key order
}

// SideReport is one bucket as it was read when the audit began.
type SideReport struct {
	Bucket      string          `json:"bucket"`
	Region      string          `json:"region"`
	Account     string          `json:"account,omitempty"` // of the caller
	Caller      string          `json:"caller,omitempty"`  // ARN
	Endpoint    string          `json:"endpoint,omitempty"`
	Versioning  string          `json:"versioning"` // Enabled, Suspended, never, or unknown
	Encryption  string          `json:"encryption"` // of the bucket's default, or unknown
	Replication json.RawMessage `json:"replication,omitempty"`
	Lifecycle   json.RawMessage `json:"lifecycle,omitempty"`
	Unread      []string        `json:"unread,omitempty"` // what of these could not be read, and why
	Listed      int64           `json:"listed"`           // versions and delete markers
	Markers     int64           `json:"markers"`
}

// NotListed is the keys behind After and up to Upto, the empty ones being the beginning
// and the end, of which nothing is known.
type NotListed struct {
	After string `json:"after"`
	Upto  string `json:"upto"`
	Why   string `json:"why"`
}

// Report is what an audit of one pair of buckets came to.
type Report struct {
	Program  string    `json:"program"` // version of autobackup
	Level    Level     `json:"level"`
	Prefix   string    `json:"prefix"`
	Redacted bool      `json:"redacted,omitempty"` // keys are shown as hashes
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended"`
	Deadline string    `json:"deadline"`         // what is younger is not yet expected on the other side
	Sample   string    `json:"sample,omitempty"` // whose bytes were read, of level bytes
	// Flags are what autobackup explain needs beside a version to look as this audit did,
	// as words for a shell: a replica that was named, who reads, and deadlines.
	Flags      string           `json:"flags,omitempty"`
	Primary    SideReport       `json:"primary"`
	Replica    SideReport       `json:"replica"`
	Listed     int64            `json:"listed"` // versions and delete markers of both sides, each once: the sum of all counts
	Counts     []Count          `json:"counts"`
	Since      string           `json:"since,omitempty"` // the audit before, by which New is told
	Requests   map[string]int64 `json:"requests"`        // by operation, this run and those before it that it went on with
	Dollars    float64          `json:"dollars"`
	Notes      []string         `json:"notes,omitempty"`   // what bounds the claims, such as sampled ranges
	Replicable int64            `json:"replicable"`        // versions in manifest.csv, which S3 can replicate again
	Sampled    int64            `json:"sampled,omitempty"` // versions that were not looked at, because a sample of those around them was
	Unseen     int64            `json:"unseen,omitempty"`  // versions that were to be looked at or read, and were not
	// NotListed are the keys of which nothing is known, of an audit whose parts may fail alone.
	NotListed []NotListed `json:"notListed,omitempty"`
	Scrub     *Scrub      `json:"scrub,omitempty"` // nil: no bytes were read in turns
	Result    string      `json:"result"`          // as it must be, findings, could not
	Exit      int         `json:"exit"`
}

// Load is how much is, or would be, read.
type Load struct {
	Versions int64   `json:"versions"`
	Bytes    int64   `json:"bytes"`   // of one side
	Dollars  float64 `json:"dollars"` // to read it on both sides
}

// Scrub is what reading the bytes of everything in turns came to, in one audit and up to it.
type Scrub struct {
	Days    int     `json:"days"`    // in which every version's bytes are to be read once
	Monthly float64 `json:"monthly"` // dollars that it may cost
	Needed  float64 `json:"needed"`  // dollars a month that it takes
	// Of 1,000 slices of the versions: how many had their turn, and were read whole.
	Due  int `json:"due"`
	Read int `json:"read"`
	// Behind is how many of them are not read once in the days: they were not, or will not have
	// been by the next audit, or the money is not enough for them.
	Behind int    `json:"behind"`
	Why    string `json:"why,omitempty"` // why no slice was read, where that was not for the money
	// Dear is how many cost more than the money of a month, and are not read.
	Dear int `json:"dear,omitempty"`
	// What was read in this audit, every byte on both sides.
	Versions int64   `json:"versions"`
	Bytes    int64   `json:"bytes"` // of one side
	Equal    int64   `json:"equal"` // versions
	Dollars  float64 `json:"dollars"`
	// Open is how many versions are read again in each audit, because they were not equal or
	// could not be read.
	Open int64 `json:"open"`
	All  Load  `json:"all"` // whose bytes can be read
	// Within is the share of All's bytes that was read within the days and was equal, from 0 to 1.
	Within float64 `json:"within"`
	// Oldest is for how many days any byte was not read, or not since the first scrub.
	Oldest  float64         `json:"oldest"`
	LeftOut map[string]Load `json:"leftOut"` // by storage class: what is not read, for that is charged for or takes a restore
}
