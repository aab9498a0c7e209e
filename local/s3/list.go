package s3

import (
	"encoding/base64"
	"encoding/xml"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxKeys is the longest page.
const maxKeys = 1000

// listing is what the list operations ask for alike.
type listing struct {
	prefix    string
	delimiter string
	max       int
	encoded   bool
}

// listing reads what is asked for; limit is the parameter that bounds a page.
func (c *call) listing(limit string) (l listing, err error) {
	l = listing{prefix: c.query.Get("prefix"), delimiter: c.query.Get("delimiter")}
	if l.max, err = c.atMost(limit, maxKeys); err != nil {
		return l, err
	}
	switch encoding := c.query.Get("encoding-type"); {
	case !c.query.Has("encoding-type"):
	case encoding == "url":
		l.encoded = true
	default:
		return l, invalidArgument("Invalid Encoding Method specified in Request").detail("ArgumentName", "encoding-type")
	}
	return l, nil
}

// atMost reads a parameter that is a number, and is most where it is larger or not there.
func (c *call) atMost(parameter string, most int) (int, error) {
	value := c.query.Get(parameter)
	if value == "" {
		return most, nil
	}
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		return 0, invalidArgument("Provided %s not an integer or within integer range", parameter).detail("ArgumentName", parameter)
	}
	return min(int(n), most), nil //nolint:gosec // 31 bits fit
}

// text encodes a key as the client asked. XML can't hold every key without.
func (l listing) text(key string) string {
	if !l.encoded {
		return key
	}
	return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")
}

func (l listing) encodingType() string {
	if l.encoded {
		return "url"
	}
	return ""
}

// listItem is a key, or a common prefix of several.
type listItem struct {
	name   string
	common bool
}

// after yields the items behind a key or common prefix, in order. shown tells
// which keys are listed at all.
func (l listing) after(o *objects, marker string, shown func(key string) bool) iter.Seq[listItem] {
	return func(yield func(listItem) bool) {
		last := ""
		o.keys.Ascend(max(marker, l.prefix), func(key string) bool {
			if !strings.HasPrefix(key, l.prefix) {
				return false
			}
			item := l.item(key)
			if item.name <= marker || item.common && item.name == last || !shown(key) {
				return true
			}
			if item.common {
				last = item.name
			}
			return yield(item)
		})
	}
}

func (l listing) item(key string) listItem {
	if l.delimiter != "" {
		if i := strings.Index(key[len(l.prefix):], l.delimiter); i >= 0 {
			return listItem{key[:len(l.prefix)+i+len(l.delimiter)], true}
		}
	}
	return listItem{key, false}
}

type commonPrefix struct{ Prefix string }

type listV2Result struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name                  string
	Prefix                string
	Delimiter             string `xml:",omitempty"`
	MaxKeys               int
	KeyCount              int
	EncodingType          string `xml:",omitempty"`
	StartAfter            string `xml:",omitempty"`
	ContinuationToken     string `xml:",omitempty"`
	NextContinuationToken string `xml:",omitempty"`
	IsTruncated           bool
	Contents              []listedObject
	CommonPrefixes        []commonPrefix
}

type listedObject struct {
	Key               string
	LastModified      string
	ETag              string
	ChecksumAlgorithm string
	ChecksumType      string
	Size              int64
	StorageClass      string
	Owner             *owner
}

// listObjectsV2 lists current versions.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
func (s *Server) listObjectsV2(c *call) error {
	l, err := c.listing("max-keys")
	if err != nil {
		return err
	}
	if c.query.Get("list-type") != "2" {
		return invalidArgument("Invalid List Type specified in Request").detail("ArgumentName", "list-type")
	}
	token, err := base64.URLEncoding.DecodeString(c.query.Get("continuation-token"))
	if err != nil || c.query.Has("continuation-token") && len(token) == 0 {
		return invalidArgument("The continuation token provided is incorrect").detail("ArgumentName", "continuation-token")
	}
	answer := listV2Result{
		Name: c.bucket, Prefix: l.text(l.prefix), Delimiter: l.text(l.delimiter), MaxKeys: l.max, EncodingType: l.encodingType(),
		ContinuationToken: c.query.Get("continuation-token"),
	}
	marker := string(token)
	if marker == "" { // S3 looks at start-after in the first request only
		marker = c.query.Get("start-after")
		answer.StartAfter = l.text(marker)
	}
	err = s.withBucket(c, func(b *bucket) error {
		s.fillV2(&answer, l, &b.objects, marker, c.query.Get("fetch-owner") == "true")
		return nil
	})
	if err != nil {
		return err
	}
	c.xml(http.StatusOK, answer)
	return nil
}

func (s *Server) fillV2(answer *listV2Result, l listing, o *objects, marker string, owned bool) {
	var last string
	answer.Contents, answer.CommonPrefixes, last, answer.IsTruncated = s.page(l, o, marker, owned)
	answer.KeyCount = len(answer.Contents) + len(answer.CommonPrefixes)
	if answer.IsTruncated {
		answer.NextContinuationToken = base64.URLEncoding.EncodeToString([]byte(last))
	}
}

// page is what is listed of what stands behind a marker, and the last of it.
func (s *Server) page(l listing, o *objects, marker string, owned bool) (contents []listedObject, prefixes []commonPrefix, last string, truncated bool) {
	if l.max == 0 {
		return nil, nil, marker, false
	}
	last = marker
	shown := func(key string) bool { return !o.find(key, "").marker }
	for item := range l.after(o, marker, shown) {
		if len(contents)+len(prefixes) == l.max {
			return contents, prefixes, last, true
		}
		last = item.name
		if item.common {
			prefixes = append(prefixes, commonPrefix{l.text(item.name)})
			continue
		}
		listed := l.object(item.name, o.find(item.name, ""))
		if owned {
			listed.Owner = &owner{s.account, s.account}
		}
		contents = append(contents, listed)
	}
	return contents, prefixes, last, false
}

type listResult struct {
	XMLName        xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name           string
	Prefix         string
	Marker         string
	NextMarker     string `xml:",omitempty"`
	Delimiter      string `xml:",omitempty"`
	MaxKeys        int
	EncodingType   string `xml:",omitempty"`
	IsTruncated    bool
	Contents       []listedObject
	CommonPrefixes []commonPrefix
}

// listObjects lists current versions as clients of old do. A next marker is told with a delimiter
// alone: without one, it is the last key.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
func (s *Server) listObjects(c *call) error {
	l, err := c.listing("max-keys")
	if err != nil {
		return err
	}
	marker := c.query.Get("marker")
	answer := listResult{Name: c.bucket, Prefix: l.text(l.prefix), Marker: l.text(marker), Delimiter: l.text(l.delimiter), MaxKeys: l.max, EncodingType: l.encodingType()}
	err = s.withBucket(c, func(b *bucket) error {
		var last string
		answer.Contents, answer.CommonPrefixes, last, answer.IsTruncated = s.page(l, &b.objects, marker, true)
		if answer.IsTruncated && l.delimiter != "" {
			answer.NextMarker = l.text(last)
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.xml(http.StatusOK, answer)
	return nil
}

func (l listing) object(key string, v *version) listedObject {
	return listedObject{
		Key: l.text(key), LastModified: iso(v.modified), ETag: quoted(v.etag), Size: v.size(), StorageClass: v.storageClass,
		ChecksumAlgorithm: v.checksum.algorithm.name, ChecksumType: v.checksum.kind,
	}
}
