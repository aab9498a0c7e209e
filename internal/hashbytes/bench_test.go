package hashbytes_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"autobackup/internal/checksum"
	"autobackup/internal/digest"
	"autobackup/internal/hashbytes"
	"autobackup/internal/verdict"
)

// benchSize is what one iteration reads on each of two sides.
const benchSize = 1 << 30

// pages answers every range with the same bytes, as fast as net/http can.
type pages []byte

func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var first, last int64
	_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &first, &last)
	w.Header().Set("X-Amz-Version-Id", "v1")
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, benchSize))
	w.Header().Set("Content-Length", strconv.FormatInt(last-first+1, 10))
	w.WriteHeader(http.StatusPartialContent)
	for left := last - first + 1; left > 0; left -= int64(len(p)) {
		_, _ = w.Write(p[:min(left, int64(len(p)))])
	}
}

// BenchmarkRead reads both sides of an object of 1 GiB at once from a server in
// the same process: first plainly with the same GETs, then with each digest. The
// server takes its part of the cores.
func BenchmarkRead(b *testing.B) {
	objects := client(b, make(pages, 1<<20))
	in := hashbytes.Request{Bucket: "docs", Key: "a.txt", Version: "v1", Size: benchSize, Length: benchSize, BlockSize: digest.BlockSize}
	b.Run("plain", func(b *testing.B) { both(b, func() error { return plain(b, objects) }) })
	for _, a := range digest.Algorithms() {
		b.Run(string(a), func(b *testing.B) {
			in.Algorithm = a
			both(b, func() error {
				answer, err := hashbytes.Reader{Objects: objects}.Read(b.Context(), in)
				if err == nil && answer.Found != verdict.Object {
					return fmt.Errorf("%s: %s", answer.Found, answer.Detail)
				}
				return err
			})
		})
	}
}

// What one iteration of BenchmarkSmallObjects reads are so many objects of a MiB, from
// a server whose first byte takes a fifth of S3's time.
const (
	smallObjects = 128
	firstByte    = 20 * time.Millisecond
)

// BenchmarkSmallObjects reads small objects with one call for all, and with a call for
// each, one after the other as one caller would. It is without what an invocation
// itself takes, which comes on top of each call.
func BenchmarkSmallObjects(b *testing.B) {
	server := make(pages, 1<<20)
	reader := hashbytes.Reader{Objects: client(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(firstByte)
		server.ServeHTTP(w, r)
	}))}
	list := make([]hashbytes.Request, smallObjects)
	for i := range list {
		// The server's objects are larger; what is read of each is what counts.
		list[i] = hashbytes.Request{Bucket: "docs", Key: fmt.Sprint(i), Version: "v1", Size: benchSize, Length: 1 << 20, BlockSize: digest.BlockSize, Algorithm: checksum.SHA256}
	}
	for name, read := range map[string]func() []hashbytes.Answer{
		"a list": func() []hashbytes.Answer { return reader.ReadList(b.Context(), list) },
		"single calls": func() (answers []hashbytes.Answer) {
			for _, in := range list {
				answer, err := reader.Read(b.Context(), in)
				require.NoError(b, err)
				answers = append(answers, answer)
			}
			return answers
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(smallObjects << 20)
			for b.Loop() {
				for _, answer := range read() {
					require.Equal(b, verdict.Object, answer.Found, answer.Detail)
				}
			}
		})
	}
}

func both(b *testing.B, side func() error) {
	b.SetBytes(2 * benchSize)
	for b.Loop() {
		var sides errgroup.Group
		sides.Go(side)
		sides.Go(side)
		require.NoError(b, sides.Wait())
	}
}

func plain(b *testing.B, objects *s3.Client) error {
	var all errgroup.Group
	all.SetLimit(hashbytes.InFlight)
	for first := int64(0); first < benchSize; first += digest.BlockSize {
		all.Go(func() error {
			out, err := objects.GetObject(b.Context(), &s3.GetObjectInput{
				Bucket: aws.String("docs"), Key: aws.String("a.txt"), VersionId: aws.String("v1"),
				Range: aws.String(fmt.Sprintf("bytes=%d-%d", first, first+digest.BlockSize-1)),
			})
			if err != nil {
				return err
			}
			_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, out.Body, make([]byte, 256<<10))
			return err
		})
	}
	return all.Wait()
}
