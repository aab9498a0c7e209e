package discover

import (
	"encoding/json"
	"fmt"
	"io"
)

// Report is what was found out.
type Report struct {
	Caller   string    `json:"caller"` // ARN; empty where it could not be read
	Accounts []Account `json:"accounts"`
	Buckets  []Row     `json:"buckets"`
	Coverage Coverage  `json:"coverage"`
	Exit     int       `json:"exit"`
}

// report follows from the facts alone.
func report(caller string, f Facts) *Report {
	r := &Report{Caller: caller, Accounts: f.Accounts, Buckets: judge(f.Buckets)}
	r.Coverage = count(r.Buckets)
	if r.blind() > 0 || len(r.unread()) > 0 {
		r.Exit = 1
	}
	return r
}

// blind is how many buckets are blind spots.
func (r *Report) blind() (n int) {
	for _, row := range r.Buckets {
		if row.State.Blind() {
			n++
		}
	}
	return n
}

// unread are the accounts whose buckets are not known.
func (r *Report) unread() (all []Account) {
	for _, a := range r.Accounts {
		if a.Unread != nil {
			all = append(all, a)
		}
	}
	return all
}

// JSON writes the report for programs.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
