package asl

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// unsuccessful is the file with the progress of children that did not succeed, one
// a line: there may be as many as a Map has items.
const unsuccessful = "UNSUCCESSFUL"

// keep notes how far a child came that did not succeed, for a redrive.
func (r *mapRun) keep(c *child) error {
	if c.result.Status == types.ExecutionStatusSucceeded {
		return nil
	}
	line, err := json.Marshal(c.progress(false))
	if err == nil {
		err = r.failed.write(string(line) + "\n")
	}
	return err
}

// again reads what keep wrote before the Map Run was redriven, in the order of the
// items: children that ended at one instant were written as they came.
type again struct {
	*spool
	done  int    // how many were read
	lines []line // nil until it is used
}

type line struct {
	index  int
	offset int64
	size   int
}

// next is the progress of the next child to redrive; io.EOF after the last.
func (a *again) next() (p childProgress, err error) {
	if a.lines == nil {
		if err := a.scan(); err != nil {
			return p, err
		}
	}
	if a.done == len(a.lines) {
		return p, io.EOF
	}
	at := a.lines[a.done]
	a.done++
	text := make([]byte, at.size)
	if _, err := a.file.ReadAt(text, at.offset); err != nil {
		return p, err
	}
	err = json.Unmarshal(text, &p)
	return p, err
}

func (a *again) scan() error {
	if err := a.open(); err != nil {
		return err
	}
	a.lines = []line{}
	lines := bufio.NewReader(io.NewSectionReader(a.file, 0, a.size))
	for offset := int64(0); ; {
		text, err := lines.ReadBytes('\n')
		if err != nil {
			slices.SortFunc(a.lines, func(a, b line) int { return cmp.Compare(a.index, b.index) })
			return ignoreEOF(err)
		}
		var p struct{ Index int }
		if err := json.Unmarshal(text, &p); err != nil {
			return err
		}
		a.lines = append(a.lines, line{p.Index, offset, len(text)})
		offset += int64(len(text))
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// redrive starts the next child again that did not succeed.
func (r *mapRun) redrive() {
	p, err := r.again.next()
	if err != nil {
		r.again.release()
		r.again = nil
		if err = ignoreEOF(err); err != nil {
			r.fail(err)
		}
		return
	}
	c, e := r.resume(p)
	if !r.of.express && p.Progress.Unredrivable(r.clock().Now()) != "" {
		r.still(c, e, p)
		return
	}
	if err := r.permitted(e.ARN); err != nil {
		r.fail(err)
		r.still(c, e, p)
		return
	}
	if e.Redrive = !r.of.express; r.of.express { // the service starts those anew
		e.From, e.Seed = nil, r.random.Uint64()
	}
	r.count(func(n *Counts, by int64) { n.PendingRedrive -= by; n.Running += by }, c.share)
	r.start(c, e)
}

// permitted asks whether the state machine may redrive a child.
func (r *mapRun) permitted(childARN string) error {
	if r.given.MayRedrive == nil {
		return nil
	}
	return r.given.MayRedrive(childARN)
}

// still notes a child that is not redriven, with what it came to before.
func (r *mapRun) still(c *child, e Execution, p childProgress) {
	c.Run, c.result = r.of.child.Begin(r.ctx, r.fitted(e)), *p.Progress.Result
	c.rest()
	r.count(func(n *Counts, by int64) { n.PendingRedrive -= by; *n.in(c.result.Status) += by }, c.share)
	if err := errors.Join(r.results.add(c), r.keep(c)); err != nil {
		r.fail(err)
	}
	r.judge()
	if r.failure != nil {
		r.taken++ // for good, as a child that fails
	}
}

// leave notes the children that were to be redriven, and are not, because the Map
// Run ends.
func (r *mapRun) leave() {
	for r.again != nil && !r.suspended {
		p, err := r.again.next()
		if err != nil {
			r.again.release()
			r.again = nil
			return
		}
		c, e := r.resume(p)
		r.still(c, e, p)
	}
}

// resume is a child as it was.
func (r *mapRun) resume(p childProgress) (*child, Execution) {
	e := r.given
	e.Name, e.ARN, e.Input, e.From = p.Name, p.ARN, []byte(p.Input), &p.Progress
	return &child{share: share{text: p.Input, items: p.Items}, index: p.Index}, e
}
