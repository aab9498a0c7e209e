package verdict_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/checksum"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

var failing = []reason.Code{
	reason.SizeMismatch, reason.ContentMismatch, reason.Inconclusive, reason.ReplicaMissing, reason.ReplicationFailed,
	reason.NotReplicated, reason.UnreadableSSEC, reason.Archived, reason.AccessDenied, reason.Unreachable, reason.RuleNotSupported,
	reason.MetadataDiffers,
}

var skipping = []reason.Code{reason.IsReplica, reason.SourceDeleted, reason.LifecycleMarker, reason.MarkerNotReplicated}

// oneOf draws a known value, or now and then what only a broken or hostile
// server would send.
func oneOf(known ...string) *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(known), rapid.SampledFrom(known), rapid.SampledFrom(known), rapid.String())
}

func anySide(t *rapid.T, name string) verdict.Side {
	a := rapid.SampledFrom(checksum.Algorithms()).Draw(t, name+" algorithm")
	v := value(a, rapid.SampledFrom([]string{"1", "2"}).Draw(t, name+" content"))
	return verdict.Side{
		Bucket: oneOf("docs-primary", "docs-replica", "").Draw(t, name+" bucket"),
		Region: oneOf("eu-west-1", "").Draw(t, name+" region"),
		Found: verdict.Found(oneOf("object", "object", "object", "delete marker", "missing", "denied", "unreachable", "sse-c",
			"archived", "unsupported").Draw(t, name+" found")),
		Detail:         rapid.OneOf(rapid.Just(""), rapid.String(), rapid.Just(strings.Repeat("'\x00é", 500))).Draw(t, name+" detail"),
		Size:           rapid.SampledFrom([]int64{0, 5, 5, 5, 50e12, -1 << 63, 1<<63 - 1}).Draw(t, name+" size"),
		ETag:           oneOf("", md5A, md5B, quoted(md5A, "-2"), quoted(md5B, "-2"), quoted(md5A, "-3")).Draw(t, name+" etag"),
		Encryption:     oneOf("", "AES256", "aws:kms", "aws:kms:dsse", "SSE-C").Draw(t, name+" encryption"),
		Checksums:      map[string]string{string(a): oneOf("", v, v+"-2", v+"-3").Draw(t, name+" checksum")},
		ChecksumType:   oneOf("", "FULL_OBJECT", "COMPOSITE").Draw(t, name+" type"),
		Replication:    oneOf("", "PENDING", "COMPLETED", "FAILED", "REPLICA").Draw(t, name+" status"),
		IgnoresMarkers: rapid.Bool().Draw(t, name+" ignores markers"),
		Metadata:       rapid.Ptr(anyMetadata, true).Draw(t, name+" metadata"),
	}
}

var anyMetadata = rapid.Custom(func(t *rapid.T) verdict.Metadata {
	one := func(group string) string { return rapid.SampledFrom([]string{"", "1", "1", "1", "2"}).Draw(t, group) }
	return verdict.Metadata{
		Headers: one("headers"), User: one("user"), Tags: rapid.SampledFrom([]string{"", "1", "1", "2", verdict.TagsUnread}).Draw(t, "tags"),
		Retention: one("retention"), LegalHold: one("hold"),
	}
})

type input struct {
	event    verdict.Event
	look     verdict.Look
	progress verdict.Progress
	policy   verdict.Policy
}

func anyInput(t *rapid.T) input {
	in := input{
		event:    verdict.Event{Marker: rapid.Bool().Draw(t, "marker"), Lifecycle: rapid.Bool().Draw(t, "lifecycle")},
		look:     verdict.Look{Primary: anySide(t, "primary")},
		progress: verdict.Progress{Looks: rapid.Int().Draw(t, "looks"), Unread: rapid.IntRange(-1, 10).Draw(t, "unread"), Waited: time.Duration(rapid.Int64().Draw(t, "waited"))},
		policy: verdict.Policy{
			Deadline:       time.Duration(rapid.Int64().Draw(t, "deadline")),
			MarkerDeadline: time.Duration(rapid.Int64().Draw(t, "marker deadline")),
			AlertMetadata:  rapid.Bool().Draw(t, "alert metadata"),
		},
	}
	for range rapid.IntRange(0, 4).Draw(t, "replicas") {
		in.look.Replicas = append(in.look.Replicas, anySide(t, "replica"))
	}
	if rapid.Bool().Draw(t, "equal but for metadata") { // sides drawn apart are hardly ever
		in.event = verdict.Event{}
		shown := in.look.Primary.Metadata
		in.look.Primary = primary(sums(map[string]string{}), func(x *verdict.Side) { x.Metadata = shown })
		for i, r := range in.look.Replicas {
			in.look.Replicas[i] = replica(func(x *verdict.Side) { x.Metadata = r.Metadata })
		}
	}
	return in
}

