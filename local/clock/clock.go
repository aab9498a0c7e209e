// Package clock is the one place of the local stack that reads the time and
// sleeps. A clock either follows real time (inside a testing/synctest bubble
// that is the bubble's fake time, so a day of waiting takes milliseconds) or
// skips: whenever no work is under way it jumps to the next timer, so a demo
// sees minutes of replication lag pass in a moment.
package clock

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

const (
	// quiet is how long a skipping clock sees no work before it jumps: work
	// hands over between goroutines in much less.
	quiet = 4 * time.Millisecond
	// grain is what a jump is rounded up to, so that ten thousand messages that
	// become visible within one second cost one jump.
	grain = time.Second
)

// Clock tells the time. Its zero value follows real time.
type Clock struct {
	mu      sync.Mutex
	skips   bool
	offset  time.Duration // virtual minus real time
	working int
	idle    time.Time // real time since when nothing is under way
	timers  timers
}

// Real returns a clock that follows real time.
func Real() *Clock { return &Clock{} }

// Skipping returns a clock that jumps over idle time until ctx ends.
func Skipping(ctx context.Context) *Clock {
	c := &Clock{skips: true, idle: time.Now()}
	go c.drive(ctx)
	return c
}

// NotBefore has the clock show a time at least, as one does that goes on where another was.
func (c *Clock) NotBefore(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = max(c.offset, time.Until(at))
}

// Now is the time by this clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

// Ahead is how much this clock is ahead of this machine's, by which processes beside this one go.
func (c *Clock) Ahead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

func (c *Clock) now() time.Time { return time.Now().Add(c.offset) }

// Work marks the time until done is called as busy: the clock does not jump.
func (c *Clock) Work() (done func()) {
	if !c.skips {
		return func() {}
	}
	c.add(1)
	return sync.OnceFunc(func() { c.add(-1) })
}

func (c *Clock) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working += n
	c.idle = time.Now()
}

// AfterFunc runs f in its own goroutine after d, unless stop is called first.
func (c *Clock) AfterFunc(d time.Duration, f func()) (stop func()) {
	if !c.skips {
		t := time.AfterFunc(d, f)
		return func() { t.Stop() }
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &timer{at: c.now().Add(d), run: f}
	heap.Push(&c.timers, t)
	c.idle = time.Now() // whoever sets a timer is at work: no jump before it has gone on
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		t.run = nil
	}
}

// Sleep waits for d, or until ctx ends, whose cause it then returns.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	woken := make(chan struct{})
	stop := c.AfterFunc(d, func() { close(woken) })
	defer stop()
	select {
	case <-woken:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// WithTimeout is context.WithTimeout by this clock.
func (c *Clock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := c.AfterFunc(d, func() { cancel(context.DeadlineExceeded) })
	return ctx, func() { stop(); cancel(context.Canceled) }
}

func (c *Clock) drive(ctx context.Context) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, run := range c.due() {
				go c.fire(run)
			}
		}
	}
}

func (c *Clock) fire(run func()) {
	defer c.add(-1)
	run()
}

// due jumps if nothing is under way, and takes the timers whose time has come.
// Each counts as work until it has run, so that the clock can't jump between.
func (c *Clock) due() (run []func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.timers) > 0 && c.timers[0].run == nil { // stopped: not worth a jump
		heap.Pop(&c.timers)
	}
	if len(c.timers) > 0 && c.working == 0 && time.Since(c.idle) >= quiet {
		c.jumpTo(c.timers[0].at)
	}
	for len(c.timers) > 0 && !c.timers[0].at.After(c.now()) {
		if t := heap.Pop(&c.timers).(*timer); t.run != nil {
			run = append(run, t.run)
			c.working++
		}
	}
	return run
}

func (c *Clock) jumpTo(at time.Time) {
	if target := at.Truncate(grain).Add(grain); at.After(c.now()) {
		c.offset += target.Sub(c.now())
		c.idle = time.Now()
	}
}

type timer struct {
	at  time.Time
	run func()
}

type timers []*timer

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].at.Before(t[j].at) }
func (t timers) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)        { *t = append(*t, x.(*timer)) }
func (t *timers) Pop() any {
	old := *t
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*t = old[:len(old)-1]
	return last
}
