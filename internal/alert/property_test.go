package alert_test

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/alert"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/text"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
)

func anyKey() *rapid.Generator[string] {
	const alphabet = "ab/ '\"\\$`!*~%+&<>?=;|#^{}()[]\n\r\t\x00\x01\x1b\x7f\u0085\u00a0\u200b\u202e\u2028\u2066ÄאЖ字😀-:"
	return rapid.OneOf(
		rapid.StringOfN(rapid.RuneFrom([]rune(alphabet)), 1, -1, 1024),
		rapid.Map(rapid.IntRange(1, 1024), func(n int) string { return strings.Repeat("\x01", n) }),
		rapid.Map(rapid.StringN(0, 20, -1), func(s string) string { return "file://" + s }),
		rapid.SampledFrom(hostileWords),
	)
}

// anyVersionID is printable ASCII without spaces, as package s3event lets through,
// or empty.
func anyVersionID() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[A-Za-z0-9._-]{1,32}`),
		rapid.StringMatching(`[!-~]{0,40}`),
		rapid.Map(rapid.IntRange(1, 1024), func(n int) string { return strings.Repeat("'", n) }),
	)
}

// word is anything, mostly what S3 and this project send.
func anyWord(usual ...string) *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(append(usual, "")), rapid.SampledFrom(usual), rapid.String(), rapid.SampledFrom(hostileWords))
}

func anyBucket() *rapid.Generator[string] {
	return anyWord("docs-primary", "docs-replica", "docs-third", "docs-fourth", strings.Repeat("b", 63))
}

func anyCode() *rapid.Generator[reason.Code] {
	return rapid.Custom(func(t *rapid.T) reason.Code {
		if rapid.IntRange(0, 9).Draw(t, "unknown") == 0 {
			return reason.Code(rapid.String().Draw(t, "reason"))
		}
		return rapid.SampledFrom(append(reason.Severity(), reason.IsReplica, "")).Draw(t, "reason")
	})
}

func anyOutcome() *rapid.Generator[verdict.Outcome] {
	return rapid.Map(anyWord("failed", "failed", "failed", "verified", "lagging", "reading", "skipped"),
		func(s string) verdict.Outcome { return verdict.Outcome(s) })
}

func anyEntry() *rapid.Generator[verdict.Entry] {
	return rapid.Custom(func(t *rapid.T) verdict.Entry {
		return verdict.Entry{
			Bucket:   anyBucket().Draw(t, "bucket"),
			Region:   anyWord("eu-west-1", "us-east-1").Draw(t, "region"),
			Outcome:  anyOutcome().Draw(t, "outcome"),
			Reason:   anyCode().Draw(t, "code"),
			Evidence: verdict.Evidence(anyWord("full-object checksum CRC64NVME", "delete marker").Draw(t, "evidence")),
			Finding:  anyCode().Draw(t, "finding"),
			Basis:    verdict.Basis(anyWord("parts", "bytes", "notification", "change").Draw(t, "basis")),
			Detail:   anyWord("sizes differ", strings.Repeat("d", 240)).Draw(t, "detail"),
			Status:   anyWord("PENDING", "COMPLETED", "FAILED", "REPLICA").Draw(t, "status"),
			Damaged:  anyWord("primary", "replica", "both").Draw(t, "damaged"),
			Expires:  anyWord("expire-nc-90").Draw(t, "expires"),
			Cause:    anyWord(strings.Fields(documented)...).Draw(t, "cause"),
		}
	})
}

func anyVerdict() *rapid.Generator[verdict.Verdict] {
	return rapid.Custom(func(t *rapid.T) verdict.Verdict {
		return verdict.Verdict{
			Outcome:  anyOutcome().Draw(t, "outcome"),
			Reason:   anyCode().Draw(t, "code"),
			Evidence: verdict.Evidence(rapid.String().Draw(t, "evidence")),
			Finding:  anyCode().Draw(t, "finding"),
			Detail:   anyWord("denied").Draw(t, "detail"),
			Marker:   rapid.Bool().Draw(t, "marker"),
			Replicas: rapid.SliceOfN(anyEntry(), 0, 5).Draw(t, "replicas"),
		}
	})
}

func anyTime() *rapid.Generator[time.Time] {
	return rapid.Map(rapid.Int64Range(0, 1<<33), func(s int64) time.Time {
		if s%3 == 0 {
			return time.Time{}
		}
		return time.Unix(s, 0)
	})
}

func anyObject() *rapid.Generator[s3event.ObjectVersion] {
	return rapid.Custom(func(t *rapid.T) s3event.ObjectVersion {
		o := s3event.ObjectVersion{
			Bucket: rapid.StringMatching(`[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]`).Draw(t, "bucket"), Key: anyKey().Draw(t, "key"),
			VersionID: anyVersionID().Draw(t, "version"), Region: rapid.SampledFrom([]string{"eu-central-1", "us-gov-west-1"}).Draw(t, "region"),
			Account: anyWord("123456789012").Draw(t, "account"), Marker: rapid.Bool().Draw(t, "marker"), Lifecycle: rapid.Bool().Draw(t, "lifecycle"),
			Size: rapid.Int64().Draw(t, "size"), ETag: rapid.String().Draw(t, "etag"), Time: anyTime().Draw(t, "time"), Reason: rapid.String().Draw(t, "reason"),
		}
		if rapid.Bool().Draw(t, "gave up") {
			o.GaveUp = &s3event.ReplicationFailure{
				Destination: anyBucket().Draw(t, "destination"), Operation: anyWord("OBJECT_PUT", "OBJECT_TAGGING").Draw(t, "operation"),
				Rule: anyWord("everything").Draw(t, "rule"), Cause: anyWord(strings.Fields(documented)...).Draw(t, "cause"), Requested: anyTime().Draw(t, "requested"),
			}
		}
		return o
	})
}

func anyExample() *rapid.Generator[told.Example] {
	return rapid.Custom(func(t *rapid.T) told.Example {
		x := told.Example{
			MessageID: anyWord("m1", "m2", "m3").Draw(t, "id"), Execution: anyWord(execution).Draw(t, "execution"),
			Begins: rapid.String().Draw(t, "begins"), Detail: anyWord("kept").Draw(t, "detail"),
			Verdict: anyVerdict().Draw(t, "verdict"), Alerts: rapid.IntRange(-1, 12).Draw(t, "alerts"),
		}
		if rapid.IntRange(0, 3).Draw(t, "malformed") > 0 {
			o := anyObject().Draw(t, "object")
			x.Object = &o
		}
		return x
	})
}

func anyNews() *rapid.Generator[told.News] {
	return rapid.Custom(func(t *rapid.T) told.News {
		shared := anyExample().Draw(t, "shared")
		return told.News{Causes: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) told.Cause {
			c := told.Cause{
				Reason: anyCode().Draw(t, "code"), Bucket: anyBucket().Draw(t, "bucket"), Replica: anyBucket().Draw(t, "replica"),
				S3:      anyWord(strings.Fields(documented)...).Draw(t, "s3"),
				Several: rapid.Bool().Draw(t, "several"),
				Kind:    told.Kind(anyWord("single", "single", "alike", "over").Draw(t, "kind")),
				New:     rapid.IntRange(0, 700).Draw(t, "new"), Total: rapid.IntRange(0, 1<<20).Draw(t, "total"),
				Since: anyTime().Draw(t, "since"), Latest: anyTime().Draw(t, "latest"),
				Examples: rapid.SliceOfN(anyExample(), 0, 4).Draw(t, "examples"),
			}
			if rapid.Bool().Draw(t, "also the shared one") {
				c.Examples = append(c.Examples, shared)
			}
			return c
		}), 0, 6).Draw(t, "causes")}
	})
}

// cut is what is left of a hostile name wherever it is shown.
func cut(name string) string { return text.Line(name, 63) }

func assertSafe(t require.TestingT, got alert.Email) {
	assert.Regexp(t, `^\[prod\] Backup check( failed)?: [ -~]+$`, got.Subject)
	assert.LessOrEqual(t, len(got.Subject), 99)
	assert.LessOrEqual(t, len(got.Message), alert.MaxMessage)
	for _, line := range strings.Split(got.Message, "\n") {
		for _, r := range line {
			require.True(t, strconv.IsPrint(r), "%q in %q", r, line)
		}
	}
	assert.Equal(t, 1, strings.Count(got.Message, "\n\nThe original messages\n\n"), "no text makes a fake line")
	for _, address := range addresses.FindAllString(got.Message, -1) {
		require.Regexp(t, `(?i)^https://[a-z0-9.-]+\.(aws\.amazon|amazonaws|amazonaws-us-gov|amazonaws\.com)\.c`, address, "who may upload has nobody click")
	}
	assert.Contains(t, got.Message, "start-message-move-task")
}

