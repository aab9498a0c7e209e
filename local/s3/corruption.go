package s3

import "io"

// Corruption is what can be wrong with a replica.
type Corruption int

const (
	// Intact replicas share the bytes of their source.
	Intact Corruption = iota
	// FlipBit flips a bit in the middle before the replica is written: ETag and
	// checksums are those of the wrong bytes. An empty object gets one byte.
	FlipBit
	// Truncate leaves out the last byte before the replica is written. An empty
	// object gets one byte instead.
	Truncate
	// Silent flips a bit of the stored bytes only: ETag and checksums are the
	// source's, so only reading the bytes tells. An empty object stays intact.
	Silent
	// Relabel gives the replica another Content-Type. Its bytes are intact.
	Relabel
	// Untag leaves out the replica's tags. Its bytes are intact.
	Untag
)

// corrupt gives the replica bytes of its own, damaged. The source's body stays
// held.
func (s *Server) corrupt(replica *version, how Corruption) error {
	whole := replica.body
	damaged := newBody(whole.multipart)
	start := int64(0)
	for i, p := range whole.parts {
		w := wound{at: -1, length: p.size}
		switch {
		case whole.size() == 0 && how != Silent && i == 0:
			w.length = 1
		case how == Truncate && i == len(whole.parts)-1:
			w.length = max(p.size-1, 0)
		case how != Truncate:
			w.at = whole.size()/2 - start
		}
		stored, err := s.files.store(w.length, func(dst io.Writer) (part, error) { return w.copy(dst, p) })
		if err != nil {
			damaged.release()
			return err
		}
		damaged.parts = append(damaged.parts, stored)
		start += p.size
	}
	replica.body = damaged
	if how == Silent {
		return nil
	}
	var err error
	replica.etag, replica.checksum, err = seal(damaged, replica.checksum.algorithm, replica.checksum.kind)
	return err
}

// wound is the damage to one part.
type wound struct {
	at     int64 // offset of the byte with the flipped bit; outside the part: none
	length int64 // bytes that are left, or one more than there were
}

// copy writes p with the damage done, and tells what was written.
func (w wound) copy(dst io.Writer, p part) (part, error) {
	return p.algorithm.part(dst, w.length, func(out io.Writer) error {
		err := p.copyTo(&flipper{out, w.at}, 0, min(w.length, p.size))
		if err == nil && w.length > p.size {
			_, err = out.Write([]byte{0})
		}
		return err
	})
}

// flipper flips the lowest bit of the byte that is left bytes away.
type flipper struct {
	dst  io.Writer
	left int64
}

// Write implements io.Writer.
func (f *flipper) Write(p []byte) (int, error) {
	if f.left >= 0 && f.left < int64(len(p)) {
		p = append([]byte(nil), p...)
		p[f.left] ^= 1
	}
	f.left -= int64(len(p))
	return f.dst.Write(p)
}
