package s3

import (
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"
)

// maxDeletes is how many keys one DeleteObjects takes.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
const maxDeletes = 1000

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
	claims, err := parseClaims(c.r)
	if err != nil {
		return err
	}
	if !claims.verifiable() {
		return invalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
	}
	if err := c.readXML(&body); err != nil {
		return err
	}
	if n := len(body.Objects); n == 0 || n > maxDeletes {
		return fail(http.StatusBadRequest, "MalformedXML", "DeleteObjects takes 1 to %d keys, not %d", maxDeletes, n)
	}
	for _, object := range body.Objects {
		if object.Key == "" {
			return fail(http.StatusBadRequest, "MalformedXML", "DeleteObjects takes no empty key")
		}
	}
	if err := s.withBucket(c, func(*bucket) error { return nil }); err != nil {
		return err
	}
	var answer deleteResult
	for _, object := range body.Objects {
		gone, err := s.deleteOne(c, object.Key, object.VersionID)
		switch {
		case err != nil:
			answer.Error = append(answer.Error, newDeleteError(object.Key, object.VersionID, err))
		case !body.Quiet:
			answer.Deleted = append(answer.Deleted, gone.element(object.Key))
		}
	}
	c.xml(http.StatusOK, answer)
	return nil
}

// deleteOne deletes one of several keys.
func (s *Server) deleteOne(c *call, key, id string) (deleted, error) {
	if len(key) > maxKey {
		return deleted{}, keyTooLong()
	}
	one := *c
	one.key = key
	action := "s3:DeleteObject"
	if id != "" {
		action = "s3:DeleteObjectVersion"
	}
	if err := s.caller(c).May(action, s.arn(c.bucket, key)); err != nil {
		return deleted{}, refused(err)
	}
	return s.delete(&one, id)
}

// newDeleteError tells what became of one of several keys. A version id that can't
// be is a version that is not there, other than for DeleteObject.
func newDeleteError(key, id string, err error) deleteError {
	var e *apiError
	switch {
	case errors.Is(err, errVersionID):
		e = noSuchVersion(key, id)
	case !errors.As(err, &e):
		e = internalError(err)
	}
	return deleteError{key, id, e.answer.Code, e.answer.Message}
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
