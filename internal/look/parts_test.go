package look_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/checksum"
	"autobackup/internal/look"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

func raw(a checksum.Algorithm, content string) string {
	h := a.New()
	h.Write([]byte(content))
	return string(h.Sum(nil))
}

func encode(digest string) string { return base64.StdEncoding.EncodeToString([]byte(digest)) }

// headOf is the answer to HEAD of an upload in these parts, one of a PutObject
// where there are none, under SSE-KMS, so that ETags say nothing.
func headOf(a checksum.Algorithm, content string, pieces ...string) answer {
	kind, sum := "FULL_OBJECT", encode(raw(a, content))
	if len(pieces) > 0 {
		digests := ""
		for _, p := range pieces {
			digests += raw(a, p)
		}
		kind, sum = "COMPOSITE", fmt.Sprintf("%s-%d", encode(raw(a, digests)), len(pieces))
	}
	return answer{status: 200, header: map[string]string{
		"Content-Length": fmt.Sprint(len(content)), "x-amz-server-side-encryption": "aws:kms",
		"x-amz-checksum-type": kind, "x-amz-checksum-" + strings.ToLower(string(a)): sum,
	}}
}

// page is a page of parts, the first of which has the number after behind.
func page(a checksum.Algorithm, more bool, behind int, pieces ...string) answer {
	var b strings.Builder
	for i, p := range pieces {
		fmt.Fprintf(&b, "<Part><PartNumber>%d</PartNumber><Size>%d</Size><Checksum%s>%s</Checksum%[3]s></Part>", behind+i+1, len(p), a, encode(raw(a, p)))
	}
	return answer{status: 200, body: fmt.Sprintf("<GetObjectAttributesResponse><ObjectParts><IsTruncated>%t</IsTruncated>"+
		"<NextPartNumberMarker>%d</NextPartNumberMarker>%s</ObjectParts></GetObjectAttributesResponse>", more, behind+len(pieces), b.String())}
}

// both are the answers about two sides, replicated.
func both(primary, replica answer, more map[string]answer) []map[string]answer {
	return []map[string]answer{replicated, {headObject("docs", home): primary, headObject("copy", away): replica}, more}
}

