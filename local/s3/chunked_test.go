package s3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const signature = ";chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"

func TestChunksAreDecoded(t *testing.T) {
	for name, test := range map[string]struct {
		body     string
		signed   bool
		want     string
		trailers map[string]string
	}{
		"an empty body is one empty chunk": {body: "0\r\n\r\n"},
		"chunks are put together":          {body: "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", want: "hello world"},
		"a length is hexadecimal":          {body: "0A\r\n0123456789\r\n0\r\n\r\n", want: "0123456789"},
		"signatures are skipped": {
			body: "5" + signature + "\r\nhello\r\n0" + signature + "\r\n\r\n", signed: true, want: "hello",
		},
		"trailers are read by lower-case name": {
			body: "1\r\nx\r\n0\r\nX-Amz-Checksum-CRC32: DUoRhQ==\r\nx-amz-trailer-signature:abc\r\n\r\n", want: "x",
			trailers: map[string]string{"x-amz-checksum-crc32": "DUoRhQ==", "x-amz-trailer-signature": "abc"},
		},
		"lines may end in a newline alone": {body: "1\nx\n0\n\n", want: "x"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, src := range []io.Reader{strings.NewReader(test.body), iotest.OneByteReader(strings.NewReader(test.body))} {
				r := newChunkReader(src, test.signed)
				got, err := io.ReadAll(r)
				require.NoError(t, err)
				assert.Equal(t, test.want, string(got))
				assert.Equal(t, len(test.trailers), len(r.trailers))
				for name, value := range test.trailers {
					assert.Equal(t, value, r.trailers[name])
				}
			}
		})
	}
}

func TestMalformedChunksAreRefused(t *testing.T) {
	for body, want := range map[string]string{
		"":                                     "it ends before its last chunk",
		"5\r\nhel":                             "it ends within a chunk",
		"5\r\nhello":                           "it ends before its last chunk",
		"5\r\nhello\r\n":                       "it ends before its last chunk",
		"5\r\nhello\r\n0\r\n":                  "it ends before its last chunk",
		"5\r\nhello!\r\n0\r\n\r\n":             "a chunk is longer than it says",
		"xyz\r\n\r\n":                          `"xyz" is no chunk length`,
		"-1\r\n\r\n":                           `"-1" is no chunk length`,
		"8000000000000000\r\n":                 `"8000000000000000" is no chunk length`,
		"0\r\ntrailer\r\n\r\n":                 `trailer "trailer" has no colon`,
		"5" + signature + "\r\n":               "chunk signatures and x-amz-content-sha256 don't fit together",
		"0\r\n" + strings.Repeat("a:b\r\n", 9): "more than 8 trailers",
		strings.Repeat("0", maxChunkLine+1) + "\r\n": "a line is longer than 4096 bytes",
	} {
		_, err := io.ReadAll(newChunkReader(strings.NewReader(body), false))
		require.ErrorIs(t, err, errChunk, "%.40q", body)
		assert.EqualError(t, err, "malformed aws-chunked body: "+want, "%.40q", body)
	}
	_, err := io.ReadAll(newChunkReader(strings.NewReader("5\r\nhello\r\n"), true))
	require.ErrorIs(t, err, errChunk, "a signature is missing")
}

func TestErrorsOfTheConnectionAreKept(t *testing.T) {
	broken := errors.New("connection reset")
	for _, before := range []string{"", "5\r\nhe", "5\r\nhello\r\n0\r\n"} {
		_, err := io.ReadAll(newChunkReader(io.MultiReader(strings.NewReader(before), iotest.ErrReader(broken)), false))
		require.ErrorIs(t, err, broken, before)
	}
}

// chunked encodes pieces as clients do.
func chunked(signed bool, trailers string, pieces ...[]byte) []byte {
	var out bytes.Buffer
	extension := ""
	if signed {
		extension = signature
	}
	for _, piece := range pieces {
		fmt.Fprintf(&out, "%x%s\r\n%s\r\n", len(piece), extension, piece)
	}
	fmt.Fprintf(&out, "0%s\r\n%s\r\n", extension, trailers)
	return out.Bytes()
}

func TestEveryChunkingOfABodyGivesTheBody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 1, 9000)).Draw(t, "pieces")
		signed := rapid.Bool().Draw(t, "signed")
		r := newChunkReader(bytes.NewReader(chunked(signed, "a:b\r\n", pieces...)), signed)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.True(t, bytes.Equal(bytes.Join(pieces, nil), got), "other bytes came out")
		require.Equal(t, map[string]string{"a": "b"}, r.trailers)
	})
}

func FuzzChunks(f *testing.F) {
	f.Add([]byte("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"), false)
	f.Add(chunked(true, "", []byte("hello")), true)
	f.Add([]byte("7fffffffffffffff\r\n"), false)
	f.Fuzz(func(t *testing.T, body []byte, signed bool) {
		got, err := io.ReadAll(newChunkReader(bytes.NewReader(body), signed))
		if err != nil && !errors.Is(err, errChunk) {
			t.Fatalf("%v", err)
		}
		if len(got) > len(body) {
			t.Fatalf("%d bytes of a body of %d", len(got), len(body))
		}
	})
}
