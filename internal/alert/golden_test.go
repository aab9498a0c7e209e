package alert_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/alert"
	"autobackup/internal/checksum"
	"autobackup/internal/verdict"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got alert.Email) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	text := "Subject: " + got.Subject + "\n\n" + got.Message
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run go test ./internal/alert -update")
	assert.Equal(t, string(want), text)
}

const organization = "HeadObject answered 403 Forbidden: explicit deny of s3:GetObjectVersion in a service control policy (p-2kgnabcd)"

const refused = "HeadObject answered 403 Forbidden; grant s3:GetObjectVersion, for SSE-KMS also kms:Decrypt on the key"

// situations has everything that can fail, by what causes it: each reason, with
// every basis and every fact that its words depend on.
var situations = map[string]*situation{
	"content/full-object-checksums-differ": where(func(s *situation) { s.look.Replicas[0].Checksums = map[string]string{"CRC64NVME": crcB} }),
	"content/object-and-delete-marker":     where(replicaShows(verdict.Marker, "")),
	"content/delete-marker-and-object":     where(asMarker, func(s *situation) { s.look.Replicas = []verdict.Replica{replica()} }),
	"content/parts-differ": where(undecided, func(s *situation) {
		s.look.Replicas[0].Parts = &verdict.Parts{Algorithm: checksum.SHA256, Offset: 8192, Length: 8192}
	}),
	"content/bytes-differ-primary-damaged": where(differ(crcB, crcA)),
	"content/bytes-differ-replica-damaged": where(differ(crcA, crcB)),
	"content/bytes-differ-both-damaged":    where(differ(crcB, "AAAAAAAAAAE=")),
	"content/bytes-differ-side-unknown":    where(undecided, differ(crcA, crcB)),
	"content/sizes-differ":                 where(func(s *situation) { s.look.Replicas[0].Size = 48212 }),

	"record/of-primary": where(undecided, func(s *situation) { s.look.Primary.Checksums = primary().Checksums },
		read(verdict.Bytes{Primary: allRead(crcB), Replica: allRead(crcB)})),
	"record/of-replica": where(undecided, func(s *situation) { s.look.Replicas[0].Checksums = primary().Checksums },
		read(verdict.Bytes{Primary: allRead(crcB), Replica: allRead(crcB)})),
	"record/of-both": where(read(verdict.Bytes{Primary: allRead(crcB), Replica: allRead(crcB)})),

	"inconclusive/never-read": where(undecided),
	"inconclusive/parts": where(undecided, func(s *situation) {
		s.look.Replicas[0].Parts = &verdict.Parts{Algorithm: checksum.SHA256, Detail: "cut differently, and SHA256 does not combine"}
	}),
	"inconclusive/not-every-byte": where(undecided, read(verdict.Bytes{Primary: allRead(""), Replica: allRead("")})),

	"bytes-not-read/denied": where(read(verdict.Bytes{
		Primary: allRead(crcA), Replica: verdict.Read{Found: verdict.Denied, Detail: "GetObject answered 403 AccessDenied"}})),
	"bytes-not-read/no-reader": where(read(verdict.Bytes{
		Primary: allRead(crcA), Replica: verdict.Read{Found: verdict.NoReader, Detail: "there is no hash-bytes in eu-west-1"}})),
	"bytes-not-read/error": where(read(verdict.Bytes{Error: "Lambda.TooManyRequestsException"})),

	"metadata-differs": where(func(s *situation) {
		s.policy.AlertMetadata = true
		s.look.Replicas[0].Metadata = &verdict.Metadata{Headers: "bbbb"}
	}),

	"replica-missing/pending":                  where(missing("PENDING")),
	"replica-missing/completed":                where(missing("COMPLETED")),
	"replica-missing/completed-lifecycle":      where(missing("COMPLETED"), func(s *situation) { s.look.Replicas[0].Expires = "expire-nc-90" }),
	"replica-missing/when-read":                where(undecided, read(verdict.Bytes{Primary: allRead(crcA), Replica: verdict.Read{Found: verdict.Missing}})),
	"replica-missing/delete-marker":            where(missing("PENDING"), asMarker),
	"replica-missing/delete-marker-no-status":  where(missing(""), asMarker),
	"replica-missing/delete-marker-completed":  where(missing("COMPLETED"), asMarker),
	"replication-failed/status":                where(missing("FAILED")),
	"replication-failed/status-delete-marker":  where(missing("FAILED"), asMarker),
	"replication-failed/told-permission":       where(missing("FAILED"), gaveUp("OBJECT_PUT", "DstPutObjectNotPermitted")),
	"replication-failed/told-hard-deleted":     where(missing("FAILED"), gaveUp("OBJECT_PUT", "DstObjectHardDeleted")),
	"replication-failed/told-source-not-found": where(missing("FAILED"), gaveUp("OBJECT_PUT", "SrcVersionNotFound")),
	"replication-failed/told-not-pending":      where(missing("FAILED"), gaveUp("OBJECT_PUT", "SrcReplicationNotPending")),
	"replication-failed/told-batch-job":        where(missing("FAILED"), gaveUp("OBJECT_PUT", "InitiateReplicationNotPermitted")),
	"replication-failed/told-delete-marker":    where(missing("FAILED"), asMarker, gaveUp("DELETE_MARKER", "DstDelObjNotPermitted")),
	"replication-failed/told-hostile-reason":   where(missing("FAILED"), gaveUp("OBJECT\nPUT", "\u202eReason \"new\"\x07"), func(s *situation) { s.object.GaveUp.Operation = "OBJECT_PUT" }),
	"replication-failed/change-of-tags":        where(gaveUp("OBJECT_TAGGING", "DstPutTaggingNotPermitted")),
	"replication-failed/change-not-eligible":   where(gaveUp("OBJECT_TAGGING", "SrcReplicationNotPending")),
	"not-replicated/no-rule":                   where(func(s *situation) { s.look.Primary.Replication, s.look.Replicas = "", nil }),
	"not-replicated/no-rule-delete-marker":     where(asMarker, func(s *situation) { s.look.Primary.Replication, s.look.Replicas = "", nil }),
	"not-replicated/no-status":                 where(missing("")),
	"left-out/kms":                             where(missing(""), func(s *situation) { s.look.Primary.Encryption, s.look.Replicas[0].IgnoresKMS = "aws:kms", true }),
	"left-out/archive-class":                   where(missing(""), func(s *situation) { s.look.Primary.Class = "DEEP_ARCHIVE" }),
	"tags-match-now/no-status":                 where(missing(""), func(s *situation) { s.look.Replicas[0].ByTag = true }),
	"tags-match-now/completed": where(missing("COMPLETED"), func(s *situation) {
		s.look.Replicas[0].ByTag = true
		s.look.Replicas = append(s.look.Replicas, replicaIn("docs-third", "us-east-1"))
	}),
	"access-denied/tags": where(func(s *situation) {
		s.look.Replicas = nil
		s.look.Unread = &verdict.Read{Found: verdict.Denied, Detail: "grant s3:GetObjectVersionTagging on the bucket's objects, as its rules select by tag: GetObjectTagging answered 403 AccessDenied"}
	}),
	"replica-not-replicated/chain":               where(missing("REPLICA")),
	"replica-not-replicated/chain-delete-marker": where(missing("REPLICA"), asMarker),
	"access-denied/primary":                      where(primaryShows(verdict.Denied, refused)),
	"access-denied/replica":                      where(replicaShows(verdict.Denied, refused)),
	"access-denied/primary-forbidden":            where(primaryShows(verdict.Forbidden, organization)),
	"access-denied/replica-forbidden":            where(replicaShows(verdict.Forbidden, organization)),
	"access-denied/bytes-forbidden":              where(undecided, read(verdict.Bytes{Primary: verdict.Read{Found: verdict.Forbidden, Detail: organization}, Replica: allRead(crcA)})),
	"bytes-not-read/forbidden":                   where(read(verdict.Bytes{Primary: allRead(crcA), Replica: verdict.Read{Found: verdict.Forbidden, Detail: organization}})),
	"access-denied/bytes":                        where(undecided, read(verdict.Bytes{Primary: verdict.Read{Found: verdict.Denied, Detail: "GetObject answered 403 AccessDenied"}, Replica: allRead(crcA)})),
	"sse-c/primary":                              where(primaryShows(verdict.SSEC, "")),
	"sse-c/replica":                              where(replicaShows(verdict.SSEC, "")),
	"sse-c/bytes":                                where(undecided, read(verdict.Bytes{Primary: allRead(crcA), Replica: verdict.Read{Found: verdict.SSEC}})),
	"archived":                                   where(undecided, read(verdict.Bytes{Primary: allRead(crcA), Replica: verdict.Read{Found: verdict.Archived, Detail: "GetObject answered 403 InvalidObjectState"}})),
	"no-reader":                                  where(undecided, read(verdict.Bytes{Primary: allRead(crcA), Replica: verdict.Read{Found: verdict.NoReader, Detail: "there is no hash-bytes in region eu-west-1"}})),
	"unreachable/primary":                        where(primaryShows(verdict.Unreachable, "bucket does not exist")),
	"unreachable/replica":                        where(replicaShows(verdict.Unreachable, "HeadObject answered 503 Slow Down")),
	"unreachable/bytes":                          where(undecided, read(verdict.Bytes{Primary: allRead(crcA), Replica: verdict.Read{Found: verdict.Unreachable, Detail: "GetObject answered 500 Internal Server Error"}})),
	"rule-not-supported":                         where(func(s *situation) { s.look.Unsupported = "4 replicas; autobackup compares at most 3" }),
	"not-versioned":                              where(func(s *situation) { s.object.VersionID = "" }),
	"workflow-error/bytes":                       where(undecided, read(verdict.Bytes{Error: "States.Timeout"})),
	"several-replicas/corrupt-and-fine":          where(func(s *situation) { s.look.Replicas = append(s.look.Replicas, corrupt("docs-third")) }),
	"several-replicas/denied-denied-corrupt": where(replicaShows(verdict.Denied, refused), func(s *situation) {
		s.look.Replicas = append(s.look.Replicas, deniedIn("docs-third"), corrupt("docs-fourth"))
	}),
	"several-replicas/corrupt-lagging-unread": where(missing("PENDING"), func(s *situation) {
		s.policy.Deadline = 1e18
		s.look.Replicas = append(s.look.Replicas, corrupt("docs-third"), kms("docs-fourth"))
		s.policy.Bytes.Inconclusive = true
	}),
	"several-replicas/both-denied": where(replicaShows(verdict.Denied, refused), func(s *situation) { s.look.Replicas = append(s.look.Replicas, deniedIn("docs-third")) }),
	"several-replicas/fine-with-a-finding": where(func(s *situation) {
		r := replicaIn("docs-third", "us-east-1")
		r.Metadata = &verdict.Metadata{Headers: "bbbb"}
		s.look.Replicas = []verdict.Replica{corrupt("docs-replica"), r}
	}),
}

