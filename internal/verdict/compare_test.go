package verdict_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/checksum"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// value is a checksum of the right length for the algorithm, made of one byte.
func value(a checksum.Algorithm, content string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(content, a.Size())))
}

func TestEveryAlgorithmDecidesInBothTypes(t *testing.T) {
	for _, a := range checksum.Algorithms() {
		with := func(typ, v string) []change {
			return []change{sums(map[string]string{string(a): v}), checksumType(typ), encrypted("aws:kms")}
		}
		one, two := value(a, "1"), value(a, "2")
		t.Run(string(a)+" of the full object", func(t *testing.T) {
			c := verdict.Compare(primary(with("FULL_OBJECT", one)...), replica(with("FULL_OBJECT", one)...))
			assert.Equal(t, verdict.FullObjectChecksum+" "+verdict.Evidence(a), c.Evidence)
			assert.Contains(t, c.Detail, one)

			c = verdict.Compare(primary(with("FULL_OBJECT", one)...), replica(with("FULL_OBJECT", two)...))
			assert.False(t, c.Verified())
			assert.Equal(t, reason.ContentMismatch, c.Reason)
			assert.Contains(t, c.Detail, one+" and "+two)
		})
		if !a.Allows(checksum.Composite) {
			continue
		}
		t.Run(string(a)+" of the parts", func(t *testing.T) {
			c := verdict.Compare(primary(with("COMPOSITE", one+"-2")...), replica(with("COMPOSITE", one+"-2")...))
			assert.Equal(t, verdict.CompositeChecksum+" "+verdict.Evidence(a), c.Evidence)

			for _, other := range []string{two + "-2", one + "-3", one} {
				c = verdict.Compare(primary(with("COMPOSITE", one+"-2")...), replica(with("COMPOSITE", other)...))
				assert.Equal(t, reason.Inconclusive, c.Reason, other)
			}
		})
	}
}

