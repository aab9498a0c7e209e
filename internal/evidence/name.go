package evidence

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"autobackup/internal/text"
)

// Root is what all names begin with, behind the prefix of a bucket or below a folder.
const Root = "evidence/"

// day is how a day is written; all days and hours are of UTC.
const day = time.DateOnly

// place is what a name says.
type place struct {
	day      string // as 2026-11-29
	hour     int
	part     int // from 1 on; 0 of a manifest
	manifest bool
}

// placed has at most 99 parts of an hour: they are read side by side.
var placed = regexp.MustCompile(`^evidence/(\d{4})/(\d{2})/(\d{2})/(?:(\d{2})-([1-9]\d?)\.jsonl\.gz|(manifest\.json))$`)

// parse reads a name; anything else than FileName and ManifestName give is none.
func parse(name string) (p place, is bool) {
	found := placed.FindStringSubmatch(name)
	if found == nil {
		return p, false
	}
	p.day = found[1] + "-" + found[2] + "-" + found[3]
	if _, err := time.Parse(day, p.day); err != nil {
		return p, false
	}
	p.manifest = found[6] != ""
	if p.manifest {
		return p, true
	}
	p.hour, _ = strconv.Atoi(found[4]) // two digits
	p.part, _ = strconv.Atoi(found[5])
	return p, p.hour < 24
}

// FileName is where the records of an hour are, in parts from 1 on: what comes late, or does
// not fit, goes into the next.
func FileName(hour time.Time, part int) string {
	hour = hour.UTC()
	return fmt.Sprintf("%s%s%02d-%d.jsonl.gz", Root, hour.Format("2006/01/02/"), hour.Hour(), part)
}

// ManifestName is where the manifest of a day is.
func ManifestName(d time.Time) string {
	return Root + d.UTC().Format("2006/01/02/") + "manifest.json"
}

// holds says whether a moment is in the hour of a file.
func (p place) holds(at time.Time) bool {
	return at.Format(day) == p.day && at.Hour() == p.hour
}

// begins is the first moment of a day whose form is known.
func begins(d string) time.Time {
	at, _ := time.Parse(day, d)
	return at
}

// quoted is a name that others chose, as it may stand in a sentence.
func quoted(name string) string { return text.Quoted(name, 100) }

// Place is what a name says: the hour and the part of a file, or the day of a manifest, which
// has part 0. Anything else than FileName and ManifestName give is none.
func Place(name string) (at time.Time, part int, is bool) {
	p, is := parse(name)
	if !is {
		return time.Time{}, 0, false
	}
	return begins(p.day).Add(time.Duration(p.hour) * time.Hour), p.part, true
}
