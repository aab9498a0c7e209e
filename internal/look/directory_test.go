package look_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/verdict"
)

func TestPrimaryBucketThatCanNotBeRead(t *testing.T) {
	head, get := headBucket("docs"), getReplication("docs")
	tests := map[string]struct {
		answers map[string]answer
		want    verdict.Side
	}{
		"a bucket that is gone": {
			map[string]answer{head: {status: 404}},
			verdict.Side{Found: verdict.Unreachable, Detail: "bucket does not exist"},
		},
		"a bucket that may not be asked for": {
			map[string]answer{head: {status: 403}},
			verdict.Side{Found: verdict.Denied, Detail: "HeadBucket answered 403 Forbidden; grant s3:ListBucket on the bucket"},
		},
		"a bucket that S3 can't tell of now": {
			map[string]answer{head: {status: 503}},
			verdict.Side{Found: verdict.Unreachable, Detail: "HeadBucket answered 503 Service Unavailable"},
		},
		"an error that is a whole novel": {
			map[string]answer{head: {err: &url.Error{Op: "Head", URL: "https://x", Err: errors.New(strings.Repeat("ö", 500))}}},
			verdict.Side{Found: verdict.Unreachable, Detail: "HeadBucket got no answer: " + strings.Repeat("?", 160-len("HeadBucket got no answer: ...")) + "..."},
		},
		"a redirect that names no region": {
			map[string]answer{head: {status: 301}},
			verdict.Side{Found: verdict.Unreachable, Detail: "HeadBucket answered 301 Moved Permanently"},
		},
		"rules that may not be read": {
			map[string]answer{head: inHome, get: failure(403, "AccessDenied", "no policy allows it")},
			verdict.Side{
				Region: home, Found: verdict.Denied,
				Detail: "grant s3:GetReplicationConfiguration on the bucket: GetBucketReplication answered 403 AccessDenied: no policy allows it",
			},
		},
		"rules that an organization forbids to read": {
			map[string]answer{head: inHome, get: failure(403, "AccessDenied", "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: s3:GetReplicationConfiguration on resource: &quot;arn:aws:s3:::docs&quot; with an explicit deny in a service control policy")},
			verdict.Side{
				Region: home, Found: verdict.Forbidden,
				Detail: "GetBucketReplication answered 403 AccessDenied: explicit deny of s3:GetReplicationConfiguration in a service control policy",
			},
		},
		"rules that S3 can't tell now": {
			map[string]answer{head: inHome, get: failure(503, "SlowDown", "Please reduce your request rate.")},
			verdict.Side{Region: home, Found: verdict.Unreachable, Detail: "GetBucketReplication answered 503 SlowDown: Please reduce your request rate."},
		},
		"a bucket deleted since its region is known": {
			map[string]answer{head: inHome, get: failure(404, "NoSuchBucket", "The specified bucket does not exist")},
			verdict.Side{Region: home, Found: verdict.Unreachable, Detail: "bucket does not exist"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.want.Bucket = "docs"
				assert.Equal(t, verdict.Look{Primary: tt.want}, lookAt(t.Context(), newFake(t, tt.answers)))
			})
		})
	}
}

func TestDetailsAreOneShortPrintableLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hostile := failure(403, "AccessDenied", strings.Repeat("ä\n", 500))
		side := lookAt(t.Context(), newFake(t, map[string]answer{headBucket("docs"): inHome, getReplication("docs"): hostile})).Primary
		assert.Regexp(t, `^[ -~]{160}$`, side.Detail)
	})
}

func TestReplicaBucketThatCanNotBeRead(t *testing.T) {
	tests := map[string]struct {
		answer answer
		want   verdict.Side
	}{
		"a bucket that is gone makes the replica missing": {
			answer{status: 404}, verdict.Side{Found: verdict.Missing, Detail: "bucket does not exist"},
		},
		"a bucket that may not be asked for": {
			answer{status: 403}, verdict.Side{Found: verdict.Denied, Detail: "HeadBucket answered 403 Forbidden; grant s3:ListBucket on the bucket"},
		},
		"a bucket that does not answer": {
			answer{after: time.Hour}, verdict.Side{Found: verdict.Unreachable, Detail: "HeadBucket did not answer in time"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := lookAt(t.Context(), newFake(t, replicated, map[string]answer{headBucket("copy"): tt.answer, headObject("docs", home): object}))
				tt.want.Bucket = "copy"
				assert.Equal(t, []verdict.Replica{{Side: tt.want}}, got.Replicas)
				assert.Equal(t, verdict.Object, got.Primary.Found)
			})
		})
	}
}

func TestReplicaWhoseRuleLeavesMarkersOutSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		without := rules(strings.Replace(rule("copy"), "<DeleteMarkerReplication><Status>Enabled", "<DeleteMarkerReplication><Status>Disabled", 1))
		marker := answer{status: 405, header: map[string]string{"x-amz-delete-marker": "true"}}
		got := lookAt(t.Context(), newFake(t, replicated, map[string]answer{
			getReplication("docs"): without, headObject("docs", home): marker, headObject("copy", away): {status: 404},
		}))
		assert.Equal(t, []verdict.Replica{{Side: verdict.Side{Bucket: "copy", Region: away, Found: verdict.Missing}, IgnoresMarkers: true}}, got.Replicas)
	})
}

