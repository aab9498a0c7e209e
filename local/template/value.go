package template

import (
	"fmt"
	"slices"
	"strconv"
)

// noValue is what AWS::NoValue gives: the property or list item that holds it
// is left out.
type noValue struct{}

// toText gives a scalar as CloudFormation writes it into text.
func toText(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case int:
		return strconv.Itoa(v), true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}

// kind names a value's kind for people.
func kind(value any) string {
	switch value.(type) {
	case string:
		return "text"
	case int, float64:
		return "a number"
	case bool:
		return "a boolean"
	case []*node, []any:
		return "a list"
	case []field, map[string]any:
		return "a mapping"
	case noValue:
		return "AWS::NoValue"
	}
	return fmt.Sprintf("%T", value)
}

// suggest names the known word that is nearest to a wrong one, or all of them
// where none is near. Its text ends an error message.
func suggest(wrong string, known []string) string {
	best, distance := "", max(1, len(wrong)/3)+1
	for _, word := range known {
		if d := edits(wrong, word); d < distance {
			best, distance = word, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	if len(known) == 0 {
		return "; there are none"
	}
	return "; known are " + join(known)
}

// join lists names for people, sorted.
func join(names []string) string {
	text := ""
	for i, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		if i > 0 {
			text += ", "
		}
		text += name
	}
	return text
}

// edits is the Levenshtein distance of two words, in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
