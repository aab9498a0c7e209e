package verdict_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

func TestTheOutcomeThatComesFirstIsTheVersions(t *testing.T) {
	denied := found(verdict.Denied)
	sourceGone := wasRead(verdict.Bytes{Primary: not(verdict.Missing), Replica: all(readA)})
	read := wasRead(equalBytes)
	third := func(changes ...change) verdict.Replica { return side("docs-third", "ap-south-1", changes) }
	for name, tc := range map[string]struct {
		look     verdict.Look
		progress verdict.Progress
		want     string
		entries  []string
	}{
		"a failed replica never waits for a lagging one": {look(primary(), replica(absent), second(tag(md5B))), first, "failed CONTENT_MISMATCH",
			[]string{"docs-replica: lagging REPLICA_MISSING", "docs-second: failed CONTENT_MISMATCH"}},
		"a lagging replica outweighs a verified one": {look(primary(), replica(), second(absent)), first, "lagging REPLICA_MISSING",
			[]string{"docs-replica: verified single-part ETag (MD5)", "docs-second: lagging REPLICA_MISSING"}},
		"a lagging replica outweighs one to be read": {look(primary(silent), replica(silent), second(absent)), first, "lagging REPLICA_MISSING",
			[]string{"docs-replica: reading INCONCLUSIVE", "docs-second: lagging REPLICA_MISSING"}},
		"one to be read outweighs one whose source is gone": {look(primary(silent), replica(silent, sourceGone), second(silent)), first, "reading INCONCLUSIVE",
			[]string{"docs-replica: skipped SOURCE_DELETED", "docs-second: reading INCONCLUSIVE"}},
		"one that was not compared outweighs one whose bytes are equal": {look(primary(silent), replica(silent, read), second(silent, sourceGone)), first, "skipped SOURCE_DELETED",
			[]string{"docs-replica: verified bytes read on both sides", "docs-second: skipped SOURCE_DELETED"}},
		"one to be read outweighs a verified one": {look(primary(silent, sums(crcA)), replica(sums(crcA)), second(silent)), first, "reading INCONCLUSIVE",
			[]string{"docs-replica: verified full-object checksum CRC64NVME", "docs-second: reading INCONCLUSIVE"}},
		"of two failures the worse one is the reason": {look(primary(), replica(found(verdict.SSEC)), second(tag(md5B))), first, "failed CONTENT_MISMATCH",
			[]string{"docs-replica: failed UNREADABLE_SSE_C", "docs-second: failed CONTENT_MISMATCH"}},
		"a version that S3 does not replicate outweighs a replica that is denied": {look(primary(status("")), replica(denied), second(absent)), unread(3), "failed NOT_REPLICATED",
			[]string{"docs-replica: failed ACCESS_DENIED", "docs-second: failed NOT_REPLICATED"}},
		"of two that lag the worse one is the reason": {look(primary(), replica(denied), second(absent)), first, "lagging REPLICA_MISSING",
			[]string{"docs-replica: lagging ACCESS_DENIED", "docs-second: lagging REPLICA_MISSING"}},
		"the last of three counts": {look(primary(), replica(), second(), third(tag(md5B))), first, "failed CONTENT_MISMATCH",
			[]string{"docs-replica: verified single-part ETag (MD5)", "docs-second: verified single-part ETag (MD5)", "docs-third: failed CONTENT_MISMATCH"}},
		"the first of three counts": {look(primary(), replica(tag(md5B)), second(), third()), first, "failed CONTENT_MISMATCH",
			[]string{"docs-replica: failed CONTENT_MISMATCH", "docs-second: verified single-part ETag (MD5)", "docs-third: verified single-part ETag (MD5)"}},
		"the weakest of three kinds of evidence": {look(primary(sums(crcA)), replica(sums(crcA)), second(), third(sums(crcA))), first, "verified single-part ETag (MD5)",
			[]string{"docs-replica: verified full-object checksum CRC64NVME", "docs-second: verified single-part ETag (MD5)", "docs-third: verified full-object checksum CRC64NVME"}},
		"a replica that is not expected counts for nothing": {look(primary(marker), replica(denied, ignoresMarkers), second(marker), third(ignoresMarkers)), unread(8), "verified delete marker",
			[]string{"docs-second: verified delete marker"}},
	} {
		t.Run(name, func(t *testing.T) {
			v := verdict.Judge(verdict.Event{}, tc.look, tc.progress, reads)
			assert.Equal(t, tc.want, brief(v.Outcome, v.Reason, v.Evidence))
			assert.Equal(t, tc.entries, entries(v))
			assert.Empty(t, v.Detail, "the entries have theirs")
		})
	}
}

