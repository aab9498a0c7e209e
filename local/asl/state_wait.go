package asl

import (
	"fmt"
	"time"
)

// wait stands still until a time that is known when the state is entered.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html
type wait struct {
	flow
	until func(v *visit, input any) (time.Time, error)
	next  string
}

// longestDelay is how far away a timestamp may be. AWS recorded that 24,855 days
// begin and that 24,856 end the execution; between them lie 2^31 seconds.
const longestDelay = (1<<31 - 1) * time.Second

func loadWait(o *object, s *state) action {
	return wait{flow: loadFlow(o), until: loadUntil(o), next: s.next(o)}
}

func (w wait) run(v *visit, input any) (any, string, error) {
	sc := v.scope()
	effective, err := w.input(sc, input)
	if err != nil {
		return nil, "", err
	}
	if v.until.IsZero() {
		end, err := w.until(v, effective)
		if err != nil {
			return nil, "", err
		}
		if end.Sub(v.clock().Now()) > longestDelay {
			return nil, "", failure(Runtime, "Wait state delay is too long.")
		}
		v.until = end
	}
	if err := v.sleepUntil(v.until); err != nil {
		return nil, "", err
	}
	output, err := w.output(sc, effective)
	return output, w.next, err
}

func loadUntil(o *object) func(v *visit, input any) (time.Time, error) {
	switch o.exactlyOne("Seconds", "SecondsPath", "Timestamp", "TimestampPath") {
	case "Seconds":
		return after(literally(integer(o.count("Seconds", 0, longestWait, 0))))
	case "SecondsPath":
		return after(o.expressionAt("SecondsPath", reference))
	case "Timestamp":
		text := o.text("Timestamp")
		if _, err := parseTime(text); err != nil {
			o.fail("Timestamp", "%v", err)
		}
		return at(literally(text))
	case "TimestampPath":
		return at(o.expressionAt("TimestampPath", reference))
	}
	return nil
}

// after waits for a number of seconds from when the state is entered, or redriven.
func after(seconds expression) func(*visit, any) (time.Time, error) {
	return func(v *visit, input any) (time.Time, error) {
		value, err := seconds(v.scope(), input)
		if err != nil {
			return time.Time{}, err
		}
		d, err := duration("Wait", value, 0)
		return v.clock().Now().Add(d), err
	}
}

func at(timestamp expression) func(*visit, any) (time.Time, error) {
	return func(v *visit, input any) (time.Time, error) {
		value, err := timestamp(v.scope(), input)
		if err != nil {
			return time.Time{}, err
		}
		text, _ := value.(string)
		t, err := parseTime(text)
		if err != nil {
			return t, failure(Runtime, "The wait can't end at %s: %v.", excerpt(value), err)
		}
		return t, nil
	}
}

// duration reads a number of seconds that was found in the data.
func duration(what string, value any, least int64) (time.Duration, error) {
	n, ok := whole(value)
	if !ok || n < least || n > longestWait {
		return 0, failure(Runtime, "%s must be a whole number of seconds from %d to %d, not %s.", what, least, longestWait, excerpt(value))
	}
	return time.Duration(n) * time.Second, nil
}

// parseTime reads the language's timestamps: RFC 3339 with capital T and Z.
func parseTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("%q is no timestamp such as 2026-01-31T12:00:00Z", text)
	}
	return t, nil
}
