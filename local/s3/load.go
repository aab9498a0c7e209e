package s3

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"autobackup/local/store"
)

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
		path: path, size: k.Size, md5: k.MD5, algorithm: algorithmNamed(k.Algorithm), checksum: k.Checksum, modified: k.Modified,
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

// goOn goes on with a replication, at the time that it had.
func (s *Server) goOn(r *replication) {
	if r.plan == nil {
		s.schedule(r)
		return
	}
	s.clock.AfterFunc(r.due.Sub(s.clock.Now()), func() { s.replicate(r, *r.plan) })
}
