package notify_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/alert"
)

func TestChatGetsAMessageForEachEMailFromTheSameNews(t *testing.T) {
	w := newWorld(t)
	w.n.ChatTopic = chat
	for i := range 300 {
		w.put(report(t, missing(fmt.Sprint(i))), nil, 0)
	}
	w.settle()
	require.NotEmpty(t, w.mails)
	require.Len(t, w.chats, len(w.mails), "as few as e-mails")
	for i, m := range w.mails {
		want, err := alert.Chat(stage, m.news)
		require.NoError(t, err)
		assert.Equal(t, want, w.chats[i])
	}
}

func TestWithoutATopicForChatNothingIsSaidThere(t *testing.T) {
	w := newWorld(t)
	w.put(report(t, missing("a")), nil, 0)
	w.settle()
	assert.Len(t, w.mails, 1)
	assert.Empty(t, w.chats)
}

func TestABrokenChatHoldsUpNoEMailAndSendsNoneTwice(t *testing.T) {
	w := newWorld(t)
	w.n.ChatTopic = chat
	w.fault = breaking("Publish in chat")
	w.put(report(t, missing("a")), nil, 0)
	again := parked(t, "b", "1")
	w.put(again.Body, again.MessageAttributes, 0)
	_, err := w.step()
	require.ErrorContains(t, err, "publish a message for chat to "+chat+", whose e-mail was sent: broken", "an alarm counts the function's errors")
	for range 3 {
		_, _ = w.step()
	}
	assert.Len(t, w.mails, 1)
	assert.Nil(t, w.memory().Claim)
	assert.Len(t, w.sent[dlq], 1, "the parked message is back, once")
	w.put(report(t, missing("c")), nil, 0)
	w.fault = func(string) (error, error) { return nil, nil }
	w.settle()
	assert.Len(t, w.mails, 2, "the next e-mail is not held up")
	assert.Len(t, w.chats, 1)
}

func TestAnEMailThatIsNotSentIsNotSaidInChatEither(t *testing.T) {
	w := newWorld(t)
	w.n.ChatTopic = chat
	w.fault = breaking("Publish")
	w.put(report(t, missing("a")), nil, 0)
	_, err := w.step()
	require.Error(t, err)
	assert.Empty(t, w.chats)
}
