package s3

import (
	"net/http"
	"strconv"
	"strings"
)

// getObject answers bytes and headers.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func (s *Server) getObject(c *call) error { return s.read(c, true) }

// headObject answers the same headers without bytes.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func (s *Server) headObject(c *call) error { return s.read(c, false) }

func (s *Server) read(c *call, bytes bool) error {
	var told seen
	v, err := s.lookup(c, func(b *bucket, v *version) {
		told = seen{b.shownID(v), v.replicationStatus(), b.expiry(c.key, v)}
		v.body.hold()
	})
	if err != nil {
		return err
	}
	defer v.body.release()
	if err := v.encryption.permits(c.r.Header); err != nil {
		return err
	}
	if bytes || strings.EqualFold(c.r.Header.Get(checksumMode), "ENABLED") {
		if err := s.mayDecrypt(c, v.encryption); err != nil {
			return err
		}
	}
	if bytes && v.archived() {
		return fail(http.StatusForbidden, "InvalidObjectState", "The operation is not valid for the object's storage class").
			detail("StorageClass", v.storageClass)
	}
	if err := precondition(c.r.Header, v); err != nil {
		return err
	}
	asked, err := c.asked(v)
	if err != nil {
		return err
	}
	h := c.w.Header()
	v.writeHeaders(h, told)
	s.conceal(c, h)
	if strings.EqualFold(c.r.Header.Get(checksumMode), "ENABLED") {
		asked.writeChecksum(h, v)
	}
	c.override(h)
	asked.write(c.w, v)
	if !bytes {
		return nil
	}
	// The status is out: where bytes are missing, net/http breaks the connection
	// off, which is all that can tell the client now.
	_ = v.body.copyTo(c.w, asked.from, asked.length)
	return nil
}

