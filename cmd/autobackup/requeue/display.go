package requeue

import (
	"context"
	"io"
	"os"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"golang.org/x/term"
)

// refresh is how often the display follows.
const refresh = 100 * time.Millisecond

// display shows on a terminal how many messages were handled, and nothing
// elsewhere.
type display struct {
	tracker *progress.Tracker // nil without a terminal
	end     context.CancelFunc
	done    sync.WaitGroup
}

func newDisplay(w io.Writer, total int) *display {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &display{}
	}
	writer := progress.NewWriter()
	writer.SetOutputWriter(f)
	writer.SetUpdateFrequency(refresh)
	writer.SetStyle(progress.StyleCircle)
	writer.SetTrackerPosition(progress.PositionRight)
	d := &display{tracker: &progress.Tracker{Message: "putting back (Ctrl-C stops after the page under way)", Total: int64(total)}}
	writer.AppendTracker(d.tracker)
	var ctx context.Context
	ctx, d.end = context.WithCancel(context.Background())
	d.done.Go(func() {
		<-ctx.Done()
		writer.Stop()
	})
	d.done.Go(writer.Render)
	return d
}

func (d *display) add(messages int) {
	if d.tracker != nil {
		d.tracker.Increment(int64(messages))
	}
}

func (d *display) stop() {
	if d.tracker != nil {
		d.tracker.MarkAsDone()
		d.end()
		d.done.Wait()
	}
}
