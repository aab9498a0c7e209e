package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

func TestEachReplicaIsJudgedByWhatIsThere(t *testing.T) {
	markerMade := verdict.Event{Marker: true}
	denied, down := found(verdict.Denied), found(verdict.Unreachable)
	try(t, []row{
		{name: "a delete marker that no rule replicates is skipped, whatever the replicas show",
			event: markerMade, look: look(primary(marker), replica(absent, ignoresMarkers), second(denied, ignoresMarkers)),
			want: "skipped MARKER_NOT_REPLICATED", detail: "no replication rule replicates delete markers"},
		{name: "a delete marker is expected only where the rule replicates it",
			event: markerMade, look: look(primary(marker), replica(absent, ignoresMarkers), second(marker)), want: "verified delete marker"},
		{name: "a rule that ignores markers still replicates objects",
			look: look(primary(), replica(absent, ignoresMarkers)), want: "lagging REPLICA_MISSING"},

		{name: "SSE-C in the replica is unreadable at once",
			look: look(primary(), replica(found(verdict.SSEC))), want: "failed UNREADABLE_SSE_C", detail: "sse-c"},
		{name: "an archived replica is told at once",
			look: look(primary(), replica(found(verdict.Archived))), want: "failed ARCHIVED", detail: "archived"},
		{name: "a denied replica lags for a few looks in a row",
			look: look(primary(), replica(denied)), progress: unread(2), want: "lagging ACCESS_DENIED"},
		{name: "a replica that stays denied is access denied",
			look: look(primary(), replica(denied, because("HeadObject answered 403\n"))), progress: unread(3), want: "failed ACCESS_DENIED",
			detail: "denied (HeadObject answered 403 )"},
		{name: "an unreachable replica is looked at again",
			look: look(primary(), replica(down)), progress: unread(7), want: "lagging UNREACHABLE"},
		{name: "a replica that stays unreachable is unreachable",
			look: look(primary(), replica(down)), progress: unread(8), want: "failed UNREACHABLE"},

		{name: "an object against a delete marker of the same version is a content mismatch",
			look: look(primary(), replica(marker)), want: "failed CONTENT_MISMATCH",
			detail: "the same version is object in the primary and delete marker in the replica"},
		{name: "a delete marker against an object of the same version is a content mismatch",
			event: markerMade, look: look(primary(marker), replica()), want: "failed CONTENT_MISMATCH",
			detail: "the same version is delete marker in the primary and object in the replica"},
		{name: "the same delete marker on both sides verifies",
			event: markerMade, look: look(primary(marker), replica(marker)), want: "verified delete marker", detail: "the same delete marker on both sides"},
		{name: "an event of a marker where an object is there is judged by the object",
			event: markerMade, look: look(primary(), replica()), want: "verified single-part ETag (MD5)"},
		{name: "an event of an object where a marker is there is judged by the marker",
			look: look(primary(marker), replica(marker)), want: "verified delete marker"},

		{name: "a primary that is a replica and equals another, as in a two-way pair, verifies",
			look: look(primary(status("REPLICA")), replica(status("COMPLETED"))), want: "verified single-part ETag (MD5)"},
		{name: "a primary that is a replica and differs from another is a mismatch",
			look: look(primary(status("REPLICA")), replica(tag(md5B))), want: "failed CONTENT_MISMATCH"},
		{name: "status FAILED and the replica there are judged by what is there",
			look: look(primary(status("FAILED")), replica()), want: "verified single-part ETag (MD5)"},
		{name: "no status and an equal replica verify",
			look: look(primary(status("")), replica()), want: "verified single-part ETag (MD5)"},
	})
}

