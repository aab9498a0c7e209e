package sqs_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/gate"
	"autobackup/local/sqs"
)

// polled is a queue that a user empties, whose permissions may change, and why a poll or a
// deletion was refused.
type polled struct {
	*sqs.Service
	t    *testing.T
	gate *gate.Gate
	sink *sink

	mu      sync.Mutex
	refused []string
}

var allThree = []string{"sqs:ReceiveMessage", "sqs:GetQueueAttributes", "sqs:DeleteMessage"}

func (p *polled) may(actions ...string) {
	p.t.Helper()
	_, err := p.gate.User("poller", map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Action": actions, "Resource": mainARN}})
	require.NoError(p.t, err)
}

func (p *polled) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = append(p.refused, err.Error())
}

func newPolled(t *testing.T) (*polled, func() error) {
	p := &polled{Service: newService(t, func(q *sqs.Queue) { q.RedrivePolicy = nil }), t: t, gate: gate.New("111122223333"), sink: &sink{start: time.Now()}}
	p.Gate = p.gate
	p.may(allThree...)
	return p, func() error {
		user := p.gate.Signed(userKey(t, p.gate))
		c, err := p.As(user).Consume(mainARN, sqs.Batching{Size: 1, MaxBytes: 1 << 20, Concurrency: 1, Failed: p.failed}, p.sink.handle)
		if err == nil {
			t.Cleanup(c.Close)
		}
		return err
	}
}

func userKey(t *testing.T, g *gate.Gate) string {
	t.Helper()
	user, err := g.User("poller", map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Action": allThree, "Resource": mainARN}})
	require.NoError(t, err)
	return user.AccessKey()
}

func TestAConsumerIsAskedAtEachPollAndGoesOnWhenItMayAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, consume := newPolled(t)
		require.NoError(t, consume())
		send(t, p.Service, mainARN, "a")
		time.Sleep(time.Second)
		p.may("sqs:ReceiveMessage", "sqs:DeleteMessage")
		time.Sleep(time.Hour)
		assert.Empty(t, p.refused, "nothing is there to be polled for")
		send(t, p.Service, mainARN, "b")
		time.Sleep(150 * time.Second)
		send(t, p.Service, mainARN, "c")
		time.Sleep(time.Second)
		p.sink.rest()
		const why = `poll main: AccessDenied: User: arn:aws:iam::111122223333:user/poller is not authorized to perform: sqs:GetQueueAttributes on resource: ` + mainARN + ` because no identity-based policy allows the sqs:GetQueueAttributes action`
		assert.Equal(t, []string{why, why, why}, p.refused, "at once, and each minute")
		assert.Equal(t, [][]string{{"a"}}, p.sink.batches)
		p.may(allThree...)
		time.Sleep(time.Minute)
		p.sink.rest()
		assert.Equal(t, [][]string{{"a"}, {"b"}, {"c"}}, p.sink.batches)
	})
}

func TestAConsumerThatMayNotDeleteGetsItsMessagesAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, consume := newPolled(t)
		require.NoError(t, consume())
		p.may("sqs:ReceiveMessage", "sqs:GetQueueAttributes")
		send(t, p.Service, mainARN, "a")
		time.Sleep(time.Second)
		p.sink.rest()
		require.Len(t, p.refused, 1)
		assert.Contains(t, p.refused[0], "delete messages of main: AccessDenied: ")
		p.may(allThree...)
		time.Sleep(time.Minute)
		p.sink.rest()
		assert.Equal(t, [][]string{{"a"}, {"a"}}, p.sink.batches)
		n, err := p.Count(mainARN)
		require.NoError(t, err)
		assert.Equal(t, sqs.Counts{}, n)
	})
}

func TestAConsumerThatIsClosedWhileItMayNotPollAsksNoMore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, _ := newPolled(t)
		c, err := p.As(p.gate.Signed(userKey(t, p.gate))).Consume(mainARN, sqs.Batching{Size: 1, MaxBytes: 1 << 20, Concurrency: 1, Failed: p.failed}, p.sink.handle)
		require.NoError(t, err)
		p.may("sqs:DeleteMessage")
		send(t, p.Service, mainARN, "a")
		time.Sleep(time.Second)
		c.Close()
		time.Sleep(time.Hour)
		assert.Len(t, p.refused, 1)
	})
}

func TestAConsumerIsNotMadeForWhoMayNotEmptyTheQueue(t *testing.T) {
	for _, lacks := range allThree {
		bubble(t, func(t *testing.T) {
			p, _ := newPolled(t)
			key := userKey(t, p.gate)
			var has []string
			for _, action := range allThree {
				if action != lacks {
					has = append(has, action)
				}
			}
			p.may(has...)
			_, err := p.As(p.gate.Signed(key)).Consume(mainARN, sqs.Batching{Size: 1, MaxBytes: 1 << 20, Concurrency: 1}, p.sink.handle)
			require.ErrorContains(t, err, "is not authorized to perform: "+lacks)
		})
	}
}
