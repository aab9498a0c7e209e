package retry

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// model is a queue. SQS promises no order, so its messages show in one of several.
type model struct {
	now   time.Duration
	lying []*lying
	order string
	dice  *rand.Rand
}

type lying struct {
	id    string
	shows time.Duration // from when on
	stays bool
}

var orders = []string{"oldest first", "first shown first", "last shown first", "any"}

func (q *model) receive(hold time.Duration, most int) (got []message) {
	all := slices.Clone(q.lying)
	switch q.order {
	case "first shown first":
		slices.SortStableFunc(all, func(a, b *lying) int { return cmp.Compare(a.shows, b.shows) })
	case "last shown first":
		slices.SortStableFunc(all, func(a, b *lying) int { return cmp.Compare(b.shows, a.shows) })
	case "any":
		q.dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	for _, m := range all {
		if m.shows <= q.now && len(got) < most {
			m.shows = q.now + hold
			got = append(got, message{ID: m.id})
		}
	}
	return got
}

// move deletes what does not stay.
func (q *model) move(p *pass, fresh []message) {
	for _, m := range fresh {
		q.lying = slices.DeleteFunc(q.lying, func(l *lying) bool {
			moved := l.id == m.ID && !l.stays
			if moved {
				delete(p.held, l.id)
			}
			return moved
		})
	}
}

func TestAPassSeesEachMessageOnceAndEndsInWhateverOrderTheyShowAndHoweverLongPagesTake(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := &model{order: rapid.SampledFrom(orders).Draw(t, "order"), dice: rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed")))}
		n := rapid.IntRange(0, 1500).Draw(t, "messages")
		staying := rapid.IntRange(0, 100).Draw(t, "percent that stay")
		took := time.Duration(rapid.IntRange(0, 120).Draw(t, "seconds of a page")) * time.Second
		for i := range n {
			q.lying = append(q.lying, &lying{id: strconv.Itoa(i), stays: q.dice.IntN(100) < staying})
		}
		p, seen := newPass(n, firstHold), map[string]bool{}
		for !p.over() {
			q.now += took
			got := q.receive(p.hold, 1+q.dice.IntN(10))
			if len(got) == 0 {
				break
			}
			fresh := p.take(got)
			for _, m := range fresh {
				assert.False(t, seen[m.ID], "taken twice")
				seen[m.ID] = true
			}
			q.move(p, fresh)
			assert.LessOrEqual(t, p.hold, max(firstHold, 2*q.now), "a hold is at most twice as long as the run so far")
		}
		assert.LessOrEqual(t, p.received, 3*n+1000+pageMessages)
		assert.Len(t, p.held, len(q.lying), "what stays is held")
		if q.now < longestHold {
			assert.Len(t, seen, n, "nothing was passed by")
		}
	})
}

func TestAPassEndsBelowTheNumberOfMessagesThatSQSHides(t *testing.T) {
	p := newPass(1_000_000, firstHold)
	for i := range mostHeld {
		assert.False(t, p.over())
		p.take([]message{{ID: strconv.Itoa(i)}})
	}
	assert.True(t, p.over())
}

func TestAHoldGrowsUpToTheLongestThatSQSTakes(t *testing.T) {
	p, again := newPass(1, firstHold), []message{{ID: "m"}}
	holds := []time.Duration{p.hold}
	for p.take(again); len(holds) < 12; p.take(again) {
		if p.hold != holds[len(holds)-1] || p.hold == longestHold {
			holds = append(holds, p.hold)
		}
	}
	assert.Equal(t, []time.Duration{2, 4, 8, 16, 32, 64, 128, 256, 512, 720, 720, 720}, perMinute(holds))
}

func perMinute(all []time.Duration) (minutes []time.Duration) {
	for _, d := range all {
		minutes = append(minutes, d/time.Minute)
	}
	return minutes
}
