package verdict_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/checksum"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

var (
	twoParts   = sums(map[string]string{"CRC32": "AAAAAA==-2"})
	threeParts = sums(map[string]string{"CRC32": "AAAAAA==-3"})
)

func TestPartsAreAskedForOnlyWhereTheyMayDecide(t *testing.T) {
	sha := func(suffix string) change {
		return sums(map[string]string{"SHA1": sha1A + suffix, "CRC32": "AAAAAA==" + suffix})
	}
	for _, tc := range []struct {
		name    string
		primary verdict.Side
		replica verdict.Replica
		want    checksum.Algorithm
	}{
		{"composite checksums that differ", primary(twoParts), replica(threeParts), "CRC32"},
		{"a full-object checksum against a composite one", primary(sums(map[string]string{"CRC32": "AAAAAA=="}), silent), replica(twoParts, silent), "CRC32"},
		{"a composite checksum against a full-object one", primary(twoParts, silent), replica(sums(map[string]string{"CRC32": "AAAAAA=="}), silent), "CRC32"},
		{"of several, one that combines", primary(sha("-2")), replica(sha("-3")), "CRC32"},
		{"composite checksums that are equal", primary(twoParts), replica(twoParts), ""},
		{"ETags that decide already", primary(twoParts), replica(sums(map[string]string{"CRC32": "AAAAAA=="})), ""},
		{"two algorithms", primary(twoParts, silent), replica(sums(map[string]string{"SHA1": sha1A + "-3"}), silent), ""},
		{"no checksums", primary(silent), replica(silent), ""},
		{"sizes that differ", primary(twoParts), replica(threeParts, size(6)), ""},
		{"a replica that isn't there", primary(twoParts), replica(absent), ""},
		{"delete markers", primary(marker), replica(marker), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, r, ok := verdict.ByParts(tc.primary, tc.replica.Side)
			assert.Equal(t, tc.want, p.Algorithm)
			assert.Equal(t, tc.want, r.Algorithm)
			assert.Equal(t, tc.want != "", ok)
		})
	}
}

func TestWhatThePartsCameToDecidesWhereNothingElseDoes(t *testing.T) {
	for _, tc := range []struct {
		name     string
		parts    verdict.Parts
		evidence verdict.Evidence
		reason   reason.Code
		detail   string
	}{
		{"a CRC that combines to the same", verdict.Parts{Algorithm: "CRC32", Equal: true, Sum: "AAAAAQ=="}, "full-object checksum CRC32 (combined from parts)", "",
			"full-object checksum CRC32 (combined from parts) is equal: AAAAAQ=="},
		{"every part equal", verdict.Parts{Algorithm: "SHA256", Equal: true}, "composite checksum SHA256 (part by part)", "",
			"composite checksum SHA256 (part by part) is equal"},
		{"a piece that differs", verdict.Parts{Algorithm: "SHA256", Offset: 10, Length: 5}, "", reason.ContentMismatch,
			"checksums SHA256 of the parts differ, first in the 5 bytes from byte 10 on"},
		{"a piece of one byte differs", verdict.Parts{Algorithm: "SHA256", Length: 1}, "", reason.ContentMismatch,
			"checksums SHA256 of the parts differ, first in the 1 bytes from byte 0 on"},
		{"the first piece differs", verdict.Parts{Algorithm: "SHA256", Length: 5}, "", reason.ContentMismatch,
			"checksums SHA256 of the parts differ, first in the 5 bytes from byte 0 on"},
		{"parts that could not be had", verdict.Parts{Algorithm: "CRC32", Detail: "replica answered 403 AccessDenied"}, "", reason.Inconclusive,
			"composite checksum CRC32 differs: AAAAAA==-2 and AAAAAA==-3; GetObjectAttributes: replica answered 403 AccessDenied"},
		{"a sum of parts not known to be equal", verdict.Parts{Algorithm: "CRC32", Sum: "AAAAAQ=="}, "", reason.Inconclusive, "composite checksum CRC32 differs"},
		{"an algorithm not known here", verdict.Parts{Algorithm: "CRC16", Equal: true, Sum: "AAA="}, "", reason.Inconclusive, "composite checksum CRC32 differs"},
		{"a piece that differs by an algorithm not known here", verdict.Parts{Algorithm: "CRC16", Length: 5}, "", reason.Inconclusive, "composite checksum CRC32 differs"},
		{"parts equal by an algorithm not known here", verdict.Parts{Algorithm: "CRC16", Equal: true}, "", reason.Inconclusive, "composite checksum CRC32 differs"},
		{"a piece that differs, whatever else is said", verdict.Parts{Algorithm: "CRC32", Length: 5, Equal: true, Sum: "AAAAAQ=="}, "", reason.ContentMismatch,
			"checksums CRC32 of the parts differ, first in the 5 bytes from byte 0 on"},
		{"nothing known", verdict.Parts{}, "", reason.Inconclusive, "composite checksum CRC32 differs: AAAAAA==-2 and AAAAAA==-3; GetObjectAttributes: "},
		{"a hostile text", verdict.Parts{Algorithm: checksum.Algorithm(strings.Repeat("\n", 900)), Detail: strings.Repeat("é", 900)}, "", reason.Inconclusive, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := verdict.Compare(primary(twoParts), replica(threeParts, parts(tc.parts)))
			assert.Equal(t, tc.evidence, c.Evidence)
			assert.Equal(t, tc.reason, c.Reason)
			assert.Contains(t, c.Detail, tc.detail)
			if c.Verified() {
				assert.Empty(t, c.Basis, "a basis is of what is not verified")
			} else {
				assert.Equal(t, verdict.ByPartsBasis, c.Basis)
			}
			assert.LessOrEqual(t, len(c.Detail), verdict.MaxDetail)
			assert.Regexp(t, `^[ -~]*$`, c.Detail)
		})
	}
}

