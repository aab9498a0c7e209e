package checker_test

import (
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// pair is one generated case.
type pair struct {
	primary, replica copyOf
	status           string // of the primary's replication
	ignoresMarkers   bool   // the rule leaves delete markers out
	ignoresKMS       bool   // the rule leaves out what is encrypted with keys of AWS KMS
	tags             string // the rule selects by tag, and this is what the primary has: match, other or none; empty: no such rule
	lifecycle        bool   // the event says that lifecycle made it
	reading          string // the parameter
	faults           map[string]fault
}

// copyOf is one side: what was uploaded, and what is there when it is read.
type copyOf struct {
	uploaded, stored []byte // different where the bytes were damaged under the server
	marker           bool   // a delete marker instead of an object
	parts            []int  // sizes; nil: no multipart upload
	algorithm        string // of the stored checksum; empty: none
	composite        bool   // the checksum is one of the parts' checksums
	encryption       string
	archived         bool
	untyped          bool // S3 does not tell the checksum's type
}

// fault is what a step answers: 403, 404, 503 or hang. A step is an operation
// and a bucket: "HeadObject copy".
type fault struct {
	kind  string
	first int // only so many answers; 0: all
}

// lasting is what the first of the steps that fails for good answers. A fault
// that passes changes nothing in the end, but for the one that differs knows of.
func (p pair) lasting(steps ...string) string {
	for _, step := range steps {
		if f := p.faults[step]; f.first == 0 && f.kind != "" {
			return f.kind
		}
	}
	return ""
}

// want is what must become of a pair.
type want struct {
	outcome  verdict.Outcome
	reason   reason.Code
	evidence verdict.Evidence // without the algorithm
}

func verified(e verdict.Evidence) want { return want{outcome: verdict.Verified, evidence: e} }
func failed(code reason.Code) want     { return want{outcome: verdict.Failed, reason: code} }
func skipped(code reason.Code) want    { return want{outcome: verdict.Skipped, reason: code} }

var undecided = failed(reason.Inconclusive)
