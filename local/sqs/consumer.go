package sqs

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Batching says when a consumer closes a batch.
type Batching struct {
	Size        int           // messages, 1 to 10,000
	Window      time.Duration // from a batch's first message; 0 closes it with the receive that opened it
	MaxBytes    int           // of the batch's JSON array
	Concurrency int           // batches handled at once; a new one is opened only while there are fewer
	// Failed, which may be nil, is told why a poll or a deletion was refused.
	Failed func(error)
}

func (b Batching) check(q Queue) error {
	for _, r := range []bound{
		{"BatchSize", b.Size, 1, 10_000},
		{"MaximumBatchingWindowInSeconds", int(b.Window / time.Second), 0, 300},
		{"VisibilityTimeout of " + q.Name(), q.VisibilityTimeout, 1, 43_200}, // with 0 a failing batch would spin
	} {
		if err := r.check(); err != nil {
			return err
		}
	}
	if b.Size > 10 && b.Window < time.Second {
		return invalidValue("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
	}
	return nil
}

// Batch is what a consumer hands on. Records is the JSON array of its messages.
type Batch struct {
	Messages []Message
	Records  []byte
}

// Consumer takes messages off a queue in batches, as EventBridge Pipes and
// Lambda event source mappings do.
type Consumer struct {
	s      *Service
	q      *queue
	how    Batching
	may    permits
	handle func(context.Context, Batch) []Message

	ctx       context.Context
	cancel    context.CancelFunc
	stopWatch func()
	running   sync.WaitGroup

	mu         sync.Mutex
	batch      Batch   // open
	closed     []Batch // waiting to be handled
	stopWindow func()
	stopPause  func() // until the next poll after one that was refused
	active     int
	asking     bool // of Service.mu: it polls, and isn't refused
}

// permits are what a consumer is asked for each time. Nil: it may.
type permits struct{ receive, remove func() error }

// pause is how long a consumer waits after a poll that was refused. AWS documents no time.
const pause = time.Minute

// Consume starts a consumer. handle answers with the messages to delete; the
// others become visible again after the queue's visibility time-out.
func (s *Service) Consume(queueARN string, how Batching, handle func(context.Context, Batch) (done []Message)) (*Consumer, error) {
	return s.consume(queueARN, how, permits{}, handle)
}

func (s *Service) consume(queueARN string, how Batching, may permits, handle func(context.Context, Batch) []Message) (*Consumer, error) {
	s.mu.Lock()
	q, err := s.find(queueARN)
	if err == nil {
		err = how.check(q.Queue)
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	c := &Consumer{s: s, q: q, how: how, may: may, handle: handle}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	s.mu.Lock()
	s.consumers[c] = true
	s.asks(c, true)
	s.mu.Unlock()
	c.stopWatch = s.watch(q, c.poll)
	return c, nil
}

// Close stops the consumer and waits for the batches being handled, whose
// context it ends. Messages of an open batch become visible again in their time.
func (c *Consumer) Close() {
	c.mu.Lock()
	c.cancel()
	c.closeWindow()
	c.closePause()
	c.mu.Unlock()
	c.stopWatch()
	c.s.mu.Lock()
	delete(c.s.consumers, c)
	c.s.asks(c, false)
	c.s.mu.Unlock()
	c.running.Wait()
}

// poll fills batches while there are messages and batches may be handled.
func (c *Consumer) poll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.ctx.Err() == nil && c.active < c.how.Concurrency && c.mayReceive() {
		got := c.receive(min(maxBatch, c.how.Size-len(c.batch.Messages)))
		if len(got) == 0 {
			break
		}
		for _, m := range got {
			c.add(m)
		}
		if c.how.Window == 0 {
			c.flush()
		}
	}
}

// mayReceive says whether a poll would bring messages that the consumer may have. Where it
// may not, they stay as they are, and it polls again after a pause.
func (c *Consumer) mayReceive() bool {
	if c.may.receive == nil || c.stopPause != nil {
		return c.may.receive == nil
	}
	if !c.s.visible(c.q) {
		return false
	}
	err := c.may.receive()
	c.s.mu.Lock()
	c.s.asks(c, err == nil)
	c.s.mu.Unlock()
	if err != nil {
		c.failed("poll", err)
		c.stopPause = c.s.clk.AfterFunc(pause, func() {
			c.mu.Lock()
			c.stopPause = nil
			c.mu.Unlock()
			c.poll()
		})
	}
	return err == nil
}

// asks notes whether a consumer polls its queue. Who does asks all the time on AWS, which SQS
// counts; here nobody is asked while there is nothing.
func (s *Service) asks(c *Consumer, asking bool) {
	if c.asking == asking {
		return
	}
	c.asking = asking
	s.note(c.q, step{Asking: map[bool]int{true: 1, false: -1}[asking]})
}

func (c *Consumer) closePause() {
	if c.stopPause != nil {
		c.stopPause()
	}
}

func (c *Consumer) failed(what string, err error) {
	if c.how.Failed != nil {
		c.how.Failed(fmt.Errorf("%s %s: %w", what, c.q.Name(), err))
	}
}

// end deletes those messages of a batch that are done, all at once: after a kill amid them, some
// would come again. Those of a consumer that may not do. What is not done comes again in its time;
// where the consumer is stopped, that is none of the batch's own, and it stays in the batch.
func (c *Consumer) end(b Batch, done []Message) {
	if c.may.remove != nil && len(done) > 0 {
		if err := c.may.remove(); err != nil {
			c.failed("delete messages of", err)
			done = nil
		}
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if c.s.queues[c.q.ARN] != c.q {
		return // it was deleted, and its messages with it
	}
	for _, m := range done {
		_ = c.s.delete(c.q, m.Receipt) // its own handle: at worst it is stale, which is no error
	}
	for _, m := range b.Messages {
		if left := c.q.byID[m.ID]; left != nil && left.Receipt == m.Receipt && c.ctx.Err() == nil {
			left.consumed = false
			c.s.keepMessage(c.q, m.ID)
		}
	}
}

func (c *Consumer) receive(limit int) []Message {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	got := c.s.take(c.q, limit, time.Duration(c.q.VisibilityTimeout)*time.Second)
	for _, m := range got {
		c.q.byID[m.ID].consumed = true
	}
	return got
}

func (c *Consumer) add(m Message) {
	r := c.q.encode(m)
	if len(c.batch.Messages) > 0 && len(c.batch.Records)+len(r)+len(",]") > c.how.MaxBytes {
		c.flush()
	}
	separator := byte(',')
	if len(c.batch.Messages) == 0 {
		separator = '['
		c.openWindow()
	}
	c.batch.Messages = append(c.batch.Messages, m)
	c.batch.Records = append(append(c.batch.Records, separator), r...)
	if len(c.batch.Messages) == c.how.Size {
		c.flush()
	}
}

func (c *Consumer) openWindow() {
	if c.how.Window == 0 {
		return
	}
	c.stopWindow = c.s.clk.AfterFunc(c.how.Window, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.flush()
	})
}

func (c *Consumer) closeWindow() {
	if c.stopWindow != nil {
		c.stopWindow()
		c.stopWindow = nil
	}
}

// flush closes the open batch.
func (c *Consumer) flush() {
	c.closeWindow()
	if len(c.batch.Messages) == 0 {
		return
	}
	c.batch.Records = append(c.batch.Records, ']')
	c.closed = append(c.closed, c.batch)
	c.batch = Batch{}
	c.start()
}

// start has closed batches handled, the oldest first.
func (c *Consumer) start() {
	for c.ctx.Err() == nil && len(c.closed) > 0 && c.active < c.how.Concurrency {
		b := c.closed[0]
		c.closed = c.closed[1:]
		c.active++
		done := c.s.clk.Work()
		c.running.Go(func() {
			defer done()
			c.run(b)
		})
	}
}

func (c *Consumer) run(b Batch) {
	c.end(b, c.handle(c.ctx, b))
	c.mu.Lock()
	c.active--
	c.start()
	c.mu.Unlock()
	c.poll()
}
