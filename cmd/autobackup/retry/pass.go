package retry

import "time"

const (
	// firstHold is how long a received message is hidden from other readers: longer
	// than the call that receives it and the page that moves it may take together.
	firstHold = 2 * pageTime
	// longestHold is the longest that SQS hides a message.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
	longestHold = 12 * time.Hour
	// mostHeld keeps below the 120,000 messages that SQS hides in one queue. At that
	// quota its answers are empty although messages are there.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
	mostHeld = 100_000
)

// pass is one way through the event DLQ. An empty answer ends it, but may never
// come: a message that stays is shown again when its hold is over, and new ones
// may arrive as fast as others are moved. Two rules make sure that it ends.
//
// A message that comes again has shown that the run takes longer than the hold,
// so the hold doubles. It is at most twice as long as the run has lasted, and
// messages beyond those that stay are reached.
//
// Only so many messages are received. Those that stay come again less often
// than there are messages, as every hold is twice the one before: three times
// what lay there when the pass began is enough for all of it.
type pass struct {
	held     map[string]held // received, and not known to be deleted, by message id
	hold     time.Duration   // of what is received next
	received int
	fresh    int // of received: those that came for the first time
	most     int // of received: the pass ends there
}

// held is a message's last receipt and how long that receive hid it.
type held struct {
	receipt string
	hold    time.Duration
}

// newPass begins a pass through a queue with about so many messages. SQS counts a
// minute late, so 1,000 that are not counted yet are allowed for.
func newPass(lying int, hold time.Duration) *pass {
	return &pass{held: map[string]held{}, hold: hold, most: 3*lying + 1000}
}

// take notes what was received, and answers with what this pass sees for the
// first time.
func (p *pass) take(got []message) (fresh []message) {
	hold := p.hold
	p.received += len(got)
	for _, m := range got {
		before, again := p.held[m.ID]
		if !again {
			fresh = append(fresh, m)
		} else if before.hold == hold {
			p.hold = min(2*hold, longestHold)
		}
		p.held[m.ID] = held{m.receipt, hold}
	}
	p.fresh += len(fresh)
	return fresh
}

// over tells that the pass must end although the queue may not be empty.
func (p *pass) over() bool {
	return p.received >= p.most || len(p.held) >= mostHeld
}
