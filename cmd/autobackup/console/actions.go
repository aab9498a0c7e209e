package console

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/cmd/autobackup/operations"
	"autobackup/cmd/autobackup/retry"
	"autobackup/internal/reason"
)

// verb is what the page does with messages: one of the commands retry and discard.
type verb struct {
	Name  string // as forms name it
	Label string
	run   func(context.Context, aws.Config, retry.Options) (*retry.Report, error)
	check func(retry.Options) error
	tell  bool
}

var (
	lookAgain = verb{Name: "retry", Label: "Have them looked at again", run: retry.Run, check: retry.Options.Check}
	tellAgain = verb{Name: "tell", Label: "Have them told again", run: retry.Run, check: retry.Options.Check, tell: true}
	handOver  = verb{Name: "retry", Label: "Have them told", run: retry.Run, check: retry.Options.Check} // of what nobody could be told of
	discards  = verb{Name: "discard", Label: "Discard them", run: retry.Discard, check: retry.Options.CheckDiscard}
)

// place is a queue, and what the page does with messages of it.
type place struct {
	Queue   string
	From    string // as the commands' --from names it; empty: they take nothing of it
	Verbs   []verb
	Reasons []reason.Code // that its messages have
	Reason  reason.Code   // the one that a form is about; empty: it asks for one
	Most    int           // how many are taken at most, where nobody says otherwise
}

// ByObject says whether each message is about one object.
func (p place) ByObject() bool { return p.From != retry.FromFailureDLQ }

// places are the dead-letter queues of a stage.
func places(stage string) (all []place) {
	for _, queue := range deadLetters(stage) {
		p := place{Queue: queue, Most: retry.DefaultMax}
		switch kind := strings.TrimSuffix(strings.TrimPrefix(queue, "autobackup-"), "-"+stage); kind {
		case "validation-dlq":
			p.From, p.Verbs, p.Reasons = retry.FromParked, []verb{lookAgain, tellAgain, discards}, retry.Reasons()
		case retry.FromEventDLQ:
			p.From, p.Verbs = kind, []verb{lookAgain, discards}
		case retry.FromFailureDLQ:
			p.From, p.Verbs = kind, []verb{handOver}
		}
		all = append(all, p)
	}
	return all
}

// amiss says what is wrong with a form that was sent.
type amiss struct{ error }

// chosen reads a form that chooses messages, as the command line does: what is not there is refused.
func (c *console) chosen(r *http.Request) (verb, retry.Options, error) {
	o := retry.Options{
		Stage: c.Stage, From: r.PostFormValue("from"), Max: retry.DefaultMax, All: r.PostFormValue("all") == "true", DryRun: true, Now: c.Now,
		Filter: retry.Filter{Bucket: r.PostFormValue("bucket"), Since: retry.Kept},
	}
	places := places(c.Stage)
	i := slices.IndexFunc(places, func(p place) bool { return p.From != "" && p.From == o.From })
	if i < 0 {
		return verb{}, o, amiss{fmt.Errorf("nothing is taken from %q here", o.From)}
	}
	j := slices.IndexFunc(places[i].Verbs, func(v verb) bool { return v.Name == r.PostFormValue("do") })
	if j < 0 {
		return verb{}, o, amiss{fmt.Errorf("%q is nothing that is done with messages of %s", r.PostFormValue("do"), places[i].Queue)}
	}
	v := places[i].Verbs[j]
	o.Tell = v.tell
	if code := r.PostFormValue("reason"); code != "" {
		o.Filter.Reasons = []reason.Code{reason.Code(code)}
	}
	var err error
	if age := strings.TrimSpace(r.PostFormValue("older-than")); age != "" {
		if o.Filter.OlderThan, err = time.ParseDuration(age); err != nil {
			return v, o, amiss{fmt.Errorf("%q is no time: write one such as 1h or 90m", age)}
		}
	}
	if most := r.PostFormValue("max"); most != "" {
		if o.Max, err = strconv.Atoi(most); err != nil {
			return v, o, amiss{fmt.Errorf("%q is no number of messages", most)}
		}
	}
	if err := v.check(o); err != nil {
		return v, o, amiss{err}
	}
	return v, o, nil
}

