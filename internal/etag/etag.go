// Package etag reads S3 entity tags and says when two of them may be compared.
// This comment is the project's reference on the subject.
//
// An ETag identifies the content of an object version, not its metadata. On the
// wire it is quoted ("9b2cf535f27731c974343645a3985328"); SDKs hand it over with
// the quotes, event messages without. A proxy may mark it weak (W/) or change
// its case. Parse takes all of these and yields the same value.
//
// What the value means depends on how the object was made and how it is
// encrypted
// (https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonResponseHeaders.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html):
//
//	made by              encryption      ETag
//	PUT, POST, copy      none or SSE-S3  MD5 of the content, 32 hex digits
//	multipart upload     none or SSE-S3  MD5 of the parts' MD5s, "-", number of parts
//	any of these         SSE-KMS, DSSE   not an MD5; differs between two encryptions of one content
//	any of these         SSE-C           not an MD5
//
// From which follows:
//
//   - Only ETags of objects without encryption or with SSE-S3 on both sides say
//     anything about content. MD5Based tells them by the encryption header,
//     because an ETag of SSE-KMS may look like an MD5.
//   - Two single-part ETags compare like MD5: equal means equal content,
//     different means different content.
//   - Two multipart ETags that are equal, number of parts included, mean equal
//     content. When they differ, the parts may have been cut at other places:
//     that says nothing about the content.
//   - A single-part and a multipart ETag never compare. "-1" is multipart.
package etag

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"autobackup/internal/checksum"
)

// ErrMalformed is wrapped by every error of Parse.
var ErrMalformed = errors.New("malformed ETag")

// ETag is a normalized entity tag in the form of an MD5. Two are equal exactly
// when == says so.
type ETag struct {
	Digest [16]byte
	Parts  int // 0: single part
}

// Parse reads an ETag as S3, an SDK or an event message gives it. The errors
// wrap ErrMalformed; an ETag that is not in the form of an MD5 is one of them.
func Parse(s string) (ETag, error) {
	digest, parts, multipart := strings.Cut(unquote(s), "-")
	var e ETag
	if len(digest) != hex.EncodedLen(len(e.Digest)) {
		return ETag{}, fmt.Errorf("%w %+.60q: want 32 hex digits, with -N for a multipart upload", ErrMalformed, s)
	}
	if _, err := hex.Decode(e.Digest[:], []byte(digest)); err != nil {
		return ETag{}, fmt.Errorf("%w %+.60q: %w", ErrMalformed, s, err)
	}
	if !multipart {
		return e, nil
	}
	n, err := checksum.ParseParts(parts)
	if err != nil {
		return ETag{}, fmt.Errorf("%w %+.60q: %w", ErrMalformed, s, err)
	}
	e.Parts = n
	return e, nil
}

// unquote takes off the weak mark and one pair of quotes. Quotes that do not
// pair stay, and make the tag malformed.
func unquote(s string) string {
	opaque := strings.TrimPrefix(s, "W/")
	if len(opaque) >= 2 && opaque[0] == '"' && opaque[len(opaque)-1] == '"' {
		return opaque[1 : len(opaque)-1]
	}
	return opaque
}

// Multipart says whether the tag belongs to a multipart upload.
func (e ETag) Multipart() bool { return e.Parts > 0 }

// String is the normalized tag: lower case, without quotes.
func (e ETag) String() string {
	digest := hex.EncodeToString(e.Digest[:])
	if !e.Multipart() {
		return digest
	}
	return digest + "-" + strconv.Itoa(e.Parts)
}

// MD5Based says whether the ETag of an object with this
// x-amz-server-side-encryption is made of MD5s. Only none and SSE-S3 are:
// whatever else S3 names, now or later, says nothing about content.
func MD5Based(encryption string) bool {
	return encryption == "" || encryption == "AES256"
}
