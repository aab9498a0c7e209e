package audit

import "context"

// progress is told after every page of a side: where its worker is.
func (w *run) progress(at string, pages int) {
	w.lock.Lock()
	w.at, w.pages = at, pages
	long := w.pages >= w.enough && !w.asked
	w.lock.Unlock()
	if long {
		w.of.wake.Signal()
	}
}

// worth is how many pages the run has had where it may be split, else 0.
func (w *run) worth() int {
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.asked || w.pages < w.enough {
		return 0
	}
	return w.pages
}

// ask begins a split: one at a time.
func (w *run) ask() (at, upto string) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.asked = true
	return w.at, w.upto
}

// give asks the worker to end at m, and waits for what it says.
func (w *run) give(ctx context.Context, m string) bool {
	w.lock.Lock()
	over := w.over
	if !over {
		w.want.Store(&m)
	}
	w.lock.Unlock()
	if over {
		return false
	}
	select {
	case given := <-w.answer:
		return given
	case <-ctx.Done():
		return false
	}
}

// settled ends a split. After one that failed, the run must have had twice the pages
// before the next is tried.
func (w *run) settled(given bool) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.asked = false
	w.enough = w.pages + w.of.long
	if !given {
		w.enough = 2*w.pages + w.of.long
	}
}

// wanted is where a thief wants the run to end, where one waits for an answer.
func (w *run) wanted() (m string, asked bool) {
	if p := w.want.Swap(nil); p != nil {
		return *p, true
	}
	return "", false
}

// ends answers a thief: the run ends at m.
func (w *run) ends(m string) {
	w.lock.Lock()
	w.upto = m
	w.lock.Unlock()
	w.answer <- true
}

// end refuses who waits, and who will ask: the run is over.
func (w *run) end() {
	w.lock.Lock()
	w.over = true
	w.lock.Unlock()
	w.refuse()
}

// refuse answers a thief who waits: the run goes on as it was.
func (w *run) refuse() {
	if _, asked := w.wanted(); asked {
		w.answer <- false
	}
}
