package digest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/minio/crc64nvme"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"autobackup/internal/checksum"
	"autobackup/internal/digest"
)

func crc(content []byte) digest.CRC64 { return digest.CRC64(crc64nvme.Checksum(content)) }

// of digests content as hash-bytes does.
func of(t require.TestingT, content []byte, blockSize int64, a checksum.Algorithm) digest.Digests {
	d := digest.Digests{Length: int64(len(content)), BlockSize: blockSize, Algorithm: a}
	block, err := digest.NewBlock(a)
	require.NoError(t, err)
	pieces := digest.Pieces{Length: d.Length, Size: blockSize}
	for i := range pieces.Count() {
		piece := pieces.At(i)
		block.Reset()
		_, err := block.Write(content[piece.Offset : piece.Offset+piece.Length])
		require.NoError(t, err)
		d.Blocks = append(d.Blocks, block.Sum()...)
		d.CRC64 = digest.Combine(d.CRC64, block.CRC64(), piece.Length)
	}
	return d
}

func contents() *rapid.Generator[[]byte] { return rapid.SliceOfN(rapid.Byte(), 0, 300) }

func algorithms() *rapid.Generator[checksum.Algorithm] {
	return rapid.SampledFrom(digest.Algorithms())
}

func TestTheCheckValueOfCRC64NVME(t *testing.T) {
	assert.Equal(t, "rosUhgp5mIg=", crc([]byte("123456789")).String(), "0xAE8B14860A799888, https://reveng.sourceforge.io/crc-catalogue/17plus.htm")
}

func TestCombiningIsTheCRC64OfTheConcatenation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := contents().Draw(t, "a"), contents().Draw(t, "b")
		whole := append(bytes.Clone(a), b...)
		assert.Equal(t, crc(whole), digest.Combine(crc(a), crc(b), int64(len(b))))
	})
}

func TestCombiningDoesNotDependOnTheOrderOfCombining(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sums := rapid.SliceOfN(rapid.Uint64(), 3, 3).Draw(t, "sums")
		n := rapid.Int64Range(0, digest.MaxSize)
		m, k := n.Draw(t, "length of b"), n.Draw(t, "length of c")
		a, b, c := digest.CRC64(sums[0]), digest.CRC64(sums[1]), digest.CRC64(sums[2])
		assert.Equal(t, digest.Combine(digest.Combine(a, b, m), c, k), digest.Combine(a, digest.Combine(b, c, k), m+k))
	})
}

func TestTheBlocksAreCombinedToTheCRC64OfTheRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := contents().Draw(t, "content")
		d := of(t, content, rapid.Int64Range(1, 400).Draw(t, "block size"), algorithms().Draw(t, "algorithm"))
		require.NoError(t, d.Validate())
		assert.Equal(t, crc(content), d.CRC64)
	})
}

func TestTheFirstBlockWithAFlippedBitIsNamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "content")
		size, a := rapid.Int64Range(1, 400).Draw(t, "block size"), algorithms().Draw(t, "algorithm")
		damaged := bytes.Clone(content)
		at := rapid.IntRange(0, len(content)-1).Draw(t, "at")
		damaged[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")

		_, differs, err := digest.FirstDifference(of(t, content, size, a), of(t, content, size, a))
		require.NoError(t, err)
		assert.False(t, differs)
		block, differs, err := digest.FirstDifference(of(t, content, size, a), of(t, damaged, size, a))
		require.NoError(t, err)
		require.True(t, differs)
		assert.LessOrEqual(t, block.Offset, int64(at))
		assert.Less(t, int64(at), block.Offset+block.Length)
		assert.Equal(t, block.Index*size, block.Offset)
	})
}

func TestPiecesCoverEverythingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := digest.Pieces{Length: rapid.Int64Range(0, 10_000).Draw(t, "length"), Size: rapid.Int64Range(1, 3000).Draw(t, "size")}
		next := int64(0)
		for i := range p.Count() {
			piece := p.At(i)
			assert.Equal(t, digest.Range{Index: i, Offset: next, Length: piece.Length}, piece)
			assert.True(t, piece.Length > 0 || p.Length == 0)
			assert.LessOrEqual(t, piece.Length, p.Size)
			next += piece.Length
		}
		assert.Equal(t, p.Length, next)
	})
}

func TestTheNumbersOfThePackageComment(t *testing.T) {
	assert.Equal(t, int64(12_800), digest.Pieces{Length: digest.MaxSize, Size: digest.RangeSize}.Count())
	assert.Equal(t, int64(256), digest.Pieces{Length: digest.RangeSize, Size: digest.BlockSize}.Count())
	const bytesPerSecond = 75e6
	assert.Equal(t, 57.0, math.Round(digest.RangeSize/bytesPerSecond))
	slowly := digest.RangeSize / (bytesPerSecond / 4)
	assert.Equal(t, 229.0, math.Round(slowly))
	comment, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	for _, template := range []string{"template.yaml", "replica.yaml"} {
		hash := timeout(t, template, "HashBytesFunction")
		assert.Less(t, slowly, float64(hash), template)
		assert.Contains(t, string(comment), fmt.Sprintf("within the %d s that hash-bytes is given", hash), template)
	}
	compare := timeout(t, "template.yaml", "CompareBytesFunction")
	assert.Contains(t, string(comment), fmt.Sprintf("waits up to %d s.", compare))
	assert.Less(t, 2*digest.RangeSize/bytesPerSecond, float64(compare))
	last, err := json.Marshal(digest.Pieces{Length: digest.MaxSize, Size: digest.RangeSize}.At(12_799))
	require.NoError(t, err)
	assert.LessOrEqual(t, len(last), 65)
	answer, err := json.Marshal(digest.Digests{Length: digest.RangeSize, BlockSize: digest.BlockSize, Algorithm: checksum.SHA256, Blocks: make([]byte, 256*32)})
	require.NoError(t, err)
	assert.Less(t, len(answer), 11<<10+100)
}

