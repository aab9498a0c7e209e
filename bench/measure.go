package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"

	"autobackup/local/testing/minio"
)

// result is what became of a tool.
type result struct {
	missing     string
	best        time.Duration
	heads, sent int64 // requests of a run, where they were counted
}

// measure runs every tool rounds times, one after the other in each round, so
// that a busy minute of the machine meets all of them.
func (w *world) measure(ctx context.Context, tools []tool, rounds int, say func(string, ...any)) (map[string]result, error) {
	results := map[string]result{}
	for _, t := range tools {
		r := result{missing: t.missing}
		switch {
		case t.missing != "":
			say("SKIPPED: %s: %s", t.name, t.missing)
		case t.counted:
			var err error
			if r.heads, r.sent, err = w.count(ctx, t); err != nil {
				return nil, fmt.Errorf("%s: %w", t.name, err)
			}
			say("%s: %d requests, %d of them HEAD", t.name, r.sent, r.heads)
		}
		results[t.name] = r
	}
	for round := range rounds {
		for _, t := range tools {
			if t.missing != "" {
				continue
			}
			taken, err := t.run(ctx, w.sides)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.name, err)
			}
			say("round %d: %s: %.2f s (load average %s)", round+1, t.name, taken.Seconds(), load())
			r := results[t.name]
			if r.best == 0 || taken < r.best {
				r.best = taken
			}
			results[t.name] = r
		}
	}
	return results, nil
}

// count runs a tool through two proxies that count its requests.
func (w *world) count(ctx context.Context, t tool) (heads, sent int64, err error) {
	var all, head atomic.Int64
	through := func(server *minio.Server) (*minio.Server, func(), error) {
		target, err := url.Parse(server.URL)
		if err != nil {
			return nil, nil, err
		}
		proxy := httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // it is signed
		}}
		listening := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			all.Add(1)
			if r.Method == http.MethodHead {
				head.Add(1)
			}
			proxy.ServeHTTP(rw, r)
		}))
		return &minio.Server{Region: server.Region, URL: listening.URL}, listening.Close, nil
	}
	primary, closePrimary, err := through(w.primary)
	if err != nil {
		return 0, 0, err
	}
	defer closePrimary()
	replica, closeReplica, err := through(w.replica)
	if err != nil {
		return 0, 0, err
	}
	defer closeReplica()
	_, err = t.run(ctx, sides{primary, replica})
	return head.Load(), all.Load(), err
}