func TestPartsNeverOverruleWhatDecidesWithoutThem(t *testing.T) {
	equal, different := parts(verdict.Parts{Algorithm: "CRC32", Equal: true, Sum: "AAAAAA=="}), parts(verdict.Parts{Algorithm: "CRC32", Length: 5})
	assert.Equal(t, reason.SizeMismatch, verdict.Compare(primary(twoParts), replica(threeParts, size(6), equal)).Reason)
	assert.Equal(t, reason.ContentMismatch, verdict.Compare(primary(sums(crcA)), replica(sums(crcB), equal)).Reason)
	assert.True(t, verdict.Compare(primary(twoParts), replica(twoParts, different)).Verified())
}

func TestTheEntryTellsThatPartsDecided(t *testing.T) {
	entry := func(r verdict.Replica) verdict.Entry {
		return verdict.Judge(verdict.Event{}, look(primary(twoParts), r), first, policy).Replicas[0]
	}
	differ := entry(replica(threeParts, parts(verdict.Parts{Algorithm: "CRC32", Length: 5})))
	assert.Equal(t, reason.ContentMismatch, differ.Reason)
	assert.Equal(t, verdict.ByPartsBasis, differ.Basis)
	assert.Empty(t, entry(replica(threeParts)).Basis)
}

func TestPartsThatDifferOrCombineOrNeither(t *testing.T) {
	digest := func(a checksum.Algorithm, content string) string {
		h := a.New()
		h.Write([]byte(content))
		return string(h.Sum(nil))
	}
	layout := func(a checksum.Algorithm, pieces ...string) checksum.Layout {
		sum := checksum.Sum{Algorithm: a, Type: checksum.Composite}
		var list []checksum.Part
		digests := ""
		for _, piece := range pieces {
			list = append(list, checksum.Part{Size: int64(len(piece)), Digest: digest(a, piece)})
			digests += digest(a, piece)
		}
		sum.Digest = digest(a, digests)
		l, err := checksum.NewLayout(sum, int64(len(strings.Join(pieces, ""))), list)
		require.NoError(t, err)
		return l
	}
	whole := checksum.Sum{Algorithm: checksum.CRC32C, Type: checksum.FullObject, Digest: digest(checksum.CRC32C, "abcdef")}
	for _, tc := range []struct {
		name  string
		a     checksum.Algorithm
		left  []string
		right []string
		want  verdict.Parts
	}{
		{"a CRC of other parts", "CRC32C", []string{"ab", "cdef"}, []string{"abc", "def"}, verdict.Parts{Algorithm: "CRC32C", Equal: true, Sum: whole.String()}},
		{"a digest of other parts", "XXHASH128", []string{"ab", "cdef"}, []string{"abc", "def"},
			verdict.Parts{Algorithm: "XXHASH128", Detail: "cut differently, and XXHASH128 does not combine"}},
		{"a digest of equal parts", "SHA1", []string{"ab", "cdef"}, []string{"ab", "cdef"}, verdict.Parts{Algorithm: "SHA1", Equal: true}},
		{"another part", "SHA1", []string{"ab", "cdef"}, []string{"ab", "cdeF"}, verdict.Parts{Algorithm: "SHA1", Offset: 2, Length: 4}},
	} {
		got := verdict.CompareParts(tc.a, layout(tc.a, tc.left...), layout(tc.a, tc.right...))
		assert.Equal(t, &tc.want, got, tc.name)
		assert.LessOrEqual(t, len(got.Detail), verdict.MaxPartsDetail, tc.name)
	}
}
