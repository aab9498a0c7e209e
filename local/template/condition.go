package template

import (
	"slices"
	"strings"
)

// conditions are the entries of the section Conditions, by name.
type conditions struct {
	section  *node           // loops expanded
	known    map[string]bool // results so far
	underway []string        // names being computed, outermost first
}

// truth computes a condition from its unresolved argument.
type truth func(s *scope, argument *node) (bool, error)

// truthFunctions are the functions that conditions and rules are made of. See
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html
func truthFunctions() map[string]truth {
	return map[string]truth{
		"Condition":            (*scope).conditionNamed,
		"Fn::And":              all,
		"Fn::Contains":         contains,
		"Fn::EachMemberEquals": eachMemberEquals,
		"Fn::EachMemberIn":     eachMemberIn,
		"Fn::Equals":           equals,
		"Fn::Not":              not,
		"Fn::Or":               some,
	}
}

// ruleFunctions work in the section Rules only.
var ruleFunctions = []string{"Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn"}

// holds computes a condition.
func (s *scope) holds(n *node) (bool, error) {
	fields := n.fields()
	if len(fields) != 1 || truthFunctions()[fields[0].key] == nil {
		return false, n.errorf("must be one of the functions Fn::And, Fn::Or, Fn::Not, Fn::Equals and Condition")
	}
	name := fields[0].key
	if slices.Contains(ruleFunctions, name) && !strings.HasPrefix(n.path, "Rules.") {
		return false, n.errorf("%s works in Rules only", name)
	}
	return truthFunctions()[name](s, fields[0].node)
}

// conditionNamed computes the condition that n names.
func (s *scope) conditionNamed(n *node) (bool, error) {
	name, err := n.text()
	if err != nil {
		return false, err
	}
	c := &s.conditions
	if result, ok := c.known[name]; ok {
		return result, nil
	}
	definition := c.section.get(name)
	if definition == nil {
		return false, n.errorf("there is no condition %s%s", name, suggest(name, c.section.names()))
	}
	if i := slices.Index(c.underway, name); i >= 0 {
		return false, n.errorf("circular condition: %s", strings.Join(slices.Concat(c.underway[i:], []string{name}), " -> "))
	}
	c.underway = append(c.underway, name)
	result, err := s.holds(definition)
	c.underway = c.underway[:len(c.underway)-1]
	if err == nil {
		c.known[name] = result
	}
	return result, err
}

// truths computes every argument, so that a mistake in one shows whatever the
// others are.
func (s *scope) truths(n *node, low, high int) ([]bool, error) {
	args, err := n.arguments(low, high)
	results := make([]bool, 0, len(args))
	for _, arg := range args {
		if err != nil {
			break
		}
		var result bool
		result, err = s.holds(arg)
		results = append(results, result)
	}
	return results, err
}

func all(s *scope, n *node) (bool, error) {
	results, err := s.truths(n, 2, 10)
	return !slices.Contains(results, false), err
}

func some(s *scope, n *node) (bool, error) {
	results, err := s.truths(n, 2, 10)
	return slices.Contains(results, true), err
}

func not(s *scope, n *node) (bool, error) {
	results, err := s.truths(n, 1, 1)
	return !slices.Contains(results, true), err
}

func equals(s *scope, n *node) (bool, error) {
	args, err := n.arguments(2, 2)
	if err != nil {
		return false, err
	}
	left, err := s.text(args[0])
	if err != nil {
		return false, err
	}
	right, err := s.text(args[1])
	return left == right, err
}