func TestAMissingReplicaIsJudgedByTheStatusOfThePrimary(t *testing.T) {
	kms, dsse := encrypted("aws:kms"), encrypted("aws:kms:dsse")
	none, failed, completed, isReplica := status(""), status("FAILED"), status("COMPLETED"), status("REPLICA")
	try(t, []row{
		{name: "an object under KMS that the rule leaves out lags for a grace",
			look: look(primary(none, kms), replica(absent, ignoresKMS)), progress: looks(2), want: "lagging LEFT_OUT"},
		{name: "an object under KMS that the rule leaves out is left out after the grace",
			look: look(primary(none, kms), replica(absent, ignoresKMS)), progress: looks(3), want: "failed LEFT_OUT",
			detail: "the rule leaves out objects encrypted with aws:kms; the replica does not have the version; replication status empty"},
		{name: "an object under DSSE is left out just so",
			look: look(primary(none, dsse), replica(absent, ignoresKMS)), progress: looks(3), want: "failed LEFT_OUT", detail: "aws:kms:dsse"},
		{name: "an object under SSE-S3 is not left out by that rule",
			look: look(primary(none), replica(absent, ignoresKMS)), progress: looks(3), want: "failed NOT_REPLICATED"},
		{name: "a rule that takes KMS leaves none out",
			look: look(primary(none, kms), replica(absent)), progress: looks(3), want: "failed NOT_REPLICATED"},
		{name: "of several replicas the status may be another one's, so the rule leaves out all the same",
			look: look(primary(completed, kms), replica(kms), second(absent, ignoresKMS)), progress: gone(9), want: "failed LEFT_OUT"},
		{name: "the status of the only replica is of its own rule, which took the object",
			look: look(primary(completed, kms), replica(absent, ignoresKMS)), progress: gone(4), want: "failed REPLICA_MISSING"},
		{name: "an object that is there is judged by what is there, whatever the rule leaves out",
			look: look(primary(none, kms, sums(crcA)), replica(kms, sums(crcA), ignoresKMS)), want: "verified full-object checksum CRC64NVME"},

		{name: "an upload into Glacier Flexible Retrieval lags for a grace",
			look: look(primary(none, class("GLACIER")), replica(absent)), progress: looks(2), want: "lagging LEFT_OUT"},
		{name: "an upload into Glacier Flexible Retrieval is left out after the grace",
			look: look(primary(none, class("GLACIER")), replica(absent)), progress: looks(3), want: "failed LEFT_OUT",
			detail: "S3 does not replicate objects of storage class GLACIER"},
		{name: "an upload into Deep Archive is left out just so",
			look: look(primary(none, class("DEEP_ARCHIVE")), replica(absent)), progress: looks(3), want: "failed LEFT_OUT", detail: "DEEP_ARCHIVE"},
		{name: "an upload into Glacier Instant Retrieval is not",
			look: look(primary(none, class("GLACIER_IR")), replica(absent)), progress: looks(3), want: "failed NOT_REPLICATED"},
		{name: "an object that moved to an archive after it was replicated is not left out",
			look: look(primary(completed, class("GLACIER")), replica(absent)), progress: gone(4), want: "failed REPLICA_MISSING"},

		{name: "status COMPLETED and a missing replica lag for a few looks in a row, whatever the waits came to",
			look: look(primary(completed), replica(absent)), progress: gone(3), want: "lagging REPLICA_MISSING"},
		{name: "status COMPLETED and a replica that stays missing have failed",
			look: look(primary(completed), replica(absent)), progress: gone(4), want: "failed REPLICA_MISSING", detail: "replication status COMPLETED after waits of 2h0m0s"},
		{name: "a delete marker that was replicated and is missing has failed just so",
			look: look(primary(marker, completed), replica(absent)), progress: gone(4), want: "failed REPLICA_MISSING"},

		{name: "status REPLICA and a missing replica lag for a grace, for an answer of the moment may lag",
			look: look(primary(isReplica), replica(absent)), progress: looks(2), want: "lagging REPLICA_NOT_REPLICATED"},
		{name: "status REPLICA and a missing replica are the end of a chain after the grace",
			look: look(primary(isReplica), replica(absent)), progress: looks(3), want: "failed REPLICA_NOT_REPLICATED"},

		{name: "status FAILED and a missing replica lag for some looks in a row, for S3's notification knows more",
			look: look(primary(failed), replica(absent)), progress: gaveUp(4), want: "lagging REPLICATION_FAILED"},
		{name: "status FAILED and a replica that stays missing have failed",
			look: look(primary(failed), replica(absent)), progress: gaveUp(5), want: "failed REPLICATION_FAILED", detail: "replication status FAILED"},
		{name: "status FAILED and a missing replica have failed at the deadline, however often they were seen",
			look: look(primary(failed), replica(absent)), progress: waited(deadline), want: "failed REPLICATION_FAILED"},
		{name: "status FAILED and one of two replicas missing have failed just so",
			look: look(primary(failed), replica(), second(absent)), progress: gaveUp(5), want: "failed REPLICATION_FAILED"},
		{name: "status FAILED and a delete marker missing where markers are expected have failed just so",
			look: look(primary(marker, failed), replica(absent, ignoresMarkers), second(absent)), progress: gaveUp(5), want: "failed REPLICATION_FAILED"},
		{name: "status FAILED and two replicas missing lag, for either may have failed",
			look: look(primary(failed), replica(absent), second(absent)), progress: gaveUp(9), want: "lagging REPLICATION_FAILED"},
		{name: "status FAILED and two replicas missing have failed at the deadline",
			look: look(primary(failed), replica(absent), second(absent)), progress: waited(deadline), want: "failed REPLICATION_FAILED"},

		{name: "no status and no replica lag for a grace, whatever the waits came to",
			look: look(primary(none), replica(absent)), progress: verdict.Progress{Looks: 2, Waited: 2 * 3600}, want: "lagging NOT_REPLICATED", detail: "replication status empty"},
		{name: "no status and no replica after the grace are not replicated",
			look: look(primary(none), replica(absent)), progress: looks(3), want: "failed NOT_REPLICATED"},

		{name: "no status and a tag that matches now lag for a grace",
			look: look(primary(none), replica(absent, byTag)), progress: looks(2), want: "lagging TAGS_MATCH_NOW"},
		{name: "no status and a tag that matches now are told as that after the grace",
			look: look(primary(none), replica(absent, byTag)), progress: looks(3), want: "failed TAGS_MATCH_NOW",
			detail: "the replica does not have the version; replication status empty"},
		{name: "what the rule by tag leaves out is left out, whatever its tags",
			look: look(primary(none, kms), replica(absent, byTag, ignoresKMS)), progress: looks(3), want: "failed LEFT_OUT"},
		{name: "status COMPLETED may be of the other replica, where the tag may have come later, and lags for a few looks in a row",
			look: look(primary(completed), replica(), second(absent, byTag)), progress: gone(3), want: "lagging TAGS_MATCH_NOW"},
		{name: "status COMPLETED and a tag that matches now are told as that",
			look: look(primary(completed), replica(), second(absent, byTag)), progress: gone(4), want: "failed TAGS_MATCH_NOW", detail: "replication status COMPLETED"},
		{name: "status PENDING waits for a replica by tag as for any",
			look: look(primary(), replica(), second(absent, byTag)), progress: waited(deadline), want: "failed REPLICA_MISSING"},
		{name: "status FAILED is of the one replica that is missing, by tag or not",
			look: look(primary(failed), replica(), second(absent, byTag)), progress: gaveUp(5), want: "failed REPLICATION_FAILED"},
		{name: "a replica is not replicated, by tag or not",
			look: look(primary(isReplica), replica(absent, byTag)), progress: looks(3), want: "failed REPLICA_NOT_REPLICATED"},
		{name: "a replica by tag that is there is compared",
			look: look(primary(none), replica(byTag)), want: "verified single-part ETag (MD5)"},
		{name: "a delete marker is not expected where a rule by tag alone leads",
			look: look(primary(marker, none), replica(absent, byTag, ignoresMarkers), second(marker)), want: "verified delete marker"},

		{name: "a missing replica of a PENDING object lags",
			look: look(primary(), replica(absent)), progress: waited(deadline - time.Second), want: "lagging REPLICA_MISSING",
			detail: "the replica does not have the version; replication status PENDING after waits of 59m59s"},
		{name: "a missing replica has failed at the deadline",
			look: look(primary(), replica(absent, because("404 NoSuchBucket"))), progress: waited(deadline), want: "failed REPLICA_MISSING",
			detail: "replication status PENDING after waits of 1h0m0s (404 NoSuchBucket)"},
		{name: "a missing replica of an object with a status unknown here lags, and the status is printed in one line",
			look: look(primary(status("WAITING\n")), replica(absent)), want: "lagging REPLICA_MISSING", detail: "replication status WAITING "},
		{name: "the deadline grows with the size",
			look: look(primary(size(2<<30)), replica(absent)), progress: waited(deadline + 9*time.Second), want: "lagging REPLICA_MISSING"},
		{name: "the deadline of a large object is reached, too",
			look: look(primary(size(2<<30)), replica(absent)), progress: waited(deadline + 10*time.Second), want: "failed REPLICA_MISSING"},
		{name: "a missing delete marker lags until the markers' deadline",
			look: look(primary(marker), replica(absent)), progress: waited(markerDeadline - time.Second), want: "lagging REPLICA_MISSING"},
		{name: "a missing delete marker without a status lags just so",
			look: look(primary(marker, none), replica(absent)), progress: waited(markerDeadline - time.Second), want: "lagging REPLICA_MISSING"},
		{name: "a missing delete marker has failed at the markers' deadline",
			look: look(primary(marker, none), replica(absent)), progress: waited(markerDeadline), want: "failed REPLICA_MISSING"},
	})
}

