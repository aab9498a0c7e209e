package audit

import "time"

// Row is what a listing says about one object version or delete marker: it shows no
// encryption, no replication status and no checksum's value
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html).
type Row struct {
	Key       string
	VersionID string // "null" of what was written without versioning
	Marker    bool   // a delete marker, which has neither size nor ETag nor class
	Latest    bool
	Modified  time.Time
	// Superseded is when the next newer version of the key was made, so that this one
	// is noncurrent since then; zero where this is the newest.
	Superseded time.Time
	// Newer is how many versions and delete markers of the key are newer, and ByMarker is
	// set where the next newer one is a delete marker.
	Newer    int
	ByMarker bool
	Size     int64  // bytes
	ETag     string // without quotes
	Class    string // storage class, empty for STANDARD
}
