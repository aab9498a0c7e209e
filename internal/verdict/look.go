package verdict

import (
	"slices"

	"autobackup/internal/reason"
)

// Found says what HeadObject showed on one side.
type Found string

// What one side can show. The text is part of the workflow's state, so
// operators read it in the console.
const (
	Object      Found = "object"
	Marker      Found = "delete marker"
	Missing     Found = "missing"     // 404 for this version; for a replica also: bucket gone
	Denied      Found = "denied"      // 403, or 401
	Archived    Found = "archived"    // a byte read answered InvalidObjectState: the storage class needs a restore first
	Unreachable Found = "unreachable" // 5xx, throttling, time-out, an answer that fits nothing else
	SSEC        Found = "sse-c"       // 400 because the customer's key is needed
	Unsupported Found = "unsupported" // the primary's replication rules can't be followed; Detail says why
)

// unread is the reason of a side that shows neither an object nor that there is
// none.
func (f Found) unread() reason.Code {
	switch f {
	case Unsupported:
		return reason.RuleNotSupported
	case SSEC:
		return reason.UnreadableSSEC
	case Archived:
		return reason.Archived
	case Denied:
		return reason.AccessDenied
	default:
		return reason.Unreachable
	}
}

// What a Look takes at most in the workflow's state. Who makes a Look keeps to
// it; Judge judges any.
const (
	MaxReplicas   = 3
	MaxSide       = 800 // bytes of JSON of one Side without Bytes, HTML escapes included
	MaxSideDetail = 200 // bytes of Side.Detail
	// MaxBytesDetail bounds the detail of Side.Bytes.
	MaxBytesDetail = 400
)

// Side is one bucket's answer about one object version. Its JSON form travels
// in the workflow's state: names are short, empty fields are left out and the
// whole takes at most MaxSide bytes, because batch size rests on it
// (docs/decisions/0003).
type Side struct {
	Bucket string `json:"bucket"`
	Region string `json:"region,omitempty"`
	Found  Found  `json:"found"`
	// Detail is one printable ASCII line of at most MaxSideDetail bytes: the error behind
	// Found, for people.
	Detail string `json:"detail,omitempty"`
	Size   int64  `json:"size,omitempty"` // bytes
	ETag   string `json:"etag,omitempty"` // as S3 sent it, quotes included or not
	// Encryption is x-amz-server-side-encryption (AES256, aws:kms,
	// aws:kms:dsse), "SSE-C", or empty where S3 said nothing.
	Encryption string `json:"encryption,omitempty"`
	// Checksums maps an algorithm as in x-amz-checksum-<algorithm>, upper case
	// (CRC64NVME), to the value as S3 sent it (base64, maybe with -N).
	Checksums map[string]string `json:"checksums,omitempty"`
	// ChecksumType is FULL_OBJECT, COMPOSITE or empty.
	ChecksumType string `json:"checksumType,omitempty"`
	// Replication is x-amz-replication-status: PENDING, COMPLETED, FAILED,
	// REPLICA or empty.
	Replication string `json:"replication,omitempty"`
	// Bytes is what reading the bytes of this replica and of the primary came to;
	// its outcome is Reading where they are still to be read. Its detail has at
	// most MaxBytesDetail bytes.
	Bytes *Verdict `json:"bytes,omitempty"`
	// IgnoresMarkers is set on a replica whose rule does not replicate delete
	// markers.
	IgnoresMarkers bool `json:"ignoresMarkers,omitempty"`
	// Parts is set on a replica where the primary's and its checksums leave open
	// what those of the parts may show: see ByParts.
	Parts *Parts `json:"parts,omitempty"`
	// Metadata is set on an object.
	Metadata *Metadata `json:"metadata,omitempty"`
}

// Look is one reading of both sides at the same version id.
type Look struct {
	Primary  Side   `json:"primary"`
	Replicas []Side `json:"replicas,omitempty"` // none: no replication rule covers the key
	// Alerted is set where FailedReplica names one and operators were alerted
	// about it before: S3's notification was faster.
	Alerted bool `json:"alerted,omitempty"`
}

// FailedReplica is the bucket of the replica that S3 gave up to make; empty
// where there is none. With several replicas missing, which one failed can't be
// told.
func (l Look) FailedReplica() (bucket string) {
	if l.Primary.Found != Object || l.Primary.Replication != "FAILED" {
		return ""
	}
	for _, r := range l.Replicas {
		if r.Found != Missing {
			continue
		}
		if bucket != "" {
			return ""
		}
		bucket = r.Bucket
	}
	return bucket
}

// Unread says whether a side that counts could not be read: it was denied or
// unreachable. Such an answer may be another one at the next look, so Judge
// believes it only after several looks in a row.
func (l Look) Unread() bool {
	return !l.Primary.answered() || slices.ContainsFunc(l.Replicas, func(r Side) bool { return l.expects(r) && !r.answered() })
}

// expects says whether the replica should hold what the primary does.
func (l Look) expects(r Side) bool { return l.Primary.Found != Marker || !r.IgnoresMarkers }

// answered says whether S3 told something that stays so. What is not known here
// counts as unreachable.
func (s Side) answered() bool {
	switch s.Found {
	case Object, Marker, Missing, SSEC, Archived, Unsupported:
		return true
	default:
		return false
	}
}
