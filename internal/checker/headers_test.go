package checker_test

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// header makes the replica's HeadObject answer with a header changed.
func (st *stage) header(change func(h http.Header)) {
	before := st.edit
	st.edit = func(r *http.Request, h http.Header) {
		if before != nil {
			before(r, h)
		}
		if strings.HasPrefix(r.URL.Path, "/"+replica+"/") && r.Method == http.MethodHead {
			change(h)
		}
	}
}

// flipped is a checksum or an ETag with one bit of byte i of its digest flipped;
// it stays as it is where the digest is shorter.
func flipped(name, value string, i int) string {
	quote := ""
	if name == "Etag" {
		quote = `"`
	}
	digest, parts, numbered := strings.Cut(strings.Trim(value, quote), "-")
	if numbered {
		parts = "-" + parts
	}
	raw, err := hex.DecodeString(digest)
	if name != "Etag" {
		raw, err = base64.StdEncoding.DecodeString(digest)
	}
	if err != nil || i >= len(raw) {
		return value
	}
	raw[i] ^= 1 << (i % 8)
	if name == "Etag" {
		return quote + hex.EncodeToString(raw) + parts + quote
	}
	return base64.StdEncoding.EncodeToString(raw) + parts
}

func TestADamagedSizeHeaderFlipsEveryEvidence(t *testing.T) {
	each(t, func(t *testing.T, st *stage, _ kind, version string) {
		st.header(func(h http.Header) { h.Set("Content-Length", "7") })
		got := st.validate(t, "inconclusive", event("k", version, false, false))
		assert.True(t, got.is(failed(reason.SizeMismatch)), got)
	})
}

// S3's own record is believed: where a full-object checksum differs, it is a
// mismatch, although here the bytes are equal. What only says that parts were
// cut otherwise is left to the bytes.
func TestADamagedChecksumHeaderFlipsEveryEvidence(t *testing.T) {
	each(t, func(t *testing.T, st *stage, k kind, version string) {
		at, done := 0, false
		st.header(func(h http.Header) {
			for name, values := range h {
				if strings.HasPrefix(name, "X-Amz-Checksum-") && name != "X-Amz-Checksum-Type" || name == "Etag" && k.bare {
					damaged := flipped(name, values[0], at)
					done = damaged == values[0]
					h.Set(name, damaged)
				}
			}
		})
		want := failed(reason.ContentMismatch)
		switch k.evidence {
		case "composite checksum SHA256":
			want = verified(verdict.BytesRead)
		case verdict.MultipartETag, verdict.BytesRead: // the bytes are read of what has the ETag
			want = failed(reason.Unreachable)
		}
		for ; ; at++ {
			got := st.validate(t, "inconclusive", event("k", version, false, false))
			if done {
				break
			}
			assert.True(t, got.is(want), "byte %d: %s", at, got)
		}
		assert.GreaterOrEqual(t, at, 4, "bytes of a digest")
	})
}

func TestAnotherNumberOfPartsFlipsTheEvidenceOfParts(t *testing.T) {
	each(t, func(t *testing.T, st *stage, k kind, version string) {
		st.header(func(h http.Header) {
			for name, values := range h {
				if strings.HasPrefix(name, "X-Amz-Checksum-") || name == "Etag" && k.bare {
					h.Set(name, strings.Replace(values[0], "-1", "-2", 1))
				}
			}
		})
		want := verified(k.evidence)
		switch {
		case k.evidence == "composite checksum SHA256":
			want = verified(verdict.BytesRead)
		case k.bare && k.part > 0: // the bytes are read of what has the ETag
			want = failed(reason.Unreachable)
		}
		got := st.validate(t, "inconclusive", event("k", version, false, false))
		assert.True(t, got.is(want), got)
	})
}

func TestAChecksumHeaderThatIsNoneIsNoEvidence(t *testing.T) {
	each(t, func(t *testing.T, st *stage, k kind, version string) {
		st.header(func(h http.Header) {
			for name := range h {
				if strings.HasPrefix(name, "X-Amz-Checksum-") && name != "X-Amz-Checksum-Type" || name == "Etag" && k.bare && k.encryption == "" {
					h.Set(name, h.Get(name)[1:])
				}
			}
		})
		got := st.validate(t, "never", event("k", version, false, false))
		assert.NotEqual(t, k.evidence, got.Evidence, got)
		assert.NotEqual(t, reason.ContentMismatch, got.Reason, got)
	})
}
