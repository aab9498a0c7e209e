package comparebytes

import (
	"context"
	"fmt"
	"time"

	"autobackup/internal/digest"
	"autobackup/internal/hashbytes"
	"autobackup/internal/s3error"
	"autobackup/internal/verdict"
)

// How many answers of one kind it takes until a side is believed to be denied or
// unreachable: permissions take a moment to be seen everywhere, throttling longer.
// The first wait is doubled after every answer, so that these answers span at
// least 6 and 30 seconds.
const (
	DeniedAnswers      = verdict.DeniedLooks
	UnreachableAnswers = 5
	FirstWait          = 2 * time.Second
)

// AnswersOf is how many answers it takes until one of this kind is believed.
func AnswersOf(f verdict.Found) int {
	switch f {
	case verdict.Denied, verdict.Forbidden:
		return DeniedAnswers
	case verdict.Unreachable:
		return UnreachableAnswers
	default:
		return 1
	}
}

// readSide has one side read, again and again while its answer may still become
// another one. Where the invocation's deadline leaves no room for the next read,
// two answers of the kind are enough, and a single one is an error that is worth
// another try: nothing is believed at its first denial. Only answers count, no
// error of the reader.
func (c Comparer) readSide(ctx context.Context, plan Plan, side Place, r digest.Range) (hashbytes.Answer, error) {
	answers := map[verdict.Found]int{}
	longest := time.Duration(0) // of the reads so far: how long the next may take
	for wait := FirstWait; ; wait *= 2 {
		start := c.Now()
		answer, err := c.hash(ctx, plan, side, r)
		if err != nil {
			return answer, err
		}
		longest = max(longest, c.Now().Sub(start))
		answers[answer.Found]++
		seen, fits := answers[answer.Found], c.fits(ctx, wait+longest)
		switch {
		case seen >= AnswersOf(answer.Found), seen > 1 && !fits:
			return answer, nil
		case !fits:
			return answer, s3error.Transient(fmt.Errorf("hash %s in %s of %s: %s, and no time is left to ask again: %s", r, side.Bucket, side.Region, answer.Found, answer.Detail))
		}
		if err := c.Wait(ctx, wait); err != nil {
			return answer, fmt.Errorf("wait to hash %s in %s of %s again: %w", r, side.Bucket, side.Region, err)
		}
	}
}

// fits says whether so much time is left before the invocation's deadline.
func (c Comparer) fits(ctx context.Context, d time.Duration) bool {
	deadline, limited := ctx.Deadline()
	return !limited || deadline.Sub(c.Now()) >= d
}
