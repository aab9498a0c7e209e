package pair

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/time/rate"

	"autobackup/internal/s3error"
)

// Pace is what all clients of an audit keep to together: so many requests a second,
// retries included, fewer from the first answer that says slow down, and none beyond
// what may be spent. It counts what was sent.
type Pace struct {
	limiter *rate.Limiter
	most    float64 // requests a second
	allow   func(map[string]int64) error
	lock    sync.Mutex
	sent    map[string]int64 // by operation
	since   int              // answers since the rate was last cut
}

// NewPace allows so many requests a second. allow is asked with what was sent before
// every request; its error is that request's.
func NewPace(perSecond int, allow func(sent map[string]int64) error) *Pace {
	most := float64(max(perSecond, 1))
	return &Pace{limiter: rate.NewLimiter(rate.Limit(most), max(perSecond/10, 1)), most: most, allow: allow, sent: map[string]int64{}}
}

// Sent is how many requests were sent, by operation.
func (p *Pace) Sent() map[string]int64 {
	p.lock.Lock()
	defer p.lock.Unlock()
	return maps.Clone(p.sent)
}

// Add counts what an earlier run sent.
func (p *Pace) Add(sent map[string]int64) {
	p.lock.Lock()
	defer p.lock.Unlock()
	for operation, n := range sent {
		p.sent[operation] += n
	}
}

// Take waits for the turns of n requests that somebody else sends, and counts them.
func (p *Pace) Take(ctx context.Context, operation string, n int) error {
	for range n {
		if err := p.turn(ctx, operation); err != nil {
			return err
		}
	}
	return nil
}

// middleware stands behind the SDK's retries, so that every attempt waits its turn.
func (p *Pace) middleware(stack *middleware.Stack) error {
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("Pace",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			if err := p.turn(ctx, awsmiddleware.GetOperationName(ctx)); err != nil {
				return middleware.FinalizeOutput{}, middleware.Metadata{}, err
			}
			attempt, cancel := patient(ctx)
			defer cancel()
			out, metadata, err := next.HandleFinalize(attempt, in)
			p.answered(s3error.Status(err))
			if err != nil && attempt.Err() != nil && ctx.Err() == nil {
				err = errSlow{}
			}
			return out, metadata, err
		}), "Retry", middleware.After)
}

// patient bounds an attempt with its body, but for one whose body is read behind it: an
// answer that stops in the middle would hold an audit for ever.
func patient(ctx context.Context) (context.Context, context.CancelFunc) {
	if awsmiddleware.GetOperationName(ctx) == "GetObject" {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, answerTimeout)
}

// errSlow stands for the end of an attempt, which the SDK would take for its caller's and
// not try again.
type errSlow struct{}

// Error implements error.
func (errSlow) Error() string { return "no answer within " + answerTimeout.String() }

// RetryableError tells the SDK's retries.
func (errSlow) RetryableError() bool { return true }

// errSpent is wrapped by the error of a request that was not allowed. It is not
// retried: nothing makes it cheaper.
type errSpent struct{ error }

// RetryableError tells the SDK's retries.
func (errSpent) RetryableError() bool { return false }

func (p *Pace) turn(ctx context.Context, operation string) error {
	if err := p.limiter.Wait(ctx); err != nil {
		return fmt.Errorf("wait for a turn: %w", err)
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	if err := p.allow(p.sent); err != nil {
		return errSpent{err}
	}
	p.sent[operation]++
	return nil
}

const (
	// storm is how many answers a cut of the rate holds for: those under way when it was
	// made may all say slow down.
	storm = 50
	// regain is the share of the full rate that an answer adds: a cut to the half is made
	// good in 500 answers.
	regain = 0.001
)

// answered halves the rate where S3 says slow down, and lets it grow again with
// every other answer.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
func (p *Pace) answered(status int) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.since++
	limit := float64(p.limiter.Limit())
	switch slow := status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests; {
	case slow && (p.since > storm || limit == p.most):
		p.since = 0
		p.limiter.SetLimit(rate.Limit(max(limit/2, 1)))
	case !slow && limit < p.most:
		p.limiter.SetLimit(rate.Limit(min(limit+regain*p.most, p.most)))
	}
}

// noQuota lets the SDK retry as often as it may: its own quota would end an audit in
// the middle of a storm that backing off outlives.
type noQuota struct{}

// GetToken implements retry.RateLimiter.
func (noQuota) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}

// AddTokens implements retry.RateLimiter.
func (noQuota) AddTokens(uint) error { return nil }
