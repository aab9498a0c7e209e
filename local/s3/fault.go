package s3

import (
	"cmp"
	"io"
	"net/http"
)

// Request is what a fault can be chosen by.
type Request struct {
	Operation string // as in the API: PutObject, HeadObject …
	Region    string // the one the request was signed for
	Bucket    string
	Key       string // empty for operations on buckets
	VersionID string // empty where the request names none
}

// Fault is an answer that S3 gives when something is wrong with it, with the
// client's permissions or with the network. Nothing is done for the request.
type Fault struct {
	// Status is the answer's: 400, 403, 404, 500, 503 …
	Status int
	// Code is the error code; empty: the usual one for Status (403 AccessDenied,
	// 404 NoSuchKey, 500 InternalError, 503 SlowDown).
	Code string
	// Hang leaves the request without an answer until the client gives up.
	Hang bool
	// Drop closes the connection without an answer.
	Drop bool
}

var usualCodes = map[int]string{
	http.StatusBadRequest:          "InvalidRequest",
	http.StatusForbidden:           "AccessDenied",
	http.StatusNotFound:            "NoSuchKey",
	http.StatusInternalServerError: "InternalError",
	http.StatusServiceUnavailable:  "SlowDown",
}

// inject answers with a fault if the caller wants one.
func (s *Server) inject(c *call, op *operation) error {
	if s.Fault == nil {
		return nil
	}
	f := s.Fault(Request{op.name, c.region, c.bucket, c.key, c.query.Get("versionId")})
	switch {
	case f == nil:
		return nil
	case f.Hang:
		s.hang(c)
		fallthrough // the client that sees anything now sees a closed connection
	case f.Drop:
		panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's own way to close the connection: it recovers
	}
	code := cmp.Or(f.Code, usualCodes[f.Status], "InternalError")
	return fail(f.Status, code, "%s (a fault of the local S3)", code)
}

// hang waits until the client gives up or the server closes, without keeping a
// skipping clock from reaching the client's time-out.
func (s *Server) hang(c *call) {
	// net/http watches for a client that leaves only once the body is read.
	_, _ = io.Copy(io.Discard, c.r.Body)
	c.idle()
	select {
	case <-c.r.Context().Done():
	case <-s.closing:
	}
}