func TestPartsAreReadWhereTheHeadsLeaveItOpen(t *testing.T) {
	const crc, sha = checksum.CRC32, checksum.SHA256
	p, r, behind := getParts("docs", home, ""), getParts("copy", away, ""), getParts("docs", home, "2")
	whole := encode(raw(crc, "abcdef"))
	for name, tc := range map[string]struct {
		answers []map[string]answer
		want    *verdict.Parts
		reason  reason.Code
	}{
		"another way to cut, over two pages": {both(headOf(crc, "abcdef", "a", "bc", "def"), headOf(crc, "abcdef", "abcd", "ef"), map[string]answer{
			p: page(crc, true, 0, "a", "bc"), behind: page(crc, false, 2, "def"), r: page(crc, false, 0, "abcd", "ef"),
		}), &verdict.Parts{Algorithm: crc, Equal: true, Sum: whole}, ""},
		"other content, cut in another way": {both(headOf(crc, "abcdef", "a", "bc", "def"), headOf(crc, "abcdeF", "abc", "deF"), map[string]answer{
			p: page(crc, false, 0, "a", "bc", "def"), r: page(crc, false, 0, "abc", "deF"),
		}), &verdict.Parts{Algorithm: crc, Offset: 3, Length: 3}, reason.ContentMismatch},
		"one side in one piece, whose parts are not asked for": {both(headOf(crc, "abcdef"), headOf(crc, "abcdef", "abcd", "ef"), map[string]answer{
			r: page(crc, false, 0, "abcd", "ef"),
		}), &verdict.Parts{Algorithm: crc, Equal: true, Sum: whole}, ""},
		"a digest that differs in one part": {both(headOf(sha, "abcdef", "ab", "cd", "ef"), headOf(sha, "abcdef", "ab", "cD", "ef"), map[string]answer{
			p: page(sha, false, 0, "ab", "cd", "ef"), r: page(sha, false, 0, "ab", "cD", "ef"),
		}), &verdict.Parts{Algorithm: sha, Offset: 2, Length: 2}, reason.ContentMismatch},
		"a digest that does not combine": {both(headOf(sha, "abcdef", "ab", "cdef"), headOf(sha, "abcdef", "abcd", "ef"), map[string]answer{
			p: page(sha, false, 0, "ab", "cdef"), r: page(sha, false, 0, "abcd", "ef"),
		}), &verdict.Parts{Algorithm: sha, Detail: "cut differently, and SHA256 does not combine"}, reason.Inconclusive},
		"parts that are not told": {both(headOf(crc, "abc", "a", "bc"), headOf(crc, "abc"), map[string]answer{
			p: {status: 200, body: "<GetObjectAttributesResponse></GetObjectAttributesResponse>"},
		}), &verdict.Parts{Algorithm: crc, Detail: "primary: 0 parts listed of 2"}, reason.Inconclusive},
		"parts of another algorithm": {both(headOf(crc, "abc", "a", "bc"), headOf(crc, "abc"), map[string]answer{
			p: page(sha, false, 0, "a", "bc"),
		}), &verdict.Parts{Algorithm: crc, Detail: "primary: parts of other sizes or checksums"}, reason.Inconclusive},
		"parts of another version": {both(headOf(crc, "abc", "a", "bc"), headOf(crc, "abc"), map[string]answer{
			p: page(crc, false, 0, "A", "bc"),
		}), &verdict.Parts{Algorithm: crc, Detail: "primary: parts do not make up the checksum"}, reason.Inconclusive},
		"an empty page in a list that goes on": {both(headOf(crc, "abc", "a", "bc"), headOf(crc, "abc"), map[string]answer{
			p: page(crc, true, 0),
		}), &verdict.Parts{Algorithm: crc, Detail: "primary failed: list of parts has no end"}, reason.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := lookAt(t.Context(), newFake(t, tc.answers...))
				assert.Equal(t, tc.want, got.Replicas[0].Parts)
				assert.Equal(t, tc.reason, verdict.Compare(got.Primary, got.Replicas[0]).Reason)
			})
		})
	}
}

func TestPartsOfEveryReplicaAreReadWhereItsHeadLeavesItOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const crc = checksum.CRC32
		slow := func(a answer) answer {
			a.after = time.Second
			return a
		}
		whole := headOf(crc, "abcdef")
		start := time.Now()
		got := lookAt(t.Context(), newFake(t, replicatedTo("copy", "second", "third"), map[string]answer{
			headObject("docs", home): whole, headObject("copy", away): headOf(crc, "abcdef", "ab", "cdef"),
			headObject("second", away): whole, headObject("third", away): headOf(crc, "abcdeF", "abcd", "eF"),
			getParts("copy", away, ""): slow(page(crc, false, 0, "ab", "cdef")), getParts("third", away, ""): slow(page(crc, false, 0, "abcd", "eF")),
		}))
		assert.Equal(t, &verdict.Parts{Algorithm: crc, Equal: true, Sum: encode(raw(crc, "abcdef"))}, got.Replicas[0].Parts)
		assert.Nil(t, got.Replicas[1].Parts)
		assert.Equal(t, &verdict.Parts{Algorithm: crc, Length: 6}, got.Replicas[2].Parts)
		assert.Equal(t, time.Second, time.Since(start), "they are read at the same time")
	})
}

// The fake fails the test for any request that was not prepared.
func TestPartsAreNotReadWhereTheHeadsDecide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		equal := headOf(checksum.CRC32, "abc", "a", "bc")
		for _, replica := range []answer{equal, {status: 404}, {status: 403}, headOf(checksum.CRC32, "abcd", "a", "bcd"), headOf(checksum.SHA1, "abc", "a", "bc")} {
			more := map[string]answer{}
			if replica.status == http.StatusForbidden {
				more[getByte("copy", away)] = replica
			}
			got := lookAt(t.Context(), newFake(t, both(equal, replica, more)...))
			assert.Nil(t, got.Replicas[0].Parts)
		}
	})
}

