// Package s3 is an S3 for one machine: the operations that Autobackup, the AWS
// SDKs' defaults and the aws CLI need, over HTTP, with buckets in several
// regions and replication between them.
//
// What it does as S3 does: versions, delete markers, multipart uploads with
// their ETags, all additional checksums in all upload encodings, ranges,
// listings, Object Lock (uploads' and buckets' retention, legal holds),
// conditional uploads, replication rules, redirects to the right region, EventBridge
// events, lifecycle rules, and S3's own notifications. Everything that is not supported, be it an operation, a query parameter, a
// header or an element of a configuration, is refused with 501 NotImplemented and its name.
//
// What it does not do: requests must be signed with Signature Version 4, whose
// credential scope tells the region, but the signature is not verified. Bytes are not
// encrypted at rest whatever the encryption headers say. Buckets are addressed
// by path, not by host name.
package s3

import (
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/store"
)

// Config is what a Server is made from.
type Config struct {
	Clock   *clock.Clock // tells all times, and runs replication
	Dir     string       // existing directory; object bytes are kept in a new folder of it, but for 64 MiB of short ones
	Account string       // 12 digits; owns every bucket
	Kept    bool         // bytes stay in Dir for another server: see Load
	Random  io.Reader    // seeds ids, and ETags of encrypted objects, with 32 bytes; nil: crypto/rand
}

// Server is an http.Handler that answers as S3 does in every region. Its hooks
// are set before serving and may be called by many goroutines at once, never
// while the server is locked: they may call the server.
type Server struct {
	// Fault decides whether a request is answered by a fault. nil: none is.
	Fault func(Request) *Fault
	// Gate decides what callers may do. nil: everything.
	Gate *gate.Gate
	// Uncovers are the actions on a bucket of which a caller needs all to be told that a
	// version is missing, with 404; without them, 403 hides it. nil: s3:ListBucket, which AWS
	// documents for missing keys. Of missing versions its documents say nothing.
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
	Uncovers []string
	// Replicate plans each replication. nil: the zero Plan, at once and intact.
	Replicate func(Replication) Plan
	// OnEvent gets every event of buckets that have EventBridge turned on, as
	// EventBridge in that region would: the complete JSON object.
	OnEvent func(region string, event []byte)
	// OnNotification gets S3's own notifications for a queue, a topic or a function: the
	// complete JSON object. Its error is the target's. nil: there are none.
	OnNotification func(bucket, targetARN string, message []byte) error

	clock   *clock.Clock
	account string
	random  *random
	files   *files
	closing chan struct{}
	close   func()

	mu      store.Lock // guards what follows, and everything reachable from it
	buckets map[string]*bucket
	seq     uint64 // of the last version made or removed
	pending int
	last    uint64                  // number of the last job or message
	jobs    map[uint64]*replication // that are under way
	telling map[uint64]message      // on their way
	counts  map[Counted]int
}

// Counted names what Requests counts.
type Counted struct {
	Operation string // as in the API: HeadObject
	Bucket    string // empty for ListBuckets
}

// New returns a server without buckets. It fails if Random ends early, or if it
// can't make a folder in Dir.
func New(cfg Config) (*Server, error) {
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	var seed [32]byte
	if _, err := io.ReadFull(cfg.Random, seed[:]); err != nil {
		return nil, fmt.Errorf("start s3: read a seed: %w", err)
	}
	dir, err := folder(cfg)
	if err != nil {
		return nil, fmt.Errorf("start s3: make a folder for objects: %w", err)
	}
	s := &Server{
		clock: cfg.Clock, account: cfg.Account, random: &random{source: mathrand.NewChaCha8(seed)},
		files: &files{dir: dir, kept: cfg.Kept}, closing: make(chan struct{}),
		buckets: map[string]*bucket{}, counts: map[Counted]int{},
		jobs: map[uint64]*replication{}, telling: map[uint64]message{},
	}
	s.close = sync.OnceFunc(func() { close(s.closing) })
	return s, nil
}

// Close ends hanging requests, makes replications under way come to nothing,
// and removes all object bytes, unless they are kept.
func (s *Server) Close() error {
	s.close()
	if s.files.kept {
		return nil
	}
	if err := os.RemoveAll(s.files.dir); err != nil {
		return fmt.Errorf("close s3: %w", err)
	}
	return nil
}

// folder is where object bytes are.
func folder(cfg Config) (string, error) {
	if !cfg.Kept {
		return os.MkdirTemp(cfg.Dir, "objects-")
	}
	dir := filepath.Join(cfg.Dir, "objects")
	return dir, os.MkdirAll(dir, 0o700)
}

// ServeHTTP answers one S3 request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	done := s.clock.Work()
	defer done()
	c := &call{w: w, r: r, id: s.random.requestID(), idle: done}
	w.Header()["X-Amz-Request-Id"] = []string{c.id}
	w.Header().Set("Date", s.clock.Now().UTC().Format(http.TimeFormat)) // of its clock, which may run ahead, also where it is served alone
	if err := s.answer(c); err != nil {
		c.fail(err)
	}
}

func (s *Server) answer(c *call) error {
	if err := c.parse(); err != nil {
		return s.anonymous(c, err)
	}
	if err := s.refuseHostStyle(c); err != nil {
		return err
	}
	op, err := route(c)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.counts[Counted{op.name, c.bucket}]++
	s.mu.Unlock()
	if err := s.inject(c, op); err != nil {
		return err
	}
	if err := s.permit(c, op); err != nil {
		return err
	}
	err = op.handle(s, c)
	if op.copies { // which reads another object, whose bucket it asks
		return err
	}
	return s.hide(c, err)
}

// Requests tells how many requests were answered by operation and bucket,
// faults included.
func (s *Server) Requests() map[Counted]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

// Pending tells how many replications are under way.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending
}
