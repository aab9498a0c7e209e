package s3

import (
	"fmt"
	"strings"
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

func (s *Server) keepMessage(number uint64) {
	s.mu.Changed(keptMessages, numbered(number), func() any {
		if m, ok := s.telling[number]; ok {
			return m
		}
		return nil
	})
}
