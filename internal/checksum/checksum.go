// Package checksum reads the additional checksums that S3 stores with an object
// version and says which of two sets may be compared. This comment is the
// project's reference on the subject.
//
// S3 answers HeadObject with x-amz-checksum-mode: ENABLED with one header
// x-amz-checksum-<algorithm>, base64, and with x-amz-checksum-type
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html). An upload
// without a checksum gets CRC64NVME from S3 itself; objects from before
// December 2024 may have none
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html).
//
//	algorithm  digest    FULL_OBJECT                  COMPOSITE
//	SHA512     64 bytes  single part                  multipart
//	SHA256     32        single part                  multipart
//	XXHASH128  16        single part                  multipart
//	SHA1       20        single part                  multipart
//	MD5        16        single part                  multipart
//	CRC64NVME   8        single part and multipart    never
//	XXHASH3     8        single part                  multipart
//	XXHASH64    8        single part                  multipart
//	CRC32C      4        single part and multipart    multipart
//	CRC32       4        single part and multipart    multipart
//
// FULL_OBJECT is the checksum of the content. COMPOSITE is the checksum of the
// parts' checksums, followed by "-" and the number of parts; only the CRCs can
// be combined to one of the whole object
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html).
// Where the type header is absent, "-N" tells a composite value.
//
// From which follows:
//
//   - Values compare only within one algorithm and one type.
//   - FULL_OBJECT values that are equal mean equal content, different ones mean
//     different content, however the object was cut into parts.
//   - COMPOSITE values that are equal, number of parts included, mean equal
//     content. Different ones say nothing: the parts may differ in size. Who
//     knows the parts' own checksums may compare those (Layout), and combine
//     them if they are CRCs.
//   - Encryption does not matter: checksums are of the plain content.
//   - A value of the wrong length, alphabet or form, of an algorithm not listed
//     or of a type the algorithm cannot have is no evidence and no mismatch.
//     Parse refuses it and ParseAll leaves it out.
package checksum

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxParts is how many parts a multipart upload may have
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
const MaxParts = 10000

// Algorithm is a name as in x-amz-checksum-<algorithm>, upper case.
type Algorithm string

// The algorithms that S3 stores.
const (
	SHA512    Algorithm = "SHA512"
	SHA256    Algorithm = "SHA256"
	XXHASH128 Algorithm = "XXHASH128"
	SHA1      Algorithm = "SHA1"
	MD5       Algorithm = "MD5"
	CRC64NVME Algorithm = "CRC64NVME"
	XXHASH3   Algorithm = "XXHASH3"
	XXHASH64  Algorithm = "XXHASH64"
	CRC32C    Algorithm = "CRC32C"
	CRC32     Algorithm = "CRC32"
)

// Type is x-amz-checksum-type.
type Type string

// The two types.
const (
	FullObject Type = "FULL_OBJECT"
	Composite  Type = "COMPOSITE"
)

// sizes holds each digest's length in bytes.
var sizes = map[Algorithm]int{
	SHA512: 64, SHA256: 32, XXHASH128: 16, SHA1: 20, MD5: 16,
	CRC64NVME: 8, XXHASH3: 8, XXHASH64: 8, CRC32C: 4, CRC32: 4,
}

// Algorithms lists every algorithm, the one to trust most first.
func Algorithms() []Algorithm {
	return []Algorithm{SHA512, SHA256, XXHASH128, SHA1, MD5, CRC64NVME, XXHASH3, XXHASH64, CRC32C, CRC32}
}

// Size is the digest's length in bytes; 0 for an unknown algorithm.
func (a Algorithm) Size() int { return sizes[a] }

// Allows says whether S3 stores checksums of this type for the algorithm.
func (a Algorithm) Allows(t Type) bool {
	switch t {
	case FullObject:
		return a.Size() > 0
	case Composite:
		return a.Size() > 0 && a != CRC64NVME
	default:
		return false
	}
}

