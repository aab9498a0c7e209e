package local_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/local/iam"
)

// effect is what a statement of a resource's policy, or of a role's trust, is there for.
type effect struct {
	lets, stops map[string]bool // who does what, only by it
}

// effects are those of all statements that name principals, by the document and the
// statement.
func (r *recording) effects() map[[2]string]effect {
	all := map[[2]string]effect{}
	for _, d := range r.documents {
		for i := range d.Statements {
			if d.Kind == iam.Identity || others.MatchString(d.Name) {
				continue
			}
			without := d
			without.Statements = less(d.Statements, i)
			changed := r.gate.Changed(without)
			e := effect{lets: map[string]bool{}, stops: map[string]bool{}}
			for _, c := range r.calls {
				if !concerns(d, c.Call) || changed.Decision(c.Call).Allowed == c.allowed {
					continue
				}
				if c.allowed && !others.MatchString(c.By.Role) {
					e.lets[who(c.By)+": "+c.Action] = true
				} else if !c.allowed {
					e.stops[who(c.By)] = true
				}
			}
			all[[2]string{d.Name, d.ID(i)}] = e
		}
	}
	return all
}

// others are what other categories than documents have: the same, by another name.
var others = regexp.MustCompile(`-(media|databases)`)

func who(p iam.Principal) string {
	switch {
	case p.Service != "":
		return p.Service
	case p.Role != "":
		return p.Role[strings.LastIndex(p.Role, "/")+1:]
	}
	return "the account's owner"
}

// shown is a document's name, a region's and an account's left out.
func shown(name string) string {
	if strings.HasPrefix(name, "arn:aws:kms:") && strings.Contains(name, otherAccount) {
		name += " of another account"
	}
	name = regexp.MustCompile(`^arn:aws:(s3|sqs|sns|kms|lambda):[a-z0-9-]*:\d*:`).ReplaceAllString(name, "")
	return strings.NewReplacer("-beat-"+secondRegion, "-beat-<ReplicaRegion>", "-dev", "-<stage>", account, "<account>", otherAccount, "<replica account>").Replace(name)
}

// Each statement of a resource's policy, and of a role's trust, is the only one that lets
// somebody do something, or that stops somebody.
func TestEachStatementLetsOrStopsWhatNoOtherDoes(t *testing.T) {
	effects := map[[2]string]effect{}
	for _, name := range []string{"SSE-KMS", "another account"} { // which have all but those of attached buckets
		maps.Copy(effects, record(t, configurations[name]).effects())
	}
	for name, e := range recordMade(t, configurations["attached"]).effects() {
		if strings.HasPrefix(name[1], "Attached") {
			effects[name] = e
		}
	}
	var b strings.Builder
	b.WriteString("| policy of | statement | lets, or stops |\n|---|---|---|\n")
	for _, name := range slices.SortedFunc(maps.Keys(effects), func(a, b [2]string) int { return strings.Compare(shown(a[0])+a[1], shown(b[0])+b[1]) }) {
		e := effects[name]
		assert.NotZero(t, len(e.lets)+len(e.stops), "%s is of no use", name)
		does := listed(e.lets)
		if len(e.lets) == 0 {
			does = "stops who speaks without TLS"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", shown(name[0]), shown(name[1]), does)
	}
	writtenTo(t, "statements", "EachStatementLetsOrStops", b.String())
}

func listed(calls map[string]bool) string {
	by := map[string][]string{}
	for _, call := range slices.Sorted(maps.Keys(calls)) {
		who, action, _ := strings.Cut(call, ": ")
		by[who] = append(by[who], "`"+action+"`")
	}
	var all []string
	for _, who := range slices.Sorted(maps.Keys(by)) {
		if n := len(by[who]) - 4; n > 0 {
			by[who] = append(by[who][:4], fmt.Sprintf("and %d more", n))
		}
		all = append(all, shown(who)+": "+strings.Join(by[who], ", "))
	}
	return strings.Join(all, "; ")
}
