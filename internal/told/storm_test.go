package told_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/told"
)

// window is how long the queue collects messages for the sender.
const window = 30 * time.Second

// failure is a version that fails in one replica, at a time after noon.
type failure struct {
	after         time.Duration
	cause, object int
}

func (f failure) message() batch.Failed {
	codes := reason.Severity()
	m := message(fmt.Sprintf("%d-%d", f.cause, f.object), failed(fmt.Sprint("replica-", f.cause), codes[f.cause%len(codes)]))
	m.ID = fmt.Sprintf("%d-%d", f.cause, f.object) // ids are among what is named
	return m
}

// sender plays the sender of e-mails: it is woken a window after a failure or
// after what Due says, and keeps nothing but the memory's JSON.
type sender struct {
	t      require.TestingT
	now    time.Time
	memory []byte
	mails  []told.News
	sent   []time.Time
	// crowded is set once there may have been no room for an example: the memory keeps 96 KiB of
	// them, and these here are shorter than 2 KiB.
	crowded bool
}

// run takes failures, in the order of their times, until nothing is open.
func (s *sender) run(failures []failure) {
	s.now, s.memory = noon, []byte("{}")
	for {
		next, ok := s.due()
		if len(failures) > 0 && (!ok || noon.Add(failures[0].after).Before(next)) {
			next, ok = noon.Add(failures[0].after), true
		}
		if !ok {
			return
		}
		s.now = later(s.now, next).Add(window)
		n := 0
		for n < len(failures) && !noon.Add(failures[n].after).After(s.now) {
			n++
		}
		s.invoke(failures[:n])
		failures = failures[n:]
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (s *sender) due() (time.Time, bool) {
	m, err := told.Decode(s.memory)
	require.NoError(s.t, err)
	return m.Due(s.now)
}

func (s *sender) invoke(failures []failure) {
	m, err := told.Decode(s.memory)
	require.NoError(s.t, err)
	var findings []told.Finding
	for _, f := range failures {
		findings = append(findings, told.Findings(f.message(), "", 0)...)
	}
	m = m.Add(s.now, findings)
	waiting := s.examples(m)
	m = m.Next(s.now, "sender")
	if news, mine := m.Claimed("sender"); mine {
		s.mails, s.sent = append(s.mails, news), append(s.sent, s.now)
		m = m.Sent(s.now, "sender")
	}
	s.memory, err = m.Encode()
	require.NoError(s.t, err)
	require.LessOrEqual(s.t, len(s.memory), told.MaxBytes)
	s.crowded = s.crowded || waiting > 94<<10
}

// examples are the bytes of JSON of those that wait in a memory.
func (s *sender) examples(m told.Memory) (n int) {
	for _, c := range m.Causes {
		for _, e := range c.Examples {
			encoded, err := json.Marshal(e)
			require.NoError(s.t, err)
			n += len(encoded)
		}
	}
	return n
}

// episode is what was told of one cause from its beginning to its end.
type episode struct {
	cause       string
	new, total  int
	alike, over bool
}

// check holds what the sender promises against what it sent.
func (s *sender) check(failures []failure) {
	t := s.t
	distinct, perCause := map[failure]bool{}, map[string]int{}
	for _, f := range failures {
		f.after = 0
		if m := f.message(); !distinct[f] {
			distinct[f] = true
			perCause[m.Verdict.Replicas[0].Bucket]++
		}
	}
	named, counted, open := map[string]bool{}, map[string]int{}, map[string]*episode{}
	for i, mail := range s.mails {
		if i > 0 {
			require.GreaterOrEqual(t, s.sent[i].Sub(s.sent[i-1]), time.Minute, "never more than one a minute")
		}
		require.NotEmpty(t, mail.Causes)
		require.True(t, slices.IsSortedFunc(mail.Causes, worst), "%v", names(mail))
		for _, c := range mail.Causes {
			require.True(t, c.New > 0 || c.Kind == told.Over, "no news: %+v", c)
			counted[c.Replica] += c.New
			s.follow(open, c)
			for _, e := range c.Examples {
				require.False(t, named[e.MessageID], "named twice: %s", e.MessageID)
				named[e.MessageID] = true
			}
			if c.Kind == told.Single && !s.crowded {
				require.Len(t, c.Examples, c.New, "each is named where there is room")
			}
			require.LessOrEqual(t, len(c.Examples), c.New)
		}
	}
	require.Equal(t, perCause, counted, "each is told, once")
	for _, e := range open {
		require.False(t, e.alike && !e.over, "%+v is never over", e)
	}
}

// follow checks that causes are told as they should be, one after the other.
func (s *sender) follow(open map[string]*episode, c told.Cause) {
	e := open[c.Replica]
	if e == nil || e.over || e.new == e.total && c.New == c.Total {
		e = &episode{cause: c.Replica}
		open[c.Replica] = e
	}
	e.new += c.New
	e.total = c.Total
	require.Equal(s.t, e.total, e.new, "what is new adds up to the total")
	require.Equal(s.t, c.Kind == told.Over, e.alike, "an alike cause is told once more, when it is over: %+v", c)
	require.Equal(s.t, c.Total >= told.Many, c.Kind != told.Single, "%+v", c)
	e.alike, e.over = e.alike || c.Kind == told.Alike, c.Kind == told.Over
}

// worst orders causes by the promise: what is over last, else by severity.
func worst(a, b told.Cause) int {
	rank := func(c told.Cause) int {
		if c.Kind == told.Over {
			return 1000 + slices.Index(reason.Severity(), c.Reason)
		}
		return slices.Index(reason.Severity(), c.Reason)
	}
	return rank(a) - rank(b)
}

// within counts e-mails from a time on.
func (s *sender) within(from time.Time, d time.Duration) (n int) {
	for _, at := range s.sent {
		if !at.Before(from) && !at.After(from.Add(d)) {
			n++
		}
	}
	return n
}

// drawStorm draws failures in any number of bursts within ten minutes. Some come
// twice.
func drawStorm(t *rapid.T, begin time.Duration) []failure {
	var storm []failure
	causes := rapid.IntRange(1, 40).Draw(t, "causes")
	for range rapid.IntRange(1, 12).Draw(t, "bursts") {
		at := begin + time.Duration(rapid.Int64Range(0, int64(10*time.Minute)).Draw(t, "at"))
		cause, size := rapid.IntRange(1, causes).Draw(t, "cause"), rapid.IntRange(1, 40).Draw(t, "size")
		spread := rapid.Bool().Draw(t, "over causes")
		from := rapid.IntRange(0, 40).Draw(t, "from") // those of bursts that overlap come twice
		for i := range size {
			if spread {
				cause = cause%causes + 1
			}
			storm = append(storm, failure{at, cause, from + i})
		}
	}
	slices.SortStableFunc(storm, func(a, b failure) int { return int(a.after - b.after) })
	return storm
}

func TestAStormOfAnyShapeIsFewEmailsThatTellEverythingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		storm := drawStorm(t, 0)
		s := &sender{t: t}
		s.run(storm)
		s.check(storm)
		first := noon.Add(storm[0].after)
		require.LessOrEqual(t, s.sent[0].Sub(first), 3*time.Minute, "the first one comes soon")
		require.LessOrEqual(t, s.within(first, 70*time.Minute), 8, "%v", s.sent)
	})
}

