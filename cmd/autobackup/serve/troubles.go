package serve

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"autobackup/local"
	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/s3"
	"autobackup/local/sns"
	"autobackup/local/wire"
)

// How long replicas take: one that nobody has lag, and one that lags, which the first looks
// find missing.
const (
	usual = 5 * time.Second
	long  = 10 * time.Minute
)

// troubles are what keys bring about.
type troubles struct {
	stack  *local.Stack
	screen *screen

	mu     sync.Mutex
	next   byte // what becomes of the next replica; 0: it comes as usual
	down   bool // SNS
	denied bool // fetch-etags, the replicas
}

// newTroubles has a stack, to which nothing has happened yet, do as keys say.
func newTroubles(stack *local.Stack, s *screen) *troubles {
	t := &troubles{stack: stack, screen: s}
	stack.S3.Replicate = t.plan
	stack.Gate.Fault = t.refuse
	stack.SNS.Fault(t.fault)
	return t
}

// ofNext is what becomes of the next replica, by key: in words before, and after it was met.
var ofNext = map[byte]struct {
	plan      s3.Plan
	will, was string
}{
	'l': {s3.Plan{Lag: long}, "comes after 10 minutes: it is looked at again and again, and verified then", "comes after 10 minutes"},
	'f': {s3.Plan{Lag: usual, Fail: true}, "fails: REPLICATION_FAILED is told by e-mail, and the message parked", "fails"},
	'c': {s3.Plan{Lag: usual, Corrupt: s3.FlipBit}, "has a flipped bit: CONTENT_MISMATCH is told by e-mail, and the message parked", "has a flipped bit"},
}

// beats is the place of heartbeats, which nobody uploads.
const beats = "beat"

// plan plans a replication. A delete marker has no bytes to corrupt, and what changes of a
// version later is no replica; a heartbeat is not what a key was pressed for.
func (t *troubles) plan(r s3.Replication) s3.Plan {
	t.mu.Lock()
	next := t.next
	if r.Change || r.Marker || t.screen.place(r.Source) == beats {
		next = 0
	}
	if next != 0 {
		t.next = 0
	}
	t.mu.Unlock()
	chosen, ok := ofNext[next]
	if !ok {
		return s3.Plan{Lag: usual}
	}
	t.screen.say("the replica of %s  %s  %s", t.screen.place(r.Source), shown(r.Key), chosen.was)
	return chosen.plan
}

// fetchETags ends the names of the role that looks at both sides; looks is what it needs.
const (
	fetchETags = "-fetch-etags"
	looks      = "s3:GetObjectVersion"
)

// refuse takes a permission away, of the replicas alone.
func (t *troubles) refuse(c gate.Call) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.denied || c.Action != looks || !strings.HasSuffix(c.By.Role, fetchETags) || !strings.Contains(c.Resource, "-replica-") {
		return nil
	}
	return t.stack.Gate.DeniedBy(c, iam.IdentitySide, false)
}

// fault is what SNS answers while it is down.
func (t *troubles) fault(sns.Publication) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.down {
		return nil
	}
	return &wire.Error{Code: "InternalError", Status: http.StatusInternalServerError, Message: "SNS is down: somebody pressed s."}
}

// press does what a key says, and tells what will come of it.
func (t *troubles) press(key byte) {
	if chosen, ok := ofNext[key]; ok {
		t.mu.Lock()
		t.next = key
		t.mu.Unlock()
		t.screen.say("the next replica %s", chosen.will)
		return
	}
	switch key {
	case 'p':
		t.pipe()
	case 's':
		t.say(t.turn(&t.down), "SNS is down: what fails is parked, and its e-mails come when s is pressed again",
			"SNS is up: what could not be told is told when it is tried again")
	case 'a':
		t.say(t.turn(&t.denied), "fetch-etags lost "+looks+" on the replicas: after a few looks, uploads fail with ACCESS_DENIED, until a is pressed again",
			"fetch-etags has "+looks+" on the replicas again: what was parked can be put back")
	case '\n', '\r', ' ':
	default:
		t.screen.say("%s", onKeys)
	}
}

// turn turns a switch, and says whether it is on.
func (t *troubles) turn(which *bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	*which = !*which
	return *which
}

func (t *troubles) say(on bool, broken, mended string) {
	if !on {
		broken = mended
	}
	t.screen.say("%s", broken)
}

// pipe stops all pipes, or starts them again where none runs: somebody may have stopped or
// started them otherwise.
func (t *troubles) pipe() {
	all := t.stack.Pipes.Pipes()
	stop := slices.ContainsFunc(all, func(pipe string) bool { return !t.stack.Pipes.Stopped(pipe) })
	for _, pipe := range all {
		if stop {
			t.stack.Pipes.Stop(pipe)
		} else if err := t.stack.Pipes.Start(pipe); err != nil {
			t.screen.say("the pipe can't be started: %v", err)
		}
	}
	t.say(stop, "the pipe is stopped: uploads wait in the validation queue, until p is pressed again", "the pipe is started: what waited in the queue is validated")
}
