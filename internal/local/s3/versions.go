package s3

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"
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
// bucket only copies changes, with the server locked.
type version struct {
	attributes
	id       string
	seq      uint64 // orders versions by their making; a replica has its source's
	modified time.Time
	marker   bool
	etag     string // without quotes
	checksum checksum
	body     *body             // nil: a delete marker
	reason   string            // of its event: PutObject, CompleteMultipartUpload, DeleteObject or Lifecycle Expiration
	replica  bool              // made by replication
	copies   map[string]string // replication status by destination bucket
}

// replicationStatus of all destinations together; empty where no rule applies.
func (v *version) replicationStatus() string {
	if v.replica {
		return statusReplica
	}
	status := ""
	for _, s := range v.copies {
		switch {
		case s == statusFailed:
			return statusFailed
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

// writeHeaders writes what GetObject and HeadObject have in common.
func (v *version) writeHeaders(h http.Header, status string) {
	v.write(h)
	h.Set("Accept-Ranges", "bytes")
	h.Set("Etag", quoted(v.etag))
	h.Set("Last-Modified", v.modified.UTC().Format(http.TimeFormat))
	v.writeID(h)
	if status != "" {
		h.Set("X-Amz-Replication-Status", status)
	}
}

// nullVersion is the id of what a bucket without versioning holds.
const nullVersion = "null"

// shownID is empty where S3 tells none.
func (v *version) shownID() string {
	if v.id == nullVersion {
		return ""
	}
	return v.id
}

func (v *version) writeID(h http.Header) {
	if id := v.shownID(); id != "" {
		h.Set("X-Amz-Version-Id", id)
	}
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
	keys     []string              // sorted, of versions
}

// add puts v where its making orders it: replicas may arrive in any order.
func (o *objects) add(key string, v *version) {
	if o.versions == nil {
		o.versions = map[string][]*version{}
	}
	all, known := o.versions[key]
	if !known {
		at, _ := slices.BinarySearch(o.keys, key)
		o.keys = slices.Insert(o.keys, at, key)
	}
	at, _ := slices.BinarySearchFunc(all, v, func(a, b *version) int { return cmp.Compare(a.seq, b.seq) })
	o.versions[key] = slices.Insert(all, at, v)
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
	v := all[i]
	o.versions[key] = slices.Delete(all, i, i+1)
	if len(all) == 1 {
		delete(o.versions, key)
		at, _ := slices.BinarySearch(o.keys, key)
		o.keys = slices.Delete(o.keys, at, at+1)
	}
	return v
}

func indexOf(all []*version, id string) int {
	return slices.IndexFunc(all, func(v *version) bool { return v.id == id })
}
