package template

import (
	"fmt"
	"regexp"
	"strings"
)

// piece is a part of Fn::Sub's text: literal text, or a variable's name.
type piece struct{ literal, variable string }

// variableName is what CloudFormation allows between ${ and }.
var variableName = regexp.MustCompile(`^[A-Za-z0-9_.:]+$`)

// parseSub cuts Fn::Sub's text at its variables. ${!Literal} is the text
// ${Literal}. See
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-sub.html
func parseSub(text string) ([]piece, error) {
	var pieces []piece
	for {
		before, rest, found := strings.Cut(text, "${")
		if before != "" {
			pieces = append(pieces, piece{literal: before})
		}
		if !found {
			return pieces, nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, fmt.Errorf("${%s has no closing brace", name)
		}
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			pieces = append(pieces, piece{literal: "${" + literal + "}"})
		} else if variableName.MatchString(name) {
			pieces = append(pieces, piece{variable: name})
		} else {
			return nil, fmt.Errorf("the variable ${%s} must be letters, digits, underscores, periods and colons only", name)
		}
		text = after
	}
}

// subArguments gives the text and the variables of Fn::Sub's two forms.
func subArguments(n *node) ([]piece, *node, error) {
	text, variables := n, (*node)(nil)
	if _, isList := n.value.([]*node); isList {
		args, err := n.arguments(2, 2)
		if err != nil {
			return nil, nil, err
		}
		text, variables = args[0], args[1]
		if err := variables.mapping(nil, nil); err != nil {
			return nil, nil, err
		}
	}
	written, ok := text.value.(string)
	if !ok {
		return nil, nil, text.errorf("must be text, not %s", kind(text.value))
	}
	pieces, err := parseSub(written)
	if err != nil {
		return nil, nil, text.errorf("%w", err)
	}
	return pieces, variables, nil
}

func sub(s *scope, n *node) (any, error) {
	pieces, variables, err := subArguments(n)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	for _, p := range pieces {
		value, err := s.variable(p, variables, n)
		if err != nil {
			return nil, err
		}
		text.WriteString(value)
	}
	return text.String(), nil
}

// variable gives a piece's text. Fn::Sub's own variables hide other names; a
// name with a period is an attribute.
func (s *scope) variable(p piece, variables, at *node) (string, error) {
	if p.variable == "" {
		return p.literal, nil
	}
	if own := variables.get(p.variable); own != nil {
		return s.text(own)
	}
	var value any
	var err error
	if id, attribute, dotted := strings.Cut(p.variable, "."); dotted {
		value, err = s.attribute(id, attribute, at)
	} else {
		value, err = s.ref(p.variable, at)
	}
	if err != nil {
		return "", err
	}
	text, ok := toText(value)
	if !ok {
		return "", at.errorf("${%s} is %s, and Fn::Sub needs text", p.variable, kind(value))
	}
	return text, nil
}
