package audit_test

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// held is a version that a bucket of the fake holds.
type held struct {
	key, id string
	marker  bool
	made    time.Time
	size    int64
	etag    string
	class   string
	kms     bool
	crc     string // CRC64NVME of the whole object, where one is stored
	status  string // x-amz-replication-status
}

// bucket is one of the fake's, its versions in the order in which it lists them.
type bucket struct {
	name, region           string
	replication, lifecycle string // XML, or empty
	versions               []held
}

// at is the place behind a version, or behind all versions of a key.
func (b *bucket) at(key, version string) int {
	i, found := slices.BinarySearchFunc(b.versions, key, func(h held, key string) int { return cmp.Compare(h.key, key) })
	if !found {
		return i
	}
	for ; i < len(b.versions) && b.versions[i].key == key; i++ {
		if version != "" && b.versions[i].id == version {
			return i + 1
		}
	}
	return i
}

func (b *bucket) find(key, version string) (held, bool) {
	for i := b.at(key, version) - 1; i >= 0 && b.versions[i].key == key; i-- {
		if b.versions[i].id == version {
			return b.versions[i], true
		}
	}
	return held{}, false
}

// fake is an S3 without a network: a client whose requests are answered at once. It
// shows what real time does not bring about in a test (aged versions, FAILED, PENDING),
// sends pages of few rows, and refuses and counts whatever would write.
type fake struct {
	t       testing.TB
	buckets []*bucket
	most    int // rows of a page at most
	// before sees every request and may answer it in the fake's place.
	before func(n int, r *http.Request) (*http.Response, error)

	lock     sync.Mutex
	requests int
}

// Do implements aws.HTTPClient.
func (f *fake) Do(r *http.Request) (*http.Response, error) {
	f.lock.Lock()
	f.requests++
	n := f.requests
	f.lock.Unlock()
	if f.before != nil {
		if answer, err := f.before(n, r); answer != nil || err != nil {
			return answer, err
		}
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return f.answer(r), nil
}

func (f *fake) sent() int {
	f.lock.Lock()
	defer f.lock.Unlock()
	return f.requests
}

// answered is an answer with a body and headers, as pairs.
func answered(r *http.Request, status int, body string, headers ...string) *http.Response {
	a := &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] != "" {
			a.Header.Set(headers[i], headers[i+1])
		}
	}
	return a
}

// refusal is an error of S3. HEAD has no body.
func refusal(r *http.Request, status int, code string) *http.Response {
	body := "<Error><Code>" + code + "</Code><Message>" + code + " it is</Message></Error>"
	if r.Method == http.MethodHead {
		body = ""
	}
	return answered(r, status, body)
}

