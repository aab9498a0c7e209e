package discover

import (
	"slices"
	"strings"

	"autobackup/internal/text"
)

const page = "docs/discover.md"

// next is what to do about a bucket that is a blind spot.
func (r *Row) next() string {
	switch {
	case r.State == Without:
		return page + "#not-replicated"
	case r.State == Suspended:
		return page + "#versioning-suspended"
	case r.State == Unknown:
		return r.grants()
	case !r.State.Blind():
		return ""
	case !text.Plain(r.Name):
		return page + "#names"
	case !r.Validated && !r.unseen():
		if !text.Plain(r.Region) {
			return "autobackup attach s3://" + r.Name
		}
		return "autobackup attach s3://" + r.Name + " --region " + r.Region // only a stage in the bucket's region hears of its uploads
	case r.State == Unchecked:
		return page + "#keys-that-are-left-out"
	}
	return "autobackup audit s3://" + r.Name
}

// grants are the actions that were denied of what the state follows from.
func (r *Row) grants() string {
	var all []string
	for _, u := range r.Unread {
		if u.Grant != "" && !slices.Contains(all, u.Grant) {
			all = append(all, u.Grant)
		}
	}
	if len(all) == 0 {
		return page + "#unknown"
	}
	return "grant " + strings.Join(all, ", ")
}
