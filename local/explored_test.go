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

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
	audited            bool // no message tells of it: an audit finds it, or says that it could not
	ends               string
}

var exploredWorlds = map[string]explored{
	"each verdict": {soon, (*world).eachVerdict, 40},
	"attached":     {slices.Concat(soon, configurations["attached"]), (*world).bytesRead, 12},
	"audited":      {slices.Concat(soon, audited(defaults("template.yaml", "AuditFindings", "validate"))), (*world).auditedOnce, 12},
	"given up":     {soon, (*world).givenUp, 12},
	"bytes read":   {slices.Concat(soon, always), (*world).bytesRead, 25},
}

// soon has the deadline come early, so that runs are short.
var soon = []change{defaults("template.yaml", "DeadlineMinutes", "15"), defaults("template.yaml", "MarkerDeadlineMinutes", "15")}

// givenUp is a batch of which S3 gave one up, and notifies.
func (w *world) givenUp() []upload {
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan { return locals3.Plan{Fail: r.Key == "given-up"} }
	return []upload{
		{name: "good", key: "good", version: w.put("good", "content"), ends: "verified"},
		{name: "given up", key: "given-up", version: w.put("given-up", "content"), wrong: true, ends: "parked REPLICATION_FAILED"},
	}
}

// auditedOnce are objects that were there before anybody was told of uploads, of which an audit
// finds one lost and has it validated.
func (w *world) auditedOnce() []upload {
	told := w.S3.OnEvent
	w.S3.OnEvent = func(string, []byte) {}
	all := []upload{
		{name: "good", key: "good", version: w.put("good", "content"), audited: true},
		{name: "lost", key: "lost", version: w.put("lost", "content"), wrong: true, audited: true, ends: "parked REPLICA_MISSING"},
	}
	synctest.Wait()
	w.S3.OnEvent = told
	time.Sleep(3 * day)
	w.lose("lost", all[1].version)
	if err := w.Events.Fire(w.region, "autobackup-audit-dev"); err != nil {
		w.refused++ // as a rule's failed invocations, of which an alarm tells
	}
	return all
}

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
		switch r.Key {
		case "corrupt":
			return locals3.Plan{Corrupt: locals3.FlipBit}
		case "missing":
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
	for _, e := range w.validations() {
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
	uploads     []upload
	became      map[string][]string // by the upload's name
	mails       int
	transitions int
	failed      int // executions
	lasted      time.Duration
	problems    []string
	made        []faults.Made
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
			c.transitions += e.Result.Transitions
			if e.Result.Status != types.ExecutionStatusSucceeded {
				c.failed++
			}
			c.lasted = max(c.lasted, e.Result.Stop.Sub(began))
		}
		c.problems = append(c.problems, w.unaccounted(c, wrong)...)
		for _, u := range c.uploads {
			if got := c.became[u.name]; len(wrong) == 0 && strings.Join(got, ", ") != u.ends {
				c.problems = append(c.problems, fmt.Sprintf("%s: %q in the place of %s, and nothing fails", u.name, got, u.ends))
			}
		}
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
	all = append(all, w.uncaught()...)
	visible := w.visible()
	for _, u := range c.uploads {
		at := c.became[u.name]
		switch {
		case len(at) == 0 && u.audited:
			if u.wrong && visible == "" && w.refused == 0 && !strings.Contains(w.mails(), "/"+u.key) && !strings.Contains(w.mails(), "Backup audit: ") {
				all = append(all, u.name+" was lost, and nobody is told")
			}
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

// uncaught is what is wrong with how executions failed: every error that the states can absorb
// has them try to tell of what has no verdict yet, and to park it.
func (w *world) uncaught() (all []string) {
	for _, e := range w.validations() {
		if e.Result == nil || e.Result.Status == types.ExecutionStatusSucceeded {
			continue
		}
		switch path := e.Result.Path; path[len(path)-1] {
		case "EndInTrouble":
		case "ExecutionFailed":
			if !slices.Contains(path, "TellUnsettled") || !slices.Contains(path, "ParkUnsettled") {
				all = append(all, "an execution failed that did not try to tell and to park")
			}
		default:
			all = append(all, "an execution ends in "+path[len(path)-1]+" with "+e.Result.Error+", which nothing catches")
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
		return strings.Contains(f.Principal, "role/autobackup-dev-replication-") || strings.HasSuffix(f.Principal, "-TheirRole")
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
	if c.transitions > 3*clean.transitions+100 {
		all = append(all, fmt.Sprintf("%d transitions in the place of %d", c.transitions, clean.transitions))
	}
	if c.lasted > clean.lasted+6*time.Hour {
		all = append(all, fmt.Sprintf("it lasts %s in the place of %s", c.lasted, clean.lasted))
	}
	return all
}

// knownToFail is why a fault ends otherwise than it must, which is known; "" where it doesn't.
func knownToFail(f faults.Fault) string {
	if f.Action == "sns:Publish" && f.At == faults.Network && f.Lasts && f.Done {
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
				(f.What != faults.Garbled || f.Action != "s3:GetObject") // TLS keeps what is in an object
		}
	}
	return true
}

func TestEveryFaultAtEveryCallEndsAsTheDesignSays(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(exploredWorlds)) {
		of := exploredWorlds[name]
		clean := plays(t, of)
		require.Empty(t, clean.problems)
		all := faultsOf(clean.made)
		t.Logf("%s: %d calls, %d faults", name, len(clean.made), len(all))
		if !*everyFault {
			all = shareOf(of, clean)
		}
		for n, f := range all {
			t.Run(fmt.Sprintf("%s %d", name, n), func(t *testing.T) {
				t.Parallel()
				if why := knownToFail(f); why != "" {
					t.Skip(why)
				}
				assert.Empty(t, wrongWith(t, of, f, clean), "put this into local/testdata/faults to have it played:\n%s", faults.Scenario{World: name, Faults: []faults.Fault{f}})
			})
		}
	}
}

// shareOf are the faults of a world that are tried by default, the same each time: of each kind of
// call one that passes, one that lasts and one of the others, each with its effect done and not,
// before any has a second one.
func shareOf(of explored, clean course) []faults.Fault {
	type kind struct {
		call                faults.Call
		passes, lasts, done bool
	}
	var kinds []kind
	byKind := map[kind][]faults.Fault{}
	for _, f := range faultsOf(clean.made) {
		if knownToFail(f) != "" {
			continue
		}
		k := kind{f.Call, f.Passes(), f.Lasts, f.Done}
		if strings.HasPrefix(f.Resource, "arn:aws:s3:::") {
			k.call.Resource = "" // of many objects
		}
		if byKind[k] == nil {
			kinds = append(kinds, k)
		}
		byKind[k] = append(byKind[k], f)
	}
	r := rand.New(rand.NewPCG(1, 15))
	r.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	// The workflow's own calls come first: nobody stands behind it. Of these, answers that are lost once
	// come first, because what is done again is what a definition forgets most easily.
	rank := func(k kind) int {
		return 2*ofOthers(k.call) + map[bool]int{false: 1}[k.done && k.passes]
	}
	slices.SortStableFunc(kinds, func(a, b kind) int { return cmp.Compare(rank(a), rank(b)) })
	var all []faults.Fault
	for n := 0; len(all) < of.share; n++ {
		k := kinds[n%len(kinds)]
		all = append(all, byKind[k][r.IntN(len(byKind[k]))])
	}
	return all
}

func ofOthers(c faults.Call) int {
	if strings.Contains(c.Principal, "ValidationStateMachineRole") && slices.Contains(betweenServices, c.Action) {
		return 0
	}
	return 1
}

// wrongWith is what is wrong where a fault is made.
func wrongWith(t *testing.T, of explored, f faults.Fault, clean course) []string {
	c := plays(t, of, f)
	return append(c.problems, compared(f, c, clean)...)
}

// seeded are bugs that the share has to find, each by the text that a file has and what is in its
// place.
var seeded = map[string]struct {
	world string
	bug   change
}{
	"parking is not tried again": {"each verdict", replace("statemachine/validate.asl.json", `            "OutputPath": "$.done",
            "TimeoutSeconds": 30,
            "Retry": [
              {
                "ErrorEquals": ["States.ALL"]`, `            "OutputPath": "$.done",
            "TimeoutSeconds": 30,
            "Retry": [
              {
                "ErrorEquals": ["Nothing"]`)},
	"what can't be parked counts as parked": {"each verdict", replace("statemachine/validate.asl.json", `"Result": false,`, `"Result": true,`)},
	"telling is not tried again": {"each verdict", replace("statemachine/validate.asl.json", `"ResultPath": "$.telling",
      "TimeoutSeconds": 30,
      "Retry": [
        {
          "ErrorEquals": ["States.ALL"]`, `"ResultPath": "$.telling",
      "TimeoutSeconds": 30,
      "Retry": [
        {
          "ErrorEquals": ["Nothing"]`)},
	"functions that Lambda does not start are not tried again": {"each verdict", replace("statemachine/validate.asl.json", `"Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", "Lambda.TooManyRequestsException", `, "")},
	"functions that time out are not tried again":              {"each verdict", replace("statemachine/validate.asl.json", `, "Sandbox.Timedout", "States.Timeout"]`, "]")},
	"a reading that was started is told as not started":        {"bytes read", replace("statemachine/validate.asl.json", `["StepFunctions.ExecutionAlreadyExistsException", "StepFunctions.ExecutionAlreadyExists"]`, `["Nothing"]`)},
	"an error of the comparison is not caught": {"each verdict", replace("statemachine/validate.asl.json", `"ErrorEquals": ["States.ALL"],
          "ResultPath": "$.error",
          "Next": "KeepUnsettled"`, `"ErrorEquals": ["Nothing"],
          "ResultPath": "$.error",
          "Next": "KeepUnsettled"`)},
	"what is unsettled is not parked":                    {"each verdict", replace("statemachine/validate.asl.json", "\n      \"Next\": \"ParkUnsettled\"", "\n      \"Next\": \"ExecutionFailed\"")},
	"a message comes again while its batch is collected": {"each verdict", replace("template.yaml", "VisibilityTimeout: 660", "VisibilityTimeout: 10")},
}

func TestTheShareOfFaultsFindsEachSeededBug(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(seeded)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := exploredWorlds[seeded[name].world]
			of.changes = append(slices.Clone(of.changes), seeded[name].bug)
			clean := plays(t, of)
			found := clean.problems
			for _, f := range shareOf(of, clean) {
				if len(found) > 0 {
					break
				}
				found = wrongWith(t, of, f, clean)
			}
			assert.NotEmpty(t, found)
			t.Log(strings.Join(found, "\n"))
		})
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
