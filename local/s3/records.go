package s3

import (
	"net/http"
	"net/url"
	"path/filepath"
	"time"
)

// keptBucket is a bucket, but for its policy, which is its template's.
type keptBucket struct {
	Region                 string
	Created, Aged          time.Time
	Versioned, EventBridge bool                      `json:",omitempty"`
	Lock                   *ObjectLock               `json:",omitempty"`
	Notifications          Notifications             `json:",omitzero"`
	Replication            *ReplicationConfiguration `json:",omitempty"`
	Lifecycle              *LifecycleConfiguration   `json:",omitempty"`
	Encryption             BucketEncryption
	Public                 bool              `json:",omitempty"`
	Tags                   map[string]string `json:",omitempty"`
	RequesterPays          bool              `json:",omitempty"`
}

func (b *bucket) kept() keptBucket {
	return keptBucket{
		b.region, b.created, b.aged, b.versioned, b.eventBridge, b.lock, b.notifications, b.replication, b.lifecycle,
		b.encryption, b.public, b.tags, b.requesterPays,
	}
}

func (k keptBucket) restore(b *bucket) {
	b.region, b.created, b.aged, b.versioned, b.eventBridge, b.lock, b.notifications, b.replication, b.lifecycle = k.Region, k.Created, k.Aged,
		k.Versioned, k.EventBridge, k.Lock, k.Notifications, k.Replication, k.Lifecycle
	b.encryption, b.public, b.tags, b.requesterPays = k.Encryption, k.Public, k.Tags, k.RequesterPays
}

type keptAttributes struct {
	Header                    map[string][][]byte `json:",omitempty"` // bytes: metadata need not be UTF-8
	StorageClass              string
	Tags                      url.Values `json:",omitempty"`
	Encryption, KMSKey        string     `json:",omitempty"`
	BucketKey, CustomerKeyMD5 string     `json:",omitempty"`
	LockMode                  string     `json:",omitempty"`
	LockUntil                 time.Time  `json:",omitzero"`
	Hold                      string     `json:",omitempty"`
}

func (a attributes) kept() keptAttributes {
	k := keptAttributes{
		StorageClass: a.storageClass, Tags: a.tags, Encryption: a.encryption.algorithm, KMSKey: a.encryption.kmsKey, BucketKey: a.encryption.bucketKey,
		CustomerKeyMD5: a.encryption.customerKeyMD5, LockMode: a.lock.mode, LockUntil: a.lock.until, Hold: a.lock.hold,
	}
	for name, values := range a.header {
		if k.Header == nil {
			k.Header = map[string][][]byte{}
		}
		for _, value := range values {
			k.Header[name] = append(k.Header[name], []byte(value))
		}
	}
	return k
}

func (k keptAttributes) restore() attributes {
	a := attributes{
		header: http.Header{}, storageClass: k.StorageClass, tags: k.Tags,
		encryption: encryption{k.Encryption, k.KMSKey, k.BucketKey, k.CustomerKeyMD5}, lock: lock{k.LockMode, k.LockUntil, k.Hold},
	}
	for name, values := range k.Header {
		for _, value := range values {
			a.header[name] = append(a.header[name], string(value))
		}
	}
	return a
}

type keptPart struct {
	File      string
	Size      int64
	MD5       []byte
	Algorithm string
	Checksum  []byte
	Modified  time.Time `json:",omitzero"`
}

func (p part) kept() keptPart {
	return keptPart{filepath.Base(p.path), p.size, p.md5, nameOf(p.algorithm), p.checksum, p.modified}
}

func nameOf(a *algorithm) string {
	if a == nil {
		return ""
	}
	return a.name
}

type keptUpload struct {
	Key             string
	Initiated       time.Time
	Attributes      keptAttributes
	Algorithm, Kind string
	Asked           bool `json:",omitempty"`
	Parts           map[int]keptPart
}

func (u *upload) kept() keptUpload {
	k := keptUpload{u.key, u.initiated, u.attributes.kept(), nameOf(u.algorithm), u.kind, u.asked, map[int]keptPart{}}
	for number, p := range u.parts {
		k.Parts[number] = p.kept()
	}
	return k
}

type keptVersion struct {
	keptAttributes
	ID                        string
	Seq                       uint64
	Modified                  time.Time
	Marker                    bool              `json:",omitempty"`
	ETag                      string            `json:",omitempty"`
	Algorithm, Checksum, Kind string            `json:",omitempty"`
	Multipart                 bool              `json:",omitempty"`
	Parts                     []keptPart        `json:",omitempty"`
	Upload, Reason            string            `json:",omitempty"`
	Replica                   bool              `json:",omitempty"`
	Copies                    map[string]string `json:",omitempty"`
}

func keptAll(all []*version) (kept []keptVersion) {
	for _, v := range all {
		k := keptVersion{
			keptAttributes: v.kept(), ID: v.id, Seq: v.seq, Modified: v.modified, Marker: v.marker, ETag: v.etag,
			Algorithm: nameOf(v.checksum.algorithm), Checksum: v.checksum.value, Kind: v.checksum.kind,
			Upload: v.upload, Reason: v.reason, Replica: v.replica, Copies: v.copies,
		}
		if v.body != nil {
			k.Multipart = v.body.multipart
			for _, p := range v.body.parts {
				k.Parts = append(k.Parts, p.kept())
			}
		}
		kept = append(kept, k)
	}
	return kept
}

type keptJob struct {
	Source, Destination, Key, Version string
	Rule                              ReplicationRule
	Change                            bool `json:",omitempty"`
	Plan                              *Plan
	Due                               time.Time
}
