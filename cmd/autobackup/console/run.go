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
)

// Run shows the page at an address of this machine until ctx ends, and says where it is. The page
// can do what the credentials can, so nobody else's machine is let in.
func Run(ctx context.Context, cfg aws.Config, o Options, listen string, out io.Writer) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w (name another address with --listen)", listen, err)
	}
	at, _ := listener.Addr().(*net.TCPAddr)
	if at == nil || !at.IP.IsLoopback() {
		return errors.Join(fmt.Errorf("--listen %s: the page shows what your credentials may read, and is for this machine alone: name an address of the loopback, such as 127.0.0.1:4747", listen), listener.Close())
	}
	o.Token, o.Hosts = NewToken(), []string{at.String(), fmt.Sprintf("localhost:%d", at.Port)}
	server := &http.Server{Handler: New(cfg, o), ReadHeaderTimeout: time.Minute}
	if _, err := fmt.Fprintf(out, "The page of the stage %s, which reads and changes nothing, until Ctrl-C:\nhttp://%s/?token=%s\n", o.Stage, at, o.Token); err != nil {
		return errors.Join(err, listener.Close())
	}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the page: %w", err)
	}
	return nil
}
