package checksum_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/checksum"
)

// upload is what S3 stores of a content that is uploaded in parts of these
// sizes, the last of which takes the rest; without any, in a PutObject.
func upload(a checksum.Algorithm, content []byte, sizes ...int) (checksum.Sum, []checksum.Part) {
	if len(sizes) == 0 {
		return checksum.Sum{Algorithm: a, Type: checksum.FullObject, Digest: digestOf(a, content)}, nil
	}
	var parts []checksum.Part
	digests := ""
	for i, n := range sizes {
		if i == len(sizes)-1 {
			n = len(content)
		}
		parts = append(parts, checksum.Part{Size: int64(n), Digest: digestOf(a, content[:n])})
		digests += parts[i].Digest
		content = content[n:]
	}
	return checksum.Sum{Algorithm: a, Type: checksum.Composite, Digest: digestOf(a, []byte(digests)), Parts: len(parts)}, parts
}

func layoutOf(t require.TestingT, a checksum.Algorithm, content []byte, sizes ...int) checksum.Layout {
	sum, parts := upload(a, content, sizes...)
	l, err := checksum.NewLayout(sum, int64(len(content)), parts)
	require.NoError(t, err)
	return l
}

func TestWhatLayoutsOfEveryAlgorithmDecide(t *testing.T) {
	content := []byte(strings.Repeat("0123456789", 3))
	at := func(i int) []byte {
		changed := []byte(string(content))
		changed[i] ^= 1
		return changed
	}
	const rest = 0 // the last part's size doesn't matter
	whole, one, two, three := []int(nil), []int{rest}, []int{10, rest}, []int{10, 10, rest}
	other, odd := []int{7, rest}, []int{10, 5, rest}
	undecided := checksum.Match{}
	differ := func(offset, length int64) checksum.Match {
		return checksum.Match{Different: &checksum.Piece{Offset: offset, Length: length}}
	}
	for _, tc := range []struct {
		name      string
		a, b      []int
		replica   []byte
		crc, rest checksum.Match
	}{
		{"equal parts", three, three, content, checksum.Match{Equal: true}, checksum.Match{Equal: true}},
		{"an object and its only part", whole, one, content, checksum.Match{Equal: true}, checksum.Match{Equal: true}},
		{"an object and another only part", whole, one, at(3), differ(0, 30), differ(0, 30)},
		{"the second part of three", three, three, at(10), differ(10, 10), differ(10, 10)},
		{"the last byte of the second part", three, three, at(19), differ(10, 10), differ(10, 10)},
		{"the first byte after a border", three, three, at(20), differ(20, 10), differ(20, 10)},
		{"an object and its parts", whole, three, content, checksum.Match{Equal: true}, undecided},
		{"an object and other parts", whole, three, at(29), differ(0, 30), undecided},
		{"parts on no common border", two, other, content, checksum.Match{Equal: true}, undecided},
		{"other parts on no common border", two, other, at(8), differ(0, 30), undecided},
		{"a part cut in two", two, three, content, checksum.Match{Equal: true}, undecided},
		{"another part before one cut in two", two, three, at(9), differ(0, 10), differ(0, 10)},
		{"another part after one cut elsewhere", []int{5, 5, 10, rest}, []int{3, 7, 10, rest}, at(29), differ(20, 10), differ(20, 10)},
		{"another part cut in two", two, three, at(15), differ(10, 20), undecided},
		{"three parts on one common border", three, odd, at(16), differ(10, 20), undecided},
	} {
		for _, a := range checksum.Algorithms() {
			if !a.Allows(checksum.Composite) {
				continue
			}
			t.Run(string(a)+": "+tc.name, func(t *testing.T) {
				want := tc.rest
				if _, ok := a.CRC(); ok {
					want = tc.crc
				}
				assert.Equal(t, want, layoutOf(t, a, content, tc.a...).Compare(layoutOf(t, a, tc.replica, tc.b...)))
				assert.Equal(t, want, layoutOf(t, a, tc.replica, tc.b...).Compare(layoutOf(t, a, content, tc.a...)), "the other way round")
			})
		}
	}
}

func TestAnEmptyObjectIsEqualHoweverItIsUploaded(t *testing.T) {
	for _, a := range []checksum.Algorithm{checksum.CRC32, checksum.SHA256} {
		assert.Equal(t, checksum.Match{Equal: true}, layoutOf(t, a, nil).Compare(layoutOf(t, a, nil, 0)), a)
	}
}

func TestTheWholeIsWhatThePartsCombineTo(t *testing.T) {
	content := []byte("0123456789")
	for a, want := range map[checksum.Algorithm]bool{checksum.CRC32: true, checksum.CRC32C: true, checksum.SHA256: false, checksum.XXHASH64: false} {
		full, _ := upload(a, content)
		for _, sizes := range [][]int{nil, {0}, {4, 0}, {4, 6, 0}} {
			got, ok := layoutOf(t, a, content, sizes...).Whole()
			require.Equal(t, want || len(sizes) < 2, ok, "%s %v", a, sizes)
			if ok {
				assert.Equal(t, full, got, "%s %v", a, sizes)
			}
		}
	}
}

