package console

import (
	"context"
	"math"
	"net/http"
	"strings"
	"time"

	doctoring "autobackup/cmd/autobackup/doctor"
	read "autobackup/cmd/autobackup/overview"
	"autobackup/internal/doctor"
	"autobackup/internal/overview"
)

// How long what was read is shown before it is read again: doctor has a function look, and metrics
// have a value a minute.
const (
	doctorFor  = 5 * time.Minute
	figuresFor = 30 * time.Second
)

// overviewData is what the page of it shows.
type overviewData struct {
	overview.Report
	Result   string
	Looked   time.Time // when doctor did
	Problems []doctor.Finding
	Fine     []doctor.Finding
	Areas    string
	Plots    []plot
}

// Dead says whether a queue is one that messages are parked in.
func (overviewData) Dead(q overview.Queue) bool { return strings.Contains(q.Name, "-dlq-") }

func (c *console) overview(r *http.Request) (any, int, error) {
	joined, looked, err := c.current(r.Context())
	if err != nil {
		return nil, 0, err
	}
	d := overviewData{Report: joined, Result: strings.TrimSpace(joined.Doctor.Result()), Looked: looked, Areas: strings.Join(joined.Doctor.Areas(), ", ")}
	for _, f := range joined.Doctor.Findings {
		if f.Level == doctor.OK {
			d.Fine = append(d.Fine, f)
		} else {
			d.Problems = append(d.Problems, f)
		}
	}
	for _, count := range joined.Figures.Counts {
		d.Plots = append(d.Plots, newPlot(joined.Figures, count))
	}
	return d, int(figuresFor / time.Second), nil
}

// current is what was read last, where that is new enough.
func (c *console) current(ctx context.Context) (overview.Report, time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Now()
	if c.at.IsZero() || now.Sub(c.at) > doctorFor {
		examined, err := doctoring.Run(ctx, c.cfg, doctoring.Options{Stage: c.Stage, Owners: c.Owners, Now: c.Now})
		if err != nil {
			return overview.Report{}, now, err
		}
		now = c.Now() // which is known better once somebody has answered
		c.examined, c.at = examined, now
	}
	if now.Sub(c.figures.At) > figuresFor {
		figures, err := read.Read(ctx, c.cfg, c.Stage, now)
		if err != nil {
			return overview.Report{}, now, err
		}
		c.figures = figures
	}
	return overview.Join(c.examined, c.figures), c.at, nil
}

// again forgets what was read, which asks for it anew.
func (c *console) again(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.at, c.figures = time.Time{}, overview.Figures{}
	c.mu.Unlock()
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// bars are as many as a plot has: one for each half an hour.
const (
	bars      = 48
	barWidth  = 6
	barHeight = 40
)

// plot is a count over time.
type plot struct {
	Name, Hour, Day string
	Mood            string
	Words           string // of the picture
	Bars            []bar
}

// bar is one of a plot's; without data it has none.
type bar struct{ X, Y, Height float64 }

func newPlot(f overview.Figures, c overview.Count) plot {
	p := plot{Name: strings.ToLower(c.Name), Hour: f.Sum(c, time.Hour), Day: f.Sum(c, overview.Lately)}
	p.Words = p.Name + " in the last 24 hours: " + p.Day
	p.Mood = map[string]string{"verified": "fine", "failed": "finding", "lagging": "unknown"}[p.Name]
	step := overview.Lately / bars
	end := f.At.Truncate(overview.Step).Add(overview.Step)
	sums, highest := map[int]float64{}, 1.0
	for _, point := range c.Points {
		if i := bars - 1 - int((end.Sub(point.At)-1)/step); i >= 0 {
			sums[i] += point.Value
			highest = math.Max(highest, sums[i])
		}
	}
	for i := range bars {
		if sum, known := sums[i]; known {
			height := math.Max(1, math.Round(sum/highest*barHeight)) // zero is a line, and no data is none
			p.Bars = append(p.Bars, bar{float64(i * barWidth), barHeight - height, height})
		}
	}
	return p
}
