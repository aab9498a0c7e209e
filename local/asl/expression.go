package asl

import (
	"errors"
	"math/rand/v2"
	"strings"
)

// expression computes a value from another one.
type expression func(sc *scope, input any) (any, error)

// scope is what expressions see beside the value they are applied to.
type scope struct {
	context any        // the context object, $$
	random  *rand.Rand // for States.MathRandom and States.UUID
}

// same hands its input on.
func same(_ *scope, input any) (any, error) { return input, nil }

// then applies one expression after the other.
func then(steps ...expression) expression {
	return func(sc *scope, value any) (_ any, err error) {
		for _, step := range steps {
			if value, err = step(sc, value); err != nil {
				return nil, err
			}
		}
		return value, nil
	}
}

// literally answers one value, whatever the input.
func literally(value any) expression {
	return func(*scope, any) (any, error) { return value, nil }
}

// expression applies the path; field is where it stands, for the error.
func (p path) expression(field string) expression {
	return func(sc *scope, input any) (any, error) {
		if p.context {
			input = sc.context
		}
		value, err := p.get(input)
		if errors.As(err, new(absent)) && p.lenient {
			return []any{}, nil
		}
		if err != nil {
			return nil, failure(Runtime, "The JSONPath '%s' specified for the field '%s' could not be found in the input '%s': %v.",
				p.text, field, excerpt(input), err)
		}
		return value, nil
	}
}

// parseExpression reads what the value of a field that ends in ".$" may be: a
// path or an intrinsic function.
func parseExpression(text, field string) (expression, error) {
	if strings.HasPrefix(text, "$") {
		p, err := parsePath(text)
		p.lenient = !p.definite()
		return p.expression(field), err
	}
	return parseIntrinsic(text)
}
