package retry

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"autobackup/internal/alert"
	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/shell"
	"autobackup/internal/stagename"
	"autobackup/internal/text"
	"autobackup/internal/told"
)

// LookOptions say what to look at.
type LookOptions struct {
	Stage  string
	Filter Filter
	Max    int       // messages to look at
	Now    time.Time // where SQS doesn't tell its own
}

// Look is what lies in the dead-letter queues of a stage.
type Look struct {
	Stage      string    `json:"stage"`
	Region     string    `json:"region"`
	Parked     Queue     `json:"parked"`
	Reasons    []*Reason `json:"reasons"` // of the messages looked at, the worst first
	EventDLQ   Queue     `json:"eventDLQ"`
	FailureDLQ Queue     `json:"failureDLQ"`

	narrow bool
}

// Reason is what messages with one reason have in common.
type Reason struct {
	Reason  reason.Code    `json:"reason"`
	Number  int            `json:"number"`
	Buckets map[string]int `json:"buckets"` // of the objects; empty is of messages that name none
	Oldest  time.Time      `json:"oldest"`
	Told    int            `json:"told"` // how often operators were told of one of them, at most
	// What the first of them means, and what to do, by the facts that it was parked with.
	Example string `json:"example"`
	Means   string `json:"means"`
	Do      string `json:"do"`
	Explain string `json:"explain,omitempty"` // command
	Retry   string `json:"retry"`             // command
}

// LookAtParked looks at some parked messages, and counts all. They are hidden from others for half a
// minute, unless they are shown again before, which is the last that it does; and SQS counts that
// they were received. Nothing else is changed.
func LookAtParked(ctx context.Context, cfg aws.Config, o LookOptions) (*Look, error) {
	if err := stagename.Check(o.Stage); err != nil {
		return nil, err
	}
	if err := o.Filter.check(); err != nil {
		return nil, err
	}
	if o.Max < 1 {
		return nil, fmt.Errorf("--max %d looks at nothing: name at least 1", o.Max)
	}
	cfg = bounded(cfg)
	s := queues{sqs.NewFromConfig(cfg), cfg.Region}
	l := &Look{Stage: o.Stage, Region: cfg.Region, Reasons: []*Reason{}, narrow: o.Filter.narrow()}
	var parked queue
	for _, of := range []struct {
		kind string
		into *Queue
	}{{"validation-dlq", &l.Parked}, {"event-dlq", &l.EventDLQ}, {"failure-dlq", &l.FailureDLQ}} {
		q, err := s.queue(ctx, named(of.kind, o.Stage))
		if err != nil {
			return nil, err
		}
		*of.into = newQueue(q.name)
		of.into.Lying, of.into.Hidden = q.visible, q.hidden
		if parked.name == "" {
			parked = q
		}
	}
	looked, err := s.look(ctx, parked, o.Max)
	if err != nil {
		return nil, err
	}
	l.Parked.Looked, l.Parked.NotLooked = len(looked), max(0, parked.visible-len(looked))
	for _, m := range looked {
		if o.Filter.takes(m, parked.now(o.Now)) {
			l.Parked.add(m)
			l.add(m)
		}
	}
	return l, nil
}

func (l *Look) add(m message) {
	code := reason.Code(text.Line(string(m.reason()), longestName))
	same := func(r *Reason) bool { return r.Reason == code }
	if !slices.ContainsFunc(l.Reasons, same) {
		l.Reasons = append(l.Reasons, l.meaning(code, m))
		slices.SortStableFunc(l.Reasons, func(a, b *Reason) int { return worst(&Group{Reason: a.Reason}, &Group{Reason: b.Reason}) })
	}
	r := l.Reasons[slices.IndexFunc(l.Reasons, same)]
	r.Number++
	_, _, alerts := batch.Parked(m.ID, m.Body, m.value)
	r.Told = max(r.Told, alerts)
	r.Buckets[bucketOf(m)]++
	if m.at.Before(r.Oldest) {
		r.Oldest = m.at
	}
}

// meaning is what e-mails say of a message.
func (l *Look) meaning(code reason.Code, m message) *Reason {
	f, execution, alerts := batch.Parked(m.ID, m.Body, m.value)
	r := &Reason{Reason: code, Buckets: map[string]int{}, Oldest: m.at, Example: m.object(), Retry: Again(l.Stage, l.Region, code)}
	if findings := told.Findings(f, execution, alerts); len(findings) > 0 {
		b := alert.Context{Stage: l.Stage}.Brief(findings[0])
		r.Means, r.Do, r.Explain = b.What, strings.ReplaceAll(b.Next, alert.ByCommand, "(the last command here)"), b.Explain
	}
	return r
}