func TestAnErrorAboutPartsIsNoVerdictOnContent(t *testing.T) {
	for name, tc := range map[string]struct {
		answer answer
		detail string
	}{
		"denied":                   {failure(403, "AccessDenied", "no s3:GetObjectVersionAttributes on SECRET"), "replica answered 403 AccessDenied"},
		"gone":                     {failure(404, "NoSuchVersion", "SECRET"), "replica answered 404 NoSuchVersion"},
		"deleted since":            {failure(405, "MethodNotAllowed", "SECRET"), "replica answered 405 MethodNotAllowed"},
		"not implemented":          {failure(501, "NotImplemented", "SECRET"), "replica answered 501 NotImplemented"},
		"overloaded":               {failure(503, "SlowDown", "SECRET"), "replica answered 503 SlowDown"},
		"no answer":                {answer{after: time.Hour}, "replica did not answer in time"},
		"no XML":                   {answer{status: 200, body: "<"}, "replica answered 200 OK"},
		"a code that fits":         {failure(400, strings.Repeat("x", 27), "SECRET"), "replica answered 400 " + strings.Repeat("x", 27)},
		"a longer one":             {failure(400, strings.Repeat("x", 28), "SECRET"), "replica answered 400 " + strings.Repeat("x", 24) + "..."},
		"one that is shown longer": {failure(400, strings.Repeat("x", 26)+"&#34;", "SECRET"), "too long"},
		"an odd one":               {failure(400, "ä", "SECRET"), "replica answered 400 ?"},
		"a long, odd one":          {failure(400, strings.Repeat("&#34;", 90), "SECRET"), "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := lookAt(t.Context(), newFake(t, both(headOf(checksum.CRC32, "abc"), headOf(checksum.CRC32, "abc", "ab", "c"),
					map[string]answer{getParts("copy", away, ""): tc.answer})...))
				assert.Equal(t, &verdict.Parts{Algorithm: checksum.CRC32, Detail: tc.detail}, got.Replicas[0].Parts)
				assert.Equal(t, verdict.Object, got.Replicas[0].Found)
				v := verdict.Judge(verdict.Event{}, got, verdict.Progress{Looks: 1}, verdict.Policy{})
				assert.Equal(t, reason.Inconclusive, v.Reason)
				require.Len(t, v.Replicas, 1)
				assert.Contains(t, v.Replicas[0].Detail, "GetObjectAttributes: "+tc.detail)
				assert.NotContains(t, v.Replicas[0].Detail, "SECRET")
			})
		})
	}
}

func TestAListOfPartsThatNeverEndsIsGivenUp(t *testing.T) {
	thousand := strings.Split(strings.Repeat("x", 1000), "")
	for name, tc := range map[string]struct {
		next     func(marker int) int
		requests int
	}{
		"at once where it does not go on":     {func(int) int { return 1000 }, 2},
		"after as many as an upload may have": {func(marker int) int { return marker + 1000 }, 10},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				requests := 0
				client := sdkClient(anyAnswer(func(r *http.Request) answer {
					marker, _ := strconv.Atoi(r.Header.Get("x-amz-part-number-marker")) // none is 0
					switch {
					case strings.Contains(r.URL.RawQuery, "attributes"):
						requests++
						return page(checksum.CRC32, true, tc.next(marker)-1000, thousand...)
					case r.URL.RawQuery == "replication=":
						return rules(rule("copy"))
					case !strings.Contains(r.URL.RawQuery, "versionId"):
						return inHome
					case strings.HasPrefix(r.URL.Host, "docs."):
						return headOf(checksum.CRC32, "abc", "a", "bc")
					default:
						return headOf(checksum.CRC32, "abc")
					}
				}))
				got := look.New(client, client, time.Now).Look(t.Context(), messages(event("docs", "docs/a.txt"))).Messages[0].Look
				assert.Equal(t, "primary failed: list of parts has no end", got.Replicas[0].Parts.Detail)
				assert.Equal(t, tc.requests, requests)
			})
		})
	}
}
