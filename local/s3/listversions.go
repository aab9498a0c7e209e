package s3

import (
	"encoding/xml"
	"net/http"
)

type listVersionsResult struct {
	XMLName             xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListVersionsResult"`
	Name                string
	Prefix              string
	Delimiter           string `xml:",omitempty"`
	KeyMarker           string
	VersionIDMarker     string `xml:"VersionIdMarker"`
	NextKeyMarker       string `xml:",omitempty"`
	NextVersionIDMarker string `xml:"NextVersionIdMarker,omitempty"`
	MaxKeys             int
	EncodingType        string `xml:",omitempty"`
	IsTruncated         bool
	Versions            []listedVersion
	CommonPrefixes      []commonPrefix
}

// listedVersion is a Version or a DeleteMarker; XMLName tells.
type listedVersion struct {
	XMLName           xml.Name
	Key               string
	VersionID         string `xml:"VersionId"`
	IsLatest          bool
	LastModified      string
	ETag              string `xml:",omitempty"`
	ChecksumAlgorithm string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
	Size              *int64
	StorageClass      string `xml:",omitempty"`
	Owner             owner
}

// listObjectVersions lists all versions and delete markers, by key and then the
// newest first.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
func (s *Server) listObjectVersions(c *call) error {
	l, err := c.listing("max-keys")
	if err != nil {
		return err
	}
	from := position{c.query.Get("key-marker"), c.query.Get("version-id-marker")}
	if from.key == "" && from.version != "" {
		return invalidArgument("A version-id marker cannot be specified without a key marker.").detail("ArgumentName", "version-id-marker")
	}
	answer := listVersionsResult{
		Name: c.bucket, Prefix: l.text(l.prefix), Delimiter: l.text(l.delimiter), MaxKeys: l.max, EncodingType: l.encodingType(),
		KeyMarker: l.text(from.key), VersionIDMarker: from.version,
	}
	err = s.withBucket(c, func(b *bucket) error {
		s.fillVersions(&answer, l, &b.objects, from)
		return nil
	})
	if err != nil {
		return err
	}
	c.xml(http.StatusOK, answer)
	return nil
}

// position is where a page of versions ends: at a version, or at a common prefix
// or a key without one.
type position struct{ key, version string }

func (s *Server) fillVersions(answer *listVersionsResult, l listing, o *objects, at position) {
	if l.max == 0 {
		return
	}
	listed := 0
	full := func() bool {
		if answer.IsTruncated = listed == l.max; answer.IsTruncated {
			answer.NextKeyMarker, answer.NextVersionIDMarker = l.text(at.key), at.version
		}
		return answer.IsTruncated
	}
	add := func(key string, versions []*version) bool {
		for i := len(versions) - 1; i >= 0; i-- {
			if full() {
				return false
			}
			v := versions[i]
			listed, at = listed+1, position{key, v.id}
			answer.Versions = append(answer.Versions, s.listedVersion(l, key, v, v == o.find(key, "")))
		}
		return true
	}
	if at.version != "" { // the rest of the versions of the key where the last page ended
		versions := o.versions[at.key]
		if i := indexOf(versions, at.version); i >= 0 { // otherwise deleted since, as all newer ones may be
			versions = versions[:i]
		}
		if !add(at.key, versions) {
			return
		}
	}
	for item := range l.after(o, at.key, func(string) bool { return true }) {
		if !item.common {
			if !add(item.name, o.versions[item.name]) {
				return
			}
			continue
		}
		if full() {
			return
		}
		listed, at = listed+1, position{key: item.name}
		answer.CommonPrefixes = append(answer.CommonPrefixes, commonPrefix{l.text(item.name)})
	}
}

func (s *Server) listedVersion(l listing, key string, v *version, latest bool) listedVersion {
	listed := listedVersion{
		XMLName: xml.Name{Local: "DeleteMarker"}, Key: l.text(key), VersionID: v.id, IsLatest: latest,
		LastModified: iso(v.modified), Owner: owner{s.account, s.account},
	}
	if v.marker {
		return listed
	}
	size, object := v.size(), l.object(key, v)
	listed.XMLName.Local, listed.Size = "Version", &size
	listed.ETag, listed.StorageClass = object.ETag, object.StorageClass
	listed.ChecksumAlgorithm, listed.ChecksumType = object.ChecksumAlgorithm, object.ChecksumType
	return listed
}
