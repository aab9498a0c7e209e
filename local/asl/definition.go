package asl

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// object is one JSON object of a definition. It knows where it stands, and
// which of its fields were read: the others are problems.
type object struct {
	*loader
	at     string // "States.Look.Retry[0]"; empty for the definition itself
	kind   string // "Task", "Retry" ...: what Unsupported calls it
	fields map[string]any
	read   map[string]bool
}

// open begins to read an object.
func (l *loader) open(at, kind string, value any) *object {
	fields, ok := value.(map[string]any)
	if !ok {
		l.problem(at, "must be an object, not %s", typeName(value))
	}
	return &object{loader: l, at: at, kind: kind, fields: fields, read: map[string]bool{}}
}

func (o *object) path(field string) string { return strings.TrimPrefix(o.at+"."+field, ".") }

func (o *object) fail(field, format string, args ...any) { o.problem(o.path(field), format, args...) }

// take reads a field.
func (o *object) take(field string) (value any, there bool) {
	o.read[field] = true
	value, there = o.fields[field]
	return value, there
}

func (o *object) has(field string) bool { _, there := o.fields[field]; return there }

// done reports what nobody read.
func (o *object) done() {
	for _, field := range slices.Sorted(maps.Keys(o.fields)) {
		if o.read[field] {
			continue
		}
		if why, known := refused(o.kind, field); known {
			o.fail(field, "not supported: %s", why)
		} else {
			o.fail(field, "there is no such field in %s", o.kind)
		}
	}
}

// text reads a string; "" where it is not there.
func (o *object) text(field string) string {
	value, there := o.take(field)
	text, ok := value.(string)
	if there && !ok {
		o.fail(field, "must be a string, not %s", typeName(value))
	}
	return text
}

// required reads a string that must be there.
func (o *object) required(field string) string {
	text := o.text(field)
	if !o.has(field) {
		o.fail(field, "is missing")
	} else if _, ok := o.fields[field].(string); ok && text == "" {
		o.fail(field, "must not be empty")
	}
	return text
}

// oneOf reads a required string that has one of a few values.
func (o *object) oneOf(field string, values ...string) string {
	text := o.required(field)
	if text != "" && !slices.Contains(values, text) {
		o.fail(field, "must be %s, not '%s'", strings.Join(values, " or "), text)
	}
	return text
}

// count reads a whole number between least and most; otherwise where it is not
// there.
func (o *object) count(field string, least, most, otherwise int64) int64 {
	value, there := o.take(field)
	if !there {
		return otherwise
	}
	n, ok := whole(value)
	if !ok || n < least || n > most {
		o.fail(field, "must be a whole number from %d to %d, not %s", least, most, excerpt(value))
		return otherwise
	}
	return n
}

// factor reads a number of at least 1.
func (o *object) factor(field string, otherwise float64) float64 {
	value, there := o.take(field)
	if !there {
		return otherwise
	}
	n, _ := value.(json.Number)
	f, err := n.Float64()
	if err != nil || f < 1 {
		o.fail(field, "must be a number of at least 1.0, not %s", excerpt(value))
	}
	return f
}

func (o *object) truth(field string) bool {
	value, there := o.take(field)
	yes, ok := value.(bool)
	if there && !ok {
		o.fail(field, "must be true or false, not %s", typeName(value))
	}
	return yes
}

// list reads an array; nil where it is not there.
func (o *object) list(field string) []any {
	value, there := o.take(field)
	list, ok := value.([]any)
	if there && !ok {
		o.fail(field, "must be an array, not %s", typeName(value))
	}
	return list
}

// objects reads an array of objects.
func (o *object) objects(field, kind string) (found []*object) {
	for i, value := range o.list(field) {
		found = append(found, o.open(fmt.Sprintf("%s[%d]", o.path(field), i), kind, value))
	}
	return found
}

// paths a field may hold.
type pathKind string

const (
	anyPath   pathKind = "path"
	reference pathKind = "reference path" // names one value, without wildcards and filters
)

// expressionAt reads a path, and calls it by the field's name.
func (o *object) expressionAt(field string, kind pathKind) expression {
	text := o.required(field)
	if text == "" {
		return same
	}
	p, err := parsePath(text)
	switch {
	case err != nil:
		o.fail(field, "%v", err)
	case kind == reference && !p.definite():
		o.fail(field, "must be a reference path, which names one value: %s can select several", text)
	}
	return p.expression(field)
}

// exactlyOne reports unless one of the fields is there.
func (o *object) exactlyOne(fields ...string) string {
	var there []string
	for _, field := range fields {
		if _, ok := o.take(field); ok {
			there = append(there, field)
		}
	}
	if len(there) == 1 {
		return there[0]
	}
	o.problem(o.at, "must have exactly one of %s", strings.Join(fields, ", "))
	return ""
}
