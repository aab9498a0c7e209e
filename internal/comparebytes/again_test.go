package comparebytes_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	smithytime "github.com/aws/smithy-go/time"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/checksum"
	"autobackup/internal/comparebytes"
	"autobackup/internal/digest"
	"autobackup/internal/handler"
	"autobackup/internal/hashbytes"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// reader answers for one region, one after the other, each after the time that a
// read takes. It fails the test when it is asked more often.
type reader struct {
	takes   time.Duration
	answers []verdict.Found
	err     error // instead of the answer after these
	mu      sync.Mutex
	asked   []time.Duration // since the start of the bubble
	start   time.Time
}

// readers is a Hasher of objects of 7 bytes, in a bubble.
type readers map[string]*reader

func (rs readers) Hash(ctx context.Context, region string, in hashbytes.Request) (hashbytes.Answer, error) {
	r := rs[region]
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.asked)
	r.asked = append(r.asked, time.Since(r.start))
	if err := smithytime.SleepWithContext(ctx, r.takes); err != nil {
		return hashbytes.Answer{}, err
	}
	if n >= len(r.answers) {
		if r.err != nil {
			return hashbytes.Answer{}, r.err
		}
		return hashbytes.Answer{}, fmt.Errorf("asked in %s for a time too many", region)
	}
	if found := r.answers[n]; found != verdict.Object {
		return hashbytes.Answer{Found: found, Detail: fmt.Sprintf("answer %d", n+1)}, nil
	}
	return hashbytes.Answer{Found: verdict.Object, Digests: &digest.Digests{
		Length: in.Length, BlockSize: in.BlockSize, Algorithm: checksum.SHA256, Blocks: make([]byte, 32),
	}}, nil
}

// HashList is for no test of asking again.
func (rs readers) HashList(context.Context, string, []hashbytes.Request) ([]hashbytes.Answer, error) {
	return nil, errors.New("a list was asked for")
}

// asked runs one invocation whose time-out is limit, with these readers, and
// tells when each was asked.
func asked(t *testing.T, limit time.Duration, primary, replica *reader) (got verdict.Bytes, err error) {
	synctest.Test(t, func(t *testing.T) {
		primary.start, replica.start = time.Now(), time.Now()
		c := comparebytes.Comparer{
			Hasher: readers{home: primary, away: replica}, Now: time.Now, Wait: smithytime.SleepWithContext,
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		b := batchOf(7)
		in := decoded(t, comparebytes.Request{Operation: comparebytes.OpCompare, Batch: &b})
		var answer any
		answer, err = c.Do(ctx, in)
		if err == nil {
			got = *answer.(comparebytes.Answer).Batch.Reading[0].Look.Replicas[1].Bytes
		}
	})
	return got, err
}

const (
	object      = verdict.Object
	denied      = verdict.Denied
	unreachable = verdict.Unreachable
)

// timeout is compare-bytes' in template.yaml.
const timeout = 270 * time.Second

func seconds(all ...float64) (d []time.Duration) {
	for _, s := range all {
		d = append(d, time.Duration(s*float64(time.Second)))
	}
	return d
}

func TestASideIsBelievedAfterAFixedNumberOfItsOwnAnswers(t *testing.T) {
	tests := map[string]struct {
		answers []verdict.Found
		found   verdict.Found
		detail  string
		asked   []time.Duration
	}{
		"read at once":                           {[]verdict.Found{object}, object, "", seconds(0)},
		"denied once":                            {[]verdict.Found{denied, object}, object, "", seconds(0, 2.1)},
		"denied twice":                           {[]verdict.Found{denied, denied, object}, object, "", seconds(0, 2.1, 6.2)},
		"denied":                                 {[]verdict.Found{denied, denied, denied}, denied, "answer 3", seconds(0, 2.1, 6.2)},
		"unreachable four times":                 {[]verdict.Found{unreachable, unreachable, unreachable, unreachable, object}, object, "", seconds(0, 2.1, 6.2, 14.3, 30.4)},
		"unreachable":                            {[]verdict.Found{unreachable, unreachable, unreachable, unreachable, unreachable}, unreachable, "answer 5", seconds(0, 2.1, 6.2, 14.3, 30.4)},
		"a denial after throttling is the first": {[]verdict.Found{unreachable, unreachable, denied, denied, object}, object, "", seconds(0, 2.1, 6.2, 14.3, 30.4)},
		"throttling after denials is the first":  {[]verdict.Found{denied, denied, unreachable, denied}, denied, "answer 4", seconds(0, 2.1, 6.2, 14.3)},
		"archived, which stays so":               {[]verdict.Found{verdict.Archived}, verdict.Archived, "answer 1", seconds(0)},
		"gone":                                   {[]verdict.Found{verdict.Missing}, verdict.Missing, "answer 1", seconds(0)},
		"a customer's key":                       {[]verdict.Found{verdict.SSEC}, verdict.SSEC, "answer 1", seconds(0)},
		"no reader":                              {[]verdict.Found{verdict.NoReader}, verdict.NoReader, "answer 1", seconds(0)},
		"gone once the outage is over":           {[]verdict.Found{unreachable, verdict.Missing}, verdict.Missing, "answer 2", seconds(0, 2.1)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, side := range []string{"primary", "replica"} {
				tested := &reader{takes: 100 * time.Millisecond, answers: tt.answers}
				other := &reader{takes: time.Minute, answers: []verdict.Found{object}}
				primary, replica := tested, other
				if side == "replica" {
					primary, replica = other, tested
				}
				got, err := asked(t, timeout, primary, replica)
				require.NoError(t, err)
				read, whole := got.Primary, got.Replica
				if side == "replica" {
					read, whole = got.Replica, got.Primary
				}
				assert.Equal(t, tt.found, read.Found, side)
				assert.Equal(t, tt.detail, read.Detail, side)
				assert.Equal(t, tt.asked, tested.asked, side)
				assert.Equal(t, object, whole.Found, "the other side is read meanwhile")
				assert.Equal(t, seconds(0), other.asked)
			}
		})
	}
}