func (in input) judge() verdict.Verdict {
	return verdict.Judge(in.event, in.look, in.progress, in.policy)
}

func TestAnyInputGetsAKnownVerdictInOnePrintableLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyInput(t).judge()
		switch v.Outcome {
		case verdict.Verified:
			assert.Empty(t, v.Reason)
			assert.NotEmpty(t, v.Evidence)
		case verdict.Skipped:
			assert.Contains(t, skipping, v.Reason)
			assert.Empty(t, v.Evidence)
		case verdict.Failed:
			assert.Contains(t, failing, v.Reason)
			assert.Empty(t, v.Evidence)
		case verdict.Lagging:
			assert.Contains(t, append(slices.Clone(failing), reason.SourceDeleted), v.Reason)
			assert.Empty(t, v.Evidence)
		default:
			t.Fatalf("unknown outcome %q", v.Outcome)
		}
		assert.NotEmpty(t, v.Detail)
		assert.LessOrEqual(t, len(v.Detail), verdict.MaxDetail)
		assert.NotRegexp(t, `[^ -~]`, v.Detail)
	})
}

func TestLaggingEndsAsTheReasonItCarries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		in.policy.Deadline = min(in.policy.Deadline, 1<<62)
		before := in.judge()
		in.progress = verdict.Progress{Looks: 8, Unread: 8, Differing: 8, Waited: 1<<63 - 1}
		end := in.judge()
		assert.NotEqual(t, verdict.Lagging, end.Outcome)
		if before.Outcome == verdict.Lagging && len(in.look.Replicas) <= 1 {
			assert.Equal(t, before.Reason, cmp.Or(end.Reason, end.Finding))
		}
	})
}

// A lagging verdict, looked at again as NextWait and Remaining say, settles
// without a wait past the deadline.
func TestNoWaitOvershootsTheDeadline(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		in.progress = first
		in.progress.Differing = 1 // a look that finds a difference is counted before it is judged
		in.policy.Deadline = time.Duration(rapid.IntRange(1, 100000).Draw(t, "seconds")) * time.Second
		in.policy.MarkerDeadline = in.policy.Deadline * 2
		last := max(in.policy.DeadlineFor(in.look.Primary.Size), in.policy.MarkerDeadline, 20*time.Minute)
		for ; in.judge().Outcome == verdict.Lagging; in.progress.Looks++ {
			left := verdict.Remaining(in.event, in.look, in.progress, in.policy)
			require.GreaterOrEqual(t, left, time.Second)
			require.Zero(t, left%time.Second)
			in.progress.Waited += min(left, verdict.NextWait(in.progress.Looks))
			in.progress.Unread++
			in.progress.Differing++
			require.LessOrEqual(t, in.progress.Waited, last)
		}
	})
}

func TestADifferentFullObjectChecksumIsNeverVerified(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		a := rapid.SampledFrom(checksum.Algorithms()).Draw(t, "algorithm")
		in.look.Primary.Found = verdict.Object
		in.look.Primary.ChecksumType = "FULL_OBJECT"
		in.look.Primary.Checksums[string(a)] = value(a, "1")
		bad := anySide(t, "bad")
		bad.Found, bad.ChecksumType = verdict.Object, "FULL_OBJECT"
		bad.Checksums[string(a)] = value(a, "2")
		in.look.Replicas = append(in.look.Replicas, bad)
		assert.NotEqual(t, verdict.Verified, in.judge().Outcome)
		assert.False(t, verdict.Compare(in.look.Primary, bad).Verified())
	})
}

// What only looks in a row end must be counted by Unread, or it would lag
// without end.
func TestALagThatUnreadLooksEndIsAnUnreadLook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		in.progress = first
		v := in.judge()
		counted := []reason.Code{reason.AccessDenied, reason.Unreachable, reason.SourceDeleted}
		if v.Outcome == verdict.Lagging && slices.Contains(counted, v.Reason) {
			assert.True(t, in.look.Unread())
		}
	})
}

