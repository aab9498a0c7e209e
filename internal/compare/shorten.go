package compare

import (
	"encoding/json"
	"slices"
	"sort"
)

// shorten leaves out the middle of a text that as JSON, quotes included, takes
// more than limit bytes. A limit is at least 5: the quotes and the mark.
func shorten(text string, limit int) string {
	if encoded(text) <= limit {
		return text
	}
	runes := []rune(text)
	without := func(n int) string {
		head := (len(runes) - n + 1) / 2
		return string(slices.Concat(runes[:head], []rune{'…'}, runes[head+n:]))
	}
	fewest := sort.Search(len(runes), func(n int) bool { return encoded(without(n)) <= limit })
	return without(fewest)
}

// encoded is what a text takes as JSON, in bytes.
func encoded(text string) int {
	quoted, err := json.Marshal(text)
	if err != nil { // texts always encode
		return 0
	}
	return len(quoted)
}
