package hashbytes_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/checksum"
	"autobackup/internal/digest"
	"autobackup/internal/hashbytes"
)

const etag = `"e"`

// memory is a server of one object version, docs/a.txt@v1, over a real
// connection. first answers instead of it while it returns true; n counts all
// requests from 1.
type memory struct {
	content []byte
	first   func(w http.ResponseWriter, r *http.Request, n int64) bool
	asked   atomic.Int64
}

func (m *memory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if n := m.asked.Add(1); m.first != nil && m.first(w, r, n) {
		return
	}
	m.object(w, r)
}

func (m *memory) object(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Amz-Version-Id", "v1")
	if r.URL.Path != "/docs/a.txt" || r.URL.Query().Get("versionId") != "v1" || r.Method != http.MethodGet {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	w.Header().Set("Etag", etag)
	http.ServeContent(w, r, "", modified, bytes.NewReader(m.content))
}

func client(t testing.TB, handler http.Handler) *s3.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return s3.New(s3.Options{
		Region: "eu-west-1", UsePathStyle: true, BaseEndpoint: &server.URL,
		HTTPClient:                 &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}},
		Credentials:                credentials.NewStaticCredentialsProvider("id", "secret", ""),
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		RetryMaxAttempts:           1,
	})
}

// request is one for the whole of a content, in blocks of 4 bytes.
func request(content []byte) hashbytes.Request {
	return hashbytes.Request{
		Bucket: "docs", Key: "a.txt", Version: "v1", ETag: etag, Size: int64(len(content)), Length: int64(len(content)),
		BlockSize: 4, Algorithm: checksum.SHA256,
	}
}

// expected is computed block by block from the content itself.
func expected(t require.TestingT, content []byte, blockSize int64, a checksum.Algorithm) digest.Digests {
	d := digest.Digests{Length: int64(len(content)), BlockSize: blockSize, Algorithm: a, Blocks: []byte{}}
	whole, err := digest.NewBlock(checksum.CRC64NVME)
	require.NoError(t, err)
	_, err = whole.Write(content)
	require.NoError(t, err)
	d.CRC64 = whole.CRC64()
	reader := bytes.NewReader(content)
	for range (digest.Pieces{Length: d.Length, Size: blockSize}).Count() {
		block, err := digest.NewBlock(a)
		require.NoError(t, err)
		_, err = io.CopyN(block, reader, min(blockSize, int64(reader.Len())))
		require.NoError(t, err)
		d.Blocks = append(d.Blocks, block.Sum()...)
	}
	return d
}

func s3Error(w http.ResponseWriter, status int, code string) bool {
	w.WriteHeader(status)
	_, err := fmt.Fprintf(w, "<Error><Code>%s</Code><Message>about a.txt</Message></Error>", code)
	return err == nil
}

// hijack answers with these bytes and closes the connection.
func hijack(t assert.TestingT, w http.ResponseWriter, raw string) bool {
	conn, _, err := w.(http.Hijacker).Hijack()
	assert.NoError(t, err)
	_, err = io.WriteString(conn, raw)
	assert.NoError(t, err)
	assert.NoError(t, conn.Close())
	return true
}

// counting counts the GETs under way, from the request to the closed body.
type counting struct {
	hashbytes.Objects
	mu         sync.Mutex
	open, most int
}

func (c *counting) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open += n
	c.most = max(c.most, c.open)
}

func (c *counting) GetObject(ctx context.Context, in *s3.GetObjectInput, options ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	c.add(1)
	out, err := c.Objects.GetObject(ctx, in, options...)
	if err != nil {
		c.add(-1)
		return nil, err
	}
	out.Body = counted{out.Body, c}
	return out, nil
}

type counted struct {
	io.ReadCloser
	by *counting
}

func (c counted) Close() error {
	c.by.add(-1)
	return c.ReadCloser.Close()
}
