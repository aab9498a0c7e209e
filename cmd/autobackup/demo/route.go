package demo

import (
	"fmt"
	"slices"
	"strings"
)

// longestRound is how many states a repeated round may have.
const longestRound = 6

// route shows a path of states on one line, with repeated rounds counted:
// A → (B → C) × 9 → D.
func route(states []string) string {
	var parts []string
	for len(states) > 0 {
		length, times := round(states)
		part := strings.Join(states[:length], " → ")
		switch {
		case times > 1 && length > 1:
			part = fmt.Sprintf("(%s) × %d", part, times)
		case times > 1:
			part = fmt.Sprintf("%s × %d", part, times)
		}
		parts = append(parts, part)
		states = states[length*times:]
	}
	return strings.Join(parts, " → ")
}

// round is the beginning that repeats most at once; one state, once, where none
// does.
func round(states []string) (length, times int) {
	length, times = 1, 1
	for n := 1; n <= min(longestRound, len(states)/2); n++ {
		m := 1
		for (m+1)*n <= len(states) && slices.Equal(states[:n], states[m*n:(m+1)*n]) {
			m++
		}
		if m > 1 && n*m > length*times {
			length, times = n, m
		}
	}
	return length, times
}
