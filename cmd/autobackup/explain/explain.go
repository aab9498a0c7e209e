// Package explain is the command that tells everything about one object version: what
// both sides show of it now, what an audit makes of that, what may have caused it and
// what to do.
package explain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"autobackup/cmd/autobackup/accept"
	command "autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/logged"
	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/audit"
	"autobackup/internal/s3event"
	"autobackup/internal/shell"
	"autobackup/internal/verdict"
)

// Options says what to explain; what is judged by is as in an audit.
type Options struct {
	Program  string
	Primary  string // bucket
	Key      string
	Version  string   // empty: the newest of the key
	Replicas []string // buckets; none: those that the primary's rules lead to
	From, To pair.Access
	Bytes    bool   // read the bytes of both sides
	Locks    bool   // a retention or legal hold that one side alone has is a finding
	Accepted string // file of what people accepted
	// Stage is the one whose functions' log is asked what became of the version so far, of the time
	// Since ago and later; empty: none is.
	Stage string
	Since time.Duration

	Deadline, MarkerDeadline, Erased time.Duration
	// Clock is asked for the time that versions are judged at once both sides have answered, and API
	// adds to each request, so that it can be that of the answers. Wait waits, or ends with the context.
	Clock func() time.Time
	API   []func(*middleware.Stack) error
	Wait  func(context.Context, time.Duration) error

	entries []audit.Acceptance
}

// Explanation is what is known of one version.
type Explanation struct {
	Program string    `json:"program"`
	At      time.Time `json:"at"`
	Primary string    `json:"primary"` // bucket
	Key     string    `json:"key"`
	Version string    `json:"versionId"`
	// Which says which version of the key it is, and who chose it.
	Which    string    `json:"which"`
	Replicas []Replica `json:"replicas"` // each by itself
	// SoFar is what the stage's functions made of it, as they logged it, and Unlogged why that is not
	// known; neither where no stage was named.
	SoFar    *logged.Found `json:"soFar,omitempty"`
	Unlogged string        `json:"soFarUnknown,omitempty"`
	// Told are the e-mails of the stage that tell of it, or that may, and Untold why they are not known.
	Told   *logged.Told `json:"told,omitempty"`
	Untold string       `json:"toldUnknown,omitempty"`
	Result string       `json:"result"`
	Exit   int          `json:"exit"`
}

// Replica is what is known of the version in the primary and in one replica.
type Replica struct {
	Item    audit.Item      `json:"item"` // as an audit at level all has it
	Word    string          `json:"verdict"`
	Meaning string          `json:"meaning"`
	Sides   [2]Side         `json:"sides"` // the primary, the replica
	Facts   []Fact          `json:"facts"`
	Parts   string          `json:"parts,omitempty"` // what comparing checksums of parts came to
	Groups  []verdict.Group `json:"metadata,omitempty"`
	Rules   []string        `json:"rules"`
	Causes  []string        `json:"causes,omitempty"` // what may have caused it
	Who     string          `json:"who,omitempty"`    // where it is told who did it
	Next    string          `json:"next,omitempty"`   // what to do
	Ways    []Way           `json:"commands,omitempty"`
	Notes   []string        `json:"notes,omitempty"` // what bounds what is said here
	Look    verdict.Look    `json:"look"`
}

// Side is one bucket.
type Side struct {
	Bucket string `json:"bucket"`
	Region string `json:"region"`
	Caller string `json:"callersAccount,omitempty"`
}

// rate is how many requests a second are sent at most. They are a few dozen, a tenth of it
// at once, so that nobody waits for it.
const rate = 1000

// Run explains. It sends reading calls only.
func Run(ctx context.Context, o Options) (*Explanation, error) {
	var err error
	if o.entries, err = accept.Read(o.Accepted); err != nil {
		return nil, err
	}
	pairs, err := o.open(ctx)
	if err != nil {
		return nil, err
	}
	return o.explain(ctx, pairs, o.Clock())
}

func (o Options) open(ctx context.Context) ([]*pair.Pair, error) {
	pace := pair.NewPace(rate, func(map[string]int64) error { return nil })
	pairs, err := pair.Open(ctx, pair.Options{
		Primary: o.Primary, Replicas: o.Replicas, From: o.From, To: o.To, Pace: pace, Clock: o.Clock, API: o.API,
	})
	var nowhere pair.LeadsNowhereError
	if errors.As(err, &nowhere) {
		return nil, o.hint(ctx, nowhere)
	}
	return pairs, err
}

// hint says what to do where somebody names a replica: an alarm of its bucket does so.
func (o Options) hint(ctx context.Context, nowhere pair.LeadsNowhereError) error {
	word := "if " + o.Primary + " is a replica itself"
	if nowhere.Side.IsReplica(ctx, o.Key, o.Version) {
		word = "replication brought the version to " + o.Primary + ", so that is a replica itself"
	}
	return fmt.Errorf("%w\n%s: name its primary in its place, and it behind that: %s s3://%s", nowhere, word, shell.Explain("PRIMARY", o.Key, o.Version), o.Primary)
}

func (o Options) explain(ctx context.Context, pairs []*pair.Pair, now time.Time) (*Explanation, error) {
	found, err := find(ctx, pairs, o.Key, o.Version)
	if err != nil {
		return nil, err
	}
	e := &Explanation{Program: o.Program, At: now, Primary: o.Primary, Key: o.Key, Version: found.version, Which: found.which(o.Version != "")}
	o.Version = found.version
	for i, p := range pairs {
		r, err := o.replica(ctx, p, found.of(i), now)
		if err != nil {
			return nil, err
		}
		e.Replicas = append(e.Replicas, r)
	}
	if o.Stage != "" {
		o.soFar(ctx, e, pairs[0].Primary.Config(), found.primary)
	}
	e.conclude()
	return e, ctx.Err()
}

