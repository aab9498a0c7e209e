package s3event

import (
	"encoding/json"
	"strings"
)

// repeatedName finds a name that stands twice in one object of valid JSON,
// whatever its case: encoding/json folds case and takes the last.
func repeatedName(body string) (name string, twice bool) {
	decoder := json.NewDecoder(strings.NewReader(body))
	var open []*scope
	for {
		token, err := decoder.Token()
		if err != nil { // the end: the JSON is valid
			return "", false
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			open = open[:len(open)-1]
			continue
		}
		if len(open) > 0 {
			if name, twice := open[len(open)-1].take(token); twice {
				return name, true
			}
		}
		switch token {
		case json.Delim('{'):
			open = append(open, &scope{seen: map[string]bool{}})
		case json.Delim('['):
			open = append(open, &scope{})
		}
	}
}

// scope is an open object, or an open array, whose seen is nil.
type scope struct {
	seen  map[string]bool
	value bool // the next token is a value, not a name
}

// take notes a token of the scope itself and tells a name seen before.
func (s *scope) take(token json.Token) (name string, twice bool) {
	if s.seen == nil {
		return "", false
	}
	if s.value = !s.value; !s.value {
		return "", false
	}
	name, _ = token.(string)
	folded := strings.ToLower(strings.ToUpper(name)) // both: one alone misses letters that fold to s and k
	twice = s.seen[folded]
	s.seen[folded] = true
	return name, twice
}
