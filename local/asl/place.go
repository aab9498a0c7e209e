package asl

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// place is a ResultPath: where a result goes in the state's raw input.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultpath.html
type place struct {
	path    path
	discard bool // null: the input goes on as it was
}

var atRoot place

// place reads ResultPath; "$" where it is left out.
func (o *object) place() place {
	const field = "ResultPath"
	value, there := o.take(field)
	if !there {
		return atRoot
	}
	if value == nil {
		return place{discard: true}
	}
	p, err := parsePath(o.required(field))
	switch {
	case err != nil:
		o.fail(field, "%v", err)
	case p.context:
		o.fail(field, "must not begin with $$: the context object can't be written")
	case !p.definite():
		o.fail(field, "must be a reference path, which names one value: %s can select several", p.text)
	}
	return place{path: p}
}

// put answers raw with the result in its place. raw itself is not changed.
func (p place) put(raw, result any) (any, error) {
	if p.discard {
		return raw, nil
	}
	out, err := put(raw, p.path.parts, result)
	if err != nil {
		return nil, failure(ResultPathMatchFailure, "Unable to apply ResultPath '%s' to input '%s': %v.", p.path.text, excerpt(raw), err)
	}
	return out, nil
}

func put(node any, parts []part, result any) (any, error) {
	if len(parts) == 0 {
		return result, nil
	}
	switch at := parts[0].(type) {
	case member:
		object, ok := node.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s has no members", typeName(node))
		}
		child, there := object[string(at)]
		if !there {
			child = map[string]any{}
		}
		child, err := put(child, parts[1:], result)
		if err != nil {
			return nil, err
		}
		out := maps.Clone(object)
		out[string(at)] = child
		return out, nil
	case index:
		found, err := at.pick(nil, node)
		if err != nil {
			return nil, err
		}
		list := slices.Clone(node.([]any))
		i := (int(at) + len(list)) % len(list)
		list[i], err = put(found[0], parts[1:], result)
		return list, err
	}
	return nil, errors.New("it is no reference path")
}
