package template

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// function computes a function's value from its unresolved argument.
type function func(s *scope, argument *node) (any, error)

// valueFunctions are the functions that give a property's value. See
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
func valueFunctions() map[string]function {
	return map[string]function{
		"Ref":              ref,
		"Fn::Base64":       encode,
		"Fn::FindInMap":    findInMap,
		"Fn::GetAtt":       getAtt,
		"Fn::If":           choose,
		"Fn::Join":         joinTexts,
		"Fn::Length":       length,
		"Fn::Select":       pick,
		"Fn::Split":        split,
		"Fn::Sub":          sub,
		"Fn::ToJsonString": toJSON,
	}
}

// Functions lists the supported intrinsic functions by their full names,
// sorted: those of values, those of conditions and rules, and Fn::ForEach.
func Functions() []string {
	names := slices.Collect(maps.Keys(valueFunctions()))
	names = slices.AppendSeq(names, maps.Keys(truthFunctions()))
	return slices.Sorted(slices.Values(append(names, "Fn::ForEach")))
}

func ref(s *scope, n *node) (any, error) {
	name, err := s.name(n)
	if err != nil {
		return nil, err
	}
	return s.ref(name, n)
}

// name gives the argument of Ref or a part of Fn::GetAtt's, which
// AWS::LanguageExtensions allows to be a function.
func (s *scope) name(n *node) (string, error) {
	if _, _, isFunction := n.function(); isFunction && s.t.extensions {
		return s.text(n)
	}
	return n.text()
}

func getAtt(s *scope, n *node) (any, error) {
	id, attribute, err := s.getAttArguments(n)
	if err != nil {
		return nil, err
	}
	return s.attribute(id, attribute, n)
}

// getAttArguments reads "Id.Attribute" and [Id, Attribute].
func (s *scope) getAttArguments(n *node) (id, attribute string, err error) {
	if text, ok := n.value.(string); ok {
		id, attribute, ok = strings.Cut(text, ".")
		if !ok {
			err = n.errorf("must be a resource and an attribute, such as Queue.Arn, not %q", text)
		}
		return id, attribute, err
	}
	args, err := n.arguments(2, 2)
	if err != nil {
		return "", "", err
	}
	if id, err = s.name(args[0]); err != nil {
		return "", "", err
	}
	attribute, err = s.text(args[1])
	return id, attribute, err
}

func encode(s *scope, n *node) (any, error) {
	text, err := s.text(n)
	return base64.StdEncoding.EncodeToString([]byte(text)), err
}

func joinTexts(s *scope, n *node) (any, error) {
	args, err := n.arguments(2, 2)
	if err != nil {
		return nil, err
	}
	delimiter, err := args[0].text()
	if err != nil {
		return nil, err
	}
	texts, err := s.texts(args[1])
	return strings.Join(texts, delimiter), err
}

func split(s *scope, n *node) (any, error) {
	args, err := n.arguments(2, 2)
	if err != nil {
		return nil, err
	}
	delimiter, err := args[0].text()
	if err != nil {
		return nil, err
	}
	if delimiter == "" {
		return nil, args[0].errorf("the delimiter must not be empty")
	}
	text, err := s.text(args[1])
	if err != nil {
		return nil, err
	}
	var list []any
	for part := range strings.SplitSeq(text, delimiter) {
		list = append(list, part)
	}
	return list, nil
}

func pick(s *scope, n *node) (any, error) {
	args, err := n.arguments(2, 2)
	if err != nil {
		return nil, err
	}
	text, err := s.text(args[0])
	if err != nil {
		return nil, err
	}
	list, err := s.list(args[1])
	if err != nil {
		return nil, err
	}
	index, err := strconv.Atoi(text)
	if err != nil || index < 0 || index >= len(list) {
		return nil, n.errorf("there is no item %s in a list of %d, counted from 0", text, len(list))
	}
	return list[index], nil
}

func length(s *scope, n *node) (any, error) {
	list, err := s.list(n)
	return len(list), err
}

func toJSON(s *scope, n *node) (any, error) {
	value, err := s.eval(n)
	if err != nil {
		return nil, err
	}
	switch value.(type) {
	case []any, map[string]any:
	default:
		return nil, n.errorf("must be a mapping or a list, not %s", kind(value))
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err = encoder.Encode(value)
	return strings.TrimSuffix(text.String(), "\n"), err
}

func choose(s *scope, n *node) (any, error) {
	args, err := n.arguments(3, 3)
	if err != nil {
		return nil, err
	}
	holds, err := s.conditionNamed(args[0])
	if err != nil {
		return nil, err
	}
	if holds {
		return s.eval(args[1])
	}
	return s.eval(args[2])
}