// plan says what would be done, as the commands do with --dry-run, and changes nothing.
func (c *console) plan(r *http.Request) (string, error) {
	v, o, err := c.chosen(r)
	if err != nil {
		return "", err
	}
	var shown bytes.Buffer
	o.Plan = &shown
	report, err := v.run(r.Context(), c.cfg, o)
	if err != nil {
		return "", err
	}
	who, err := operations.Who(r.Context(), c.cfg)
	if err != nil {
		return "", err
	}
	a := &action{ID: rand.Text(), Label: v.Label, Who: who, Plan: shown.String(), verb: v, options: o}
	if report.Asks() {
		a.Question = report.Question()
	}
	c.did.add(a)
	return a.ID, nil
}

// begin does what was planned: it plans anew and takes no more than its most, as the commands do with
// --yes. It goes on where the browser goes away, and ends where somebody stops it or the page ends, after
// the page of messages under way.
func (c *console) begin(r *http.Request) (id string, err error) {
	id = r.PostFormValue("id")
	unknown := c.did.find(id, func(a *action) {
		o := a.options
		o.Why, o.DryRun, o.Yes = strings.TrimSpace(r.PostFormValue("why")), false, true
		switch err = a.verb.check(o); {
		case err != nil:
			err = amiss{err}
			return
		case !a.Began.IsZero(): // who presses twice has begun it once
			return
		case a.Question == "":
			err = amiss{errors.New("there is nothing that this plan does")}
			return
		case c.did.over:
			err = amiss{errors.New("the command that shows this page ends: start it again, and plan again")}
			return
		}
		ctx, stop := context.WithCancel(context.WithoutCancel(r.Context()))
		a.Why, a.Began, a.stop = o.Why, c.Now(), stop
		c.did.under.Go(func() { c.carryOut(ctx, a, o) })
	})
	if unknown != nil {
		return id, unknown
	}
	return id, err
}

// carryOut does it, and notes what came of it.
func (c *console) carryOut(ctx context.Context, a *action, o retry.Options) {
	defer a.stop()
	var shown, said bytes.Buffer
	o.Plan = &shown
	report, err := a.verb.run(ctx, c.cfg, o)
	if report != nil {
		_ = report.Text(&said) // into memory
	}
	c.did.mu.Lock()
	defer c.did.mu.Unlock()
	a.Ended, a.Plan, a.Report = c.Now(), shown.String(), said.String()
	if err != nil {
		a.Trouble = err.Error()
	}
	if report != nil {
		a.stopped, a.complete = report.Interrupted, report.Complete()
	}
}

// stop ends one after the page of messages under way.
func (c *console) stop(r *http.Request) (string, error) {
	id := r.PostFormValue("id")
	return id, c.did.find(id, func(a *action) {
		if a.UnderWay() {
			a.stop()
		}
	})
}

// refresh is after how many seconds the page of an action under way is fetched again.
const refresh = 2

// action shows one: its plan, that it is under way, or what came of it.
func (c *console) action(r *http.Request) (any, int, error) {
	var shown action
	live := 0
	err := c.did.find(r.FormValue("id"), func(a *action) {
		shown = *a
		if a.UnderWay() {
			live = refresh
		}
	})
	return shown, live, err
}

// acts makes a handler of what changes something, which leads to the page of its action.
func (c *console) acts(do func(*http.Request) (id string, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !c.Actions {
			refuse(w, http.StatusForbidden, "This page changes nothing", "It was started without --allow-actions: start autobackup console with it, or use autobackup retry and autobackup discard.")
			return
		}
		id, err := do(r)
		if err != nil {
			unable(w, err)
			return
		}
		http.Redirect(w, r, address("/action", "id", id), http.StatusSeeOther)
	}
}

// of is what is done with all that was parked for a reason. One that the commands don't know
// chooses nothing: whoever may send to the queue may have written it.
func (p place) of(code reason.Code) place {
	if code == "" {
		code = retry.NoReason
	}
	if !slices.Contains(p.Reasons, code) {
		return place{}
	}
	p.Reason = code
	return p
}
