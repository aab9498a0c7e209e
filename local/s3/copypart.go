package s3

import (
	"encoding/xml"
	"net/http"
	"strings"
)

const copyRangeHeader = copySourceHeader + "-Range"

// uploadPartCopy makes a part of another object's bytes, as clients do that copy what is large.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
func (s *Server) uploadPartCopy(c *call) error {
	_, source, id, err := s.sourceOf(c)
	if err != nil {
		return err
	}
	defer source.body.release()
	number, u, err := s.partOf(c)
	if err != nil {
		return err
	}
	bytes, err := copiedRange(c.r.Header.Get(copyRangeHeader), source.size())
	if err != nil {
		return err
	}
	stored, err := s.storeCopy(source, u.algorithm, bytes)
	if err != nil {
		return err
	}
	if stored, err = s.putPart(c, number, stored); err != nil {
		return err
	}
	h := c.w.Header()
	u.encryption.write(h)
	if id != "" {
		h.Set(copySourceVersionHeader, id)
	}
	c.xml(http.StatusOK, struct {
		XMLName      xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CopyPartResult"`
		LastModified string
		ETag         string
		Sum          element
	}{LastModified: iso(stored.modified), ETag: quoted(hexOf(stored.md5)), Sum: newElement(stored.algorithm.element(), stored.sum())})
	return nil
}

// copiedRange reads which bytes of a source of size bytes are copied. Unlike a range that is read, it
// has both ends, and both must be there.
func copiedRange(header string, size int64) (byteRange, error) {
	whole := byteRange{length: size}
	if header != "" {
		first, last, _ := strings.Cut(strings.TrimPrefix(header, "bytes="), "-")
		from, fromOK := offset(first)
		to, toOK := offset(last)
		switch {
		case !strings.HasPrefix(header, "bytes=") || !fromOK || !toOK || to < from:
			return whole, invalidArgument("The x-amz-copy-source-range value must be of the form bytes=first-last where first and last "+
				"are the zero-based offsets of the first and last bytes to copy").detail("ArgumentName", "x-amz-copy-source-range").detail("ArgumentValue", header)
		case to >= uint64(size): //nolint:gosec // sizes are never negative
			return whole, invalidArgument("Range specified is not valid for source object of size: %d", size).
				detail("ArgumentName", "x-amz-copy-source-range").detail("ArgumentValue", header)
		}
		whole = byteRange{from: int64(from), length: int64(to - from + 1)} //nolint:gosec // 63 bits fit
	}
	return whole, copyable(whole.length)
}

// copyable refuses what is larger than one request copies.
func copyable(length int64) error {
	if length > maxPut {
		return invalidRequest("The specified copy source is larger than the maximum allowable size for a copy source: %d", int64(maxPut))
	}
	return nil
}
