// Package heartbeat says what a stage's heartbeats are, and how they must come out: versions
// of objects in a bucket of the stage's own, which are replicated and validated as uploads
// are. Some are planted: they are wrong on purpose, and a validation that works says so. A key
// tells how its versions must come out, and is believed in that bucket alone.
// docs/decisions/0059-heartbeats.md says why.
package heartbeat

import (
	"strings"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// The ends of the keys of heartbeats. In front of them stands what a stage's rule wants keys to
// begin with.
const (
	// Verified must come out verified.
	Verified = "heartbeat/verified"
	// Lost has lost its replica once it is looked at again, and must come out as that.
	Lost = "heartbeat/lost"
	// Different is no object: compare-etags is handed a look with sides that differ.
	Different = "heartbeat/different"
)

// Bucket is the name of the bucket that a stage's heartbeats are in; empty where it has none.
type Bucket string

// Holds says whether heartbeats are in this bucket, and nothing of anybody's.
func (b Bucket) Holds(bucket string) bool { return b != "" && bucket == string(b) }

// Planted is the reason for which a version must fail; empty where it must not.
func (b Bucket) Planted(bucket, key string) reason.Code {
	switch {
	case !b.Holds(bucket):
		return ""
	case strings.HasSuffix(key, Lost):
		return reason.ReplicaMissing
	case strings.HasSuffix(key, Different):
		return reason.ContentMismatch
	}
	return ""
}

// Came is what becomes of a verdict: one that failed for the reason that was planted is
// nothing to tell of. Any other stays as it is, whatever was planted, so that a heartbeat that
// can't be read is told of as an upload is.
func (b Bucket) Came(bucket, key string, v verdict.Verdict) verdict.Verdict {
	if v.Outcome != verdict.Failed || v.Reason == "" || v.Reason != b.Planted(bucket, key) {
		return v
	}
	return verdict.Verdict{Outcome: verdict.Skipped, Reason: reason.AsPlanted, Detail: string(v.Reason) + " was planted, and found"}
}
