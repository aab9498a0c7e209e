package checksum_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/checksum"
)

var crcs = []checksum.Algorithm{checksum.CRC32, checksum.CRC32C, checksum.CRC64NVME}

// digestOf is a content's digest as raw bytes.
func digestOf(a checksum.Algorithm, content []byte) string {
	h := a.New()
	h.Write(content)
	return string(h.Sum(nil))
}

func crcOf(a checksum.Algorithm, content []byte) uint64 {
	eight := append(make([]byte, 8-a.Size()), digestOf(a, content)...)
	return binary.BigEndian.Uint64(eight)
}

func TestTheCRCOfAContentFollowsFromThoseOfAnyTwoPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom(crcs).Draw(t, "algorithm")
		crc, ok := a.CRC()
		require.True(t, ok)
		content := rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(t, "content")
		cut := rapid.IntRange(0, len(content)).Draw(t, "cut")
		front, rear := content[:cut], content[cut:]
		assert.Equal(t, crcOf(a, content), crc.Combine(crcOf(a, front), crcOf(a, rear), int64(len(rear))))
	})
}

// A long piece of zeros is combined from its halves, since reading it would take
// hours.
func TestLengthsBeyondAnyUploadCombineAsShortOnesDo(t *testing.T) {
	for _, a := range crcs {
		crc, _ := a.CRC()
		length, zeros := int64(1), crcOf(a, []byte{0})
		for length < 1<<45 {
			if length == 1<<20 {
				assert.Equal(t, crcOf(a, make([]byte, length)), zeros, a)
			}
			zeros, length = crc.Combine(zeros, zeros, length), 2*length
		}
		first := crcOf(a, []byte("in front"))
		half := crc.Combine(crc.Combine(first, zeros, length), zeros, length)
		assert.Equal(t, half, crc.Combine(first, crc.Combine(zeros, zeros, length), 2*length), a)
	}
}

func TestOnlyCRCsCombine(t *testing.T) {
	var combine []checksum.Algorithm
	for _, a := range append(checksum.Algorithms(), "CRC16") {
		if _, ok := a.CRC(); ok {
			combine = append(combine, a)
		}
	}
	assert.ElementsMatch(t, crcs, combine)
}

func TestEveryAlgorithmMakesDigestsOfItsSize(t *testing.T) {
	for _, a := range checksum.Algorithms() {
		assert.Len(t, digestOf(a, []byte("content")), a.Size(), a)
	}
	assert.Nil(t, checksum.Algorithm("CRC16").New())
}

// The check values of the CRC catalogue for "123456789", and of the others'
// own documents for the empty content.
func TestDigestsAreThoseOfThePublishedCheckValues(t *testing.T) {
	for a, want := range map[checksum.Algorithm]uint64{
		checksum.CRC32: 0xcbf43926, checksum.CRC32C: 0xe3069283, checksum.CRC64NVME: 0xae8b14860a799888,
	} {
		assert.Equal(t, want, crcOf(a, []byte("123456789")), a)
	}
	for a, want := range map[checksum.Algorithm]uint64{
		checksum.XXHASH64: 0xef46db3751d8e999, checksum.XXHASH3: 0x2d06800538d394c2,
	} {
		assert.Equal(t, want, crcOf(a, nil), a)
	}
}