func corrupt(bucket string) verdict.Replica {
	r := replicaIn(bucket, "us-east-1")
	r.Checksums = map[string]string{"CRC64NVME": crcB}
	return r
}

func deniedIn(bucket string) verdict.Replica {
	return verdict.Replica{Side: verdict.Side{Bucket: bucket, Region: "us-east-2", Found: verdict.Denied, Detail: refused}}
}

func kms(bucket string) verdict.Replica {
	r := replicaIn(bucket, "ap-south-1")
	r.Encryption, r.Checksums = "aws:kms", nil
	return r
}

func TestOperatorsReadWhatIsTrueOfEachSituation(t *testing.T) {
	for name, s := range situations {
		t.Run(name, func(t *testing.T) {
			v := s.judge()
			require.Equal(t, verdict.Failed, v.Outcome, "%+v", v)
			golden(t, strings.ReplaceAll(name, "/", "-"), alert.Compose(prod, news(s.example())))
		})
	}
}

// Words that no situation leads to have been read by nobody.
func TestEveryRowOfWordsIsInAGoldenFile(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	var all strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		all.Write(text)
	}
	place := regexp.MustCompile(`\\\{[a-zA-Z]+\\\}`)
	for _, row := range alert.Rows() {
		pattern := place.ReplaceAllString(regexp.QuoteMeta(row[1]), `.{1,100}?`)
		assert.True(t, regexp.MustCompile(`What happened:   `+pattern).MatchString(all.String()), "%s: %s", row[0], row[1])
	}
}
