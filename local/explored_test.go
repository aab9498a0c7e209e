package local_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	locals3 "autobackup/local/s3"
	"autobackup/local/testing/faults"
)

// everyFault is whether every fault is tried at every call, and not only a share:
//
//	go test ./local -run TestEveryFault -every-fault -timeout 60m -v
var everyFault = flag.Bool("every-fault", false, "try every fault at every call of every world that is explored")

// explored is a world in which faults are tried.
type explored struct {
	changes []change
	drives  func(w *world) []upload
	share   int // faults that are tried by default
}

// upload is a version that comes into a world, and what becomes of it where nothing fails.
type upload struct {
	name, key, version string
	wrong              bool // both sides differ
	ends               string
}

var exploredWorlds = map[string]explored{
	"each verdict": {soon, (*world).eachVerdict, 50},
	"bytes read":   {slices.Concat(soon, always), (*world).bytesRead, 30},
}

// soon has the deadline come early, so that runs are short.
var soon = []change{defaults("template.yaml", "DeadlineMinutes", "15"), defaults("template.yaml", "MarkerDeadlineMinutes", "15")}

// bytesRead are objects whose bytes are read, one of them in ranges.
func (w *world) bytesRead() []upload {
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
		if r.Key == "corrupt" {
			return locals3.Plan{Corrupt: locals3.FlipBit}
		}
		return locals3.Plan{}
	}
	all := []upload{
		{name: "good", key: "good", ends: "verified"},
		{name: "corrupt", key: "corrupt", wrong: true, ends: "parked CONTENT_MISMATCH"},
		{name: "large", key: "large", ends: "verified"},
	}
	for n, u := range all {
		all[n].version = w.put(u.key, map[bool]string{true: strings.Repeat("0123456789abcdef", 60), false: "content"}[u.key == "large"])
	}
	return all
}

// eachVerdict is a batch with an object of each verdict.
func (w *world) eachVerdict() []upload {
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
		switch {
		case r.Key == "corrupt":
			return locals3.Plan{Corrupt: locals3.FlipBit}
		case r.Key == "missing":
			return locals3.Plan{Lag: 365 * day}
		}
		return locals3.Plan{}
	}
	all := []upload{
		{name: "good", key: "good", ends: "verified"},
		{name: "corrupt", key: "corrupt", wrong: true, ends: "parked CONTENT_MISMATCH"},
		{name: "missing", key: "missing", wrong: true, ends: "parked REPLICA_MISSING"},
		{name: "marked", key: "marked", ends: "verified"},
		{name: "deleted", key: "deleted", ends: "skipped"},
	}
	for n, u := range all {
		all[n].version = w.put(u.key, "content of "+u.key)
	}
	time.Sleep(time.Second)
	all = append(all, upload{name: "the marker", key: "marked", version: w.remove("marked", ""), ends: "verified"})
	w.remove("deleted", all[4].version)
	w.lose("deleted", all[4].version)
	return all
}

// became is where each version ended, by its id: what came to an execution as endings tells, and
// what did not by the queue that holds it.
func (w *world) became() map[string][]string {
	all := map[string][]string{}
	note := func(body, what string) {
		if v, err := s3event.Parse(body); err == nil {
			all[v.VersionID] = append(all[v.VersionID], what)
		}
	}
	endings := w.endings()
	for _, e := range w.States.Executions() {
		for _, m := range w.messagesOf(e) {
			for _, at := range endings[m.ID] {
				if at != "parked" { // with its reason below
					note(m.Body, at)
				}
			}
		}
	}
	for _, m := range w.parked() {
		note(m.Body, "parked "+cmp.Or(m.Attributes["reason"].Value, "by SQS"))
	}
	for _, m := range w.messages("event-dlq") {
		note(m.Body, "in the rule's DLQ")
	}
	for _, m := range w.messages("validation-queue") {
		note(m.Body, "waiting")
	}
	for version, at := range all {
		slices.Sort(at)
		all[version] = slices.Compact(at)
	}
	return all
}

// course is what a run came to.
type course struct {
	uploads  []upload
	became   map[string][]string // by the upload's name
	mails    int
	states   int
	lasted   time.Duration
	problems []string
	made     []faults.Made
}

// plays runs a world with faults, until everything has come to its end.
func plays(t *testing.T, of explored, wrong ...faults.Fault) (c course) {
	injector := faults.New(wrong...)
	inPreparedWorld(t, preparation{injector: injector}, func(w *world) {
		began := w.Clock.Now()
		c.uploads = of.drives(w)
		ctx, cancel := context.WithTimeout(w.t.Context(), 12*time.Hour)
		defer cancel()
		idle := w.WaitIdle(ctx) == nil
		synctest.Wait()
		if !idle && !slices.ContainsFunc(wrong, func(f faults.Fault) bool { return f.Lasts }) {
			c.problems = append(c.problems, "it doesn't come to its end")
		}
		if len(wrong) > 0 && injector.Struck() == 0 {
			c.problems = append(c.problems, "no call went wrong: what is made differs from run to run, or the scenario is of another version")
		}
		c.made = injector.Made()
		c.mails = len(w.published("failure-topic"))
		byVersion := w.became()
		c.became = map[string][]string{}
		for _, u := range c.uploads {
			c.became[u.name] = byVersion[u.version]
		}
		for _, e := range w.States.Executions() {
			if e.Result == nil {
				c.problems = append(c.problems, "an execution never ends")
				continue
			}
			c.states += len(e.Result.Path)
			c.lasted = max(c.lasted, e.Result.Stop.Sub(began))
		}
		c.problems = append(c.problems, w.unaccounted(c, wrong)...)
	}, of.changes...)
	return c
}

