// Command serve deploys replica.yaml and template.yaml into the local stack,
// without their functions, and serves it on an address of this machine
// until its standard input ends. Its one line of output tells what a function that
// runs elsewhere needs: its configuration as the templates give it, and this
// address. .ci/invoke reads it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path"
	"time"

	"autobackup/internal/local"
	"autobackup/internal/local/clock"
	"autobackup/internal/local/lambda"
)

// queues is where the queues' URLs point, as in AWS: the SDK sends to
// AWS_ENDPOINT_URL all the same, and an alert that names a queue reads alike on
// every run.
const queues = "https://sqs.eu-central-1.amazonaws.com"

// function is what the templates say about a function.
type function struct {
	Name        string
	Timeout     int // seconds
	MemorySize  int // MB
	Environment map[string]string
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address; port 0 is a free one")
	flag.Parse()
	if err := serve(context.Background(), *listen, os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context, listen string, in io.Reader, out io.Writer) (err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", listen, err)
	}
	dir, err := os.MkdirTemp("", "autobackup-serve-")
	if err != nil {
		return fmt.Errorf("make a folder for the stack's data: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	url := "http://" + listener.Addr().String()
	functions := map[string]function{} // by the folder of its main
	stack, err := deploy(ctx, dir, url, functions)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: stack, ReadHeaderTimeout: time.Minute}
	go server.Serve(listener) //nolint:errcheck // always ErrServerClosed
	defer func() { err = errors.Join(err, stack.Close(), server.Close()) }()
	if err := json.NewEncoder(out).Encode(map[string]any{"Functions": functions}); err != nil {
		return fmt.Errorf("tell the address: %w", err)
	}
	_, err = io.Copy(io.Discard, in)
	return err
}

// deploy notes the functions instead of making them run.
func deploy(ctx context.Context, dir, url string, functions map[string]function) (*local.Stack, error) {
	note := func(clk *clock.Clock, newID func() string, c lambda.Config, codeURI string) (*lambda.Function, error) {
		c.Environment["AWS_ENDPOINT_URL"] = url
		functions[path.Base(codeURI)] = function{c.Name, c.Timeout, c.MemorySize, c.Environment}
		return lambda.NewInProcess(clk, newID, c, func(context.Context, []byte) ([]byte, error) {
			return nil, errors.New("this stack has no functions of its own")
		})
	}
	stack, err := local.Start(ctx, local.Config{
		Clock: clock.Real(), Project: ".", Dir: dir, Account: "123456789012", Seed: 1, URL: queues, Runtime: note,
	})
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"replica", "default"} {
		environment, err := local.Environment(".", name)
		if err != nil {
			return nil, errors.Join(err, stack.Close())
		}
		if _, err := stack.Deploy(environment, nil); err != nil {
			return nil, errors.Join(err, stack.Close())
		}
	}
	return stack, nil
}
