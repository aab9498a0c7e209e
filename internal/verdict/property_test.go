package verdict_test

import (
	"cmp"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/checksum"
	"autobackup/internal/etag"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

var skipping = []reason.Code{reason.IsReplica, reason.SourceDeleted, reason.LifecycleMarker, reason.MarkerNotReplicated, reason.NotSelected}

// merging is how replicas merge, the first that occurs wins.
var merging = []verdict.Outcome{verdict.Failed, verdict.Lagging, verdict.Reading, verdict.Skipped, verdict.Verified}

// evidence is all that verifies, the strongest first.
func evidence() []verdict.Evidence {
	list := []verdict.Evidence{verdict.BytesRead}
	for _, kind := range []struct{ name, parts verdict.Evidence }{
		{verdict.FullObjectChecksum, " (combined from parts)"}, {verdict.CompositeChecksum, " (part by part)"},
	} {
		for _, a := range checksum.Algorithms() {
			one := kind.name + " " + verdict.Evidence(a)
			list = append(list, one, one+kind.parts)
		}
	}
	return append(list, verdict.SinglePartETag, verdict.MultipartETag, verdict.DeleteMarker)
}

func check(t *testing.T, property func(t *rapid.T, in input, v verdict.Verdict)) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput.Draw(t, "input")
		property(t, in, in.judge())
	})
}

func TestAnyInputGetsAKnownVerdictInPrintableLines(t *testing.T) {
	known := func(t *rapid.T, o verdict.Outcome, code reason.Code, e, finding string) {
		switch o {
		case verdict.Verified:
			assert.Empty(t, code)
			assert.Contains(t, evidence(), verdict.Evidence(e))
			assert.Contains(t, []string{"", string(reason.MetadataDiffers)}, finding)
			return
		case verdict.Skipped:
			assert.Contains(t, skipping, code)
		case verdict.Failed:
			assert.Contains(t, reason.Severity(), code)
		case verdict.Lagging:
			assert.Contains(t, append(reason.Severity(), reason.SourceDeleted, reason.NotSelected), code)
		case verdict.Reading:
			assert.Contains(t, []reason.Code{"", reason.Inconclusive}, code)
		default:
			t.Fatalf("unknown outcome %q", o)
		}
		assert.Empty(t, finding, "a finding is about what is verified")
	}
	line := func(t *rapid.T, s string) {
		assert.LessOrEqual(t, len(s), verdict.MaxDetail)
		assert.NotRegexp(t, `[^ -~]`, s)
	}
	check(t, func(t *rapid.T, _ input, v verdict.Verdict) {
		known(t, v.Outcome, v.Reason, string(v.Evidence), string(v.Finding))
		assert.Equal(t, v.Outcome == verdict.Verified, v.Evidence != "")
		line(t, v.Detail)
		for _, e := range v.Replicas {
			known(t, e.Outcome, e.Reason, string(e.Evidence), string(e.Finding))
			line(t, e.Detail)
			line(t, e.Status)
		}
	})
}

// Each fact of an entry stands where it means something, and nowhere else.
func TestFactsStandWhereTheyMeanSomething(t *testing.T) {
	check(t, func(t *rapid.T, in input, v verdict.Verdict) {
		for _, e := range v.Replicas {
			byBytes, byS3 := e.Basis == verdict.BytesBasis, e.Basis == verdict.NotificationBasis || e.Basis == verdict.ChangeBasis
			if e.Evidence != "" {
				assert.True(t, e.Outcome == verdict.Verified || e.Outcome == verdict.Failed && (e.Reason == reason.BytesNotRead || e.Reason == reason.MetadataDiffers))
				assert.Contains(t, evidence(), e.Evidence)
			}
			if e.Outcome == verdict.Verified {
				assert.Empty(t, e.Basis)
			}
			if e.Damaged != "" {
				assert.True(t, byBytes && (e.Reason == reason.ContentMismatch || e.Reason == reason.RecordDisagrees))
				assert.Contains(t, []string{verdict.PrimarySide, verdict.ReplicaSide, verdict.BothSides}, e.Damaged)
			}
			assert.False(t, e.Reason == reason.RecordDisagrees && e.Damaged == "", "it names the side")
			if byS3 {
				assert.Equal(t, reason.ReplicationFailed, e.Reason)
				assert.Equal(t, in.Event.GaveUp.Destination, e.Bucket)
				assert.Equal(t, in.Event.GaveUp.Cause, e.Cause)
			} else {
				assert.Empty(t, e.Cause)
			}
			if e.Expires != "" {
				assert.Equal(t, reason.ReplicaMissing, e.Reason)
				assert.Equal(t, "COMPLETED", e.Status)
			}
			if e.Reason == reason.ReplicaMissing && printable(in.Look.Primary.Replication) {
				assert.Equal(t, in.Look.Primary.Replication, e.Status)
			}
		}
	})
}

