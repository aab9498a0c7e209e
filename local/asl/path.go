package asl

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Paths are read here and not by github.com/ohler55/ojg/jp, which was tried
// (v1.28.5): its wildcards visit an object's members in random order, its
// filters do not compare a json.Number, it refuses names with a hyphen, it does
// not tell which step of a definite path found nothing, and it accepts
// functions that the service does not have.

// path is a parsed JSONPath. A definite one names one value; an indefinite one
// (wildcard, slice, list of indexes, filter, "..") selects a list.
type path struct {
	text    string
	context bool // begins with $$: applies to the context object
	// lenient says that a missing member in the path's beginning is no error:
	// the path then selects nothing. AWS recorded so for indefinite paths in
	// Parameters: "$.items[*]" and "$.item.items[1:]" of {} are [].
	lenient bool
	parts   []part
}

// part is one step of a path.
type part interface {
	// pick gives what the step selects from node, or why it can't be applied.
	pick(root, node any) ([]any, error)
}

type (
	member   string // .name
	index    int    // [n], from the end where negative
	wildcard struct{}
	descent  struct{}                // ..: the node and all below it
	indexes  []int                   // [n,m]
	slice    struct{ from, to *int } // [from:to]
	filter   struct{ test test }     // [?(...)]
)

func parsePath(text string) (path, error) {
	s := &scanner{text: text}
	p, err := s.path()
	if err == nil && s.at < len(text) {
		err = s.errorf("%s", s.unexpected())
	}
	return p, err
}

// path reads a path up to the first character that can't be part of it.
func (s *scanner) path() (path, error) {
	from := s.at
	if err := s.expect("$"); err != nil {
		return path{}, err
	}
	p := path{context: s.accept("$")}
	parts, err := s.parts()
	p.parts, p.text = parts, s.text[from:s.at]
	if err == nil {
		err = p.inContext()
	}
	return p, err
}

func (s *scanner) parts() (parts []part, err error) {
	for {
		var next part
		switch {
		case s.accept(".."):
			parts = append(parts, descent{})
			if s.peek() == '[' {
				continue
			}
			next, err = s.name()
		case s.accept("."):
			next, err = s.name()
		case s.accept("["):
			next, err = s.bracket()
		case s.peek() == '(':
			return nil, s.errorf("functions such as length() are not part of the language's paths")
		default:
			return parts, nil
		}
		if err != nil {
			return nil, err
		}
		parts = append(parts, next)
	}
}

func (s *scanner) name() (part, error) {
	if s.accept("*") {
		return wildcard{}, nil
	}
	name := s.run(func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-:", r)
	})
	if name == "" {
		return nil, s.errorf("a name is missing; other than letters, digits, _, - and : go into ['...']")
	}
	return member(name), nil
}

func (s *scanner) bracket() (p part, err error) {
	s.spaces()
	switch c := s.peek(); {
	case s.accept("*"):
		p = wildcard{}
	case s.accept("?"):
		p, err = s.filter()
	case c == '\'' || c == '"':
		var name string
		name, err = s.quoted(c)
		// A backslash before the other kind of quote stays, as AWS recorded.
		p = member(unescape(name, `\`+string(c)))
	default:
		p, err = s.numbers()
	}
	if err != nil {
		return nil, err
	}
	s.spaces()
	if s.peek() == ',' {
		return nil, s.errorf("lists of names are not supported: select the whole object, or one name at a time")
	}
	return p, s.expect("]")
}

// numbers reads what may stand in brackets without quotes: n, n,m or n:m.
func (s *scanner) numbers() (part, error) {
	if s.peek() == '(' {
		return nil, s.errorf("script expressions are not supported: only filters, [?(...)]")
	}
	first, err := s.integer()
	if err != nil {
		return nil, err
	}
	if s.accept(":") {
		last, err := s.integer()
		if err == nil && s.peek() == ':' {
			err = s.errorf("slices with a step are not supported")
		}
		return slice{first, last}, err
	}
	list := []*int{first}
	for s.accept(",") {
		next, err := s.integer()
		if err != nil {
			return nil, err
		}
		list = append(list, next)
	}
	if slices.Contains(list, nil) {
		return nil, s.errorf("%s: an index, a quoted name, * or ?(...) goes here", s.unexpected())
	}
	if len(list) == 1 {
		return index(*first), nil
	}
	all := make(indexes, len(list))
	for i, n := range list {
		all[i] = *n
	}
	return all, nil
}

// integer reads an optional whole number.
func (s *scanner) integer() (*int, error) {
	s.spaces()
	digits := s.run(func(r rune) bool { return r == '-' || '0' <= r && r <= '9' })
	s.spaces()
	if digits == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return nil, s.errorf("%s is no index", digits)
	}
	return &n, nil
}

func (s *scanner) unexpected() string {
	if s.at == len(s.text) {
		return "unexpected end"
	}
	return "unexpected " + strconv.QuoteRune([]rune(s.rest())[0])
}

// definite tells whether the path names one value at most.
func (p path) definite() bool {
	return !slices.ContainsFunc(p.parts, func(p part) bool { return !singular(p) })
}

// singular tells whether a step selects one value at most.
func singular(p part) bool {
	switch p.(type) {
	case member, index:
		return true
	}
	return false
}
