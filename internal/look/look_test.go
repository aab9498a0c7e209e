package look_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/checksum"
	"autobackup/internal/verdict"
)

func quoteJSON(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func messages(bodies ...string) batch.Batch {
	b := batch.Batch{Execution: "arn"}
	for i, body := range bodies {
		b.Messages = append(b.Messages, batch.Message{ID: fmt.Sprint(i), Body: body})
	}
	return b
}

// lookAt looks at docs/a.txt in the bucket docs.
func lookAt(ctx context.Context, f *fakeS3) verdict.Look {
	got := f.looker().Look(ctx, messages(event("docs", "docs/a.txt")))
	require.NotNil(f.t, got.Messages[0].Look)
	f.allAsked()
	return *got.Messages[0].Look
}

func TestOneSide(t *testing.T) {
	const bareBadRequest, user = "HeadObject answered 400, ", "User: arn:aws:sts::111122223333:assumed-role/r/f is not authorized to perform: "
	head, get := headObject("docs", home), getByte("docs", home)
	refused := &url.Error{Op: "Head", URL: "https://x", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
	tests := map[string]struct {
		answers map[string]answer
		found   verdict.Found
		detail  string
	}{
		"an object is found": {map[string]answer{head: object}, verdict.Object, ""},
		"an answer that names another version says nothing": {map[string]answer{head: {status: 200, header: map[string]string{"x-amz-version-id": "v2"}}},
			verdict.Unreachable, "HeadObject answered about another version"},
		"an answer that names no version says nothing": {map[string]answer{head: {status: 200, header: map[string]string{"x-amz-version-id": ""}}},
			verdict.Unreachable, "HeadObject answered without naming the version"},
		"405 that names the version is a delete marker": {map[string]answer{head: {status: 405, header: map[string]string{
			"x-amz-delete-marker": "true", "x-amz-version-id": "v1"}}}, verdict.Marker, ""},
		"405 of another delete marker says nothing": {map[string]answer{head: {status: 405, header: map[string]string{
			"x-amz-delete-marker": "true", "x-amz-version-id": "v2", "x-amz-replication-status": "COMPLETED"}}},
			verdict.Unreachable, "HeadObject answered about another version"},
		"a version that is not there is missing":                        {map[string]answer{head: {status: 404}}, verdict.Missing, ""},
		"405 with its header is a delete marker":                        {map[string]answer{head: {status: 405, header: map[string]string{"x-amz-delete-marker": "true"}}}, verdict.Marker, ""},
		"404 is missing, also where the key's last version is a marker": {map[string]answer{head: {status: 404, header: map[string]string{"x-amz-delete-marker": "true"}}}, verdict.Missing, ""},
		"405 without it fits nothing":                                   {map[string]answer{head: {status: 405}}, verdict.Unreachable, "HeadObject answered 405 Method Not Allowed"},
		"403 is denied and says what to grant where S3 does not tell who refuses": {map[string]answer{head: {status: 403}, get: failure(403, "AccessDenied", "Access Denied")}, verdict.Denied,
			"HeadObject answered 403 Forbidden; grant s3:GetObjectVersion, for SSE-KMS also kms:Decrypt on the key"},
		"403 of what a byte can be read of is denied": {map[string]answer{head: {status: 403}, get: {status: 206, body: "x"}}, verdict.Denied,
			"HeadObject answered 403 Forbidden; grant s3:GetObjectVersion, for SSE-KMS also kms:Decrypt on the key"},
		"403 and a GET without an answer is denied": {map[string]answer{head: {status: 403}, get: {after: time.Hour}}, verdict.Denied,
			"HeadObject answered 403 Forbidden; grant s3:GetObjectVersion, for SSE-KMS also kms:Decrypt on the key"},
		"403 for want of a grant names it": {map[string]answer{head: {status: 403}, get: failure(403, "AccessDenied", user+"kms:Decrypt on resource: arn:aws:kms:eu-central-1:111122223333:key/k because no identity-based policy allows the kms:Decrypt action")},
			verdict.Denied, "HeadObject answered 403 Forbidden: no identity-based policy allows kms:Decrypt"},
		"403 by an organization is forbidden": {map[string]answer{head: {status: 403}, get: failure(403, "AccessDenied", user+"s3:GetObjectVersion on resource: &quot;arn:aws:s3:::docs/docs/a.txt&quot; with an explicit deny in a service control policy")},
			verdict.Forbidden, "HeadObject answered 403 Forbidden: explicit deny of s3:GetObjectVersion in a service control policy"},
		"400 and then 403 by an organization is forbidden": {map[string]answer{head: {status: 400}, get: failure(403, "AccessDenied", user+"s3:GetObjectVersion on resource: &quot;arn:aws:s3:::docs/docs/a.txt&quot; with an explicit deny in a service control policy")},
			verdict.Forbidden, bareBadRequest + "GetObject answered 403 AccessDenied: explicit deny of s3:GetObjectVersion in a service control policy"},
		"401 is denied": {map[string]answer{head: {status: 401}, get: failure(401, "Unauthorized", "m")}, verdict.Denied,
			"HeadObject answered 401 Unauthorized; grant s3:GetObjectVersion, for SSE-KMS also kms:Decrypt on the key"},
		"503 after all retries is unreachable": {map[string]answer{head: {status: 503}}, verdict.Unreachable, "HeadObject answered 503 Service Unavailable"},
		"500 after all retries is unreachable": {map[string]answer{head: {status: 500}}, verdict.Unreachable, "HeadObject answered 500 Internal Server Error"},
		"429 is unreachable":                   {map[string]answer{head: {status: 429}}, verdict.Unreachable, "HeadObject answered 429 Too Many Requests"},
		"a moved bucket is unreachable":        {map[string]answer{head: {status: 301}}, verdict.Unreachable, "HeadObject answered 301 Moved Permanently"},
		"a refused connection is unreachable":  {map[string]answer{head: {err: refused}}, verdict.Unreachable, "HeadObject got no answer: dial: connection refused"},
		"no answer is unreachable":             {map[string]answer{head: {after: time.Hour}}, verdict.Unreachable, "HeadObject did not answer in time"},
		"400 of an object with a customer's key": {map[string]answer{head: {status: 400}, get: failure(400, "InvalidRequest", "m")}, verdict.SSEC,
			bareBadRequest + "GetObject answered 400 InvalidRequest: the customer's key is needed"},
		"400 and then the state of an archived object": {map[string]answer{head: {status: 400}, get: failure(403, "InvalidObjectState", "m")}, verdict.Archived,
			bareBadRequest + "GetObject answered 403 InvalidObjectState: the object must be restored to be read"},
		"400 of an expired token is looked at again": {map[string]answer{head: {status: 400}, get: failure(400, "ExpiredToken", "The provided token has expired.")}, verdict.Unreachable,
			bareBadRequest + "GetObject answered 400 ExpiredToken"},
		"400 and then 403 is denied": {map[string]answer{head: {status: 400}, get: failure(403, "AccessDenied", "Access Denied")}, verdict.Denied,
			bareBadRequest + "GetObject answered 403 AccessDenied"},
		"400 and then 404 is missing": {map[string]answer{head: {status: 400}, get: failure(404, "NoSuchVersion", "gone")}, verdict.Missing,
			bareBadRequest + "GetObject answered 404 NoSuchVersion"},
		"400 and then a byte is unreachable": {map[string]answer{head: {status: 400}, get: {status: 206, body: "x"}}, verdict.Unreachable,
			bareBadRequest + "but a byte could be read"},
		"400 and then no answer is unreachable": {map[string]answer{head: {status: 400}, get: {after: time.Hour}}, verdict.Unreachable,
			bareBadRequest + "GetObject did not answer in time"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				side := lookAt(t.Context(), newFake(t, unreplicated, tt.answers)).Primary
				assert.Equal(t, tt.found, side.Found)
				assert.Equal(t, tt.detail, side.Detail)
				assert.Equal(t, "docs", side.Bucket)
				assert.Equal(t, home, side.Region)
				if tt.found != verdict.Object {
					side.Bucket, side.Region, side.Found, side.Detail = "", "", "", ""
					assert.Empty(t, side, "nothing is told of a version that is not there to be seen")
				}
			})
		})
	}
}

