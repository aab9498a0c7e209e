package s3

import "io"

// Recut is how a replica is cut into parts where not as its source, as it is
// where something else than S3's replication has made the copy.
type Recut struct {
	PartSize int64 // bytes of every part but the last, which may have fewer; 0: one part holds all
	// Kind is the checksum's, COMPOSITE or FULL_OBJECT; the algorithm is the
	// source's.
	Kind string
}

// recut gives the replica the same bytes in other parts, with the ETag and the
// checksum that such an upload has. The source's body stays held.
func (s *Server) recut(replica *version, how Recut) error {
	whole, size := replica.body, replica.size()
	again := newBody(true)
	for start := int64(0); start < size || len(again.parts) == 0; {
		length := size - start
		if how.PartSize > 0 {
			length = min(length, how.PartSize)
		}
		p, err := s.files.store(length, func(dst io.Writer) (part, error) {
			return replica.checksum.algorithm.part(dst, length, func(w io.Writer) error { return whole.copyTo(w, start, length) })
		})
		if err != nil {
			again.release()
			return err
		}
		again.parts = append(again.parts, p)
		start += length
	}
	replica.body = again
	var err error
	replica.etag, replica.checksum, err = seal(again, replica.checksum.algorithm, how.Kind)
	return err
}
