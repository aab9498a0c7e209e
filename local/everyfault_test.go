package local_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/testing/faults"
)

// everyFault is whether every fault is tried at every call, and not only a share:
//
//	go test ./local -run TestEveryFault -every-fault -timeout 60m -v
var everyFault = flag.Bool("every-fault", false, "try every fault at every call of every world that is explored")

// compared holds a run with faults against the one without. Where all pass by themselves, everything
// becomes what it becomes without them; where they are of one object, others do.
func compared(wrong []faults.Fault, c, clean course) (all []string) {
	for _, u := range c.uploads {
		same := slices.Equal(clean.became[u.name], c.became[u.name])
		switch {
		case same:
		case !slices.ContainsFunc(wrong, func(f faults.Fault) bool { return !f.Passes() }):
			all = append(all, fmt.Sprintf("%s: %q became %q, and what goes wrong passes by itself", u.name, clean.became[u.name], c.became[u.name]))
		case !slices.ContainsFunc(wrong, func(f faults.Fault) bool { return !f.Passes() && !ofAnother(f, u, c.uploads) }):
			all = append(all, fmt.Sprintf("%s: %q became %q, and what goes wrong is another object's", u.name, clean.became[u.name], c.became[u.name]))
		}
	}
	if c.mails > clean.mails+5*len(wrong) {
		all = append(all, fmt.Sprintf("%d e-mails in the place of %d", c.mails, clean.mails))
	}
	if c.transitions > 3*clean.transitions+100*len(wrong) {
		all = append(all, fmt.Sprintf("%d transitions in the place of %d", c.transitions, clean.transitions))
	}
	if c.lasted > clean.lasted+6*time.Hour {
		all = append(all, fmt.Sprintf("it lasts %s in the place of %s", c.lasted, clean.lasted))
	}
	return all
}

// ofAnother says whether a fault is of a call about one object, which is not this one.
func ofAnother(f faults.Fault, u upload, all []upload) bool {
	key, ofObject := strings.CutPrefix(f.Resource, "arn:aws:s3:::")
	_, key, _ = strings.Cut(key, "/")
	return ofObject && key != "" && u.key != key && slices.ContainsFunc(all, func(o upload) bool { return o.key == key })
}

// knownToFail is why a fault ends otherwise than it must, which is known; "" where it doesn't.
func knownToFail(f faults.Fault) string {
	if f.Action == "sns:Publish" && f.At == faults.Network && f.Lasts && (f.Done || f.What == faults.Late) {
		return "an e-mail that SNS takes and never answers is sent again at each try, some 30 an hour, for as long as that lasts: the sender cannot know"
	}
	if f.What == faults.Truncated && strings.HasSuffix(f.Principal, "role/autobackup-dev-audit") {
		return "an audit does not ask again where the answer about a bucket's settings was cut off: it says that not all is known, and finds the rest the next time"
	}
	return ""
}

// betweenServices are the actions of which an answer may be lost in this process: tasks, and a
// pipe that starts executions.
var betweenServices = []string{"sqs:SendMessage", "sns:Publish", "lambda:InvokeFunction", "states:StartExecution", "events:PutEvents"}

// faultsOf are all faults of all calls that were made, once and from the first such call on.
func faultsOf(made []faults.Made) (all []faults.Fault) {
	requests := map[string]bool{} // roles of functions, whose calls pass the network, too
	for _, m := range made {
		if m.At == faults.Network {
			requests[m.Principal] = true
		}
	}
	for _, m := range made {
		for _, f := range faults.Of(m.Call) {
			if !makes(f, requests) {
				continue
			}
			f.Attempt = m.Attempt
			all = append(all, f)
			if f.Attempt == 1 {
				f.Lasts = true
				all = append(all, f)
			}
		}
	}
	return all
}

// polled are actions of whoever takes messages off a queue: what is not deleted comes again.
var polled = []string{"sqs:ReceiveMessage", "sqs:DeleteMessage"}

// makes says whether a fault happens: of the calls at the gate, those of functions go wrong on the
// network, and those of S3 and EventBridge are made again for a day, which nothing here does.
func makes(f faults.Fault, requests map[string]bool) bool {
	switch f.At {
	case faults.Gate:
		switch {
		case f.What == faults.Denied || f.What == faults.DeniedByAll:
			return true
		case !strings.HasPrefix(f.Principal, "arn:") || strings.HasSuffix(f.Principal, "-AuditRuleRole"):
			return false
		case slices.Contains(polled, f.Action):
			return !f.Done && (f.What == faults.Throttled || f.What == faults.Broken)
		}
		return slices.Contains(betweenServices, f.Action) && !requests[f.Principal]
	case faults.Network:
		if f.What == faults.Truncated || f.What == faults.Garbled {
			return !slices.Contains([]string{"s3:HeadObject", "s3:HeadBucket", "s3:PutObject"}, f.Action) && // which answer nothing but headers
				(f.What != faults.Garbled || f.Action != "s3:GetObject") // TLS keeps what is in an object
		}
	}
	return true
}

