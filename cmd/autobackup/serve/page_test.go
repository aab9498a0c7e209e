package serve_test

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/serve"
)

// browser keeps cookies, as people's do, and says where its forms come from.
type browser struct {
	t       *testing.T
	address *url.URL
	client  *http.Client
}

// browse opens the page that the first screen names.
func (r running) browse(t *testing.T) browser {
	address, err := url.Parse(r.says(t, `(?m)^page +(http://\S+)$`)[1])
	require.NoError(t, err)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	b := browser{t, address, &http.Client{Jar: jar}}
	b.opens("?" + address.RawQuery)
	return b
}

func (b browser) does(method, path, form string) string {
	b.t.Helper()
	to, err := b.address.Parse("/" + path)
	require.NoError(b.t, err)
	request, err := http.NewRequestWithContext(context.WithoutCancel(b.t.Context()), method, to.String(), strings.NewReader(form))
	require.NoError(b.t, err)
	request.Header.Set("Origin", "http://"+b.address.Host)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := b.client.Do(request)
	require.NoError(b.t, err)
	defer func() { _ = answer.Body.Close() }()
	page, err := io.ReadAll(answer.Body)
	require.NoError(b.t, err)
	require.Equal(b.t, http.StatusOK, answer.StatusCode, "%s", page)
	return html.UnescapeString(string(page))
}

func (b browser) opens(path string) string { return b.does(http.MethodGet, path, "") }

func TestThePageShowsWhatComesOfUploads(t *testing.T) {
	r := served(t, serve.Options{Fast: true})
	cfg := r.client(t, "")
	_, err := r.typed.Write([]byte("c\n"))
	require.NoError(t, err)
	r.says(t, "the next replica has a flipped bit")
	upload(t, cfg, "damaged <b>")
	r.says(t, `(?m)  documents  "damaged <b>"  failed  CONTENT_MISMATCH$`)

	b := r.browse(t)
	assert.Contains(t, b.opens(""), "autobackup-validation-dlq-dev")
	executions := b.opens("executions")
	link := regexp.MustCompile(`href="/(execution\?[^"]+)"`).FindStringSubmatch(executions)
	require.NotNil(t, link, executions)
	execution := b.opens(link[1])
	assert.Contains(t, execution, "CONTENT_MISMATCH")
	assert.Contains(t, execution, "FetchETags")
	assert.Contains(t, b.does(http.MethodPost, "parked", "queue=autobackup-validation-dlq-dev"), "CONTENT_MISMATCH")
	assert.Contains(t, b.does(http.MethodPost, "plan", "from=parked&do=retry&reason=CONTENT_MISMATCH"), "Send 1 message to autobackup-validation-queue-dev?", "it may act: what it could harm is on this machine alone")
	assert.Contains(t, b.opens("looks?reason=CONTENT_MISMATCH"), "s3://"+documents+"/damaged <b>@")
	require.Eventually(t, func() bool { // a process's lines are written a moment behind its answer
		return strings.Contains(b.opens("emails"), "[dev] Backup check failed: CONTENT_MISMATCH")
	}, time.Minute, 100*time.Millisecond)

	stranger := &http.Client{}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+b.address.Host+"/", http.NoBody)
	require.NoError(t, err)
	answer, err := stranger.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	assert.Equal(t, http.StatusForbidden, answer.StatusCode, "nobody looks without the token")
	require.NoError(t, r.end())
	_, err = stranger.Get("http://" + b.address.Host + "/")
	require.Error(t, err, "it ends with the rest")
	assert.NotContains(t, strings.ToLower(r.String()), "error")
}
