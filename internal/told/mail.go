package told

import (
	"cmp"
	"slices"
	"time"

	"autobackup/internal/reason"
)

// Lease is how long a claim is its sender's: longer than the function that sends
// can run.
const Lease = 2 * time.Minute

// recent is how far back e-mails are counted.
const recent = 4 * time.Hour

// pauses are the least time between an e-mail and the one before, by how many were
// sent in the recent hours. An e-mail after four others still comes within three
// minutes; however long failures last, one e-mail each half hour tells of them.
var pauses = []time.Duration{
	1: 1 * time.Minute, 2: 1 * time.Minute, 3: 2 * time.Minute, 4: 3 * time.Minute,
	5: 5 * time.Minute, 6: 10 * time.Minute, 7: 20 * time.Minute, 8: 30 * time.Minute,
}

// Claim is an e-mail that somebody is sending.
type Claim struct {
	By    string    `json:"by"`
	Since time.Time `json:"since"`
	News  News      `json:"news"`
}

// Next is the memory in which whoever calls itself by claims the next e-mail: one
// that somebody else left behind, or news that are due. Where it claims nothing,
// the memory's Claim is another's or nil.
func (m Memory) Next(now time.Time, by string) Memory {
	m = m.clone().forget(now)
	switch {
	case m.Claim != nil && now.Sub(m.Claim.Since) < Lease:
		return m
	case m.Claim != nil:
		m.Claim = &Claim{By: by, Since: now, News: m.Claim.News}
		m.Mails = append(m.Mails[:max(len(m.Mails)-1, 0)], now)
		return m
	case now.Before(m.allowed(now)):
		return m
	}
	var news News
	if news, m.Causes = take(now, m.Causes); len(news.Causes) > 0 {
		m.Claim = &Claim{By: by, Since: now, News: news}
		m.Mails = append(m.Mails, now)
	}
	return m
}

// Claimed are the news that whoever calls itself by is to send now.
func (m Memory) Claimed(by string) (News, bool) {
	if m.Claim == nil || m.Claim.By != by {
		return News{}, false
	}
	return m.Claim.News, true
}

// Sent is the memory after whoever calls itself by has sent its e-mail. The pause
// until the next one begins now.
func (m Memory) Sent(now time.Time, by string) Memory {
	if _, mine := m.Claimed(by); mine {
		m = m.clone()
		m.Claim = nil
		m.Mails = append(m.Mails[:max(len(m.Mails)-1, 0)], now)
	}
	return m
}

// Due is when Next has something to do again. ok is false where it has not,
// unless findings are added.
func (m Memory) Due(now time.Time) (at time.Time, ok bool) {
	if m.Claim != nil {
		return m.Claim.Since.Add(Lease), true
	}
	allowed := m.allowed(now)
	for _, c := range m.Causes {
		from, open := c.due()
		if !open {
			continue
		}
		if from.Before(allowed) {
			from = allowed
		}
		if !ok || from.Before(at) {
			at, ok = from, true
		}
	}
	return at, ok
}

// allowed is when the next e-mail may be sent.
func (m Memory) allowed(now time.Time) time.Time {
	sent := slices.DeleteFunc(slices.Clone(m.Mails), func(at time.Time) bool { return now.Sub(at) >= recent })
	if len(sent) == 0 {
		return time.Time{}
	}
	return sent[len(sent)-1].Add(pauses[min(len(sent), len(pauses)-1)])
}

// take moves the news that are due out of the causes, and answers with those that
// stay open.
func take(now time.Time, causes []Cause) (news News, open []Cause) {
	for _, c := range causes {
		if from, due := c.due(); !due || from.After(now) {
			open = append(open, c)
			continue
		}
		c.Kind = c.next()
		news.Causes = append(news.Causes, c)
		if c.Kind != Over {
			c.New, c.Examples = 0, nil
			open = append(open, c)
		}
	}
	slices.SortStableFunc(news.Causes, compare)
	return news, open
}

// due is from when on there is something to tell of the cause.
func (c Cause) due() (from time.Time, ok bool) {
	switch {
	case c.Kind == Alike:
		return c.Latest.Add(Quiet), true
	case c.New > 0:
		return c.Latest, true
	}
	return time.Time{}, false
}

// next is how the cause is told when it is due.
func (c Cause) next() Kind {
	switch {
	case c.Kind == Alike:
		return Over
	case c.Total >= Many:
		return Alike
	}
	return Single
}

// compare orders causes as an e-mail tells them: what is over last, before that
// the worst first. A reason that is not known may be worse than any.
func compare(a, b Cause) int {
	over := func(c Cause) int {
		if c.Kind == Over {
			return 1
		}
		return 0
	}
	severity := func(c Cause) int { return slices.Index(reason.Severity(), c.Reason) }
	return cmp.Or(cmp.Compare(over(a), over(b)), cmp.Compare(severity(a), severity(b)), cmp.Compare(b.New, a.New),
		cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Replica, b.Replica), cmp.Compare(a.S3, b.S3))
}