// addresses are what a mail program makes links of.
var addresses = regexp.MustCompile(`(?i)(?:https?|ftp|file)://[^\s"']*|mailto:[^\s"']*`)

func TestWhateverFailsTheEMailIsSafeToSendAndToRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := anyNews().Draw(t, "news")
		got := alert.Compose(prod, n)
		if got == (alert.Email{}) {
			for _, c := range n.Causes {
				assert.True(t, c.Kind != told.Alike && c.Kind != told.Over && c.New == 0 && len(c.Examples) == 0, "untold: %+v", c)
			}
			return
		}
		assertSafe(t, got)
	})
}

func TestEveryFailedReplicaOfAVersionIsInItsEMail(t *testing.T) {
	bucket := regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)
	rapid.Check(t, func(t *rapid.T) {
		x := anyExample().Draw(t, "example")
		x.Verdict.Replicas = rapid.SliceOfN(anyEntry(), 0, verdict.MaxReplicas).Draw(t, "replicas")
		if x.Object == nil {
			x.Verdict.Replicas = nil
		}
		got := alert.Compose(prod, news(x))
		assertSafe(t, got)
		assert.Contains(t, got.Message, "\n  What happened:   ", "one version is described, however large its key")
		for _, e := range x.Verdict.Replicas {
			if e.Outcome == verdict.Failed && len(e.Bucket) >= 3 && len(e.Bucket) <= 63 && bucket.MatchString(e.Bucket) {
				assert.Contains(t, got.Message, "\n  Replica:         "+e.Bucket+" (")
				assert.Contains(t, got.Message, " --bucket "+e.Bucket+" ")
			}
			if e.Outcome == verdict.Verified && len(e.Bucket) >= 3 && len(e.Bucket) <= 63 && bucket.MatchString(e.Bucket) {
				assert.Regexp(t, `\n  Replica:         `+e.Bucket+` \([^\n]*\): fine, verified by `, got.Message)
			}
		}
	})
}

