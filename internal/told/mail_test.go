package told_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/told"
)

func missing(n int, from int) (messages []batch.Failed) {
	for i := range n {
		messages = append(messages, message(fmt.Sprint("missing-", from+i), failed("docs-a", reason.ReplicaMissing)))
	}
	return messages
}

// counts are kind, new and total of the only cause.
func counts(t *testing.T, n told.News) string {
	t.Helper()
	if len(n.Causes) == 0 {
		return ""
	}
	require.Len(t, n.Causes, 1)
	c := n.Causes[0]
	return fmt.Sprintf("%s %d/%d, %d named", c.Kind, c.New, c.Total, len(c.Examples))
}

func TestACauseThatHitsManyIsToldOnceAndOnceWhenItIsOver(t *testing.T) {
	at := func(minutes float64) time.Time { return noon.Add(time.Duration(minutes * float64(time.Minute))) }
	news, m := tell(told.Memory{}, noon, missing(3, 0)...)
	assert.Equal(t, "single 3/3, 3 named", counts(t, news))
	news, m = tell(m, at(1), missing(6, 3)...)
	assert.Equal(t, "single 6/9, 6 named", counts(t, news))
	news, m = tell(m, at(3), missing(20, 9)...)
	assert.Equal(t, "alike 20/29, 10 named", counts(t, news))
	assert.Equal(t, noon, news.Causes[0].Since)
	assert.Equal(t, at(3), news.Causes[0].Latest)

	news, m = tell(m, at(20), missing(5, 29)...)
	assert.Empty(t, news, "quiet until it changes")
	due, ok := m.Due(at(20))
	require.True(t, ok)
	assert.Equal(t, at(50), due)
	news, m = tell(m, at(49.9))
	assert.Empty(t, news, "29.9 minutes after the latest")
	news, m = tell(m, at(50))
	assert.Equal(t, "over 5/34, 0 named", counts(t, news))
	assert.Equal(t, []any{noon, at(20)}, []any{news.Causes[0].Since, news.Causes[0].Latest})
	_, ok = m.Due(at(50))
	assert.False(t, ok, "nothing is open")

	news, _ = tell(m, at(60), missing(1, 40)...)
	assert.Equal(t, "single 1/1, 1 named", counts(t, news), "it begins anew")
}

func TestNineAreNamedAndTenAreMany(t *testing.T) {
	news, _ := tell(told.Memory{}, noon, missing(9, 0)...)
	assert.Equal(t, "single 9/9, 9 named", counts(t, news))
	news, _ = tell(told.Memory{}, noon, missing(10, 0)...)
	assert.Equal(t, "alike 10/10, 10 named", counts(t, news))
}

func TestACauseOfFewIsForgottenWithoutAWordWhenItIsQuiet(t *testing.T) {
	_, m := tell(told.Memory{}, noon, missing(5, 0)...)
	_, ok := m.Due(noon)
	assert.False(t, ok, "an idle sender is not needed")
	news, _ := tell(m, noon.Add(told.Quiet-time.Second), missing(5, 5)...)
	assert.Equal(t, "alike 5/10, 5 named", counts(t, news))
	news, _ = tell(m, noon.Add(told.Quiet), missing(5, 5)...)
	assert.Equal(t, "single 5/5, 5 named", counts(t, news))
}

func TestTheWorstComesFirstAndWhatIsOverLast(t *testing.T) {
	other := message("x", failed("docs-a", "OF_ANOTHER_VERSION"))
	_, m := tell(told.Memory{}, noon, missing(10, 0)...)
	denied := []batch.Failed{message("d1", failed("docs-b", reason.AccessDenied)), message("d2", failed("docs-b", reason.AccessDenied))}
	news, _ := tell(m, noon.Add(told.Quiet), append(denied, message("d3", failed("docs-a", reason.AccessDenied)),
		message("m", failed("docs-a", reason.MalformedEvent)), message("s", failed("docs-a", reason.SizeMismatch)), other,
		message("d4", failed("docs-c", reason.AccessDenied)))...)
	assert.Equal(t, []string{"OF_ANOTHER_VERSION docs docs-a", "SIZE_MISMATCH docs docs-a", "ACCESS_DENIED docs docs-b", "ACCESS_DENIED docs docs-a",
		"ACCESS_DENIED docs docs-c", "MALFORMED_EVENT docs docs-a", "REPLICA_MISSING docs docs-a"}, names(news))
	assert.Equal(t, told.Over, news.Causes[6].Kind)
}

func TestThePausesGrowWithTheEmailsOfTheLastHours(t *testing.T) {
	var m told.Memory
	var sent []string
	now, n := noon, 0
	for len(sent) < 12 {
		var news told.News
		n++
		// Each failure is a cause of its own, so that none is told together.
		if news, m = tell(m, now, message(fmt.Sprint(n), failed(fmt.Sprint("replica-", n), reason.SizeMismatch))); len(news.Causes) > 0 {
			sent = append(sent, now.Sub(noon).String())
		}
		now = now.Add(30 * time.Second)
	}
	assert.Equal(t, []string{"0s", "1m0s", "2m0s", "4m0s", "7m0s", "12m0s", "22m0s", "42m0s", "1h12m0s", "1h42m0s", "2h12m0s", "2h42m0s"}, sent)
	_, m = tell(m, noon.Add(8*time.Hour), missing(1, 0)...)
	assert.Len(t, m.Mails, 1)
	due, ok := m.Add(noon.Add(8*time.Hour), told.Findings(missing(1, 1)[0], "", 0)).Due(noon.Add(8 * time.Hour))
	assert.True(t, ok)
	assert.Equal(t, noon.Add(8*time.Hour+time.Minute), due, "after hours of silence the pauses begin anew")
}

