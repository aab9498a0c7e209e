package asl

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

// comparator compares the variable with the operator's value. Values of other
// types than the operator's own never fit.
type comparator func(variable, value any) bool

// operator is one of the data-test operators.
// https://states-language.net/spec.html#data-test-expression
type operator struct {
	wants string // what the value must be
	fits  func(value any) bool
	test  comparator
	path  bool // the operator also comes with a path to the value
}

var operators = allOperators()

func allOperators() map[string]operator {
	all := map[string]operator{
		"BooleanEquals": {"true or false", is[bool], func(a, b any) bool { return is[bool](a) && a == b }, true},
		"StringMatches": {"a string", is[string], matchesPattern, false},
		"IsNull":        typeTest(func(v any) bool { return v == nil }),
		"IsString":      typeTest(is[string]),
		"IsNumeric":     typeTest(is[json.Number]),
		"IsBoolean":     typeTest(is[bool]),
		"IsTimestamp":   typeTest(func(v any) bool { _, ok := timeOf(v); return ok }),
	}
	for suffix, fits := range map[string]func(order int) bool{
		"Equals":            func(order int) bool { return order == 0 },
		"LessThan":          func(order int) bool { return order < 0 },
		"GreaterThan":       func(order int) bool { return order > 0 },
		"LessThanEquals":    func(order int) bool { return order <= 0 },
		"GreaterThanEquals": func(order int) bool { return order >= 0 },
	} {
		all["String"+suffix] = operator{"a string", is[string], ordered(textOf, cmp.Compare[string], fits), true}
		all["Numeric"+suffix] = operator{"a number", is[json.Number], ordered(numberOf, compareNumbers, fits), true}
		all["Timestamp"+suffix] = operator{"a timestamp such as 2026-01-31T12:00:00Z", func(v any) bool { _, ok := timeOf(v); return ok },
			ordered(timeOf, time.Time.Compare, fits), true}
	}
	return all
}

func is[T any](value any) bool { _, ok := value.(T); return ok }

func textOf(v any) (string, bool)        { text, ok := v.(string); return text, ok }
func numberOf(v any) (json.Number, bool) { n, ok := v.(json.Number); return n, ok }

func timeOf(v any) (time.Time, bool) {
	text, _ := v.(string)
	t, err := parseTime(text)
	return t, err == nil
}

// ordered compares two values of one type.
func ordered[T any](read func(any) (T, bool), order func(a, b T) int, fits func(int) bool) comparator {
	return func(variable, value any) bool {
		a, okA := read(variable)
		b, okB := read(value)
		return okA && okB && fits(order(a, b))
	}
}

// typeTest asks whether the variable is of a type, or is not.
func typeTest(holds func(any) bool) operator {
	return operator{"true or false", is[bool], func(variable, wanted any) bool { return holds(variable) == wanted }, false}
}

// matchesPattern knows * for any characters, and \* and \\ for themselves.
func matchesPattern(variable, value any) bool {
	text, ok := variable.(string)
	pattern, isText := value.(string)
	return ok && isText && glob(literals(pattern), text)
}

// literals are the parts of a pattern between its stars.
func literals(pattern string) []string {
	parts := []string{""}
	for i := 0; i < len(pattern); i++ {
		if pattern[i] == '*' {
			parts = append(parts, "")
			continue
		}
		if pattern[i] == '\\' && i+1 < len(pattern) {
			i++
		}
		parts[len(parts)-1] += pattern[i : i+1]
	}
	return parts
}

// glob finds the parts in turn: the first at the beginning, the last at the end.
func glob(parts []string, text string) bool {
	last := len(parts) - 1
	if last == 0 {
		return text == parts[0]
	}
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1:last] {
		if _, text, ok = strings.Cut(text, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(text, parts[last])
}