func TestEveryFaultAtEveryCallEndsAsTheDesignSays(t *testing.T) {
	some := shares(t)
	for _, name := range slices.Sorted(maps.Keys(exploredWorlds)) {
		of := exploredWorlds[name]
		if of.own+of.others == 0 && !*everyFault {
			continue
		}
		clean := cleanly(t, name)
		all := faultsOf(clean.made)
		t.Logf("%s: %d calls, %d faults", name, len(clean.made), len(all))
		if of.own+of.others > 0 { // what no share is played of is in no figure
			noted(t, "faults: calls of "+name, len(clean.made))
			noted(t, "faults: of "+name, len(all))
		}
		if !*everyFault {
			all = some[name]
		}
		for n, f := range all {
			t.Run(fmt.Sprintf("%s %d", name, n), func(t *testing.T) {
				t.Parallel()
				if why := knownToFail(f); why != "" {
					t.Skip(why)
				}
				assert.Empty(t, wrongWith(t, of, clean, f), "put this into local/testdata/faults to have it played:\n%s", faults.Scenario{World: name, Faults: []faults.Fault{f}})
			})
		}
	}
}

// class is what a caller can tell of a fault.
type class string

const (
	failedBefore class = "failed before"   // nothing was done, and the next try may succeed
	failedAfter  class = "failed after"    // it was done, and the next try does it again
	permanent    class = "permanent"       // and nobody but people mends it
	odd          class = "garbled or slow" // it seems to go well, or comes in another order
	byHand       class = "stopped by hand" // by people
)

func classOf(f faults.Fault) class {
	switch {
	case f.What == faults.Stopped || f.What == faults.PipeStopped:
		return byHand
	case slices.Contains([]faults.Kind{faults.Truncated, faults.Garbled, faults.Slow, faults.Ahead, faults.Behind}, f.What) || f.At == faults.Delivery,
		f.What == faults.Late && f.Lasts:
		return odd
	case !f.Passes():
		return permanent
	case f.Done:
		return failedAfter
	}
	return failedBefore
}

// sortOf is what faults have in common: a call, whatever the object is, and a class. Of the workflow's
// own calls it is the kind, too: a definition names errors one by one.
type sortOf struct {
	call  faults.Call
	class class
	what  faults.Kind
	done  bool
}

var executionID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// withoutIDs is a text without the ids of executions, of which now one comes first and now another.
func withoutIDs(text any) string { return executionID.ReplaceAllString(fmt.Sprint(text), "*") }

// sorted are faults by their sort, and the sorts in the order of the first of each: those of the
// workflow's own calls, and the others.
func sorted(all []faults.Fault) (own, others []sortOf, bySort map[sortOf][]faults.Fault) {
	bySort = map[sortOf][]faults.Fault{}
	for _, f := range all {
		if knownToFail(f) != "" {
			continue
		}
		k := sortOf{call: f.Call, class: classOf(f), done: f.Done}
		if ofWorkflow(f.Call) && !f.Lasts {
			k.what = f.What
		}
		if bucket, _, ofObject := strings.Cut(f.Resource, "/"); ofObject && strings.HasPrefix(bucket, "arn:aws:s3:::") && !strings.Contains(bucket, "-work-") {
			k.call.Resource = bucket // which has many
		}
		k.call.Resource = withoutIDs(k.call.Resource)
		switch {
		case bySort[k] != nil:
		case ofWorkflow(f.Call):
			own = append(own, k)
		default:
			others = append(others, k)
		}
		bySort[k] = append(bySort[k], f)
	}
	return own, others, bySort
}

// ofWorkflow says whether the workflow itself makes a call, behind which nobody stands.
func ofWorkflow(c faults.Call) bool {
	return strings.Contains(c.Principal, "ValidationStateMachineRole") && slices.Contains(betweenServices, c.Action)
}