func TestAllSidesAreReadAtTheSameVersionInTheirOwnRegions(t *testing.T) {
	for _, buckets := range [][]string{{"copy"}, {"copy", "second"}, {"copy", "second", "third"}} {
		t.Run(strings.Join(buckets, " "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				slow := func(size string) answer {
					return answer{status: 200, header: map[string]string{"ETag": `"e"`, "Content-Length": size}, after: time.Second}
				}
				side := func(bucket, region string, size int64) verdict.Side {
					s := objectFound
					s.Bucket, s.Region, s.Size = bucket, region, size
					return s
				}
				answers := map[string]answer{headObject("docs", home): slow("3")}
				want := verdict.Look{Primary: side("docs", home, 3)}
				for i, bucket := range buckets {
					region := fmt.Sprintf("eu-west-%d", i+1)
					answers[headBucket(bucket)] = answer{status: 301, header: map[string]string{"x-amz-bucket-region": region}}
					answers[headObject(bucket, region)] = slow(fmt.Sprint(10 + i))
					want.Replicas = append(want.Replicas, verdict.Replica{Side: side(bucket, region, int64(10+i))})
				}
				assert.Equal(t, want, lookAt(t.Context(), newFake(t, replicatedTo(buckets...), answers)))
				assert.Equal(t, time.Second, time.Since(start), "all sides are read at the same time")
			})
		})
	}
}

