package s3

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
)

type completeRequest struct {
	XMLName xml.Name       `xml:"CompleteMultipartUpload"`
	Parts   []completePart `xml:"Part"`
}

type completePart struct {
	PartNumber int
	ETag       string
	Checksums  []element `xml:",any"`
}

type completeResult struct {
	XMLName      xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUploadResult"`
	Location     string
	Bucket       string
	Key          string
	ETag         string
	Checksum     element
	ChecksumType string
}

const objectSizeHeader = "X-Amz-Mp-Object-Size"

// completeMultipartUpload makes a version of the parts.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
func (s *Server) completeMultipartUpload(c *call) error {
	whole := takeObjectHeaders(c.r.Header)
	var request completeRequest
	if err := c.readXML(&request); err != nil {
		return err
	}
	u, parts, err := s.take(c, request.Parts)
	if err != nil {
		return s.completeAgain(c, request.Parts, err)
	}
	v, err := u.assemble(newBody(true, parts...), whole)
	if err == nil {
		v.upload = c.query.Get("uploadId")
		err = s.commit(c, v, unconditional)
	}
	if err != nil {
		s.putBack(c, u)
		return err
	}
	for _, p := range request.Parts {
		delete(u.parts, p.PartNumber)
	}
	s.mu.Lock()
	s.keepUpload(s.buckets[c.bucket], v.upload)
	s.mu.Unlock()
	u.discard() // what the object has no use for
	c.completed(v)
	return nil
}

func (c *call) completed(v *version) {
	v.encryption.write(c.w.Header())
	if v.id != nullVersion {
		writeID(c.w.Header(), v.id)
	}
	c.xml(http.StatusOK, completeResult{
		Location: "/" + c.bucket + "/" + c.key, Bucket: c.bucket, Key: c.key, ETag: quoted(v.etag),
		Checksum: v.checksum.element(), ChecksumType: v.checksum.kind,
	})
}

// takeObjectHeaders takes out the headers that speak of the whole object, not of
// this request's body.
func takeObjectHeaders(h http.Header) http.Header {
	taken := http.Header{}
	for name, values := range h {
		if strings.HasPrefix(name, checksumPrefix) || name == objectSizeHeader {
			taken[name] = values
			delete(h, name)
		}
	}
	return taken
}

// take takes an upload out of its bucket, so that nothing else changes it, and
// answers the parts that were asked for.
func (s *Server) take(c *call, asked []completePart) (u *upload, parts []part, err error) {
	err = s.withUpload(c, func(b *bucket, found *upload) (err error) {
		u = found
		if parts, err = u.choose(asked); err == nil {
			delete(b.uploads, c.query.Get("uploadId"))
		}
		return err
	})
	return u, parts, err
}

// putBack makes an upload that could not be completed available again.
func (s *Server) putBack(c *call, u *upload) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[c.bucket]; b != nil {
		b.uploads[c.query.Get("uploadId")] = u
	}
}

// choose finds the parts and checks their order, identity and size.
func (u *upload) choose(asked []completePart) ([]part, error) {
	if len(asked) == 0 || len(asked) > maxParts {
		return nil, fail(http.StatusBadRequest, "MalformedXML", "An upload is completed with 1 to %d parts, not %d", maxParts, len(asked))
	}
	for i := range asked[1:] {
		if asked[i].PartNumber >= asked[i+1].PartNumber { // a part that is named twice would double its bytes
			return nil, fail(http.StatusBadRequest, "InvalidPartOrder",
				"The list of parts was not in ascending order. The parts list must be specified in order by part number.")
		}
	}
	var parts []part
	for i, a := range asked {
		p, ok := u.parts[a.PartNumber]
		if !ok || strings.Trim(a.ETag, `"`) != hexOf(p.md5) {
			return nil, invalidPart(a.PartNumber)
		}
		if err := u.verifyPart(a, p); err != nil {
			return nil, err
		}
		if i < len(asked)-1 && p.size < minPart {
			return nil, fail(http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size").
				detail("ProposedSize", strconv.FormatInt(p.size, 10)).detail("MinSizeAllowed", strconv.Itoa(minPart)).
				detail("PartNumber", strconv.Itoa(a.PartNumber))
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func invalidPart(number int) error {
	return fail(http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found. The part may "+
		"not have been uploaded, or the specified entity tag may not match the part's entity tag.").
		detail("PartNumber", strconv.Itoa(number))
}

// verifyPart compares the part's checksum, which a composite one is made of.
func (u *upload) verifyPart(a completePart, p part) error {
	for _, sent := range a.Checksums {
		if sent.XMLName.Local != p.algorithm.element() || sent.Value != p.sum() {
			return invalidPart(a.PartNumber)
		}
	}
	if len(a.Checksums) == 0 && u.asked && u.kind == composite {
		return invalidRequest("The upload was created using a %s checksum. The complete request must include the checksum "+
			"for each part. It was missing for part %d in the request.", strings.ToLower(u.algorithm.name), a.PartNumber)
	}
	return nil
}

// assemble makes the version and compares it with what the client expects.
func (u *upload) assemble(b *body, expected http.Header) (*version, error) {
	etag, sum, err := seal(b, u.algorithm, u.kind)
	if err != nil {
		return nil, err
	}
	for name, values := range expected {
		switch value := values[0]; name {
		case objectSizeHeader:
			if value != strconv.FormatInt(b.size(), 10) {
				return nil, invalidRequest("The provided 'x-amz-mp-object-size' header does not match what was computed.")
			}
		case checksumType:
			if value != u.kind {
				return nil, invalidRequest("The upload was created using the %s checksum mode. The complete request must use the same checksum mode.", u.kind)
			}
		case u.algorithm.header():
			if value != sum.value && value != strings.TrimSuffix(sum.value, "-"+strconv.Itoa(len(b.parts))) {
				return nil, badDigest(u.algorithm.name)
			}
		default:
			return nil, invalidRequest("The upload was created using a %s checksum; %s does not fit.", u.algorithm.name, strings.ToLower(name))
		}
	}
	return &version{attributes: u.attributes, etag: etag, checksum: sum, body: b, reason: reasonComplete}, nil
}