func printable(s string) bool {
	return len(s) <= 80 && !slices.ContainsFunc([]rune(s), func(r rune) bool { return r < ' ' || r > '~' })
}

// judged are the replicas that the verdict is about.
func (in input) judged() (list []verdict.Replica) {
	expected := slices.DeleteFunc(slices.Clone(in.Look.Replicas), func(r verdict.Replica) bool {
		return in.Look.Primary.Found == verdict.Marker && r.IgnoresMarkers
	})
	if g := in.Event.GaveUp; g != nil && in.Look.Primary.Found != verdict.Missing {
		named := slices.DeleteFunc(slices.Clone(expected), func(r verdict.Replica) bool { return r.Bucket != g.Destination })
		if len(named) > 0 {
			return named
		}
	}
	return expected
}

func TestVerifiedMeansThatEveryReplicaWasComparedAndIsEqual(t *testing.T) {
	check(t, func(t *rapid.T, in input, v verdict.Verdict) {
		judged := in.judged()
		if len(v.Replicas) > 0 {
			require.Len(t, v.Replicas, len(judged))
		}
		if v.Outcome == verdict.Verified {
			require.NotEmpty(t, judged)
			require.Len(t, v.Replicas, len(judged))
		}
		for i, e := range v.Replicas {
			r := judged[i]
			assert.Equal(t, r.Bucket, e.Bucket)
			assert.Equal(t, r.Region, e.Region)
			if v.Outcome == verdict.Verified {
				assert.Equal(t, verdict.Verified, e.Outcome)
			}
			if e.Outcome != verdict.Verified {
				continue
			}
			assert.Contains(t, []verdict.Found{verdict.Object, verdict.Marker}, r.Found)
			assert.Equal(t, in.Look.Primary.Found, r.Found)
			if r.Found == verdict.Object {
				c := verdict.Compare(in.Look.Primary, r)
				assert.False(t, c.Different())
				assert.Equal(t, in.Look.Primary.Size, r.Size)
				assert.True(t, c.Verified() || equal(r.Bytes))
				assert.False(t, r.Bytes != nil && r.Bytes.Different != nil)
			}
		}
	})
}

// equal says whether all bytes of both sides were read and none differs.
func equal(b *verdict.Bytes) bool {
	return b != nil && b.Different == nil && b.Error == "" && b.Primary.Found == verdict.Object && b.Replica.Found == verdict.Object &&
		b.Primary.CRC64NVME != "" && b.Primary.CRC64NVME == b.Replica.CRC64NVME
}

func TestReplicasMergeByTheWrittenOrder(t *testing.T) {
	check(t, func(t *rapid.T, _ input, v verdict.Verdict) {
		if len(v.Replicas) == 0 {
			return
		}
		var reasons []reason.Code
		var weakest int
		finding := reason.Code("")
		for _, e := range v.Replicas {
			assert.LessOrEqual(t, slices.Index(merging, v.Outcome), slices.Index(merging, e.Outcome))
			if e.Outcome == v.Outcome {
				reasons = append(reasons, e.Reason)
				weakest = max(weakest, slices.Index(evidence(), e.Evidence))
				finding = cmp.Or(finding, e.Finding)
			}
		}
		require.NotEmpty(t, reasons, "some replica came out so")
		assert.Contains(t, reasons, v.Reason)
		assert.Equal(t, finding, v.Finding)
		for _, other := range reasons {
			if v.Outcome == verdict.Failed || v.Outcome == verdict.Lagging && other != reason.SourceDeleted {
				assert.LessOrEqual(t, slices.Index(reason.Severity(), v.Reason), slices.Index(reason.Severity(), other))
			}
		}
		if v.Outcome == verdict.Verified {
			assert.Equal(t, evidence()[weakest], v.Evidence)
		}
	})
}

