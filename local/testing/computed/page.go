package computed

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	maxKeys = 1000
	isoTime = "2006-01-02T15:04:05.000Z"
	rowSize = 600 // bytes; rows have fewer
	// A canonical user id has 64 hexadecimal digits.
	owner = "<Owner><ID>0011223344556677889900aabbccddeeff0011223344556677889900aabbccdd</ID></Owner>"
)

// asked is what a ListObjectVersions asks for.
type asked struct {
	prefix, key, version string
	max                  int
	from, upto           int64 // positions in the side's listing
}

// listing reads the query.
func (s *Server) listing(side Side, query url.Values) (a asked, refused *refusal) {
	a = asked{prefix: query.Get("prefix"), key: query.Get("key-marker"), version: query.Get("version-id-marker"), max: maxKeys}
	if query.Get("encoding-type") != "url" || query.Get("delimiter") != "" {
		return a, &refusal{http.StatusNotImplemented, "NotImplemented", "Lists are only with encoding-type=url and without a delimiter."}
	}
	if value := query.Get("max-keys"); value != "" {
		n, err := strconv.ParseUint(value, 10, 31)
		if err != nil {
			return a, &refusal{http.StatusBadRequest, "InvalidArgument", "max-keys is no number."}
		}
		a.max = int(min(n, maxKeys))
	}
	from, upto := s.within(a.prefix)
	a.from, a.upto = s.first(from), s.first(upto)
	after, refused := s.after(side, a)
	a.from = max(a.from, after)
	return a, refused
}

// after is the first position behind the markers.
func (s *Server) after(side Side, a asked) (position int64, refused *refusal) {
	if a.version == "" {
		return s.first(s.behind(a.key)), nil
	}
	row, ok := s.row(a.version)
	if !ok || s.name(s.key(row)) != a.key {
		return 0, &refusal{http.StatusBadRequest, "InvalidArgument", "version-id-marker is no version of key-marker."}
	}
	return s.at(side, row) + 1, nil
}

// span is the position behind a page's last row, and whether the side has more rows
// there.
func (s *Server) span(side Side, a asked) (upto int64, more bool) {
	upto = a.from
	for n, count := a.from, 0; n < a.upto && a.max > 0; n++ {
		if !side.holds(s.kind(s.at(side, n))) {
			continue
		}
		if count == a.max {
			return upto, true
		}
		upto = n + 1
		count++
	}
	return upto, false
}

func (s *Server) appendRows(b []byte, side Side, from, upto int64) []byte {
	key, newest := int64(-1), int64(-1)
	for n := from; n < upto; n++ {
		row := s.at(side, n)
		if !side.holds(s.kind(row)) {
			continue
		}
		if of := s.key(row); of != key {
			key, newest = of, s.newest(side, of)
		}
		b = s.appendRow(b, side, row, n == newest)
	}
	return b
}

// newest is the position of the first row that the side has of a key.
func (s *Server) newest(side Side, key int64) int64 {
	n := s.first(key)
	for !side.holds(s.kind(s.at(side, n))) {
		n++
	}
	return n
}

func (s *Server) appendRow(b []byte, side Side, row int64, latest bool) []byte {
	marker := s.marker(row)
	if marker {
		b = append(b, "<DeleteMarker><Key>"...)
	} else {
		b = append(b, "<Version><Key>"...)
	}
	b = s.appendKey(b, s.key(row), true)
	b = append(b, "</Key><VersionId>"...)
	b = appendVersion(b, row)
	b = append(b, "</VersionId><IsLatest>"...)
	b = strconv.AppendBool(b, latest)
	b = append(b, "</IsLatest><LastModified>"...)
	b = s.modified(row).AppendFormat(b, isoTime)
	b = append(b, "</LastModified>"...)
	if marker {
		return append(b, owner+"</DeleteMarker>"...)
	}
	c := s.content(side, row)
	b = append(b, "<ETag>&quot;"...)
	b = c.appendETag(b)
	b = append(b, "&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>"...)
	b = strconv.AppendInt(b, c.size, 10)
	return append(b, "</Size>"+owner+"<StorageClass>STANDARD</StorageClass></Version>"...)
}

func encode(key string) string { return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/") }

func (s *Server) appendPage(b []byte, side Side, a asked) []byte {
	b = append(b, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`...)
	upto, more := s.span(side, a)
	b = appendElement(b, "Name", s.bucket(side))
	b = appendElement(b, "Prefix", encode(a.prefix))
	b = appendElement(b, "KeyMarker", encode(a.key))
	b = appendElement(b, "VersionIdMarker", a.version)
	if more {
		last := s.at(side, upto-1)
		b = appendElement(b, "NextKeyMarker", encode(s.name(s.key(last))))
		b = appendElement(b, "NextVersionIdMarker", string(appendVersion(nil, last)))
	}
	b = appendElement(b, "MaxKeys", strconv.Itoa(a.max))
	b = appendElement(b, "EncodingType", "url")
	b = appendElement(b, "IsTruncated", strconv.FormatBool(more))
	b = s.appendRows(b, side, a.from, upto)
	return append(b, "</ListVersionsResult>"...)
}

// appendElement is for text that needs no escaping.
func appendElement(b []byte, name, text string) []byte {
	return append(b, "<"+name+">"+text+"</"+name+">"...)
}