func TestASideIsAskedAgainOnlyWhereTheDeadlineLeavesRoomForAnotherRead(t *testing.T) {
	tests := map[string]struct {
		takes   time.Duration
		answers []verdict.Found
		asked   []time.Duration
		found   verdict.Found // "": an error worth another try
	}{
		"a third read would just fit":       {88 * time.Second, []verdict.Found{denied, denied, denied}, seconds(0, 90, 182), denied},
		"a third read would not":            {88*time.Second + time.Millisecond, []verdict.Found{denied, denied}, seconds(0, 90.001), denied},
		"two answers say that S3 is down":   {100 * time.Second, []verdict.Found{unreachable, unreachable}, seconds(0, 102), unreachable},
		"a second read would just fit":      {134 * time.Second, []verdict.Found{unreachable, object}, seconds(0, 136), object},
		"no second read fits":               {134*time.Second + time.Millisecond, []verdict.Found{unreachable}, seconds(0), ""},
		"one denial is not believed":        {200 * time.Second, []verdict.Found{denied}, seconds(0), ""},
		"two of different kinds are two":    {100 * time.Second, []verdict.Found{unreachable, denied}, seconds(0, 102), ""},
		"what stays so is believed at once": {269 * time.Second, []verdict.Found{verdict.Archived}, seconds(0), verdict.Archived},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			replica := &reader{takes: tt.takes, answers: tt.answers}
			got, err := asked(t, timeout, &reader{answers: []verdict.Found{object}}, replica)
			assert.Equal(t, tt.asked, replica.asked)
			if tt.found != "" {
				require.NoError(t, err)
				assert.Equal(t, tt.found, got.Replica.Found)
				return
			}
			require.ErrorContains(t, err, "hash 7 bytes from byte 0 on in copy of eu-west-1: ")
			require.ErrorContains(t, err, fmt.Sprintf("%s, and no time is left to ask again: answer %d", tt.answers[len(tt.answers)-1], len(tt.answers)))
			assert.Equal(t, reason.Transient, named(t, err))
		})
	}
}

// named is the name that package handler gives an error of a Comparer.
func named(t *testing.T, cause error) string {
	t.Helper()
	f := handler.New("f", quiet, func(context.Context, any) (any, error) { return nil, cause })
	_, err := f(t.Context(), []byte("{}"))
	name, _ := told(t, err)
	return name
}

