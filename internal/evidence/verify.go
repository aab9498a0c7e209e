package evidence

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"
)

// Open opens what a name stands for. An error that is fs.ErrNotExist says that it is not
// there; any other ends what is done, because it says nothing about the evidence.
type Open func(name string) (io.ReadCloser, error)

// Options bound what is looked at.
type Options struct {
	From, To string    // days; empty: all there are
	Now      time.Time // what is dated later has a wrong clock
}

// Due is how long after its day the manifest of a day may come.
const Due = 24 * time.Hour

// skew is how far two clocks may be apart without one being called wrong.
const skew = 5 * time.Minute

// Verify holds names and what is behind them against what the manifests say, from the first
// day to the last. What it keeps in memory grows with the names, not with the records. Of
// days that Options leaves out it reads the manifest before the first, for the chain, where that is still there.
func Verify(names []string, open Open, o Options) (Verification, error) {
	v := verifier{open: open, o: o, out: Verification{Problems: []Problem{}}}
	days := v.days(names)
	for _, d := range days {
		if !v.within(d.day) {
			if err := v.outside(d); err != nil {
				return v.out, err
			}
			continue
		}
		if err := v.verify(d); err != nil {
			return v.out, err
		}
	}
	v.gaps(days)
	return v.out, nil
}

type verifier struct {
	open   Open
	o      Options
	out    Verification
	before *Link // manifest before, by its content
	made   time.Time
	known  bool // whose evidence it is
}

// dayNames are the names of one day.
type dayNames struct {
	day      string
	manifest bool
	files    []string
}

func (v *verifier) note(kind Kind, name, format string, args ...any) {
	v.out.Problems = append(v.out.Problems, Problem{kind, name, fmt.Sprintf(format, args...)})
}

// days groups the names, in order.
func (v *verifier) days(names []string) (all []*dayNames) {
	by := map[string]*dayNames{}
	for _, name := range slices.Sorted(slices.Values(names)) {
		p, is := parse(name)
		if !is {
			v.note(ExtraFile, name, "It has no name that a file of evidence has, so no manifest can vouch for it: take it away, or find out who put it there.")
			continue
		}
		d := by[p.day]
		if d == nil {
			d = &dayNames{day: p.day}
			by[p.day], all = d, append(all, d)
		}
		if p.manifest {
			d.manifest = true
			continue
		}
		d.files = append(d.files, name)
	}
	return all
}

func (v *verifier) within(d string) bool {
	return d >= v.o.From && (v.o.To == "" || d <= v.o.To) // every day comes after none
}

// outside takes the manifest of a day before the first for the chain, and nothing else.
func (v *verifier) outside(d *dayNames) error {
	if !d.manifest || d.day >= v.o.From {
		return nil
	}
	content, err := v.content(ManifestName(begins(d.day)))
	if content != nil {
		v.before = &Link{d.day, SHA256(content)}
	}
	return err
}

// content is a manifest as it is; nil with an error, and where it is not there or too long to be one.
func (v *verifier) content(name string) ([]byte, error) {
	r, err := v.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		v.note(MissingManifest, name, "It was there when the names were listed, and is gone: verify again, or find out who deletes evidence.")
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	defer r.Close() //nolint:errcheck // read only
	content, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(content) > maxManifest {
		v.note(Unreadable, name, "It is longer than %d bytes, so it is no manifest: restore it from a copy.", maxManifest)
		return nil, nil
	}
	return content, nil
}

// verify holds one day against its manifest.
func (v *verifier) verify(d *dayNames) error {
	if !d.manifest { // gaps says so
		return nil
	}
	name := ManifestName(begins(d.day))
	content, err := v.content(name)
	if content == nil {
		return err
	}
	m, err := ParseManifest(content)
	link := &Link{d.day, SHA256(content)}
	if err != nil {
		v.note(Unreadable, name, "Nothing can be said about the day's files, %d of them: %s. Restore it from a copy.", len(d.files), err)
		v.before = link
		return nil
	}
	v.out.Manifests++
	if v.out.First == nil {
		v.out.First = link
	}
	if m.Day != d.day {
		v.note(OutOfOrder, name, "It is the manifest of %s: manifests were swapped or renamed.", m.Day)
	}
	own := v.whose(name, m)
	v.link(name, d.day, m)
	v.clock(name, d.day, m)
	v.before, v.made, v.out.Last = link, m.Made, link
	return v.files(name, d, m, own && m.Day == d.day)
}

