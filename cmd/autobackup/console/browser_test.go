package console_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	axe     = flag.String("axe", "", "axe.min.js of axe-core: look at the pages in headless Chromium, with its rules")
	shots   = flag.String("shots", "", "folder to keep pictures of the pages in")
	picture = flag.String("picture", "", "file to write the picture of docs/console.md to")
)

// browser is a headless Chromium that is spoken to through pipes, in its DevTools protocol.
// https://chromedevtools.github.io/devtools-protocol/
type browser struct {
	t       *testing.T
	in      *os.File
	out     *bufio.Reader
	session string
	id      int
	said    []string // what the browser complained about
}

func newBrowser(t *testing.T) *browser {
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
	b := &browser{t: t, in: in, out: bufio.NewReader(out)}
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

// call makes a call, and reads until its answer has come.
func (b *browser) call(method string, parameters, answer any) {
	b.t.Helper()
	b.id++
	text, err := json.Marshal(map[string]any{"id": b.id, "method": method, "params": parameters, "sessionId": b.session})
	require.NoError(b.t, err)
	if b.session == "" {
		text, err = json.Marshal(map[string]any{"id": b.id, "method": method, "params": parameters})
		require.NoError(b.t, err)
	}
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
func (b *browser) next() (m said) {
	b.t.Helper()
	text, err := b.out.ReadBytes(0)
	require.NoError(b.t, err)
	require.NoError(b.t, json.Unmarshal(text[:len(text)-1], &m), string(text))
	switch m.Method {
	case "Log.entryAdded", "Runtime.exceptionThrown":
		b.said = append(b.said, string(m.Params))
	}
	return m
}

// open shows a page, and waits until all of it has come.
func (b *browser) open(address string) {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": address}, nil)
	b.await(`document.readyState === "complete" && location.href !== "about:blank"`)
}

// await waits until something is so.
func (b *browser) await(condition string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return b.evaluate(condition) == true }, 20*time.Second, 50*time.Millisecond, condition)
}

// evaluate is what an expression comes to on the page, promises included.
func (b *browser) evaluate(expression string) any {
	b.t.Helper()
	var answer struct {
		Result struct{ Value any }
		Thrown json.RawMessage `json:"exceptionDetails"`
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &answer)
	require.Nil(b.t, answer.Thrown, "%s: %s", expression, answer.Thrown)
	return answer.Result.Value
}

// sized gives the window a size, in which the page is light or dark.
func (b *browser) sized(width, height int, scheme string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// shoot keeps a picture of the window.
func (b *browser) shoot(name string) {
	b.t.Helper()
	if *shots == "" {
		return
	}
	var picture struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": false}, &picture)
	data, err := base64.StdEncoding.DecodeString(picture.Data)
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(*shots, name+".png"), data, 0o600))
}

// illustrate writes the picture of the documents.
func (b *browser) illustrate(w *world) {
	b.t.Helper()
	if *picture == "" {
		return
	}
	b.sized(1280, 1290, "light")
	b.open(w.address + w.of("photo.jpg"))
	b.evaluate(`document.querySelectorAll("main > section:first-of-type > :not(h2)").forEach((e, i) => { if (i > 2) e.remove(); })`)
	folder, name := filepath.Split(strings.TrimSuffix(*picture, ".png"))
	*shots = folder
	b.shoot(name)
}

// accessible fails where a rule of axe's is broken.
func (b *browser) accessible(what string) {
	b.t.Helper()
	rules, err := os.ReadFile(*axe)
	require.NoError(b.t, err)
	b.evaluate(string(rules) + "; 0")
	broken := b.evaluate(`axe.run().then(r => JSON.stringify(r.violations.map(v => [v.id, v.help, v.nodes.slice(0, 3).map(n => n.html)])))`)
	assert.Equal(b.t, "[]", broken, what)
}

// fits fails where the page is wider than the window.
func (b *browser) fits(what string) {
	b.t.Helper()
	assert.Equal(b.t, true, b.evaluate(`document.documentElement.scrollWidth <= document.documentElement.clientWidth`), "%s is wider than the window: %v", what, b.evaluate(`document.documentElement.scrollWidth`))
}

// The demo's scenarios are on the page: light and dark, in a wide window and a narrow one, without
// a complaint of the browser's or of axe's.
func TestThePagesInABrowser(t *testing.T) {
	if *axe == "" {
		t.Skip("-axe names no file: .ci/run has it")
	}
	w := newWorld(t)
	w.scenarios()
	b := newBrowser(t)
	b.sized(1280, 900, "light")
	b.open(w.address + "/?token=" + token)
	assert.Equal(t, w.address+"/", b.evaluate("location.href"), "the token is not in the address any more")
	for name, path := range w.pages() {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int{1280, 360} {
				b.sized(width, 900, scheme)
				b.open(w.address + path)
				what := fmt.Sprintf("%s-%s-%d", name, scheme, width)
				b.fits(what)
				b.accessible(what)
				b.shoot(what)
			}
		}
	}
	b.sized(1280, 900, "light")
	b.open(w.address + "/parked")
	b.evaluate(`document.querySelector("form button").click()`)
	b.await(`document.querySelector("main h2") !== null`)
	assert.Contains(t, b.evaluate(`document.querySelector("main").innerText`), "CONTENT_MISMATCH")
	b.fits("a sample")
	b.accessible("a sample")
	b.shoot("sample-light-1280")
	b.open(w.address + "/executions")
	b.evaluate(`document.querySelector("summary").click(); document.querySelector("[name=key]").value = "2026/"; document.querySelector("[name=begins]").click()`)
	b.fits("the form")
	b.accessible("the form")
	b.evaluate(`document.querySelector(".find button").click()`)
	b.await(`document.readyState === "complete" && document.querySelector("h1")?.innerText === "Looks"`)
	assert.Contains(t, b.evaluate(`document.querySelector("tbody").innerText`), "contract.pdf")
	assert.Equal(t, "2026/", b.evaluate(`document.querySelector("[name=key]").value`))
	b.illustrate(w)
	_, file := w.report()
	b.open(w.address + file)
	assert.Contains(t, b.evaluate(`document.querySelector("h1").innerText`), "Audit of ")
	assert.Empty(t, b.said)
}

// What comes is shown without a reload, and the keyboard reaches it.
func TestThePageIsLiveInABrowser(t *testing.T) {
	if *axe == "" {
		t.Skip("-axe names no file: .ci/run has it")
	}
	w := newWorld(t)
	b := newBrowser(t)
	b.open(w.address + "/?token=" + token)
	b.open(w.address + "/executions")
	assert.Equal(t, "none", b.evaluate(`document.querySelector("tbody").innerText.trim()`))
	b.evaluate(`window.same = true`)
	w.put(w.bucket("documents"), "a.txt", "content")
	w.settle()
	b.await(`document.querySelector("tbody a") !== null`)
	assert.Equal(t, true, b.evaluate(`window.same`), "it is the same document")
	for range 3 { // to the content, and on to the navigation
		b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}, nil)
		b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}, nil)
	}
	assert.Equal(t, "Executions", b.evaluate(`document.activeElement.innerText`))
	assert.Empty(t, b.said)
	b.evaluate(`document.body.append(Object.assign(document.createElement("script"), {textContent: "window.ran = true"}), Object.assign(new Image(), {src: "https://example.com/x.png"})); 0`)
	b.evaluate(`new Promise(done => setTimeout(done, 200))`)
	assert.Nil(t, b.evaluate(`window.ran`), "what gets into the page does not run")
	assert.NotEmpty(t, b.said, "a browser that complains of nothing shows nothing")
}