// Again is the command that has what is parked for a reason looked at again; all that is parked,
// where it is none that retry takes.
func Again(stage, region string, code reason.Code) string {
	which := "--reason " + shell.Quote(string(code))
	if !slices.Contains(Reasons(), code) {
		which = "--from " + FromParked
	}
	return (&Look{Stage: stage, Region: region}).command("retry " + which + " --why WHY")
}

// command is one of this program for the stage.
func (l *Look) command(rest string) string {
	verb, rest, _ := strings.Cut(rest, " ")
	return "autobackup " + verb + " --stage " + l.Stage + shell.InRegion(l.Region) + " " + rest
}

// Found is how many messages wait for somebody.
func (l *Look) Found() int {
	return l.Parked.Lying + l.Parked.Hidden + l.EventDLQ.Lying + l.EventDLQ.Hidden + l.FailureDLQ.Lying + l.FailureDLQ.Hidden
}

// Exit is the exit code.
func (l *Look) Exit() int { return min(1, l.Found()) }

// JSON writes it for machines.
func (l *Look) JSON(w io.Writer) error { return asJSON(w, l) }

// Text writes it for people.
func (l *Look) Text(w io.Writer) error {
	var page strings.Builder
	for _, r := range l.Reasons {
		r.write(&page)
	}
	if q := l.Parked; q.Looked > 0 {
		fmt.Fprintf(&page, "looked at %d of about %d parked; a look hides a message from colleagues for up to half a minute, and raises its receive count\n", q.Looked, max(q.Looked, q.Lying))
	}
	if l.narrow && l.Parked.Pending < l.Parked.Looked {
		fmt.Fprintf(&page, "left out   %s that the filter does not choose\n", count(l.Parked.Looked-l.Parked.Pending, "message"))
	}
	if n := l.Parked.NotLooked; n > 0 {
		fmt.Fprintf(&page, "?          about %d not looked at: --max %d looks at all of them\n", n, n+l.Parked.Looked)
	}
	if n := l.EventDLQ.Lying + l.EventDLQ.Hidden; n > 0 {
		fmt.Fprintf(&page, "FAIL       %s of uploads that EventBridge could not deliver (docs/runbooks/event-dlq-not-empty.md)\n  again    %s\n", count(n, "event"), l.command("retry --from event-dlq --why WHY"))
	}
	if n := l.FailureDLQ.Lying + l.FailureDLQ.Hidden; n > 0 {
		fmt.Fprintf(&page, "FAIL       %s that nobody was told of (docs/runbooks/failure-dlq-not-empty.md)\n  again    %s\n", count(n, "message"), l.command("retry --from failure-dlq --why WHY"))
	}
	if n := l.Parked.Hidden; n > 0 {
		fmt.Fprintf(&page, "?          %s held by another reader now\n", count(n, "more parked message"))
	}
	fmt.Fprintf(&page, "result     about %d parked, %d not delivered, %d not told (stage %s, %s)   exit %d\n", l.Parked.Lying+l.Parked.Hidden,
		l.EventDLQ.Lying+l.EventDLQ.Hidden, l.FailureDLQ.Lying+l.FailureDLQ.Hidden, l.Stage, l.Region, l.Exit())
	return write(w, page.String())
}

func (r *Reason) write(page *strings.Builder) {
	name := string(r.Reason)
	if r.Reason == NoReason {
		name += " (SQS moved it here: nobody could take it, or told of it)"
	}
	fmt.Fprintf(page, "%s  %d  %s; since %s UTC; %s\n", name, r.Number, r.buckets(), r.Oldest.Format(seconds), times(r.Told))
	for _, line := range [][2]string{{"such as", text.Line(r.Example, longestName)}, {"means", r.Means}, {"do", r.Do}, {"explain", r.Explain}, {"again", r.Retry}} {
		if line[1] != "" {
			fmt.Fprintf(page, "  %-8s %s\n", line[0], line[1])
		}
	}
}

// buckets are those of the objects, the most first.
func (r *Reason) buckets() string {
	var names []string
	for name := range r.Buckets {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := r.Buckets[b] - r.Buckets[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		shown := text.Name(name)
		if name == "" {
			shown = "no object"
		}
		names[i] = fmt.Sprintf("%s %d", shown, r.Buckets[name])
	}
	return strings.Join(names, ", ")
}

func times(n int) string {
	switch n {
	case 0:
		return "nobody was told"
	case 1:
		return "told once"
	default:
		return fmt.Sprintf("told %d times", n)
	}
}