func TestStormsAfterStormsStayFewEmails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var failures []failure
		var begin time.Duration
		for range rapid.IntRange(1, 6).Draw(t, "storms") {
			storm := drawStorm(t, begin)
			failures = append(failures, storm...)
			begin = storm[len(storm)-1].after + time.Duration(rapid.Int64Range(0, int64(5*time.Hour)).Draw(t, "pause"))
		}
		s := &sender{t: t}
		s.run(failures)
		s.check(failures)
		for _, from := range s.sent {
			require.LessOrEqual(t, s.within(from, 70*time.Minute), 12, "%v", s.sent)
		}
	})
}

func TestTenThousandFailuresWithinTenMinutes(t *testing.T) {
	shapes := map[string]struct {
		causes int
		mails  int
	}{
		"one cause: it began, it is many, it is over": {1, 2},
		"three causes":               {3, 2},
		"a thousand causes":          {1000, 8},
		"every failure is different": {10_000, 8},
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			var storm []failure
			for i := range 10_000 {
				storm = append(storm, failure{time.Duration(i) * 10 * time.Minute / 10_000, 1 + i%shape.causes, i})
			}
			s := &sender{t: t}
			s.run(storm)
			require.Equal(t, window, s.sent[0].Sub(noon))
			require.LessOrEqual(t, s.within(noon, 70*time.Minute), shape.mails)
			told, total := 0, 0
			for _, mail := range s.mails {
				for _, c := range mail.Causes {
					told += c.New
				}
				total++
			}
			require.Equal(t, 10_000, told)
			require.LessOrEqual(t, total, shape.mails+1)
			_, open := s.due()
			require.False(t, open)
		})
	}
}