func TestASideThatCanNotBeReadLeavesTheOthersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := lookAt(t.Context(), newFake(t, replicatedTo("copy", "second", "third"), map[string]answer{
			headObject("docs", home): object, headBucket("copy"): {status: 404},
			headObject("second", away): {status: 403}, getByte("second", away): {status: 403}, headObject("third", away): object,
		}))
		var found []verdict.Found
		for _, r := range got.Replicas {
			found = append(found, r.Found)
		}
		assert.Equal(t, []verdict.Found{verdict.Missing, verdict.Denied, verdict.Object}, found)
		assert.Equal(t, verdict.Object, got.Primary.Found)
	})
}

func TestEveryHeaderReachesItsField(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := verdict.Side{
			Bucket: "docs", Region: home, Found: verdict.Object, Size: 5 << 30, ETag: `"e-2"`, Encryption: "aws:kms",
			Class: "INTELLIGENT_TIERING", ChecksumType: "COMPOSITE", Replication: "PENDING", Metadata: bare,
		}
		header := map[string]string{
			"Content-Length": "5368709120", "ETag": `"e-2"`, "x-amz-server-side-encryption": "aws:kms",
			"x-amz-checksum-type": "COMPOSITE", "x-amz-replication-status": "PENDING", "x-amz-storage-class": "INTELLIGENT_TIERING",
		}
		for _, algorithm := range checksum.Algorithms() {
			sent := maps.Clone(header)
			sent["x-amz-checksum-"+strings.ToLower(string(algorithm))] = "value"
			want.Checksums = map[string]string{string(algorithm): "value"}
			got := lookAt(t.Context(), newFake(t, unreplicated, map[string]answer{headObject("docs", home): {status: 200, header: sent}}))
			assert.Equal(t, want, got.Primary)
		}
	})
}

func TestHeadersOfRarerSides(t *testing.T) {
	tests := map[string]struct {
		answer answer
		want   verdict.Side
	}{
		"a customer's key is told as SSE-C": {
			answer{status: 200, header: map[string]string{"x-amz-server-side-encryption-customer-algorithm": "AES256"}},
			verdict.Side{Found: verdict.Object, Encryption: "SSE-C", Checksums: map[string]string{}, Metadata: bare},
		},
		"the usual storage class is not told": {
			answer{status: 200, header: map[string]string{"x-amz-storage-class": "STANDARD"}},
			verdict.Side{Found: verdict.Object, Checksums: map[string]string{}, Metadata: bare},
		},
		"a delete marker keeps its replication status": {
			answer{status: 405, header: map[string]string{"x-amz-delete-marker": "true", "x-amz-replication-status": "COMPLETED"}},
			verdict.Side{Found: verdict.Marker, Replication: "COMPLETED"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.want.Bucket, tt.want.Region = "docs", home
				got := lookAt(t.Context(), newFake(t, unreplicated, map[string]answer{headObject("docs", home): tt.answer}))
				assert.Equal(t, tt.want, got.Primary)
			})
		})
	}
}

func TestOneBadMessageLeavesTheOthersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, unreplicated, map[string]answer{
			headObject("docs", home): object, headBucket("hangs"): {after: time.Hour},
		})
		unversioned := strings.Replace(event("docs", "docs/a.txt"), `,"version-id":"v1"`, "", 1)
		before := messages("noise", event("docs", "docs/a.txt"), "", event("hangs", "k"), `{"source":"aws.ec2"}`, unversioned)
		before.Messages[0].Look = &verdict.Look{Primary: objectFound}
		before.Messages[1].Progress, before.Messages[1].Again = verdict.Progress{Looks: 2, Waited: 30, Unread: 1}, true
		after := f.looker().Look(t.Context(), before)
		require.Len(t, after.Messages, len(before.Messages))
		for i, m := range after.Messages {
			m.Look, before.Messages[i].Look = nil, nil
			assert.Equal(t, before.Messages[i], m)
		}
		assert.Equal(t, verdict.Object, after.Messages[1].Look.Primary.Found)
		assert.Equal(t, verdict.Side{Bucket: "hangs", Found: verdict.Unreachable, Detail: "HeadBucket did not answer in time"}, after.Messages[3].Look.Primary)
		for _, i := range []int{0, 2, 4, 5} {
			assert.Nil(t, after.Messages[i].Look, before.Messages[i].Body)
		}
	})
}

func TestEveryMessageHasALookBeforeTheFunctionsTimeIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bodies []string
		for range 60 {
			bodies = append(bodies, event("docs", "docs/a.txt"))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		got := newFake(t, unreplicated, map[string]answer{headObject("docs", home): {after: time.Hour}}).looker().Look(ctx, messages(bodies...))
		assert.Equal(t, 9*time.Second, time.Since(start))
		assert.Len(t, got.Messages, 60)
		for _, m := range got.Messages {
			assert.Equal(t, "HeadObject did not answer in time", m.Look.Primary.Detail)
			assert.Equal(t, verdict.Unreachable, m.Look.Primary.Found)
		}
	})
}

func TestNoMoreThanTheBoundIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bodies []string
		for range 65 {
			bodies = append(bodies, event("docs", "docs/a.txt"))
		}
		f := newFake(t, unreplicated, map[string]answer{headObject("docs", home): {status: 404, after: time.Second}})
		start := time.Now()
		f.looker().Look(t.Context(), messages(bodies...))
		assert.Equal(t, 32, f.most)
		assert.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestKeysReachS3Unchanged(t *testing.T) {
	keys := []string{
		"a b", "a+b", "a%2Fb", "a%20b", `"quoted" 'keys'`, "line\nbreak\r\n", "tab\there", "emoji 🎉", "é", "e\u0301",
		"a//b", "/leading", "trailing/", "../up", "a/./b", "a/../b", ".", "..", "?query=1", "#fragment", "a&b=c;d", "a:b@c",
		"~-._", "\x01\x1f\x7f", "<xml>", `back\slash`, "*", "(a)[b]{c}|d^e`f", "null", strings.Repeat("ä", 512), strings.Repeat("%", 1024),
	}
	for _, key := range keys {
		t.Run(quoteJSON(key), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				request := fmt.Sprintf("HEAD docs.s3.%s.amazonaws.com/%s?versionId=v1ENABLED", home, escape(key))
				got := newFake(t, unreplicated, map[string]answer{request: object}).looker().Look(t.Context(), messages(event("docs", key)))
				require.NotNil(t, got.Messages[0].Look)
				assert.Equal(t, verdict.Object, got.Messages[0].Look.Primary.Found, got.Messages[0].Look.Primary.Detail)
			})
		})
	}
}

// escape is S3's own: every byte but the unreserved ones and the slash.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
func escape(key string) string {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
	var b strings.Builder
	for _, c := range []byte(key) {
		if strings.IndexByte(unreserved, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
