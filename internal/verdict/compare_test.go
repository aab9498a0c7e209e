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

func TestOnlyObjectsAreCompared(t *testing.T) {
	for _, f := range []verdict.Found{verdict.Marker, verdict.Missing, verdict.Denied, verdict.Unreachable, verdict.SSEC, verdict.Archived, ""} {
		for _, c := range []verdict.Comparison{
			verdict.Compare(primary(found(f)), replica()),
			verdict.Compare(primary(), replica(found(f))),
			verdict.Compare(primary(found(f)), replica(found(f))),
		} {
			assert.False(t, c.Verified(), f)
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
			func(l *verdict.Look) { l.Replicas[0].Checksums = map[string]string{"CRC32": "AAAAAQ=="} }, "full-object checksum CRC32", "CONTENT_MISMATCH"},
		{"a bit of a composite checksum", look(primary(sums(parts), checksumType(composite)), replica(sums(parts), checksumType(composite))),
			func(l *verdict.Look) { l.Replicas[0].Checksums = map[string]string{"CRC32": "AAAAAQ==-2"} }, "composite checksum CRC32", "INCONCLUSIVE"},
		{"the type of a checksum", look(primary(sums(parts), checksumType(composite)), replica(sums(parts), checksumType(composite))),
			func(l *verdict.Look) { l.Replicas[0].ChecksumType = full }, "composite checksum CRC32", "single-part ETag (MD5)"},
		{"a digit of a single-part ETag", look(primary(), replica()),
			func(l *verdict.Look) { l.Replicas[0].ETag = strings.Replace(md5A, "5", "6", 1) }, "single-part ETag (MD5)", "CONTENT_MISMATCH"},
		{"a part more in a multipart ETag", look(primary(tag(quoted(md5A, "-2"))), replica(tag(quoted(md5A, "-2")))),
			func(l *verdict.Look) { l.Replicas[0].ETag = quoted(md5A, "-3") }, "multipart ETag", "INCONCLUSIVE"},
		{"the encryption of one side", look(primary(), replica()),
			func(l *verdict.Look) { l.Replicas[0].Encryption = "aws:kms" }, "single-part ETag (MD5)", "INCONCLUSIVE"},
		{"a byte more", look(primary(), replica()),
			func(l *verdict.Look) { l.Replicas[0].Size++ }, "single-part ETag (MD5)", "SIZE_MISMATCH"},
		{"the replica's delete marker gone", look(primary(marker), replica(marker)),
			func(l *verdict.Look) { l.Replicas[0].Found = verdict.Missing }, "delete marker", "lagging REPLICA_MISSING"},
		{"the rule begins to ignore markers", look(primary(marker), replica(absent)),
			func(l *verdict.Look) { l.Replicas[0].IgnoresMarkers = true }, "lagging REPLICA_MISSING", "MARKER_NOT_REPLICATED"},
		{"the replica appears", look(primary(), replica(absent)),
			func(l *verdict.Look) { l.Replicas[0] = replica() }, "lagging REPLICA_MISSING", "single-part ETag (MD5)"},
		{"replication fails", look(primary(), replica(absent)),
			func(l *verdict.Look) { l.Primary.Replication, l.Alerted = "FAILED", true }, "lagging REPLICA_MISSING", "REPLICATION_FAILED"},
		{"the status goes", look(primary(), replica(absent)),
			func(l *verdict.Look) { l.Primary.Replication = "" }, "lagging REPLICA_MISSING", "lagging NOT_REPLICATED"},
		{"the replica is shut", look(primary(), replica()),
			func(l *verdict.Look) { l.Replicas[0].Found = verdict.Denied }, "single-part ETag (MD5)", "lagging ACCESS_DENIED"},
		{"the replica's region is down", look(primary(), replica()),
			func(l *verdict.Look) { l.Replicas[0].Found = verdict.Unreachable }, "single-part ETag (MD5)", "lagging UNREACHABLE"},
		{"the replica needs a customer's key", look(primary(), replica()),
			func(l *verdict.Look) { l.Replicas[0].Found = verdict.SSEC }, "single-part ETag (MD5)", "UNREADABLE_SSE_C"},
		{"the replica is archived", look(primary(), replica()),
			func(l *verdict.Look) { l.Replicas[0].Found = verdict.Archived }, "single-part ETag (MD5)", "ARCHIVED"},
		{"the primary is a replica", look(primary(), replica()),
			func(l *verdict.Look) { l.Primary.Replication = "REPLICA" }, "single-part ETag (MD5)", "IS_REPLICA"},
		{"the source is deleted", look(primary(), replica()),
			func(l *verdict.Look) { l.Primary.Found = verdict.Missing }, "single-part ETag (MD5)", "SOURCE_DELETED"},
		{"the rules can't be followed", look(primary(), replica()),
			func(l *verdict.Look) { l.Primary.Found = verdict.Unsupported }, "single-part ETag (MD5)", "RULE_NOT_SUPPORTED"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.from, short(tc.look))
			tc.mutate(&tc.look)
			assert.Equal(t, tc.to, short(tc.look))
		})
	}
}

// short is the first look's verdict in a word or two.
func short(l verdict.Look) string {
	switch v := verdict.Judge(verdict.Event{}, l, first, policy); v.Outcome {
	case verdict.Verified:
		return string(v.Evidence)
	case verdict.Lagging:
		return "lagging " + string(v.Reason)
	default:
		return string(v.Reason)
	}
}