func TestTheOrderOfReplicasChangesNothingButTheOrderOfEntries(t *testing.T) {
	check(t, func(t *rapid.T, in input, v verdict.Verdict) {
		in.Look.Replicas = rapid.Permutation(in.Look.Replicas).Draw(t, "order")
		again := in.judge()
		assert.ElementsMatch(t, v.Replicas, again.Replicas)
		v.Replicas, again.Replicas = nil, nil
		assert.Equal(t, v, again)
	})
}

func TestAWaitIsInWholeSecondsAndForWhatLagsAlone(t *testing.T) {
	check(t, func(t *rapid.T, in input, v verdict.Verdict) {
		assert.Equal(t, v.Outcome == verdict.Lagging, v.Wait > 0)
		assert.Zero(t, v.Wait%time.Second)
		assert.LessOrEqual(t, v.Wait, max(verdict.NextWait(in.Progress.Looks), time.Second))
	})
}

// A look that shows the same again and again gets a verdict: no wait overshoots a
// deadline, and what a number of looks ends, ends.
func TestEveryLagEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput.Draw(t, "input")
		short := rapid.Int64Range(0, int64(100*time.Hour))
		in.Policy.Deadline, in.Policy.MarkerDeadline = time.Duration(short.Draw(t, "deadline")), time.Duration(short.Draw(t, "marker deadline"))
		last := max(in.Policy.DeadlineFor(in.Look.Primary.Size), in.Policy.MarkerDeadline, span(verdict.UnreachableLooks)) + time.Second
		in.Progress = verdict.Progress{}.Add(in.Look)
		v := in.judge()
		for ; v.Outcome == verdict.Lagging; v = in.judge() {
			in.Progress = in.Progress.Wait(v.Wait).Add(in.Look)
			require.LessOrEqual(t, time.Duration(in.Progress.Waited)*time.Second, last)
			require.LessOrEqual(t, in.Progress.Looks, 20+int(last/verdict.NextWait(100)))
			promised(t, v, in.judge())
		}
	})
}

func span(looks int) (total time.Duration) {
	for n := 1; n < looks; n++ {
		total += verdict.NextWait(n)
	}
	return total
}

// promised checks that what lagged comes out as it said, if it no longer lags: as
// failed, as a finding, or to be read once metadata is waited for no more.
func promised(t *rapid.T, before, after verdict.Verdict) {
	for i, e := range before.Replicas {
		if now := after.Replicas[i]; e.Outcome == verdict.Lagging && now.Outcome != verdict.Reading {
			assert.Equal(t, e.Reason, cmp.Or(now.Reason, now.Finding))
		}
	}
}

// Invariant 4: a missing permission is told as a missing permission, an outage as
// an outage, and neither is a verdict on content.
func TestWhatCannotBeReadIsNeverAVerdictOnContent(t *testing.T) {
	told := map[verdict.Found]reason.Code{
		verdict.Denied: reason.AccessDenied, verdict.SSEC: reason.UnreadableSSEC, verdict.Archived: reason.Archived, verdict.NoReader: reason.NoReader,
		verdict.Unreachable: reason.Unreachable,
	}
	final := []reason.Code{reason.UnreadableSSEC, reason.Archived}
	readable := []verdict.Found{verdict.Object, verdict.Marker, verdict.Missing}
	check(t, func(t *rapid.T, in input, v verdict.Verdict) {
		primary := in.Look.Primary.Found
		if !slices.Contains(readable, primary) && in.Look.Unsupported == "" && !in.Event.Lifecycle && !in.Event.Unversioned {
			assert.Equal(t, cmp.Or(told[primary], reason.Unreachable), v.Reason)
			assert.Contains(t, []verdict.Outcome{verdict.Failed, verdict.Lagging}, v.Outcome)
			assert.False(t, v.Outcome == verdict.Lagging && slices.Contains(final, v.Reason), "waiting changes nothing")
		}
		for i, e := range v.Replicas {
			if shows := in.judged()[i].Found; !slices.Contains(readable, shows) && primary != verdict.Missing {
				assert.Equal(t, cmp.Or(told[shows], reason.Unreachable), e.Reason)
				assert.False(t, e.Outcome == verdict.Lagging && slices.Contains(final, e.Reason), "waiting changes nothing")
			} else if primary == verdict.Missing {
				assert.Equal(t, reason.SourceDeleted, e.Reason)
			}
		}
	})
}

