package asl

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanner reads the text of a path or an intrinsic function.
type scanner struct {
	text  string
	at    int // bytes read so far
	depth int // of what is being read: filters and functions nest
}

// deepest is how far filters and intrinsic functions may nest.
const deepest = 10

func (s *scanner) rest() string { return s.text[s.at:] }

// peek is the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.at == len(s.text) {
		return 0
	}
	return s.text[s.at]
}

func (s *scanner) accept(token string) bool {
	if !strings.HasPrefix(s.rest(), token) {
		return false
	}
	s.at += len(token)
	return true
}

func (s *scanner) expect(token string) error {
	if !s.accept(token) {
		return s.errorf("%q is missing", token)
	}
	return nil
}

func (s *scanner) spaces() {
	s.at = len(s.text) - len(strings.TrimLeftFunc(s.rest(), unicode.IsSpace))
}

// run reads the runes that fit.
func (s *scanner) run(fits func(rune) bool) string {
	from := s.at
	for s.at < len(s.text) {
		r, size := utf8.DecodeRuneInString(s.rest())
		if !fits(r) {
			break
		}
		s.at += size
	}
	return s.text[from:s.at]
}

// quoted reads up to the closing quote. It leaves escapes as they are.
func (s *scanner) quoted(quote byte) (string, error) {
	from := s.at + 1
	for i := from; i < len(s.text); i++ {
		switch s.text[i] {
		case '\\':
			i++
		case quote:
			s.at = i + 1
			return s.text[from:i], nil
		}
	}
	return "", s.errorf("the string that begins here does not end")
}

// nest counts a level of nesting until leave is called.
func (s *scanner) nest() (leave func(), err error) {
	s.depth++
	if s.depth > deepest {
		err = s.errorf("nested more than %d deep", deepest)
	}
	return func() { s.depth-- }, err
}

func (s *scanner) errorf(format string, args ...any) error {
	return fmt.Errorf("%s: at character %d: %s", s.text,
		utf8.RuneCountInString(s.text[:s.at])+1, fmt.Sprintf(format, args...))
}

// unescape drops the backslash in front of each character in special.
func unescape(text, special string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && strings.IndexByte(special, text[i+1]) >= 0 {
			i++
		}
		out.WriteByte(text[i])
	}
	return out.String()
}
