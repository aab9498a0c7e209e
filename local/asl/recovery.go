package asl

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// recovery is a state's Retry and Catch.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
type recovery struct {
	retriers []retrier
	catchers []catcher
}

type retrier struct {
	errorEquals []string
	interval    time.Duration
	most        int // attempts after the first
	rate        float64
	cap         time.Duration // 0 for none
	jitter      bool
}

type catcher struct {
	errorEquals []string
	place       place
	next        string
}

func loadRecovery(o *object, s *state) (r recovery) {
	const day = 86_400
	retry := o.objects("Retry", "a retrier")
	for i, item := range retry {
		interval := item.count("IntervalSeconds", 1, longestWait, 1)
		cap := item.count("MaxDelaySeconds", 1, 365*day, 0)
		if cap > 0 && cap <= interval {
			item.fail("MaxDelaySeconds", "must be greater than IntervalSeconds, which is %d", interval)
		}
		r.retriers = append(r.retriers, retrier{
			errorEquals: item.errorEquals(i == len(retry)-1),
			interval:    time.Duration(interval) * time.Second,
			most:        int(item.count("MaxAttempts", 0, longestWait, 3)),
			rate:        item.factor("BackoffRate", 2),
			cap:         time.Duration(cap) * time.Second,
			jitter:      item.jitter(),
		})
		item.text("Comment")
		item.done()
	}
	items := o.objects("Catch", "a catcher")
	for i, item := range items {
		r.catchers = append(r.catchers, catcher{
			errorEquals: item.errorEquals(i == len(items)-1),
			place:       item.place(),
			next:        s.target(item, "Next"),
		})
		item.text("Comment")
		item.done()
	}
	return r
}

func (o *object) jitter() bool {
	strategy := o.text("JitterStrategy")
	if o.has("JitterStrategy") && strategy != "FULL" && strategy != "NONE" {
		o.fail("JitterStrategy", "must be FULL or NONE, not '%s'", strategy)
	}
	return strategy == "FULL"
}

// errorEquals reads a list of error names. States.ALL stands alone, and last.
func (o *object) errorEquals(last bool) (names []string) {
	const field = "ErrorEquals"
	for _, value := range o.list(field) {
		name, ok := value.(string)
		if !ok {
			o.fail(field, "must hold error names, not %s", typeName(value))
		}
		o.errorName(name)
		names = append(names, name)
	}
	switch all := slices.Contains(names, All); {
	case len(names) == 0:
		o.fail(field, "must have at least one error name")
	case all && len(names) > 1:
		o.fail(field, "States.ALL must stand alone")
	case all && !last:
		o.fail(field, "States.ALL must come last: what follows is never used")
	}
	return names
}

// stateErrors are the names that begin with States. and can be matched.
var stateErrors = []string{All, "States.BranchFailed", DataLimitExceeded, ExceedToleratedFailure,
	"States.HeartbeatTimeout", "States.Http.Socket", IntrinsicFailure, ItemReaderFailed, NoChoiceMatched, "States.ParameterPathFailure",
	"States.Permissions", ResultPathMatchFailure, ResultWriterFailed, TaskFailed, Timeout}

func (o *object) errorName(name string) {
	switch {
	case name == Runtime:
		o.fail("ErrorEquals", "States.Runtime can't be retried or caught: it always ends the execution")
	case strings.HasPrefix(name, "States.") && !slices.Contains(stateErrors, name):
		o.fail("ErrorEquals", "there is no error '%s': names that begin with States. are the language's own", name)
	}
}

// delay is how long to wait before attempt n, counted from 1.
func (r retrier) delay(n int, random *rand.Rand) time.Duration {
	d := float64(r.interval) * math.Pow(r.rate, float64(n-1))
	if r.cap > 0 {
		d = min(d, float64(r.cap))
	}
	d = min(d, longestWait*float64(time.Second))
	if r.jitter {
		d *= random.Float64()
	}
	return time.Duration(d)
}

// catch finds the catcher for the error and makes the state's output.
func (r recovery) catch(e *Error, raw any) (output any, next string, err error) {
	for _, c := range r.catchers {
		if e.matches(c.errorEquals) {
			output, err = c.place.put(raw, map[string]any{"Error": e.Name, "Cause": e.Cause})
			return output, c.next, err
		}
	}
	return nil, "", e
}