// Unequal ETags alone are never a finding, but for two MD5s of single parts.
func TestHeadersMismatchOnlyByComparableSumsOrMD5s(t *testing.T) {
	check(t, func(t *rapid.T, in input, _ verdict.Verdict) {
		for _, r := range in.Look.Replicas {
			p := in.Look.Primary
			told := verdict.Compare(p, r).Detail
			assert.LessOrEqual(t, len(told), verdict.MaxDetail)
			assert.NotRegexp(t, `[^ -~]`, told)
			r.Parts = nil
			c := verdict.Compare(p, r)
			assert.Equal(t, c.Verified(), c.Reason == "")
			if p.Found != verdict.Object || r.Found != verdict.Object {
				assert.Equal(t, reason.Inconclusive, c.Reason)
				continue
			}
			assert.Equal(t, p.Size != r.Size, c.Reason == reason.SizeMismatch)
			pairs := checksum.Comparable(checksum.ParseAll(p.Checksums, p.ChecksumType), checksum.ParseAll(r.Checksums, r.ChecksumType), checksum.FullObject)
			differ := slices.ContainsFunc(pairs, func(p checksum.Pair) bool { return !p.Equal() })
			a, errA := etag.Parse(p.ETag)
			b, errB := etag.Parse(r.ETag)
			md5s := errA == nil && errB == nil && !a.Multipart() && !b.Multipart() && etag.MD5Based(p.Encryption) && etag.MD5Based(r.Encryption)
			if c.Reason == reason.ContentMismatch {
				assert.True(t, differ || len(pairs) == 0 && md5s && a != b)
			}
			assert.False(t, differ && c.Verified())
		}
	})
}

func TestReadingEndsOnceEveryReplicaWasRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput.Draw(t, "input")
		in.Look.Replicas = slices.Clone(in.Look.Replicas)
		for range len(in.Look.Replicas) {
			v := in.judge()
			if v.Outcome != verdict.Reading {
				return
			}
			next := verdict.ToRead(in.Event, in.Look, in.Policy)
			require.GreaterOrEqual(t, next, 0)
			r := &in.Look.Replicas[next]
			require.Nil(t, r.Bytes)
			assert.True(t, slices.ContainsFunc(v.Replicas, func(e verdict.Entry) bool { return e.Bucket == r.Bucket && e.Outcome == verdict.Reading }))
			b := anyBytes.Draw(t, "bytes")
			r.Bytes = &b
		}
		assert.NotEqual(t, verdict.Reading, in.judge().Outcome)
	})
}

// Metadata never changes what is said about the content.
func TestMetadataIsNoContentVerdict(t *testing.T) {
	check(t, func(t *rapid.T, in input, got verdict.Verdict) {
		plain := in
		plain.Look.Primary.Metadata = nil
		without := plain.judge()
		require.Len(t, got.Replicas, len(without.Replicas))
		for i, w := range without.Replicas {
			g := got.Replicas[i]
			assert.Empty(t, w.Finding)
			assert.NotEqual(t, reason.MetadataDiffers, w.Reason)
			if g.Reason == reason.MetadataDiffers {
				assert.Contains(t, []verdict.Outcome{verdict.Verified, verdict.Reading}, w.Outcome)
				assert.True(t, g.Outcome == verdict.Lagging || in.Policy.AlertMetadata && g.Evidence == w.Evidence)
				continue
			}
			assert.Equal(t, w.Outcome, g.Outcome)
			assert.Equal(t, w.Reason, g.Reason)
			assert.Equal(t, w.Evidence, g.Evidence)
		}
	})
}

// Facts travel as JSON and stay what they are.
func TestFactsKeepTheirMeaningAsJSON(t *testing.T) {
	check(t, func(t *rapid.T, in input, v verdict.Verdict) {
		var look verdict.Look
		through(t, in.Look, &look)
		assert.Equal(t, in.Look, look)
		var progress verdict.Progress
		through(t, in.Progress, &progress)
		assert.Equal(t, in.Progress, progress)
		v.Wait = 0
		var again verdict.Verdict
		through(t, v, &again)
		assert.Equal(t, v, again)
	})
}

func through(t *rapid.T, from, to any) {
	encoded, err := json.Marshal(from)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(encoded, to))
}
