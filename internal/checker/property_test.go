package checker_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// draws make a pair.
type draws struct{ *rapid.T }

func pick[T any](d draws, name string, from ...T) T { return rapid.SampledFrom(from).Draw(d.T, name) }

// bytes draws the size around the borders of ranges and blocks, and seeds the
// rest.
func (d draws) bytes(name string, size int) []byte {
	content := make([]byte, size)
	source := rand.NewChaCha8([32]byte{byte(rapid.IntRange(0, 9).Draw(d.T, name))})
	_, _ = source.Read(content)
	return content
}

func (d draws) size() int {
	border := pick(d, "border", 0, 1, blockSize, 2*blockSize, rangeSize, rangeSize+blockSize, 2*rangeSize, 3*rangeSize)
	return max(0, border+rapid.IntRange(-1, 1).Draw(d.T, "beside it"))
}

// damage gives other bytes.
func (d draws) damage(name string, content []byte) []byte {
	n := len(content)
	switch how := pick(d, name, "bit", "truncated", "swapped", "other", "longer"); {
	case n == 0 || how == "longer":
		return append(bytes.Clone(content), 0)
	case how == "bit":
		damaged := bytes.Clone(content)
		damaged[rapid.IntRange(0, n-1).Draw(d.T, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(d.T, "bit")
		return damaged
	case how == "truncated":
		return content[:n-1]
	case how == "swapped":
		at := rapid.IntRange(0, n-1).Draw(d.T, "at")
		return slices.Concat(content[at:], content[:at])
	default:
		return d.bytes("other", n)
	}
}

// copyOf draws how content was uploaded, with the likely algorithm in half of the
// cases.
func (d draws) copyOf(content []byte, likely string) copyOf {
	c := copyOf{
		uploaded: content, stored: content, untyped: rapid.Bool().Draw(d.T, "untyped"),
		encryption: pick(d, "encryption", "AES256", "AES256", "aws:kms", "aws:kms:dsse"),
		algorithm: pick(d, "algorithm", "", "", "CRC64NVME", "CRC64NVME", "CRC32", "CRC32C", "MD5", "SHA1", "SHA256", "SHA512",
			"XXHASH64", "XXHASH3", "XXHASH128"),
		archived: pick(d, "class", false, false, false, false, false, true),
	}
	if rapid.Bool().Draw(d.T, "likely") {
		c.algorithm = likely
	}
	if size := pick(d, "part size", 0, 0, blockSize, 500, rangeSize, 1<<20); size > 0 { // as the upload was cut
		for rest := len(content); rest > 0 || len(c.parts) == 0; rest -= size {
			c.parts = append(c.parts, min(size, rest))
		}
		c.composite = c.algorithm != "" && c.algorithm != "CRC64NVME" && (!strings.HasPrefix(c.algorithm, "CRC") || rapid.Bool().Draw(d.T, "composite"))
	}
	return c
}

// fault draws one at a step. 404 of the primary is for good, as S3 is consistent.
func (d draws) fault(p *pair) {
	step := pick(d, "step", "HeadBucket docs", "GetBucketReplication docs", "HeadBucket copy", "HeadObject docs", "HeadObject copy", "GetObjectTagging docs",
		"GetObject docs", "GetObject docs", "GetObject copy", "GetObject copy")
	f := fault{kind: pick(d, "fault", "403", "503", "hang"), first: rapid.IntRange(0, 1).Draw(d.T, "passing")}
	if strings.Contains(step, "Object ") && rapid.Bool().Draw(d.T, "absence") {
		f.kind = "404"
		if strings.HasSuffix(step, primary) {
			f.first = 0
		}
	}
	p.faults[step] = f
}

func (d draws) pair() pair {
	content := d.bytes("content", d.size())
	p := pair{
		status:    pick(d, "status", "COMPLETED", "COMPLETED", "COMPLETED", "COMPLETED", "PENDING", "PENDING", "FAILED", "REPLICA", ""),
		lifecycle: pick(d, "lifecycle", false, false, false, true), ignoresMarkers: pick(d, "ignores markers", false, false, false, true),
		ignoresKMS: rapid.Bool().Draw(d.T, "ignores KMS"), tags: pick(d, "tags", "", "", "", "match", "other", "none"),
		faults: map[string]fault{},
	}
	p.primary = d.copyOf(content, "CRC32")
	p.replica = p.primary
	if rapid.Bool().Draw(d.T, "made anew") {
		p.replica = d.copyOf(content, p.primary.algorithm)
	}
	if pick(d, "damaged", false, false, true) {
		p.replica = d.copyOf(d.damage("damage", content), p.primary.algorithm)
	}
	for _, side := range []*copyOf{&p.primary, &p.replica} {
		if pick(d, "damaged under the server", false, false, false, true) {
			if damaged := d.damage("silently", side.uploaded); len(damaged) <= len(side.uploaded) {
				side.stored = damaged
			}
		}
		side.marker = pick(d, "marker", false, false, false, false, false, false, true)
	}
	if p.primary.marker {
		p.replica.marker = pick(d, "same marker", true, true, false)
	}
	for range pick(d, "faults", 0, 0, 0, 1, 2) {
		d.fault(&p)
	}
	return p
}

func TestEveryPairEndsAsTheReferenceModelSays(t *testing.T) {
	for reading := range readings {
		t.Run(reading, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				p := draws{rt}.pair()
				p.reading = reading
				got := p.validate(t)
				want := p.want()
				assert.Equal(rt, want.outcome, got.Verdict, got)
				assert.Equal(rt, want.reason, got.Reason, got)
				assert.True(rt, strings.HasPrefix(string(got.Evidence), string(want.evidence)), got)
				assert.Equal(rt, want.evidence == "", got.Evidence == "", got)
				never(rt, p, got)
			})
		})
	}
}

