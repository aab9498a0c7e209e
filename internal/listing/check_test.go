package listing_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/listing"
)

// replaced changes the honest answer.
func replaced(pairs ...string) answers {
	return changed(func(body string) string { return strings.NewReplacer(pairs...).Replace(body) })
}

func changed(change func(string) string) answers {
	return func(_ int, r *http.Request, honest func(url.Values) string) (*http.Response, error) {
		return ok(change(honest(r.URL.Query()))), nil
	}
}

// asked answers honestly to another question.
func asked(change func(url.Values)) answers {
	return func(_ int, r *http.Request, honest func(url.Values) string) (*http.Response, error) {
		q := r.URL.Query()
		change(q)
		return ok(honest(q)), nil
	}
}

func TestAPageThatContradictsIsAnErrorAndNoGap(t *testing.T) {
	without := func(body string, elements ...string) string { // the echoes left out
		for _, e := range elements {
			from, to := strings.Index(body, "<"+e+">"), strings.Index(body, "</"+e+">")
			body = body[:from] + body[to+len("</"+e+">"):]
		}
		return body
	}
	silent := func(change func(url.Values)) answers {
		return func(n int, r *http.Request, honest func(url.Values) string) (*http.Response, error) {
			q := r.URL.Query()
			change(q)
			return ok(without(honest(q), "Name", "Prefix", "KeyMarker", "VersionIdMarker")), nil
		}
	}
	// Pages have three rows: a@1 a@2 b@1, c@3 c@2 c@1, d@1. The answer is the second.
	tests := map[string]struct {
		answer answers
		want   string // empty where it is no contradiction
	}{
		"echoes left out":                        {silent(func(url.Values) {}), ""},
		"MinIO's hint behind a next marker":      {replaced("</NextKeyMarker>", "%5Bminio_cache%3Av2%5D</NextKeyMarker>"), ""},
		"the prefix's echo left out":             {changed(func(body string) string { return without(body, "Prefix") }), ""},
		"the bucket's echo left out":             {changed(func(body string) string { return without(body, "Name") }), ""},
		"the key's echo left out":                {changed(func(body string) string { return without(body, "KeyMarker") }), ""},
		"the version's echo left out":            {changed(func(body string) string { return without(body, "VersionIdMarker") }), ""},
		"another bucket":                         {replaced("<Name>docs", "<Name>doc"), "it is of another bucket"},
		"another prefix":                         {replaced("<Prefix>p%2F", "<Prefix>p"), "it is of another prefix"},
		"a page skipped":                         {asked(func(q url.Values) { q.Set("key-marker", "p/c") }), "it begins elsewhere than was asked for"},
		"versions skipped":                       {asked(func(q url.Values) { q.Set("version-id-marker", "9") }), "it begins elsewhere than was asked for"},
		"a marker that the server ignores":       {asked(func(q url.Values) { q.Del("key-marker"); q.Del("version-id-marker") }), "it begins elsewhere than was asked for"},
		"the first page again":                   {silent(func(q url.Values) { q.Del("key-marker"); q.Del("version-id-marker") }), "the key of row 1 comes before the one ahead of it"},
		"the row of the marker again":            {silent(func(q url.Values) { q.Set("key-marker", "p/a"); q.Set("version-id-marker", "2") }), "row 1 repeats a version"},
		"more rows than asked for":               {asked(func(q url.Values) { q.Set("max-keys", "4") }), "4 rows came where at most 3 were asked for"},
		"a key out of order":                     {replaced("<Key>p%2Fc</Key><VersionId>2<", "<Key>p%2Fb</Key><VersionId>2<"), "the key of row 2 comes before the one ahead of it"},
		"a version twice":                        {replaced("<VersionId>2<", "<VersionId>3<"), "row 2 repeats a version"},
		"a version twice, with one between them": {replaced("<VersionId>1<", "<VersionId>3<"), "row 3 repeats a version"},
		"a key without the prefix":               {replaced("<Key>p%2Fc", "<Key>q%2Fc"), "the key of row 1 has not the prefix that was asked for"},
		"a page that is empty and goes on": {changed(func(body string) string {
			return body[:strings.Index(body, "<Version>")] + "<EncodingType>url</EncodingType></ListVersionsResult>"
		}), "it goes on, but the page is empty"},
		"no next marker":             {changed(func(body string) string { return without(body, "NextKeyMarker", "NextVersionIdMarker") }), "the next page begins before this one ends"},
		"a next marker further back": {replaced("<NextKeyMarker>p%2Fc", "<NextKeyMarker>p%2Fb"), "the next page begins before this one ends"},
		"a last page with a marker":  {replaced("<IsTruncated>true", "<IsTruncated>false"), "it ends, but names a next page"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{rows: rowsOf(words...), page: 4, answer: tt.answer}
				l := f.lister()
				l.Prefix = "p/"
				got, err := l.Page(t.Context(), listing.Marker{Key: "p/b", VersionID: "1"}, 3)
				if tt.want == "" {
					require.NoError(t, err)
					assert.Equal(t, keys(f.rows[3:6]), keys(got.Rows))
					return
				}
				require.EqualError(t, err, "the listing of s3://docs is not consistent: "+tt.want+
					"; nothing it says can be relied on. Try again; if it stays so, ask who runs the server")
				assert.Equal(t, listing.Page{}, got)
				assert.Equal(t, int64(1), f.calls)
			})
		})
	}
}

func TestTheKeyOfAMarkerWithoutAVersionIsBehindUs(t *testing.T) {
	f := &fake{rows: rowsOf(words...), page: 9, answer: func(_ int, _ *http.Request, honest func(url.Values) string) (*http.Response, error) {
		return ok(strings.Replace(honest(url.Values{"key-marker": {"p/a"}, "version-id-marker": {"1"}}), "<VersionIdMarker>1<", "<VersionIdMarker><", 1)), nil
	}}
	_, err := f.lister().Page(t.Context(), listing.Marker{Key: "p/a"}, 0)
	require.ErrorContains(t, err, "row 1 is not behind the key that was asked for")
}

func TestAServerThatRepeatsTheVersionsOfAKeyComesToAnEnd(t *testing.T) {
	rows := rowsOf("k@1", "k@2", "k@3", "k@4", "k@5", "k@6", "k@7")
	for from, page := range []int{1, 2, 3, 1, 2} { // pages of which the first of all comes again, and one behind it
		synctest.Test(t, func(t *testing.T) {
			f := &fake{rows: rows, page: page}
			f.answer = func(_ int, r *http.Request, honest func(url.Values) string) (*http.Response, error) {
				q := r.URL.Query()
				if q.Get("version-id-marker") != "6" {
					return nil, nil
				}
				body := honest(url.Values{"key-marker": {"k"}, "version-id-marker": {"1"}})
				if from > 2 {
					body = honest(url.Values{"key-marker": {"j"}})
				}
				return ok(strings.NewReplacer("<VersionIdMarker>1<", "<VersionIdMarker>6<", "<VersionIdMarker><", "<VersionIdMarker>6<", "<KeyMarker>j", "<KeyMarker>k").Replace(body)), nil
			}
			got, err := read(t.Context(), f.lister(), "", "")
			require.ErrorContains(t, err, "the listing of s3://docs is not consistent: the versions of a key repeat themselves")
			assert.Len(t, got, []int{6, 7, 8, 6, 6}[from], "rows before the first that a page began with")
		})
	}
}
