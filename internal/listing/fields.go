package listing

import (
	"math/bits"
	"strings"
)

// fields is a set of elements that are read. All others are passed over.
type fields uint32

const (
	name fields = 1 << iota
	prefix
	encoding
	truncated
	keyMarker
	versionIDMarker
	nextKeyMarker
	nextVersionIDMarker
	commonPrefixes
	key
	versionID
	latest
	modified
	size
	etag
	class
)

// What a row must have. A marker has neither size nor ETag.
const (
	ofMarkers  = key | versionID | latest | modified
	ofVersions = ofMarkers | size | etag
)

// elements are the names of the fields, by their bits.
var elements = [...]string{
	"Name", "Prefix", "EncodingType", "IsTruncated", "KeyMarker", "VersionIdMarker", "NextKeyMarker", "NextVersionIdMarker", "CommonPrefixes",
	"Key", "VersionId", "IsLatest", "LastModified", "Size", "ETag", "StorageClass",
}

// pageFields and rowFields are what is read by name, in the page itself and in a row.
var (
	pageFields = index(name, commonPrefixes)
	rowFields  = index(key, class)
)

func index(from, upto fields) map[string]fields {
	index := map[string]fields{}
	for f := from; f <= upto; f <<= 1 {
		index[f.String()] = f
	}
	return index
}

// String names the elements.
func (f fields) String() string {
	var names []string
	for ; f != 0; f &= f - 1 {
		names = append(names, elements[bits.TrailingZeros32(uint32(f))])
	}
	return strings.Join(names, ", ")
}
