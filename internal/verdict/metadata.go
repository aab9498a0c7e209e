package verdict

import (
	"slices"
	"strings"

	"autobackup/internal/reason"
	"autobackup/internal/text"
)

// Metadata is what one side shows about an object besides its content: for each
// group a short digest, or a word. Equal values are equal settings; what they
// are is not told. Empty: S3 showed nothing of the group, which may mean that
// there is nothing or that it may not be seen, so it is never compared.
type Metadata struct {
	Headers   string `json:"headers,omitempty"`   // digest of Content-Type and the other content headers
	User      string `json:"user,omitempty"`      // digest of x-amz-meta-*
	Tags      string `json:"tags,omitempty"`      // digest of all tags, or TagsUnread
	Retention string `json:"retention,omitempty"` // digest of Object Lock's mode and date
	LegalHold string `json:"legalHold,omitempty"` // ON or OFF
}

// TagsUnread stands for tags that could not be read although a side has some.
const TagsUnread = "unread"

// MetadataLooks is how many looks in a row must find a difference in what may
// change after the upload. S3 replicates such a change as an operation of its
// own, mostly within minutes
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html);
// the looks span at least ten of NextWait.
const MetadataLooks = 8

// groups of metadata. What may not change belongs to the version for good: a
// difference is final at the first look.
var groups = []struct {
	name      string
	mayChange bool
	of        func(Metadata) string
}{
	{"headers", false, func(m Metadata) string { return m.Headers }},
	{"user metadata", false, func(m Metadata) string { return m.User }},
	{"tags", true, func(m Metadata) string { return m.Tags }},
	{"retention", true, func(m Metadata) string { return m.Retention }},
	{"legal hold", true, func(m Metadata) string { return m.LegalHold }},
}

// Group says of a group of metadata who shows it, and whether it is the same.
type Group struct {
	Name    string `json:"name"`
	Primary bool   `json:"primary"` // the primary shows it
	Replica bool   `json:"replica"`
	Equal   bool   `json:"equal"`            // both show it, and it is the same
	Unread  bool   `json:"unread,omitempty"` // a side may have it, and it could not be read
}

// Groups are all groups of metadata, as two objects show them.
func Groups(primary, replica Metadata) (all []Group) {
	shows := func(s string) bool { return s != "" && s != TagsUnread }
	for _, g := range groups {
		a, b := g.of(primary), g.of(replica)
		all = append(all, Group{g.name, shows(a), shows(b), shows(a) && a == b, a == TagsUnread || b == TagsUnread})
	}
	return all
}

// differences names the groups that both sides show and that differ, and says
// whether one of them may change.
func differences(primary, replica *Metadata) (names []string, mayChange bool) {
	if primary == nil || replica == nil {
		return nil, false
	}
	for _, g := range groups {
		a, b := g.of(*primary), g.of(*replica)
		if a == b || a == "" || b == "" || a == TagsUnread || b == TagsUnread {
			continue
		}
		names = append(names, g.name)
		mayChange = mayChange || g.mayChange
	}
	return names, mayChange
}

// metadataDiffers says whether a replica differs from the primary in metadata
// that may change, so that the next look may show it equal.
func (l Look) metadataDiffers() bool {
	return slices.ContainsFunc(l.Replicas, func(r Replica) bool {
		_, mayChange := differences(l.Primary.Metadata, r.Metadata)
		return mayChange
	})
}

// metadata adds what the metadata of a replica shows to the ruling that verified
// its content.
func (t trial) metadata(r Replica, content ruling) ruling {
	if content.Outcome != Verified {
		return content
	}
	names, mayChange := differences(t.look.Primary.Metadata, r.Metadata)
	unread := unreadTags(t.look.Primary, r.Side)
	if len(names) == 0 {
		content.Detail = text.Line(content.Detail+unread, MaxDetail)
		return content
	}
	differ := failed(reason.MetadataDiffers, "the content is verified ("+string(content.Evidence)+"), but metadata differs: "+
		strings.Join(names, ", ")+unread)
	switch {
	case t.unsteady(mayChange):
		return lagging(differ)
	case t.policy.AlertMetadata:
		differ.Evidence = content.Evidence
		return differ
	}
	content.Finding, content.Detail = reason.MetadataDiffers, differ.Detail
	return content
}

// unsteady says whether a difference in metadata that may change has not had its
// looks yet.
func (t trial) unsteady(mayChange bool) bool {
	return mayChange && t.progress.Differing < MetadataLooks
}

// unreadTags tells of tags that were not compared.
func unreadTags(primary, replica Side) (told string) {
	for _, bucket := range WithUnreadTags(primary, replica) {
		told += "; tags could not be read in " + text.Line(bucket, maxWord)
	}
	return told
}

// WithUnreadTags are the buckets whose tags could not be read although a side has some.
func WithUnreadTags(sides ...Side) (buckets []string) {
	for _, s := range sides {
		if s.Metadata != nil && s.Metadata.Tags == TagsUnread {
			buckets = append(buckets, s.Bucket)
		}
	}
	return buckets
}
