package overview

import (
	"time"

	"autobackup/internal/doctor"
)

// Step is how long a point of a count is, and Lately how far back they go.
const (
	Step   = 5 * time.Minute
	Lately = 24 * time.Hour
)

// Point is what a metric came to in the time that begins at a moment.
type Point struct {
	At    time.Time `json:"at"`
	Value float64   `json:"value"`
}

// Count is one of the four that compare-etags writes of each round of verdicts.
type Count struct {
	Name   string  `json:"name"`
	Points []Point `json:"points"` // the oldest first, one for each Step with data
}

// Since is the sum from a moment on; false: there is no data.
func (c Count) Since(begin time.Time) (sum int64, known bool) {
	for _, p := range c.Points {
		if !p.At.Before(begin) {
			sum, known = sum+int64(p.Value), true
		}
	}
	return sum, known
}

// Queue is one of the stage's.
type Queue struct {
	Name    string         `json:"name"`
	Gone    bool           `json:"gone,omitempty"`
	Waiting int            `json:"waiting"`          // that may be received, or will be after a delay
	Held    int            `json:"held"`             // that somebody has received, and has not deleted
	Oldest  float64        `json:"oldest,omitempty"` // seconds, as CloudWatch last told it
	Aged    bool           `json:"aged,omitempty"`   // whether it did in the last minutes
	Unread  *doctor.Unread `json:"unread,omitempty"` // how many there are
}

// Audit is what the audits of a day told of themselves, of all buckets.
type Audit struct {
	Day      time.Time `json:"day"` // it begins then, UTC
	Versions int64     `json:"versions"`
	Findings int64     `json:"findings"`
	Unknown  int64     `json:"unknown"`
}

// Scrub is what the scrubs of a day told: of several replicas the worse.
type Scrub struct {
	Day    time.Time `json:"day"`
	Within float64   `json:"within"` // percent of the bytes that were read and equal within ScrubDays
	Oldest float64   `json:"oldest"` // days for which the byte that is unread for longest is
}

// Figures are all that was read.
type Figures struct {
	At     time.Time      `json:"at"` // when
	Counts []Count        `json:"counts"`
	Queues []Queue        `json:"queues"`
	Audit  *Audit         `json:"audit,omitempty"`  // nil: none told anything in Past
	Scrub  *Scrub         `json:"scrub,omitempty"`  // likewise
	Unread *doctor.Unread `json:"unread,omitempty"` // the metrics: neither counts, nor ages, nor audits are known
}

// Past is how far back audits and scrubs are looked for.
const Past = 90 * 24 * time.Hour
