package s3

import (
	"bytes"
	"crypto/md5" //nolint:gosec // S3's own ETag and Content-MD5
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	checksumPrefix    = "X-Amz-Checksum-"
	checksumAlgorithm = checksumPrefix + "Algorithm"
	checksumType      = checksumPrefix + "Type"
	checksumMode      = checksumPrefix + "Mode"
	// maxPut is the largest body of one request, 5 GiB.
	maxPut = 5 << 30
)

// claims are what a request says about its body. What receive gets must agree.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
type claims struct {
	length    int64      // decoded, in bytes
	md5       []byte     // Content-MD5; nil: not sent
	sha256    []byte     // x-amz-content-sha256; nil: not that of a plain body
	algorithm *algorithm // of x-amz-checksum-*; nil: none sent
	sum       []byte     // its value; nil: it comes in the trailer
	chunked   bool
	signed    bool // chunks carry signatures
}

// parseClaims reads the claims from the headers of r.
func parseClaims(r *http.Request) (*claims, error) {
	c := &claims{length: r.ContentLength}
	if c.length == 0 && r.Method == http.MethodPut && r.Header.Get("Content-Length") == "" {
		c.length = -1 // which net/http takes for nothing
	}
	for _, read := range []func(*http.Request) error{c.readEncoding, c.readMD5, c.readChecksum} {
		if err := read(r); err != nil {
			return nil, err
		}
	}
	switch {
	case c.length < 0:
		return nil, fail(http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	case c.length > maxPut:
		return nil, fail(http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	}
	return c, nil
}

// readEncoding tells a plain body from the three kinds of aws-chunked ones.
func (c *claims) readEncoding(r *http.Request) error {
	content := r.Header.Get("X-Amz-Content-Sha256")
	switch content {
	case "", "UNSIGNED-PAYLOAD":
		return nil
	case "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
		c.chunked = true
	case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
		c.chunked, c.signed = true, true
	default:
		sum, err := hex.DecodeString(content)
		if err != nil || len(sum) != sha256.Size {
			return invalidArgument("x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD[-TRAILER], " +
				"STREAMING-UNSIGNED-PAYLOAD-TRAILER or a valid sha256 value.")
		}
		c.sha256 = sum
		return nil
	}
	length, err := strconv.ParseUint(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 63)
	c.length = int64(length) //nolint:gosec // 63 bits fit
	if err != nil {
		c.length = -1
	}
	return nil
}

func (c *claims) readMD5(r *http.Request) error {
	value := r.Header.Get("Content-Md5")
	if value == "" {
		return nil
	}
	sum, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(sum) != md5.Size {
		return fail(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified was invalid.")
	}
	c.md5 = sum
	return nil
}

// readChecksum reads the one checksum that S3 allows a request to bring.
func (c *claims) readChecksum(r *http.Request) error {
	for name, values := range r.Header {
		suffix, ok := strings.CutPrefix(name, checksumPrefix)
		if !ok || slices.Contains(checksumHeaders, name) {
			continue
		}
		if err := c.claim(suffix); err != nil {
			return err
		}
		if c.sum = c.algorithm.decode(values[0]); c.sum == nil {
			return invalidRequest("Value for %s header is invalid.", strings.ToLower(name))
		}
	}
	if trailer := r.Header.Get("X-Amz-Trailer"); trailer != "" {
		suffix, ok := strings.CutPrefix(strings.ToLower(trailer), strings.ToLower(checksumPrefix))
		if !ok || !c.chunked {
			return invalidRequest("The value specified in the x-amz-trailer header is not supported")
		}
		if err := c.claim(suffix); err != nil {
			return err
		}
	}
	if c.algorithm == nil && r.Header.Get("X-Amz-Sdk-Checksum-Algorithm") != "" && r.Method == http.MethodPut {
		return invalidRequest("x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.")
	}
	return nil
}

func (c *claims) claim(name string) error {
	if c.algorithm != nil {
		return invalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
	}
	if c.algorithm = algorithmNamed(name); c.algorithm == nil {
		return notImplemented("the header %s", strings.ToLower(checksumPrefix+name))
	}
	return nil
}

// verifiable tells whether the request brings a sum of the bytes that S3 keeps or
// compares; that of its signature doesn't count.
func (c *claims) verifiable() bool { return c.md5 != nil || c.algorithm != nil }

// receive copies the decoded body to dst and verifies every claim. The part it
// returns has no path; its checksum is made by the claimed algorithm, or by
// otherwise where none is claimed.
func (c *claims) receive(src io.Reader, dst io.Writer, otherwise *algorithm) (part, error) {
	sums := map[string]hash.Hash{"md5": md5.New()} //nolint:gosec // S3's own ETag
	if c.sha256 != nil {
		sums["sha256"] = sha256.New()
	}
	algorithm := c.algorithm
	if algorithm == nil {
		algorithm = otherwise
	}
	sums["checksum"] = algorithm.new()
	writers := []io.Writer{dst}
	for _, sum := range sums {
		writers = append(writers, sum)
	}
	var chunks *chunkReader
	if c.chunked {
		chunks = newChunkReader(src, c.signed)
		src = chunks
	}
	size, err := io.Copy(io.MultiWriter(writers...), io.LimitReader(src, c.length+1))
	if err != nil {
		return part{}, readError(err)
	}
	if size != c.length {
		return part{}, fail(http.StatusBadRequest, "IncompleteBody",
			"You did not provide the number of bytes specified by the Content-Length HTTP header")
	}
	p := part{size: size, md5: sums["md5"].Sum(nil), algorithm: algorithm, checksum: sums["checksum"].Sum(nil)}
	return p, c.verify(p, sums["sha256"], chunks)
}

func readError(err error) error {
	if errors.Is(err, errChunk) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fail(http.StatusBadRequest, "IncompleteBody", "The request body terminated unexpectedly: %s", err)
	}
	return err
}

func (c *claims) verify(p part, content hash.Hash, chunks *chunkReader) error {
	if c.md5 != nil && !bytes.Equal(c.md5, p.md5) {
		return badDigest("Content-MD5")
	}
	if c.sha256 != nil && !bytes.Equal(c.sha256, content.Sum(nil)) {
		return fail(http.StatusBadRequest, "XAmzContentSHA256Mismatch",
			"The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	if c.algorithm == nil {
		return nil
	}
	if c.sum == nil {
		name := strings.ToLower(c.algorithm.header())
		if c.sum = c.algorithm.decode(chunks.trailers[name]); c.sum == nil {
			return fail(http.StatusBadRequest, "MalformedTrailerError", "The request contained trailing data that was not well-formed: "+
				"it has no valid %s", name)
		}
	}
	if !bytes.Equal(c.sum, p.checksum) {
		return badDigest(c.algorithm.name)
	}
	return nil
}
