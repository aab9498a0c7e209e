package asl

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// restore makes a run what it was when its progress was told.
func (p *Progress) restore(r *Run) {
	x := r.execution
	x.started, x.deadline, x.redrives, x.redriven, x.announce, r.result = p.Started, p.Deadline, p.Redrives, p.Redriven, p.Announce, p.Result
	h := x.history
	h.emitted, h.last, h.charged, h.path, h.count = p.Events, p.Last, p.Charged, slices.Clone(p.Path), int(p.Events)+len(p.Pending)
	for _, e := range p.Pending {
		h.pending = append(h.pending, &event{HistoryEvent: e.Event, key: e.Key})
	}
	for i, e := range p.Pending {
		h.pending[i].after = h.event(e.After)
	}
	r.strand = x.strand(r.machine.machine, &p.Strand)
}

// event finds what ref named, while the history is as it was then.
func (h *history) event(ref eventRef) *event {
	switch {
	case ref == 0:
		return nil
	case ref > 0:
		e := &event{}
		e.Id = int64(ref)
		return e
	}
	return h.pending[-ref-1]
}

// strand is a strand of the machine as it was, still without a context.
func (x *execution) strand(m machine, p *strandProgress) *strand {
	source := rand.NewPCG(0, 0)
	s := &strand{execution: x, source: source, random: rand.New(source), // #nosec G404: repeatable on purpose
		item: p.Item.value, key: p.Key, events: p.Events, last: x.history.event(p.Last)}
	if s.broken = source.UnmarshalBinary(p.Random); s.broken == nil && p.Visit != nil {
		s.visit, s.broken = p.Visit.restore(s, m)
	}
	return s
}

func (p *visitProgress) restore(s *strand, m machine) (*visit, error) {
	at := m.states[p.State]
	if at == nil {
		return nil, p.lost("which is not in the definition")
	}
	v := &visit{strand: s, state: at, input: p.Input.value, entered: p.Entered, attempt: p.Attempt, used: slices.Clone(p.Used),
		until: p.Until, retrying: p.Retrying, failed: p.Failed, task: p.Task}
	switch action := at.action.(type) {
	case mapState:
		if p.Map != nil {
			v.items = p.Map.restore(v, action.processor)
		}
	case distributedMap:
		if p.Run != nil {
			v.run = p.Run.restore(v, action)
		}
	case task:
		return v, nil
	default:
		v.task = nil
	}
	if v.items == nil && p.Map != nil || v.run == nil && p.Run != nil {
		return nil, p.lost("which is another kind of state in the definition")
	}
	return v, nil
}

func (p *visitProgress) lost(why string) error {
	return &Error{Name: Runtime, Cause: fmt.Sprintf("The execution can't go on: it is in the state '%s', %s.", p.State, why)}
}

func (p *fanProgress) restore(v *visit, m machine) *fan {
	f := &fan{visit: v, settles: p.Settles}
	for i := range p.Items {
		item := &p.Items[i]
		f.begun = append(f.begun, &iteration{strand: v.execution.strand(m, &item.Strand), index: i, over: item.Over,
			result: item.Result.value, err: item.Error.error(), end: item.End, done: v.history.event(item.Done)})
	}
	return f
}

func (p *mapRunProgress) restore(v *visit, of distributedMap) *mapRun {
	v.furnish()
	r := of.newRun(v, nil)
	r.id, r.info, r.begun, r.most, r.limit, r.plan = p.ID, p.Info, v.history.event(p.Begun), p.Most, p.Limit, p.Plan
	r.from, r.place, r.held, r.taken, r.failure, r.settles = p.From, p.Place, p.Held, p.Taken, p.Failure.error(), p.Settles
	r.resumed, r.announce = p.Children, p.Announce
	r.results, r.failed = of.writer.open(r), r.spool(unsuccessful)
	r.results.restore(p)
	r.failed.size = p.Failed
	if p.Again != nil {
		r.again = &again{spool: r.spoolOf(unsuccessful, p.Again.Redrive), done: p.Again.Done}
		r.again.size = p.Again.Size
	}
	return r
}

func (a *inState) restore(p *mapRunProgress) { a.size, a.outputs = p.Size, slices.Clone(p.Outputs) }

func (o *inObjects) restore(p *mapRunProgress) {
	for status, size := range p.Files {
		o.files[status] = o.spool(status)
		o.files[status].size = size
	}
}
