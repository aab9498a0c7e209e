package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/checksum"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

const (
	readA = "AAAAAAAAAAE="
	readB = "AAAAAAAAAAI="
)

// all is a reading of all bytes.
func all(crc string) verdict.Read { return verdict.Read{Found: verdict.Object, CRC64NVME: crc} }

// not is a reading of a side that shows something else.
func not(f verdict.Found) verdict.Read { return verdict.Read{Found: f, Detail: "why\n"} }

// equalBytes is a reading of equal bytes.
var equalBytes = verdict.Bytes{Primary: all(readA), Replica: all(readA)}

// recorded is a side under KMS with a stored CRC64NVME, where value is not empty.
func recorded(value string) change {
	return func(x *verdict.Replica) {
		silent(x)
		if value != "" {
			sums(map[string]string{"CRC64NVME": value})(x)
		}
	}
}

// entry is what came of reading one replica, without its names.
func entry(p, r change, b verdict.Bytes, progress verdict.Progress) verdict.Entry {
	e := verdict.Judge(verdict.Event{}, look(primary(p), replica(r, wasRead(b))), progress, always).Replicas[0]
	e.Bucket, e.Region = "", ""
	return e
}

func TestWhatReadingBytesCameToDecides(t *testing.T) {
	block := &checksum.Piece{Offset: 4, Length: 5}
	const differ = "bytes differ, first in the block of 5 bytes from byte 4 on; "
	failed := func(code reason.Code, damaged, detail string) verdict.Entry {
		return verdict.Entry{Outcome: verdict.Failed, Reason: code, Basis: verdict.BytesBasis, Damaged: damaged, Detail: detail}
	}
	verified := verdict.Entry{Outcome: verdict.Verified, Evidence: verdict.BytesRead, Detail: "all 5 bytes are equal, CRC64NVME " + readA}
	whole, none := all(readA), recorded("")
	for name, tc := range map[string]struct {
		primary, replica change
		bytes            verdict.Bytes
		want             verdict.Entry
	}{
		"equal bytes, no record":                 {none, none, equalBytes, verified},
		"equal bytes that agree with records":    {recorded(readA), recorded(readA), equalBytes, verified},
		"equal bytes, one record that is broken": {recorded("?"), recorded(readA), equalBytes, verified},
		"equal bytes, the primary's record is of others": {recorded(readB), none, equalBytes,
			failed(reason.RecordDisagrees, "primary", "the bytes of both sides are equal, all 5 bytes, but the primary disagrees with its own stored CRC64NVME")},
		"equal bytes, the replica's record is of others": {none, recorded(readB), equalBytes,
			failed(reason.RecordDisagrees, "replica", "the bytes of both sides are equal, all 5 bytes, but the replica disagrees with its own stored CRC64NVME")},
		"equal bytes, both records are of others, though equal": {recorded(readB), recorded(readB), equalBytes,
			failed(reason.RecordDisagrees, "both", "the bytes of both sides are equal, all 5 bytes, but both sides disagree with their own stored CRC64NVME")},
		"a difference, the primary is damaged": {recorded(readA), recorded(readA), verdict.Bytes{Primary: all(readB), Replica: whole, Different: block},
			failed(reason.ContentMismatch, "primary", differ+"the primary disagrees with its own stored CRC64NVME")},
		"a difference, the replica is damaged": {recorded(readA), recorded(readA), verdict.Bytes{Primary: whole, Replica: all(readB), Different: block},
			failed(reason.ContentMismatch, "replica", differ+"the replica disagrees with its own stored CRC64NVME")},
		"a difference, both are damaged": {recorded(readA), recorded(readA), verdict.Bytes{Primary: all(readB), Replica: all(readB), Different: block},
			failed(reason.ContentMismatch, "both", differ+"both sides disagree with their own stored CRC64NVME")},
		"a difference, both are as recorded": {recorded(readA), recorded(readA), verdict.Bytes{Primary: whole, Replica: whole, Different: block},
			failed(reason.ContentMismatch, "", differ+"side unknown: each agrees with its own stored CRC64NVME")},
		"a difference, the primary is as recorded": {recorded(readA), none, verdict.Bytes{Primary: whole, Replica: all(readB), Different: block},
			failed(reason.ContentMismatch, "", differ+"side unknown: the primary agrees with its stored CRC64NVME, the replica can't be checked against one")},
		"a difference, the replica is as recorded": {none, recorded(readB), verdict.Bytes{Primary: whole, Replica: all(readB), Different: block},
			failed(reason.ContentMismatch, "", differ+"side unknown: the replica agrees with its stored CRC64NVME, the primary can't be checked against one")},
		"a difference, then the replica could not be read on": {none, none, verdict.Bytes{Primary: whole, Replica: not(verdict.Denied), Different: block},
			failed(reason.ContentMismatch, "", differ+"side unknown: no side can be checked against a stored CRC64NVME")},
		"a difference, then reading broke": {none, none, verdict.Bytes{Error: "States.Timeout", Different: block},
			failed(reason.ContentMismatch, "", differ+"side unknown: no side can be checked against a stored CRC64NVME")},
		"reading broke": {none, none, verdict.Bytes{Error: "States.Timeout\n"},
			failed(reason.WorkflowError, "", "reading the bytes of both sides stopped: States.Timeout ")},
		"the primary is gone": {none, none, verdict.Bytes{Primary: not(verdict.Missing), Replica: not(verdict.Denied)},
			verdict.Entry{Outcome: verdict.Skipped, Reason: reason.SourceDeleted, Basis: verdict.BytesBasis,
				Detail: "the primary no longer has the version: it was gone when its bytes were to be read"}},
		"the replica is gone": {none, none, verdict.Bytes{Primary: whole, Replica: not(verdict.Missing)},
			verdict.Entry{Outcome: verdict.Lagging, Reason: reason.ReplicaMissing, Basis: verdict.BytesBasis, Status: "PENDING",
				Detail: "the version was gone from the replica when its bytes were to be read"}},
		"the primary is archived": {none, none, verdict.Bytes{Primary: not(verdict.Archived), Replica: whole},
			failed(reason.Archived, "", "reading the bytes of the primary shows archived (why )")},
		"the replica is archived": {none, none, verdict.Bytes{Primary: whole, Replica: not(verdict.Archived)},
			failed(reason.Archived, "", "reading the bytes of the replica shows archived (why )")},
		"both are unreadable: the primary is told": {none, none, verdict.Bytes{Primary: not(verdict.Denied), Replica: not(verdict.Missing)},
			failed(reason.AccessDenied, "", "reading the bytes of the primary shows denied (why )")},
		"a customer's key": {none, none, verdict.Bytes{Primary: whole, Replica: not(verdict.SSEC)},
			failed(reason.UnreadableSSEC, "", "reading the bytes of the replica shows sse-c (why )")},
		"denied": {none, none, verdict.Bytes{Primary: whole, Replica: not(verdict.Denied)},
			failed(reason.AccessDenied, "", "reading the bytes of the replica shows denied (why )")},
		"forbidden": {none, none, verdict.Bytes{Primary: whole, Replica: not(verdict.Forbidden)},
			func() verdict.Entry {
				e := failed(reason.AccessDenied, "", "reading the bytes of the replica shows forbidden (why )")
				e.Forbidden = true
				return e
			}()},
		"unreachable": {none, none, verdict.Bytes{Primary: not(verdict.Unreachable), Replica: whole},
			failed(reason.Unreachable, "", "reading the bytes of the primary shows unreachable (why )")},
		"a region without hash-bytes": {none, none, verdict.Bytes{Primary: whole, Replica: not(verdict.NoReader)},
			failed(reason.NoReader, "", "reading the bytes of the replica shows no reader (why )")},
		"something unheard of": {none, none, verdict.Bytes{Primary: not("?"), Replica: whole},
			failed(reason.Unreachable, "", "reading the bytes of the primary shows ? (why )")},
		"nothing at all": {none, none, verdict.Bytes{}, failed(reason.Unreachable, "", "reading the bytes of the primary shows ")},
		"not all bytes": {none, none, verdict.Bytes{Primary: all(""), Replica: all("")},
			failed(reason.Inconclusive, "", "not every byte was compared")},
		"not all bytes of the replica": {none, none, verdict.Bytes{Primary: whole, Replica: all("")},
			failed(reason.Inconclusive, "", "not every byte was compared")},
		"no difference told, but other checksums": {none, none, verdict.Bytes{Primary: whole, Replica: all(readB)},
			failed(reason.Inconclusive, "", "not every byte was compared")},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, entry(tc.primary, tc.replica, tc.bytes, first))
		})
	}
}

