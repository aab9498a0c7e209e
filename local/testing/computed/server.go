package computed

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// Server answers for both buckets of a Pair, path style, whoever asks: signatures are
// not checked.
type Server struct {
	layout
	pair  Pair
	pages sync.Pool // of *[]byte
}

// New makes a Server.
func New(pair Pair) (*Server, error) {
	if err := pair.validate(); err != nil {
		return nil, err
	}
	return &Server{layout: layoutOf(pair.Rows, pair.Every), pair: pair, pages: sync.Pool{New: func() any {
		b := make([]byte, 0, maxKeys*rowSize)
		return &b
	}}}, nil
}

func (s *Server) bucket(side Side) string {
	if side == ReplicaSide {
		return s.pair.Replica
	}
	return s.pair.Primary
}

func (s *Server) region(side Side) string {
	if side == ReplicaSide {
		return s.pair.ReplicaRegion
	}
	return s.pair.PrimaryRegion
}

// refusal is an error as S3 answers it.
type refusal struct {
	status        int
	code, message string
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	w.Header().Set("X-Amz-Request-Id", "0123456789ABCDEF")
	side := Side(bucket == s.pair.Replica)
	switch bucket {
	case s.bucket(side):
	case "":
		answer(w, notImplemented)
		return
	default:
		answer(w, &refusal{http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist."})
		return
	}
	w.Header().Set("X-Amz-Bucket-Region", s.region(side))
	switch {
	case key != "" && r.Method == http.MethodHead:
		s.head(w, r, side, key)
	case key == "" && r.Method == http.MethodHead: // HeadBucket says no more than the region
	case key == "" && r.Method == http.MethodGet && query.Has("versions"):
		s.list(w, side, query)
	case key == "" && r.Method == http.MethodGet:
		s.configuration(w, side, query)
	default:
		answer(w, notImplemented)
	}
}

var notImplemented = &refusal{http.StatusNotImplemented, "NotImplemented", "A header or query you provided implies functionality that is not implemented."}

func answer(w http.ResponseWriter, r *refusal) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(r.status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", r.code, r.message) // a client that is gone needs no answer
}

func (s *Server) list(w http.ResponseWriter, side Side, query url.Values) {
	a, refused := s.listing(side, query)
	if refused != nil {
		answer(w, refused)
		return
	}
	page := s.pages.Get().(*[]byte)
	defer s.pages.Put(page)
	*page = s.appendPage((*page)[:0], side, a)
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(*page)))
	_, _ = w.Write(*page) // a client that is gone needs no answer
}

// head answers HeadObject of a version.
func (s *Server) head(w http.ResponseWriter, r *http.Request, side Side, key string) {
	h, id := w.Header(), r.URL.Query().Get("versionId")
	if id == "" || r.Header.Get("Range") != "" || r.URL.Query().Has("partNumber") {
		w.WriteHeader(http.StatusNotImplemented)
		return
	}
	row, ok := s.row(id)
	if !ok || s.name(s.key(row)) != key || !side.holds(s.kind(row)) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	h.Set("X-Amz-Version-Id", id)
	h.Set("Last-Modified", s.modified(row).Format(http.TimeFormat))
	h.Set("X-Amz-Replication-Status", map[Side]string{PrimarySide: "COMPLETED", ReplicaSide: "REPLICA"}[side])
	if s.marker(row) {
		h.Set("X-Amz-Delete-Marker", "true")
		h.Set("Allow", "DELETE")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	c := s.content(side, row)
	h.Set("Etag", `"`+string(c.appendETag(nil))+`"`)
	h.Set("Content-Length", strconv.FormatInt(c.size, 10))
	h.Set("Content-Type", "application/pdf")
	h.Set("X-Amz-Server-Side-Encryption", c.encrypted)
	if r.Header.Get("X-Amz-Checksum-Mode") == "ENABLED" {
		h.Set("X-Amz-Checksum-Crc64nvme", c.checksum())
		h.Set("X-Amz-Checksum-Type", "FULL_OBJECT")
	}
}

// configuration answers what a bucket is set to.
func (s *Server) configuration(w http.ResponseWriter, side Side, query url.Values) {
	switch {
	case query.Has("replication") && side == ReplicaSide:
		answer(w, &refusal{http.StatusNotFound, "ReplicationConfigurationNotFoundError", "The replication configuration was not found"})
	case query.Has("lifecycle"):
		answer(w, &refusal{http.StatusNotFound, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"})
	case query.Has("replication"):
		_, _ = fmt.Fprintf(w, "<ReplicationConfiguration><Role>arn:aws:iam::111122223333:role/replication</Role><Rule><ID>all</ID><Status>Enabled</Status>"+
			"<Priority>1</Priority><Filter><Prefix></Prefix></Filter><DeleteMarkerReplication><Status>Enabled</Status></DeleteMarkerReplication>"+
			"<Destination><Bucket>arn:aws:s3:::%s</Bucket></Destination></Rule></ReplicationConfiguration>", s.pair.Replica)
	case query.Has("versioning"):
		_, _ = fmt.Fprint(w, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
	case query.Has("encryption"):
		_, _ = fmt.Fprintf(w, "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>%s</SSEAlgorithm>"+
			"</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>", sse)
	default:
		answer(w, notImplemented)
	}
}
