package s3

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// part is what one request uploaded: all of a PutObject, or one part of a
// multipart upload. Its bytes are kept by themselves, so that completing an
// upload copies nothing.
type part struct {
	path      string // of the file with its bytes; empty: they are in data
	data      []byte
	remove    func() // gives the bytes up
	size      int64  // bytes
	md5       []byte // of its bytes
	algorithm *algorithm
	checksum  []byte    // of its bytes, by algorithm
	modified  time.Time // when it was put into its upload; zero where it was in none
}

// sum is the checksum as S3 writes it.
func (p part) sum() string { return base64.StdEncoding.EncodeToString(p.checksum) }

// body is the bytes of an object version. Replicas share the body of their
// source unless they are corrupted; the last to let go removes them.
type body struct {
	parts     []part
	multipart bool
	holders   atomic.Int32
}

func newBody(multipart bool, parts ...part) *body {
	b := &body{parts: parts, multipart: multipart}
	b.holders.Store(1)
	return b
}

func (b *body) size() (n int64) {
	for _, p := range b.parts {
		n += p.size
	}
	return n
}

// hold keeps the bytes while they are read; call it only while a version that
// holds the body can't go away, that is, with the server locked.
func (b *body) hold() *body {
	if b != nil {
		b.holders.Add(1)
	}
	return b
}

// release gives up one hold.
func (b *body) release() {
	if b == nil || b.holders.Add(-1) > 0 {
		return
	}
	for _, p := range b.parts {
		p.remove()
	}
}

// copyTo writes n bytes from an offset on.
func (b *body) copyTo(w io.Writer, from, n int64) error {
	for _, p := range b.parts {
		if from >= p.size {
			from -= p.size
			continue
		}
		step := min(n, p.size-from)
		if err := p.copyTo(w, from, step); err != nil {
			return err
		}
		from, n = 0, n-step
	}
	return nil
}

func (p part) copyTo(w io.Writer, from, n int64) (err error) {
	if p.path == "" {
		_, err := w.Write(p.data[from : from+n])
		return err
	}
	f, err := os.Open(p.path)
	if err != nil {
		return fmt.Errorf("open object bytes: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err = f.Seek(from, io.SeekStart); err == nil {
		_, err = io.CopyN(w, f, n)
	}
	if err != nil {
		return fmt.Errorf("read object bytes: %w", err)
	}
	return nil
}
