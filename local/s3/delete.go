package s3

import (
	"cmp"
	"fmt"
	"net/http"
)

// deleted is what became of one key.
type deleted struct {
	marker string // version id of the delete marker that was made
	id     string // version that was removed, or was not there
	was    bool   // what was removed was a delete marker
}

// deleteObject makes a delete marker, or removes a version for good.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
func (s *Server) deleteObject(c *call) error {
	id, err := c.version()
	if err != nil {
		return err
	}
	gone, err := s.delete(c, id)
	if err != nil {
		return err
	}
	h := c.w.Header()
	if gone.marker != "" || gone.was {
		h.Set("X-Amz-Delete-Marker", "true")
	}
	if id := gone.marker + gone.id; id != "" {
		h.Set("X-Amz-Version-Id", id)
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) delete(c *call, id string) (deleted, error) {
	versioned := true
	err := s.withBucket(c, func(b *bucket) error {
		versioned = b.versioned
		return b.refuseVersion(id)
	})
	if err != nil {
		return deleted{}, err
	}
	if id == "" && versioned {
		v := &version{marker: true, reason: reasonDelete}
		err := s.commit(c, v, unconditional)
		return deleted{marker: v.id}, err
	}
	gone, tell := deleted{id: id}, func() {}
	id = cmp.Or(id, nullVersion)
	err = s.withBucket(c, func(b *bucket) error {
		if v := b.objects.find(c.key, id); v != nil && v.lock.protects(s.clock.Now()) {
			return fail(http.StatusForbidden, "AccessDenied", "Access Denied because object protected by object lock.")
		}
		v := b.objects.remove(c.key, id)
		if v == nil {
			return nil // S3 answers as if there had been one
		}
		if v.replica {
			b.erased[v.id] = true
			s.keepErased(b, v.id)
		}
		gone.was, tell = v.marker, s.removed(b, c.key, v, reasonDelete, s.clock.Now(), c.origin(s.account))
		v.body.release()
		return nil
	})
	tell()
	return gone, err
}

// ExpireCurrent makes a delete marker for key as a lifecycle rule does: S3 does
// not replicate it. It fails if there is no such bucket, or no current version
// that could expire.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
func (s *Server) ExpireCurrent(bucketName, key string) error {
	tell, err := s.expire(bucketName, key)
	if err != nil {
		return fmt.Errorf("expire s3://%s/%s: %w", bucketName, key, err)
	}
	tell()
	return nil
}

func (s *Server) expire(bucketName, key string) (func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		return nil, noSuchBucket(bucketName)
	}
	if current := b.objects.find(key, ""); current == nil || current.marker {
		return nil, noSuchKey(key)
	}
	_, tell := s.insert(b, key, &version{marker: true, reason: reasonLifecycle},
		s.itself())
	return tell, nil
}
