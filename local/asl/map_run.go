package asl

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// mapRun runs the children of a distributed Map, several at a time. Items are
// read when there is a place for them.
type mapRun struct {
	*visit
	of        distributedMap
	effective any
	id        string
	info      MapRun
	begun     *event // MapRunStarted
	most      int    // children at a time
	limit     limit
	plan      plan
	from      location // of the items
	place     location // of the results
	results   results
	next      func() (share, error)

	within   context.Context //nolint:containedctx // of the children; ends early where the Map Run fails
	stop     context.CancelFunc
	under    map[int]*child  // those that run, by index
	resumed  []childProgress // those that ran in another run of the execution, until they do here
	ended    chan *child
	settled  chan struct{} // closed an instant after the Map Run failed
	settles  time.Time
	failure  error
	complete bool   // nothing is left to read
	held     string // an item that was read for the next batch
	all      int64  // items; negative where it is not known yet
	taken    int    // places: by running children, and for good by what made the Map Run fail
	failed   *spool // progress of children that did not succeed, for a redrive
	again    *again // what a redrive found there; nil where there is nothing
	announce bool   // that it is redriven
}

// child is one execution.
type child struct {
	*Run
	share
	index  int
	result Result
}

// over runs the Map Run to its end.
func (r *mapRun) over(list []any) (any, error) {
	defer r.release()
	read := fromList(list)
	r.all = int64(len(list))
	if r.of.reader != nil {
		r.all = -1
		if !r.complete {
			body, err := r.of.reader.open(r.visit, r.from)
			if err != nil {
				r.complete, r.failure = true, err
				return r.outcome()
			}
			defer func() { _ = body.Close() }() // it was only read
			read = r.of.reader.items(body, r.from.Most)
		}
	}
	r.next = r.plan.shares(r.inputs(read), &r.held)
	r.within, r.stop = context.WithCancel(r.ctx)
	defer r.stop()
	r.runAll()
	return r.outcome()
}

func (r *mapRun) release() {
	r.results.release()
	r.failed.release()
	if r.again != nil {
		r.again.release()
	}
}

// inputs gives each item as its child, or its batch, gets it.
func (r *mapRun) inputs(read source) func() (string, error) {
	begun := r.info.Items.Total // in another run of the execution
	if r.held != "" {
		begun++
	}
	read, index := read.past(begun), int(begun)
	return func() (string, error) {
		item, err := read()
		if err != nil {
			return "", err
		}
		s, v := *r.strand, *r.visit
		s.item, v.strand = mapItem(index, item), &s
		index++
		input, err := r.of.itemInput(v, r.effective, item)
		if err != nil {
			return "", err
		}
		return encode(input), nil
	}
}

// runAll begins children and takes what comes of them. When the Map Run fails,
// they get the rest of that instant before they are stopped: see fan.
func (r *mapRun) runAll() {
	settled := r.settled
	if r.failure != nil {
		if r.settle(); !r.clock().Now().Before(r.settles) {
			r.stop() // at once: some may have ended by it
		}
	}
	for _, p := range r.resumed {
		c, e := r.resume(p)
		r.run(c, e)
	}
	r.resumed = nil
	for r.fill(); r.info.Executions.Running > 0; r.fill() {
		r.idle()
		select {
		case c := <-r.ended:
			r.busy()
			c.rest() // only now: the clock must not jump between the two
			r.take(c)
		case <-settled:
			r.busy()
			r.stop()
			settled = nil
		}
	}
}

// fill starts children while there are places and items.
func (r *mapRun) fill() {
	for r.taken < r.most && r.within.Err() == nil && !r.stopped() {
		if r.again != nil {
			r.redrive()
			continue
		}
		if r.complete {
			return
		}
		s, err := r.next()
		if err != nil {
			r.complete, r.all = true, r.info.Items.Total
			if !errors.Is(err, io.EOF) {
				r.fail(err)
			}
			r.judge()
			return
		}
		c := &child{share: s, index: int(r.info.Executions.Total)}
		r.count(func(n *Counts, by int64) { n.Running += by; n.Total += by }, s)
		r.start(c, r.childExecution(s.text))
	}
}

// start runs a child, which takes a place.
func (r *mapRun) start(c *child, e Execution) {
	r.taken++
	r.run(c, e)
}

// run runs a child that has a place.
func (r *mapRun) run(c *child, e Execution) {
	r.under[c.index] = c
	c.Run = r.of.child.Begin(r.within, r.fitted(e))
	go func() {
		c.result = c.finish()
		r.ended <- c
	}()
}

// childExecution is what a child starts with.
func (r *mapRun) childExecution(input string) Execution {
	e := r.given
	e.Name, e.Seed, e.Input = randomID(r.random), r.random.Uint64(), []byte(input)
	if r.of.express {
		e.ARN = r.arn("express", r.resource()+":"+e.Name+":"+randomID(r.random))
	} else {
		e.ARN = r.arn("execution", r.resource()+":"+e.Name)
	}
	return e
}

// fitted is what all children start with alike.
func (r *mapRun) fitted(e Execution) Execution {
	e.StateMachineARN, e.StateMachineName, e.History = r.info.StateMachineARN, r.resource(), nil
	if tell := e.ChildHistory; tell != nil {
		e.History = func(event types.HistoryEvent) { tell(e.ARN, event) }
	}
	return e
}

// take notes how a child ended.
func (r *mapRun) take(c *child) {
	if r.suspended { // it goes on
		r.info.Executions.Running--
		return
	}
	delete(r.under, c.index)
	r.history.charge(1)
	if !r.of.express {
		r.history.charge(c.result.Transitions)
	}
	r.count(func(n *Counts, by int64) { n.Running -= by; *n.in(c.result.Status) += by }, c.share)
	if err := r.results.add(c); err != nil {
		r.fail(err)
	}
	if err := r.keep(c); err != nil {
		r.fail(err)
	}
	r.judge()
	if r.failure == nil || c.result.Status == types.ExecutionStatusSucceeded {
		r.taken--
	}
}

// judge fails the Map Run where more items failed than are tolerated.
func (r *mapRun) judge() {
	if r.limit.exceeded(r.info.Items.Failed+r.info.Items.TimedOut, r.all) {
		r.fail(&Error{Name: ExceedToleratedFailure, Cause: "The specified tolerated failure threshold was exceeded"})
	}
}

// fail notes the first reason to fail, and stops the children an instant later.
func (r *mapRun) fail(err error) {
	if r.failure == nil {
		r.failure = err
		r.settle()
	}
}

func (r *mapRun) settle() {
	now := r.clock().Now()
	if r.settles.IsZero() {
		r.settles = now.Add(1)
	}
	r.clock().AfterFunc(r.settles.Sub(now), func() { close(r.settled) })
}
