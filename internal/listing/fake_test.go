package listing_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	"autobackup/internal/audit"
	"autobackup/internal/listing"
)

// fake is a server with rows in their order, which may answer otherwise than it should.
type fake struct {
	rows  []audit.Row
	page  int   // rows in a page
	calls int64 // so far
	// answer changes an answer, or what was asked. n counts the calls from 1.
	answer func(n int, request *http.Request, honest func(url.Values) string) (*http.Response, error)
}

func (f *fake) lister() listing.Lister {
	return listing.Lister{Client: newClient(&http.Client{Transport: f}), Bucket: "docs"}
}

// RoundTrip implements http.RoundTripper.
func (f *fake) RoundTrip(request *http.Request) (*http.Response, error) {
	n := int(atomic.AddInt64(&f.calls, 1))
	if f.answer != nil {
		if response, err := f.answer(n, request, f.honest); response != nil || err != nil {
			return response, err
		}
	}
	return ok(f.honest(request.URL.Query())), nil
}

func ok(body string) *http.Response { return status(http.StatusOK, body) }

func status(code int, body string) *http.Response {
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// honest is the answer to a query.
func (f *fake) honest(q url.Values) string {
	var rows []audit.Row
	for _, row := range f.rows[f.begin(q.Get("key-marker"), q.Get("version-id-marker")):] {
		if strings.HasPrefix(row.Key, q.Get("prefix")) {
			rows = append(rows, row)
		}
	}
	size := f.page
	if n, err := strconv.Atoi(q.Get("max-keys")); err == nil && n < size {
		size = n
	}
	truncated := len(rows) > size
	rows = rows[:min(size, len(rows))]
	var b bytes.Buffer
	fmt.Fprintf(&b, `<ListVersionsResult><Name>docs</Name><Prefix>%s</Prefix><KeyMarker>%s</KeyMarker><VersionIdMarker>%s</VersionIdMarker><IsTruncated>%t</IsTruncated>`,
		url.QueryEscape(q.Get("prefix")), url.QueryEscape(q.Get("key-marker")), q.Get("version-id-marker"), truncated)
	if truncated {
		last := rows[len(rows)-1]
		fmt.Fprintf(&b, `<NextKeyMarker>%s</NextKeyMarker><NextVersionIdMarker>%s</NextVersionIdMarker>`, url.QueryEscape(last.Key), last.VersionID)
	}
	for _, r := range rows {
		b.WriteString(element(r))
	}
	b.WriteString(`<EncodingType>url</EncodingType></ListVersionsResult>`)
	return b.String()
}

func element(r audit.Row) string {
	common := fmt.Sprintf(`<Key>%s</Key><VersionId>%s</VersionId><IsLatest>%t</IsLatest><LastModified>%s</LastModified>`,
		url.QueryEscape(r.Key), r.VersionID, r.Latest, r.Modified.Format("2006-01-02T15:04:05.000Z"))
	if r.Marker {
		return "<DeleteMarker>" + common + "</DeleteMarker>"
	}
	return fmt.Sprintf(`<Version>%s<ETag>"%s"</ETag><Size>%d</Size></Version>`, common, r.ETag, r.Size)
}

// begin is the place of the first row behind a marker.
func (f *fake) begin(key, version string) int {
	for i, row := range f.rows {
		if row.Key == key && row.VersionID == version {
			return i + 1
		}
		if row.Key > key {
			return i
		}
	}
	return len(f.rows)
}

// rowsOf makes a row for each word, which is key@version.
func rowsOf(words ...string) (rows []audit.Row) {
	for i, word := range words {
		key, version, _ := strings.Cut(word, "@")
		row := audit.Row{Key: key, VersionID: version, Latest: true, Size: int64(i), ETag: "e", Modified: made}
		if i > 0 && rows[i-1].Key == key {
			row.Latest, row.Superseded, row.Newer, row.ByMarker = false, rows[i-1].Modified, rows[i-1].Newer+1, rows[i-1].Marker
			row.Modified = rows[i-1].Modified.Add(-1)
		}
		row.Modified = row.Modified.Truncate(1e6)
		rows = append(rows, row)
	}
	return rows
}
