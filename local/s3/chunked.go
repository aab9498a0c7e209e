package s3

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"strconv"
	"strings"
)

const (
	// maxChunkLine bounds a chunk's header and a trailer's line, in bytes.
	maxChunkLine = 4096
	// maxTrailers is how many trailer lines are read: a checksum and its
	// signature.
	maxTrailers = 8
)

// errChunk is behind every error about the framing of an aws-chunked body.
var errChunk = errors.New("malformed aws-chunked body")

// chunkReader decodes an aws-chunked body: chunks with their length in
// hexadecimal, an empty last chunk, and trailers. Signatures must be there when
// signed is set; they are not verified.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
type chunkReader struct {
	src      *bufio.Reader
	signed   bool
	left     int64 // of the chunk being read
	started  bool
	err      error             // sticky
	trailers map[string]string // by lower-case name; complete after io.EOF
}

func newChunkReader(src io.Reader, signed bool) *chunkReader {
	return &chunkReader{src: bufio.NewReaderSize(src, maxChunkLine), signed: signed, trailers: map[string]string{}}
}

// Read implements io.Reader. Errors other than io.EOF wrap errChunk, or are the
// source's own.
func (c *chunkReader) Read(p []byte) (int, error) {
	for c.left == 0 && c.err == nil {
		c.err = c.next()
	}
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.src.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: it ends within a chunk", errChunk)
	}
	c.err = err
	return n, nil
}

// next reads up to the data of the next chunk; io.EOF follows the last one.
func (c *chunkReader) next() error {
	if c.started {
		line, err := c.line()
		if err != nil {
			return err
		}
		if line != "" {
			return fmt.Errorf("%w: a chunk is longer than it says", errChunk)
		}
	}
	c.started = true
	line, err := c.line()
	if err != nil {
		return err
	}
	if c.left, err = c.size(line); err != nil || c.left > 0 {
		return err
	}
	return c.readTrailers()
}

// size parses "10000" or "10000;chunk-signature=ad80…".
func (c *chunkReader) size(line string) (int64, error) {
	digits, extension, extended := strings.Cut(line, ";")
	if strings.HasPrefix(extension, "chunk-signature=") != c.signed || extended != c.signed {
		return 0, fmt.Errorf("%w: chunk signatures and x-amz-content-sha256 don't fit together", errChunk)
	}
	n, err := strconv.ParseUint(digits, 16, 63)
	if err != nil {
		return 0, fmt.Errorf("%w: %.32q is no chunk length", errChunk, digits)
	}
	return int64(n), nil //nolint:gosec // 63 bits fit
}

// readTrailers reads up to the empty line that ends the body.
func (c *chunkReader) readTrailers() error {
	for range maxTrailers {
		line, err := c.line()
		if err != nil {
			return err
		}
		if line == "" {
			return io.EOF
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return fmt.Errorf("%w: trailer %.64q has no colon", errChunk, line)
		}
		c.trailers[strings.ToLower(textproto.TrimString(name))] = textproto.TrimString(value)
	}
	return fmt.Errorf("%w: more than %d trailers", errChunk, maxTrailers)
}

// line reads one line without its end.
func (c *chunkReader) line() (string, error) {
	line, err := c.src.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", fmt.Errorf("%w: a line is longer than %d bytes", errChunk, maxChunkLine)
	case errors.Is(err, io.EOF):
		return "", fmt.Errorf("%w: it ends before its last chunk", errChunk)
	case err != nil:
		return "", err
	}
	return string(bytes.TrimRight(line, "\r\n")), nil
}
