package console

import (
	"fmt"
	"slices"
	"strings"

	"autobackup/internal/course"
	"autobackup/internal/diagram"
	"autobackup/internal/text"
)

// graph is a drawing with what an execution did.
type graph struct {
	Inside        string // the state whose items or branches it is of; empty of the machine itself
	Apart         bool   // its items are executions of their own
	Width, Height float64
	Boxes         []box
	Lines         []line
}

// box is a state.
type box struct {
	diagram.Box
	Class string // took, failed, now, or none of them
	Note  string // what happened there, below its name
}

// line is a way between two.
type line struct {
	Path  string
	Class string
	Title string
}

// newGraphs are the machine itself, and the inside of each state that the execution has been in.
func newGraphs(m diagram.Machine, e *executionData) []*graph {
	all := []*graph{newGraph(diagram.Draw(m), e)}
	for _, in := range m.Inside {
		if slices.ContainsFunc(e.Visits, func(v course.Visits) bool { return v.State == in.State }) {
			g := newGraph(diagram.Draw(in.Machine), e)
			g.Inside, g.Apart = in.State, in.Apart
			all = append(all, g)
		}
	}
	return all
}

// newGraph marks where an execution has been. Without a history, no state is marked.
func newGraph(d diagram.Drawing, e *executionData) *graph {
	g := &graph{Width: d.Width, Height: d.Height}
	visits := map[string]course.Visits{}
	for _, v := range e.Visits {
		visits[v.State] = v
	}
	for _, b := range d.Boxes {
		v, been := visits[b.State]
		one := box{Box: b}
		if been {
			one.Class, one.Note = "took", note(v)
		}
		switch {
		case been && v.Now && e.Ended.IsZero():
			one.Class = "now"
		case been && (v.Errors > 0 || b.Kind == "Fail" || v.Now):
			one.Class = "failed"
		}
		g.Boxes = append(g.Boxes, one)
	}
	ways := e.Course.Ways()
	for _, l := range d.Lines {
		n := ways[[2]string{l.From, l.To}]
		one := line{Path: bent(l.Points), Title: fmt.Sprintf("%s to %s: %s", l.From, l.To, text.Count(n, "time"))}
		if l.Caught {
			one.Class, one.Title = "caught", one.Title+", where an error was caught"
		}
		if n > 0 {
			one.Class = "went"
		}
		g.Lines = append(g.Lines, one)
	}
	return g
}

// note says what happened in a state: how often it was taken, and retries and waits.
func note(v course.Visits) string {
	words := []string{text.Count(v.Times, "time")}
	if v.Retries > 0 {
		words = append(words, strings.Replace(text.Count(v.Retries, "retry"), "retrys", "retries", 1))
	}
	if v.Spent >= 1e9 {
		words = append(words, took(v.Spent))
	}
	return strings.Join(words, ", ")
}

// bent is a line through points, bent between rows.
func bent(points []diagram.Point) string {
	var b strings.Builder
	for i, p := range points {
		switch {
		case i == 0:
			fmt.Fprintf(&b, "M%.0f %.0f", p.X, p.Y)
		case p.X == points[i-1].X:
			fmt.Fprintf(&b, "L%.0f %.0f", p.X, p.Y)
		default:
			half := (p.Y + points[i-1].Y) / 2
			fmt.Fprintf(&b, "C%.0f %.0f %.0f %.0f %.0f %.0f", points[i-1].X, half, p.X, half, p.X, p.Y)
		}
	}
	return b.String()
}
