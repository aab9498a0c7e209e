// Package terminal shows progress on a terminal, and nothing elsewhere.
package terminal

import (
	"io"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
)

// refresh is how often the lines follow their trackers.
const refresh = 100 * time.Millisecond

// Progress is a line for each tracker, until all of them are done.
type Progress struct {
	writer    progress.Writer // nil without a terminal
	trackers  []*progress.Tracker
	rendering sync.WaitGroup
}

// On shows progress on w if that is a terminal. Elsewhere the trackers count all
// the same, and nobody sees it.
func On(w io.Writer) *Progress {
	if !Is(w) {
		return &Progress{}
	}
	return show(w)
}

func show(w io.Writer) *Progress {
	p := &Progress{writer: progress.NewWriter()}
	p.writer.SetOutputWriter(w)
	p.writer.SetUpdateFrequency(refresh)
	p.writer.SetStyle(progress.StyleCircle)
	p.writer.Style().Colors = progress.StyleColorsExample
	p.writer.SetTrackerPosition(progress.PositionRight)
	// Writer.Stop does nothing before Render is under way; this ends it always.
	p.writer.SetAutoStop(true)
	return p
}

// Track adds a line. Where all earlier ones are done already it may stay unseen:
// add the next before the last is done. A tracker's SetValue would undo that it
// is done; use Increment.
func (p *Progress) Track(message string, total int) *progress.Tracker {
	t := &progress.Tracker{Message: message, Total: int64(total)}
	p.trackers = append(p.trackers, t)
	if p.writer != nil {
		p.writer.AppendTracker(t)
		if len(p.trackers) == 1 {
			p.rendering.Go(p.writer.Render)
		}
	}
	return t
}

// Stop shows what is not done as failed and leaves the terminal to others. It may
// be called again.
func (p *Progress) Stop() {
	for _, t := range p.trackers {
		t.MarkAsErrored()
	}
	p.rendering.Wait()
}