// files holds a day's files against its manifest. They are sound where the manifest is of
// this day and deployment.
func (v *verifier) files(name string, d *dayNames, m Manifest, sound bool) error {
	whole, all, named := true, counts{}, map[string]bool{}
	var executions int64
	for _, f := range m.Files {
		named[f.Name] = true
		c, err := v.file(f, slices.Contains(d.files, f.Name))
		if err != nil {
			return err
		}
		if c == nil {
			whole = false
			continue
		}
		all.join(c.Counts)
		executions += c.Executions
		v.out.Files++
		v.out.Records += c.Records
		if sound && c.Outside == 0 {
			v.out.sound = append(v.out.sound, f)
		}
	}
	v.sums(name, m, whole, all, executions)
	for _, f := range d.files {
		if !named[f] {
			v.note(ExtraFile, f, "The manifest of its day does not name it: it was put there after the day was closed, or the manifest was edited.")
		}
	}
	return nil
}

// sums holds what a manifest counts against itself and, where all of its files could be read, against them.
func (v *verifier) sums(name string, m Manifest, whole bool, all counts, executions int64) {
	var inFiles, inCounts, runs int64
	for _, f := range m.Files {
		inFiles += f.Records
		runs += f.Executions
	}
	for _, c := range m.Counts {
		inCounts += c.Records
	}
	switch {
	case inFiles != m.Records || inCounts != m.Records:
		v.note(WrongCounts, name, "It says that %d records were seen; its files have %d and its counts sum to %d: it was edited, or whatever made it counts wrongly.", m.Records, inFiles, inCounts)
	case runs != m.Executions:
		v.note(WrongCounts, name, "It says %d executions, and its files %d: it was edited, or whatever made it counts wrongly.", m.Executions, runs)
	case whole && (!slices.Equal(all.list(), m.Counts) || executions != m.Executions):
		v.note(WrongCounts, name, "What it counts by source, verdict and reason, or of executions, is not what its files hold: it was edited, or whatever made it counts wrongly.")
	}
}

// file reads one file; nil where it is not as its manifest says.
func (v *verifier) file(f File, listed bool) (*Counted, error) {
	const gone = "The manifest of its day names it, and it is not there: restore it from a copy; its SHA-256 is %s."
	if !listed {
		v.note(MissingFile, f.Name, gone, f.SHA256)
		return nil, nil
	}
	r, err := v.open(f.Name)
	if errors.Is(err, fs.ErrNotExist) {
		v.note(MissingFile, f.Name, gone, f.SHA256)
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", f.Name, err)
	}
	defer r.Close()                                           //nolint:errcheck // read only
	c, err := CountFile(f.Name, io.LimitReader(r, f.Bytes+1)) // one more byte tells that it is longer
	switch {
	case err != nil:
		return nil, err
	case c.Bytes != f.Bytes || c.SHA256 != f.SHA256:
		v.note(ChangedFile, f.Name, "It is not the file that the manifest of its day names, of %d bytes with the SHA-256 %s: restore that from a copy.", f.Bytes, f.SHA256)
		return nil, nil
	case c.Broken != nil:
		v.note(Unreadable, f.Name, "It is as it was written, and is no file of evidence: %s.", c.Broken)
		return nil, nil
	}
	if c.Outside > 0 {
		v.note(OutsideHour, f.Name, "%d of its %d records are of another hour: the clock of who wrote it was wrong, or it was renamed.", c.Outside, c.Records)
	}
	if c.Records != f.Records || c.Executions != f.Executions {
		v.note(WrongCounts, ManifestName(begins(c.day())), "It says that %s has %d records of %d executions, and it has %d of %d.", f.Name, f.Records, f.Executions, c.Records, c.Executions)
	}
	return &c, nil
}

func (c Counted) day() string {
	p, _ := parse(c.Name)
	return p.day
}
