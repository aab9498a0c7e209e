package console

import (
	"errors"
	"net/http"
	"time"

	"github.com/aws/smithy-go"

	"autobackup/cmd/autobackup/operations"
	"autobackup/cmd/autobackup/retry"
	"autobackup/internal/doctor"
	"autobackup/internal/text"
)

// newest is how many operations are shown.
const newest = 50

// doneData are the newest operations that are on record.
type doneData struct {
	Unread *doctor.Unread
	Stage  string
	Bucket string
	All    []operation
	More   int
}

// operation is one as `autobackup parked --done` shows it.
type operation struct {
	At                                        time.Time
	Command, To, Came, Who, Why, Choice, Name string
	Ended                                     bool
}

// longest is how much is shown of what people, or whoever may write there, have written, in bytes.
const longest = 1200

// done reads what people had retried and discarded, from the record in the working bucket.
func (c *console) done(r *http.Request) (any, int, error) {
	at, err := c.here(r.Context())
	if err != nil {
		return nil, 0, err
	}
	d := doneData{Stage: c.Stage, Bucket: c.work(at.AccountID)}
	all, err := operations.Since(r.Context(), operations.InAccount(c.cfg, c.Stage, at.AccountID), c.Now().Add(-retry.Kept))
	if err != nil {
		call := "ListObjectsV2"
		if of := (*smithy.OperationError)(nil); errors.As(err, &of) {
			call = of.Operation()
		}
		d.Unread, err = because(call, err)
		return d, 0, err
	}
	d.More = max(0, len(all)-newest)
	for _, o := range all[:len(all)-d.More] {
		d.All = append(d.All, operation{
			At: o.Begin.At, Command: text.Line(o.Begin.Command, longest), To: text.Line(o.Begin.To, longest), Came: text.Line(retry.Outcome(o), longest), Who: text.Line(o.Begin.Who, longest),
			Why: text.Line(o.Begin.Why, longest), Choice: text.Line(retry.Choice(o.Begin.Filter), longest), Name: text.Line(o.ID, longest), Ended: o.End != nil,
		})
	}
	return d, 0, nil
}
