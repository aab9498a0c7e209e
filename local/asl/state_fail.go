package asl

import "strings"

// fail ends the machine with an error.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html
type fail struct{ name, cause expression }

func loadFail(o *object, s *state) action {
	s.ends = true
	return fail{name: o.message("Error", "ErrorPath"), cause: o.message("Cause", "CausePath")}
}

// message reads a text, or where to find it: a reference path or an intrinsic
// function.
func (o *object) message(field, pathField string) expression {
	text := o.text(field)
	switch {
	case o.has(field) && o.has(pathField):
		o.problem(o.at, "must have only one of %s and %s", field, pathField)
	case !o.has(pathField):
		return literally(text)
	}
	if strings.HasPrefix(o.text(pathField), "$") {
		return o.expressionAt(pathField, reference)
	}
	return o.computed(o.path(pathField), pathField, o.fields[pathField])
}

func (f fail) run(v *visit, input any) (any, string, error) {
	sc := v.scope()
	name, err := f.name(sc, input)
	if err != nil {
		return nil, "", err
	}
	cause, err := f.cause(sc, input)
	if err != nil {
		return nil, "", err
	}
	nameText, ok := name.(string)
	causeText, okCause := cause.(string)
	if !ok || !okCause {
		return nil, "", failure(Runtime, "Error and Cause must be strings, not %s and %s.", typeName(name), typeName(cause))
	}
	return nil, "", &Error{Name: nameText, Cause: causeText}
}