// lookup finds the version asked for and lets found see it while the server is
// locked; it never answers a delete marker.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
func (s *Server) lookup(c *call, found func(*bucket, *version)) (*version, error) {
	id, err := c.version()
	if err != nil {
		return nil, err
	}
	var v *version
	err = s.withBucket(c, func(b *bucket) error {
		if err := b.refuseVersion(id); err != nil {
			return err
		}
		v = b.objects.find(c.key, id)
		switch {
		case v == nil && id == "":
			return noSuchKey(c.key)
		case v == nil:
			return noSuchVersion(c.key, id)
		case v.marker && id == "":
			return markerError(noSuchKey(c.key), v)
		case v.marker:
			err := fail(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
			return markerError(err, v).with("Allow", http.MethodDelete).
				with("Last-Modified", v.modified.UTC().Format(http.TimeFormat))
		}
		found(b, v)
		return nil
	})
	return v, err
}

func markerError(err *apiError, v *version) *apiError {
	return err.with("X-Amz-Delete-Marker", "true").with("X-Amz-Version-Id", v.id)
}

func (v *version) writeChecksum(h http.Header) {
	h.Set(v.checksum.algorithm.header(), v.checksum.value)
	h.Set(checksumType, v.checksum.kind)
}

// precondition checks If-Match and If-None-Match; the other conditions are
// refused.
func precondition(h http.Header, v *version) error {
	if match := h.Get("If-Match"); match != "" && !matches(match, v.etag) {
		return preconditionFailed("If-Match")
	}
	if none := h.Get("If-None-Match"); none != "" && matches(none, v.etag) {
		return fail(http.StatusNotModified, "NotModified", "Not Modified").with("Etag", quoted(v.etag))
	}
	return nil
}

func matches(condition, etag string) bool {
	for tag := range strings.SplitSeq(condition, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.Trim(tag, `"`) == etag {
			return true
		}
	}
	return false
}

// overrides are the headers that a request may have answered otherwise than they were stored, as
// presigned URLs have that browsers save to a file.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
var overrides = func() map[string]string {
	all := map[string]string{}
	for _, name := range contentHeaders {
		all["response-"+strings.ToLower(name)] = name
	}
	return all
}()

func (c *call) override(h http.Header) {
	for parameter, name := range overrides {
		if c.query.Has(parameter) {
			h.Set(name, c.query.Get(parameter))
		}
	}
}

// byteRange is what is read of an object.
type byteRange struct {
	from, length int64
	partial      bool
	number       int // of the part that was asked for; 0: none was
}

// asked is what a request reads of v: all, a range, or a part.
func (c *call) asked(v *version) (byteRange, error) {
	spec := c.r.Header.Get("Range")
	if !c.query.Has("partNumber") {
		return rangeOf(spec, v.size())
	}
	number, err := c.partNumber()
	if err != nil {
		return byteRange{}, err
	}
	if spec != "" {
		return byteRange{}, invalidRequest("Cannot specify both Range header and partNumber query parameter")
	}
	return v.part(number)
}

// part is the range of a part. What was uploaded in one has one.
func (v *version) part(number int) (byteRange, error) {
	if count := len(v.body.parts); number > count {
		return byteRange{}, fail(http.StatusRequestedRangeNotSatisfiable, "InvalidPartNumber", "The requested partnumber is not satisfiable").
			detail("PartNumberRequested", strconv.Itoa(number)).detail("ActualPartCount", strconv.Itoa(count))
	}
	var from int64
	for _, p := range v.body.parts[:number-1] {
		from += p.size
	}
	length := v.body.parts[number-1].size
	return byteRange{from, length, length > 0, number}, nil // a range has a byte at least
}

// writeChecksum writes the checksum of what is read, where S3 has one. It tells that of a whole range over a
// composite one like that of a part.
func (r byteRange) writeChecksum(h http.Header, v *version) {
	if r.number > 0 && v.checksum.kind == composite {
		h.Set(v.checksum.algorithm.header(), v.body.parts[r.number-1].sum())
		h.Set(checksumType, composite)
		return
	}
	if r.length != v.size() {
		return
	}
	v.writeChecksum(h)
	if r.partial {
		h.Set(v.checksum.algorithm.header(), v.checksum.digest())
	}
}

// rangeOf reads a Range header for an object of size bytes. As S3, it gives the
// whole object for what is no single range of bytes.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/range-get-olap.html
func rangeOf(header string, size int64) (byteRange, error) {
	whole := byteRange{length: size}
	spec, ok := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(spec, "-")
	if !ok || !dash {
		return whole, nil
	}
	from, fromOK := offset(first)
	to, toOK := offset(last)
	length := uint64(size) //nolint:gosec // sizes are never negative
	switch {
	case first == "" && toOK: // the last bytes
		from, to = length-min(to, length), length
	case fromOK && last == "":
		to = length
	case !fromOK || !toOK || to < from:
		return whole, nil
	default:
		to = min(to, length) + 1
	}
	if from >= length {
		return whole, fail(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable").
			with("Content-Range", "bytes */"+strconv.FormatInt(size, 10)).
			detail("RangeRequested", header).detail("ActualObjectSize", strconv.FormatInt(size, 10))
	}
	return byteRange{from: int64(from), length: int64(min(to, length) - from), partial: true}, nil //nolint:gosec // 63 bits fit
}

// offset reads an offset, which fits an int64.
func offset(digits string) (uint64, bool) {
	n, err := strconv.ParseUint(digits, 10, 63)
	return n, err == nil
}

// write writes the status and the headers that tell the range.
func (r byteRange) write(w http.ResponseWriter, v *version) {
	h := w.Header()
	if r.number > 0 && v.body.multipart {
		h.Set("X-Amz-Mp-Parts-Count", strconv.Itoa(len(v.body.parts)))
	}
	h.Set("Content-Length", strconv.FormatInt(r.length, 10))
	if !r.partial {
		w.WriteHeader(http.StatusOK)
		return
	}
	last := r.from + r.length - 1
	h.Set("Content-Range", "bytes "+strconv.FormatInt(r.from, 10)+"-"+strconv.FormatInt(last, 10)+"/"+strconv.FormatInt(v.size(), 10))
	w.WriteHeader(http.StatusPartialContent)
}
