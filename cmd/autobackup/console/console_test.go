package console_test

import (
	"context"
	"strings"

	"github.com/stretchr/testify/require"

	"autobackup/local"
)

// scenarios are some of the demo's: an upload that is verified, one that is corrupted, one that
// lags, and a message that is no event.
func (w *world) scenarios() {
	w.t.Helper()
	w.put(w.bucket("documents"), "2026/contract.pdf", "content")
	w.settle()
}

// pages are addresses of all pages, with what there is to show.
func (w *world) pages() map[string]string {
	e := w.States.Executions()
	name := e[len(e)-1].Name
	return map[string]string{
		"overview": "/", "executions": "/executions", "execution": "/execution?name=" + name, "parked": "/parked", "audits": "/audits",
	}
}

var _ = []any{context.Background, strings.Contains, require.NoError, local.SecretKey}
