package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"autobackup/local/clock"
)

// initTimeout is how long a new process may take until it asks for its first
// invocation.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
const initTimeout = 10 * time.Second

// sandbox is one process and the Runtime API it talks to.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
type sandbox struct {
	clk    *clock.Clock
	config Config
	server *http.Server
	kill   func()

	next    chan invocation // taken by the process when it is ready
	answers chan answer     // of the invocation it has taken
	gone    chan struct{}   // closed when the process has ended

	mu      sync.Mutex
	current string         // request id of the invocation it has taken
	failed  *FunctionError // what it told of its own start
	how     fmt.Stringer   // it ended
}

// answer is the end of an invocation. reusable: the process takes another one.
type answer struct {
	payload  []byte
	err      error
	reusable bool
}

// newSandbox serves the Runtime API for one process at the address it answers.
func newSandbox(ctx context.Context, clk *clock.Clock, c Config) (*sandbox, string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", fmt.Errorf("listen for the runtime API: %w", err)
	}
	s := &sandbox{clk: clk, config: c, next: make(chan invocation), answers: make(chan answer, 1), gone: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", s.serveNext)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", s.serveResponse)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", s.serveError)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", s.serveInitError)
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: initTimeout}
	go func() { _ = s.server.Serve(listener) }() // ends with close
	return s, listener.Addr().String(), nil
}

func (s *sandbox) close() { _ = s.server.Close() }

// stop kills the process and waits for its end.
func (s *sandbox) stop() {
	s.kill()
	<-s.gone
}

func (s *sandbox) ended(how fmt.Stringer) {
	s.mu.Lock()
	s.how = how
	s.mu.Unlock()
	s.close()
	close(s.gone)
}

// invoke has the process run one invocation. handed is false where the process
// had ended before it could take it.
func (s *sandbox) invoke(ctx context.Context, i invocation) (a answer, handed bool) {
	starting, cancel := s.clk.WithTimeout(ctx, initTimeout)
	defer cancel()
	select {
	case s.next <- i:
		return s.await(ctx, i), true
	case <-s.gone:
		return answer{err: s.end(i.id)}, false
	case <-starting.Done():
		return answer{err: interrupted(ctx, i.id, initTimeout)}, true
	}
}

func (s *sandbox) await(ctx context.Context, i invocation) answer {
	running, cancel := s.clk.WithTimeout(ctx, s.config.timeout())
	defer cancel()
	select {
	case a := <-s.answers:
		return a
	case <-running.Done():
		return answer{err: interrupted(ctx, i.id, s.config.timeout())}
	case <-s.gone:
	}
	select {
	case a := <-s.answers: // it answered and ended
		a.reusable = false
		return a
	default:
		return answer{err: s.end(i.id)}
	}
}

// interrupted says what ended a wait: the caller or the limit.
func interrupted(ctx context.Context, id string, limit time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return timedOut(id, limit)
}

// end says why the process ended.
func (s *sandbox) end(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return s.failed
	}
	return exited(id, s.how)
}

func (s *sandbox) serveNext(w http.ResponseWriter, r *http.Request) {
	select {
	case i := <-s.next:
		s.mu.Lock()
		s.current = i.id
		s.mu.Unlock()
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", i.id)
		h.Set("Lambda-Runtime-Invoked-Function-Arn", s.config.ARN)
		// The process compares it with its own clock, which is the real one.
		now := clock.Real().Now()
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(now.Add(s.config.timeout()).UnixMilli(), 10))
		h.Set("Lambda-Runtime-Trace-Id", fmt.Sprintf("Root=1-%08x-%024x;Parent=%016x;Sampled=0", now.Unix(), now.UnixNano(), now.UnixNano()))
		_, _ = w.Write(i.payload) // where it has gone away, its end is the answer
	case <-r.Context().Done():
	}
}

func (s *sandbox) serveResponse(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(io.LimitReader(r.Body, maxPayload+1))
	switch {
	case err != nil:
		refuse(w, "InvalidRequest", err.Error())
	case len(payload) > maxPayload:
		s.finish(w, r, http.StatusRequestEntityTooLarge, answer{err: responseTooLarge()})
	default:
		s.finish(w, r, http.StatusAccepted, answer{payload: payload, reusable: true})
	}
}

func (s *sandbox) serveError(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(io.LimitReader(r.Body, maxPayload))
	if err != nil {
		refuse(w, "InvalidRequest", err.Error())
		return
	}
	s.finish(w, r, http.StatusAccepted, answer{err: readFunctionError(payload), reusable: true})
}

// finish ends the current invocation, once.
func (s *sandbox) finish(w http.ResponseWriter, r *http.Request, status int, a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id := r.PathValue("id"); id == "" || id != s.current {
		refuse(w, "InvalidRequestID", "Invalid request ID")
		return
	}
	s.current = ""
	s.answers <- a
	acknowledge(w, status)
}

func (s *sandbox) serveInitError(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(io.LimitReader(r.Body, maxPayload))
	if err != nil {
		refuse(w, "InvalidRequest", err.Error())
		return
	}
	failed := readFunctionError(payload)
	if name := r.Header.Get("Lambda-Runtime-Function-Error-Type"); failed.Type == "" {
		failed.Type = strings.TrimSpace(name)
	}
	s.mu.Lock()
	s.failed = failed
	s.mu.Unlock()
	acknowledge(w, http.StatusAccepted)
}

func acknowledge(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

func refuse(w http.ResponseWriter, errorType, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{"errorType": errorType, "errorMessage": message})
}
