package s3

import (
	"crypto/md5" //nolint:gosec // S3's own ETag and Content-MD5
	"encoding/base64"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"

	stored "autobackup/internal/checksum"
)

// The two ways in which S3 makes the checksum of a multipart upload: from the
// parts' checksums, or over all bytes.
const (
	composite  = "COMPOSITE"
	fullObject = "FULL_OBJECT"
)

// algorithm is one that S3 stores as an additional checksum.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
type algorithm struct {
	name string // as in x-amz-checksum-algorithm
	new  func() hash.Hash
	// kinds lists what a multipart upload may ask for, its default first.
	kinds []string
}

var algorithms = []*algorithm{
	{"CRC32", stored.CRC32.New, []string{composite, fullObject}},
	{"CRC32C", stored.CRC32C.New, []string{composite, fullObject}},
	{"CRC64NVME", stored.CRC64NVME.New, []string{fullObject}},
	{"SHA1", stored.SHA1.New, []string{composite}},
	{"SHA256", stored.SHA256.New, []string{composite}},
	{"SHA512", stored.SHA512.New, []string{composite}},
	{"MD5", stored.MD5.New, []string{composite}},
	{"XXHASH64", stored.XXHASH64.New, []string{composite}},
	{"XXHASH3", stored.XXHASH3.New, []string{composite}},
	{"XXHASH128", stored.XXHASH128.New, []string{composite}},
}

// unasked is what S3 stores for an upload that brings no checksum.
var unasked = algorithmNamed("CRC64NVME")

func algorithmNamed(name string) *algorithm {
	for _, a := range algorithms {
		if strings.EqualFold(a.name, name) {
			return a
		}
	}
	return nil
}

func (a *algorithm) header() string { return http.CanonicalHeaderKey(checksumPrefix + a.name) }

// element is the name of the checksum in S3's XML.
func (a *algorithm) element() string { return "Checksum" + a.name }

// decode reads a checksum as clients send it; it is nil if it can't be one.
func (a *algorithm) decode(value string) []byte {
	raw, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(raw) != a.new().Size() {
		return nil
	}
	return raw
}

// checksum is what is stored with an object version.
type checksum struct {
	algorithm *algorithm
	value     string // base64; a composite one ends in -N
	kind      string // composite or fullObject
}

func (k checksum) element() element {
	return newElement(k.algorithm.element(), k.value)
}

// digest is the value without the number of parts.
func (k checksum) digest() string {
	value, _, _ := strings.Cut(k.value, "-")
	return value
}

// seal makes the ETag (without quotes) and the checksum of what was uploaded as
// S3 does: an object of one PutObject has the MD5 and the checksum of its
// bytes, a multipart one those of the parts' values put together, unless its
// checksum covers the full object.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
func seal(b *body, a *algorithm, kind string) (etag string, sum checksum, err error) {
	if !b.multipart {
		only := b.parts[0]
		return hexOf(only.md5), checksum{a, only.sum(), fullObject}, nil
	}
	md5s, sums := md5.New(), a.new() //nolint:gosec // S3's own ETag
	for _, p := range b.parts {
		md5s.Write(p.md5)
		if kind == composite {
			sums.Write(p.checksum)
		}
	}
	suffix := "-" + strconv.Itoa(len(b.parts))
	etag = hexOf(md5s.Sum(nil)) + suffix
	if kind == composite {
		return etag, checksum{a, base64.StdEncoding.EncodeToString(sums.Sum(nil)) + suffix, kind}, nil
	}
	if err := b.copyTo(sums, 0, b.size()); err != nil {
		return "", checksum{}, err
	}
	return etag, checksum{a, base64.StdEncoding.EncodeToString(sums.Sum(nil)), kind}, nil
}

// part is the size bytes that write writes to dst, with their sums.
func (a *algorithm) part(dst io.Writer, size int64, write func(io.Writer) error) (part, error) {
	md5sum, sum := md5.New(), a.new() //nolint:gosec // S3's own ETag
	if err := write(io.MultiWriter(dst, md5sum, sum)); err != nil {
		return part{}, err
	}
	return part{size: size, md5: md5sum.Sum(nil), algorithm: a, checksum: sum.Sum(nil)}, nil
}
