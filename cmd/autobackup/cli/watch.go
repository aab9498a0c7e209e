package cli

import (
	"io"
	"sync"

	"github.com/jedib0t/go-pretty/v6/progress"

	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/terminal"
	core "autobackup/internal/audit"
)

// watch shows on a terminal how an audit gets on; the estimate it shows everywhere.
type watch struct {
	out     io.Writer
	show    *terminal.Progress
	lock    sync.Mutex
	tracker *progress.Tracker
	total   int64 // versions that are expected to be listed
}

func newWatch(out io.Writer) *watch { return &watch{out: out} }

// Estimated implements audit.Watch.
func (w *watch) Estimated(p *pair.Pair, size audit.Size, levels []audit.Estimate, chosen core.Level) {
	w.total = max(size.Versions[0], size.Versions[1])
	_ = audit.WriteEstimate(w.out, p.Primary.Bucket, p.Replica.Bucket, size, levels, chosen) // nowhere left to tell
}

// Listed implements audit.Watch.
func (w *watch) Listed(rows int64) { w.on("listed", w.total).Increment(rows) }

// Looking implements audit.Watch.
func (w *watch) Looking(open int64) {
	w.stop()
	w.on("looked at", open)
}

// Looked implements audit.Watch.
func (w *watch) Looked(rows int64) { w.on("looked at", 0).Increment(rows) }

// on is the line under way, or a new one.
func (w *watch) on(what string, total int64) *progress.Tracker {
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.tracker == nil {
		w.show = terminal.On(w.out)
		w.tracker = w.show.Track(what, int(total))
	}
	return w.tracker
}

// stop ends the line under way.
func (w *watch) stop() {
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.tracker != nil {
		w.tracker.MarkAsDone()
		w.show.Stop()
		w.tracker = nil
	}
}
