package asl

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// get applies the path to a value. Where a definite path, or the definite
// beginning of another, names nothing, that is an error; behind the first
// indefinite step, what does not match is left out.
func (p path) get(root any) (any, error) {
	nodes, definite := []any{root}, true
	for _, step := range p.parts {
		var next []any
		for _, node := range nodes {
			found, err := step.pick(root, node)
			if err != nil && definite {
				return nil, err
			}
			next = append(next, found...)
		}
		nodes, definite = next, definite && singular(step)
	}
	if definite {
		return nodes[0], nil
	}
	return append([]any{}, nodes...), nil
}

// absent is the name of a member that an object lacks.
type absent string

func (a absent) Error() string { return "there is no member '" + string(a) + "'" }

func (m member) pick(_, node any) ([]any, error) {
	object, ok := node.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s has no member '%s'", typeName(node), string(m))
	}
	value, ok := object[string(m)]
	if !ok {
		return nil, absent(m)
	}
	return []any{value}, nil
}

func (i index) pick(_, node any) ([]any, error) {
	list, err := array(node)
	if err != nil {
		return nil, err
	}
	at := int(i)
	if at < 0 {
		at += len(list)
	}
	if at < 0 || at >= len(list) {
		return nil, fmt.Errorf("index %d is outside an array of %d", int(i), len(list))
	}
	return []any{list[at]}, nil
}

func (wildcard) pick(_, node any) ([]any, error) { return children(node), nil }

func (descent) pick(_, node any) ([]any, error) { return below(node), nil }

func (l indexes) pick(root, node any) (found []any, err error) {
	if _, err := array(node); err != nil {
		return nil, err
	}
	for _, i := range l {
		one, _ := index(i).pick(root, node) // outside of the array: left out
		found = append(found, one...)
	}
	return found, nil
}

func (s slice) pick(_, node any) ([]any, error) {
	list, err := array(node)
	if err != nil {
		return nil, err
	}
	at := func(bound *int, otherwise int) int {
		if bound == nil {
			return otherwise
		}
		n := *bound
		if n < 0 {
			n += len(list)
		}
		return min(max(n, 0), len(list))
	}
	from, to := at(s.from, 0), at(s.to, len(list))
	return list[min(from, to):to], nil
}

// A filter tests the members of an array, or an object itself.
func (f filter) pick(root, node any) (found []any, err error) {
	candidates, ok := node.([]any)
	if _, object := node.(map[string]any); object {
		candidates, ok = []any{node}, true
	}
	if !ok {
		return nil, fmt.Errorf("%s can't be filtered", typeName(node))
	}
	for _, candidate := range candidates {
		if f.test(root, candidate) {
			found = append(found, candidate)
		}
	}
	return found, nil
}

func array(node any) ([]any, error) {
	list, ok := node.([]any)
	if !ok {
		return nil, errors.New(typeName(node) + " has no index")
	}
	return list, nil
}

// children are the members of an array or object; an object's in the order of
// their names.
func children(node any) []any {
	switch node := node.(type) {
	case []any:
		return node
	case map[string]any:
		found := make([]any, 0, len(node))
		for _, name := range slices.Sorted(maps.Keys(node)) {
			found = append(found, node[name])
		}
		return found
	}
	return nil
}

// below is a node and everything in it, each before what it contains.
func below(node any) []any {
	found := []any{node}
	for _, child := range children(node) {
		found = append(found, below(child)...)
	}
	return found
}
