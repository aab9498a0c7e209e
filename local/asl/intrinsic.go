package asl

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// function is one of the intrinsic functions. most is -1 where any number of
// arguments will do.
// https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
type function struct {
	least, most int
	call        func(sc *scope, args []any) (any, error)
}

var functions = map[string]function{
	"States.Format":         {1, -1, pure(format)},
	"States.StringToJson":   {1, 1, pure(stringToJSON)},
	"States.JsonToString":   {1, 1, pure(jsonToString)},
	"States.Array":          {0, -1, pure(arrayOf)},
	"States.ArrayPartition": {2, 2, pure(arrayPartition)},
	"States.ArrayContains":  {2, 2, pure(arrayContains)},
	"States.ArrayRange":     {3, 3, pure(arrayRange)},
	"States.ArrayGetItem":   {2, 2, pure(arrayGetItem)},
	"States.ArrayLength":    {1, 1, pure(arrayLength)},
	"States.ArrayUnique":    {1, 1, pure(arrayUnique)},
	"States.Base64Encode":   {1, 1, pure(base64Encode)},
	"States.Base64Decode":   {1, 1, pure(base64Decode)},
	"States.Hash":           {2, 2, pure(hashOf)},
	"States.JsonMerge":      {3, 3, pure(jsonMerge)},
	"States.MathAdd":        {2, 2, pure(mathAdd)},
	"States.MathRandom":     {2, 3, mathRandom},
	"States.StringSplit":    {2, 2, pure(stringSplit)},
	"States.UUID":           {0, 0, newUUID},
}

func pure(f func(args []any) (any, error)) func(*scope, []any) (any, error) {
	return func(_ *scope, args []any) (any, error) { return f(args) }
}

func parseIntrinsic(text string) (expression, error) {
	s := &scanner{text: text}
	call, err := s.call()
	if err == nil && s.at < len(text) {
		err = s.errorf("%s", s.unexpected())
	}
	return call, err
}

// call reads States.Name(argument, ...).
func (s *scanner) call() (expression, error) {
	leave, err := s.nest()
	defer leave()
	if err != nil {
		return nil, err
	}
	from := s.at
	name := s.run(func(r rune) bool { return r == '.' || unicode.IsLetter(r) || unicode.IsDigit(r) })
	f, known := functions[name]
	if !known {
		s.at = from
		return nil, s.errorf("a path or one of the intrinsic functions goes here: %s",
			strings.Join(slices.Sorted(maps.Keys(functions)), ", "))
	}
	args, err := s.arguments(name)
	if err != nil {
		return nil, err
	}
	if len(args) < f.least || f.most >= 0 && len(args) > f.most {
		return nil, s.errorf("%s takes %s, not %d", name, f.arity(), len(args))
	}
	return f.expression(s.text[from:s.at], args), nil
}

func (f function) arity() string {
	switch {
	case f.most < 0:
		return fmt.Sprintf("%d or more arguments", f.least)
	case f.most > f.least:
		return fmt.Sprintf("%d or %d arguments", f.least, f.most)
	case f.most == 1:
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", f.most)
}

func (f function) expression(text string, args []expression) expression {
	return func(sc *scope, input any) (_ any, err error) {
		values := make([]any, len(args))
		for i, arg := range args {
			if values[i], err = arg(sc, input); err != nil {
				return nil, err
			}
		}
		out, err := f.call(sc, values)
		if err != nil {
			return nil, failure(IntrinsicFailure, "The function '%s' had the following error: %v.", text, err)
		}
		return out, nil
	}
}

func (s *scanner) arguments(function string) (args []expression, err error) {
	if err := s.expect("("); err != nil {
		return nil, err
	}
	s.spaces()
	for !s.accept(")") {
		if len(args) > 0 {
			if err := s.expect(","); err != nil {
				return nil, err
			}
		}
		s.spaces()
		arg, err := s.argument(function == "States.Format" && len(args) == 0)
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
		s.spaces()
	}
	return args, nil
}

// argument reads a path, a quoted string, a nested call or a literal. The
// template of States.Format keeps its escapes: there, \{ differs from {.
func (s *scanner) argument(template bool) (expression, error) {
	switch s.peek() {
	case '$':
		p, err := s.path()
		return p.expression(p.text), err
	case '\'':
		text, err := s.quoted('\'')
		if err == nil {
			err = s.escapes(text)
		}
		if !template {
			text = unescape(text, `'\{}`)
		}
		return literally(text), err
	case 'S':
		return s.call()
	}
	value, err := s.literal()
	return literally(value), err
}

// escapes refuses a backslash before anything but ' { } and itself.
func (s *scanner) escapes(text string) error {
	rest := strings.NewReplacer(`\'`, "", `\{`, "", `\}`, "", `\\`, "").Replace(text)
	if strings.Contains(rest, `\`) {
		return s.errorf(`a backslash may stand before ', {, } and another backslash only`)
	}
	return nil
}
