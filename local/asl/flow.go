package asl

// flow is how data passes through a state. Fields that a type does not have, or
// that are left out, hand their input on.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
type flow struct {
	input      expression // InputPath, on the raw input
	parameters expression // Parameters, on what InputPath selected
	selector   expression // ResultSelector, on the result
	place      place      // ResultPath: where the result goes in the raw input
	output     expression // OutputPath, on that
}

func loadFlow(o *object) flow {
	return flow{
		input:      o.filter("InputPath"),
		parameters: same,
		selector:   same,
		place:      atRoot,
		output:     o.filter("OutputPath"),
	}
}

// filter reads InputPath or OutputPath. null selects an empty object.
func (o *object) filter(field string) expression {
	value, there := o.take(field)
	switch {
	case !there:
		return same
	case value == nil:
		return literally(map[string]any{})
	}
	return o.expressionAt(field, anyPath)
}

// payload reads Parameters, ResultSelector or ItemSelector.
func (o *object) payload(field string) expression {
	value, there := o.take(field)
	if !there {
		return same
	}
	if _, ok := value.(map[string]any); !ok && field == "ResultSelector" {
		o.fail(field, "must be an object, not %s", typeName(value))
	}
	return o.template(o.path(field), value)
}

// effective is the input that the state works on.
func (f flow) effective(sc *scope, raw any) (any, error) {
	return then(f.input, f.parameters)(sc, raw)
}

// leave makes the state's output out of its result.
func (f flow) leave(sc *scope, raw, result any) (any, error) {
	result, err := f.selector(sc, result)
	if err != nil {
		return nil, err
	}
	combined, err := f.place.put(raw, result)
	if err != nil {
		return nil, err
	}
	return f.output(sc, combined)
}
