package etag_test

import (
	"crypto/md5"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/checksum"
	"autobackup/internal/etag"
)

const hello = "5d41402abc4b2a76b9719d911017c592" // MD5 of "hello"

func TestEveryWritingOfAnETagYieldsTheSameValue(t *testing.T) {
	single := etag.ETag{Digest: md5.Sum([]byte("hello"))}
	multipart := etag.ETag{Digest: single.Digest, Parts: 10000}
	for name, tc := range map[string]struct {
		in   string
		want etag.ETag
		text string
	}{
		"bare, as in event messages":     {hello, single, hello},
		"quoted, as in headers":          {`"` + hello + `"`, single, hello},
		"marked weak by a proxy":         {`W/"` + hello + `"`, single, hello},
		"weak without quotes":            {`W/` + hello, single, hello},
		"upper case":                     {`"5D41402ABC4B2A76B9719D911017C592"`, single, hello},
		"multipart":                      {`"` + hello + `-10000"`, multipart, hello + "-10000"},
		"multipart of one part":          {hello + "-1", etag.ETag{Digest: single.Digest, Parts: 1}, hello + "-1"},
		"multipart, weak and upper case": {`W/"5D41402ABC4B2A76B9719D911017C592-10000"`, multipart, hello + "-10000"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := etag.Parse(tc.in)
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
			assert.Equal(t, tc.text, got.String())
			assert.Equal(t, tc.want.Parts > 0, got.Multipart())
		})
	}
}

func TestAnETagThatIsNoMD5IsRefusedWithItsText(t *testing.T) {
	const form = ": want 32 hex digits, with -N for a multipart upload"
	for in, want := range map[string]string{
		"":                          `malformed ETag ""` + form,
		`"`:                         `malformed ETag "\""` + form,
		`""`:                        `malformed ETag "\"\""` + form,
		hello[1:]:                   `malformed ETag "d41402abc4b2a76b9719d911017c592"` + form,
		hello + "0":                 `malformed ETag "5d41402abc4b2a76b9719d911017c5920"` + form,
		`"` + hello:                 `malformed ETag "\"5d41402abc4b2a76b9719d911017c592"` + form,
		" " + hello:                 `malformed ETag " 5d41402abc4b2a76b9719d911017c592"` + form,
		"w/" + hello:                `malformed ETag "w/5d41402abc4b2a76b9719d911017c592"` + form,
		"é\x00\n":                   `malformed ETag "\u00e9\x00\n"` + form,
		"zd" + hello[2:]:            `malformed ETag "zd41402abc4b2a76b9719d911017c592": encoding/hex: invalid byte: U+007A 'z'`,
		hello + "-":                 `malformed ETag "5d41402abc4b2a76b9719d911017c592-": number of parts "" is not 1 to 10000`,
		hello + "-0":                `malformed ETag "5d41402abc4b2a76b9719d911017c592-0": number of parts "0" is not 1 to 10000`,
		hello + "-02":               `malformed ETag "5d41402abc4b2a76b9719d911017c592-02": number of parts "02" is not 1 to 10000`,
		hello + "-+2":               `malformed ETag "5d41402abc4b2a76b9719d911017c592-+2": number of parts "+2" is not 1 to 10000`,
		hello + "-2-2":              `malformed ETag "5d41402abc4b2a76b9719d911017c592-2-2": number of parts "2-2" is not 1 to 10000`,
		hello + "-10001":            `malformed ETag "5d41402abc4b2a76b9719d911017c592-10001": number of parts "10001" is not 1 to 10000`,
		hello + "-9999999999999999": `malformed ETag "5d41402abc4b2a76b9719d911017c592-9999999999999999": number of parts "9999999999999999" is not 1 to 10000`,
	} {
		t.Run(in, func(t *testing.T) {
			got, err := etag.Parse(in)
			require.EqualError(t, err, want)
			assert.ErrorIs(t, err, etag.ErrMalformed)
			assert.Zero(t, got)
		})
	}
}

func TestOnlyPlainAndSSES3ETagsAreMD5Based(t *testing.T) {
	for encryption, want := range map[string]bool{
		"": true, "AES256": true,
		"aws:kms": false, "aws:kms:dsse": false, "SSE-C": false, "aws:fsx": false, "aes256": false,
	} {
		assert.Equal(t, want, etag.MD5Based(encryption), "encryption %q", encryption)
	}
}

func TestAChangedBitOrPartCountIsAnotherETag(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := etag.ETag{Digest: [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "digest")), Parts: rapid.IntRange(0, checksum.MaxParts-1).Draw(t, "parts")}
		same, err := etag.Parse(`"` + e.String() + `"`)
		require.NoError(t, err)
		assert.Equal(t, e, same)
		other := e
		if bit := rapid.IntRange(0, 128).Draw(t, "bit"); bit == 128 {
			other.Parts++
		} else {
			other.Digest[bit/8] ^= 1 << (bit % 8)
		}
		parsed, err := etag.Parse(other.String())
		require.NoError(t, err)
		assert.NotEqual(t, e, parsed)
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{hello, `"` + hello + `-3"`, `W/"` + hello + `"`, "", `"`, "-", hello + "-10001", "W/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := etag.Parse(s)
		if err != nil {
			require.ErrorIs(t, err, etag.ErrMalformed)
			require.Zero(t, e)
			return
		}
		again, err := etag.Parse(e.String())
		require.NoError(t, err)
		require.Equal(t, e, again)
	})
}
