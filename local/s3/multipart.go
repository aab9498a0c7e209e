package s3

import (
	"cmp"
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of multipart uploads.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
const (
	maxParts = 10_000
	minPart  = 5 << 20 // bytes; of every part but the last
)

// upload is a multipart upload under way.
type upload struct {
	key       string
	initiated time.Time
	attributes
	algorithm *algorithm
	kind      string // of its checksum
	asked     bool   // the client named the algorithm: its parts must bring it
	parts     map[int]part
}

func (u *upload) discard() {
	for _, p := range u.parts {
		newBody(true, p).release()
	}
}

// createMultipartUpload starts an upload.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
func (s *Server) createMultipartUpload(c *call) error {
	attributes, err := s.attributesOf(c)
	if err != nil {
		return err
	}
	u := &upload{key: c.key, attributes: attributes, parts: map[int]part{}}
	if err := u.readChecksum(c.r.Header); err != nil {
		return err
	}
	id := s.random.uploadID()
	err = s.withBucket(c, func(b *bucket) error {
		u.initiated = s.clock.Now()
		b.uploads[id] = u
		s.keepUpload(b, id)
		return nil
	})
	if err != nil {
		return err
	}
	h := c.w.Header()
	u.encryption.write(h)
	if u.asked {
		h.Set(checksumAlgorithm, u.algorithm.name)
		h.Set(checksumType, u.kind)
	}
	c.xml(http.StatusOK, struct {
		XMLName     xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InitiateMultipartUploadResult"`
		Bucket, Key string
		UploadID    string `xml:"UploadId"`
	}{Bucket: c.bucket, Key: c.key, UploadID: id})
	return nil
}

// readChecksum reads which checksum the whole object gets: CRC64NVME unless the
// client names another.
func (u *upload) readChecksum(h http.Header) error {
	name, kind := h.Get(checksumAlgorithm), h.Get(checksumType)
	u.asked = name != ""
	u.algorithm = algorithmNamed(cmp.Or(name, unasked.name))
	switch {
	case u.algorithm == nil:
		return invalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: %s", algorithmNames())
	case kind != "" && !u.asked:
		return invalidRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
	case kind != "" && kind != composite && kind != fullObject:
		return invalidRequest("Value for x-amz-checksum-type header is invalid.")
	case kind != "" && !slices.Contains(u.algorithm.kinds, kind):
		return invalidRequest("The %s checksum type cannot be used with the %s checksum algorithm.", kind, strings.ToLower(name))
	}
	u.kind = cmp.Or(kind, u.algorithm.kinds[0])
	return nil
}

func algorithmNames() string {
	var names []string
	for _, a := range algorithms {
		names = append(names, a.name)
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// uploadOf finds the upload that the call names. The server is locked.
func (b *bucket) uploadOf(c *call) (*upload, error) {
	id := c.query.Get("uploadId")
	if u := b.uploads[id]; u != nil && u.key == c.key {
		return u, nil
	}
	return nil, noSuchUpload(id)
}

func (s *Server) withUpload(c *call, f func(*bucket, *upload) error) error {
	return s.withBucket(c, func(b *bucket) error {
		u, err := b.uploadOf(c)
		if err != nil {
			return err
		}
		err = f(b, u)
		if c.r.Method == http.MethodPut || c.r.Method == http.MethodDelete { // one that is completed is kept until it is
			s.keepUpload(b, c.query.Get("uploadId"))
		}
		return err
	})
}

// uploadPart stores a part, in place of an earlier one with its number.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
func (s *Server) uploadPart(c *call) error {
	number, u, err := s.partOf(c)
	if err != nil {
		return err
	}
	claims, err := parseClaims(c.r)
	if err != nil {
		return err
	}
	if err := u.accepts(claims.algorithm); err != nil {
		return err
	}
	if err := claims.proven(u.lock.asked()); err != nil {
		return err
	}
	stored, err := s.files.store(claims.length, func(w io.Writer) (part, error) { return claims.receive(c.r.Body, w, u.algorithm) })
	if err != nil {
		return err
	}
	if stored, err = s.putPart(c, number, stored); err != nil {
		return err
	}
	h := c.w.Header()
	u.encryption.write(h)
	h.Set("Etag", quoted(hexOf(stored.md5)))
	h.Set(stored.algorithm.header(), stored.sum())
	return nil
}

// partOf finds the number and the upload of the part that a call brings, if it has the upload's key.
func (s *Server) partOf(c *call) (number int, u *upload, err error) {
	if number, err = c.partNumber(); err != nil {
		return 0, nil, err
	}
	if err := s.withUpload(c, func(_ *bucket, found *upload) error { u = found; return nil }); err != nil {
		return 0, nil, err
	}
	return number, u, u.encryption.permitsPart(c.r.Header)
}

func (c *call) partNumber() (int, error) {
	number, err := strconv.Atoi(c.query.Get("partNumber"))
	if err != nil || number < 1 || number > maxParts {
		return 0, invalidArgument("Part number must be an integer between 1 and %d, inclusive", maxParts).detail("ArgumentName", "partNumber")
	}
	return number, nil
}

// putPart puts a part into its upload, in place of an earlier one with its number.
func (s *Server) putPart(c *call, number int, stored part) (part, error) {
	replaced := newBody(true, stored)
	err := s.withUpload(c, func(_ *bucket, u *upload) error {
		replaced = newBody(true)
		if old, ok := u.parts[number]; ok {
			replaced.parts = []part{old}
		}
		stored.modified = s.clock.Now()
		u.parts[number] = stored
		return nil
	})
	replaced.release()
	return stored, err
}

// accepts refuses a part whose checksum can't go into the object's. Where the
// client named no algorithm for the upload, a part may bring any: the SDKs send
// CRC32.
func (u *upload) accepts(claimed *algorithm) error {
	if !u.asked || claimed == u.algorithm || claimed == nil && u.kind == fullObject {
		return nil
	}
	actual := "null"
	if claimed != nil {
		actual = strings.ToLower(claimed.name)
	}
	return invalidRequest("Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s",
		strings.ToLower(u.algorithm.name), actual)
}

// abortMultipartUpload forgets an upload and its parts.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
func (s *Server) abortMultipartUpload(c *call) error {
	return s.withUpload(c, func(b *bucket, u *upload) error {
		delete(b.uploads, c.query.Get("uploadId"))
		u.discard()
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	})
}
