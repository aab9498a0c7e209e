package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Pattern is an event pattern: every field of a pattern object must match, a
// leaf matches with any of its alternatives, and an array in the event matches
// with any of its elements. Objects inside an array are matched one by one, so
// that two fields match in the same element.
//
// Alternatives are text, numbers (compared as written, as EventBridge does:
// 300 is not 3e2), true, false, null, and the operators prefix, suffix,
// equals-ignore-case, wildcard, numeric, exists and anything-but; $or holds
// alternative objects. Everything else is refused at load with its path.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
type Pattern struct{ root object }

// matcher matches a field of an event. A field that isn't there has no values.
type matcher interface{ match(values []any) bool }

// object is a pattern object. or holds the alternatives of each $or in it.
type object struct {
	fields map[string]matcher
	or     [][]object
}

// leaf is the alternatives of a field.
type leaf []test

// ParsePattern loads a pattern. Its errors name the place: $.detail.key[0].
func ParsePattern(text []byte) (*Pattern, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var raw any
	if err := d.Decode(&raw); err != nil {
		return nil, fmt.Errorf("event pattern: not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("event pattern: not one JSON value")
	}
	fields, ok := raw.(map[string]any)
	if !ok {
		return nil, errors.New("event pattern: $: must be an object")
	}
	root, err := parseObject("$", fields)
	if err != nil {
		return nil, fmt.Errorf("event pattern: %w", err)
	}
	return &Pattern{root}, nil
}

func parseObject(path string, fields map[string]any) (object, error) {
	o := object{fields: map[string]matcher{}}
	if len(fields) == 0 {
		return o, fmt.Errorf("%s: an empty object matches nothing; name a field", path)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		at := path + "." + name
		var err error
		switch v := fields[name].(type) {
		case map[string]any:
			o.fields[name], err = parseObject(at, v)
		case []any:
			if name == "$or" {
				err = o.addOr(at, v)
			} else {
				o.fields[name], err = parseLeaf(at, v)
			}
		default:
			err = fmt.Errorf("%s: must be an object or an array", at)
		}
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

func (o *object) addOr(path string, alternatives []any) error {
	if len(alternatives) < 2 {
		return fmt.Errorf("%s: needs two alternatives or more", path)
	}
	var or []object
	for i, a := range alternatives {
		at := fmt.Sprintf("%s[%d]", path, i)
		fields, ok := a.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: must be an object", at)
		}
		parsed, err := parseObject(at, fields)
		if err != nil {
			return err
		}
		or = append(or, parsed)
	}
	o.or = append(o.or, or)
	return nil
}

func parseLeaf(path string, alternatives []any) (leaf, error) {
	if len(alternatives) == 0 {
		return nil, fmt.Errorf("%s: an empty array matches nothing; name a value", path)
	}
	var l leaf
	for i, a := range alternatives {
		t, err := parseTest(fmt.Sprintf("%s[%d]", path, i), a)
		if err != nil {
			return nil, err
		}
		l = append(l, t)
	}
	return l, nil
}

// Matches tells whether the pattern matches an event, a JSON object.
func (p *Pattern) Matches(event []byte) (bool, error) {
	decoded, err := decodeEvent(event)
	if err != nil {
		return false, err
	}
	return p.matches(decoded), nil
}

func (p *Pattern) matches(event map[string]any) bool { return p.root.matchFields(event) }

// match: where no object is there, the fields are absent, which exists: false
// still matches.
func (o object) match(values []any) bool {
	objects := slices.DeleteFunc(flatten(values), func(v any) bool { _, ok := v.(map[string]any); return !ok })
	if len(objects) == 0 {
		return o.matchFields(nil)
	}
	return slices.ContainsFunc(objects, func(v any) bool { return o.matchFields(v.(map[string]any)) })
}

func (o object) matchFields(event map[string]any) bool {
	for name, m := range o.fields {
		var values []any
		if v, ok := event[name]; ok {
			values = []any{v}
		}
		if !m.match(values) {
			return false
		}
	}
	for _, alternatives := range o.or {
		if !slices.ContainsFunc(alternatives, func(a object) bool { return a.matchFields(event) }) {
			return false
		}
	}
	return true
}

// match: only what is no object counts as a value of a leaf.
func (l leaf) match(values []any) bool {
	scalars := slices.DeleteFunc(flatten(values), func(v any) bool { _, ok := v.(map[string]any); return ok })
	return slices.ContainsFunc(l, func(t test) bool { return t(scalars) })
}

// flatten replaces arrays by their elements, arrays within arrays too.
func flatten(values []any) []any {
	var flat []any
	for _, v := range values {
		if inner, ok := v.([]any); ok {
			flat = append(flat, flatten(inner)...)
		} else {
			flat = append(flat, v)
		}
	}
	return flat
}
