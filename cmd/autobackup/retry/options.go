package retry

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"autobackup/internal/stagename"
	"autobackup/internal/text"
)

// Origins of messages, as --from names them.
const (
	FromAll        = "all"
	FromParked     = "parked"
	FromExecutions = "executions"
	FromEventDLQ   = "event-dlq"
	FromFailureDLQ = "failure-dlq" // not of FromAll: what lies there goes to another queue
)

// DefaultMax is how many messages a run takes at most where nobody says otherwise.
const DefaultMax = 1000

// Options say which messages to take, and how to ask.
type Options struct {
	Stage  string // as template.yaml's parameter
	From   string // where they lie
	Filter Filter
	Tell   bool   // have operators told of parked messages again, instead of having them looked at
	Why    string // goes on record
	Max    int    // more messages are refused
	All    bool   // are not
	DryRun bool   // only show
	Yes    bool   // do not ask
	Again  bool   // take also what was taken of executions before

	Now    func() time.Time
	In     io.Reader // where the answer comes from
	Prompt io.Writer // gets the question, and a progress display if it is a terminal
	// Plan gets the table of what was found, before the question.
	Plan io.Writer
}

// MaxWhy bounds what somebody gives as a reason, in bytes.
const MaxWhy = 1000

// Check says what keeps Run from beginning.
func (o Options) Check() error {
	return o.check([]string{FromAll, FromParked, FromExecutions, FromEventDLQ, FromFailureDLQ})
}

// CheckDiscard says what keeps Discard from beginning.
func (o Options) CheckDiscard() error { return o.check([]string{FromParked, FromEventDLQ}) }

func (o Options) check(from []string) error {
	if err := errors.Join(stagename.Check(o.Stage), o.Filter.check()); err != nil {
		return err
	}
	switch {
	case !slices.Contains(from, o.From):
		return fmt.Errorf("--from %q is unknown: use one of %v", o.From, from)
	case len(o.Filter.Reasons) > 0 && o.From != FromAll && o.From != FromParked:
		return fmt.Errorf("--reason is of parked messages, and what --from %s names has none: leave one of them out", o.From)
	case o.Tell && o.From != FromAll && o.From != FromParked:
		return fmt.Errorf("--tell is of parked messages, and nobody was told of what --from %s names: leave one of them out", o.From)
	case o.From == FromFailureDLQ && (o.Filter.Bucket != "" || o.Filter.Prefix != ""):
		return fmt.Errorf("--bucket and --prefix are of messages about one object, and what --from %s names may be about many: leave them out", o.From)
	case o.Max < 1:
		return fmt.Errorf("--max %d takes nothing: name at least 1", o.Max)
	case strings.TrimSpace(o.Why) == "" && !o.DryRun:
		return errors.New("--why is missing: it goes on record in the account, for whoever takes over (--dry-run shows what there is without it)")
	case text.Placeholder(o.Why) && !o.DryRun:
		return fmt.Errorf("--why is %q, which only holds the place: write why you do this, for whoever takes over", o.Why)
	case len(o.Why) > MaxWhy:
		return fmt.Errorf("--why has %d bytes: name the reason in at most %d, and a ticket for the rest", len(o.Why), MaxWhy)
	}
	return nil
}

// takes says whether the run is about an origin. What only parked messages have leaves out the others.
func (o Options) takes(origin string) bool {
	if o.From != FromAll {
		return o.From == origin
	}
	return origin == FromParked || origin != FromFailureDLQ && !o.Tell && len(o.Filter.Reasons) == 0
}

// tells says whether messages are sent to the one that tells, and not to be looked at.
func (o Options) tells() bool { return o.Tell || o.From == FromFailureDLQ }
