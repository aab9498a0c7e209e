package ticket

import (
	"encoding/json"
	"time"

	"autobackup/internal/text"
)

// What bounds the event of an execution's audits, in bytes: its buckets leave room for the rest
// of the state that it is in, and of what a target takes; and each error.
const (
	maxBuckets = 64 << 10
	maxError   = 500
)

// Audit is what an execution's audits came to: the detail of one event, however many buckets it
// tells of. It has no key of an object and no owner, because it is about no object and about the
// buckets of many.
type Audit struct {
	SchemaVersion string    `json:"schemaVersion"`
	Stage         string    `json:"stage"`
	Time          time.Time `json:"time"`      // when all were over
	Execution     string    `json:"execution"` // ARN
	News          []News    `json:"news"`      // of all buckets
	Buckets       []Audited `json:"buckets"`   // those with news
	More          int       `json:"more"`      // how many buckets with news have no room in the event
	Summary       string    `json:"summary"`   // a title in one line of ASCII
}

// Audited is what the audit of a bucket came to. Without a Count it could not be made.
type Audited struct {
	Bucket string `json:"bucket"`
	*Count
	Cut    string `json:"cut,omitempty"`    // why not all was looked at
	Report string `json:"report,omitempty"` // s3:// of its folder
	Error  string `json:"error,omitempty"`  // why it could not be audited
}

// Count is what an audit counted.
type Count struct {
	Result    string `json:"result"`
	Listed    int64  `json:"listed"`
	Findings  int64  `json:"findings"`
	Unknown   int64  `json:"unknown"`
	New       int64  `json:"new"` // of findings and unknown
	Validated int    `json:"validated"`
}

// News is why an audit is told.
type News string

// The news, in the order in which an event has them.
const (
	New         News = "new"           // findings or unknown that the audit before had not
	NotAudited  News = "not-audited"   // a bucket could not be audited
	NotAllKnown News = "not-all-known" // an audit did not look at everything
)

// OfAudits is the detail of the event about buckets that have news, by the title of what tells
// of them elsewhere.
func OfAudits(stage, execution, title string, buckets []Audited, at time.Time) Audit {
	a := Audit{SchemaVersion: SchemaVersion, Stage: stage, Time: at.UTC(), Execution: text.Line(execution, maxARN), News: []News{}, Buckets: []Audited{}, Summary: line(title)}
	has := map[News]bool{}
	for _, b := range buckets {
		has[New] = has[New] || b.Count != nil && b.New > 0
		has[NotAudited] = has[NotAudited] || b.Count == nil
		has[NotAllKnown] = has[NotAllKnown] || b.Cut != ""
	}
	for _, n := range []News{New, NotAudited, NotAllKnown} {
		if has[n] {
			a.News = append(a.News, n)
		}
	}
	size := 0
	for i, b := range buckets {
		b.Bucket, b.Cut, b.Report, b.Error = line(b.Bucket), text.Line(b.Cut, maxError), text.Line(b.Report, maxARN), text.Line(b.Error, maxError)
		encoded, _ := json.Marshal(b) // texts and numbers always encode
		if size += len(encoded) + 1; size > maxBuckets {
			a.More = len(buckets) - i
			break
		}
		a.Buckets = append(a.Buckets, b)
	}
	return a
}
