package s3

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"autobackup/local/store"
)

// Kinds of records. Keys of those in a bucket begin with its name and a zero byte.
const (
	keptBuckets  = "s3 buckets"
	keptVersions = "s3 versions" // of a key
	keptErased   = "s3 erased"
	keptUploads  = "s3 uploads"
	keptJobs     = "s3 replications"
	keptMessages = "s3 messages"
	keptNumber   = "s3 number" // of the last version made or removed
)

func within(b *bucket, name string) string { return b.name + "\x00" + name }

func split(key string) (bucket, name string) {
	bucket, name, _ = strings.Cut(key, "\x00")
	return bucket, name
}

func numbered(n uint64) string { return fmt.Sprintf("%020d", n) }

// keepBucket and those after it note that something changes, with the server locked.
func (s *Server) keepBucket(name string) {
	s.mu.Changed(keptBuckets, name, func() any {
		if b := s.buckets[name]; b != nil {
			return b.kept()
		}
		return nil
	})
}

func (s *Server) keepVersions(b *bucket, key string) {
	s.mu.Changed(keptVersions, within(b, key), func() any {
		if all := b.objects.versions[key]; len(all) > 0 {
			return keptAll(all)
		}
		return nil
	})
	s.mu.Changed(keptNumber, "", func() any { return s.seq })
}

func (s *Server) keepErased(b *bucket, id string) {
	s.mu.Changed(keptErased, within(b, id), func() any { return true })
}

func (s *Server) keepUpload(b *bucket, id string) {
	if b == nil {
		return // it was deleted, and its uploads with it
	}
	s.mu.Changed(keptUploads, within(b, id), func() any {
		if u := b.uploads[id]; u != nil {
			return u.kept()
		}
		return nil
	})
}

func (s *Server) keepJob(number uint64) {
	s.mu.Changed(keptJobs, numbered(number), func() any {
		if r := s.jobs[number]; r != nil {
			return keptJob{r.source, r.destination, r.key, r.version.id, r.rule, r.change, r.plan, r.due}
		}
		return nil
	})
}

// message is what is told of something that happened: to the event bus of a region, or to the
// target of a bucket's notifications.
type message struct {
	Region         string `json:",omitempty"`
	Bucket, Target string `json:",omitempty"`
	Body           []byte
}

// outgoing notes what is to be told. The server is locked; the message is sent by calling the
// result when it no longer is. One that was not sent when the program was killed is sent by
// the next: an upload of which nobody hears would never be validated.
func (s *Server) outgoing(m message) (send func()) {
	if s.mu.Store == nil {
		return func() { s.hand(m) }
	}
	s.last++
	number := s.last
	s.telling[number] = m
	keep := func() {
		s.mu.Changed(keptMessages, numbered(number), func() any {
			if m, ok := s.telling[number]; ok {
				return m
			}
			return nil
		})
	}
	keep()
	return func() {
		s.hand(m)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.telling, number)
		keep()
	}
}

// hand sends a message. S3 drops what the target of a notification does not take after its own
// retries.
func (s *Server) hand(m message) {
	switch {
	case m.Target == "":
		s.OnEvent(m.Region, m.Body)
	case s.OnNotification != nil:
		_ = s.OnNotification(m.Bucket, m.Target, m.Body)
	}
}

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
}