func TestLayoutsThatAreNotOfOneKindDecideNothing(t *testing.T) {
	crc := layoutOf(t, checksum.CRC32, []byte("abc"))
	assert.Equal(t, checksum.Match{}, crc.Compare(layoutOf(t, checksum.CRC32C, []byte("abc"))))
	assert.Equal(t, checksum.Match{}, crc.Compare(layoutOf(t, checksum.CRC32, []byte("abcd"))))
	assert.Equal(t, checksum.Match{}, crc.Compare(checksum.Layout{}))
}

func TestPartsThatAreNotThoseOfTheChecksumAreRefused(t *testing.T) {
	content := []byte("0123456789")
	for name, tc := range map[string]struct {
		change func(s *checksum.Sum, parts []checksum.Part) []checksum.Part
		err    string
	}{
		"a part less":   {func(_ *checksum.Sum, p []checksum.Part) []checksum.Part { return p[:2] }, "2 parts listed of 3"},
		"no parts":      {func(*checksum.Sum, []checksum.Part) []checksum.Part { return nil }, "0 parts listed of 3"},
		"parts swapped": {func(_ *checksum.Sum, p []checksum.Part) []checksum.Part { p[0], p[1] = p[1], p[0]; return p }, "parts do not make up the checksum"},
		"a bit of a part": {func(_ *checksum.Sum, p []checksum.Part) []checksum.Part {
			p[1].Digest = "\x00" + p[1].Digest[1:]
			return p
		}, "parts do not make up the checksum"},
		"a bit of the sum": {func(s *checksum.Sum, p []checksum.Part) []checksum.Part { s.Digest = p[0].Digest; return p }, "parts do not make up the checksum"},
		"a byte less":      {func(_ *checksum.Sum, p []checksum.Part) []checksum.Part { p[2].Size--; return p }, "parts are not all of the object"},
		"a byte more":      {func(_ *checksum.Sum, p []checksum.Part) []checksum.Part { p[2].Size++; return p }, "parts of other sizes or checksums"},
		"a negative size": {func(_ *checksum.Sum, p []checksum.Part) []checksum.Part {
			p[0].Size, p[1].Size = -1, p[1].Size+p[0].Size+1
			return p
		}, "parts of other sizes or checksums"},
		"a part without a checksum": {func(_ *checksum.Sum, p []checksum.Part) []checksum.Part { p[0].Digest = ""; return p }, "parts of other sizes or checksums"},
		"an unknown algorithm":      {func(s *checksum.Sum, p []checksum.Part) []checksum.Part { s.Algorithm = "CRC16"; return p }, `the algorithm "CRC16" is unknown`},
		"a byte less, no -N":        {func(s *checksum.Sum, p []checksum.Part) []checksum.Part { s.Parts = 0; return p[:2] }, "parts are not all of the object"},
	} {
		t.Run(name, func(t *testing.T) {
			sum, parts := upload(checksum.SHA256, content, 4, 3, 0)
			_, err := checksum.NewLayout(sum, int64(len(content)), tc.change(&sum, parts))
			assert.EqualError(t, err, tc.err)
		})
	}
}

// cuts draws the parts of a content; none is a PutObject.
func cuts(t *rapid.T, content []byte, label string) (sizes []int) {
	n := rapid.IntRange(0, 5).Draw(t, label+" parts")
	for left := len(content); len(sizes) < n; {
		size := 0
		if len(sizes) < n-1 {
			size = rapid.IntRange(0, left).Draw(t, label+" size")
		}
		sizes = append(sizes, size)
		left -= size
	}
	return sizes
}

func TestAnyTwoLayoutsOfOneContentAreNeverDifferentAndByACRCEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom(checksum.Algorithms()).Draw(t, "algorithm")
		content := rapid.SliceOfN(rapid.Byte(), 0, 500).Draw(t, "content")
		p, r := cuts(t, content, "primary"), cuts(t, content, "replica")
		got := layoutOf(t, a, content, p...).Compare(layoutOf(t, a, content, r...))
		assert.Nil(t, got.Different)
		if _, crc := a.CRC(); crc {
			assert.True(t, got.Equal)
			whole, ok := layoutOf(t, a, content, p...).Whole()
			require.True(t, ok)
			assert.Equal(t, digestOf(a, content), whole.Digest)
		}
	})
}

func TestAFlippedBitIsNeverEqualAndByACRCAlwaysFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom(checksum.Algorithms()).Draw(t, "algorithm")
		content := rapid.SliceOfN(rapid.Byte(), 1, 500).Draw(t, "content")
		bit := rapid.IntRange(0, 8*len(content)-1).Draw(t, "bit")
		changed := append([]byte(nil), content...)
		changed[bit/8] ^= 1 << (bit % 8)
		got := layoutOf(t, a, content, cuts(t, content, "primary")...).Compare(layoutOf(t, a, changed, cuts(t, changed, "replica")...))
		assert.False(t, got.Equal)
		if _, crc := a.CRC(); crc {
			require.NotNil(t, got.Different)
		}
		if got.Different != nil {
			assert.LessOrEqual(t, got.Different.Offset, int64(bit/8))
			assert.Greater(t, got.Different.Offset+got.Different.Length, int64(bit/8))
		}
	})
}
