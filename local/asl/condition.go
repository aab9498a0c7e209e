package asl

import (
	"slices"
	"strings"
)

// condition is what a choice rule asks of its state's input.
type condition func(sc *scope, input any) (bool, error)

// condition reads And, Or, Not, or Variable with one operator.
func (o *object) condition() condition {
	var there []string
	for _, name := range append([]string{"And", "Or", "Not"}, operatorNames()...) {
		if _, ok := o.take(name); ok {
			there = append(there, name)
		}
	}
	if len(there) != 1 {
		o.problem(o.at, "must have exactly one operator (And, Or, Not or a comparison), not %d", len(there))
		o.take("Variable")
		return nil
	}
	switch there[0] {
	case "And":
		return o.every(true)
	case "Or":
		return o.every(false)
	case "Not":
		return o.not()
	}
	return o.comparison(there[0])
}

// every is And; with wanted false it is Or: both stop at the first answer that
// decides.
func (o *object) every(wanted bool) condition {
	field := map[bool]string{true: "And", false: "Or"}[wanted]
	var parts []condition
	for _, part := range o.objects(field, "a condition") {
		parts = append(parts, part.nested())
	}
	if len(parts) == 0 {
		o.fail(field, "must have at least one condition")
	}
	return func(sc *scope, input any) (bool, error) {
		for _, part := range parts {
			if fits, err := part(sc, input); err != nil || fits != wanted {
				return fits, err
			}
		}
		return wanted, nil
	}
}

func (o *object) not() condition {
	value, _ := o.take("Not")
	part := o.open(o.path("Not"), "a condition", value).nested()
	return func(sc *scope, input any) (bool, error) {
		fits, err := part(sc, input)
		return !fits, err
	}
}

func (o *object) nested() condition {
	o.text("Comment")
	c := o.condition()
	o.done()
	return c
}

// comparison reads Variable and an operator's value.
func (o *object) comparison(name string) condition {
	variable := o.expressionAt("Variable", reference)
	if name == "IsPresent" {
		wanted := o.truth(name)
		return func(sc *scope, input any) (bool, error) {
			_, err := variable(sc, input)
			return (err == nil) == wanted, nil
		}
	}
	test, value := o.operator(name)
	return func(sc *scope, input any) (bool, error) {
		left, err := variable(sc, input)
		if err != nil {
			return false, err
		}
		right, err := value(sc, input)
		if err != nil {
			return false, err
		}
		return test(left, right), nil
	}
}

// operator gives an operator's test and what it compares with.
func (o *object) operator(name string) (comparator, expression) {
	base, byPath := strings.CutSuffix(name, "Path")
	op := operators[base]
	if byPath {
		return op.test, o.expressionAt(name, reference)
	}
	value, _ := o.take(name)
	if !op.fits(value) {
		o.fail(name, "must be %s, not %s", op.wants, excerpt(value))
	}
	return op.test, literally(value)
}

func operatorNames() []string {
	names := []string{"IsPresent"}
	for name, op := range operators {
		names = append(names, name)
		if op.path {
			names = append(names, name+"Path")
		}
	}
	return slices.Sorted(slices.Values(names))
}