// timeout is the one that a template deploys a function with, in seconds.
func timeout(t *testing.T, template, function string) int {
	t.Helper()
	text, err := os.ReadFile("../../" + template)
	require.NoError(t, err)
	var parsed struct {
		Resources map[string]yaml.Node `yaml:"Resources"`
	}
	require.NoError(t, yaml.Unmarshal(text, &parsed))
	var resource struct {
		Properties struct {
			Timeout int `yaml:"Timeout"`
		} `yaml:"Properties"`
	}
	node := parsed.Resources[function]
	require.NoError(t, node.Decode(&resource))
	return resource.Properties.Timeout
}

func TestDigestsThatDoNotCompareAreRefused(t *testing.T) {
	good := of(t, []byte("some content"), 4, checksum.SHA256)
	tests := map[string]struct {
		change func(*digest.Digests)
		want   string
	}{
		"another length":              {func(d *digest.Digests) { d.Length-- }, "SHA256 of 12 bytes in blocks of 4, and SHA256 of 11 in blocks of 4"},
		"another block size":          {func(d *digest.Digests) { *d = of(t, []byte("some content"), 5, checksum.SHA256) }, "in blocks of 5"},
		"another algorithm":           {func(d *digest.Digests) { *d = of(t, []byte("some content"), 4, checksum.CRC64NVME) }, "and CRC64NVME of 12"},
		"an unknown algorithm":        {func(d *digest.Digests) { d.Algorithm = "MD4" }, `"MD4" is none of [SHA256 CRC64NVME]`},
		"an algorithm not for blocks": {func(d *digest.Digests) { d.Algorithm = checksum.MD5 }, `"MD5" is none of`},
		"a digest too few":            {func(d *digest.Digests) { d.Blocks = d.Blocks[:64] }, "64 bytes of SHA256 digests for 3 blocks"},
		"a digest too many":           {func(d *digest.Digests) { d.Blocks = append(d.Blocks, d.Blocks...) }, "192 bytes of SHA256 digests for 3 blocks"},
		"no digests":                  {func(d *digest.Digests) { *d = digest.Digests{} }, "digests of 0 bytes in blocks of 0"},
		"a negative length":           {func(d *digest.Digests) { d.Length = -1 }, "digests of -1 bytes"},
		"equal blocks, another CRC64": {func(d *digest.Digests) { d.CRC64++ }, "every block is equal, but the CRC64NVMEs are"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			other := good
			other.Blocks = bytes.Clone(good.Blocks)
			tt.change(&other)
			_, differs, err := digest.FirstDifference(good, other)
			require.ErrorIs(t, err, digest.ErrNotComparable)
			assert.ErrorContains(t, err, tt.want)
			assert.False(t, differs)
		})
	}
}

func TestAnUnknownAlgorithmStartsNoBlock(t *testing.T) {
	_, err := digest.NewBlock("MD5")
	assert.EqualError(t, err, `digest algorithm "MD5" is none of [SHA256 CRC64NVME]`)
}

func FuzzCRC64(f *testing.F) {
	f.Add("rosUhgp5mIg=")
	f.Add("rosUhgp5mIg=-1")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		var c digest.CRC64
		if err := c.UnmarshalText([]byte(text)); err != nil {
			assert.ErrorIs(t, err, checksum.ErrMalformed)
			return
		}
		assert.Equal(t, text, c.String(), "there is one form")
	})
}

func FuzzDigests(f *testing.F) {
	good, err := json.Marshal(of(f, []byte("some content"), 4, checksum.SHA256))
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte(`{"length":9223372036854775807,"blockSize":1,"algorithm":"CRC64NVME"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var d digest.Digests
		if json.Unmarshal(text, &d) != nil || d.Validate() != nil {
			return
		}
		_, differs, err := digest.FirstDifference(d, d)
		require.NoError(t, err)
		assert.False(t, differs)
		again, err := json.Marshal(d)
		require.NoError(t, err)
		var back digest.Digests
		require.NoError(t, json.Unmarshal(again, &back))
		assert.Equal(t, d, back)
	})
}

// BenchmarkBlock is what a digest takes of one core.
func BenchmarkBlock(b *testing.B) {
	content := make([]byte, digest.BlockSize)
	for _, a := range digest.Algorithms() {
		b.Run(string(a), func(b *testing.B) {
			b.SetBytes(digest.BlockSize)
			block, err := digest.NewBlock(a)
			require.NoError(b, err)
			for b.Loop() {
				block.Reset()
				_, _ = block.Write(content)
				block.Sum()
			}
		})
	}
}

func BenchmarkCombine(b *testing.B) {
	var sum digest.CRC64
	for b.Loop() {
		sum = digest.Combine(sum, 1, digest.MaxSize)
	}
}
