package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// row is one row of the tables in the package comment.
type row struct {
	name     string
	event    verdict.Event
	look     verdict.Look
	progress verdict.Progress
	outcome  verdict.Outcome
	reason   reason.Code
	evidence verdict.Evidence
	detail   string // a part of the detail
	alerted  bool
}

var rows = []row{
	{name: "sizes that differ are a size mismatch, whatever the checksums say",
		look: look(primary(sums(crcA)), replica(sums(crcA), size(6))), outcome: verdict.Failed, reason: reason.SizeMismatch,
		detail: "primary docs-primary (eu-central-1) and replica docs-replica (eu-west-1): sizes differ: 5 bytes and 6 bytes"},
	{name: "one of several common full-object checksums that differs is a content mismatch",
		look: look(primary(sums(map[string]string{"SHA1": sha1A, "CRC32": "AAAAAA=="})),
			replica(sums(map[string]string{"SHA1": sha1A, "CRC32": "AAAAAQ=="}))),
		outcome: verdict.Failed, reason: reason.ContentMismatch, detail: "full-object checksum CRC32 differs: AAAAAA== and AAAAAQ=="},
	{name: "equal full-object checksums verify under different encryptions and ETags",
		look:    look(primary(sums(crcA), checksumType("FULL_OBJECT")), replica(sums(crcA), checksumType("FULL_OBJECT"), encrypted("aws:kms"), tag(md5B))),
		outcome: verdict.Verified, evidence: "full-object checksum CRC64NVME", detail: "full-object checksum CRC64NVME is equal: AAAAAAAAAAE="},
	{name: "composite checksums that differ are inconclusive, and equal ETags do not decide instead",
		look:    look(primary(sums(map[string]string{"CRC32": "AAAAAA==-2"})), replica(sums(map[string]string{"CRC32": "AAAAAA==-3"}))),
		outcome: verdict.Failed, reason: reason.Inconclusive, detail: "composite checksum CRC32 differs: AAAAAA==-2 and AAAAAA==-3"},
	{name: "a full-object checksum decides before a composite one",
		look: look(primary(sums(map[string]string{"CRC32": "AAAAAA==-2", "CRC64NVME": "AAAAAAAAAAE="})),
			replica(sums(map[string]string{"CRC32": "AAAAAA==-3", "CRC64NVME": "AAAAAAAAAAE="}))),
		outcome: verdict.Verified, evidence: "full-object checksum CRC64NVME"},
	{name: "one algorithm in two types leaves it to the ETags",
		look:    look(primary(sums(map[string]string{"CRC32": "AAAAAA=="})), replica(sums(map[string]string{"CRC32": "AAAAAQ==-1"}))),
		outcome: verdict.Verified, evidence: verdict.SinglePartETag},
	{name: "two algorithms leave it to the ETags",
		look: look(primary(sums(crcA)), replica(sums(map[string]string{"CRC32": "AAAAAA=="}), tag(md5B))), outcome: verdict.Failed, reason: reason.ContentMismatch,
		detail: "single-part ETag (MD5) differs: 5d41402abc4b2a76b9719d911017c592 and 7d793037a0760186574b0282f2f435e7"},
	{name: "a malformed checksum is neither evidence nor a mismatch",
		look: look(primary(sums(map[string]string{"CRC64NVME": "?"})), replica(sums(crcA))), outcome: verdict.Verified, evidence: verdict.SinglePartETag},
	{name: "equal malformed checksums with nothing else are inconclusive",
		look:    look(primary(sums(map[string]string{"CRC32": "?"}), encrypted("aws:kms")), replica(sums(map[string]string{"CRC32": "?"}), encrypted("aws:kms"))),
		outcome: verdict.Failed, reason: reason.Inconclusive},

	{name: "single-part ETags equal but for their writing verify",
		look: look(primary(), replica(tag("5D41402ABC4B2A76B9719D911017C592"))), outcome: verdict.Verified, evidence: verdict.SinglePartETag,
		detail: "single-part ETag (MD5) is equal: 5d41402abc4b2a76b9719d911017c592"},
	{name: "single-part ETags without encryption verify against SSE-S3",
		look: look(primary(encrypted("")), replica()), outcome: verdict.Verified, evidence: verdict.SinglePartETag},
	{name: "single-part ETags that differ are a content mismatch",
		look: look(primary(), replica(tag(md5B))), outcome: verdict.Failed, reason: reason.ContentMismatch},
	{name: "multipart ETags that are equal verify",
		look: look(primary(tag(quoted(md5A, "-3"))), replica(tag(quoted(md5A, "-3")))), outcome: verdict.Verified, evidence: verdict.MultipartETag},
	{name: "multipart ETags of other part counts are inconclusive",
		look: look(primary(tag(quoted(md5A, "-3"))), replica(tag(quoted(md5A, "-4")))), outcome: verdict.Failed, reason: reason.Inconclusive,
		detail: "different ETags of multipart uploads say nothing about content: 5d41402abc4b2a76b9719d911017c592-3 and 5d41402abc4b2a76b9719d911017c592-4"},
	{name: "multipart ETags that differ are inconclusive",
		look: look(primary(tag(quoted(md5A, "-3"))), replica(tag(quoted(md5B, "-3")))), outcome: verdict.Failed, reason: reason.Inconclusive},
	{name: "a single-part against a multipart ETag is inconclusive",
		look: look(primary(), replica(tag(quoted(md5B, "-1")))), outcome: verdict.Failed, reason: reason.Inconclusive},
	{name: "a multipart against a single-part ETag is inconclusive",
		look: look(primary(tag(quoted(md5B, "-1"))), replica()), outcome: verdict.Failed, reason: reason.Inconclusive},
	{name: "a malformed ETag is inconclusive, even on both sides",
		look: look(primary(tag("\x00é")), replica(tag("\x00é"))), outcome: verdict.Failed, reason: reason.Inconclusive,
		detail: `the ETags "\x00\u00e9" and "\x00\u00e9" are not both in the form of an MD5`},
	{name: "different SSE-KMS ETags are no mismatch",
		look: look(primary(), replica(encrypted("aws:kms"), tag(md5B))), outcome: verdict.Failed, reason: reason.Inconclusive,
		detail: "ETags under encryption AES256 and aws:kms say nothing about content"},
	{name: "equal SSE-KMS ETags are no evidence",
		look: look(primary(encrypted("aws:kms")), replica(encrypted("aws:kms"))), outcome: verdict.Failed, reason: reason.Inconclusive},
	{name: "DSSE ETags say nothing",
		look: look(primary(encrypted("aws:kms:dsse")), replica(encrypted(""))), outcome: verdict.Failed, reason: reason.Inconclusive,
		detail: "encryption aws:kms:dsse and none"},
	{name: "SSE-C ETags say nothing",
		look: look(primary(encrypted("SSE-C")), replica(encrypted("SSE-C"), tag(md5B))), outcome: verdict.Failed, reason: reason.Inconclusive},

	{name: "a missing replica of a PENDING object lags",
		look: look(primary(), replica(absent)), progress: after(9, deadline-1), outcome: verdict.Lagging, reason: reason.ReplicaMissing,
		detail: "the replica does not have the version; status PENDING after 59m59.999999999s"},
	{name: "a missing replica of a COMPLETED object lags, for it may not be visible yet",
		look: look(primary(status("COMPLETED")), replica(absent)), outcome: verdict.Lagging, reason: reason.ReplicaMissing},
	{name: "a missing replica of an object with a status unknown here lags",
		look: look(primary(status("WAITING")), replica(absent)), outcome: verdict.Lagging, reason: reason.ReplicaMissing},
	{name: "a missing replica has failed at the deadline",
		look: look(primary(), replica(absent)), progress: after(2, deadline), outcome: verdict.Failed, reason: reason.ReplicaMissing},
	{name: "the deadline grows with the size",
		look: look(primary(size(2<<30)), replica(absent)), progress: after(20, deadline+10*time.Second-1), outcome: verdict.Lagging, reason: reason.ReplicaMissing},
	{name: "the deadline of a large object is reached, too",
		look: look(primary(size(2<<30)), replica(absent)), progress: after(20, deadline+10*time.Second), outcome: verdict.Failed, reason: reason.ReplicaMissing},
	{name: "status FAILED and a missing replica lag for one look, for S3's notification alerts within seconds",
		look: look(primary(status("FAILED")), replica(absent)), progress: gaveUp(1), outcome: verdict.Lagging, reason: reason.ReplicationFailed},
	{name: "status FAILED and a missing replica have failed at the second look in a row",
		look: look(primary(status("FAILED")), replica(absent)), progress: gaveUp(2), outcome: verdict.Failed, reason: reason.ReplicationFailed, detail: "status FAILED"},
	{name: "status FAILED and a missing replica have failed at the deadline, however often they were seen",
		look: look(primary(status("FAILED")), replica(absent)), progress: verdict.Progress{Looks: 20, Waited: deadline, GaveUp: 1}, outcome: verdict.Failed, reason: reason.ReplicationFailed},
	{name: "status FAILED and a missing replica that operators know of have failed at once",
		look: alerted(look(primary(status("FAILED")), replica(absent))), progress: gaveUp(1), outcome: verdict.Failed, reason: reason.ReplicationFailed, alerted: true},
	{name: "a mark without a failed replication changes nothing",
		look: alerted(look(primary(), replica(absent))), outcome: verdict.Lagging, reason: reason.ReplicaMissing},
	{name: "operators who know of a failed replication don't know of other content elsewhere",
		look:    alerted(look(primary(status("FAILED")), replica(size(6)), second(absent))),
		outcome: verdict.Failed, reason: reason.SizeMismatch},
	{name: "status FAILED and the replica there are judged by what is there",
		look: look(primary(status("FAILED")), replica()), outcome: verdict.Verified, evidence: verdict.SinglePartETag},
	{name: "status FAILED and one of two replicas missing have failed just so",
		look: look(primary(status("FAILED")), replica(), second(absent)), progress: gaveUp(2), outcome: verdict.Failed, reason: reason.ReplicationFailed, detail: "docs-second"},
	{name: "status FAILED and two replicas missing lag, for either may have failed, whatever operators know",
		look: alerted(look(primary(status("FAILED")), replica(absent), second(absent))), progress: verdict.Progress{Looks: 9, Waited: deadline - 1, GaveUp: 9}, outcome: verdict.Lagging, reason: reason.ReplicationFailed},
	{name: "status FAILED and two replicas missing have failed at the deadline",
		look: look(primary(status("FAILED")), replica(absent), second(absent)), progress: after(9, deadline), outcome: verdict.Failed, reason: reason.ReplicationFailed},
	{name: "a primary that is itself a replica is skipped",
		look: look(primary(status("REPLICA")), replica(absent)), outcome: verdict.Skipped, reason: reason.IsReplica},
	{name: "no status and no replica lag for a grace",
		look: look(primary(status("")), replica(absent)), progress: after(2, 2*deadline), outcome: verdict.Lagging, reason: reason.NotReplicated, detail: "status empty"},
	{name: "no status and no replica after the grace are not replicated",
		look: look(primary(status("")), replica(absent)), progress: after(3, 0), outcome: verdict.Failed, reason: reason.NotReplicated},
	{name: "no status and an equal replica verify",
		look: look(primary(status("")), replica()), outcome: verdict.Verified, evidence: verdict.SinglePartETag},
	{name: "a key that no rule covers lags for a grace",
		look: look(primary()), progress: after(2, 2*deadline), outcome: verdict.Lagging, reason: reason.NotReplicated},
	{name: "a key that no rule covers is not replicated after the grace",
		look: look(primary()), progress: after(3, 0), outcome: verdict.Failed, reason: reason.NotReplicated, detail: "no replication rule covers the key"},
	{name: "rules that can't be followed are told",
		look: look(primary(found(verdict.Unsupported), because("rule r1 selects by tag"))), outcome: verdict.Failed, reason: reason.RuleNotSupported,
		detail: "primary docs-primary (eu-central-1): the primary shows unsupported (rule r1 selects by tag)"},

	{name: "a version that is gone is skipped, and the detail tells of the replicas",
		look: look(primary(absent), replica(absent), second()), outcome: verdict.Skipped, reason: reason.SourceDeleted,
		detail: "no longer has the version; replica docs-replica (eu-west-1) shows missing; replica docs-second (us-east-2) shows object"},
	{name: "a version that is gone without a replica in sight is skipped",
		look: look(primary(absent)), outcome: verdict.Skipped, reason: reason.SourceDeleted},
	{name: "a version that is gone waits for a replica that is denied",
		look: look(primary(absent), replica(found(verdict.Denied))), progress: unread(2), outcome: verdict.Lagging, reason: reason.SourceDeleted},
	{name: "a version that is gone is skipped where the replica stays denied",
		look: look(primary(absent), replica(found(verdict.Denied))), progress: unread(3), outcome: verdict.Skipped, reason: reason.SourceDeleted, detail: "shows denied"},
	{name: "a version that is gone waits for a replica that is unreachable",
		look: look(primary(absent), second(), replica(found(verdict.Unreachable))), progress: unread(7), outcome: verdict.Lagging, reason: reason.SourceDeleted},
	{name: "a version that is gone is skipped where the replica stays unreachable",
		look: look(primary(absent), replica(found(verdict.Unreachable))), progress: unread(8), outcome: verdict.Skipped, reason: reason.SourceDeleted},

	{name: "the same delete marker on both sides verifies",
		event: verdict.Event{Marker: true}, look: look(primary(marker), replica(marker)), outcome: verdict.Verified, evidence: verdict.DeleteMarker},
	{name: "a missing delete marker lags",
		event: verdict.Event{Marker: true}, look: look(primary(marker), replica(absent)), progress: after(9, markerDeadline-1), outcome: verdict.Lagging, reason: reason.ReplicaMissing},
	{name: "a missing delete marker without a status lags just so",
		event: verdict.Event{Marker: true}, look: look(primary(marker, status("")), replica(absent)), progress: after(9, markerDeadline-1), outcome: verdict.Lagging, reason: reason.ReplicaMissing},
	{name: "a missing delete marker has failed at the markers' deadline",
		event: verdict.Event{Marker: true}, look: look(primary(marker), replica(absent)), progress: after(9, markerDeadline), outcome: verdict.Failed, reason: reason.ReplicaMissing},
	{name: "a delete marker that no rule replicates is skipped",
		event: verdict.Event{Marker: true}, look: look(primary(marker), replica(absent, ignoresMarkers), second(found(verdict.Denied), ignoresMarkers)),
		outcome: verdict.Skipped, reason: reason.MarkerNotReplicated},
	{name: "a delete marker is expected only where the rule replicates it",
		event: verdict.Event{Marker: true}, look: look(primary(marker), replica(absent, ignoresMarkers), second(marker)), outcome: verdict.Verified, evidence: verdict.DeleteMarker},
	{name: "a rule that ignores markers still replicates objects",
		look: look(primary(), replica(absent, ignoresMarkers)), outcome: verdict.Lagging, reason: reason.ReplicaMissing},
	{name: "a delete marker that lifecycle made is skipped, whatever the sides show",
		event: verdict.Event{Marker: true, Lifecycle: true}, look: look(primary(found(verdict.Denied)), replica(absent)), outcome: verdict.Skipped, reason: reason.LifecycleMarker},
	{name: "an object that lifecycle deleted for good is judged by what is there",
		event: verdict.Event{Lifecycle: true}, look: look(primary(absent), replica()), outcome: verdict.Skipped, reason: reason.SourceDeleted},
	{name: "an object against a delete marker of the same version is a content mismatch",
		look: look(primary(), replica(marker)), outcome: verdict.Failed, reason: reason.ContentMismatch,
		detail: "the same version is object in the primary and delete marker in the replica"},
	{name: "a delete marker against an object of the same version is a content mismatch",
		event: verdict.Event{Marker: true}, look: look(primary(marker), replica()), outcome: verdict.Failed, reason: reason.ContentMismatch,
		detail: "the same version is delete marker in the primary and object in the replica"},
	{name: "an event of a marker where an object is there is judged by the object",
		event: verdict.Event{Marker: true}, look: look(primary(), replica()), outcome: verdict.Verified, evidence: verdict.SinglePartETag},
	{name: "an event of an object where a marker is there is judged by the marker",
		look: look(primary(marker), replica(marker)), outcome: verdict.Verified, evidence: verdict.DeleteMarker},

	{name: "an archived primary is told at once",
		look: look(primary(found(verdict.Archived), because("GetObject answered 403 InvalidObjectState")), replica()), outcome: verdict.Failed, reason: reason.Archived,
		detail: "the primary shows archived (GetObject answered 403 InvalidObjectState)"},
	{name: "an archived replica is told at once",
		look: look(primary(), replica(found(verdict.Archived))), outcome: verdict.Failed, reason: reason.Archived, detail: "the replica shows archived"},
	{name: "SSE-C in the primary is unreadable",
		look: look(primary(found(verdict.SSEC)), replica()), outcome: verdict.Failed, reason: reason.UnreadableSSEC, detail: "primary docs-primary (eu-central-1) and replica docs-replica (eu-west-1): the primary shows sse-c"},
	{name: "SSE-C in the replica is unreadable",
		look: look(primary(), replica(found(verdict.SSEC))), outcome: verdict.Failed, reason: reason.UnreadableSSEC, detail: "primary docs-primary (eu-central-1) and replica docs-replica (eu-west-1): the replica shows sse-c"},
	{name: "a denied primary lags for a few looks",
		look: look(primary(found(verdict.Denied)), replica()), progress: unread(2), outcome: verdict.Lagging, reason: reason.AccessDenied},
	{name: "a primary that stays denied is access denied",
		look: look(primary(found(verdict.Denied), because("HeadObject answered 403")), replica()), progress: unread(3), outcome: verdict.Failed, reason: reason.AccessDenied,
		detail: "the primary shows denied (HeadObject answered 403)"},
	{name: "a denied replica lags for a few looks",
		look: look(primary(), replica(found(verdict.Denied))), progress: unread(2), outcome: verdict.Lagging, reason: reason.AccessDenied},
	{name: "a replica that stays denied is access denied",
		look: look(primary(), replica(found(verdict.Denied))), progress: unread(3), outcome: verdict.Failed, reason: reason.AccessDenied},
	{name: "an unreachable primary is looked at again",
		look: look(primary(found(verdict.Unreachable)), replica()), progress: unread(7), outcome: verdict.Lagging, reason: reason.Unreachable},
	{name: "a primary that stays unreachable is unreachable",
		look: look(primary(found(verdict.Unreachable)), replica()), progress: unread(8), outcome: verdict.Failed, reason: reason.Unreachable},
	{name: "an unreachable replica is looked at again",
		look: look(primary(), replica(found(verdict.Unreachable))), progress: unread(7), outcome: verdict.Lagging, reason: reason.Unreachable},
	{name: "a replica that stays unreachable is unreachable",
		look: look(primary(), replica(found(verdict.Unreachable))), progress: unread(8), outcome: verdict.Failed, reason: reason.Unreachable},
	{name: "an answer that fits nothing counts as unreachable",
		look: look(primary(found("")), replica()), progress: unread(8), outcome: verdict.Failed, reason: reason.Unreachable},

	{name: "two replicas verify with the weaker evidence",
		look: look(primary(sums(crcA)), replica(sums(crcA)), second()), outcome: verdict.Verified, evidence: verdict.SinglePartETag},
	{name: "a lagging replica outweighs a verified one",
		look: look(primary(), replica(), second(absent)), outcome: verdict.Lagging, reason: reason.ReplicaMissing, detail: "docs-second"},
	{name: "a failed replica never waits for a lagging one",
		look: look(primary(), replica(absent), second(tag(md5B))), outcome: verdict.Failed, reason: reason.ContentMismatch, detail: "docs-second"},
	{name: "a version that S3 does not replicate outweighs a replica that is denied",
		look: look(primary(status("")), replica(found(verdict.Denied)), second(absent)), progress: unread(3), outcome: verdict.Failed, reason: reason.NotReplicated,
		detail: "shows denied; primary docs-primary"},
	{name: "of two failures the worse one is the reason, and the detail tells both",
		look: look(primary(), replica(found(verdict.SSEC)), second(tag(md5B))), outcome: verdict.Failed, reason: reason.ContentMismatch, detail: "shows sse-c; primary docs-primary"},
}

func TestEveryRowOfTheTable(t *testing.T) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			progress := r.progress
			if progress == (verdict.Progress{}) {
				progress = first
			}
			got := verdict.Judge(r.event, r.look, progress, policy)
			assert.Equal(t, r.outcome, got.Outcome, got.Detail)
			assert.Equal(t, r.reason, got.Reason, got.Detail)
			assert.Equal(t, r.evidence, got.Evidence, got.Detail)
			assert.Contains(t, got.Detail, r.detail)
			assert.Contains(t, got.Detail, "docs-primary (eu-central-1)")
			assert.Equal(t, r.alerted, got.Alerted)
		})
	}
}
