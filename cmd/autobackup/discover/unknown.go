package discover

import (
	"fmt"
	"strings"

	"autobackup/internal/text"
)

// unknown collects the calls that failed, each once with all places where it did.
type unknown struct {
	lines []string
	where map[string][]string
}

func (u *unknown) add(what string, of Unread, where string) {
	line := what + ": " + text.Line(of.Why, 120)
	if of.Grant != "" {
		line += " (grant " + of.Grant + ")"
	}
	if u.where[line] == nil {
		u.lines = append(u.lines, line)
	}
	u.where[line] = append(u.where[line], where)
}

// unknowns tells why anything on the screen is ?.
func (r *Report) unknowns(page *strings.Builder) {
	u := &unknown{where: map[string][]string{}}
	for i := range r.Buckets {
		r.Buckets[i].untold(u)
	}
	for _, a := range r.Accounts {
		for _, o := range a.Others {
			for _, of := range o.Unread {
				where := "in " + of.Region
				if a.ID != "" {
					where += " of " + a.ID
				}
				u.add(o.Kind+"s", of, where)
			}
		}
	}
	for _, line := range u.lines {
		fmt.Fprintf(page, "Unknown: %s, %s%s\n", line, u.where[line][0], more(len(u.where[line])-1))
	}
}

// untold are the bucket's columns that are ?, and why. Without its region nothing else
// of it could be asked for.
func (r *Row) untold(u *unknown) {
	where := "of " + text.Name(r.Name)
	for _, of := range r.Unread {
		switch {
		case of.Fact == Region:
			u.add("region, and all that is asked for there", of, where)
			return
		case of.Fact == Trigger && r.unseen():
			u.add("validated", of, where)
		case of.Fact == EventBridge && r.unseen():
			u.add("EventBridge, validated", of, where)
		case of.Fact != Trigger:
			u.add(columns[of.Fact], of, where)
		}
	}
}

// columns are facts as the screen's tables call them.
var columns = map[Fact]string{Versioning: "versioning", Replication: "replicates to, metrics", EventBridge: "EventBridge", Lock: "lock"}
