package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/cmd/autobackup/retry"
)

// Page is the page at its address, from where it listens until it was served.
type Page struct {
	URL      string // with the token
	listener net.Listener
	token    string
	hosts    []string
}

// Open listens on an address of the loopback, which flag names.
func Open(ctx context.Context, flag, listen string) (*Page, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w (name another address with %s)", listen, err, flag)
	}
	at, _ := listener.Addr().(*net.TCPAddr)
	if at == nil || !at.IP.IsLoopback() {
		return nil, errors.Join(fmt.Errorf("%s %s: the page shows what your credentials may read, and is for this machine alone: name an address of the loopback, such as 127.0.0.1:4747", flag, listen), listener.Close())
	}
	p := &Page{listener: listener, token: NewToken(), hosts: []string{at.String(), fmt.Sprintf("localhost:%d", at.Port)}}
	p.URL = fmt.Sprintf("http://%s/?token=%s", at, p.token)
	return p, nil
}

// Close gives the address back where it is not served. Serve does so at its end.
func (p *Page) Close() error { return p.listener.Close() }

// Serve shows a stage until ctx ends.
func (p *Page) Serve(ctx context.Context, cfg aws.Config, o Options) error {
	o.Token, o.Hosts = p.token, p.hosts
	c := &console{Options: o, cfg: cfg}
	server := &http.Server{Handler: c.handler(), ReadHeaderTimeout: time.Minute}
	stopped := context.AfterFunc(ctx, func() {
		c.did.finish() // nobody is cut off in the middle of a page of messages
		_ = server.Close()
	})
	defer c.did.finish()
	defer stopped()
	if err := server.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the page: %w", err)
	}
	return nil
}

// Run listens, says where, and shows a stage until ctx ends.
func Run(ctx context.Context, cfg aws.Config, o Options, listen string, out io.Writer) error {
	if err := retry.Asked(ctx, cfg, o.Stage); err != nil { // otherwise only who opens the page learns it
		return err
	}
	page, err := Open(ctx, "--listen", listen)
	if err != nil {
		return err
	}
	does := "reads and changes nothing"
	if o.Actions {
		does = "has messages retried and discarded where you say so"
	}
	if _, err := fmt.Fprintf(out, "The page of the stage %s, which %s, until Ctrl-C:\n%s\n", o.Stage, does, page.URL); err != nil {
		return errors.Join(err, page.Close())
	}
	return page.Serve(ctx, cfg, o)
}