// ErrMalformed is wrapped by every error of Parse.
var ErrMalformed = errors.New("malformed checksum")

// Sum is one checksum of an object version. Two are equal exactly when == says
// so.
type Sum struct {
	Algorithm Algorithm
	Type      Type
	Digest    string // raw bytes
	Parts     int    // of COMPOSITE: the N of -N, or 0 where S3 left it out
}

// Parse reads a checksum as S3 sent it: value is base64, with -N where it is
// composite, typ is x-amz-checksum-type or empty. The errors wrap ErrMalformed.
func Parse(algorithm, value, typ string) (Sum, error) {
	s, err := parse(Algorithm(algorithm), value, Type(typ))
	if err != nil {
		return Sum{}, fmt.Errorf("%w %+.20q %+.100q: %w", ErrMalformed, algorithm, value, err)
	}
	return s, nil
}

func parse(a Algorithm, value string, typ Type) (Sum, error) {
	encoded, parts, numbered := strings.Cut(value, "-")
	if typ == "" {
		typ = FullObject
		if numbered {
			typ = Composite
		}
	}
	s := Sum{Algorithm: a, Type: typ}
	var err error
	switch {
	case a.Size() == 0:
		return Sum{}, errors.New("the algorithm is unknown")
	case !a.Allows(typ):
		return Sum{}, fmt.Errorf("the algorithm has no type %+.20q", typ)
	case numbered && typ == FullObject:
		return Sum{}, errors.New("a full-object checksum has no number of parts")
	case numbered:
		if s.Parts, err = ParseParts(parts); err != nil {
			return Sum{}, err
		}
	}
	s.Digest, err = decode(encoded, a.Size())
	return s, err
}

// decode is strict: the length must fit, since the decoder skips line breaks.
func decode(encoded string, size int) (string, error) {
	digest, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return "", err
	}
	if len(digest) != size || len(encoded) != base64.StdEncoding.EncodedLen(size) {
		return "", fmt.Errorf("want %d bytes in base64", size)
	}
	return string(digest), nil
}

// ParseParts reads the N of the -N that S3 adds to checksums and ETags of multipart
// uploads: 1 to MaxParts, without sign or leading zero.
func ParseParts(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > MaxParts || strconv.Itoa(n) != s {
		return 0, fmt.Errorf("number of parts %+.20q is not 1 to %d", s, MaxParts)
	}
	return n, nil
}

// String is the checksum as S3 writes it.
func (s Sum) String() string {
	encoded := base64.StdEncoding.EncodeToString([]byte(s.Digest))
	if s.Parts == 0 {
		return encoded
	}
	return encoded + "-" + strconv.Itoa(s.Parts)
}

// ParseAll reads all checksums of one object version, the one to trust most
// first. Values that Parse refuses are left out. The keys are algorithms, typ
// is x-amz-checksum-type or empty.
func ParseAll(values map[string]string, typ string) []Sum {
	var sums []Sum
	for _, a := range Algorithms() {
		value, sent := values[string(a)]
		if !sent {
			continue // most are not: spares the error
		}
		if s, err := Parse(string(a), value, typ); err == nil {
			sums = append(sums, s)
		}
	}
	return sums
}

// Pair holds two checksums that compare: of one algorithm and one type.
type Pair struct{ A, B Sum }

// Equal says whether both values are the same, number of parts included.
func (p Pair) Equal() bool { return p.A == p.B }

// Comparable lists the pairs of type t in two answers of ParseAll, in a's order.
func Comparable(a, b []Sum, t Type) []Pair {
	var pairs []Pair
	for _, s := range a {
		i := slices.IndexFunc(b, func(o Sum) bool { return o.Algorithm == s.Algorithm && o.Type == s.Type })
		if s.Type == t && i >= 0 {
			pairs = append(pairs, Pair{s, b[i]})
		}
	}
	return pairs
}
