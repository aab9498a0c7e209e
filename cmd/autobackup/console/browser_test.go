package console_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/testing/chromium"
)

var (
	axe     = flag.String("axe", "", "axe.min.js of axe-core: look at the pages in headless Chromium, with its rules")
	shots   = flag.String("shots", "", "folder to keep pictures of the pages in")
	picture = flag.String("picture", "", "file to write the picture of docs/console.md to")
)

// browser is one that axe's rules and pictures are made in.
type browser struct {
	*chromium.Browser
	t *testing.T
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	return &browser{chromium.New(t), t}
}

// shoot keeps a picture of the window.
func (b *browser) shoot(name string) {
	b.t.Helper()
	if *shots == "" {
		return
	}
	b.Shoot(filepath.Join(*shots, name+".png"))
}

// illustrate writes the picture of the documents.
func (b *browser) illustrate(w *world) {
	b.t.Helper()
	if *picture == "" {
		return
	}
	b.Sized(1280, 1290, "light")
	b.Open(w.address + w.of("photo.jpg"))
	b.Evaluate(`document.querySelectorAll("main > section:first-of-type > :not(h2)").forEach((e, i) => { if (i > 2) e.remove(); })`)
	folder, name := filepath.Split(strings.TrimSuffix(*picture, ".png"))
	*shots = folder
	b.shoot(name)
}

// accessible fails where a rule of axe's is broken.
func (b *browser) accessible(what string) {
	b.t.Helper()
	rules, err := os.ReadFile(*axe)
	require.NoError(b.t, err)
	b.Evaluate(string(rules) + "; 0")
	broken := b.Evaluate(`axe.run().then(r => JSON.stringify(r.violations.map(v => [v.id, v.help, v.nodes.slice(0, 3).map(n => n.html)])))`)
	assert.Equal(b.t, "[]", broken, what)
}

// fits fails where the page, once it is all there, is wider than the window.
func (b *browser) fits(what string) {
	b.t.Helper()
	b.Await(`document.readyState === "complete"`)
	assert.Equal(b.t, true, b.Evaluate(`document.documentElement.scrollWidth <= document.documentElement.clientWidth`), "%s is wider than the window: %v", what, b.Evaluate(`document.documentElement.scrollWidth`))
}

// times fails where a time in a table is broken into lines, or a table has none.
func (b *browser) times(what string) {
	b.t.Helper()
	assert.Equal(b.t, true, b.Evaluate(`(cells => cells.length > 0 && cells.every(cell => { const text = document.createRange(); text.selectNodeContents(cell); return text.getClientRects().length === 1; }))([...document.querySelectorAll("td.time")])`), what)
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
	b.Sized(1280, 900, "light")
	b.Open(w.address + "/?token=" + token)
	assert.Equal(t, w.address+"/", b.Evaluate("location.href"), "the token is not in the address any more")
	for name, path := range w.pages() {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int{1280, 360} {
				b.Sized(width, 900, scheme)
				b.Open(w.address + path)
				what := fmt.Sprintf("%s-%s-%d", name, scheme, width)
				b.fits(what)
				if name == "looks" || name == "executions" || name == "execution" {
					b.times(what)
				}
				b.accessible(what)
				b.shoot(what)
			}
		}
	}
	b.Sized(1280, 900, "light")
	b.Open(w.address + "/parked")
	b.Evaluate(`document.querySelector("form button").click()`)
	b.Await(`document.querySelector("main h2") !== null`)
	assert.Contains(t, b.Evaluate(`document.querySelector("main").innerText`), "CONTENT_MISMATCH")
	b.fits("a sample")
	b.accessible("a sample")
	b.shoot("sample-light-1280")
	b.Open(w.address + "/executions")
	b.Evaluate(`document.querySelector("summary").click(); document.querySelector("[name=key]").value = "2026/"; document.querySelector("[name=begins]").click()`)
	b.fits("the form")
	b.accessible("the form")
	b.Evaluate(`document.querySelector(".find button").click()`)
	b.Await(`document.readyState === "complete" && document.querySelector("h1")?.innerText === "Looks"`)
	assert.Contains(t, b.Evaluate(`document.querySelector("tbody").innerText`), "contract.pdf")
	assert.Equal(t, "2026/", b.Evaluate(`document.querySelector("[name=key]").value`))
	b.illustrate(w)
	_, file := w.report()
	b.Open(w.address + file)
	assert.Contains(t, b.Evaluate(`document.querySelector("h1").innerText`), "Audit of ")
	assert.Empty(t, b.Said)
}