func TestAMissingReplicaHasTheFactsBehindIt(t *testing.T) {
	lost := func(r verdict.Replica, code reason.Code, status string) verdict.Entry {
		return verdict.Entry{Bucket: r.Bucket, Region: r.Region, Outcome: verdict.Failed, Reason: code, Status: status}
	}
	for name, tc := range map[string]struct {
		look verdict.Look
		want verdict.Entry
	}{
		"PENDING":           {look(primary(), replica(absent, expires("rule-1"))), lost(replica(), reason.ReplicaMissing, "PENDING")},
		"FAILED":            {look(primary(status("FAILED")), replica(absent)), lost(replica(), reason.ReplicationFailed, "FAILED")},
		"REPLICA":           {look(primary(status("REPLICA")), replica(absent)), lost(replica(), reason.ReplicaNotReplicated, "REPLICA")},
		"no status":         {look(primary(status("")), replica(absent)), lost(replica(), reason.NotReplicated, "")},
		"left out":          {look(primary(silent), replica(absent, ignoresKMS), second(silent, sums(crcA))), lost(replica(), reason.LeftOut, "PENDING")},
		"an unheard status": {look(primary(status("\x00")), replica(absent)), lost(replica(), reason.ReplicaMissing, "?")},
	} {
		v := verdict.Judge(verdict.Event{}, tc.look, waited(deadline), policy)
		got := v.Replicas[0]
		assert.NotEmpty(t, got.Detail, name)
		got.Detail = ""
		assert.Equal(t, tc.want, got, name)
		assert.Equal(t, tc.want.Reason, v.Reason, name)
	}
	v := verdict.Judge(verdict.Event{}, look(primary(), replica(absent)), verdict.Progress{Looks: 1, Waited: -7}, policy)
	assert.Equal(t, "the replica does not have the version; replication status PENDING", v.Replicas[0].Detail)
	v = verdict.Judge(verdict.Event{}, look(primary(status("COMPLETED")), replica(absent, expires("rule-1"))), gone(4), policy)
	assert.Equal(t, "rule-1", v.Replicas[0].Expires, "only what was replicated can have expired")
	assert.Equal(t, "COMPLETED", v.Replicas[0].Status)
}

