package verdict_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/verdict"
)

// hostile is a word that a broken server may send, or an error may quote.
var hostile = strings.Repeat("é\n'", 400)

func TestALongWordLeavesRoomForWhatComesAfterIt(t *testing.T) {
	unreadTags := shows(verdict.Metadata{Tags: verdict.TagsUnread})
	renamed := func(x *verdict.Replica) { x.Bucket = hostile }
	sha512 := sums(map[string]string{"SHA512": value("SHA512", "1")})
	for name, tc := range map[string]struct {
		look   verdict.Look
		policy verdict.Policy
		want   string
	}{
		"a status":           {look(primary(status(hostile)), replica(absent, because("why"))), policy, " (why)"},
		"an error":           {look(primary(), replica(absent, because(hostile))), policy, " (?"},
		"an encryption":      {look(primary(encrypted(hostile)), replica(encrypted(hostile))), policy, " say nothing about content"},
		"an ETag":            {look(primary(tag(hostile)), replica(tag(hostile))), policy, "no common checksum, and the ETags "},
		"what a side shows":  {look(primary(found(verdict.Found(hostile)), because("why"))), policy, "... (why)"},
		"why it shows it":    {look(primary(absent), replica(found(verdict.Found(hostile)), because(hostile))), policy, "the replica shows "},
		"a bucket's name":    {look(primary(renamed, unreadTags), replica(renamed, unreadTags)), policy, "; tags could not be read in "},
		"that and SHA-512":   {look(primary(renamed, unreadTags, sha512), replica(renamed, unreadTags, sha512)), policy, "; tags could not be read in "},
		"an error of parts":  {look(primary(twoParts), replica(threeParts, parts(verdict.Parts{Algorithm: "CRC32", Detail: hostile}))), policy, "; GetObjectAttributes: ?"},
		"a sum of parts":     {look(primary(twoParts), replica(threeParts, parts(verdict.Parts{Algorithm: "CRC32", Equal: true, Sum: hostile}))), policy, " is equal: ?"},
		"ETags and an error": {look(primary(tag(hostile), threeParts), replica(tag(hostile), parts(verdict.Parts{Detail: hostile}))), policy, "no common checksum"},
		"a read":             {look(primary(silent), replica(silent, wasRead(verdict.Bytes{Primary: verdict.Read{Found: verdict.Found(hostile), Detail: hostile}}))), reads, "reading the bytes of the primary shows "},
		"an error of a read": {look(primary(silent), replica(silent, wasRead(verdict.Bytes{Error: hostile}))), reads, "reading the bytes of both sides stopped: "},
		"a sum of all bytes": {look(primary(silent), replica(silent, wasRead(verdict.Bytes{Primary: all(hostile), Replica: all(hostile)}))), reads, "all 5 bytes are equal, CRC64NVME "},
		"rules":              {verdict.Look{Unsupported: hostile}, policy, "?"},
	} {
		v := verdict.Judge(verdict.Event{}, tc.look, first, tc.policy)
		details := []string{v.Detail}
		for _, e := range v.Replicas {
			details = append(details, e.Detail)
			assert.LessOrEqual(t, len(e.Status), 80, name)
		}
		assert.Contains(t, strings.Join(details, "\n"), tc.want, name)
		for _, d := range details {
			assert.LessOrEqual(t, len(d), verdict.MaxDetail, name)
			assert.NotRegexp(t, `[^ -~]`, d, name)
		}
	}
	for _, r := range []verdict.Replica{replica(tag(hostile)), replica(tag(hostile), parts(verdict.Parts{Detail: hostile}))} {
		c := verdict.Compare(primary(tag(hostile)), r)
		assert.LessOrEqual(t, len(c.Detail), verdict.MaxDetail)
		assert.NotRegexp(t, `[^ -~]`, c.Detail)
	}
	gone := verdict.Bytes{Primary: all(readA), Replica: not(verdict.Missing)}
	v := verdict.Judge(verdict.Event{}, look(primary(silent, status(hostile)), replica(silent, wasRead(gone))), first, reads)
	assert.LessOrEqual(t, len(v.Replicas[0].Status), 80)
}
