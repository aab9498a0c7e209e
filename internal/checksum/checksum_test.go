package checksum_test

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/cespare/xxhash/v2"
	"github.com/minio/crc64nvme"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/zeebo/xxh3"

	"autobackup/internal/checksum"
)

// hashes make real digests, so that the lengths are not a second copy.
var hashes = map[checksum.Algorithm]func() hash.Hash{
	checksum.SHA512:    sha512.New,
	checksum.SHA256:    sha256.New,
	checksum.SHA1:      sha1.New,
	checksum.MD5:       md5.New,
	checksum.CRC64NVME: func() hash.Hash { return crc64nvme.New() },
	checksum.CRC32C:    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	checksum.CRC32:     func() hash.Hash { return crc32.NewIEEE() },
	checksum.XXHASH64:  func() hash.Hash { return xxhash.New() },
	checksum.XXHASH3:   func() hash.Hash { return xxh3.New() },
	checksum.XXHASH128: func() hash.Hash { return xxh3.New128() },
}

func sum(a checksum.Algorithm, content string) (digest, encoded string) {
	h := hashes[a]()
	h.Write([]byte(content))
	raw := h.Sum(nil)
	return string(raw), base64.StdEncoding.EncodeToString(raw)
}

func TestTheAlgorithmsAreThoseOfTheSDK(t *testing.T) {
	var want, got []string
	for _, a := range types.ChecksumAlgorithmCrc32.Values() {
		want = append(want, string(a))
	}
	for _, a := range checksum.Algorithms() {
		got = append(got, string(a))
	}
	assert.ElementsMatch(t, want, got)
}

func TestEveryAlgorithmIsReadInItsTypes(t *testing.T) {
	for _, a := range checksum.Algorithms() {
		t.Run(string(a), func(t *testing.T) {
			require.Contains(t, hashes, a)
			digest, encoded := sum(a, "hello")
			assert.Equal(t, len(digest), a.Size())

			full := checksum.Sum{Algorithm: a, Type: checksum.FullObject, Digest: digest}
			for _, typ := range []string{"FULL_OBJECT", ""} {
				got, err := checksum.Parse(string(a), encoded, typ)
				require.NoError(t, err)
				assert.Equal(t, full, got)
				assert.Equal(t, encoded, got.String())
			}
			composite := checksum.Sum{Algorithm: a, Type: checksum.Composite, Digest: digest, Parts: 3}
			for _, typ := range []string{"COMPOSITE", ""} {
				got, err := checksum.Parse(string(a), encoded+"-3", typ)
				if a == checksum.CRC64NVME {
					require.ErrorIs(t, err, checksum.ErrMalformed, "S3 has no composite CRC64NVME")
					continue
				}
				require.NoError(t, err)
				assert.Equal(t, composite, got)
				assert.Equal(t, encoded+"-3", got.String())
			}
		})
	}
}

func TestACompositeValueWithoutPartsIsReadAsComposite(t *testing.T) {
	_, encoded := sum(checksum.CRC32, "hello")
	got, err := checksum.Parse("CRC32", encoded, "COMPOSITE")
	require.NoError(t, err)
	assert.Equal(t, checksum.Composite, got.Type)
	assert.Equal(t, encoded, got.String())
}

