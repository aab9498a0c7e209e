// Package serve runs the two stacks on this machine, for other programs to talk
// to: the aws CLI, and functions that `sam local invoke` runs in containers.
package serve

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"autobackup/cmd/autobackup/functions"
	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/lambda"
	"autobackup/local/samconfig"
)

// account is the one that `sam local invoke` takes where no credentials tell another.
const account = "123456789012"

// ready is what is told once everything is deployed.
const ready = `Both stacks are deployed on this machine, in %s and %s, for account %s.
They are there until Ctrl-C. In another terminal:

  export AWS_ENDPOINT_URL=%s AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s

E-mails are written to %s, which goes with the rest.
`

// Options say what to serve where.
type Options struct {
	Project  string    // folder of the templates
	Listen   string    // address, with a port; 0 is a free one
	Out      io.Writer // gets what to paste
	Progress io.Writer
}

// Run builds the functions, deploys replica.yaml and template.yaml as
// samconfig.toml says, and serves them in real time until ctx ends. What was
// uploaded goes with it.
func Run(ctx context.Context, o Options) error {
	var environments []samconfig.Environment
	for _, name := range []string{"replica", "default"} {
		environment, err := local.Environment(o.Project, name)
		if err != nil {
			return err
		}
		environments = append(environments, environment)
	}
	listeners, err := listen(ctx, o.Listen) // before the build, which takes a while
	if err != nil {
		return err
	}
	defer func() {
		for _, l := range listeners {
			_ = l.Close() // it is closed already, where it was served
		}
	}()
	if _, err := fmt.Fprintln(o.Progress, "Building the functions ..."); err != nil {
		return err
	}
	binaries, err := functions.Build(ctx, o.Project)
	if err != nil {
		return err
	}
	return serve(ctx, o, environments, binaries, listeners)
}

func serve(ctx context.Context, o Options, environments []samconfig.Environment, binaries lambda.Runtime, listeners []net.Listener) (err error) {
	dir, err := os.MkdirTemp("", "autobackup-serve-")
	if err != nil {
		return fmt.Errorf("make a folder for the stacks' data: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	stack, err := local.Start(context.WithoutCancel(ctx), local.Config{ // Close ends it, in order
		Clock: clock.Real(), Project: o.Project, Dir: dir, Account: account, Seed: seed(), URL: reached(listeners[0]), Runtime: binaries,
	})
	if err != nil {
		return err
	}
	server := &http.Server{Handler: stack, ReadHeaderTimeout: time.Minute}
	for _, l := range listeners {
		go server.Serve(l) //nolint:errcheck // always ErrServerClosed
	}
	defer func() { err = errors.Join(err, stack.Close(), server.Close()) }()
	for _, environment := range environments {
		if _, err := stack.Deploy(environment, nil); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(stack.Outbox(), 0o750); err != nil {
		return fmt.Errorf("make a folder for e-mails: %w", err)
	}
	if _, err := fmt.Fprintf(o.Out, ready, environments[1].Region, environments[0].Region, account,
		stack.URL, local.AccessKey, local.SecretKey, stack.Outbox()); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// seed makes the ids of each run others: what somebody noted in one means nothing else
// in the next.
func seed() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}

// bridge is the interface of the network that Docker puts containers on. On
// Linux, host.docker.internal is its address (samconfig.toml); with Docker
// Desktop, there is none, and host.docker.internal leads to the loopback.
const bridge = "docker0"

// listen listens on an address and, where that is of the loopback, also on Docker's
// bridge, where containers reach this machine.
func listen(ctx context.Context, address string) (listeners []net.Listener, err error) {
	var config net.ListenConfig
	first, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w (name another address with --listen)", address, err)
	}
	listeners = []net.Listener{first}
	at := first.Addr().(*net.TCPAddr) //nolint:errcheck,forcetypeassert // of "tcp"
	docker, err := net.InterfaceByName(bridge)
	if err != nil || !at.IP.IsLoopback() {
		return listeners, nil //nolint:nilerr // without Docker, there are no containers
	}
	addresses, err := docker.Addrs()
	if err != nil {
		return nil, fmt.Errorf("read the addresses of %s: %w", bridge, err)
	}
	for _, a := range addresses {
		own, ok := a.(*net.IPNet)
		if !ok || own.IP.To4() == nil {
			continue
		}
		l, err := config.Listen(ctx, "tcp", (&net.TCPAddr{IP: own.IP, Port: at.Port}).String())
		if err != nil {
			return nil, fmt.Errorf("listen for Docker's containers: %w (name another address with --listen)", err)
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

// reached is the address at which this machine reaches a listener.
func reached(l net.Listener) string {
	at := *l.Addr().(*net.TCPAddr) //nolint:errcheck,forcetypeassert // of "tcp"
	if at.IP.IsUnspecified() {
		at.IP = net.IPv4(127, 0, 0, 1)
	}
	return "http://" + at.String()
}
