package console_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/console"
	"net/http/httptest"
	"time"
)

const host = "127.0.0.1:4747"

// asks sends a request to a page of nobody's stage, which is never reached.
func asks(t *testing.T, method, target string, header map[string]string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://"+host+target, nil)
	for name, value := range header {
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	console.New(aws.Config{}, console.Options{Stage: "dev", Now: time.Now, Token: token, Hosts: []string{host, "localhost:4747"}}).ServeHTTP(w, r)
	return w.Result()
}

func TestOnlyWhoHasTheTokenIsLetInAndByThisAddressAlone(t *testing.T) {
	cookie := "autobackup-console-4747=" + token
	for name, c := range map[string]struct {
		method, target string
		header         map[string]string
		want           int
	}{
		"nobody":                             {http.MethodGet, "/style.css", nil, 403},
		"with the cookie":                    {http.MethodGet, "/style.css", map[string]string{"Cookie": cookie}, 200},
		"by the other name":                  {http.MethodGet, "/style.css", map[string]string{"Cookie": cookie, "Host": "localhost:4747"}, 200},
		"with another's cookie":              {http.MethodGet, "/style.css", map[string]string{"Cookie": "autobackup-console-4747=guessed"}, 403},
		"with the cookie of another port":    {http.MethodGet, "/style.css", map[string]string{"Cookie": "autobackup-console-4748=" + token}, 403},
		"with the token":                     {http.MethodGet, "/executions?status=FAILED&token=" + token, nil, 303},
		"with another token":                 {http.MethodGet, "/?token=guessed", nil, 403},
		"by a name that leads here":          {http.MethodGet, "/style.css", map[string]string{"Cookie": cookie, "Host": "evil.example"}, 421},
		"by such a name with the token":      {http.MethodGet, "/?token=" + token, map[string]string{"Host": "evil.example:4747"}, 421},
		"from a page of elsewhere":           {http.MethodGet, "/style.css", map[string]string{"Cookie": cookie, "Sec-Fetch-Site": "cross-site"}, 403},
		"from a page of another port":        {http.MethodGet, "/style.css", map[string]string{"Cookie": cookie, "Sec-Fetch-Site": "same-site"}, 403},
		"by a link with the token":           {http.MethodGet, "/?token=" + token, map[string]string{"Sec-Fetch-Site": "cross-site"}, 200},
		"by a link with another token":       {http.MethodGet, "/?token=guessed", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		"where such a redirect led":          {http.MethodGet, "/", map[string]string{"Cookie": cookie, "Sec-Fetch-Site": "cross-site"}, 403},
		"a fetch of elsewhere":               {http.MethodGet, "/style.css", map[string]string{"Cookie": cookie, "Origin": "http://evil.example"}, 403},
		"a form of this page":                {http.MethodPost, "/again", map[string]string{"Cookie": cookie, "Origin": "http://" + host}, 303},
		"a form of elsewhere":                {http.MethodPost, "/again", map[string]string{"Cookie": cookie, "Origin": "http://evil.example"}, 403},
		"a form of a sandbox":                {http.MethodPost, "/again", map[string]string{"Cookie": cookie, "Origin": "null"}, 403},
		"a form of nobody knows where":       {http.MethodPost, "/again", map[string]string{"Cookie": cookie}, 403},
		"a form of elsewhere with the token": {http.MethodPost, "/again?token=" + token, map[string]string{"Origin": "http://evil.example"}, 403},
		"a method that nothing takes":        {http.MethodDelete, "/executions", map[string]string{"Cookie": cookie, "Origin": "http://" + host}, 405},
	} {
		answer := asks(t, c.method, c.target, c.header)
		assert.Equal(t, c.want, answer.StatusCode, name)
		assert.True(t, strings.HasPrefix(answer.Header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'self'; script-src 'self';"), name)
		assert.Equal(t, "nosniff", answer.Header.Get("X-Content-Type-Options"), name)
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		assert.NotContains(t, string(text), token, name)
	}
}

func TestTheTokenIsKeptInACookieAndOutOfTheAddress(t *testing.T) {
	answer := asks(t, http.MethodGet, "/executions?status=FAILED&token="+token, nil)
	assert.Equal(t, "/executions?status=FAILED", answer.Header.Get("Location"))
	assert.Equal(t, "autobackup-console-4747="+token+"; Path=/; HttpOnly; SameSite=Strict", answer.Header.Get("Set-Cookie"))
	assert.Equal(t, "/", asks(t, http.MethodGet, "//evil.example?token="+token, nil).Header.Get("Location"), "no address leads elsewhere")
	linked := asks(t, http.MethodGet, "/executions?status=FAILED&token="+token, map[string]string{"Sec-Fetch-Site": "same-site"})
	assert.Equal(t, "0; url=/executions?status=FAILED", linked.Header.Get("Refresh"), "the page asks for itself")
	assert.Equal(t, answer.Header.Get("Set-Cookie"), linked.Header.Get("Set-Cookie"))
	assert.NotEqual(t, console.NewToken(), console.NewToken())
	assert.Greater(t, len(console.NewToken()), 20)
}
