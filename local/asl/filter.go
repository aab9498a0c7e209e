package asl

import (
	"encoding/json"
	"strings"
)

// test is a filter's condition on one candidate, @.
type test func(root, candidate any) bool

// operand is a side of a comparison; false where a path names nothing.
type operand func(root, candidate any) (any, bool)

func (s *scanner) filter() (part, error) {
	if err := s.expect("("); err != nil {
		return nil, err
	}
	t, err := s.either()
	if err != nil {
		return nil, err
	}
	return filter{t}, s.expect(")")
}

// either reads tests joined by ||, which binds less than &&.
func (s *scanner) either() (test, error) {
	leave, err := s.nest()
	defer leave()
	if err != nil {
		return nil, err
	}
	left, err := s.both()
	for err == nil && s.accept("||") {
		a := left
		var b test
		b, err = s.both()
		left = func(root, c any) bool { return a(root, c) || b(root, c) }
	}
	return left, err
}

func (s *scanner) both() (test, error) {
	left, err := s.single()
	for err == nil && s.accept("&&") {
		a := left
		var b test
		b, err = s.single()
		left = func(root, c any) bool { return a(root, c) && b(root, c) }
	}
	return left, err
}

func (s *scanner) single() (t test, err error) {
	s.spaces()
	defer s.spaces()
	negated := s.accept("!")
	s.spaces()
	if s.accept("(") {
		if t, err = s.either(); err == nil {
			err = s.expect(")")
		}
	} else {
		t, err = s.comparison()
	}
	if negated && err == nil {
		a := t
		t = func(root, c any) bool { return !a(root, c) }
	}
	return t, err
}

// comparisons are tried in this order: the longer before its beginning.
var comparisons = []struct {
	sign string
	fits func(order int) bool
}{
	{"==", func(order int) bool { return order == 0 }},
	{"!=", func(order int) bool { return order != 0 }},
	{"<=", func(order int) bool { return order <= 0 }},
	{">=", func(order int) bool { return order >= 0 }},
	{"<", func(order int) bool { return order < 0 }},
	{">", func(order int) bool { return order > 0 }},
}

// comparison reads `operand sign operand`, or one operand: that it is there.
func (s *scanner) comparison() (test, error) {
	left, err := s.operand()
	if err != nil {
		return nil, err
	}
	s.spaces()
	for _, c := range comparisons {
		if !s.accept(c.sign) {
			continue
		}
		s.spaces()
		right, err := s.operand()
		if err != nil {
			return nil, err
		}
		return compared(left, right, c.sign, c.fits), nil
	}
	if next := s.peek(); next != ')' && next != '&' && next != '|' {
		return nil, s.errorf("%s: filters compare with ==, !=, <, <=, > and >= only", s.unexpected())
	}
	return func(root, c any) bool { _, there := left(root, c); return there }, nil
}

func compared(left, right operand, sign string, fits func(int) bool) test {
	return func(root, candidate any) bool {
		a, thereA := left(root, candidate)
		b, thereB := right(root, candidate)
		if order, ordered := order(a, b); ordered && thereA && thereB {
			return fits(order)
		}
		same := thereA == thereB && equal(a, b)
		return sign == "==" && same || sign == "!=" && !same
	}
}

// order compares two numbers or two strings.
func order(a, b any) (order int, ordered bool) {
	switch a := a.(type) {
	case json.Number:
		if b, ok := b.(json.Number); ok {
			return compareNumbers(a, b), true
		}
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b), true
		}
	}
	return 0, false
}

func (s *scanner) operand() (operand, error) {
	switch c := s.peek(); c {
	case '@', '$':
		s.at++
		parts, err := s.parts()
		p := path{parts: parts}
		return func(root, candidate any) (any, bool) {
			if c == '$' {
				candidate = root
			}
			value, err := p.get(candidate)
			return value, err == nil
		}, err
	case '\'', '"':
		text, err := s.quoted(c)
		return constant(unescape(text, `\'"`)), err
	}
	value, err := s.literal()
	return constant(value), err
}

func constant(value any) operand {
	return func(_, _ any) (any, bool) { return value, true }
}

// literal reads a number, true, false or null.
func (s *scanner) literal() (any, error) {
	from := s.at
	word := s.run(func(r rune) bool {
		return r == '-' || r == '+' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || r == 'E'
	})
	value, err := decode([]byte(word))
	if err != nil {
		s.at = from
		return nil, s.errorf("%s: a path, a quoted string, a number, true, false or null goes here", s.unexpected())
	}
	return value, nil
}
