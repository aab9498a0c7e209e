package asl

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// doubles reports names that stand twice in one object: JSON readers keep one
// of the two without a word.
func (l *loader) doubles(definition []byte) {
	dec := json.NewDecoder(bytes.NewReader(definition))
	dec.UseNumber()
	l.walk(dec, "")
}

func (l *loader) walk(dec *json.Decoder, at string) {
	token, err := dec.Token()
	delim, compound := token.(json.Delim)
	if err != nil || !compound {
		return
	}
	seen := map[string]bool{}
	for i := 0; dec.More(); i++ {
		if delim == '[' {
			l.walk(dec, at+"["+strconv.Itoa(i)+"]")
			continue
		}
		token, err := dec.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return
		}
		below := strings.TrimPrefix(at+"."+name, ".")
		if seen[name] {
			l.problem(below, "stands there twice")
		}
		seen[name] = true
		l.walk(dec, below)
	}
	_, _ = dec.Token() // the closing bracket: the whole text was found to be JSON before
}