func TestAnEmailIsClaimedByOneAtATime(t *testing.T) {
	m := told.Memory{}.Add(noon, told.Findings(missing(1, 0)[0], "", 0)).Next(noon, "first")
	news, mine := m.Claimed("first")
	require.True(t, mine)
	_, mine = m.Claimed("second")
	assert.False(t, mine)

	m = m.Add(noon, told.Findings(missing(1, 1)[0], "", 0))
	waiting := m.Next(noon.Add(told.Lease-time.Second), "second")
	_, mine = waiting.Claimed("second")
	assert.False(t, mine, "the first one may still be sending")
	due, ok := waiting.Due(noon)
	assert.True(t, ok)
	assert.Equal(t, noon.Add(told.Lease), due)
	assert.Equal(t, waiting, waiting.Sent(noon, "second"), "whoever did not send ends no claim")

	late := noon.Add(told.Lease)
	m = m.Next(late, "second")
	taken, mine := m.Claimed("second")
	require.True(t, mine, "the first one is gone")
	assert.Equal(t, news, taken, "the e-mail that it left behind, before any other")
	m = m.Sent(noon, "first")
	_, mine = m.Claimed("second")
	assert.True(t, mine, "who comes back late does not end another's claim")

	m = m.Sent(late.Add(time.Second), "second")
	assert.Nil(t, m.Claim)
	assert.Equal(t, told.Memory{Mails: []time.Time{late}}, told.Memory{Claim: &told.Claim{By: "x"}}.Sent(late, "x"), "whatever else is lost")
	assert.Equal(t, []time.Time{late.Add(time.Second)}, m.Mails, "an e-mail that is sent twice counts once")
	due, ok = m.Due(late)
	assert.True(t, ok)
	assert.Equal(t, late.Add(time.Second+time.Minute), due, "the pause begins when it was sent")
}

func TestAWakeUpEndsWhereItIsTheOneThatIsKnown(t *testing.T) {
	m := told.Memory{WakeUp: noon}
	assert.Equal(t, m, m.Awake(noon.Add(time.Second)))
	assert.Equal(t, told.Memory{}, m.Awake(noon.In(time.FixedZone("", 3600))))
}

func TestMethodsChangeNoOtherMemory(t *testing.T) {
	text := func(m told.Memory) string {
		data, err := m.Encode()
		require.NoError(t, err)
		return string(data)
	}
	denied := func(key string) []told.Finding {
		return told.Findings(message(key, failed("docs-a", reason.AccessDenied)), "", 0)
	}
	_, m := tell(told.Memory{}, noon.Add(-2*time.Hour), missing(12, 0)...)
	for i := range 5 { // what is appended may land in room that is shared
		m = m.Add(noon, denied(fmt.Sprint("m", i)))
		before, later := text(m), noon.Add(5*time.Hour)
		steps := []func(key string) told.Memory{
			func(key string) told.Memory { return m.Add(noon, denied(key)) },
			func(key string) told.Memory { return m.Add(later, denied(key)) },
			func(key string) told.Memory { return m.Next(later, key) },
			func(key string) told.Memory { return m.Next(later, "x").Sent(later.Add(time.Duration(len(key))), "x") },
		}
		for _, step := range steps {
			first := step("a")
			said := text(first)
			_ = step("bb")
			assert.Equal(t, said, text(first))
			assert.Equal(t, before, text(m))
		}
	}
}

func TestWhatWaitsIsNotForgotten(t *testing.T) {
	m := told.Memory{}.Add(noon, told.Findings(missing(1, 0)[0], "", 0)).Next(noon, "first")
	m = m.Add(noon, told.Findings(missing(1, 1)[0], "", 0))
	later := noon.Add(5 * time.Hour) // the first one never came back, and nobody else came
	m = m.Next(later, "second")
	news, mine := m.Claimed("second")
	require.True(t, mine)
	assert.Equal(t, "single 1/1, 1 named", counts(t, news))
	_, mine = m.Next(later.Add(told.Lease-1), "third").Claimed("third")
	assert.False(t, mine)
	m = m.Sent(later, "second")
	news, _ = tell(m, later.Add(time.Minute))
	assert.Equal(t, "single 1/2, 1 named", counts(t, news))
	assert.Equal(t, noon, news.Causes[0].Since)
}

func TestTheEarliestOfAllThatIsOpenIsDue(t *testing.T) {
	many := func(replica string) (messages []batch.Failed) {
		for i := range told.Many {
			messages = append(messages, message(fmt.Sprint(i), failed(replica, reason.ReplicaMissing)))
		}
		return messages
	}
	_, m := tell(told.Memory{}, noon, many("docs-a")...)
	_, m = tell(m, noon.Add(5*time.Minute), many("docs-b")...)
	_, m = tell(m, noon.Add(10*time.Minute), many("docs-c")...)
	due, _ := m.Due(noon.Add(10 * time.Minute))
	assert.Equal(t, noon.Add(told.Quiet), due)
	m = m.Add(noon.Add(11*time.Minute), told.Findings(message("new", failed("docs-a", reason.ReplicaMissing)), "", 0))
	due, _ = m.Due(noon.Add(11 * time.Minute))
	assert.Equal(t, noon.Add(5*time.Minute+told.Quiet), due, "the first one begins its half hour anew")
}