func TestAnEMailFillsItsRoomAndNoMore(t *testing.T) {
	for n := range 12 { // so that the texts end at any distance from the limit
		var examples []told.Example
		for i := range 400 {
			x := of("access-denied/replica", strings.Repeat("k", 60+n)+strconv.Itoa(1000+i))
			examples = append(examples, x)
		}
		got := alert.Compose(prod, news(examples...))
		require.LessOrEqual(t, len(got.Message), alert.MaxMessage)
		listed := strings.Count(got.Message, "\n  ACCESS_DENIED ")
		assert.Greater(t, listed, 150)
		assert.Contains(t, got.Message, "\n  and "+strconv.Itoa(400-listed)+" more, left out here: see the parked messages\n")
		assert.Greater(t, len(got.Message), alert.MaxMessage-4000)
		assert.Contains(t, got.Message, "failed for 400 object versions")
	}
}

// FuzzCompose takes news as package told writes it, whatever is in there.
func FuzzCompose(f *testing.F) {
	for _, s := range situations {
		seed, err := json.Marshal(news(s.example()))
		require.NoError(f, err)
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var n told.News
		if json.Unmarshal(data, &n) != nil {
			return
		}
		if got := alert.Compose(prod, n); got != (alert.Email{}) {
			assertSafe(t, got)
		}
	})
}
