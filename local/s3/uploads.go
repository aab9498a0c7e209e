package s3

import (
	"cmp"
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strings"
)

type listUploadsResult struct {
	XMLName            xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListMultipartUploadsResult"`
	Bucket             string
	KeyMarker          string
	UploadIDMarker     string `xml:"UploadIdMarker"`
	NextKeyMarker      string `xml:",omitempty"`
	NextUploadIDMarker string `xml:"NextUploadIdMarker,omitempty"`
	Prefix             string
	Delimiter          string `xml:",omitempty"`
	EncodingType       string `xml:",omitempty"`
	MaxUploads         int
	IsTruncated        bool
	Uploads            []listedUpload `xml:"Upload"`
	CommonPrefixes     []commonPrefix
}

type listedUpload struct {
	Key      string
	UploadID string `xml:"UploadId"`
	begun
	Initiated string
}

// begun is what lists tell of an upload under way.
type begun struct {
	Initiator, Owner  owner
	StorageClass      string
	ChecksumAlgorithm string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
}

func (s *Server) begun(u *upload) begun {
	of := begun{Initiator: owner{s.account, s.account}, Owner: owner{s.account, s.account}, StorageClass: u.storageClass}
	if u.asked {
		of.ChecksumAlgorithm, of.ChecksumType = u.algorithm.name, u.kind
	}
	return of
}

// listMultipartUploads lists uploads under way by key, and those of a key in the order in which
// they were begun.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
func (s *Server) listMultipartUploads(c *call) error {
	l, err := c.listing("max-uploads")
	if err != nil {
		return err
	}
	from := position{c.query.Get("key-marker"), c.query.Get("upload-id-marker")}
	answer := listUploadsResult{
		Bucket: c.bucket, KeyMarker: l.text(from.key), UploadIDMarker: from.version, Prefix: l.text(l.prefix), Delimiter: l.text(l.delimiter),
		EncodingType: l.encodingType(), MaxUploads: l.max,
	}
	err = s.withBucket(c, func(b *bucket) error {
		s.fillUploads(&answer, l, b, from)
		return nil
	})
	if err != nil {
		return err
	}
	c.xml(http.StatusOK, answer)
	return nil
}

func (s *Server) fillUploads(answer *listUploadsResult, l listing, b *bucket, at position) {
	for _, id := range b.uploadsBehind(at) {
		u := b.uploads[id]
		if !strings.HasPrefix(u.key, l.prefix) {
			continue
		}
		item := l.item(u.key)
		if item.common && item.name <= at.key { // it is listed already
			continue
		}
		if listed := len(answer.Uploads) + len(answer.CommonPrefixes); listed == l.max {
			if answer.IsTruncated = listed > 0; answer.IsTruncated {
				answer.NextKeyMarker, answer.NextUploadIDMarker = l.text(at.key), at.version
			}
			return
		}
		if item.common {
			at = position{key: item.name}
			answer.CommonPrefixes = append(answer.CommonPrefixes, commonPrefix{l.text(item.name)})
			continue
		}
		at = position{u.key, id}
		answer.Uploads = append(answer.Uploads, listedUpload{l.text(u.key), id, s.begun(u), iso(u.initiated)})
	}
}

// uploadsBehind are the ids of uploads behind a position, which one may have that has ended since.
func (b *bucket) uploadsBehind(from position) []string {
	all := slices.SortedFunc(maps.Keys(b.uploads), func(x, y string) int {
		first, second := b.uploads[x], b.uploads[y]
		return cmp.Or(cmp.Compare(first.key, second.key), first.initiated.Compare(second.initiated), cmp.Compare(x, y))
	})
	if from.key == "" {
		return all
	}
	if at := slices.Index(all, from.version); at >= 0 {
		return all[at+1:]
	}
	return slices.DeleteFunc(all, func(id string) bool {
		key := b.uploads[id].key
		return key < from.key || key == from.key && (from.version == "" || id <= from.version)
	})
}

type listPartsResult struct {
	XMLName              xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListPartsResult"`
	Bucket, Key          string
	UploadID             string `xml:"UploadId"`
	PartNumberMarker     int
	NextPartNumberMarker int
	MaxParts             int
	IsTruncated          bool
	Parts                []uploadedPart `xml:"Part"`
	begun
}

type uploadedPart struct {
	PartNumber   int
	LastModified string
	ETag         string
	Size         int64
	Sum          element
}

// listParts lists what was uploaded of an upload under way.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
func (s *Server) listParts(c *call) error {
	limit, err := c.atMost("max-parts", listedParts)
	if err != nil {
		return err
	}
	marker, err := c.atMost("part-number-marker", maxParts)
	if err != nil {
		return err
	}
	if !c.query.Has("part-number-marker") {
		marker = 0
	}
	answer := listPartsResult{Bucket: c.bucket, Key: c.key, UploadID: c.query.Get("uploadId"), PartNumberMarker: marker, MaxParts: limit}
	err = s.withUpload(c, func(_ *bucket, u *upload) error {
		answer.begun = s.begun(u)
		for _, number := range slices.Sorted(maps.Keys(u.parts)) {
			if number <= marker {
				continue
			}
			if answer.IsTruncated = len(answer.Parts) == limit; answer.IsTruncated {
				break
			}
			p := u.parts[number]
			answer.NextPartNumberMarker = number
			answer.Parts = append(answer.Parts, uploadedPart{number, iso(p.modified), quoted(hexOf(p.md5)), p.size, newElement(p.algorithm.element(), p.sum())})
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.xml(http.StatusOK, answer)
	return nil
}
