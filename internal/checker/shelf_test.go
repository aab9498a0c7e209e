package checker_test

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/minio/crc64nvme"
	"github.com/zeebo/xxh3"
)

// shelf is an S3 that holds a pair as k@v1, however small its parts are and
// whatever is wrong with it. Its ETags and checksums are made as AWS documents
// them
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html).
type shelf struct {
	pair  pair
	mu    sync.Mutex        // guards the fields below
	asked map[string]int    // by step
	files map[string][]byte // of the working bucket
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if bucket == working {
		s.file(w, r, key)
		return
	}
	step := "GetObject "
	switch {
	case r.URL.Query().Has("tagging"):
		step = "GetObjectTagging "
	case key == "" && r.Method == http.MethodHead:
		step = "HeadBucket "
	case key == "" && r.URL.Query().Has("lifecycle"):
		step = "GetBucketLifecycleConfiguration "
	case key == "":
		step = "GetBucketReplication "
	case r.Method == http.MethodHead:
		step = "HeadObject "
	}
	p, kind := s.next(step + bucket)
	if kind == "hang" {
		_, _ = io.Copy(io.Discard, r.Body) // net/http sees the client leave only then
		<-r.Context().Done()
		return
	}
	if status, err := strconv.Atoi(kind); err == nil {
		refuse(w, status, map[int]string{403: "AccessDenied", 404: "NoSuchVersion", 503: "SlowDown"}[status])
		return
	}
	switch step {
	case "HeadBucket ":
		w.Header().Set("X-Amz-Bucket-Region", map[string]string{primary: home, replica: away}[bucket])
	case "GetBucketLifecycleConfiguration ":
		refuse(w, http.StatusNotFound, "NoSuchLifecycleConfiguration")
	case "GetObjectTagging ":
		_, _ = fmt.Fprintf(w, "<Tagging><TagSet>%s</TagSet></Tagging>", map[string]string{"match": tagX, "other": tagY}[p.tags])
	case "GetBucketReplication ":
		status := map[bool]string{true: "Disabled", false: "Enabled"}
		filter := "<Prefix></Prefix>"
		if p.tags != "" {
			filter = tagX
		}
		_, _ = fmt.Fprintf(w, "<ReplicationConfiguration><Role>r</Role><Rule><ID>all</ID><Status>Enabled</Status><Priority>1</Priority>"+
			"<Filter>%s</Filter><DeleteMarkerReplication><Status>%s</Status></DeleteMarkerReplication>"+
			"<SourceSelectionCriteria><SseKmsEncryptedObjects><Status>%s</Status></SseKmsEncryptedObjects></SourceSelectionCriteria>"+
			"<Destination><Bucket>arn:aws:s3:::copy</Bucket></Destination></Rule></ReplicationConfiguration>", filter, status[p.ignoresMarkers], status[p.ignoresKMS])
	default:
		if r.URL.Query().Get("versionId") != "v1" || key != "k" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		held, status := p.primary, p.status
		if bucket == replica {
			held, status = p.replica, "REPLICA"
		}
		w.Header().Set("X-Amz-Replication-Status", status)
		if p.tags == "match" || p.tags == "other" {
			w.Header().Set("X-Amz-Tagging-Count", "1")
		}
		held.answer(w, r)
	}
}

const (
	tagX = "<Tag><Key>team</Key><Value>x</Value></Tag>"
	tagY = "<Tag><Key>team</Key><Value>y</Value></Tag>"
)

// next is the pair, and the fault that the step answers now.
func (s *shelf) next(step string) (pair, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[step]++
	if f := s.pair.faults[step]; f.first == 0 || s.asked[step] <= f.first {
		return s.pair, f.kind
	}
	return s.pair, ""
}

func (s *shelf) file(w http.ResponseWriter, r *http.Request, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodPut {
		s.files[key], _ = io.ReadAll(r.Body)
		return
	}
	_, _ = w.Write(s.files[key])
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
}

// answer answers HeadObject and GetObject.
func (c copyOf) answer(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Amz-Version-Id", "v1")
	switch {
	case c.marker:
		h.Set("X-Amz-Delete-Marker", "true")
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed")
		return
	case c.archived && r.Method == http.MethodGet:
		refuse(w, http.StatusForbidden, "InvalidObjectState")
		return
	case r.Header.Get("If-Match") != "" && r.Header.Get("If-Match") != c.etag():
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	h.Set("Etag", c.etag())
	h.Set("X-Amz-Server-Side-Encryption", c.encryption)
	if r.Header.Get("X-Amz-Checksum-Mode") == "ENABLED" && c.algorithm != "" {
		h.Set("X-Amz-Checksum-"+c.algorithm, c.checksum())
		if !c.untyped {
			h.Set("X-Amz-Checksum-Type", map[bool]string{true: "COMPOSITE", false: "FULL_OBJECT"}[c.composite])
		}
	}
	first, last, status := 0, len(c.uploaded)-1, http.StatusOK
	if span := r.Header.Get("Range"); span != "" {
		_, _ = fmt.Sscanf(span, "bytes=%d-%d", &first, &last)
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(c.uploaded)))
		status = http.StatusPartialContent
	}
	h.Set("Content-Length", strconv.Itoa(last-first+1))
	w.WriteHeader(status)
	if r.Method == http.MethodGet { // where bytes are missing, net/http breaks the connection off
		_, _ = w.Write(c.stored[min(first, len(c.stored)):min(last+1, len(c.stored))])
	}
}

var algorithms = map[string]func() hash.Hash{
	"CRC32": func() hash.Hash { return crc32.NewIEEE() }, "CRC32C": func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"CRC64NVME": func() hash.Hash { return crc64nvme.New() }, "MD5": md5.New, "SHA1": sha1.New, "SHA256": sha256.New, "SHA512": sha512.New,
	"XXHASH64": func() hash.Hash { return xxhash.New() }, "XXHASH3": func() hash.Hash { return xxh3.New() },
	"XXHASH128": func() hash.Hash { return xxh3.New128() },
}

// sum is that of the uploaded bytes or, of parts, of the parts' sums.
func (c copyOf) sum(algorithm string, ofParts bool) (sum []byte, suffix string) {
	whole := algorithms[algorithm]()
	if !ofParts {
		whole.Write(c.uploaded)
		return whole.Sum(nil), ""
	}
	rest := c.uploaded
	for _, size := range c.parts {
		part := algorithms[algorithm]()
		part.Write(rest[:size])
		whole.Write(part.Sum(nil))
		rest = rest[size:]
	}
	return whole.Sum(nil), "-" + strconv.Itoa(len(c.parts))
}

func (c copyOf) checksum() string {
	sum, suffix := c.sum(c.algorithm, c.composite)
	return base64.StdEncoding.EncodeToString(sum) + suffix
}

// etag is random under SSE-KMS and DSSE: different on both sides, and here never
// an MD5 of the content.
func (c copyOf) etag() string {
	sum, suffix := c.sum("MD5", c.parts != nil)
	if c.encryption != "AES256" {
		salted := md5.Sum(append(sum, c.encryption...))
		sum = salted[:]
	}
	return strconv.Quote(hex.EncodeToString(sum) + suffix)
}
