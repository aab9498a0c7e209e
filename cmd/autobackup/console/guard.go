package console

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// NewToken is one that nobody guesses.
func NewToken() string { return rand.Text() }

// policy is what a page may load and where its forms lead: its own style and script, which fetches
// the page again, and nothing else. Nobody may show it in a frame.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard lets in whoever has the token, which the first address has and a cookie keeps. A page of
// elsewhere may reach this machine by a name that it has changed the address of: the name is
// looked at first. What a page of elsewhere has sent is refused by where the browser says it comes
// from, as well as by the cookie, which is not sent then.
// https://fetch.spec.whatwg.org/#origin-header
func (c *console) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		switch {
		case !slices.Contains(c.Hosts, r.Host):
			refuse(w, http.StatusMisdirectedRequest, "This page is not here", "It is at "+strings.Join(c.Hosts, " and at ")+" alone.")
		case !own(r):
			refuse(w, http.StatusForbidden, "Another page asks", "Only this page's own links and forms lead here.")
		case r.URL.Query().Get("token") != "":
			c.enter(w, r)
		case !c.known(r):
			refuse(w, http.StatusForbidden, "Who are you?", "Open the address that the command has printed, with its token: it is another each time that the command starts.")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// own says whether a request is of a page of this address, or of a person who typed it.
func own(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin != "" && origin != "http://"+r.Host {
		return false
	}
	if r.Method != http.MethodGet && origin == "" {
		return false // a browser says where a form comes from
	}
	// Who follows a link of elsewhere with a token in it is let in, as whoever has the token is.
	return !elsewhere(r) || r.Method == http.MethodGet && r.URL.Query().Get("token") != ""
}

// elsewhere says whether a page of another address has the browser ask.
// https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
func elsewhere(r *http.Request) bool {
	return !slices.Contains([]string{"", "none", "same-origin"}, r.Header.Get("Sec-Fetch-Site"))
}

// cookie is the name that the token is kept by: of this port, as cookies are of all ports.
func cookie(r *http.Request) string {
	_, port, _ := strings.Cut(r.Host[strings.LastIndex(r.Host, "]")+1:], ":")
	return "autobackup-console-" + port
}

func (c *console) is(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(c.Token)) == 1
}

func (c *console) known(r *http.Request) bool {
	kept, err := r.Cookie(cookie(r))
	return err == nil && c.is(kept.Value)
}

// enter keeps the token of an address in a cookie, and takes it out of the address.
func (c *console) enter(w http.ResponseWriter, r *http.Request) {
	values := r.URL.Query()
	if !c.is(values.Get("token")) {
		refuse(w, http.StatusForbidden, "This token is of another time", "Open the address that the command has printed, with its token: it is another each time that the command starts.")
		return
	}
	values.Del("token")
	http.SetCookie(w, &http.Cookie{Name: cookie(r), Value: c.Token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode}) //nolint:gosec // of the loopback, where there is no TLS
	to := url.URL{Path: r.URL.Path, RawQuery: values.Encode()}
	if strings.HasPrefix(to.Path, "//") { // which a browser would take for another host
		to.Path = "/"
	}
	if !elsewhere(r) {
		http.Redirect(w, r, to.String(), http.StatusSeeOther)
		return
	}
	// A redirect of what another page has asked for is still that page's, and comes without the
	// cookie: this page asks for itself.
	w.Header().Set("Refresh", "0; url="+to.String())
	write(w, http.StatusOK, enterPage, view{Title: enterPage.title, Data: to.String()})
}

func escape(value string) string { return url.QueryEscape(value) }
