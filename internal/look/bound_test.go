package look_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/checksum"
	"autobackup/internal/look"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// escapeXML also replaces what XML can't hold.
func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

func TestInvariant6OneSideTakesItsShareOfTheStateWhateverS3Answers(t *testing.T) {
	drawn := func(exact ...string) *rapid.Generator[string] {
		hostile := rapid.SampledFrom([]string{`"`, `\`, "<", "x", "é", "\x01"})
		long := rapid.Custom(func(t *rapid.T) string {
			return strings.Repeat(hostile.Draw(t, "char"), rapid.IntRange(0, 300).Draw(t, "times"))
		})
		return rapid.OneOf(rapid.SampledFrom(exact), long)
	}
	rapid.Check(t, func(rt *rapid.T) {
		header := map[string]string{
			"x-amz-delete-marker":          "true",
			"Content-Length":               rapid.SampledFrom([]string{"0", "9223372036854775807", "-9223372036854775808"}).Draw(rt, "size"),
			"ETag":                         drawn(`"5d41402abc4b2a76b9719d911017c592-10000"`).Draw(rt, "etag"),
			"x-amz-server-side-encryption": drawn("aws:kms:dsse").Draw(rt, "encryption"),
			"x-amz-checksum-type":          drawn("FULL_OBJECT", "COMPOSITE").Draw(rt, "type"),
			"x-amz-replication-status":     drawn("COMPLETED").Draw(rt, "status"),
			"x-amz-storage-class":          drawn("INTELLIGENT_TIERING").Draw(rt, "class"),
			"x-amz-object-lock-legal-hold": drawn("OFF").Draw(rt, "hold"),

			"x-amz-object-lock-mode": drawn("COMPLIANCE").Draw(rt, "lock"), "x-amz-object-lock-retain-until-date": "2027-01-02T03:04:05Z",
			"x-amz-tagging-count": "1",
		}
		for _, a := range checksum.Algorithms() {
			value := base64.StdEncoding.EncodeToString(make([]byte, a.Size())) + "-10000"
			header["x-amz-checksum-"+strings.ToLower(string(a))] = drawn(value).Draw(rt, string(a))
		}
		other := maps.Clone(header)                 // the same in other parts
		for name, value := range map[string]string{ // all that metadata tells
			"Content-Type": "application/pdf", "x-amz-meta-owner": "archive", "x-amz-tagging-count": "2", "x-amz-object-lock-legal-hold": "OFF",
			"x-amz-object-lock-mode": "COMPLIANCE", "x-amz-object-lock-retain-until-date": "2030-01-01T00:00:00Z",
		} {
			header[name] = value
		}
		for name, value := range header {
			other[name] = strings.TrimSuffix(value, "-10000") + strings.Repeat("-9999", strings.Count(value, "-10000"))
		}
		status := rapid.SampledFrom([]int{200, 200, 400, 403, 404, 405, 503}).Draw(rt, "answer")
		ruleID := drawn("all").Draw(rt, "rule")
		expiring := "<LifecycleConfiguration><Rule><ID>" + escapeXML(drawn("all").Draw(rt, "lifecycle")) + "</ID><Status>Enabled</Status><Prefix></Prefix>" +
			"<NoncurrentVersionExpiration><NoncurrentDays>0</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>"
		otherStatus := rapid.SampledFrom([]int{200, 200, 400, 403, 404, 405, 503}).Draw(rt, "replica's answer")
		bucket := rapid.SampledFrom([]string{"copy", strings.Repeat("c", 63), strings.Repeat("c", 800)}).Draw(rt, "bucket")
		one := strings.Replace(rule(bucket), "Enabled</Status></DeleteMarker", "Disabled</Status></DeleteMarker", 1)
		one = strings.Replace(one, "Enabled</Status></SseKms", "Disabled</Status></SseKms", 1)
		if rapid.Bool().Draw(rt, "by tag") {
			one = strings.Replace(one, "<Prefix></Prefix>", "<Tag><Key>k</Key><Value>v</Value></Tag>", 1)
		}
		one = strings.Replace(one, "<ID>all", "<ID>"+escapeXML(ruleID), 1)
		code := drawn("InvalidRequest", "InvalidObjectState", "ExpiredToken").Draw(rt, "code")
		region := drawn(away).Draw(rt, "region")
		attributes := rapid.SampledFrom([]int{400, 403, 404}).Draw(rt, "attributes")
		f := anyAnswer(func(r *http.Request) answer {
			switch {
			case r.Method == http.MethodHead && strings.HasPrefix(r.URL.Host, "docs.") && strings.Contains(r.URL.RequestURI(), "versionId"):
				return answer{status: status, header: header}
			case r.Method == http.MethodHead && strings.Contains(r.URL.RequestURI(), "versionId"):
				return answer{status: otherStatus, header: other}
			case r.Method == http.MethodHead && strings.HasPrefix(r.URL.Host, "docs."):
				return inHome
			case r.Method == http.MethodHead:
				return answer{status: 301, header: map[string]string{"x-amz-bucket-region": region}}
			case r.URL.RawQuery == "replication=":
				return rules(one)
			case r.URL.RawQuery == "lifecycle=":
				return answer{status: 200, body: expiring}
			case strings.Contains(r.URL.RawQuery, "attributes"):
				return failure(attributes, escapeXML(code), "")
			default:
				return failure(400, escapeXML(code), escapeXML(code))
			}
		})
		client := sdkClient(f)
		synctest.Test(t, func(t *testing.T) {
			got := look.New(client, client, time.Now).Look(t.Context(), messages(event("docs", "docs/a.txt"))).Messages[0].Look
			for _, side := range append(got.Replicas, verdict.Replica{Side: got.Primary}) {
				encoded, err := json.Marshal(side)
				require.NoError(t, err)
				require.LessOrEqual(t, len(encoded), verdict.MaxSide, "%s", encoded)
				require.Regexp(t, "^[ -~]*$", side.Detail)
				require.Regexp(t, "^[ -~]*$", side.Expires)
			}
			require.LessOrEqual(t, len(got.Unsupported), verdict.MaxSideDetail)
			require.LessOrEqual(t, len(`,"look":`)+text.Encoded(got), look.MaxLook)
		})
	})
}

func TestWhatIsTooLongIsToldSoAndNoEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := strings.Repeat("AES256", 5)
		got := lookAt(t.Context(), newFake(t, unreplicated, map[string]answer{headObject("docs", home): {status: 200, header: map[string]string{
			"ETag": long + long, "x-amz-server-side-encryption": long, "x-amz-storage-class": long, "x-amz-checksum-type": long, "x-amz-replication-status": long,
			"x-amz-checksum-crc32": strings.Repeat("A", 95),
		}}})).Primary
		const tooLong = "too long"
		assert.Equal(t, verdict.Side{Bucket: "docs", Region: home, Found: verdict.Object, ETag: tooLong, Encryption: tooLong, Class: tooLong,
			ChecksumType: tooLong, Replication: tooLong, Checksums: map[string]string{}, Metadata: bare}, got)
		assert.False(t, verdict.Compare(got, verdict.Replica{Side: got}).Verified())
	})
}

func TestOfManyChecksumsTheTwoToTrustMostAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		header := map[string]string{}
		for _, a := range checksum.Algorithms() {
			header["x-amz-checksum-"+strings.ToLower(string(a))] = "value"
		}
		header["x-amz-checksum-"+strings.ToLower(string(checksum.Algorithms()[1]))] = strings.Repeat("A", 95)
		got := lookAt(t.Context(), newFake(t, unreplicated, map[string]answer{headObject("docs", home): {status: 200, header: header}}))
		assert.Equal(t, map[string]string{
			string(checksum.Algorithms()[0]): "value", string(checksum.Algorithms()[2]): "value",
		}, got.Primary.Checksums, "one that is too long crowds out no other")
	})
}

func TestTheLongestChecksumsThatS3MayStoreAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sum := func(a checksum.Algorithm) string {
			return base64.StdEncoding.EncodeToString(make([]byte, a.Size())) + "-10000"
		}
		got := lookAt(t.Context(), newFake(t, unreplicated, map[string]answer{headObject("docs", home): {status: 200, header: map[string]string{
			"x-amz-checksum-sha512": sum(checksum.SHA512), "x-amz-checksum-sha256": sum(checksum.SHA256), "x-amz-checksum-type": "COMPOSITE",
		}}}))
		assert.Equal(t, map[string]string{"SHA512": sum(checksum.SHA512), "SHA256": sum(checksum.SHA256)}, got.Primary.Checksums)
	})
}

func TestTheKeyIsInNoDetail(t *testing.T) {
	const key = "SECRET'\n<key>"
	head := fmt.Sprintf("HEAD docs.s3.%s.amazonaws.com/%s?versionId=v1ENABLED", home, escape(key))
	get := fmt.Sprintf("GET docs.s3.%s.amazonaws.com/%s?versionId=v1&x-id=GetObjectbytes=0-0", home, escape(key))
	refused := &url.Error{Op: "Get", URL: "https://docs/" + key, Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
	for name, got := range map[string]answer{
		"denied on a resource that holds it": failure(403, "AccessDenied", `no policy allows s3:GetObjectVersion on arn:aws:s3:::docs/`+escapeXML(key)),
		"a customer's key":                   failure(400, "InvalidRequest", escapeXML(key)),
		"an archive":                         failure(403, "InvalidObjectState", escapeXML(key)),
		"gone":                               failure(404, "NoSuchVersion", escapeXML(key)),
		"overloaded":                         failure(503, "SlowDown", escapeXML(key)),
		"no XML":                             {status: 400, body: key},
		"no connection":                      {err: refused},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, status := range []int{http.StatusBadRequest, http.StatusForbidden} {
					f := newFake(t, unreplicated, map[string]answer{head: {status: status}, get: got})
					side := f.looker().Look(t.Context(), messages(event("docs", key))).Messages[0].Look.Primary
					assert.Positive(t, f.asked[get])
					assert.NotEmpty(t, side.Detail)
					assert.NotContains(t, side.Detail, "SECRET")
				}
			})
		})
	}
}