// shares are the faults that are tried by default, or with -more, of each world that has a share, and
// beside it one of each kind that no share has.
func shares(t *testing.T) map[string][]faults.Fault {
	t.Helper()
	all, of := map[string][]faults.Fault{}, map[faults.Kind]string{}
	for _, name := range slices.Sorted(maps.Keys(exploredWorlds)) {
		if world := exploredWorlds[name]; world.own+world.others > 0 {
			all[name] = shareOf(world, cleanly(t, name))
			for _, f := range all[name] {
				of[f.What] = name
			}
		}
	}
	r := rand.New(rand.NewPCG(4, 15))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, f := range shuffled(r, faultsOf(cleanly(t, name).made)) {
			if of[f.What] == "" && knownToFail(f) == "" {
				of[f.What], all[name] = name, append(all[name], f)
			}
		}
	}
	return all
}

// shareOf are the faults of a world that are tried by default, or with -more, the same each time.
func shareOf(of explored, clean course) []faults.Fault {
	own, others, bySort := sorted(faultsOf(clean.made))
	r, theirs := rand.New(rand.NewPCG(1, 15)), regexp.MustCompile(of.of)
	// What is done again is what a definition forgets most easily, and then what it says where something
	// never works. Each call that it makes has these before any has another.
	all := spread(r, own, bySort, share(of.own), func(k sortOf, had func(...any) int) []int {
		milder := k.class == permanent && (k.what != "" || k.done) // it passes though nobody can know it, or all is done
		return []int{had(k.class, k.call), slices.Index([]class{failedAfter, permanent, failedBefore, odd, byHand}, k.class), map[bool]int{true: 1}[milder], had(k.class, k.what)}
	})
	// The SDKs try again for functions, which hides all but what lasts: that is had most of. Each class
	// begins with the calls that the world is there for.
	return append(all, spread(r, others, bySort, share(of.others), func(k sortOf, had func(...any) int) []int {
		first := theirs.MatchString(k.call.Principal+k.call.Resource) && (k.call.At != faults.Gate || slices.Contains(betweenServices, k.call.Action))
		turn := had(k.class)
		if k.class == permanent {
			turn /= 3
		}
		return []int{turn, slices.Index([]class{permanent, failedAfter, failedBefore, odd, byHand}, k.class), map[bool]int{false: 1}[first], had(k.call), map[bool]int{true: 1}[k.class == permanent && k.done]}
	})...)
}

// spread are so many faults, one after the other of the sort that comes before all others by what there
// was already, which had counts, and of its faults one of the kind that there was least of.
func spread(r *rand.Rand, sorts []sortOf, bySort map[sortOf][]faults.Fault, n int, before func(k sortOf, had func(...any) int) []int) (all []faults.Fault) {
	counts := map[string]int{}
	had := func(what ...any) int { return counts[fmt.Sprintln(what...)] }
	shuffled(r, sorts)
	for range n * min(1, len(sorts)) {
		k := slices.MinFunc(sorts, func(a, b sortOf) int {
			return cmp.Or(cmp.Compare(had("sort", a), had("sort", b)), slices.Compare(before(a, had), before(b, had)))
		})
		ofSort := shuffled(r, slices.Clone(bySort[k]))
		f := slices.MinFunc(ofSort, func(a, b faults.Fault) int { return cmp.Compare(had("kind", a.What), had("kind", b.What)) })
		for _, what := range [][]any{{"sort", k}, {"kind", f.What}, {k.class}, {k.call}, {k.class, k.call}, {k.class, k.what}} {
			counts[fmt.Sprintln(what...)]++
		}
		all = append(all, f)
	}
	return all
}

// shuffled has some in an order that is the same each time, in whichever they came: what is called at
// once comes in any.
func shuffled[T any](r *rand.Rand, some []T) []T {
	slices.SortStableFunc(some, func(a, b T) int { return cmp.Compare(withoutIDs(a), withoutIDs(b)) })
	r.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	return some
}

// wrongWith is what is wrong where faults are made, beside what is wrong without them.
func wrongWith(t *testing.T, of explored, clean course, wrong ...faults.Fault) []string {
	c := plays(t, of, wrong...)
	return append(c.problems, compared(wrong, c, clean)...)
}

// What a file in testdata/faults says has gone wrong once, or is told in the documents.
func TestScenariosThatWereKeptEndAsTheDesignSays(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.json")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file) // #nosec G304: the project's own
		require.NoError(t, err)
		s, err := faults.Parse(text)
		require.NoError(t, err, file)
		of, known := exploredWorlds[s.World]
		require.True(t, known, "%s: world is %q; use one of %q", file, s.World, slices.Sorted(maps.Keys(exploredWorlds)))
		t.Run(filepath.Base(file), func(t *testing.T) {
			assert.Empty(t, wrongWith(t, of, cleanly(t, s.World), s.Faults...))
		})
	}
}
