package s3

import (
	"io"
	"strconv"
)

// putObject stores one version.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
func (s *Server) putObject(c *call) error {
	locks := false
	if err := s.withBucket(c, func(b *bucket) error { locks = b.locks(); return nil }); err != nil {
		return err // before the body is sent
	}
	attributes, err := s.attributesOf(c)
	if err != nil {
		return err
	}
	condition, err := writeCondition(c.r.Header)
	if err != nil {
		return err
	}
	claims, err := parseClaims(c.r)
	if err != nil {
		return err
	}
	if err := claims.proven(locks || attributes.lock.asked()); err != nil {
		return err
	}
	stored, err := s.files.store(claims.length, func(w io.Writer) (part, error) { return claims.receive(c.r.Body, w, unasked) })
	if err != nil {
		return err
	}
	v := &version{attributes: attributes, body: newBody(false, stored), reason: reasonPut}
	if v.etag, v.checksum, err = seal(v.body, stored.algorithm, fullObject); err != nil {
		return err
	}
	if err := s.commit(c, v, condition); err != nil {
		v.body.release()
		return err
	}
	h := c.w.Header()
	v.encryption.write(h)
	v.writeChecksum(h)
	h.Set("Etag", quoted(v.etag))
	if v.id != nullVersion {
		writeID(h, v.id)
	}
	return nil
}

// commit makes v the current version of the call's key, if the condition holds,
// starts its replication, and tells the world.
func (s *Server) commit(c *call, v *version, condition conditionalWrite) error {
	if v.encryption.hidesMD5() && !v.marker {
		v.etag = s.hiddenETag(v.body)
	}
	var jobs []*replication
	var tell func()
	err := s.withBucket(c, func(b *bucket) error {
		if err := condition.check(c.key, b.objects.find(c.key, "")); err != nil {
			return err
		}
		if b.protect(v, s.clock.Now()) != nil {
			return invalidRequest("Bucket is missing Object Lock Configuration")
		}
		jobs, tell = s.insert(b, c.key, v, c.origin(s.account))
		return nil
	})
	if err != nil {
		return err
	}
	tell()
	for _, job := range jobs {
		s.schedule(job)
	}
	return nil
}

// insert stamps v and puts it into b. The server is locked; what it returns is
// to be started when it no longer is.
func (s *Server) insert(b *bucket, key string, v *version, from origin) ([]*replication, func()) {
	s.seq++
	v.id, v.seq, v.modified = s.random.versionID(), s.seq, s.clock.Now()
	if !b.versioned {
		v.id = nullVersion
		b.objects.remove(key, nullVersion).release()
	}
	b.objects.add(key, v)
	return s.replications(b, key, v), s.event(b, key, v, v.modified, from)
}

// hiddenETag has the form of an ETag, and nothing to do with the bytes.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
func (s *Server) hiddenETag(b *body) string {
	if b.multipart {
		return s.random.etag() + "-" + strconv.Itoa(len(b.parts))
	}
	return s.random.etag()
}
