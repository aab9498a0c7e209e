package asl

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// mapState runs a machine for each item of an array.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
type mapState struct {
	flow
	items       expression // ItemsPath
	item        expression // ItemSelector
	concurrency expression // MaxConcurrency: items at a time; nil for as many as the service runs
	processor   machine
	next        string
}

// inlineConcurrency is what MaxConcurrency 0 means for an inline Map, and the
// most that the service runs at a time.
const inlineConcurrency = 40

const concurrencyField = "MaxConcurrency"

func loadMap(o *object, s *state) action {
	m := mapState{flow: loadFlow(o), items: same, next: s.next(o)}
	m.selector, m.place = o.payload("ResultSelector"), o.place()
	if o.has("ItemsPath") {
		m.items = o.expressionAt("ItemsPath", reference)
	}
	if o.has("ItemSelector") {
		m.item = o.payload("ItemSelector")
	}
	m.concurrency = o.quantity(concurrencyField, 0, longestWait)
	config := m.loadProcessor(o)
	if config.distributed {
		return loadDistributed(o, m, config.express)
	}
	for _, field := range distributedFields {
		if _, there := o.take(field); there {
			o.fail(field, "belongs to a Map with Mode DISTRIBUTED")
		}
	}
	return m
}

// processorConfig is what ProcessorConfig says.
type processorConfig struct{ distributed, express bool }

func (m *mapState) loadProcessor(o *object) processorConfig {
	value, there := o.take("ItemProcessor")
	if !there {
		o.fail("ItemProcessor", "is missing")
		return processorConfig{}
	}
	p := o.open(o.path("ItemProcessor"), "an item processor", value)
	config := p.processorConfig()
	around := o.express
	o.express = around || config.express
	m.processor = p.machine(p)
	o.express = around
	return config
}

func (o *object) processorConfig() (c processorConfig) {
	value, there := o.take("ProcessorConfig")
	if !there {
		return c
	}
	config := o.open(o.path("ProcessorConfig"), "ProcessorConfig", value)
	switch mode := config.text("Mode"); {
	case mode == "DISTRIBUTED":
		c.distributed = true
		c.express = config.oneOf("ExecutionType", "STANDARD", "EXPRESS") == "EXPRESS"
		if o.express {
			config.fail("Mode", "an EXPRESS execution can't run a distributed Map: use INLINE here, or STANDARD around it")
		}
	case config.has("Mode") && mode != "INLINE":
		config.fail("Mode", "must be INLINE or DISTRIBUTED, not '%s'", mode)
	case config.has("ExecutionType"):
		config.fail("ExecutionType", "belongs to Mode DISTRIBUTED")
	}
	config.read["ExecutionType"] = true
	config.done()
	return c
}

func (m mapState) run(v *visit, input any) (any, string, error) {
	sc := v.scope()
	effective, err := m.input(sc, input)
	if err != nil {
		return nil, "", err
	}
	list, err := m.list(sc, effective)
	if err != nil {
		return nil, "", err
	}
	wanted, err := m.wantedConcurrency(sc, effective)
	if err != nil {
		return nil, "", err
	}
	results, err := m.process(v, effective, list, capped(wanted, inlineConcurrency))
	if err != nil {
		return nil, "", err
	}
	output, err := m.leave(sc, input, results)
	return output, m.next, err
}

// list is what ItemsPath selects.
func (m mapState) list(sc *scope, effective any) ([]any, error) {
	selected, err := m.items(sc, effective)
	if err != nil {
		return nil, err
	}
	list, ok := selected.([]any)
	if !ok {
		return nil, failure(Runtime, "The items of a Map must be an array, not %s: '%s'.", typeName(selected), excerpt(selected))
	}
	return list, nil
}

// wantedConcurrency is what MaxConcurrency or MaxConcurrencyPath says: how many
// items at a time, 0 for no limit of the definition's own.
func (m mapState) wantedConcurrency(sc *scope, effective any) (int, error) {
	if m.concurrency == nil {
		return 0, nil
	}
	value, err := m.concurrency(sc, effective)
	if err != nil {
		return 0, err
	}
	n, ok := whole(value)
	if !ok || n < 0 {
		return 0, failure(Runtime, "%s must be a whole number that is not negative, not %s.", concurrencyField, excerpt(value))
	}
	return int(min(n, longestWait)), nil
}

// capped is how many items run at a time where the service runs no more than most.
func capped(wanted, most int) int {
	if wanted == 0 {
		return most
	}
	return min(wanted, most)
}

// process runs all items, so many at a time, and puts their results in order.
func (m mapState) process(v *visit, effective any, list []any, most int) ([]any, error) {
	items, stop := context.WithCancel(v.ctx)
	defer stop()
	f := v.items
	if f == nil {
		f = &fan{visit: v}
		v.items = f
		v.record(types.HistoryEvent{Type: types.HistoryEventTypeMapStateStarted,
			MapStateStartedEventDetails: &types.MapStateStartedEventDetails{Length: int32(len(list))}}) // #nosec G115: data is at most 256 KiB
	}
	f.items, f.stop, f.most, f.ended = items, stop, most, make(chan *iteration)
	f.iterate = func(i int) *iteration {
		it := &iteration{index: i, strand: f.strand(i, list[i])}
		it.work = m.work(f, it, effective, list[i])
		return it
	}
	for i, it := range f.begun { // in another run of the execution
		it.ctx, it.work = items, m.work(f, it, effective, list[i])
	}
	return f.run(len(list))
}

// strand is an item's, ready to go. Each has random numbers of its own: items run
// in any order.
func (f *fan) strand(i int, item any) *strand {
	v := f.visit
	s := newStrand(v.execution, f.items, v.random.Uint64(), v.random.Uint64())
	s.item, s.last = mapItem(i, item), v.last
	s.key = append(append([]int{}, v.key...), v.events, i)
	return s
}

// work is what an item's strand does.
func (m mapState) work(f *fan, it *iteration, effective, item any) func() (any, error) {
	return func() (any, error) {
		return m.processor.walk(it.strand, func() (any, error) {
			inner := visit{strand: it.strand, state: f.state, entered: f.entered, attempt: f.attempt}
			return m.itemInput(inner, effective, item)
		})
	}
}

// mapItem is $$.Map.Item.
func mapItem(i int, value any) map[string]any {
	return map[string]any{"Index": number(i), "Value": value}
}

// itemInput is what an item's first state gets.
func (m mapState) itemInput(v visit, effective, item any) (any, error) {
	if m.item == nil {
		return item, nil
	}
	input, err := m.item(v.scope(), effective)
	if err != nil {
		return nil, asError(err).in(v.state.name)
	}
	return input, nil
}
