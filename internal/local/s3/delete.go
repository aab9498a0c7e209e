package s3

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
)

// maxDeletes is how many keys one DeleteObjects takes.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
const maxDeletes = 1000

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
	if id := gone.marker + gone.id; id != nullVersion {
		h.Set("X-Amz-Version-Id", id)
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) delete(c *call, id string) (deleted, error) {
	err := s.withBucket(c, func(b *bucket) error {
		if !b.versioned && id == "" {
			id = nullVersion
		}
		return nil
	})
	if err != nil {
		return deleted{}, err
	}
	if id == "" {
		v := &version{marker: true, reason: reasonDelete}
		err := s.commit(c, v, unconditional)
		return deleted{marker: v.id}, err
	}
	gone, tell := deleted{id: id}, func() {}
	err = s.withBucket(c, func(b *bucket) error {
		if v := b.objects.find(c.key, id); v != nil && v.lock.protects(s.clock.Now()) {
			return fail(http.StatusForbidden, "AccessDenied", "Access Denied because object protected by object lock.")
		}
		v := b.objects.remove(c.key, id)
		if v == nil {
			return nil // S3 answers as if there had been one
		}
		gone.was, tell = v.marker, s.removed(b, c.key, v, c.origin(s.account))
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
		origin{requester: serviceRequester, requestID: s.random.requestID()})
	return tell, nil
}

type deleteRequest struct {
	XMLName xml.Name `xml:"Delete"`
	Quiet   bool
	Objects []struct {
		Key       string
		VersionID string `xml:"VersionId"`
	} `xml:"Object"`
}

type deleteResult struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
	Deleted []deletedElement
	Error   []deleteError
}

type deletedElement struct {
	Key                   string
	VersionID             string `xml:"VersionId,omitempty"`
	DeleteMarker          string `xml:",omitempty"`
	DeleteMarkerVersionID string `xml:"DeleteMarkerVersionId,omitempty"`
}

type deleteError struct {
	Key       string
	VersionID string `xml:"VersionId,omitempty"`
	Code      string
	Message   string
}

// deleteObjects deletes each key by itself: one failure stops no other.
func (s *Server) deleteObjects(c *call) error {
	var body deleteRequest
	if err := c.readXML(&body); err != nil {
		return err
	}
	if n := len(body.Objects); n == 0 || n > maxDeletes {
		return fail(http.StatusBadRequest, "MalformedXML", "DeleteObjects takes 1 to %d keys, not %d", maxDeletes, n)
	}
	if err := s.withBucket(c, func(*bucket) error { return nil }); err != nil {
		return err
	}
	var answer deleteResult
	for _, object := range body.Objects {
		one := *c
		one.key = object.Key
		gone, err := s.delete(&one, object.VersionID)
		switch {
		case err != nil:
			answer.Error = append(answer.Error, deleteError{object.Key, object.VersionID, "InternalError", err.Error()})
		case !body.Quiet:
			answer.Deleted = append(answer.Deleted, gone.element(object.Key))
		}
	}
	c.xml(http.StatusOK, answer)
	return nil
}

func (d deleted) element(key string) deletedElement {
	e := deletedElement{Key: key, VersionID: d.id, DeleteMarkerVersionID: d.marker}
	if d.was {
		e.DeleteMarkerVersionID = d.id
	}
	if d.marker != "" || d.was {
		e.DeleteMarker = strconv.FormatBool(true)
	}
	return e
}
