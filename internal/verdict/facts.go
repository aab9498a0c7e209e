package verdict

import (
	"slices"

	"autobackup/internal/checksum"
	"autobackup/internal/reason"
)

// Found says what S3 showed of a version on one side.
type Found string

// What one side can show. The text is part of the workflow's state, so
// operators read it in the console.
const (
	Object      Found = "object"
	Marker      Found = "delete marker"
	Missing     Found = "missing"     // 404 for this version; for a replica also: bucket gone
	Denied      Found = "denied"      // 403, or 401
	Forbidden   Found = "forbidden"   // 403, and AWS names a policy that no grant overrules
	Archived    Found = "archived"    // a byte read answered InvalidObjectState: the storage class needs a restore first
	Unreachable Found = "unreachable" // 5xx, throttling, time-out, an answer that fits nothing else
	SSEC        Found = "sse-c"       // 400 because the customer's key is needed
	NoReader    Found = "no reader"   // of a Read: no hash-bytes function is deployed in the side's region
)

// readable says whether a side shows a version, or that there is none.
func (f Found) readable() bool { return f == Object || f == Marker || f == Missing }

// looks is how many looks in a row must show a side so before it is believed: 0
// where S3 told something that stays so. What is not known here counts as
// unreachable.
func (f Found) looks() int {
	switch f {
	case Object, Marker, Missing, SSEC, Archived:
		return 0
	case Denied, Forbidden:
		return DeniedLooks
	default:
		return UnreachableLooks
	}
}

// Reason is that of a side which is not readable. What is not known here counts
// as unreachable.
func (f Found) Reason() reason.Code {
	switch f {
	case SSEC:
		return reason.UnreadableSSEC
	case Archived:
		return reason.Archived
	case Denied, Forbidden:
		return reason.AccessDenied
	case NoReader:
		return reason.NoReader
	default:
		return reason.Unreachable
	}
}

// What a Look takes at most in the workflow's state. Who makes a Look keeps to
// it; Judge judges any.
const (
	MaxReplicas   = 3
	MaxSide       = 800 // bytes of JSON of one Replica without Bytes, HTML escapes included
	MaxSideDetail = 160 // bytes of Side.Detail and Read.Detail
)

// Side is one bucket's answer about one object version: what S3 said, nothing
// else. Its JSON form travels in the workflow's state: names are short and
// empty fields are left out, because the size of a batch rests on it
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
	// Class is x-amz-storage-class, empty for STANDARD.
	Class string `json:"class,omitempty"`
	// Checksums maps an algorithm as in x-amz-checksum-<algorithm>, upper case
	// (CRC64NVME), to the value as S3 sent it (base64, maybe with -N).
	Checksums map[string]string `json:"checksums,omitempty"`
	// ChecksumType is FULL_OBJECT, COMPOSITE or empty.
	ChecksumType string `json:"checksumType,omitempty"`
	// Replication is x-amz-replication-status: PENDING, COMPLETED, FAILED,
	// REPLICA or empty.
	Replication string `json:"replication,omitempty"`
	// Metadata is set on an object.
	Metadata *Metadata `json:"metadata,omitempty"`
}

// Replica is a side with its rule's settings, its parts and what reading its
// bytes came to.
type Replica struct {
	Side
	// IgnoresMarkers is set where the rule does not replicate delete markers.
	IgnoresMarkers bool `json:"ignoresMarkers,omitempty"`
	// IgnoresKMS is set where the rule does not replicate what is encrypted with
	// keys of AWS KMS.
	IgnoresKMS bool `json:"ignoresKMS,omitempty"`
	// ByTag is set where rules by tag alone lead there, and one selects the version by
	// its tags of now. Whether one did when it was uploaded, S3 does not show: its status
	// is empty, or may be of another bucket.
	ByTag bool `json:"byTag,omitempty"`
	// Expires is the id of a lifecycle rule of the replica's bucket that covers the
	// key and removes versions. It is looked for only where the version is gone.
	Expires string `json:"expires,omitempty"`
	// Parts is set where the primary's and the replica's checksums leave open what
	// those of the parts may show: see ByParts.
	Parts *Parts `json:"parts,omitempty"`
	// Bytes is set once the bytes of this replica and of the primary were read,
	// or could not be.
	Bytes *Bytes `json:"bytes,omitempty"`
}

// Bytes is what reading two objects of the same size came to.
type Bytes struct {
	Primary   Read            `json:"primary"`
	Replica   Read            `json:"replica"`
	Different *checksum.Piece `json:"different,omitempty"` // the first block that was read on both sides and differs
	// Error is the name of the error that ended the reading; then nothing else is
	// set.
	Error string `json:"error,omitempty"`
}

// Read is what reading the bytes of one side came to, or its tags.
type Read struct {
	Found  Found  `json:"found,omitempty"`  // Object: every byte of that version was read
	Detail string `json:"detail,omitempty"` // as Side.Detail
	// CRC64NVME is of all the bytes, as S3 writes it; empty where not every byte
	// was read.
	CRC64NVME string `json:"crc64nvme,omitempty"`
}

// Look is one reading of both sides at the same version id.
type Look struct {
	Primary  Side      `json:"primary"`
	Replicas []Replica `json:"replicas,omitempty"` // none: no replication rule covers the key
	// Unread is set where rules select by tag, and the tags could not be read: then it is
	// not known which replicas there should be.
	Unread *Read `json:"unread,omitempty"`
	// Unselected is set where rules by tag alone cover the key, and none selects the
	// version.
	Unselected bool `json:"unselected,omitempty"`
	// Unsupported says, in one line as Side.Detail, why the primary's replication
	// rules can't be followed; empty where they can.
	Unsupported string `json:"unsupported,omitempty"`
}

// expects says whether the replica should hold what the primary does.
func (l Look) expects(r Replica) bool { return l.Primary.Found != Marker || !r.IgnoresMarkers }

// holds says whether a replica holds the version.
func (l Look) holds() bool {
	return slices.ContainsFunc(l.Replicas, func(r Replica) bool { return r.Found == Object || r.Found == Marker })
}

// missing counts the replicas that should hold the version and do not.
func (l Look) missing() (n int) {
	for _, r := range l.Replicas {
		if l.expects(r) && r.Found == Missing {
			n++
		}
	}
	return n
}

// gaveUp says whether S3 marked the version as FAILED and exactly one replica is
// missing. With several missing, which one failed can't be told.
func (l Look) gaveUp() bool { return l.Primary.Replication == failedStatus && l.missing() == 1 }

// gone says whether S3 replicated the version and a replica lacks it now.
func (l Look) gone() bool { return l.Primary.Replication == completedStatus && l.missing() > 0 }

// unread says whether a side that counts was denied or unreachable.
func (l Look) unread() bool {
	return l.Primary.Found.looks() > 0 || l.Unread != nil && l.Unread.Found.looks() > 0 || slices.ContainsFunc(l.Replicas, func(r Replica) bool { return l.expects(r) && r.Found.looks() > 0 })
}

// Values of x-amz-replication-status
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html).
const (
	completedStatus = "COMPLETED"
	failedStatus    = "FAILED"
	replicaStatus   = "REPLICA"
)