func TestAValueThatS3CannotHaveSentIsRefused(t *testing.T) {
	for name, tc := range map[string]struct{ algorithm, value, typ, want string }{
		"unknown algorithm":               {"CRC16", "AAA=", "", `malformed checksum "CRC16" "AAA=": the algorithm is unknown`},
		"algorithm in lower case":         {"crc32", "NhCmhg==", "", `malformed checksum "crc32" "NhCmhg==": the algorithm is unknown`},
		"no value":                        {"CRC32", "", "", `malformed checksum "CRC32" "": want 4 bytes in base64`},
		"too short":                       {"CRC32", "NhCm", "", `malformed checksum "CRC32" "NhCm": want 4 bytes in base64`},
		"too long":                        {"CRC32", "NhCmhgA=", "", `malformed checksum "CRC32" "NhCmhgA=": want 4 bytes in base64`},
		"padding missing":                 {"CRC32", "NhCmhg", "", `malformed checksum "CRC32" "NhCmhg": illegal base64 data at input byte 4`},
		"bits left over":                  {"CRC32", "NhCmhh==", "", `malformed checksum "CRC32" "NhCmhh==": illegal base64 data at input byte 6`},
		"URL alphabet":                    {"CRC32", "_hCmhg==", "", `malformed checksum "CRC32" "_hCmhg==": illegal base64 data at input byte 0`},
		"line break inside":               {"CRC32", "NhCm\nhg==", "", `malformed checksum "CRC32" "NhCm\nhg==": want 4 bytes in base64`},
		"hex":                             {"CRC32", "3610a686", "", `malformed checksum "CRC32" "3610a686": want 4 bytes in base64`},
		"unknown type":                    {"CRC32", "NhCmhg==", "HALF", `malformed checksum "CRC32" "NhCmhg==": the algorithm has no type "HALF"`},
		"composite CRC64NVME":             {"CRC64NVME", "AAAAAAAAAAA=", "COMPOSITE", `malformed checksum "CRC64NVME" "AAAAAAAAAAA=": the algorithm has no type "COMPOSITE"`},
		"full object with parts":          {"CRC32", "NhCmhg==-2", "FULL_OBJECT", `malformed checksum "CRC32" "NhCmhg==-2": a full-object checksum has no number of parts`},
		"no parts after the dash":         {"CRC32", "NhCmhg==-", "", `malformed checksum "CRC32" "NhCmhg==-": number of parts "" is not 1 to 10000`},
		"no part":                         {"CRC32", "NhCmhg==-0", "", `malformed checksum "CRC32" "NhCmhg==-0": number of parts "0" is not 1 to 10000`},
		"a leading zero in the parts":     {"CRC32", "NhCmhg==-02", "", `malformed checksum "CRC32" "NhCmhg==-02": number of parts "02" is not 1 to 10000`},
		"more parts than an upload has":   {"CRC32", "NhCmhg==-10001", "COMPOSITE", `malformed checksum "CRC32" "NhCmhg==-10001": number of parts "10001" is not 1 to 10000`},
		"composite of the wrong length":   {"SHA1", "NhCmhg==-2", "COMPOSITE", `malformed checksum "SHA1" "NhCmhg==-2": want 20 bytes in base64`},
		"hostile text, printed in safety": {"CRC32\n", "\x1b[31mé", "", `malformed checksum "CRC32\n" "\x1b[31m\u00e9": the algorithm is unknown`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := checksum.Parse(tc.algorithm, tc.value, tc.typ)
			require.EqualError(t, err, tc.want)
			assert.ErrorIs(t, err, checksum.ErrMalformed)
			assert.Zero(t, got)
		})
	}
}

func TestASetIsReadStrongestFirstWithoutWhatIsMalformed(t *testing.T) {
	values := map[string]string{"FUTURE": "AAAA", "SHA1": "no base64"}
	var want []checksum.Algorithm
	for _, a := range checksum.Algorithms() {
		if a != checksum.SHA1 {
			_, values[string(a)] = sum(a, "hello")
			want = append(want, a)
		}
	}
	var got []checksum.Algorithm
	for _, s := range checksum.ParseAll(values, "FULL_OBJECT") {
		got = append(got, s.Algorithm)
	}
	assert.Equal(t, want, got)
	assert.Empty(t, checksum.ParseAll(nil, ""))
}

func TestSumsCompareOnlyWithinOneAlgorithmAndType(t *testing.T) {
	read := func(algorithm checksum.Algorithm, content, parts string) checksum.Sum {
		_, encoded := sum(algorithm, content)
		s, err := checksum.Parse(string(algorithm), encoded+parts, "")
		require.NoError(t, err)
		return s
	}
	full, other, composite := read(checksum.CRC32, "a", ""), read(checksum.CRC32, "b", ""), read(checksum.CRC32, "a", "-2")
	for name, tc := range map[string]struct {
		a, b  checksum.Sum
		typ   checksum.Type
		equal []bool // of each pair
	}{
		"full and equal":                 {full, full, checksum.FullObject, []bool{true}},
		"full and different":             {full, other, checksum.FullObject, []bool{false}},
		"full is not composite":          {full, full, checksum.Composite, nil},
		"full against composite":         {full, composite, checksum.FullObject, nil},
		"composite against full":         {full, composite, checksum.Composite, nil},
		"composite and equal":            {composite, composite, checksum.Composite, []bool{true}},
		"composite with other parts":     {composite, read(checksum.CRC32, "a", "-3"), checksum.Composite, []bool{false}},
		"composite with another digest":  {composite, read(checksum.CRC32, "b", "-2"), checksum.Composite, []bool{false}},
		"another algorithm of that size": {full, read(checksum.CRC32C, "a", ""), checksum.FullObject, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var equal []bool
			for _, p := range checksum.Comparable([]checksum.Sum{tc.a}, []checksum.Sum{tc.b}, tc.typ) {
				equal = append(equal, p.Equal())
			}
			assert.Equal(t, tc.equal, equal)
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, a := range checksum.Algorithms() {
		_, encoded := sum(a, "hello")
		f.Add(string(a), encoded, "FULL_OBJECT")
		f.Add(string(a), encoded+"-2", "COMPOSITE")
	}
	f.Add("CRC32", "NhCm\nhg==", "")
	f.Add("", "-", strings.Repeat("x", 100))
	f.Fuzz(func(t *testing.T, algorithm, value, typ string) {
		s, err := checksum.Parse(algorithm, value, typ)
		if err != nil {
			require.ErrorIs(t, err, checksum.ErrMalformed)
			require.Zero(t, s)
			return
		}
		require.Equal(t, value, s.String())
		require.Len(t, s.Digest, s.Algorithm.Size())
		require.True(t, s.Algorithm.Allows(s.Type))
	})
}
