package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// test is one alternative of a leaf, given all values of the field.
type test func(values []any) bool

// anyValue is satisfied by a value that satisfies ok.
func anyValue(ok func(v any) bool) test {
	return func(values []any) bool { return slices.ContainsFunc(values, ok) }
}

func parseTest(path string, v any) (test, error) {
	switch v := v.(type) {
	case map[string]any:
		name, argument, err := single(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		t, err := parseOperator(name, argument)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", path, name, err)
		}
		return t, nil
	case []any:
		return nil, fmt.Errorf("%s: an array within an array is not a value", path)
	default:
		return anyValue(func(got any) bool { return got == v }), nil
	}
}

// operators are the ones that ParsePattern knows.
var operators = []string{"anything-but", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard"}

// single reads an operator: an object with one field.
func single(v map[string]any) (name string, argument any, err error) {
	if len(v) != 1 {
		return "", nil, errors.New("an operator is an object with one field")
	}
	for name, argument = range v {
		if !slices.Contains(operators, name) {
			return "", nil, fmt.Errorf("operator %q is not supported; use one of %s", name, strings.Join(operators, ", "))
		}
	}
	return name, argument, nil
}

func parseOperator(name string, argument any) (test, error) {
	switch name {
	case "exists":
		return exists(argument)
	case "numeric":
		return numeric(argument)
	case "anything-but":
		return anythingBut(argument)
	}
	ok, err := textTest(name, argument)
	if err != nil {
		return nil, err
	}
	return anyValue(onText(ok)), nil
}

func exists(argument any) (test, error) {
	want, ok := argument.(bool)
	if !ok {
		return nil, errors.New("must be true or false")
	}
	return func(values []any) bool { return (len(values) > 0) == want }, nil
}

func onText(ok func(string) bool) func(any) bool {
	return func(v any) bool { s, is := v.(string); return is && ok(s) }
}

// textTest compares text with the argument of a text operator. prefix and
// suffix also take {"equals-ignore-case": text}.
func textTest(name string, argument any) (func(string) bool, error) {
	want, ok := argument.(string)
	fold := false
	if m, isMap := argument.(map[string]any); isMap && len(m) == 1 && (name == "prefix" || name == "suffix") {
		want, ok = m["equals-ignore-case"].(string)
		fold = true
	}
	if !ok {
		return nil, errors.New("must be text")
	}
	switch {
	case name == "wildcard":
		return wildcard(want)
	case name == "equals-ignore-case":
		return func(s string) bool { return strings.EqualFold(s, want) }, nil
	case name == "prefix" && fold:
		return func(s string) bool { return strings.HasPrefix(strings.ToLower(s), strings.ToLower(want)) }, nil
	case name == "suffix" && fold:
		return func(s string) bool { return strings.HasSuffix(strings.ToLower(s), strings.ToLower(want)) }, nil
	case name == "prefix":
		return func(s string) bool { return strings.HasPrefix(s, want) }, nil
	default:
		return func(s string) bool { return strings.HasSuffix(s, want) }, nil
	}
}

// anythingBut matches when some value is none of the excluded ones: text and
// numbers, or what a text operator excludes.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-anything-but
func anythingBut(argument any) (test, error) {
	values := list(argument)
	if len(values) == 0 {
		return nil, errors.New("an empty list excludes nothing")
	}
	excluded := func(v any) bool { return slices.Contains(values, v) }
	if m, ok := argument.(map[string]any); ok {
		var err error
		if excluded, err = excludedText(m); err != nil {
			return nil, err
		}
	} else if slices.ContainsFunc(values, func(v any) bool { return !isText(v) && !isNumber(v) }) {
		return nil, errors.New("must be text, numbers, a list of them, or an operator")
	}
	return anyValue(func(v any) bool { return !excluded(v) }), nil
}

// excludedText is what a text operator with one text or a list of them excludes.
func excludedText(operator map[string]any) (func(any) bool, error) {
	name, argument, err := single(operator)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"prefix", "suffix", "equals-ignore-case", "wildcard"}, name) {
		return nil, fmt.Errorf("operator %q is not supported inside anything-but", name)
	}
	var tests []func(any) bool
	for _, one := range list(argument) {
		ok, err := textTest(name, one)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		tests = append(tests, onText(ok))
	}
	if len(tests) == 0 {
		return nil, fmt.Errorf("%s: an empty list excludes nothing", name)
	}
	return func(v any) bool {
		return slices.ContainsFunc(tests, func(excludes func(any) bool) bool { return excludes(v) })
	}, nil
}

func isText(v any) bool   { _, ok := v.(string); return ok }
func isNumber(v any) bool { _, ok := v.(json.Number); return ok }

func list(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}

// limit of numeric comparisons, in both directions.
const limit = 5e9

// numeric is a list of one or two comparisons: [">", 0, "<=", 5].
func numeric(argument any) (test, error) {
	l, ok := argument.([]any)
	if !ok || len(l) != 2 && len(l) != 4 {
		return nil, errors.New(`must be one or two comparisons, such as [">", 0, "<=", 5]`)
	}
	var all []func(float64) bool
	for i := 0; i < len(l); i += 2 {
		compare, err := comparison(l[i], l[i+1])
		if err != nil {
			return nil, err
		}
		all = append(all, compare)
	}
	return anyValue(func(v any) bool {
		n, isNumber := v.(json.Number)
		x, err := n.Float64()
		return isNumber && err == nil && !slices.ContainsFunc(all, func(c func(float64) bool) bool { return !c(x) })
	}), nil
}

func comparison(operator, operand any) (func(float64) bool, error) {
	n, _ := operand.(json.Number)
	want, err := n.Float64()
	if err != nil || want < -limit || want > limit {
		return nil, fmt.Errorf("%v is not a number from -5e9 to 5e9", operand)
	}
	switch operator {
	case "=":
		return func(x float64) bool { return x == want }, nil
	case "<":
		return func(x float64) bool { return x < want }, nil
	case "<=":
		return func(x float64) bool { return x <= want }, nil
	case ">":
		return func(x float64) bool { return x > want }, nil
	case ">=":
		return func(x float64) bool { return x >= want }, nil
	}
	return nil, fmt.Errorf("%v is not one of =, <, <=, >, >=", operator)
}

// wildcard: * stands for any text; \* and \\ stand for themselves.
func wildcard(pattern string) (func(string) bool, error) {
	parts := []string{""}
	for i := 0; i < len(pattern); i++ {
		last := &parts[len(parts)-1]
		switch pattern[i] {
		case '\\':
			if i++; i == len(pattern) || pattern[i] != '*' && pattern[i] != '\\' {
				return nil, errors.New(`a backslash must stand before * or \`)
			}
			*last += pattern[i : i+1]
		case '*':
			if len(parts) > 1 && *last == "" {
				return nil, errors.New("two wildcards must not stand side by side")
			}
			parts = append(parts, "")
		default:
			*last += pattern[i : i+1]
		}
	}
	return func(s string) bool { return matchParts(s, parts) }, nil
}

// matchParts: the first part begins the text, the last one ends it, and the
// others follow each other in between.
func matchParts(s string, parts []string) bool {
	if len(parts) == 1 {
		return s == parts[0]
	}
	rest, ok := strings.CutPrefix(s, parts[0])
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, p)
		if !ok || i < 0 {
			return false
		}
		rest = rest[i+len(p):]
	}
	return ok && strings.HasSuffix(rest, parts[len(parts)-1])
}
