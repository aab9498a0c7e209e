package s3

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
)

const (
	attributesHeader = "X-Amz-Object-Attributes"
	maxPartsHeader   = "X-Amz-Max-Parts"
	markerHeader     = "X-Amz-Part-Number-Marker"
	// listedParts is how many parts one answer has at most.
	listedParts = 1000
)

type objectAttributes struct {
	XMLName      xml.Name `xml:"GetObjectAttributesResponse"`
	Xmlns        string   `xml:"xmlns,attr"`
	ETag         string   `xml:",omitempty"` // without quotes, unlike anywhere else
	Checksum     *objectChecksum
	ObjectParts  *objectParts
	StorageClass string `xml:",omitempty"`
	ObjectSize   *int64
}

type objectChecksum struct {
	Sum          element
	ChecksumType string
}

type objectParts struct {
	TotalPartsCount int `xml:"PartsCount"`
	*listOfParts
}

type listOfParts struct {
	PartNumberMarker     int
	NextPartNumberMarker int
	MaxParts             int
	IsTruncated          bool
	Parts                []objectPart `xml:"Part"`
}

type objectPart struct {
	PartNumber int
	Size       int64
	Sum        element
}

// getObjectAttributes answers what was asked for of a version.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
func (s *Server) getObjectAttributes(c *call) error {
	var id string
	v, err := s.lookup(c, func(b *bucket, v *version) { id = b.shownID(v) }) // the rest never changes
	if err != nil {
		return err
	}
	if err := v.encryption.permits(c.r.Header); err != nil {
		return err
	}
	if err := s.mayDecrypt(c, v.encryption); err != nil {
		return err
	}
	asked := strings.Join(c.r.Header.Values(attributesHeader), ",")
	if asked == "" {
		return invalidRequest("The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty")
	}
	answer := objectAttributes{Xmlns: xmlns}
	for name := range strings.SplitSeq(asked, ",") {
		if err := answer.add(strings.TrimSpace(name), v, c.r.Header); err != nil {
			return err
		}
	}
	h := c.w.Header()
	h.Set("Last-Modified", v.modified.UTC().Format(http.TimeFormat))
	writeID(h, id)
	c.xml(http.StatusOK, answer)
	return nil
}

func (a *objectAttributes) add(name string, v *version, h http.Header) (err error) {
	switch name {
	case "ETag":
		a.ETag = v.etag
	case "Checksum":
		a.Checksum = &objectChecksum{newElement(v.checksum.algorithm.element(), v.checksum.digest()), v.checksum.kind}
	case "ObjectParts":
		a.ObjectParts, err = v.parts(h)
	case "StorageClass":
		a.StorageClass = v.storageClass
	case "ObjectSize":
		size := v.size()
		a.ObjectSize = &size
	default:
		return invalidArgument("Invalid attribute name specified: %q", name)
	}
	return err
}

// parts are the parts of a version behind the marker. S3 lists those of composite
// checksums, and only counts the others.
func (v *version) parts(h http.Header) (*objectParts, error) {
	list, err := v.body.listParts(h)
	switch {
	case err != nil || !v.body.multipart:
		return nil, err
	case v.checksum.kind == fullObject:
		list = nil
	}
	return &objectParts{len(v.body.parts), list}, nil
}

func (b *body) listParts(h http.Header) (*listOfParts, error) {
	limit, err := count(h, maxPartsHeader, listedParts)
	if err != nil {
		return nil, err
	}
	marker, err := count(h, markerHeader, 0)
	if err != nil {
		return nil, err
	}
	from := min(marker, len(b.parts))
	to := min(from+min(limit, listedParts), len(b.parts))
	list := &listOfParts{PartNumberMarker: marker, NextPartNumberMarker: to, MaxParts: limit, IsTruncated: to < len(b.parts)}
	if from == to { // none is the last one told
		list.NextPartNumberMarker = 0
	}
	for i, p := range b.parts[from:to] {
		list.Parts = append(list.Parts, objectPart{from + i + 1, p.size, newElement(p.algorithm.element(), p.sum())})
	}
	return list, nil
}

func count(h http.Header, name string, missing int) (int, error) {
	value := h.Get(name)
	if value == "" {
		return missing, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0, invalidArgument("%s must be a whole number, not %q", strings.ToLower(name), value)
	}
	return n, nil
}
