package alert_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/alert"
	"autobackup/internal/batch"
	"autobackup/internal/reason"
)

func anyFailed() *rapid.Generator[batch.Failed] {
	return rapid.Custom(func(t *rapid.T) batch.Failed {
		code := rapid.OneOf(rapid.Just("CONTENT_MISMATCH"), rapid.Just("MALFORMED_EVENT"), rapid.String()).Draw(t, "reason")
		f := failure(reason.Code(code), anyKey().Draw(t, "key"), rapid.String().Draw(t, "detail"))
		if rapid.Bool().Draw(t, "malformed") {
			f.ID, f.Body = rapid.String().Draw(t, "id"), rapid.String().Draw(t, "body")
		}
		return f
	})
}

func anyKey() *rapid.Generator[string] {
	const alphabet = "ab/ '\"\\$`!*~%+&<>\n\r\t\x00\x01\x1b\x7f\u0085\u00a0\u200b\u202e\u2028\u2066ÄאЖ字😀-:"
	return rapid.OneOf(
		rapid.StringOfN(rapid.RuneFrom([]rune(alphabet)), 1, -1, 1024),
		rapid.Map(rapid.IntRange(1, 1024), func(n int) string { return strings.Repeat("\x01", n) }),
		rapid.Map(rapid.StringN(0, 20, -1), func(s string) string { return "file://" + s }),
	)
}

func TestWhateverFailsTheAlertIsSafeToSendAndToRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := prod
		c.Alerted = rapid.IntRange(0, 10).Draw(t, "alerted")
		c.Execution = rapid.OneOf(rapid.Just(execution), rapid.String()).Draw(t, "execution")
		failed := rapid.SliceOfN(anyFailed(), 1, 12).Draw(t, "failed")

		got := alert.Compose(c, failed)

		assert.Regexp(t, `^\[prod\] Backup check failed: [A-Z_]+ [ -~]*$`, got.Subject)
		assert.Less(t, len(got.Subject), 100)
		assert.LessOrEqual(t, encodedSize(t, got), alert.MaxBytes)
		for _, line := range strings.Split(got.Message, "\n") {
			for _, r := range line {
				require.True(t, strconv.IsPrint(r), "%q in %q", r, line)
			}
		}
		assert.Equal(t, 1, strings.Count(got.Message, "\n\nThe original messages\n\n"), "no text makes a fake line")
	})
}

func TestOneObjectIsAlwaysDescribedInFull(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := failure(reason.ContentMismatch, anyKey().Draw(t, "key"), both+strings.Repeat(`"`, 400))
		got := alert.Compose(prod, []batch.Failed{f})
		assert.Equal(t, 2, strings.Count(got.Message, "aws s3api head-object"), "a command for each side")
		assert.Contains(t, got.Message, "\n  Primary:         docs-primary (eu-central-1)\n  Replica:         docs-replica (eu-west-1)\n")
	})
}

func TestAlertFillsItsRoomAndNoMore(t *testing.T) {
	for n := range 12 { // so that the texts end at any distance from the limit
		failed := make([]batch.Failed, 120)
		for i := range failed {
			failed[i] = failure(reason.AccessDenied, strings.Repeat("k", 100), both+strings.Repeat("x", 11*n))
		}
		size := encodedSize(t, alert.Compose(prod, failed))
		require.LessOrEqual(t, size, alert.MaxBytes)
		require.Greater(t, size, alert.MaxBytes-200, "another line would have fitted")
	}
}

func TestOnlyNamesOfReplicasBecomeCommands(t *testing.T) {
	tests := map[string]struct {
		detail string
		want   []string // of --bucket
	}{
		"one replica":                 {both, []string{"docs-primary", "docs-replica"}},
		"named twice":                 {both + both, []string{"docs-primary", "docs-replica"}},
		"in two regions":              {both + ", replica docs-third (us-east-1)", []string{"docs-primary", "docs-replica", "docs-third"}},
		"no more than three":          {"replica aaa (r), replica bbb (r), replica ccc (r), replica ddd (r)", []string{"docs-primary", "aaa", "bbb", "ccc"}},
		"a region nobody knows":       {"replica docs-replica (region unknown)", []string{"docs-primary", "docs-replica"}},
		"none":                        {primary, []string{"docs-primary", "docs-primary"}}, // its rules, then the object
		"what is no name of a bucket": {"replica $(id) (eu-west-1), replica a'b (eu-west-1), replica Docs (eu-west-1)", []string{"docs-primary", "docs-primary"}},
		"what is no name of a region": {"replica docs-replica (eu west), replica docs-replica ($x)", []string{"docs-primary", "docs-primary"}},
	}
	bucket := regexp.MustCompile(`--bucket (\S+)`)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := alert.Compose(prod, []batch.Failed{failure(reason.SizeMismatch, "a.txt", tt.detail)})
			var buckets []string
			for _, match := range bucket.FindAllStringSubmatch(got.Message, -1) {
				buckets = append(buckets, match[1])
			}
			assert.Equal(t, tt.want, buckets)
			assert.NotContains(t, got.Message, "--region region")
		})
	}
}

func TestAReasonNobodyKnowsComesFirst(t *testing.T) {
	got := alert.Compose(prod, []batch.Failed{failure(reason.SizeMismatch, "a.txt", both), failure("NEW", "b.txt", both)})
	assert.Equal(t, "[prod] Backup check failed: UNKNOWN_REASON s3://docs-primary/b.txt (+1 more)", got.Subject)
}
