package template

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parse reads one YAML or JSON document.
func parse(source []byte, file string) (*node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	var document yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s:1: the template is empty", file)
	case err != nil:
		return nil, located(err, file)
	}
	switch err := decoder.Decode(&yaml.Node{}); {
	case err == nil:
		return nil, fmt.Errorf("%s: a template is one YAML document, and here begins a second", file)
	case !errors.Is(err, io.EOF):
		return nil, located(err, file)
	}
	root := document.Content[0]
	return convert(root, position{file: file, line: root.Line})
}

// located puts the parser's line number where all complaints have it.
func located(err error, file string) error {
	if complaint, ok := strings.CutPrefix(err.Error(), "yaml: line "); ok {
		return errors.New(file + ":" + complaint)
	}
	return fmt.Errorf("%s: %w", file, err)
}

// convert turns a YAML node into a node, short forms into mappings.
func convert(y *yaml.Node, at position) (*node, error) {
	name, err := shortForm(y, at)
	if err != nil {
		return nil, err
	}
	if name == "" {
		return plain(y, at)
	}
	inner := at.key(name)
	var value any = y.Value // a short form's scalar is always text
	if y.Kind != yaml.ScalarNode {
		if value, err = content(y, inner); err != nil {
			return nil, err
		}
	}
	return &node{at, []field{{name, &node{inner, value}}}}, nil
}

// plain converts what has no short form's tag.
func plain(y *yaml.Node, at position) (*node, error) {
	tag := y.ShortTag()
	if y.Kind == yaml.MappingNode && tag != "!!map" || y.Kind == yaml.SequenceNode && tag != "!!seq" {
		return nil, at.errorf("the YAML tag %s is not supported", tag)
	}
	value, err := content(y, at)
	return &node{at, value}, err
}

// keyTags are the tags of scalars that can be keys.
var keyTags = []string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp"}

// shortForm gives the function a tag such as !Sub stands for, or "".
func shortForm(y *yaml.Node, at position) (string, error) {
	tag, isShort := strings.CutPrefix(y.Tag, "!")
	if !isShort || strings.HasPrefix(tag, "!") || tag == "" {
		return "", nil
	}
	if !slices.Contains([]string{"Ref", "Condition"}, tag) {
		tag = "Fn::" + tag
	}
	if known := Functions(); !slices.Contains(known, tag) {
		return "", at.errorf("the function %s is not supported here%s", y.Tag, suggest(tag, known))
	}
	return tag, nil
}

func content(y *yaml.Node, at position) (any, error) {
	switch y.Kind {
	case yaml.MappingNode:
		return convertMapping(y, at)
	case yaml.SequenceNode:
		items := make([]*node, 0, len(y.Content))
		for i, item := range y.Content {
			where := at.index(i)
			where.line = item.Line
			converted, err := convert(item, where)
			if err != nil {
				return nil, err
			}
			items = append(items, converted)
		}
		return items, nil
	case yaml.ScalarNode:
		return scalar(y, at)
	default: // CloudFormation knows no aliases either.
		return nil, at.errorf("YAML aliases are not supported: write the value out")
	}
}

func convertMapping(y *yaml.Node, at position) ([]field, error) {
	fields := make([]field, 0, len(y.Content)/2)
	seen := map[string]int{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, where := y.Content[i], at
		where.line = key.Line
		if key.Kind != yaml.ScalarNode || !slices.Contains(keyTags, key.ShortTag()) {
			return nil, where.errorf("a key must be plain text, not %s %s", key.ShortTag(), key.Value)
		}
		if _, isBool := yaml11Bool(key); isBool {
			return nil, where.errorf("the key %s is a boolean in YAML 1.1: put it into quotes", key.Value)
		}
		where = where.key(key.Value)
		if line, twice := seen[key.Value]; twice {
			return nil, where.errorf("the key stands here a second time, after line %d", line)
		}
		seen[key.Value] = key.Line
		value, err := convert(y.Content[i+1], where)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field{key.Value, value})
	}
	return fields, nil
}

// decimal is what every YAML version reads as the same integer.
var decimal = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)$`)

// scalar reads a scalar as YAML 1.1 does, which CloudFormation uses, and
// refuses those that people mean otherwise.
func scalar(y *yaml.Node, at position) (any, error) {
	switch y.ShortTag() {
	case "!!str":
		if value, isBool := yaml11Bool(y); isBool {
			return value, nil
		}
		return y.Value, nil
	case "!!timestamp": // a policy's Version: 2012-10-17
		return y.Value, nil
	case "!!bool":
		return strings.EqualFold(y.Value, "true"), nil
	case "!!int":
		number, err := strconv.Atoi(y.Value)
		if err != nil || !decimal.MatchString(y.Value) {
			return nil, at.errorf("%s is not a plain decimal number: put it into quotes if it is text", y.Value)
		}
		return number, nil
	case "!!float":
		number, err := strconv.ParseFloat(y.Value, 64)
		if err != nil || number-number != 0 || leadingZero.MatchString(y.Value) { // not infinite, no NaN
			return nil, at.errorf("%s is not a plain decimal number: put it into quotes if it is text", y.Value)
		}
		return number, nil
	case "!!null":
		return nil, at.errorf("null is not allowed in a template: leave the key out, or use AWS::NoValue")
	}
	return nil, at.errorf("the YAML tag %s is not supported", y.ShortTag())
}

// leadingZero finds account ids such as 012345678901 without quotes.
var leadingZero = regexp.MustCompile(`^[-+]?0[0-9]`)

func yaml11Bool(y *yaml.Node) (value, isBool bool) {
	if y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) != 0 {
		return false, false
	}
	switch strings.ToLower(y.Value) {
	case "yes", "on":
		return true, true
	case "no", "off":
		return false, true
	}
	return false, false
}