// searching is how long the logs are searched: as long as somebody waits who asks about one version.
const searching = 20 * time.Second

// soFar adds what the stage made of the version, and whom it told, by two logs that are searched at the
// same time. That it is not known takes nothing from the rest, which is about what is there now.
func (o Options) soFar(ctx context.Context, e *Explanation, cfg aws.Config, listed side) {
	version := s3event.ObjectVersion{Bucket: o.Primary, Key: o.Key, VersionID: e.Version}
	part := logged.Part{Stage: o.Stage, From: e.At.Add(-o.Since), To: o.Clock(), Within: searching}
	if row := listed.row; row != nil && row.Modified.After(part.From) { // what was logged before is about others
		part.From = row.Modified
	}
	var searches sync.WaitGroup
	searches.Go(func() {
		found, err := logged.Of(ctx, cfg, version, part)
		e.SoFar, e.Unlogged = known(found, err)
	})
	searches.Go(func() {
		found, err := logged.ToldOf(ctx, cfg, version, part)
		e.Told, e.Untold = known(found, err)
	})
	searches.Wait()
}

// known is what was found, or why it was not.
func known[T any](found T, err error) (*T, string) {
	if err != nil {
		return nil, err.Error()
	}
	return &found, ""
}

// replica explains the version in one pair of buckets.
func (o Options) replica(ctx context.Context, p *pair.Pair, of listed, now time.Time) (Replica, error) {
	c := &subject{Options: o, pair: p, listed: of, now: now}
	if err := c.look(ctx); err != nil {
		return Replica{}, err
	}
	return c.told(), nil
}

// subject is one version in one pair of buckets.
type subject struct {
	Options
	pair   *pair.Pair
	listed listed
	now    time.Time
	seen   verdict.Look
	item   audit.Item
	reread bool // bytes were read for facts alone: the verdict stands without them
	// locks that HEAD shows of one side alone and that the other may have, too, and why
	// that is not known.
	locks   map[string]bool
	noLocks error
}

// look looks at both sides, as an audit does: again where it looks wrong.
func (c *subject) look(ctx context.Context) error {
	pairOf := audit.Pair{Primary: c.listed.primary.row, Replica: c.listed.replica.row}
	if pairOf.Primary == nil && pairOf.Replica == nil {
		c.item = c.absent()
		return nil
	}
	eye := command.Eye{Sides: c.pair, Judge: c.judge(), Region: c.pair.Primary.Region, Read: c.pair.Read, Listed: c.pair.Has}
	if c.Locks {
		eye.Locks = c.pair.Locks
	}
	for range 2 {
		seen, concluded := eye.Look(ctx, pairOf)
		c.seen, c.item = seen, eye.Judge.Item(pairOf, concluded)
		if !c.item.Category.Doubtful() {
			break
		}
		if err := c.Wait(ctx, command.Again); err != nil {
			return err
		}
	}
	var err error
	if c.item, err = eye.Vanished(ctx, c.item); err != nil {
		return err
	}
	c.item = audit.Accept(c.item, c.entries, c.now)
	if c.Bytes && c.readable() {
		read := c.pair.Read(ctx, eye.Version(pairOf), c.seen)
		c.seen.Replicas[0].Bytes, c.reread = &read, true
	}
	c.askForLocks(ctx, eye.Version(pairOf))
	return ctx.Err()
}

// askForLocks asks a side of which HEAD shows no lock, where it shows one of the other:
// without the permission to read it, HEAD leaves it out.
func (c *subject) askForLocks(ctx context.Context, v s3event.ObjectVersion) {
	if len(c.seen.Replicas) != 1 {
		return
	}
	alone, err := c.pair.Locks(ctx, v, c.seen)
	c.noLocks, c.locks = err, map[string]bool{}
	for _, g := range c.groups() {
		if pair.IsLock(g.Name) && g.Primary != g.Replica && !slices.Contains(alone, g.Name) {
			c.locks[g.Name] = true
		}
	}
}

// readable says whether both sides hold an object of one size whose bytes were not read:
// the verdict needed none.
func (c *subject) readable() bool {
	if len(c.seen.Replicas) != 1 {
		return false
	}
	p, r := c.seen.Primary, c.seen.Replicas[0]
	return r.Bytes == nil && p.Found == verdict.Object && r.Found == verdict.Object && p.Size == r.Size
}

// judge is an audit's, at the level that looks at everything.
func (c *subject) judge() audit.Judge {
	j := audit.Judge{
		Level: audit.AllLooked, Now: c.now, Erased: c.Erased, Rules: c.pair.Rules(), Bucket: c.pair.Primary.Bucket, Replica: c.pair.Replica.Bucket,
		Policy: verdict.Policy{Deadline: c.Deadline, MarkerDeadline: c.MarkerDeadline},
	}
	if c.Bytes {
		j.Level, j.Policy.Bytes = audit.Bytes, verdict.ByteVerification{Inconclusive: true, PerMille: everyone}
		j.Classes = c.listed.classes() // somebody named the object, and so its class
	}
	return j
}

// everyone of 1,000 is read.
const everyone = 1000