func TestWhatChecksumsVerifiedAndCouldNotBeReadKeepsThatEvidence(t *testing.T) {
	const evidence = "full-object checksum CRC64NVME"
	whole := all(readA)
	notRead := func(detail string) verdict.Entry {
		return verdict.Entry{Outcome: verdict.Failed, Reason: reason.BytesNotRead, Evidence: evidence, Basis: verdict.BytesBasis, Detail: detail}
	}
	archived := verdict.Entry{Outcome: verdict.Verified, Evidence: evidence, Detail: evidence + " is equal: " + readA + "; its bytes were not read: archived"}
	for name, tc := range map[string]struct {
		bytes verdict.Bytes
		want  verdict.Entry
	}{
		"an archived primary stays verified": {verdict.Bytes{Primary: not(verdict.Archived), Replica: whole}, archived},
		"an archived replica stays verified": {verdict.Bytes{Primary: whole, Replica: not(verdict.Archived)}, archived},
		"denied":                             {verdict.Bytes{Primary: whole, Replica: not(verdict.Denied)}, notRead("reading the bytes of the replica shows denied (why )")},
		"unreachable":                        {verdict.Bytes{Primary: not(verdict.Unreachable)}, notRead("reading the bytes of the primary shows unreachable (why )")},
		"a region without hash-bytes":        {verdict.Bytes{Primary: not(verdict.NoReader)}, notRead("reading the bytes of the primary shows no reader (why )")},
		"reading broke":                      {verdict.Bytes{Error: "Autobackup.Internal"}, notRead("reading the bytes of both sides stopped: Autobackup.Internal")},
		"not all bytes":                      {verdict.Bytes{Primary: all(""), Replica: all("")}, notRead("not every byte was compared")},
		"equal bytes are the better evidence": {equalBytes, verdict.Entry{Outcome: verdict.Verified, Evidence: verdict.BytesRead,
			Detail: "all 5 bytes are equal, CRC64NVME " + readA}},
		"a difference is none of that": {verdict.Bytes{Primary: whole, Replica: not(verdict.Denied), Different: &checksum.Piece{Length: 5}},
			verdict.Entry{Outcome: verdict.Failed, Reason: reason.ContentMismatch, Basis: verdict.BytesBasis, Detail: "bytes differ, first in the block of " +
				"5 bytes from byte 0 on; side unknown: the primary agrees with its stored CRC64NVME, the replica can't be checked against one"}},
		"a version that is gone is none of that": {verdict.Bytes{Primary: not(verdict.Missing)}, verdict.Entry{Outcome: verdict.Skipped, Reason: reason.SourceDeleted,
			Basis: verdict.BytesBasis, Detail: "the primary no longer has the version: it was gone when its bytes were to be read"}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, entry(recorded(readA), recorded(readA), tc.bytes, first))
		})
	}
}

func TestAReplicaThatIsGoneWhenItIsReadIsLookedAtAgainUntilTheDeadline(t *testing.T) {
	gone := verdict.Bytes{Primary: all(readA), Replica: not(verdict.Missing)}
	assert.Equal(t, verdict.Lagging, entry(silent, silent, gone, waited(deadline-time.Second)).Outcome)
	late := entry(silent, silent, gone, waited(deadline))
	assert.Equal(t, verdict.Failed, late.Outcome)
	assert.Equal(t, reason.ReplicaMissing, late.Reason)
}

// What HeadObject showed to differ stays so, whatever was read.
func TestBytesNeverVerifyWhatHeadersShowToDiffer(t *testing.T) {
	assert.Equal(t, reason.ContentMismatch, entry(recorded(readA), recorded(readB), equalBytes, first).Reason)
	assert.Equal(t, reason.SizeMismatch, entry(silent, size(6), equalBytes, first).Reason)
}
