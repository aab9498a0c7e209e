package faults

import (
	"context"
	"time"
)

// How long after the others something is delivered, which is less than a day but more than a look.
const (
	again   = 5 * time.Minute
	overdue = 40 * time.Minute
)

// Deliver hands something on for S3, twice or late where a fault has it so. The error is of what is
// handed on at once.
func (i *Injector) Deliver(action, bucket string, deliver func() error) (err error) {
	f := i.before(Call{Delivery, "s3.amazonaws.com", action, "arn:aws:s3:::" + bucket})
	if f == nil || f.What == Twice {
		err = deliver()
	}
	if f == nil {
		return err
	}
	done := i.owe()
	after := map[Kind]time.Duration{Twice: again, Late: overdue}[f.What]
	go func() {
		defer done()
		_ = i.clk.Sleep(context.Background(), after) // nothing ends it
		_ = deliver()                                // S3 tells nobody
	}()
	return err
}
