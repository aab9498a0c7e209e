package explain

import (
	"fmt"
	"strings"

	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// notes are what bounds what is said.
func (c *subject) notes() (all []string) {
	if len(c.seen.Replicas) == 1 {
		for _, s := range []verdict.Side{c.seen.Primary, c.seen.Replicas[0].Side} {
			if s.Detail != "" && !strings.Contains(c.item.Detail, s.Detail) {
				all = append(all, s.Bucket+": "+s.Detail)
			}
		}
		for _, bucket := range verdict.WithUnreadTags(c.seen.Primary, c.seen.Replicas[0].Side) {
			all = append(all, "tags could not be read in "+bucket+": grant s3:GetObjectVersionTagging")
		}
	}
	if c.noLocks != nil {
		all = append(all, c.noLocks.Error())
	}
	for _, s := range []struct {
		of     *pair.Side
		listed side
	}{{c.pair.Primary, c.listed.primary}, {c.pair.Replica, c.listed.replica}} {
		if s.listed.err != nil {
			all = append(all, s.listed.err.Error())
		}
		for _, why := range s.of.Unread {
			all = append(all, s.of.Bucket+": could not be read, so it explains nothing: "+why)
		}
	}
	return append(all, c.others()...)
}

// others are what the bytes say where the verdict does not rest on them, and what an
// audit says that looks at less.
func (c *subject) others() (all []string) {
	if c.reread {
		all = append(all, "the bytes were read on both sides, as asked; the verdict stands without them")
	} else if c.Bytes && c.item.Evidence != verdict.BytesRead && !c.wasRead() {
		all = append(all, "no bytes were read: that needs an object of one size on both sides")
	}
	rows := audit.Pair{Primary: c.listed.primary.row, Replica: c.listed.replica.row}
	if rows.Primary == nil && rows.Replica == nil {
		return all
	}
	if c.listed.latestOnOne() {
		other := c.pair.Primary.Bucket
		if c.listed.primary.row.Latest {
			other = c.pair.Replica.Bucket
		}
		all = append(all, "another version, or a delete marker, is the latest on "+other+": that is what its readers get, whatever is said of this one")
	}
	listed, _ := c.judge().Listed(rows)
	switch {
	case listed.Reason == reason.Young && c.item.Reason != reason.Young:
		all = append(all, "an audit at level listed counts this one as expected, YOUNG, by the listings alone")
	case listed.Category == audit.Expected && listed.Reason != c.item.Reason:
		all = append(all, fmt.Sprintf("an audit that does not look at every version counts this one as expected, %s, by the listings alone", listed.Reason))
	}
	return all
}

func (c *subject) wasRead() bool { return len(c.seen.Replicas) == 1 && c.seen.Replicas[0].Bytes != nil }
