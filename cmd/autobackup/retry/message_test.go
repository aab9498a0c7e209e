package retry

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAMessageIsRefusedWhereTheQueueWouldNotTakeIt(t *testing.T) {
	q := queue{name: "queue", maximumBytes: 10}
	for body, want := range map[string]string{
		"":            "it has no body",
		"a":           "",
		"0123456789":  "",
		"01234567é":   "",
		"0123456789a": "it has 11 bytes, and queue takes at most 10",
		"012345678é":  "it has 11 bytes, and queue takes at most 10",
	} {
		assert.Equal(t, want, q.refusal(message{Body: body}), body)
	}
}

func TestTheIdOfAMessageThatStaysIsShortAndPrintable(t *testing.T) {
	r := &Report{}
	r.leave("queue", message{ID: "\x1b[2J" + strings.Repeat("i", 500)}, "why")
	assert.Regexp(t, `^[ -~]{1,160}$`, r.Left[0].Message)
	assert.Regexp(t, `^[ -~]{1,160}$`, r.Left[0].Object)
}
