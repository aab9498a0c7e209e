package audit

// waiting is rows of one key and side that have found no partner yet, in the order
// in which they came.
type waiting struct {
	rows  []Row
	index map[string]int // of a version id that waits, in rows
}

func (w *waiting) len() int { return len(w.index) }

func (w *waiting) has(version string) bool {
	_, waits := w.index[version]
	return waits
}

// add is false where the version waits already.
func (w *waiting) add(row Row) bool {
	if w.index == nil {
		w.index = map[string]int{}
	}
	if _, twice := w.index[row.VersionID]; twice {
		return false
	}
	w.index[row.VersionID] = len(w.rows)
	w.rows = append(w.rows, row)
	return true
}

// minCompacted keeps short lists from being copied all the time.
const minCompacted = 1000

func (w *waiting) remove(version string) (Row, bool) {
	i, found := w.index[version]
	if !found {
		return Row{}, false
	}
	row := w.rows[i]
	delete(w.index, version)
	if len(w.rows) > 2*len(w.index)+minCompacted {
		w.compact()
	}
	return row, true
}

// compact forgets the rows that were removed, so that a long key whose sides differ a
// little in order does not fill the memory.
func (w *waiting) compact() {
	w.rows = w.live()
	for i, row := range w.rows {
		w.index[row.VersionID] = i
	}
}

// live is the rows that wait still, in order.
func (w *waiting) live() []Row {
	rows := make([]Row, 0, len(w.index))
	for i, row := range w.rows {
		if at, waits := w.index[row.VersionID]; waits && at == i {
			rows = append(rows, row)
		}
	}
	return rows
}

// drain is what waits, which is nothing afterwards.
func (w *waiting) drain() []Row {
	if len(w.rows) == 0 {
		return nil
	}
	rows := w.live()
	clear(w.index)
	w.rows = nil
	return rows
}
