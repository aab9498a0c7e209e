package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"autobackup/internal/shell"
	"autobackup/local"
)

// DefaultListen is where a serve listens of which nobody says otherwise.
const DefaultListen = "127.0.0.1:9400"

// at is where a serve is, as it tells others.
type at struct{ URL, Region string }

// path is where a serve tells it. No bucket can have such a name.
const path = "/_serve"

// beside answers where this is, and hands everything else on.
func (a at) beside(stack http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(a) // whoever asked has gone away
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path {
			mux.ServeHTTP(w, r)
			return
		}
		stack.ServeHTTP(w, r) // a mux would clean the paths of odd keys
	})
}

// Environment writes what a shell exports to talk to the serve that listens at an address.
func Environment(ctx context.Context, listen string, out io.Writer) error {
	var a at
	if err := ask(ctx, listen, &a); err != nil {
		return fmt.Errorf("find the serve at %s: %w (start autobackup serve in another terminal; of one with another address, name that with --listen)", listen, err)
	}
	// It is pasted into a shell, and anybody may listen there: each value is one word.
	for _, name := range []struct{ name, value string }{
		{"AWS_ENDPOINT_URL", a.URL}, {"AWS_ACCESS_KEY_ID", local.AccessKey}, {"AWS_SECRET_ACCESS_KEY", local.SecretKey},
		{"AWS_REGION", a.Region}, {"AWS_DEFAULT_REGION", a.Region}, // boto3 reads but the second
	} {
		if _, err := fmt.Fprintf(out, "export %s=%s\n", name.name, shell.Quote(name.value)); err != nil {
			return err
		}
	}
	return nil
}

func ask(ctx context.Context, listen string, a *at) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+path, nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{Timeout: time.Minute}).Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // it was only read
	if response.StatusCode != http.StatusOK || json.NewDecoder(response.Body).Decode(a) != nil || a.URL == "" {
		return errors.New("what answers there is no autobackup serve")
	}
	return nil
}
