// Package chromium is a headless Chromium in which tests look at pages. It reaches this machine alone.
package chromium

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Browser is spoken to through pipes, in its DevTools protocol.
// https://chromedevtools.github.io/devtools-protocol/
type Browser struct {
	Said []string // what the browser complained about

	t       *testing.T
	in      *os.File
	out     *bufio.Reader
	session string
	id      int
}

// New starts a browser with an empty page, which ends with the test.
func New(t *testing.T) *Browser {
	t.Helper()
	theirs, in, err := os.Pipe()
	require.NoError(t, err)
	out, ours, err := os.Pipe()
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", //nolint:gosec // of the test
		"--user-data-dir="+t.TempDir(), "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--remote-debugging-pipe", "about:blank")
	command.ExtraFiles = []*os.File{theirs, ours}
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		for _, f := range []*os.File{theirs, in, out, ours} {
			_ = f.Close()
		}
	})
	b := &Browser{t: t, in: in, out: bufio.NewReader(out)}
	var target struct{ TargetID string }
	b.Call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.Call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.Call(domain+".enable", nil, nil)
	}
	return b
}

// Call makes a call of the protocol, and reads until its answer has come.
func (b *Browser) Call(method string, parameters, answer any) {
	b.t.Helper()
	b.id++
	call := map[string]any{"id": b.id, "method": method, "params": parameters}
	if b.session != "" {
		call["sessionId"] = b.session
	}
	text, err := json.Marshal(call)
	require.NoError(b.t, err)
	_, err = b.in.Write(append(text, 0))
	require.NoError(b.t, err)
	for {
		m := b.next()
		if m.ID != b.id {
			continue
		}
		require.Nil(b.t, m.Error, "%s: %s", method, m.Error)
		if answer != nil {
			require.NoError(b.t, json.Unmarshal(m.Result, answer), string(m.Result))
		}
		return
	}
}

type said struct {
	ID     int
	Method string
	Error  json.RawMessage
	Result json.RawMessage
	Params json.RawMessage
}

// next reads one message, and keeps what the browser complains about.
func (b *Browser) next() (m said) {
	b.t.Helper()
	text, err := b.out.ReadBytes(0)
	require.NoError(b.t, err)
	require.NoError(b.t, json.Unmarshal(text[:len(text)-1], &m), string(text))
	switch m.Method {
	case "Log.entryAdded", "Runtime.exceptionThrown":
		b.Said = append(b.Said, string(m.Params))
	}
	return m
}

// Open shows a page, and waits until all of it has come.
func (b *Browser) Open(address string) {
	b.t.Helper()
	b.Call("Page.navigate", map[string]any{"url": address}, nil)
	b.Await(`document.readyState === "complete" && location.href !== "about:blank"`)
}

// Await waits until something is so, for up to a minute.
func (b *Browser) Await(condition string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return b.Evaluate(condition) == true }, time.Minute, 50*time.Millisecond, condition)
}

// Evaluate is what an expression comes to on the page, promises included.
func (b *Browser) Evaluate(expression string) any {
	b.t.Helper()
	var answer struct {
		Result struct{ Value any }
		Thrown json.RawMessage `json:"exceptionDetails"`
	}
	b.Call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &answer)
	require.Empty(b.t, string(answer.Thrown), expression)
	return answer.Result.Value
}

// Sized gives the window a size in pixels, in which the page is "light" or "dark".
func (b *Browser) Sized(width, height int, scheme string) {
	b.t.Helper()
	b.Call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.Call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// Shoot writes a picture of the window, as PNG.
func (b *Browser) Shoot(file string) {
	b.t.Helper()
	var picture struct{ Data string }
	b.Call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": false}, &picture)
	data, err := base64.StdEncoding.DecodeString(picture.Data)
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(file, data, 0o600))
}