// validate runs the functions on the pair, in a bubble of its own: a day of
// waiting takes no time.
func (p pair) validate(t *testing.T) (got ending) {
	synctest.Test(t, func(t *testing.T) {
		s3 := &shelf{pair: p, asked: map[string]int{}, files: map[string][]byte{}}
		var err error
		got, err = newStack(connect(t, s3), readings[p.reading]).validate(t.Context(), event("k", "v1", p.primary.marker, p.lifecycle))
		require.NoError(t, err)
	})
	return got
}

// never is what must not be, said without the model.
func never(t *rapid.T, p pair, got ending) {
	a, b := p.primary, p.replica
	equal := a.marker == b.marker && (a.marker || bytes.Equal(a.stored, b.stored))
	sound := bytes.Equal(a.stored, a.uploaded) && bytes.Equal(b.stored, b.uploaded)
	if !equal && (sound || p.reading == "always" && !a.archived && !b.archived) {
		assert.NotEqual(t, verdict.Verified, got.Verdict, "the bytes differ")
	}
	if !equal {
		assert.NotEqual(t, verdict.BytesRead, got.Evidence, "the bytes differ")
	}
	if equal && sound {
		assert.NotContains(t, []reason.Code{reason.ContentMismatch, reason.SizeMismatch}, got.Reason, "the bytes are equal")
	}
	if p.reading != "never" && sound {
		assert.NotEqual(t, reason.Inconclusive, got.Reason, "bytes decide whatever S3 can hold")
	}
	looked := p.lasting("HeadBucket docs", "GetBucketReplication docs", "HeadObject docs", "HeadBucket copy", "HeadObject copy")
	if !a.marker && looked != "" {
		assert.NotEqual(t, verdict.Verified, got.Verdict, looked)
		assert.NotEqual(t, reason.ContentMismatch, got.Reason, looked)
	}
	if p.lasting("GetObject docs", "GetObject copy") != "" {
		assert.NotEqual(t, verdict.BytesRead, got.Evidence)
	}
}
