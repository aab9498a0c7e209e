package text_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/text"
)

func TestWhatHoldsThePlaceOfATextIsNone(t *testing.T) {
	for _, s := range []string{"WHY", "why", " <why> ", "[TEXT]", "...", "…"} {
		assert.True(t, text.Placeholder(s), s)
	}
	for _, s := range []string{"", "w", "why not", "ticket 4411"} {
		assert.False(t, text.Placeholder(s), s)
	}
}
