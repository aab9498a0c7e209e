package diagram

import (
	"cmp"
	"slices"
)

// Sizes of what is drawn, in pixels.
const (
	boxHeight = 44
	rowHeight = 84
	gap       = 26
	margin    = 12
	letter    = 8 // of the name, at most
	padding   = 24
	lane      = 14 // what a line takes that passes a row
	rounds    = 12
)

// Box is a state with its place: of its left upper corner.
type Box struct {
	State, Kind   string
	X, Y          float64
	Width, Height float64
}

// Middle is the place of the middle of its width.
func (b Box) Middle() float64 { return b.X + b.Width/2 }

// Point is a place that a line passes.
type Point struct{ X, Y float64 }

// Drawn is a line with the places that it passes, from its state to the other.
type Drawn struct {
	Line
	Points []Point
}

// Drawing is a state machine with all places.
type Drawing struct {
	Width, Height float64
	Boxes         []Box
	Lines         []Drawn
}

// node is a box in its row, or a place where a line passes the row.
type node struct {
	state    string // empty of a line
	row      int
	x, width float64 // of its middle
	up, down []*node
}

// layout is one Draw.
type layout struct {
	Machine
	at    map[string]*node
	rows  [][]*node
	paths [][]*node // of each line, from the upper to the lower end
	back  []bool    // of each line: it leads up
}

// Draw puts each state and each line into its place.
func Draw(m Machine) Drawing {
	l := &layout{Machine: m, at: map[string]*node{}, back: make([]bool, len(m.Lines))}
	l.findBack()
	l.rank()
	l.join()
	l.order()
	l.place()
	return l.drawing()
}

// findBack finds the lines that lead back to where the way from the start came from.
func (l *layout) findBack() {
	const under, done = 1, 2
	mark := map[string]int{}
	var visit func(name string)
	visit = func(name string) {
		mark[name] = under
		for i, line := range l.Lines {
			if line.From != name {
				continue
			}
			switch mark[line.To] {
			case under:
				l.back[i] = true
			case 0:
				visit(line.To)
			}
		}
		mark[name] = done
	}
	visit(l.Start)
}

// rank gives each state its row: one below the lowest that leads to it.
func (l *layout) rank() {
	for _, name := range l.States {
		l.at[name] = &node{state: name, width: float64(len(name)*letter + padding)}
	}
	for range l.States { // no way without a line back is longer
		for i, line := range l.Lines {
			if from, to := l.at[line.From], l.at[line.To]; !l.back[i] && to.row <= from.row {
				to.row = from.row + 1
			}
		}
	}
}

// join makes the rows, and a place in each row that a line passes.
func (l *layout) join() {
	last := 0
	for _, n := range l.at {
		last = max(last, n.row)
	}
	l.rows = make([][]*node, last+1)
	for _, name := range l.States {
		l.rows[l.at[name].row] = append(l.rows[l.at[name].row], l.at[name])
	}
	for i, line := range l.Lines {
		upper, lower := l.at[line.From], l.at[line.To]
		if l.back[i] {
			upper, lower = lower, upper
		}
		path := []*node{upper}
		for row := upper.row + 1; row < lower.row; row++ {
			n := &node{row: row, width: lane}
			l.rows[row] = append(l.rows[row], n)
			path = append(path, n)
		}
		path = append(path, lower)
		for k := 1; k < len(path); k++ {
			path[k-1].down, path[k].up = append(path[k-1].down, path[k]), append(path[k].up, path[k-1])
		}
		l.paths = append(l.paths, path)
	}
}

// order sorts each row by the middle of what its nodes are joined to above, then below.
func (l *layout) order() {
	for round := range rounds {
		for k := range l.rows {
			row := l.rows[k]
			joined := func(n *node) []*node { return n.up }
			if round%2 == 1 {
				row = l.rows[len(l.rows)-1-k]
				joined = func(n *node) []*node { return n.down }
			}
			l.spread(row)
			wanted := map[*node]float64{}
			for _, n := range row {
				wanted[n] = middle(joined(n), n.x)
			}
			slices.SortStableFunc(row, func(a, b *node) int { return cmp.Compare(wanted[a], wanted[b]) })
			l.spread(row)
		}
	}
}

// spread puts the nodes of a row beside each other, around 0.
func (l *layout) spread(row []*node) {
	width := -float64(gap)
	for _, n := range row {
		width += n.width + gap
	}
	at := -width / 2
	for _, n := range row {
		n.x = at + n.width/2
		at += n.width + gap
	}
}

func middle(joined []*node, otherwise float64) float64 {
	if len(joined) == 0 {
		return otherwise
	}
	sum := 0.0
	for _, n := range joined {
		sum += n.x
	}
	return sum / float64(len(joined))
}

// place moves the nodes of each row towards what they are joined to, in their order.
func (l *layout) place() {
	for range rounds {
		for _, row := range l.rows {
			wanted := make([]float64, len(row))
			for i, n := range row {
				wanted[i] = middle(slices.Concat(n.up, n.down), n.x)
			}
			settle(row, wanted)
		}
	}
}

// settle gives nodes the places that they want as far as they keep their distance: those that
// would meet form a group around the middle of what all of it wants.
func settle(row []*node, wanted []float64) {
	type group struct {
		first, last int
		x           float64 // of the first
		sum         float64 // of what each wants the first to be
	}
	offset := func(first, of int) (o float64) {
		for i := first + 1; i <= of; i++ {
			o += (row[i-1].width+row[i].width)/2 + gap
		}
		return o
	}
	var groups []group
	for i := range row {
		groups = append(groups, group{i, i, wanted[i], wanted[i]})
		for len(groups) > 1 {
			a, b := &groups[len(groups)-2], groups[len(groups)-1]
			between := offset(a.first, b.first)
			if a.x+between <= b.x {
				break
			}
			a.sum += b.sum - between*float64(b.last-b.first+1)
			a.last = b.last
			a.x = a.sum / float64(a.last-a.first+1)
			groups = groups[:len(groups)-1]
		}
	}
	for _, g := range groups {
		for i := g.first; i <= g.last; i++ {
			row[i].x = g.x + offset(g.first, i)
		}
	}
}

// drawing has all places with the left upper corner at 0.
func (l *layout) drawing() (d Drawing) {
	left, right := 0.0, 0.0
	for _, row := range l.rows {
		for _, n := range row {
			left, right = min(left, n.x-n.width/2), max(right, n.x+n.width/2)
		}
	}
	d.Width, d.Height = right-left+2*margin, float64(len(l.rows)*rowHeight-(rowHeight-boxHeight)+2*margin)
	top := func(n *node) float64 { return float64(margin + n.row*rowHeight) }
	for _, name := range l.States {
		n := l.at[name]
		d.Boxes = append(d.Boxes, Box{name, l.Kinds[name], n.x - n.width/2 - left + margin, top(n), n.width, boxHeight})
	}
	for i, path := range l.paths {
		var points []Point
		for k, n := range path {
			x := n.x - left + margin
			if k > 0 {
				points = append(points, Point{x, top(n)})
			}
			if k < len(path)-1 {
				points = append(points, Point{x, top(n) + boxHeight})
			}
		}
		if l.back[i] {
			slices.Reverse(points)
		}
		d.Lines = append(d.Lines, Drawn{l.Lines[i], points})
	}
	return d
}
