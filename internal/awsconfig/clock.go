package awsconfig

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// near is how far two clocks may be apart and still be taken for one: the header Date has whole
// seconds, and its answer was on its way.
const near = 2 * time.Second

// Clock tells the time by the clock of the services that answered: what lies there, and how long,
// was dated by that, and this machine's may be slow or fast. Until one has answered, and where both
// are near, it is this machine's.
type Clock struct {
	own   func() time.Time
	ahead atomic.Int64 // of this machine's, a time.Duration
}

// NewClock is a clock beside this machine's own.
func NewClock(own func() time.Time) *Clock { return &Clock{own: own} }

// Now is the time as of the last answer.
func (c *Clock) Now() time.Time { return c.own().Add(time.Duration(c.ahead.Load())) }

// Hear reads the clock of each service that answers a client with it among its APIOptions.
func (c *Clock) Hear(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("HearClock", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		if answer, is := out.RawResponse.(*smithyhttp.Response); is {
			c.heard(answer.Header.Get("Date"))
		}
		return out, metadata, err
	}), middleware.After)
}

func (c *Clock) heard(date string) {
	at, err := http.ParseTime(date)
	if err != nil {
		return // who doesn't say it keeps what is known
	}
	ahead := at.Add(time.Second).Sub(c.own()) // the second's end: nothing that was dated before the answer is later
	if ahead.Abs() <= near {
		ahead = 0
	}
	c.ahead.Store(int64(ahead))
}