func TestTheFirstThatBothSidesHaveDecides(t *testing.T) {
	try(t, []row{
		{name: "sizes that differ are a size mismatch, whatever the checksums say",
			look: look(primary(sums(crcA), size(48213)), replica(sums(crcA), size(48212))), want: "failed SIZE_MISMATCH",
			detail: "sizes differ: 48213 bytes and 48212 bytes"},
		{name: "one of several common full-object checksums that differs is a content mismatch",
			look: look(primary(sums(map[string]string{"SHA1": sha1A, "CRC32": "AAAAAA=="})),
				replica(sums(map[string]string{"SHA1": sha1A, "CRC32": "AAAAAQ=="}))),
			want: "failed CONTENT_MISMATCH", detail: "full-object checksum CRC32 differs: AAAAAA== and AAAAAQ=="},
		{name: "of several common full-object checksums that are equal the strongest is the evidence",
			look: look(primary(sums(map[string]string{"SHA1": sha1A, "CRC32": "AAAAAA=="})),
				replica(sums(map[string]string{"SHA1": sha1A, "CRC32": "AAAAAA=="}))),
			want: "verified full-object checksum SHA1"},
		{name: "equal full-object checksums verify under different encryptions and ETags",
			look: look(primary(sums(crcA), checksumType("FULL_OBJECT")), replica(sums(crcA), checksumType("FULL_OBJECT"), encrypted("aws:kms"), tag(md5B))),
			want: "verified full-object checksum CRC64NVME", detail: "full-object checksum CRC64NVME is equal: AAAAAAAAAAE="},
		{name: "composite checksums that differ are inconclusive, and equal ETags do not decide instead",
			look: look(primary(twoParts), replica(threeParts)),
			want: "failed INCONCLUSIVE", detail: "composite checksum CRC32 differs: AAAAAA==-2 and AAAAAA==-3"},
		{name: "a full-object checksum decides before a composite one",
			look: look(primary(sums(map[string]string{"CRC32": "AAAAAA==-2", "CRC64NVME": "AAAAAAAAAAE="})),
				replica(sums(map[string]string{"CRC32": "AAAAAA==-3", "CRC64NVME": "AAAAAAAAAAE="}))),
			want: "verified full-object checksum CRC64NVME"},
		{name: "one algorithm in two types leaves it to the ETags",
			look: look(primary(sums(map[string]string{"CRC32": "AAAAAA=="})), replica(sums(map[string]string{"CRC32": "AAAAAQ==-1"}))),
			want: "verified single-part ETag (MD5)"},
		{name: "two algorithms leave it to the ETags",
			look: look(primary(sums(crcA)), replica(sums(map[string]string{"CRC32": "AAAAAA=="}), tag(md5B))), want: "failed CONTENT_MISMATCH",
			detail: "single-part ETag (MD5) differs: 5d41402abc4b2a76b9719d911017c592 and 7d793037a0760186574b0282f2f435e7"},
		{name: "a malformed checksum is neither evidence nor a mismatch",
			look: look(primary(sums(map[string]string{"CRC64NVME": "?"})), replica(sums(crcA))), want: "verified single-part ETag (MD5)"},
		{name: "equal malformed checksums with nothing else are inconclusive",
			look: look(primary(sums(map[string]string{"CRC32": "?"}), silent), replica(sums(map[string]string{"CRC32": "?"}), silent)), want: "failed INCONCLUSIVE"},

		{name: "single-part ETags equal but for their writing verify",
			look: look(primary(), replica(tag("5D41402ABC4B2A76B9719D911017C592"))), want: "verified single-part ETag (MD5)",
			detail: "single-part ETag (MD5) is equal: 5d41402abc4b2a76b9719d911017c592"},
		{name: "single-part ETags without encryption verify against SSE-S3",
			look: look(primary(encrypted("")), replica()), want: "verified single-part ETag (MD5)"},
		{name: "single-part ETags that differ are a content mismatch",
			look: look(primary(), replica(tag(md5B))), want: "failed CONTENT_MISMATCH"},
		{name: "multipart ETags that are equal verify",
			look: look(primary(tag(quoted(md5A, "-3"))), replica(tag(quoted(md5A, "-3")))), want: "verified multipart ETag",
			detail: "multipart ETag is equal: 5d41402abc4b2a76b9719d911017c592-3"},
		{name: "multipart ETags of other part counts are inconclusive",
			look: look(primary(tag(quoted(md5A, "-3"))), replica(tag(quoted(md5A, "-4")))), want: "failed INCONCLUSIVE",
			detail: "different ETags of multipart uploads say nothing about content: 5d41402abc4b2a76b9719d911017c592-3 and 5d41402abc4b2a76b9719d911017c592-4"},
		{name: "multipart ETags that differ are inconclusive",
			look: look(primary(tag(quoted(md5A, "-3"))), replica(tag(quoted(md5B, "-3")))), want: "failed INCONCLUSIVE"},
		{name: "a single-part against a multipart ETag is inconclusive",
			look: look(primary(), replica(tag(quoted(md5B, "-1")))), want: "failed INCONCLUSIVE"},
		{name: "a multipart against a single-part ETag is inconclusive",
			look: look(primary(tag(quoted(md5B, "-1"))), replica()), want: "failed INCONCLUSIVE"},
		{name: "a malformed ETag is inconclusive, even on both sides",
			look: look(primary(tag("\x00é")), replica(tag("\x00é"))), want: "failed INCONCLUSIVE",
			detail: `the ETags "\x00\u00e9" and "\x00\u00e9" are not both in the form of an MD5`},
		{name: "a malformed ETag of the primary alone is inconclusive",
			look: look(primary(tag("?")), replica()), want: "failed INCONCLUSIVE", detail: `the ETags "?" and `},
		{name: "a malformed ETag of the replica alone is inconclusive",
			look: look(primary(), replica(tag("?"))), want: "failed INCONCLUSIVE", detail: `are not both in the form of an MD5`},
		{name: "different SSE-KMS ETags are no mismatch",
			look: look(primary(), replica(encrypted("aws:kms"), tag(md5B))), want: "failed INCONCLUSIVE",
			detail: "ETags under encryption AES256 and aws:kms say nothing about content"},
		{name: "equal SSE-KMS ETags are no evidence",
			look: look(primary(silent), replica(silent)), want: "failed INCONCLUSIVE"},
		{name: "DSSE ETags say nothing",
			look: look(primary(encrypted("aws:kms:dsse")), replica(encrypted(""))), want: "failed INCONCLUSIVE",
			detail: "encryption aws:kms:dsse and none"},
		{name: "SSE-C ETags say nothing",
			look: look(primary(encrypted("SSE-C")), replica(encrypted("SSE-C"), tag(md5B))), want: "failed INCONCLUSIVE"},
		{name: "an encryption not known here says nothing, and is printed in one line",
			look: look(primary(encrypted("new\n")), replica()), want: "failed INCONCLUSIVE", detail: "encryption new  and AES256"},
	})
}

