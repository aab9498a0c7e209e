package s3event

import (
	"encoding/json"
	"strings"
)

// repeatedName finds a name that stands twice in one object of valid JSON,
// whatever its case: encoding/json folds case and takes the last. It scans by
// itself because json.Decoder's tokens took most of the time of Parse.
func repeatedName(body string) (name string, twice bool) {
	var open []map[string]bool // of each open object, the names seen
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{':
			open = append(open, map[string]bool{})
		case '}':
			open = open[:len(open)-1]
		case '"':
			text := quotedText(body[i:])
			i += len(text) - 1
			if !strings.HasPrefix(strings.TrimLeft(body[i+1:], " \t\r\n"), ":") {
				continue // a value
			}
			name := unquote(text)
			folded := strings.ToLower(strings.ToUpper(name)) // both: one alone misses letters that fold to s and k
			seen := open[len(open)-1]
			if seen[folded] {
				return name, true
			}
			seen[folded] = true
		}
	}
	return "", false
}

// quotedText is the string of JSON that body begins with, quotes included.
func quotedText(body string) string {
	for i := 1; i < len(body); i++ {
		switch body[i] {
		case '\\':
			i++
		case '"':
			return body[:i+1]
		}
	}
	return body
}

func unquote(text string) (name string) {
	if !strings.Contains(text, `\`) {
		return text[1 : len(text)-1]
	}
	_ = json.Unmarshal([]byte(text), &name) // the JSON is valid
	return name
}