func (p part) kept() keptPart {
	return keptPart{filepath.Base(p.path), p.size, p.md5, nameOf(p.algorithm), p.checksum}
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

// Load makes the server what another one with a store and the same Dir was, and keeps what
// changes from now on. The buckets that are there are those of templates, deployed again: one that
// its template has as it was then is as it was; the others are as their templates have them now,
// with the versions that they had. Nothing happens before Resume.
func (s *Server) Load(from *store.Store, same map[string]bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := loading{Server: s, same: same, bodies: map[string]*body{}, holders: map[string]int{}, completed: map[string]bool{}}
	if err := l.load(from); err != nil {
		return fmt.Errorf("load what s3 kept: %w", err)
	}
	if err := l.clean(); err != nil {
		return fmt.Errorf("load what s3 kept: remove files that nothing names: %w", err)
	}
	if err := from.Folder(s.files.dir); err != nil {
		return fmt.Errorf("load what s3 kept: %w", err)
	}
	s.mu.Store, s.mu.Written, s.files.records = from, s.files.sweep, from
	for name := range s.buckets {
		s.keepBucket(name)
	}
	return nil
}

// loading is a server on its way to what was kept.
type loading struct {
	*Server
	same      map[string]bool // buckets
	bodies    map[string]*body
	holders   map[string]int  // of files
	completed map[string]bool // uploads
}

func (l *loading) load(from *store.Store) error {
	kept := map[string]bool{}
	err := store.Each(from, keptBuckets, func(name string, k keptBucket) error {
		b := l.buckets[name]
		switch {
		case b == nil:
			b = &bucket{name: name, uploads: map[string]*upload{}, erased: map[string]bool{}}
			b.objects.changed = func(key string) { l.keepVersions(b, key) }
			l.buckets[name] = b
			k.restore(b)
		case l.same[name]:
			k.restore(b)
		default:
			b.created, b.aged = k.Created, k.Aged
		}
		kept[name] = true
		return nil
	})
	for name := range l.same {
		if !kept[name] { // somebody has deleted it since
			delete(l.buckets, name)
		}
	}
	for _, read := range []func() error{
		func() error {
			return store.Each(from, keptNumber, func(_ string, n uint64) error { l.seq = n; return nil })
		},
		func() error { return store.Each(from, keptVersions, l.versions) },
		func() error {
			return store.Each(from, keptErased, func(key string, _ bool) error { return l.in(key, func(b *bucket, id string) { b.erased[id] = true }) })
		},
		func() error { return store.Each(from, keptUploads, l.upload) },
		func() error { return store.Each(from, keptJobs, l.replication) },
		func() error {
			return store.Each(from, keptMessages, func(key string, m message) error {
				number, err := l.number(key)
				l.telling[number] = m
				return err
			})
		},
	} {
		if err == nil {
			err = read()
		}
	}
	return err
}

// in finds the bucket of a record. One that was deleted leaves erased ones behind.
func (l *loading) in(key string, f func(b *bucket, name string)) error {
	bucket, name := split(key)
	if b := l.buckets[bucket]; b != nil {
		f(b, name)
	}
	return nil
}

func (l *loading) number(key string) (uint64, error) {
	number, err := strconv.ParseUint(key, 10, 64)
	l.last = max(l.last, number)
	return number, err
}

func (l *loading) versions(key string, all []keptVersion) error {
	return l.in(key, func(b *bucket, key string) {
		for _, k := range all {
			v := &version{
				attributes: k.restore(), id: k.ID, seq: k.Seq, modified: k.Modified, marker: k.Marker, etag: k.ETag,
				checksum: checksum{algorithmNamed(k.Algorithm), k.Checksum, k.Kind}, upload: k.Upload, reason: k.Reason, replica: k.Replica, copies: k.Copies,
			}
			if !k.Marker {
				v.body = l.body(k)
			}
			if k.Upload != "" {
				l.completed[k.Upload] = true
			}
			b.objects.add(key, v)
		}
	})
}

// body is a version's, which its replicas share.
func (l *loading) body(k keptVersion) *body {
	name := fmt.Sprint(k.Multipart)
	for _, p := range k.Parts {
		name += "/" + p.File
	}
	if b := l.bodies[name]; b != nil {
		return b.hold()
	}
	b := newBody(k.Multipart)
	for _, p := range k.Parts {
		b.parts = append(b.parts, l.part(p))
	}
	l.bodies[name] = b
	return b
}

// part is a part whose file is removed by the last that has it.
func (l *loading) part(k keptPart) part {
	path := filepath.Join(l.files.dir, k.File)
	l.holders[path]++
	return part{
		path: path, size: k.Size, md5: k.MD5, algorithm: algorithmNamed(k.Algorithm), checksum: k.Checksum,
		remove: func() { l.files.remove(path) },
	}
}

// upload restores an upload, unless it was completed just before the end.
func (l *loading) upload(key string, k keptUpload) error {
	return l.in(key, func(b *bucket, id string) {
		if l.completed[id] {
			return
		}
		u := &upload{
			key: k.Key, initiated: k.Initiated, attributes: k.Attributes.restore(), algorithm: algorithmNamed(k.Algorithm),
			kind: k.Kind, asked: k.Asked, parts: map[int]part{},
		}
		for number, p := range k.Parts {
			u.parts[number] = l.part(p)
		}
		b.uploads[id] = u
	})
}

// replication restores a replication that was under way. Of a version that is gone by now
// nothing comes.
func (l *loading) replication(key string, k keptJob) error {
	number, err := l.number(key)
	if err != nil {
		return err
	}
	r := &replication{source: k.Source, destination: k.Destination, key: k.Key, rule: k.Rule, change: k.Change, number: number, plan: k.Plan, due: k.Due}
	if b := l.buckets[k.Source]; b != nil {
		r.version = b.objects.find(k.Key, k.Version)
	}
	if r.version == nil {
		r.version = &version{id: k.Version}
	}
	if r.version.copies == nil {
		r.version.copies = map[string]string{}
	}
	l.jobs[number] = r
	l.pending++
	return nil
}

// clean removes files of which no record knows: of uploads that were under way.
func (l *loading) clean() error {
	all, err := os.ReadDir(l.files.dir)
	if err != nil {
		return err
	}
	for _, file := range all {
		if number, err := strconv.ParseUint(file.Name(), 10, 64); err == nil {
			l.files.last.Store(max(l.files.last.Load(), number))
		}
		if path := filepath.Join(l.files.dir, file.Name()); l.holders[path] == 0 {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// Resume sends what was not sent yet, and goes on with replications.
func (s *Server) Resume() {
	s.mu.Lock()
	telling := s.telling
	s.telling = map[uint64]message{}
	var send []func()
	for number, m := range telling {
		send = append(send, s.outgoing(m))
		s.mu.Changed(keptMessages, numbered(number), func() any { return nil })
	}
	var begin []func()
	for _, r := range s.jobs {
		begin = append(begin, func() { s.goOn(r) })
	}
	s.mu.Unlock()
	for _, f := range append(send, begin...) {
		f()
	}
}

// goOn goes on with a replication, at the time that it had.
func (s *Server) goOn(r *replication) {
	if r.plan == nil {
		s.schedule(r)
		return
	}
	s.clock.AfterFunc(r.due.Sub(s.clock.Now()), func() { s.replicate(r, *r.plan) })
}