func (f *fake) answer(r *http.Request) *http.Response {
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if name == "" { // of STS
		return refusal(r, http.StatusForbidden, "AccessDenied")
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		assert.Fail(f.t, "an audit writes", "%s %s", r.Method, r.URL)
		return refusal(r, http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
	i := slices.IndexFunc(f.buckets, func(b *bucket) bool { return b.name == name })
	if i < 0 {
		return refusal(r, http.StatusNotFound, "NoSuchBucket")
	}
	if key != "" {
		return f.object(r, f.buckets[i], key)
	}
	return f.bucket(r, f.buckets[i])
}

func (f *fake) bucket(r *http.Request, b *bucket) *http.Response {
	given := r.URL.Query()
	configured := func(body, none string) *http.Response {
		if body == "" {
			return refusal(r, http.StatusNotFound, none)
		}
		return answered(r, http.StatusOK, body)
	}
	switch {
	case r.Method == http.MethodHead:
		return answered(r, http.StatusOK, "", "x-amz-bucket-region", b.region)
	case given.Has("versioning"):
		return answered(r, http.StatusOK, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
	case given.Has("encryption"):
		return configured("", "ServerSideEncryptionConfigurationNotFoundError")
	case given.Has("replication"):
		return configured(b.replication, "ReplicationConfigurationNotFoundError")
	case given.Has("lifecycle"):
		return configured(b.lifecycle, "NoSuchLifecycleConfiguration")
	case given.Has("versions"):
		return answered(r, http.StatusOK, f.page(b, given))
	}
	assert.Fail(f.t, "an audit asks for what the fake lacks", "%s %s", r.Method, r.URL)
	return refusal(r, http.StatusNotImplemented, "NotImplemented")
}

// page is an answer to ListObjectVersions of 1 to most rows.
func (f *fake) page(b *bucket, given url.Values) string {
	key, version := given.Get("key-marker"), given.Get("version-id-marker")
	from := 0
	if key != "" {
		from = b.at(key, version)
	}
	if prefix := given.Get("prefix"); prefix != "" {
		if key == "" {
			from = sort.Search(len(b.versions), func(i int) bool { return b.versions[i].key >= prefix })
		}
		end := from
		for end < len(b.versions) && strings.HasPrefix(b.versions[end].key, prefix) {
			end++
		}
		b = &bucket{name: b.name, versions: b.versions[:end]}
	}
	hash := fnv.New32()
	_, _ = io.WriteString(hash, b.name+key+version) // a hash takes everything
	n := 1 + int(hash.Sum32()%uint32(f.most))
	if most, err := strconv.Atoi(given.Get("max-keys")); err == nil {
		n = min(n, most)
	}
	upto := min(from+n, len(b.versions))
	var s strings.Builder
	escaped := url.QueryEscape
	fmt.Fprintf(&s, "<ListVersionsResult><Name>%s</Name><EncodingType>url</EncodingType><KeyMarker>%s</KeyMarker><VersionIdMarker>%s</VersionIdMarker><IsTruncated>%t</IsTruncated>",
		b.name, escaped(key), version, upto < len(b.versions))
	for _, h := range b.versions[from:upto] {
		row := fmt.Sprintf("<Key>%s</Key><VersionId>%s</VersionId><IsLatest>false</IsLatest><LastModified>%s</LastModified>", escaped(h.key), h.id, h.made.Format("2006-01-02T15:04:05.000Z"))
		if h.marker {
			s.WriteString("<DeleteMarker>" + row + "</DeleteMarker>")
		} else {
			fmt.Fprintf(&s, `<Version>%s<ETag>&quot;%s&quot;</ETag><Size>%d</Size><StorageClass>%s</StorageClass></Version>`, row, h.etag, h.size, cmp.Or(h.class, "STANDARD"))
		}
	}
	if upto < len(b.versions) {
		last := b.versions[upto-1]
		fmt.Fprintf(&s, "<NextKeyMarker>%s</NextKeyMarker><NextVersionIdMarker>%s</NextVersionIdMarker>", escaped(last.key), last.id)
	}
	s.WriteString("</ListVersionsResult>")
	return s.String()
}

func (f *fake) object(r *http.Request, b *bucket, key string) *http.Response {
	given := r.URL.Query()
	h, found := b.find(key, given.Get("versionId"))
	switch {
	case !found:
		return refusal(r, http.StatusNotFound, "NoSuchVersion")
	case h.marker:
		return answered(r, http.StatusMethodNotAllowed, "", "x-amz-delete-marker", "true", "x-amz-version-id", h.id, "x-amz-replication-status", h.status)
	case r.Method == http.MethodHead:
		encryption := "AES256"
		if h.kms {
			encryption = "aws:kms"
		}
		kind := ""
		if h.crc != "" {
			kind = "FULL_OBJECT"
		}
		answer := answered(r, http.StatusOK, "", "x-amz-version-id", h.id, "ETag", `"`+h.etag+`"`, "x-amz-server-side-encryption", encryption,
			"x-amz-storage-class", h.class, "x-amz-replication-status", h.status, "x-amz-checksum-crc64nvme", h.crc, "x-amz-checksum-type", kind)
		answer.Header.Set("Content-Length", strconv.FormatInt(h.size, 10))
		answer.ContentLength = h.size
		return answer
	case given.Has("tagging"):
		return answered(r, http.StatusOK, "<Tagging><TagSet></TagSet></Tagging>")
	}
	assert.Fail(f.t, "an audit asks for what the fake lacks", "%s %s", r.Method, r.URL)
	return refusal(r, http.StatusNotImplemented, "NotImplemented")
}

// xmlText is a text within XML.
func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}