// Somebody has what is parked for a reason looked at again, with the keyboard's own ways alone: forms that
// scripts have no part in.
func TestThePageActsInABrowser(t *testing.T) {
	if *axe == "" {
		t.Skip("-axe names no file: .ci/run has it")
	}
	w := newWorld(t)
	w.scenarios()
	w.acting(w.AWSConfig(w.region))
	b := newBrowser(t)
	b.Sized(1280, 900, "light")
	b.Open(w.address + "/?token=" + token)
	looks := func(what string) {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int{360, 1280} {
				b.Sized(width, 900, scheme)
				b.fits(what)
				b.accessible(what)
				b.shoot(fmt.Sprintf("%s-%s-%d", what, scheme, width))
			}
		}
	}
	b.Open(w.address + "/parked")
	b.Evaluate(`document.querySelectorAll("details").forEach(d => { d.open = true; })`)
	looks("what can be done")
	b.Evaluate(`document.querySelector("form button").click()`)
	b.Await(`document.querySelector("main h3") !== null`)
	b.Evaluate(`document.querySelectorAll("details").forEach(d => { d.open = true; })`)
	looks("what can be done for a reason")
	b.Evaluate(`[...document.querySelectorAll("h3")].find(h => h.innerText === "MALFORMED_EVENT").parentElement.querySelector("button[value=discard]").click()`)
	b.Await(`document.querySelector("input[name=why]") !== null`)
	looks("a plan")
	assert.Contains(t, b.Evaluate(`document.querySelector("main").innerText`), "Put 1 message on record and delete them?")
	b.Evaluate(`document.querySelector("main form button").click()`)
	assert.Equal(t, true, b.Evaluate(`document.querySelector("input[name=why]:invalid") !== null`), "the browser asks why")
	b.Evaluate(`document.querySelector("input[name=why]").value = "a test"; document.querySelector("main form button").click()`)
	b.Await(`document.querySelector("main h1")?.innerText === "Done: Discard them"`)
	assert.Contains(t, b.Evaluate(`document.querySelector("main").innerText`), "all done, 1 message")
	looks("an action")
	b.Open(w.address + "/done")
	assert.Contains(t, b.Evaluate(`document.querySelector("main").innerText`), "a test")
	looks("what people did")
	assert.Empty(t, b.Said)
}

// A page of another port, as of a notebook or a terminal on the web, leads here with the token.
func TestALinkOfAnotherPageLeadsToThePageInABrowser(t *testing.T) {
	if *axe == "" {
		t.Skip("-axe names no file: .ci/run has it")
	}
	w := newWorld(t)
	other := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		query := ""
		if r.URL.Path == "/token" {
			query = "?token=" + token
		}
		rw.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(rw, `<!DOCTYPE html><script>setTimeout(() => { location = %q })</script>`, w.address+"/parked"+query)
	}))
	t.Cleanup(other.Close)
	b := newBrowser(t)
	b.Open(other.URL + "/token")
	b.Await(`document.querySelector("h1")?.innerText === "Parked messages"`)
	assert.Equal(t, w.address+"/parked", b.Evaluate("location.href"), "the token is not in the address any more")
	assert.Empty(t, b.Said)
	b.Open(other.URL)
	b.Await(`document.querySelector("h1")?.innerText === "Another page asks"`)
}

// What comes is shown without a reload, and the keyboard reaches it.
func TestThePageIsLiveInABrowser(t *testing.T) {
	if *axe == "" {
		t.Skip("-axe names no file: .ci/run has it")
	}
	w := newWorld(t)
	b := newBrowser(t)
	b.Open(w.address + "/?token=" + token)
	b.Open(w.address + "/executions")
	assert.Equal(t, "none", b.Evaluate(`document.querySelector("tbody").innerText.trim()`))
	b.Evaluate(`window.same = true`)
	w.put(w.bucket("documents"), "a.txt", "content")
	w.settle()
	b.Await(`document.querySelector("tbody a") !== null`)
	assert.Equal(t, true, b.Evaluate(`window.same`), "it is the same document")
	for range 3 { // to the content, and on to the navigation
		b.Call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}, nil)
		b.Call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}, nil)
	}
	assert.Equal(t, "Executions", b.Evaluate(`document.activeElement.innerText`))
	assert.Empty(t, b.Said)
	b.Evaluate(`document.body.append(Object.assign(document.createElement("script"), {textContent: "window.ran = true"}), Object.assign(new Image(), {src: "https://example.com/x.png"})); 0`)
	b.Evaluate(`new Promise(done => setTimeout(done, 200))`)
	assert.Nil(t, b.Evaluate(`window.ran`), "what gets into the page does not run")
	assert.NotEmpty(t, b.Said, "a browser that complains of nothing shows nothing")
}