func TestReplicaWhoseRuleLeavesKMSOutSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		without := rules(rule("copy"), strings.Replace(rule("second"), "<SseKmsEncryptedObjects><Status>Enabled", "<SseKmsEncryptedObjects><Status>Disabled", 1))
		got := lookAt(t.Context(), newFake(t, replicatedTo("copy", "second"), map[string]answer{
			getReplication("docs"): without, headObject("docs", home): object, headObject("copy", away): {status: 404}, headObject("second", away): {status: 404},
		}))
		assert.Equal(t, []verdict.Replica{
			{Side: verdict.Side{Bucket: "copy", Region: away, Found: verdict.Missing}},
			{Side: verdict.Side{Bucket: "second", Region: away, Found: verdict.Missing}, IgnoresKMS: true},
		}, got.Replicas)
	})
}

func TestRulesThatCanNotBeFollowed(t *testing.T) {
	for name, tt := range map[string]struct {
		rules answer
		want  string
	}{
		"more replicas than are compared": {rules(rule("copy-1"), rule("copy-2"), rule("copy-3"), rule("copy-4")), "4 replicas; autobackup compares at most 3"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := lookAt(t.Context(), newFake(t, map[string]answer{
					headBucket("docs"): inHome, getReplication("docs"): tt.rules, headObject("docs", home): object,
				}))
				primary := objectFound
				primary.Bucket, primary.Region = "docs", home
				assert.Equal(t, verdict.Look{Primary: primary, Unsupported: tt.want}, got, "the primary is read, replicas are not")
			})
		})
	}
}

// The SDK reads a page of something between as a configuration without rules.
func TestAnAnswerWithoutRulesIsNotTakenForS3s(t *testing.T) {
	page := answer{status: 200, body: "<html><body>please log in</body></html>"}
	synctest.Test(t, func(t *testing.T) {
		got := lookAt(t.Context(), newFake(t, map[string]answer{headBucket("docs"): inHome, getReplication("docs"): page}))
		assert.Equal(t, verdict.Unreachable, got.Primary.Found)
		assert.Contains(t, got.Primary.Detail, "GetBucketReplication")
		assert.Contains(t, got.Primary.Detail, "was not answered by S3")
		assert.Empty(t, got.Replicas)
	})
}

func TestRegionIsReadFromEveryAnswerThatNamesIt(t *testing.T) {
	for name, status := range map[string]int{"moved": 301, "bad request": 400, "forbidden": 403} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				named := answer{status: status, header: map[string]string{"x-amz-bucket-region": away}}
				got := lookAt(t.Context(), newFake(t, map[string]answer{
					headBucket("docs"): named,
					strings.Replace(getReplication("docs"), home, away, 1): noRules,
					headObject("docs", away):                               object,
				}))
				assert.Equal(t, away, got.Primary.Region)
				assert.Equal(t, verdict.Object, got.Primary.Found)
			})
		})
	}
}

func TestBucketsAreAskedOnceAndAgainAfterFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := inHome
		slow.after = 100 * time.Millisecond
		f := newFake(t, replicated, map[string]answer{
			headBucket("docs"): slow, headObject("docs", home): object, headObject("copy", away): object,
		})
		one := event("docs", "docs/a.txt")
		looker, bodies := f.looker(), messages(one, one, one)
		asked := func() []int {
			return []int{f.asked[headBucket("docs")], f.asked[getReplication("docs")], f.asked[headBucket("copy")]}
		}
		looker.Look(t.Context(), bodies)
		require.Equal(t, []int{1, 1, 1}, asked(), "once for a batch")
		time.Sleep(5*time.Minute - time.Second)
		looker.Look(t.Context(), bodies)
		require.Equal(t, []int{1, 1, 1}, asked(), "not again within five minutes")
		time.Sleep(time.Second)
		looker.Look(t.Context(), bodies)
		assert.Equal(t, []int{2, 2, 2}, asked(), "again after five minutes")
	})
}

func TestWhatFailedIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, unreplicated, map[string]answer{headBucket("docs"): {status: 404}, headObject("docs", home): object})
		looker, b := f.looker(), messages(event("docs", "docs/a.txt"))
		require.Equal(t, "bucket does not exist", looker.Look(t.Context(), b).Messages[0].Look.Primary.Detail)
		f.answers[headBucket("docs")] = inHome
		f.answers[getReplication("docs")] = failure(403, "AccessDenied", "m")
		require.Equal(t, verdict.Denied, looker.Look(t.Context(), b).Messages[0].Look.Primary.Found)
		f.answers[getReplication("docs")] = noRules
		assert.Equal(t, verdict.Object, looker.Look(t.Context(), b).Messages[0].Look.Primary.Found)
	})
}
