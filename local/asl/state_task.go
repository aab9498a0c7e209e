package asl

import (
	"context"
	"errors"
	"strings"
	"time"
)

// task calls its resource.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
type task struct {
	flow
	resource resource
	work     Task
	timeout  expression // seconds; nil for none
	next     string
}

func loadTask(o *object, s *state) action {
	t := task{flow: loadFlow(o), resource: parseResource(o.required("Resource")), next: s.next(o)}
	t.parameters, t.selector, t.place = o.payload("Parameters"), o.payload("ResultSelector"), o.place()
	t.timeout = o.quantity("TimeoutSeconds", 1, longestWait)
	if t.resource.arn == "" {
		return t
	}
	if why := t.resource.refused(); why != "" {
		o.fail("Resource", "%s is not supported: %s", t.resource.arn, why)
		return t
	}
	work, err := o.resources(t.resource.arn)
	if err != nil {
		o.fail("Resource", "%v", err)
	}
	t.work = work
	return t
}

func (t task) run(v *visit, input any) (any, string, error) {
	if v.task == nil { // else it was under way when the execution was suspended: nobody knows its answer
		if err := t.schedule(v, input); err != nil {
			return nil, "", err
		}
	}
	result, err := t.call(v)
	if err != nil {
		return nil, "", err
	}
	output, err := t.leave(v.scope(), input, result)
	return output, t.next, err
}

// call is a task under way.
type call struct {
	Parameters string
	Until      time.Time `json:",omitzero"` // when its time is over; zero for never
}

func (t task) schedule(v *visit, input any) error {
	sc := v.scope()
	parameters, err := t.effective(sc, input)
	if err != nil {
		return err
	}
	limit, err := t.limit(sc, input)
	if err != nil {
		return err
	}
	text := encode(parameters)
	if err := v.fits(text); err != nil {
		return err
	}
	v.record(t.resource.scheduled(v.region(), text, limit))
	v.record(t.resource.started())
	v.task = &call{Parameters: text}
	if limit > 0 {
		v.task.Until = v.clock().Now().Add(limit)
	}
	return nil
}

// limit is the time-out; 0 for none. The path applies to what InputPath selects.
func (t task) limit(sc *scope, raw any) (time.Duration, error) {
	if t.timeout == nil {
		return 0, nil
	}
	value, err := then(t.input, t.timeout)(sc, raw)
	if err != nil {
		return 0, err
	}
	return duration("TimeoutSeconds", value, 1)
}

// call runs the resource once, and records what came of it.
func (t task) call(v *visit) (any, error) {
	if v.stopped() {
		return nil, errStopped // it goes on only to end
	}
	var answer []byte
	var err error
	under := *v.task
	v.meanwhile(func() { answer, err = t.within(v, under) })
	if v.stopped() {
		return nil, errStopped
	}
	v.task = nil
	var result any
	if err == nil {
		result, err = t.resource.read(answer, !v.given.TerminalDataLimit)
	}
	if err != nil {
		e := asError(err)
		v.record(t.resource.ended(e))
		return nil, e
	}
	v.record(t.resource.succeeded(encode(result)))
	return result, nil
}

// within ends a call at its time-out. An answer that comes at that very instant
// is late, so that the outcome does not depend on who is first.
func (t task) within(v *visit, c call) ([]byte, error) {
	parameters := []byte(c.Parameters)
	if c.Until.IsZero() {
		return t.work.Run(v.ctx, parameters)
	}
	left := c.Until.Sub(v.clock().Now())
	if left <= 0 {
		return nil, &Error{Name: Timeout}
	}
	ctx, cancel := v.clock().WithTimeout(v.ctx, left)
	defer cancel()
	answer, err := t.work.Run(ctx, parameters)
	if !v.clock().Now().Before(c.Until) || errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return nil, &Error{Name: Timeout}
	}
	return answer, err
}

// read takes a task's answer. covered says whether States.ALL covers the error
// of one that is too large.
func (r resource) read(answer []byte, covered bool) (any, error) {
	if len(answer) > sizeLimit {
		return nil, &Error{Name: DataLimitExceeded, Cause: tooLarge(r.label()), covered: covered}
	}
	value, err := decode(answer)
	if err != nil {
		return nil, failure(Runtime, "The answer of %s is not JSON: %v.", r.arn, err)
	}
	return value, nil
}

func tooLarge(what string) string {
	return "The state/task '" + what + "' returned a result with a size exceeding the maximum number of bytes service limit."
}

// resource is the ARN of what a task calls, taken apart: one of Step Functions'
// own integrations, or a Lambda function.
// https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
type resource struct {
	arn     string
	service string // "sns"; empty for a function's ARN
	action  string // "publish"
}

func parseResource(arn string) resource {
	r := resource{arn: arn}
	if call, ok := strings.CutPrefix(arn, "arn:aws:states:::"); ok {
		at := strings.LastIndex(call, ":")
		if version := strings.LastIndex(call, ".sync:"); version >= 0 { // "startExecution.sync:2"
			at = strings.LastIndex(call[:version], ":")
		}
		r.service, r.action = call[:max(at, 0)], call[at+1:]
	}
	return r
}

// refused tells why a resource can't be interpreted whatever it does.
func (r resource) refused() string {
	switch {
	case strings.Contains(r.action, ".sync"):
		return unsupported["Resource .sync"]
	case strings.HasSuffix(r.action, ".waitForTaskToken"):
		return unsupported["Resource .waitForTaskToken"]
	case strings.HasPrefix(r.arn, "arn:aws:states:") && strings.Contains(r.arn, ":activity:"):
		return unsupported["Resource arn:aws:states activity"]
	}
	return ""
}

func (r resource) label() string {
	if r.service == "" {
		return r.arn
	}
	return r.service
}
