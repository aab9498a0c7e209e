package demo

import (
	"io"

	"github.com/jedib0t/go-pretty/v6/progress"

	"autobackup/cmd/autobackup/terminal"
	"autobackup/cmd/autobackup/watch"
)

// display shows the demo's progress on a terminal, and nothing elsewhere.
type display struct {
	*terminal.Progress
	step     *progress.Tracker // the last one shown; nil before the first
	uploads  *progress.Tracker
	verdicts *progress.Tracker
}

func newDisplay(w io.Writer) *display { return &display{Progress: terminal.On(w)} }

// say shows what is being done now.
func (d *display) say(what string) {
	last := d.step
	d.step = d.Track(what, 1)
	if last != nil {
		last.MarkAsDone()
	}
}

// uploading shows the uploads, and the verdicts as w sees them.
func (d *display) uploading(total int, w *watch.Watcher) {
	d.uploads, d.verdicts = d.Track("uploaded", total), d.Track("judged", total)
	d.step.MarkAsDone()
	w.Settled = func(watch.Verdict) { d.verdicts.Increment(1) }
}

func (d *display) uploaded() { d.uploads.Increment(1) }