// unaccounted holds a run against what must always hold (section 4 of the design): where each
// message ended, whether it was told, and that no verdict is from a fault.
func (w *world) unaccounted(c course, wrong []faults.Fault) (all []string) {
	var right, damaged []string
	for _, u := range c.uploads {
		if u.wrong {
			damaged = append(damaged, u.key)
		} else {
			right = append(right, u.key)
		}
	}
	all = w.untrue(right, damaged, mayBecome(wrong))
	visible := w.visible()
	for _, u := range c.uploads {
		at := c.became[u.name]
		switch {
		case len(at) == 0 && !strings.Contains(visible, "dropped an event"):
			all = append(all, u.name+" ended nowhere")
		case slices.Contains(at, "waiting") && !strings.Contains(visible, "pipe "):
			all = append(all, u.name+" waits in the validation queue, and nothing says why")
		}
		parked := slices.ContainsFunc(at, func(s string) bool { return strings.HasPrefix(s, "parked ") && s != "parked by SQS" })
		if parked && visible == "" && !strings.Contains(w.mails(), "/"+u.key) {
			all = append(all, u.name+" was parked, and nobody is told")
		}
	}
	return all
}

// visible is what an alarm tells of, beside parked messages.
func (w *world) visible() string {
	var all []string
	for _, e := range w.States.Executions() {
		if e.Result != nil && e.Result.Status != types.ExecutionStatusSucceeded {
			all = append(all, "an execution failed")
		}
	}
	for _, queue := range []string{"failure-queue", "failure-dlq"} {
		if len(w.messages(queue)) > 0 {
			all = append(all, "messages are in the "+queue)
		}
	}
	for _, u := range w.Undelivered() {
		all = append(all, u.What)
	}
	return strings.Join(all, "\n")
}

// mayBecome are the reasons for which faults may park what is right. Where replication itself is
// kept from something, replicas really are missing.
func mayBecome(wrong []faults.Fault) []string {
	if slices.ContainsFunc(wrong, func(f faults.Fault) bool {
		return strings.Contains(f.Principal, "replication") || f.Principal == "s3.amazonaws.com"
	}) {
		return mayBe
	}
	return slices.DeleteFunc(slices.Clone(mayBe), func(r string) bool {
		return slices.Contains([]string{string(reason.ReplicaMissing), string(reason.ReplicationFailed), string(reason.NotReplicated)}, r)
	})
}

// compared holds a run with a fault against the one without.
func compared(f faults.Fault, c, clean course) (all []string) {
	for _, u := range c.uploads {
		same := slices.Equal(clean.became[u.name], c.became[u.name])
		key, ofObject := strings.CutPrefix(f.Resource, "arn:aws:s3:::")
		_, key, _ = strings.Cut(key, "/")
		switch {
		case same:
		case f.Passes():
			all = append(all, fmt.Sprintf("%s: %q became %q, and the fault passes by itself", u.name, clean.became[u.name], c.became[u.name]))
		case ofObject && key != "" && u.key != key && slices.ContainsFunc(c.uploads, func(o upload) bool { return o.key == key }):
			all = append(all, fmt.Sprintf("%s: %q became %q, and the fault is another object's", u.name, clean.became[u.name], c.became[u.name]))
		}
	}
	if c.mails > clean.mails+5 {
		all = append(all, fmt.Sprintf("%d e-mails in the place of %d", c.mails, clean.mails))
	}
	if c.states > 3*clean.states+100 {
		all = append(all, fmt.Sprintf("%d states in the place of %d", c.states, clean.states))
	}
	if c.lasted > clean.lasted+6*time.Hour {
		all = append(all, fmt.Sprintf("it lasts %s in the place of %s", c.lasted, clean.lasted))
	}
	return all
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

// makes says whether a fault happens: of the calls at the gate, those of functions go wrong on the
// network, and those of S3 and EventBridge are made again for a day, which nothing here does.
func makes(f faults.Fault, requests map[string]bool) bool {
	switch f.At {
	case faults.Gate:
		if f.What == faults.Denied || f.What == faults.DeniedByAll {
			return true
		}
		return slices.Contains(betweenServices, f.Action) && !requests[f.Principal] && strings.HasPrefix(f.Principal, "arn:")
	case faults.Network:
		if f.What == faults.Truncated || f.What == faults.Garbled {
			return !slices.Contains([]string{"s3:HeadObject", "s3:HeadBucket", "s3:PutObject"}, f.Action) && // which answer nothing but headers
				!(f.What == faults.Garbled && f.Action == "s3:GetObject") // TLS keeps what is in an object
		}
	}
	return true
}

func TestEveryFaultAtEveryCallEndsAsTheDesignSays(t *testing.T) {
	for name, of := range exploredWorlds {
		clean := plays(t, of)
		for _, u := range clean.uploads {
			require.Equal(t, []string{u.ends}, clean.became[u.name], u.name)
		}
		require.Empty(t, clean.problems)
		all := faultsOf(clean.made)
		t.Logf("%s: %d calls, %d faults", name, len(clean.made), len(all))
		if !*everyFault {
			rand.New(rand.NewPCG(1, 15)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			all = all[:of.share]
		}
		for n, f := range all {
			t.Run(fmt.Sprintf("%s %d", name, n), func(t *testing.T) {
				t.Parallel()
				c := plays(t, of, f)
				problems := append(c.problems, compared(f, c, clean)...)
				assert.Empty(t, problems, "put this into local/testdata/faults to have it played:\n%s", faults.Scenario{World: name, Faults: []faults.Fault{f}})
			})
		}
	}
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
			assert.Empty(t, plays(t, of, s.Faults...).problems)
		})
	}
}
