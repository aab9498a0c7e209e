package verdict

// Found says what HeadObject showed on one side.
type Found string

// What one side can show. The text is part of the workflow's state, so
// operators read it in the console.
const (
	Object      Found = "object"
	Marker      Found = "delete marker"
	Missing     Found = "missing"     // 404 for this version; for a replica also: bucket gone
	Denied      Found = "denied"      // 403, or 401
	Unreachable Found = "unreachable" // 5xx, throttling, time-out, an answer that fits nothing else
	SSEC        Found = "sse-c"       // 400 because the customer's key is needed
	Unsupported Found = "unsupported" // the primary's replication rules can't be followed; Detail says why
)

// Side is one bucket's answer about one object version. Its JSON form travels
// in the workflow's state: names are short and empty fields are left out
// because batch size rests on it (DESIGN invariant 6).
type Side struct {
	Bucket string `json:"bucket"`
	Region string `json:"region,omitempty"`
	Found  Found  `json:"found"`
	// Detail is one printable ASCII line of at most 200 bytes: the error behind
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
	// IgnoresMarkers is set on a replica whose rule does not replicate delete
	// markers.
	IgnoresMarkers bool `json:"ignoresMarkers,omitempty"`
}

// Look is one reading of both sides at the same version id.
type Look struct {
	Primary  Side   `json:"primary"`
	Replicas []Side `json:"replicas,omitempty"` // none: no replication rule covers the key
}
