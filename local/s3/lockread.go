package s3

import (
	"encoding/xml"
	"net/http"
)

// locked is the version of a bucket with Object Lock.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
func (s *Server) locked(c *call) (*version, error) {
	v, err := s.lookup(c, func(*bucket, *version) {})
	if err != nil {
		return nil, err
	}
	return v, s.withBucket(c, func(b *bucket) error {
		if b.lock == nil {
			return invalidRequest("Bucket is missing Object Lock Configuration")
		}
		return nil
	})
}

func noLock() error {
	return fail(http.StatusNotFound, "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration")
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html
func (s *Server) getObjectRetention(c *call) error {
	v, err := s.locked(c)
	if err == nil && v.lock.mode == "" {
		err = noLock()
	}
	if err != nil {
		return err
	}
	c.xml(http.StatusOK, struct {
		XMLName         xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ Retention"`
		Mode            string
		RetainUntilDate string
	}{Mode: v.lock.mode, RetainUntilDate: iso(v.lock.until)})
	return nil
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLegalHold.html
func (s *Server) getObjectLegalHold(c *call) error {
	v, err := s.locked(c)
	if err == nil && v.lock.hold == "" {
		err = noLock()
	}
	if err != nil {
		return err
	}
	c.xml(http.StatusOK, struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ LegalHold"`
		Status  string
	}{Status: v.lock.hold})
	return nil
}
