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

// Datapoint is the value of a queue's metric in a minute.
type Datapoint struct {
	Queue  arn.ARN
	Metric string
	Minute time.Time
	Value  float64
}

// step is what happened to a queue, so that its metrics can be told later of each minute. A
// timer for each minute would keep a clock that skips from skipping.
type step struct {
	At      time.Time
	Message int       `json:",omitempty"` // of order; 0: it is about none
	Visible time.Time `json:",omitzero"`  // when the message can be received, from now on
	Expires time.Time `json:",omitzero"`  // of one that arrived
	Counts  string    `json:",omitempty"` // the metric that it is one of; "" none
	Gone    bool      `json:",omitempty"` // the message is
	Asking  int       `json:",omitempty"` // consumers that begin to ask, or that cease to
}

// measured is what was told of a queue's metrics so far.
type measured struct {
	Until  time.Time
	Active time.Time // of the last call
	Asking int
	Has    map[int]*had // messages, by their order
}

// had is a message as metrics see it.
type had struct {
	Arrived, Visible, Expires time.Time
	Receives                  int
}

// measuring is a queue's metrics from its creation on.
func measuring(created time.Time) measured {
	return measured{Until: created.Truncate(time.Minute), Active: created, Has: map[int]*had{}}
}

// asking is how many consumers ask, of whom metrics tell or not yet.
func (q *queue) asking() int {
	n := q.Asking
	for _, s := range q.steps {
		n += s.Asking
	}
	return n
}

// enough is how many steps are kept, until their minutes are told although nobody asks.
const enough = 100_000

// note keeps what happened to a queue, where somebody wants metrics.
func (s *Service) note(q *queue, happened step) {
	if s.Metrics == nil {
		return
	}
	happened.At = s.clk.Now()
	q.noted++
	q.steps = append(q.steps, happened)
	s.keepStep(q, q.noted, happened)
	if len(q.steps) >= enough {
		s.Metrics(s.measure(q, happened.At))
	}
}

// Measure tells the metrics of all minutes that are over, of every queue.
func (s *Service) Measure() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Metrics == nil {
		return
	}
	var all []Datapoint
	for _, q := range s.queues {
		all = append(all, s.measure(q, s.clk.Now())...)
	}
	if len(all) > 0 {
		s.Metrics(all)
	}
}

// measure tells the metrics of a queue's minutes that are over. That they are told is kept with
// the lock's release, and so after what they are: a kill in between has them told again.
func (s *Service) measure(q *queue, now time.Time) (all []Datapoint) {
	queueARN, from, first := part(q.ARN), q.Until, q.noted-len(q.steps)
	put := func(metric string, minute time.Time, value float64) {
		all = append(all, Datapoint{queueARN, metric, minute, value})
	}
	for end := q.Until.Add(time.Minute); !end.After(now); end = end.Add(time.Minute) {
		// Of a queue to which nothing happens for long, no minute has a metric.
		if len(q.Has) == 0 && q.Asking == 0 && q.Until.Sub(q.Active) > idle {
			next := now
			if len(q.steps) > 0 {
				next = q.steps[0].At
			}
			if next = next.Truncate(time.Minute); next.After(q.Until) {
				q.Until, end = next, next
				continue
			}
		}
		q.minute(q.Until, end, put)
		q.Until = end
	}
	if !q.Until.Equal(from) {
		s.keepQueue(q.ARN)
	}
	for number := first + 1; number <= q.noted-len(q.steps); number++ {
		s.keepStep(q, number, nil)
	}
	return all
}

// minute tells a minute's metrics: what is counted by calls where there were some, what is there
// at its end while the queue is active, and an age while a message has one.
func (q *queue) minute(begin, end time.Time, put func(metric string, minute time.Time, value float64)) {
	counts := map[string]float64{}
	asked := q.Asking
	for len(q.steps) > 0 && q.steps[0].At.Before(end) {
		q.count(q.steps[0], counts)
		q.steps = q.steps[1:]
		asked = max(asked, q.Asking)
	}
	if asked > 0 {
		counts["NumberOfEmptyReceives"] += float64(polls * asked)
		q.Active = end
	}
	for metric, n := range counts {
		put(metric, begin, n)
	}
	var visible, hidden float64
	oldest := end
	for order, one := range q.Has {
		switch {
		case !one.Expires.After(end):
			delete(q.Has, order)
			continue
		case !one.Visible.After(end):
			visible++
		case one.Receives > 0:
			hidden++
		}
		if one.Receives < poison && one.Arrived.Before(oldest) {
			oldest = one.Arrived
		}
	}
	if len(q.Has) == 0 && end.Sub(q.Active) > idle {
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

// count has a step count.
func (q *queue) count(s step, counts map[string]float64) {
	q.Active, q.Asking = s.At, q.Asking+s.Asking
	if s.Counts != "" {
		counts[s.Counts]++
	}
	one := q.Has[s.Message]
	switch {
	case s.Message == 0:
	case s.Gone:
		delete(q.Has, s.Message)
	case one == nil:
		q.Has[s.Message] = &had{Arrived: s.At, Visible: s.Visible, Expires: s.Expires}
	default:
		one.Visible = s.Visible
		if s.Counts == "NumberOfMessagesReceived" {
			one.Receives++
		}
	}
}
