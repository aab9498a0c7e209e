// Package memnet is a network inside the process: a listener whose connections
// are pipes. HTTP runs over it inside a testing/synctest bubble, where a
// goroutine waiting for a real socket would keep fake time from moving.
package memnet

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
)

// Listener accepts the connections that DialContext makes.
type Listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// Listen returns a listener without an address of its own: whatever is dialed
// reaches it.
func Listen() *Listener {
	return &Listener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// DialContext connects to the listener; network and address are ignored. It
// fails with net.ErrClosed once the listener is closed, and with the context's
// error when that ends first.
func (l *Listener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	server, client := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept waits for the next connection, or fails with net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close stops accepting; connections that exist stay.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is a placeholder, as pipes have no addresses.
func (l *Listener) Addr() net.Addr { return addr{} }

type addr struct{}

func (addr) Network() string { return "memory" }
func (addr) String() string  { return "memory" }

// Client serves handler and returns a client whose every request, whatever its
// host, reaches it, be it for http or https (nothing is encrypted; clients that
// behave differently over https can be seen to). After stop no goroutine of either is left, as a synctest
// bubble demands; requests under way are cut off.
func Client(handler http.Handler) (client *http.Client, stop func()) {
	listener := Listen()
	server := &http.Server{Handler: handler}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // always ErrServerClosed: nothing else ends it
	}()
	transport := &http.Transport{
		DialContext: listener.DialContext, DialTLSContext: listener.DialContext, MaxIdleConnsPerHost: 256,
	}
	return &http.Client{Transport: plainBodies{transport}}, func() {
		transport.CloseIdleConnections()
		_ = server.Close() // closing a pipe can't fail
		<-served
	}
}

// plainBodies hides everything but Read and Close of request bodies. The AWS
// SDK closes a body as soon as the response starts, and its WriteTo then fails
// with io.EOF, for which http.Transport drops the connection under the response.
// Over a pipe, where the response can start before the last write returns, that
// happens often.
type plainBodies struct{ transport *http.Transport }

// RoundTrip implements http.RoundTripper.
func (p plainBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.WithContext(r.Context()) // a copy: a RoundTripper must not change its request
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return p.transport.RoundTrip(r)
}