func TestALookIsUnreadWhereASideThatCountsWasNotRead(t *testing.T) {
	denied, down := found(verdict.Denied), found(verdict.Unreachable)
	for name, tc := range map[string]struct {
		look verdict.Look
		want bool
	}{
		"both sides were read":                         {look(primary(), replica()), false},
		"no replica is expected":                       {look(primary()), false},
		"a missing replica was read":                   {look(primary(), replica(absent)), false},
		"delete markers were read":                     {look(primary(marker), replica(marker)), false},
		"a customer's key is an answer":                {look(primary(found(verdict.SSEC)), replica(found(verdict.SSEC))), false},
		"an archive is an answer":                      {look(primary(), replica(found(verdict.Archived))), false},
		"rules that can't be followed are one":         {look(primary(found(verdict.Unsupported))), false},
		"a denied primary":                             {look(primary(denied), replica()), true},
		"an unreachable primary":                       {look(primary(down)), true},
		"the last of the replicas is denied":           {look(primary(), replica(), second(denied)), true},
		"an unreachable replica":                       {look(primary(), replica(down)), true},
		"an answer that fits nothing":                  {look(primary(), replica(found("new"))), true},
		"no look at all":                               {verdict.Look{}, true},
		"a denied replica that expects no marker":      {look(primary(marker), replica(denied, ignoresMarkers)), false},
		"that replica where the primary is an object":  {look(primary(), replica(denied, ignoresMarkers)), true},
		"that replica where the primary is gone":       {look(primary(absent), replica(denied, ignoresMarkers)), true},
		"a denied replica that does expect the marker": {look(primary(marker), replica(denied)), true},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.want, tc.look.Unread()) })
	}
}

// Invariant 4: a missing permission is told as a missing permission, never as
// corruption and never as lag without end.
func TestAMissingPermissionIsToldAsSuch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		in.event.Lifecycle = false
		in.look.Primary.Replication = "PENDING"
		in.look.Primary.Found = verdict.Object
		in.look.Replicas = []verdict.Side{anySide(t, "only")}
		if rapid.Bool().Draw(t, "primary is denied") {
			in.look.Primary.Found = verdict.Denied
		} else {
			in.look.Replicas[0].Found = verdict.Denied
		}
		v := in.judge()
		assert.Equal(t, reason.AccessDenied, v.Reason)
		want := verdict.Failed
		if in.progress.Unread < verdict.DeniedLooks {
			want = verdict.Lagging
		}
		assert.Equal(t, want, v.Outcome)
	})
}

func TestWhatCannotBeReadIsNeverACorruption(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		in.event.Lifecycle = false
		for i := range in.look.Replicas {
			in.look.Replicas[i].Found = rapid.SampledFrom([]verdict.Found{
				verdict.Denied, verdict.Unreachable, verdict.Missing, verdict.SSEC, verdict.Archived, "",
			}).Draw(t, "unread")
		}
		v := in.judge()
		assert.NotContains(t, []reason.Code{reason.ContentMismatch, reason.SizeMismatch}, v.Reason)
		assert.NotEqual(t, verdict.Verified, v.Outcome)
	})
}

func TestAFailureNeverWaitsForAnotherReplica(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		in.event.Lifecycle = false
		in.look.Primary.Found, in.look.Primary.Replication = verdict.Object, "PENDING"
		alone := in
		bad := replica(size(in.look.Primary.Size - 1))
		alone.look.Replicas = []verdict.Side{bad}
		require.Equal(t, reason.SizeMismatch, alone.judge().Reason)
		at := rapid.IntRange(0, len(in.look.Replicas)).Draw(t, "at")
		in.look.Replicas = slices.Insert(in.look.Replicas, at, bad)
		assert.Equal(t, verdict.Failed, in.judge().Outcome)
	})
}

func TestAVerdictIsTheSameEachTimeItIsMade(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		assert.Equal(t, in.judge(), in.judge())
	})
}

func TestADetailKeepsWhatMattersWhateverTheNames(t *testing.T) {
	long := strings.Repeat("é\n", 500)
	renamed := func(s verdict.Side) verdict.Side {
		s.Bucket, s.Region, s.Detail = long, long, long
		return s
	}
	for want, l := range map[string]verdict.Look{
		"full-object checksum CRC64NVME differs: AAAAAAAAAAE= and AAAAAAAAAAI=": look(renamed(primary(sums(crcA))), renamed(replica(sums(crcB)))),
		"the primary is itself a replica":                                       look(renamed(primary(status("REPLICA"))), renamed(replica()), renamed(replica()), renamed(second())),
		"and replica docs-replica (eu-west-1): the replica shows sse-c":         look(renamed(primary()), replica(found(verdict.SSEC), because(long))),
		"replica docs-second (us-east-2) shows object":                          look(primary(absent), replica(absent, because(long)), second()),
	} {
		detail := verdict.Judge(verdict.Event{}, l, first, policy).Detail
		assert.Contains(t, detail, want)
		assert.NotRegexp(t, `[^ -~]`, detail)
	}
}
