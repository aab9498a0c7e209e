package metric

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Names of metrics of scrubs, which read the bytes of everything in turns.
const (
	ScrubVersions  = "ScrubVersions"
	ScrubBytes     = "ScrubBytes"
	ScrubOpen      = "ScrubOpen"
	ScrubBehind    = "ScrubBehind"
	ScrubOldest    = "ScrubOldest"
	ScrubWithin    = "ScrubWithin"
	ScrubDifferent = "ScrubDifferent"
)

// OfScrub lists the metrics that WriteScrub and WriteScrubDifferent write.
func OfScrub() []Definition {
	return []Definition{
		{ScrubVersions, count, byStage}, {ScrubBytes, bytes, byStage}, {ScrubOpen, count, byStage}, {ScrubBehind, count, byStage},
		{ScrubOldest, seconds, byStage}, {ScrubWithin, percent, byStage}, {ScrubDifferent, count, byStage},
	}
}

// Scrub is what the scrub of one bucket came to.
type Scrub struct {
	Versions, Bytes int64         // that were read, bytes of one side
	Open            int64         // versions that were not equal, or could not be read
	Behind          int           // slices of 1,000 that are not read once in the days
	Oldest          time.Duration // that any byte was not read
	Within          float64       // share of bytes that was read within the days, from 0 to 1
}

// WriteScrub writes the line of the scrub of one bucket.
func (s Scope) WriteScrub(w io.Writer, at time.Time, of Scrub) error {
	const hundred = 100
	return s.write(w, at, map[string]any{
		ScrubVersions: of.Versions, ScrubBytes: of.Bytes, ScrubOpen: of.Open, ScrubBehind: of.Behind,
		ScrubOldest: int64(of.Oldest / time.Second), ScrubWithin: hundred * of.Within,
	})
}

// WriteScrubDifferent writes the line of versions whose bytes differ, as soon as they were read.
func (s Scope) WriteScrubDifferent(w io.Writer, at time.Time, versions int64) error {
	return s.write(w, at, map[string]any{ScrubDifferent: versions})
}

func (s Scope) write(w io.Writer, at time.Time, values map[string]any) error {
	values[Stage] = s.Stage
	if err := json.NewEncoder(w).Encode(line{byStage, values}.document(at)); err != nil {
		return fmt.Errorf("write metrics of a scrub of stage %s: %w", s.Stage, err)
	}
	return nil
}
