package explain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/audit"
	"autobackup/internal/checksum"
	"autobackup/internal/verdict"
)

// Fact is one thing that both sides may show.
type Fact struct {
	Name    string `json:"name"`
	Primary string `json:"primary,omitempty"` // empty: it shows nothing of the kind
	Replica string `json:"replica,omitempty"`
	Differs bool   `json:"differs,omitempty"` // both show it, and not the same, where it should be
}

// facts are everything that both sides show, in the order of how much it tells.
func (c *subject) facts() (all []Fact) {
	var r verdict.Replica
	if len(c.seen.Replicas) == 1 {
		r = c.seen.Replicas[0]
	}
	p := c.seen.Primary
	add := func(name, a, b string, comparable bool) {
		if a != "" || b != "" {
			all = append(all, Fact{name, a, b, comparable && a != "" && b != "" && a != b})
		}
	}
	of := c.listed
	add("S3 answers", answer(p, of.primary), answer(r.Side, of.replica), false)
	add("listed", inListing(of.primary), inListing(of.replica), of.latestOnOne())
	add("modified", modified(of.primary), modified(of.replica), false)
	add("size", size(p), size(r.Side), true)
	add("ETag", p.ETag, r.ETag, md5(p) && md5(r.Side))
	for _, a := range algorithms(p, r.Side) {
		add(a, sum(p, a), sum(r.Side, a), true)
	}
	if b := r.Bytes; b != nil {
		add("bytes read", read(b.Primary, *b), read(b.Replica, *b), true)
	}
	add("encryption", p.Encryption, r.Encryption, true)
	add("class", class(p), class(r.Side), true)
	add("status", p.Replication, r.Replication, false)
	add("legal hold", hold(p), hold(r.Side), true)
	return all
}

// answer is what S3 answered to HeadObject, with what that means.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
func answer(s verdict.Side, l side) string {
	switch s.Found {
	case "":
		return ""
	case verdict.Marker:
		return "delete marker (405)"
	case verdict.Missing:
		return "404 (we may list, so it is not there)" // who may not is answered 403
	case verdict.Denied, verdict.Forbidden:
		return "403 (" + refused(l) + ")"
	}
	return string(s.Found)
}

// refused says what a 403 means: without s3:ListBucket, S3 hides that there is nothing.
func refused(l side) string {
	switch {
	case l.row != nil:
		return "it is listed, so it is there, and we may not read it"
	case l.err == nil:
		return "it is not listed, so it is not there, and we may not know that by a HEAD"
	default:
		return "we may neither read nor list: it may be there or not"
	}
}

func inListing(s side) string {
	switch {
	case s.row != nil && s.row.Latest:
		return "the latest"
	case s.row != nil && !s.row.Superseded.IsZero():
		return "noncurrent since " + moment(s.row.Superseded)
	case s.row != nil:
		return "yes"
	case s.err != nil:
		return "could not be listed"
	default:
		return "no"
	}
}

// latestOnOne says whether both sides list the version, and only one as the latest.
func (l listed) latestOnOne() bool {
	p, r := l.primary.row, l.replica.row
	return p != nil && r != nil && p.Latest != r.Latest
}

func modified(s side) string {
	if s.row == nil {
		return ""
	}
	return moment(s.row.Modified)
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func size(s verdict.Side) string {
	if s.Found != verdict.Object {
		return ""
	}
	return fmt.Sprintf("%d bytes", s.Size)
}

// md5 says whether an ETag tells something of the content: under a key of AWS KMS or of
// the customer's own it does not.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
func md5(s verdict.Side) bool { return s.Encryption == "" || s.Encryption == "AES256" }

func class(s verdict.Side) string {
	if s.Found != verdict.Object {
		return ""
	}
	return cmp.Or(s.Class, "STANDARD")
}

func hold(s verdict.Side) string {
	if s.Metadata == nil {
		return ""
	}
	return s.Metadata.LegalHold
}

// algorithms are those of which a side has a checksum, the strongest first.
func algorithms(sides ...verdict.Side) (all []string) {
	has := map[string]bool{}
	for _, s := range sides {
		for a := range s.Checksums {
			has[a] = true
		}
	}
	for _, a := range checksum.Algorithms() {
		if has[string(a)] {
			all = append(all, string(a))
			delete(has, string(a))
		}
	}
	return append(all, slices.Sorted(maps.Keys(has))...)
}

func sum(s verdict.Side, algorithm string) string {
	value := s.Checksums[algorithm]
	if value == "" || s.ChecksumType == "" {
		return value
	}
	return value + " " + s.ChecksumType
}

// read is what reading one side came to.
func read(r verdict.Read, of verdict.Bytes) string {
	switch {
	case of.Error != "":
		return "not read: " + of.Error
	case r.CRC64NVME != "":
		return "CRC64NVME " + r.CRC64NVME
	case of.Different != nil:
		return "differs in the block of " + of.Different.String()
	default:
		return "not all: " + cmp.Or(r.Detail, string(r.Found), "no reason is known")
	}
}

// parts is what comparing the checksums of parts came to.
func parts(p *verdict.Parts) string {
	switch {
	case p == nil:
		return ""
	case p.Length > 0:
		return fmt.Sprintf("checksums %s of the parts differ, first in the %s", p.Algorithm, checksum.Piece{Offset: p.Offset, Length: p.Length})
	case p.Equal && p.Sum != "":
		return fmt.Sprintf("checksums %s of the parts are equal, and combine to %s", p.Algorithm, p.Sum)
	case p.Equal:
		return fmt.Sprintf("checksums %s of the parts are equal", p.Algorithm)
	default:
		return fmt.Sprintf("checksums %s of the parts decide nothing: %s", p.Algorithm, p.Detail)
	}
}

// groups are those of metadata that a side shows.
func (c *subject) groups() []verdict.Group {
	if len(c.seen.Replicas) != 1 || c.seen.Primary.Metadata == nil || c.seen.Replicas[0].Metadata == nil {
		return nil
	}
	all := verdict.Groups(*c.seen.Primary.Metadata, *c.seen.Replicas[0].Metadata)
	for i := range all {
		all[i].Unread = all[i].Unread || c.locks[all[i].Name]
	}
	return slices.DeleteFunc(all, func(g verdict.Group) bool { return !g.Primary && !g.Replica && !g.Unread })
}

func sideOf(s *pair.Side) Side { return Side{s.Bucket, s.Region, s.Account} }

// word is the verdict in one word.
func word(i audit.Item) string {
	switch i.Category {
	case audit.Finding:
		return "FAILED"
	case audit.Unknown:
		return "UNKNOWN"
	case audit.Compared:
		return "verified"
	default:
		return string(i.Category)
	}
}
