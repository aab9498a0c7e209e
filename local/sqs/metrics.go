package sqs

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// idle is for how long a queue writes metrics after the last call, where it has no messages.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/monitoring-using-cloudwatch.html
const idle = 6 * time.Hour

// polls is how often a minute somebody asks a queue who waits 20 seconds for each answer.
const polls = 3

// poison is from which receive on a message counts no more for the age of the oldest one.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
const poison = 3

// Put gets a datapoint of a queue: the metric's name, the minute, and its value.
type Put func(queue arn.ARN, metric string, minute time.Time, value float64)

// step is what happened to a queue, so that its metrics can be told later of each minute. A
// timer for each minute would keep a clock that skips from skipping.
type step struct {
	at      time.Time
	message int       // of order; 0: it is about none
	visible time.Time // when the message can be received, from now on
	expires time.Time // of one that arrived
	counts  string    // the metric that it is one of; "" none
	gone    bool      // the message is
	asking  int       // consumers that begin to ask, or that cease to
}

// measured is what was told of a queue's metrics so far, and what wasn't.
type measured struct {
	steps  []step
	until  time.Time
	active time.Time // of the last call
	asking int
	kept   map[int]*kept
}

// kept is a message as metrics see it.
type kept struct {
	arrived, visible, expires time.Time
	receives                  int
}

// enough is how many steps are kept, until their minutes are told although nobody asks.
const enough = 100_000

// note keeps what happened to a queue, where somebody wants metrics.
func (s *Service) note(q *queue, happened step) {
	if s.Metrics == nil {
		return
	}
	happened.at = s.clk.Now()
	if q.steps = append(q.steps, happened); len(q.steps) >= enough {
		s.measure(q, happened.at)
	}
}

// Measure tells the metrics of all minutes that are over, of every queue.
func (s *Service) Measure() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Metrics == nil {
		return
	}
	for _, q := range s.queues {
		s.measure(q, s.clk.Now())
	}
}

func (s *Service) measure(q *queue, now time.Time) {
	queueARN := part(q.ARN)
	put := func(metric string, minute time.Time, value float64) { s.Metrics(queueARN, metric, minute, value) }
	if q.until.IsZero() {
		q.until, q.active, q.kept = q.created.Truncate(time.Minute), q.created, map[int]*kept{}
	}
	for end := q.until.Add(time.Minute); !end.After(now); end = end.Add(time.Minute) {
		// Of a queue to which nothing happens for long, no minute has a metric.
		if len(q.kept) == 0 && q.asking == 0 && q.until.Sub(q.active) > idle {
			next := now
			if len(q.steps) > 0 {
				next = q.steps[0].at
			}
			if next = next.Truncate(time.Minute); next.After(q.until) {
				q.until, end = next, next
				continue
			}
		}
		q.minute(q.until, end, put)
		q.until = end
	}
}

// minute tells a minute's metrics: what is counted by calls where there were some, what is there
// at its end while the queue is active, and an age while a message has one.
func (m *measured) minute(begin, end time.Time, put func(metric string, minute time.Time, value float64)) {
	counts := map[string]float64{}
	asked := m.asking
	for len(m.steps) > 0 && m.steps[0].at.Before(end) {
		m.take(m.steps[0], counts)
		m.steps = m.steps[1:]
		asked = max(asked, m.asking)
	}
	if asked > 0 {
		counts["NumberOfEmptyReceives"] += float64(polls * asked)
		m.active = end
	}
	for metric, n := range counts {
		put(metric, begin, n)
	}
	var visible, hidden float64
	oldest := end
	for order, one := range m.kept {
		switch {
		case !one.expires.After(end):
			delete(m.kept, order)
			continue
		case !one.visible.After(end):
			visible++
		case one.receives > 0:
			hidden++
		}
		if one.receives < poison && one.arrived.Before(oldest) {
			oldest = one.arrived
		}
	}
	if len(m.kept) == 0 && end.Sub(m.active) > idle {
		return
	}
	put("ApproximateNumberOfMessagesVisible", begin, visible)
	if hidden > 0 {
		put("ApproximateNumberOfMessagesNotVisible", begin, hidden)
	}
	if oldest.Before(end) {
		put("ApproximateAgeOfOldestMessage", begin, end.Sub(oldest).Seconds())
	}
}

// take has a step count.
func (m *measured) take(s step, counts map[string]float64) {
	m.active, m.asking = s.at, m.asking+s.asking
	if s.counts != "" {
		counts[s.counts]++
	}
	one := m.kept[s.message]
	switch {
	case s.message == 0:
	case s.gone:
		delete(m.kept, s.message)
	case one == nil:
		m.kept[s.message] = &kept{arrived: s.at, visible: s.visible, expires: s.expires}
	default:
		one.visible = s.visible
		if s.counts == "NumberOfMessagesReceived" {
			one.receives++
		}
	}
}