func TestOnlyObjectsAreCompared(t *testing.T) {
	for _, f := range []verdict.Found{verdict.Marker, verdict.Missing, verdict.Denied, verdict.Unreachable, verdict.SSEC, verdict.Archived, ""} {
		for _, c := range []verdict.Comparison{
			verdict.Compare(primary(found(f)), replica()),
			verdict.Compare(primary(), replica(found(f))),
			verdict.Compare(primary(found(f)), replica(found(f))),
		} {
			assert.False(t, c.Verified(), f)
			assert.False(t, c.Different(), f)
			assert.Equal(t, reason.Inconclusive, c.Reason, f)
		}
	}
}

// Each verdict turns into another one when one thing about the sides changes.
func TestOneChangeFlipsTheVerdict(t *testing.T) {
	const full, composite = "FULL_OBJECT", "COMPOSITE"
	crc := map[string]string{"CRC32": "AAAAAA=="}
	parts := map[string]string{"CRC32": "AAAAAA==-2"}
	for _, tc := range []struct {
		name   string
		look   verdict.Look
		mutate func(*verdict.Look)
		from   string
		to     string
	}{
		{"a bit of a full-object checksum", look(primary(sums(crc), checksumType(full)), replica(sums(crc), checksumType(full))),
			func(l *verdict.Look) { l.Replicas[0].Checksums = map[string]string{"CRC32": "AAAAAQ=="} }, "verified full-object checksum CRC32", "failed CONTENT_MISMATCH"},
		{"a bit of a composite checksum", look(primary(sums(parts), checksumType(composite)), replica(sums(parts), checksumType(composite))),
			func(l *verdict.Look) { l.Replicas[0].Checksums = map[string]string{"CRC32": "AAAAAQ==-2"} }, "verified composite checksum CRC32", "failed INCONCLUSIVE"},
		{"the type of a checksum", look(primary(sums(parts), checksumType(composite)), replica(sums(parts), checksumType(composite))),
			func(l *verdict.Look) { l.Replicas[0].ChecksumType = full }, "verified composite checksum CRC32", "verified single-part ETag (MD5)"},
		{"a digit of a single-part ETag", look(primary(), replica()),
			func(l *verdict.Look) { l.Replicas[0].ETag = strings.Replace(md5A, "5", "6", 1) }, "verified single-part ETag (MD5)", "failed CONTENT_MISMATCH"},
		{"a part more in a multipart ETag", look(primary(tag(quoted(md5A, "-2"))), replica(tag(quoted(md5A, "-2")))),
			func(l *verdict.Look) { l.Replicas[0].ETag = quoted(md5A, "-3") }, "verified multipart ETag", "failed INCONCLUSIVE"},
		{"the encryption of one side", look(primary(), replica()),
			func(l *verdict.Look) { l.Replicas[0].Encryption = "aws:kms" }, "verified single-part ETag (MD5)", "failed INCONCLUSIVE"},
		{"a byte more", look(primary(), replica()),
			func(l *verdict.Look) { l.Replicas[0].Size++ }, "verified single-part ETag (MD5)", "failed SIZE_MISMATCH"},
		{"the replica's delete marker gone", look(primary(marker), replica(marker)),
			func(l *verdict.Look) { l.Replicas[0].Found = verdict.Missing }, "verified delete marker", "lagging REPLICA_MISSING"},
		{"the rule begins to ignore markers", look(primary(marker), replica(absent)),
			func(l *verdict.Look) { l.Replicas[0].IgnoresMarkers = true }, "lagging REPLICA_MISSING", "skipped MARKER_NOT_REPLICATED"},
		{"the replica appears", look(primary(), replica(absent)),
			func(l *verdict.Look) { l.Replicas[0] = replica() }, "lagging REPLICA_MISSING", "verified single-part ETag (MD5)"},
		{"replication fails", look(primary(), replica(absent)),
			func(l *verdict.Look) { l.Primary.Replication = "FAILED" }, "lagging REPLICA_MISSING", "lagging REPLICATION_FAILED"},
		{"the status goes", look(primary(), replica(absent)),
			func(l *verdict.Look) { l.Primary.Replication = "" }, "lagging REPLICA_MISSING", "lagging NOT_REPLICATED"},
		{"the replica is shut", look(primary(), replica()),
			func(l *verdict.Look) { found(verdict.Denied)(&l.Replicas[0]) }, "verified single-part ETag (MD5)", "lagging ACCESS_DENIED"},
		{"the replica's region is down", look(primary(), replica()),
			func(l *verdict.Look) { l.Replicas[0].Found = verdict.Unreachable }, "verified single-part ETag (MD5)", "lagging UNREACHABLE"},
		{"the replica needs a customer's key", look(primary(), replica()),
			func(l *verdict.Look) { l.Replicas[0].Found = verdict.SSEC }, "verified single-part ETag (MD5)", "failed UNREADABLE_SSE_C"},
		{"the replica is archived", look(primary(), replica()),
			func(l *verdict.Look) { l.Replicas[0].Found = verdict.Archived }, "verified single-part ETag (MD5)", "failed ARCHIVED"},
		{"the version was replicated and is gone", look(primary(status("COMPLETED")), replica()),
			func(l *verdict.Look) { l.Replicas[0].Found = verdict.Missing }, "verified single-part ETag (MD5)", "lagging REPLICA_MISSING"},
		{"the primary is a replica", look(primary(), replica(absent)),
			func(l *verdict.Look) { l.Primary.Replication = "REPLICA" }, "lagging REPLICA_MISSING", "lagging REPLICA_NOT_REPLICATED"},
		{"the rule begins to leave out KMS", look(primary(status(""), silent), replica(absent)),
			func(l *verdict.Look) { l.Replicas[0].IgnoresKMS = true }, "lagging NOT_REPLICATED", "lagging LEFT_OUT"},
		{"the rule begins to select by tag", look(primary(status("")), replica(absent)),
			func(l *verdict.Look) { l.Replicas[0].ByTag = true }, "lagging NOT_REPLICATED", "lagging TAGS_MATCH_NOW"},
		{"the tag is taken off", look(primary(status("")), replica(absent)),
			func(l *verdict.Look) { l.Unselected = true }, "lagging NOT_REPLICATED", "lagging NOT_SELECTED"},
		{"a block of the bytes", look(primary(silent), replica(silent, wasRead(equalBytes))),
			func(l *verdict.Look) { l.Replicas[0].Bytes.Different = &checksum.Piece{Length: 1} }, "verified bytes read on both sides", "failed CONTENT_MISMATCH"},
		{"the primary's record is of other bytes", look(primary(recorded(readA)), replica(silent, wasRead(equalBytes))),
			func(l *verdict.Look) { l.Primary.Checksums = map[string]string{"CRC64NVME": readB} }, "verified bytes read on both sides", "failed RECORD_DISAGREES"},
		{"not every byte was read", look(primary(silent), replica(silent, wasRead(equalBytes))),
			func(l *verdict.Look) { l.Replicas[0].Bytes.Replica.CRC64NVME = "" }, "verified bytes read on both sides", "failed INCONCLUSIVE"},
		{"a tag", look(primary(with()), replica(with())),
			func(l *verdict.Look) { l.Replicas[0].Metadata.Tags = "x" }, "verified single-part ETag (MD5)", "lagging METADATA_DIFFERS"},
		{"the source is deleted", look(primary(), replica()),
			func(l *verdict.Look) { l.Primary.Found = verdict.Missing }, "verified single-part ETag (MD5)", "skipped SOURCE_DELETED"},
		{"the rules can't be followed", look(primary(), replica()),
			func(l *verdict.Look) { l.Unsupported = "4 replicas" }, "verified single-part ETag (MD5)", "failed RULE_NOT_SUPPORTED"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			short := func() string {
				v := verdict.Judge(verdict.Event{}, tc.look, first, policy)
				return brief(v.Outcome, v.Reason, v.Evidence)
			}
			assert.Equal(t, tc.from, short())
			tc.mutate(&tc.look)
			assert.Equal(t, tc.to, short())
		})
	}
}
