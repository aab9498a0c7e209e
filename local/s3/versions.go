package s3

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/tidwall/btree"
)

// Values of x-amz-replication-status.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html
const (
	statusPending   = "PENDING"
	statusCompleted = "COMPLETED"
	statusFailed    = "FAILED"
	statusReplica   = "REPLICA"
)

// version is one version of an object, or a delete marker. Once it is in a
// bucket only copies changes, with the server locked; one that moves to another storage
// class, or gets other tags, is another one.
type version struct {
	attributes
	id       string
	seq      uint64 // orders versions by their making; a replica has its source's
	modified time.Time
	marker   bool
	etag     string // without quotes
	checksum checksum
	body     *body             // nil: a delete marker
	upload   string            // id of the multipart upload that made it; empty: none did
	reason   string            // of its event: PutObject, CopyObject, CompleteMultipartUpload, DeleteObject or Lifecycle Expiration
	replica  bool              // made by replication
	copies   map[string]string // replication status by destination bucket
}

// replicationStatus of all destinations together; empty where no rule applies.
func (v *version) replicationStatus() string {
	status := ""
	if v.replica {
		status = statusReplica // unless a change to it is on its way back
	}
	for _, s := range v.copies {
		switch {
		case s == statusFailed:
			return statusFailed
		case v.replica && s == statusCompleted:
		case status != statusPending:
			status = s
		}
	}
	return status
}

func (v *version) size() int64 {
	if v.body == nil {
		return 0
	}
	return v.body.size()
}

// seen is what a reader is told of a version beside what never changes.
type seen struct {
	id     string // empty where S3 tells none
	status string // of its replication
	expiry string // of the current version, by lifecycle
}

// writeHeaders writes what GetObject and HeadObject have in common.
func (v *version) writeHeaders(h http.Header, seen seen) {
	v.write(h)
	h.Set("Accept-Ranges", "bytes")
	h.Set("Etag", quoted(v.etag))
	h.Set("Last-Modified", v.modified.UTC().Format(http.TimeFormat))
	writeID(h, seen.id)
	if seen.status != "" {
		h.Set("X-Amz-Replication-Status", seen.status)
	}
	if seen.expiry != "" {
		h.Set(expirationHeader, seen.expiry)
	}
}

// nullVersion is the id of what was put into a bucket without versioning.
const nullVersion = "null"

// shownID is empty where S3 tells none.
func (b *bucket) shownID(v *version) string {
	if !b.versioned {
		return ""
	}
	return v.id
}

func writeID(h http.Header, shown string) {
	if shown != "" {
		h.Set("X-Amz-Version-Id", shown)
	}
}

// versionID is the form of the ids that are made here, and of S3's.
var versionID = regexp.MustCompile(`^[A-Za-z0-9._]{32}$`)

var errVersionID = fail(http.StatusBadRequest, "InvalidArgument", "Invalid version id specified").detail("ArgumentName", "versionId")

// refuseVersion refuses an id that no version of b can have; empty is none.
func (b *bucket) refuseVersion(id string) error {
	if id == "" || id == nullVersion || b.versioned && versionID.MatchString(id) {
		return nil
	}
	return errVersionID
}

// release gives up the bytes of a version that was taken out; v may be nil.
func (v *version) release() {
	if v != nil {
		v.body.release()
	}
}

func quoted(etag string) string { return strconv.Quote(etag) }

// objects are the versions of a bucket by key.
type objects struct {
	versions map[string][]*version // oldest first
	keys     btree.Set[string]     // of versions, in order
	changed  func(key string)      // is told whose versions are about to change; nil: nobody is
}

// add puts v where its making orders it: replicas may arrive in any order.
func (o *objects) add(key string, v *version) {
	if o.versions == nil {
		o.versions = map[string][]*version{}
	}
	all, known := o.versions[key]
	if !known {
		o.keys.Insert(key)
	}
	o.change(key)
	at, _ := slices.BinarySearchFunc(all, v, func(a, b *version) int { return cmp.Compare(a.seq, b.seq) })
	o.versions[key] = slices.Insert(all, at, v)
}

// change tells that the versions of a key are about to change.
func (o *objects) change(key string) {
	if o.changed != nil {
		o.changed(key)
	}
}

// find looks for a version; an empty id means the current one. It is nil if
// there is none.
func (o *objects) find(key, id string) *version {
	all := o.versions[key]
	if id == "" && len(all) > 0 {
		return all[len(all)-1]
	}
	if i := indexOf(all, id); i >= 0 {
		return all[i]
	}
	return nil
}

// remove takes a version out, and answers it; nil if there is none.
func (o *objects) remove(key, id string) *version {
	all := o.versions[key]
	i := indexOf(all, id)
	if i < 0 {
		return nil
	}
	o.change(key)
	v := all[i]
	o.versions[key] = slices.Delete(all, i, i+1)
	if len(all) == 1 {
		delete(o.versions, key)
		o.keys.Delete(key)
	}
	return v
}

// replace puts a version in another one's place.
func (o *objects) replace(key string, v, by *version) {
	o.change(key)
	o.versions[key][slices.Index(o.versions[key], v)] = by
}

func indexOf(all []*version, id string) int {
	return slices.IndexFunc(all, func(v *version) bool { return v.id == id })
}
