package asl

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// template compiles a payload template: Parameters, ResultSelector and
// ItemSelector. Members whose names end in ".$" are computed.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-inputpath-params.html
func (l *loader) template(at string, value any) expression {
	switch value := value.(type) {
	case map[string]any:
		return l.objectTemplate(at, value)
	case []any:
		members := make([]expression, len(value))
		for i, v := range value {
			members[i] = l.template(fmt.Sprintf("%s[%d]", at, i), v)
		}
		return func(sc *scope, input any) (_ any, err error) {
			out := make([]any, len(members))
			for i, member := range members {
				if out[i], err = member(sc, input); err != nil {
					return nil, err
				}
			}
			return out, nil
		}
	}
	return literally(value)
}

func (l *loader) objectTemplate(at string, object map[string]any) expression {
	members := map[string]expression{}
	names := slices.Sorted(maps.Keys(object)) // one order, so that randomness falls the same way each time
	for _, name := range names {
		where := at + "." + name
		target, computed := strings.CutSuffix(name, ".$")
		if !computed {
			members[name] = l.template(where, object[name])
			continue
		}
		if _, twice := object[target]; twice {
			l.problem(where, "stands beside %s: one of the two must go", target)
		}
		members[name] = l.computed(where, name, object[name])
	}
	return func(sc *scope, input any) (any, error) {
		out := make(map[string]any, len(members))
		for _, name := range names {
			value, err := members[name](sc, input)
			if err != nil {
				return nil, err
			}
			out[strings.TrimSuffix(name, ".$")] = value
		}
		return out, nil
	}
}

// computed compiles the value of a member whose name ends in ".$".
func (l *loader) computed(at, field string, value any) expression {
	text, ok := value.(string)
	if !ok {
		l.problem(at, "must be a string: a path or an intrinsic function")
		return same
	}
	e, err := parseExpression(text, field)
	if err != nil {
		l.problem(at, "%v", err)
		return same
	}
	return e
}
