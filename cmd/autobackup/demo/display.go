package demo

import (
	"context"
	"io"
	"os"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"golang.org/x/term"
)

// display shows the progress on a terminal, and nothing elsewhere.
type display struct {
	writer   progress.Writer // nil without a terminal
	step     *progress.Tracker
	uploads  *progress.Tracker
	verdicts *progress.Tracker
	end      context.CancelFunc
	done     sync.WaitGroup
	once     sync.Once
}

// refresh is how often the display follows the watcher.
const refresh = 100 * time.Millisecond

func newDisplay(w io.Writer) *display {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &display{end: func() {}}
	}
	d := &display{writer: progress.NewWriter()}
	d.writer.SetOutputWriter(f)
	d.writer.SetUpdateFrequency(refresh)
	d.writer.SetStyle(progress.StyleCircle)
	d.writer.Style().Colors = progress.StyleColorsExample
	d.writer.SetTrackerPosition(progress.PositionRight)
	var ctx context.Context
	ctx, d.end = context.WithCancel(context.Background())
	d.done.Go(func() {
		<-ctx.Done()
		d.writer.Stop()
	})
	d.done.Go(d.writer.Render)
	return d
}

// say shows what is being done now.
func (d *display) say(what string) {
	if d.writer == nil {
		return
	}
	if d.step != nil {
		d.step.MarkAsDone()
	}
	d.step = &progress.Tracker{Message: what, Total: 1}
	d.writer.AppendTracker(d.step)
}

// uploading shows the uploads, and the verdicts as w sees them.
func (d *display) uploading(total int, w *watcher) {
	if d.writer == nil {
		return
	}
	d.step.MarkAsDone()
	d.uploads = &progress.Tracker{Message: "uploaded", Total: int64(total)}
	d.verdicts = &progress.Tracker{Message: "judged", Total: int64(total)}
	d.writer.AppendTracker(d.uploads)
	d.writer.AppendTracker(d.verdicts)
	w.progress = func(settled int) { d.verdicts.SetValue(int64(settled)) }
}

func (d *display) uploaded() {
	if d.writer != nil {
		d.uploads.Increment(1)
	}
}

func (d *display) stop() {
	d.once.Do(func() {
		if d.writer == nil {
			return
		}
		for _, t := range []*progress.Tracker{d.step, d.uploads, d.verdicts} {
			if t != nil {
				t.MarkAsDone()
			}
		}
		d.end()
		d.done.Wait()
	})
}
