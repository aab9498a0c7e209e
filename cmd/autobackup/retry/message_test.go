package retry

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

func TestTheNameOfAnObjectIsWholeForMachinesAndShortForPeople(t *testing.T) {
	key := strings.Repeat("☃/", 250) + "end"
	body, err := json.Marshal(map[string]any{
		"source": "aws.s3", "detail-type": "Object Created", "region": "eu-central-1",
		"detail": map[string]any{"bucket": map[string]string{"name": "docs"}, "object": map[string]string{"key": key, "version-id": "v1"}},
	})
	require.NoError(t, err)
	m := message{ID: "m", Body: string(body), at: time.Unix(0, 0)}
	want := strconv.QuoteToASCII("s3://docs/" + key + "@v1")
	r := &Report{Parked: newQueue("queue")}
	r.Parked.add(m)
	r.leave("queue", m, "why")
	l := &Look{Parked: newQueue("queue")}
	l.add(m)
	assert.Equal(t, want, r.Parked.Groups[0].Objects[0])
	assert.Equal(t, want, r.Left[0].Object)
	assert.Equal(t, want, l.Reasons[0].Example)
	var page strings.Builder
	r.planTable(&page)
	r.left(&page)
	assert.NotContains(t, page.String(), want)
	page.Reset()
	l.Reasons[0].Explain, l.Reasons[0].Do, l.Reasons[0].Means = "", "", ""
	l.Reasons[0].write(&page)
	for line := range strings.Lines(page.String()) {
		assert.Less(t, len(line), 300)
	}
}
