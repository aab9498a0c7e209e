package asl

import (
	"maps"
	"slices"
)

// Progress is how far the execution is. It may be called at any time, from any goroutine
// but those that History, ChildHistory and MapRun are called on.
func (r *Run) Progress() Progress {
	r.turn.take()
	defer r.turn.give()
	return r.progress(false)
}

// Suspend stops the execution, without a trace, and gives what it takes to go on. Finish
// then returns soon. Tasks under way end by their contexts.
func (r *Run) Suspend() Progress {
	r.turn.take()
	p := r.progress(true)
	r.turn.give()
	r.cancel()
	return p
}

func (r *Run) progress(suspend bool) Progress {
	r.suspended = r.suspended || suspend && r.result == nil
	p := Progress{Started: r.started, Deadline: r.deadline, Redrives: r.redrives, Redriven: r.redriven, Announce: r.announce, Result: r.result}
	if by := r.aborted.Load(); by != nil {
		p.Aborted = failedBy(by)
	}
	r.history.tell(&p)
	if r.suspended {
		r.history.emit = nil // what is pending is told by whoever goes on
	}
	p.Strand = r.strand.progress(suspend)
	return p
}

func (h *history) tell(p *Progress) {
	p.Events, p.Last, p.Charged, p.Path = h.emitted, h.last, h.charged, slices.Clone(h.path)
	for _, e := range h.pending {
		p.Pending = append(p.Pending, pendingEvent{Event: e.HistoryEvent, After: h.ref(e.after), Key: e.key})
	}
}

func (h *history) ref(e *event) eventRef {
	switch {
	case e == nil:
		return 0
	case e.Id > 0:
		return eventRef(e.Id)
	}
	return -1 - eventRef(slices.Index(h.pending, e))
}

func (s *strand) progress(suspend bool) strandProgress {
	random, _ := s.source.MarshalBinary() // never fails
	p := strandProgress{Random: random, Item: datum{s.item}, Key: s.key, Events: s.events, Last: s.history.ref(s.last)}
	if s.visit != nil {
		p.Visit = s.visit.progress(suspend)
	}
	return p
}

func (v *visit) progress(suspend bool) *visitProgress {
	p := &visitProgress{State: v.state.name, Input: datum{v.input}, Entered: v.entered, Attempt: v.attempt, Used: slices.Clone(v.used),
		Until: v.until, Retrying: v.retrying, Failed: v.failed, Task: v.task}
	if v.items != nil {
		p.Map = v.items.progress(suspend)
	}
	if v.run != nil {
		p.Run = v.run.progress(suspend)
	}
	return p
}

func (f *fan) progress(suspend bool) *fanProgress {
	p := &fanProgress{Items: []itemProgress{}, Settles: f.settles}
	for _, it := range f.begun {
		p.Items = append(p.Items, itemProgress{Strand: it.progress(suspend), Over: it.over, Result: datum{it.result},
			Error: failedBy(it.err), End: it.end, Done: it.history.ref(it.done)})
	}
	return p
}

func (r *mapRun) progress(suspend bool) *mapRunProgress {
	p := &mapRunProgress{ID: r.id, Info: r.info, Begun: r.history.ref(r.begun), Most: r.most, Limit: r.limit, Plan: r.plan,
		From: r.from, Place: r.place, Held: r.held, Taken: r.taken, Failure: failedBy(r.failure), Settles: r.settles,
		Children: slices.Clone(r.resumed), Failed: r.failed.size, Announce: r.announce}
	for _, index := range slices.Sorted(maps.Keys(r.under)) {
		c := r.under[index]
		c.turn.take()
		p.Children = append(p.Children, c.progress(suspend))
		c.turn.give()
	}
	r.results.tell(p)
	if r.again != nil {
		p.Again = &againProgress{Redrive: r.info.Redrives - 1, Size: r.again.size, Done: r.again.done}
	}
	return p
}

func (c *child) progress(suspend bool) childProgress {
	return childProgress{Index: c.index, Items: c.items, Name: c.given.Name, ARN: c.given.ARN, Input: string(c.given.Input),
		Progress: c.Run.progress(suspend)}
}

func (a *inState) tell(p *mapRunProgress) {
	p.Size, p.Outputs = a.size, slices.Clone(a.outputs)
}

func (o *inObjects) tell(p *mapRunProgress) {
	p.Files = map[string]int64{}
	for status, f := range o.files {
		p.Files[status] = f.size
	}
}
