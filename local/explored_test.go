package local_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/local/testing/faults"
)

// faulty has an injector make its faults in this world.
func (w *world) faulty(i *faults.Injector) {
	i.At(w.Gate, w.Clock)
	pipe := w.Pipes.Pipes()[0]
	i.Hands = faults.Hands{
		StopExecutions: func() {
			for _, e := range w.States.Executions() {
				if e.Result == nil {
					_, err := w.States.StopExecution(w.t.Context(), w.Gate.As(w.Gate.Owner()), e.ARN, "", "")
					assert.NoError(w.t, err)
				}
			}
		},
		StopPipe: func() { w.Pipes.Stop(pipe) },
		StartPipe: func() {
			for w.Pipes.Start(pipe) != nil { // people try until it works
				time.Sleep(time.Minute)
			}
		},
	}
	event, notify := w.S3.OnEvent, w.S3.OnNotification
	w.S3.OnEvent = func(region string, body []byte) {
		v, err := s3event.Parse(string(body))
		assert.NoError(w.t, err)
		_ = i.Deliver("events:PutEvents", v.Bucket, func() error { event(region, body); return nil }) // which has no error
	}
	w.S3.OnNotification = func(bucket, target string, message []byte) error {
		return i.Deliver("sqs:SendMessage", bucket, func() error { return notify(bucket, target, message) })
	}
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
				if at != "parked" && at != "redriven" { // where each is, below
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
	for _, m := range slices.Concat(w.messages("failure-queue"), w.messages("failure-dlq")) {
		note(m.Body, "waiting to be told again")
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

	granted, used map[grant]bool // by the policies of the templates
}

// nothingStruck is the problem of a run in which no fault was made.
const nothingStruck = "no call went wrong: what is made differs from run to run, or the scenario is of another version"

// plays runs a world with faults, until everything has come to its end.
func plays(t *testing.T, of explored, wrong ...faults.Fault) (c course) {
	injector := faults.New(wrong...)
	p := preparation{injector: injector}
	if len(wrong) == 0 {
		c.granted, c.used, p.prepare = counting()
	}
	inPreparedWorld(t, p, func(w *world) {
		began := w.Clock.Now()
		c.uploads = of.drives(w)
		ctx, cancel := context.WithTimeout(w.t.Context(), 12*time.Hour)
		defer cancel()
		idle := w.WaitIdle(ctx) == nil
		for injector.Owes() && ctx.Err() == nil {
			time.Sleep(time.Minute)
			idle = w.WaitIdle(ctx) == nil
		}
		synctest.Wait()
		if !idle && !slices.ContainsFunc(wrong, func(f faults.Fault) bool { return f.Lasts }) {
			c.problems = append(c.problems, "it doesn't come to its end")
		}
		if len(wrong) > 0 && injector.Struck() == 0 {
			c.problems = append(c.problems, nothingStruck)
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

// cleanCourses are what worlds came to without a fault, by their names.
var cleanCourses = struct {
	sync.Mutex
	of map[string]func(t *testing.T) course
}{of: map[string]func(t *testing.T) course{}}

// cleanly is what a world comes to without a fault. It is played once for all tests.
func cleanly(t *testing.T, name string) course {
	t.Helper()
	cleanCourses.Lock()
	defer cleanCourses.Unlock()
	if cleanCourses.of[name] == nil {
		c := plays(t, exploredWorlds[name])
		cleanCourses.of[name] = func(t *testing.T) course {
			t.Helper()
			require.Empty(t, c.problems, name)
			return c
		}
	}
	return cleanCourses.of[name](t)
}

// unaccounted holds a run against what must always hold (section 4 of the design): where each
// message ended, whether it was told, and that no verdict is from a fault.
func (w *world) unaccounted(c course, wrong []faults.Fault) (all []string) {
	var right, damaged []string
	for _, u := range c.uploads {
		switch {
		case u.late:
		case u.wrong:
			damaged = append(damaged, u.key)
		default:
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
		if parked && visible == "" && !strings.Contains(w.mails(), "/"+u.key) && (!u.unnamed || c.mails == 0) {
			all = append(all, u.name+" was parked, and nobody is told")
		}
	}
	return all
}

// uncaught is what is wrong with how executions failed: every error that the states can absorb
// has them try to tell of what has no verdict yet, and to park it.
func (w *world) uncaught() (all []string) {
	for _, e := range w.validations() {
		if e.Result == nil || e.Result.Status == types.ExecutionStatusSucceeded || e.Result.Status == types.ExecutionStatusAborted {
			continue // or somebody stopped it
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

// ringing is how many errors of a function it takes until the alarm on them rings.
const ringing = 3

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
		if u.Times >= ringing || !strings.HasPrefix(u.What, "event source mapping ") {
			all = append(all, u.What)
		}
	}
	return strings.Join(all, "\n")
}

// mayBecome are the reasons for which faults may park what is right. Where replication itself is
// kept from something, replicas really are missing.
func mayBecome(wrong []faults.Fault) []string {
	if slices.ContainsFunc(wrong, func(f faults.Fault) bool {
		return strings.Contains(f.Principal, "role/autobackup-dev-replication-") || strings.HasSuffix(f.Principal, "-TheirRole") || f.At == faults.Gate && strings.Contains(f.Principal, "*")
	}) {
		return mayBe
	}
	return slices.DeleteFunc(slices.Clone(mayBe), func(r string) bool {
		return slices.Contains([]string{string(reason.ReplicaMissing), string(reason.ReplicationFailed), string(reason.NotReplicated)}, r)
	})
}