func TestTheWeakestEvidenceNamesTheVerdict(t *testing.T) {
	both := map[string]string{"SHA1": sha1A, "CRC64NVME": "AAAAAAAAAAE=", "CRC32": "AAAAAA==-2"}
	composite, combined := parts(verdict.Parts{Algorithm: "SHA1", Equal: true}), parts(verdict.Parts{Algorithm: "CRC32", Equal: true, Sum: "AAAAAA=="})
	only := func(a string, value string) change { return sums(map[string]string{a: value}) }
	// Each is weaker than those above.
	ordered := []struct {
		evidence verdict.Evidence
		as       change
	}{
		{verdict.BytesRead, wasRead(equalBytes)},
		{"full-object checksum SHA1", only("SHA1", sha1A)},
		{"full-object checksum CRC64NVME", sums(crcA)},
		{"full-object checksum CRC32 (combined from parts)", func(x *verdict.Replica) { only("CRC32", "AAAAAQ==-3")(x); combined(x) }},
		{"composite checksum SHA1 (part by part)", func(x *verdict.Replica) { only("CRC32", "AAAAAQ==-3")(x); composite(x) }},
		{"composite checksum CRC32", only("CRC32", "AAAAAA==-2")},
		{verdict.SinglePartETag, sums(nil)},
	}
	for i, strong := range ordered {
		for j, weak := range ordered[i:] {
			for _, l := range []verdict.Look{
				look(primary(sums(both)), replica(strong.as), second(weak.as)),
				look(primary(sums(both)), replica(weak.as), second(strong.as)),
			} {
				v := verdict.Judge(verdict.Event{}, l, first, policy)
				assert.Equal(t, verdict.Verified, v.Outcome)
				assert.Equal(t, weak.evidence, v.Evidence, "%d and %d", i, i+j)
			}
		}
	}
}

func TestAFindingAboutAnyReplicaIsTheVersions(t *testing.T) {
	for _, differing := range []int{0, 1, 2} {
		replicas := []verdict.Replica{replica(with(), sums(crcA)), second(with(), sums(nil)), second(with(), sums(crcA))}
		with(user("x"))(&replicas[differing])
		v := verdict.Judge(verdict.Event{}, look(primary(with(), sums(crcA)), replicas...), first, policy)
		assert.Equal(t, "verified single-part ETag (MD5)", brief(v.Outcome, v.Reason, v.Evidence))
		assert.Equal(t, reason.MetadataDiffers, v.Finding)
		for i, e := range v.Replicas {
			assert.Equal(t, i == differing, e.Finding != "", "the finding is about one of them")
		}
		replicas[(differing+1)%3].Size++
		v = verdict.Judge(verdict.Event{}, look(primary(with(), sums(crcA)), replicas...), first, policy)
		assert.Equal(t, verdict.Failed, v.Outcome)
		assert.Empty(t, v.Finding, "a finding is about a verified version")
	}
}

// A failure that somebody was told of by S3 never hides that of another replica,
// and what differs is told however many others failed before it.
func TestNoFailureHidesBehindAnother(t *testing.T) {
	failed := status("FAILED")
	for name, other := range map[string]verdict.Replica{
		"denied":       second(found(verdict.Denied)),
		"unreachable":  second(found(verdict.Unreachable)),
		"inconclusive": second(silent),
		"sse-c":        second(found(verdict.SSEC)),
	} {
		v := verdict.Judge(verdict.Event{}, look(primary(failed), replica(absent), other), verdict.Progress{Looks: 9, Unread: 8, GaveUp: 9}, policy)
		assert.Equal(t, reason.ReplicationFailed, v.Reason, name)
		assert.Len(t, v.Replicas, 2, name)
		assert.Equal(t, verdict.Failed, v.Replicas[1].Outcome, name)
		assert.NotEqual(t, reason.ReplicationFailed, v.Replicas[1].Reason, name)
	}
	denied := found(verdict.Denied)
	long := because("HeadObject answered 403 Forbidden; grant s3:GetObjectVersion, for SSE-KMS also kms:Decrypt on the key")
	v := verdict.Judge(verdict.Event{}, look(primary(sums(crcA)), replica(denied, long), replica(denied, long), second(sums(crcB))), unread(3), policy)
	assert.Equal(t, reason.ContentMismatch, v.Reason)
	assert.Equal(t, "full-object checksum CRC64NVME differs: AAAAAAAAAAE= and AAAAAAAAAAI=", v.Replicas[2].Detail)
	assert.Equal(t, "docs-second", v.Replicas[2].Bucket)
}