func TestTheLongestReadSaysHowLongAnotherMayTake(t *testing.T) {
	slow := &slowFirst{reader: &reader{answers: []verdict.Found{denied, denied, denied}}}
	synctest.Test(t, func(t *testing.T) {
		slow.start = time.Now()
		c := comparebytes.Comparer{Hasher: slow, Now: time.Now, Wait: smithytime.SleepWithContext}
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		b := batchOf(7)
		answer, err := c.Do(ctx, decoded(t, comparebytes.Request{Operation: comparebytes.OpCompare, Batch: &b}))
		require.NoError(t, err)
		assert.Equal(t, denied, answer.(comparebytes.Answer).Batch.Reading[0].Look.Replicas[1].Bytes.Replica.Found)
	})
	assert.Equal(t, seconds(0, 136), slow.asked, "the second answer came at once, but a third read might take as long as the first")
}

// slowFirst answers for the replica, the first time after 134 seconds; the primary
// is archived.
type slowFirst struct {
	readers
	*reader
}

func (s *slowFirst) Hash(ctx context.Context, region string, in hashbytes.Request) (hashbytes.Answer, error) {
	if region == home {
		return hashbytes.Answer{Found: verdict.Archived}, nil
	}
	s.takes = 0
	if len(s.asked) == 0 {
		s.takes = 134 * time.Second
	}
	return readers{region: s.reader}.Hash(ctx, region, in)
}

func TestAnErrorOfOneReaderIsTheInvocationsWhateverTheOtherAnswers(t *testing.T) {
	broken := errors.New("broken")
	for _, other := range []verdict.Found{object, verdict.Missing} {
		_, err := asked(t, timeout, &reader{err: broken}, &reader{answers: []verdict.Found{other}})
		require.ErrorIs(t, err, broken)
		require.ErrorContains(t, err, "hash 7 bytes from byte 0 on in docs of eu-central-1: ")
		_, err = asked(t, timeout, &reader{answers: []verdict.Found{other}}, &reader{err: broken})
		require.ErrorIs(t, err, broken)
		require.ErrorContains(t, err, "hash 7 bytes from byte 0 on in copy of eu-west-1: ")
	}
	_, err := asked(t, timeout, &reader{err: broken}, &reader{err: errors.New("down")})
	assert.ErrorContains(t, err, "docs of eu-central-1: broken\nhash 7 bytes from byte 0 on in copy of eu-west-1: down", "both, in this order")
}

func TestAnErrorOfTheReaderIsNoAnswerAndNotAskedAgain(t *testing.T) {
	broken := errors.New("broken")
	replica := &reader{answers: []verdict.Found{denied, denied}, err: broken}
	_, err := asked(t, timeout, &reader{answers: []verdict.Found{object}}, replica)
	require.ErrorIs(t, err, broken)
	assert.Equal(t, seconds(0, 2, 6), replica.asked)
}

func TestAWaitThatIsCutShortIsAnError(t *testing.T) {
	c := comparebytes.Comparer{
		Hasher: readers{home: {answers: []verdict.Found{denied}}, away: {answers: []verdict.Found{object}}}, Now: time.Now,
		Wait: func(context.Context, time.Duration) error { return context.DeadlineExceeded },
	}
	b := batchOf(7)
	_, err := c.Do(t.Context(), decoded(t, comparebytes.Request{Operation: comparebytes.OpCompare, Batch: &b}))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "wait to hash 7 bytes from byte 0 on in docs of eu-central-1 again: ")
	assert.Equal(t, reason.Transient, named(t, err))
}

func TestWithoutADeadlineASideIsAskedAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		replica := &reader{takes: time.Hour, answers: []verdict.Found{denied, denied, denied}, start: time.Now()}
		c := comparebytes.Comparer{Hasher: readers{home: {answers: []verdict.Found{object}}, away: replica}, Now: time.Now, Wait: smithytime.SleepWithContext}
		b := batchOf(7)
		_, err := c.Do(t.Context(), decoded(t, comparebytes.Request{Operation: comparebytes.OpCompare, Batch: &b}))
		require.NoError(t, err)
		assert.Len(t, replica.asked, comparebytes.DeniedAnswers)
	})
}