func TestANotificationIsAboutTheReplicaThatItNames(t *testing.T) {
	failed, completed := status("FAILED"), status("COMPLETED")
	try(t, []row{
		{name: "a missing replica that S3 gave up has failed at once",
			event: told(false), look: look(primary(failed), replica(absent)), want: "failed REPLICATION_FAILED"},
		{name: "it has failed at once while other replicas are pending",
			event: told(false), look: look(primary(), replica(absent), second(absent)), want: "failed REPLICATION_FAILED"},
		{name: "it has failed at once where S3 shows no status",
			event: told(false), look: look(primary(status("")), replica(absent)), want: "failed REPLICATION_FAILED"},
		{name: "it has failed at once where the primary is itself a replica, as S3 Batch Replication tries to replicate those, too",
			event: told(false), look: look(primary(status("REPLICA")), replica(absent)), want: "failed REPLICATION_FAILED"},
		{name: "where S3 has replicated the version since, the status counts",
			event: told(false), look: look(primary(completed), replica(absent)), progress: gone(3), want: "lagging REPLICA_MISSING"},
		{name: "where S3 has replicated the version since and the replica stays missing, the status counts",
			event: told(false), look: look(primary(completed), replica(absent)), progress: gone(4), want: "failed REPLICA_MISSING"},
		{name: "a replica that the rule leaves out is left out, whatever S3 tried",
			event: told(false), look: look(primary(status(""), silent), replica(absent, ignoresKMS)), progress: looks(3), want: "failed LEFT_OUT"},
		{name: "a replica that is there by now is judged by what is there",
			event: told(false), look: look(primary(failed), replica()), want: "verified single-part ETag (MD5)"},
		{name: "a replica that is there and differs is a mismatch",
			event: told(false), look: look(primary(failed), replica(tag(md5B))), want: "failed CONTENT_MISMATCH"},
		{name: "a replica that is denied is denied",
			event: told(false), look: look(primary(failed), replica(found(verdict.Denied))), progress: unread(3), want: "failed ACCESS_DENIED"},
		{name: "a source that is gone is skipped",
			event: told(false), look: look(primary(absent), replica(absent)), want: "skipped SOURCE_DELETED"},
		{name: "a missing delete marker that S3 gave up has failed at once",
			event: told(false), look: look(primary(marker), replica(absent)), want: "failed REPLICATION_FAILED"},

		{name: "other replicas are the business of the upload's own message",
			event: told(false), look: look(primary(), replica(), second(size(6))), want: "verified single-part ETag (MD5)"},
		{name: "where the rules don't lead there any more, all replicas are judged",
			event: told(false), look: look(primary(), second(absent)), want: "lagging REPLICA_MISSING"},
		{name: "where the rules don't lead there any more, no replica has failed for what S3 told",
			event: told(true), look: look(primary(), second()), want: "verified single-part ETag (MD5)"},
		{name: "where no rule covers the key any more, it is not replicated after the grace",
			event: told(false), look: look(primary(failed)), progress: looks(3), want: "failed NOT_REPLICATED"},
		{name: "where the rule does not replicate delete markers any more, the others are judged",
			event: told(false), look: look(primary(marker), replica(absent, ignoresMarkers), second(marker)), want: "verified delete marker"},

		{name: "a change that S3 gave up has failed at once",
			event: told(true), look: look(primary(completed), replica()), want: "failed REPLICATION_FAILED",
			detail: "S3 gave up replicating a change that was made after the upload"},
		{name: "a change that S3 gave up needs no reading of bytes",
			event: told(true), look: look(primary(completed, silent), replica(silent)), policy: always, want: "failed REPLICATION_FAILED"},
		{name: "other content is worse than a change that S3 gave up",
			event: told(true), look: look(primary(completed), replica(tag(md5B))), want: "failed CONTENT_MISMATCH"},
		{name: "another size is worse than a change that S3 gave up",
			event: told(true), look: look(primary(completed), replica(size(6))), want: "failed SIZE_MISMATCH"},
		{name: "a change tells nothing of the version, so a missing replica lags",
			event: told(true), look: look(primary(), replica(absent)), want: "lagging REPLICA_MISSING"},
		{name: "a change tells nothing of the version, so a replica that is gone is missing",
			event: told(true), look: look(primary(completed), replica(absent)), progress: gone(4), want: "failed REPLICA_MISSING"},
		{name: "a delete marker can't be changed, so what S3 gave up is the marker",
			event: told(true), look: look(primary(marker), replica(absent)), want: "failed REPLICATION_FAILED"},
		{name: "a delete marker that is there by now is verified, whatever S3 calls what it gave up",
			event: told(true), look: look(primary(marker), replica(marker)), want: "verified delete marker"},
	})
}

func TestWhatS3ToldIsInTheEntry(t *testing.T) {
	entry := func(l verdict.Look, change bool) verdict.Entry {
		v := verdict.Judge(told(change), l, gone(4), policy)
		assert.Len(t, v.Replicas, 1, "the other replica is not judged")
		v.Replicas[0].Detail = ""
		return v.Replicas[0]
	}
	failed := verdict.Entry{Bucket: "docs-replica", Region: "eu-west-1", Outcome: verdict.Failed, Reason: reason.ReplicationFailed, Cause: "DstBucketNotFound"}
	version, change := failed, failed
	version.Basis, version.Status = verdict.NotificationBasis, "FAILED"
	change.Basis = verdict.ChangeBasis
	assert.Equal(t, version, entry(look(primary(status("FAILED")), second(), replica(absent)), false))
	assert.Equal(t, change, entry(look(primary(status("FAILED")), second(), replica()), true))
	lost := entry(look(primary(status("COMPLETED")), replica(absent)), false)
	assert.Empty(t, lost.Cause, "what S3 replicated since has another cause")
	assert.Empty(t, lost.Basis)
}
