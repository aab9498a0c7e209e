package console

import (
	"context"
	"slices"
	"sync"
	"time"

	"autobackup/cmd/autobackup/retry"
	"autobackup/internal/text"
)

// mostActions is how many plans and actions are remembered: those under way, and the newest.
const mostActions = 50

// action is a plan that the page has shown and, where somebody said why, what came of it. A form names
// it by its id alone, so that nothing but what was shown is done, and nothing twice.
type action struct {
	ID       string
	Label    string
	Who      string
	Plan     string // in the command's words
	Question string // empty: there is nothing to do
	Why      string
	Began    time.Time // zero: it was not begun
	Ended    time.Time // zero: it is under way
	Report   string    // in the command's words
	Trouble  string    // what ended it
	stopped  bool      // somebody, or the end of the page, ended it
	complete bool      // all that was chosen was done
	stop     context.CancelFunc
	verb     verb
	options  retry.Options
}

// Longest is how long a reason may be.
func (action) Longest() int { return retry.MaxWhy }

// Most is how many messages are taken at most, in words.
func (a action) Most() string {
	if a.options.All {
		return "there are"
	}
	return text.Count(a.options.Max, "message")
}

// UnderWay says whether it was begun and has not ended.
func (a action) UnderWay() bool { return !a.Began.IsZero() && a.Ended.IsZero() }

// Came is how far it has come, in words.
func (a action) Came() string {
	switch {
	case a.Began.IsZero():
		return "Plan"
	case a.UnderWay():
		return "Under way"
	case a.Trouble != "":
		return "Ended by an error"
	case a.stopped:
		return "Stopped"
	case !a.complete:
		return "Not all done"
	}
	return "Done"
}

// actions are what people have planned and begun here.
type actions struct {
	mu    sync.Mutex
	all   []*action // the newest last
	under sync.WaitGroup
	over  bool // the page ends: nothing is begun any more
}

func (s *actions) add(a *action) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, a)
	if len(s.all) > mostActions {
		if i := slices.IndexFunc(s.all, func(a *action) bool { return !a.UnderWay() }); i >= 0 {
			s.all = slices.Delete(s.all, i, i+1)
		}
	}
}

// find has somebody do something with an action; nil: it is not known, or not any more.
func (s *actions) find(id string, do func(*action)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.all, func(a *action) bool { return a.ID == id })
	if i < 0 {
		return wrong("This plan is of another time: the page keeps the last ones, until the command that shows it ends. Plan again; what was begun is below What people did.")
	}
	do(s.all[i])
	return nil
}

// finish ends what is under way, each after its page of messages, and waits for it.
func (s *actions) finish() {
	s.mu.Lock()
	s.over = true
	for _, a := range s.all {
		if a.UnderWay() {
			a.stop()
		}
	}
	s.mu.Unlock()
	s.under.Wait()
}
