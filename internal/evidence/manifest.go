package evidence

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"autobackup/internal/reason"
)

// Format is the version of what is written here.
const Format = 1

// maxManifest bounds what reading a manifest takes, in bytes.
const maxManifest = 16 << 20

// Deployment is whose evidence it is.
type Deployment struct {
	Stage   string `json:"stage"`
	Account string `json:"account"`
	Region  string `json:"region"`
}

// Manifest vouches for a day: for its files, and for the manifest of the day before.
type Manifest struct {
	Format int    `json:"format"`
	Day    string `json:"day"` // of UTC, as 2026-11-29
	Deployment
	Made       time.Time `json:"made"`               // once the day was over
	Previous   *Link     `json:"previous,omitempty"` // none in the first
	Files      []File    `json:"files"`              // in the order of their names
	Records    int64     `json:"records"`            // the sum of all counts
	Counts     []Count   `json:"counts"`             // each record in exactly one
	Executions int64     `json:"executions"`         // executions, audits and scrubs; one that is in several files counts in each
}

// Link names a manifest by its content.
type Link struct {
	Day    string `json:"day"`
	SHA256 string `json:"sha256"` // in hexadecimal digits
}

// File is one file as it was written.
type File struct {
	Name       string `json:"name"`
	SHA256     string `json:"sha256"`
	Bytes      int64  `json:"bytes"`
	Records    int64  `json:"records"`
	Executions int64  `json:"executions"`
}

// Count is how many records ended so.
type Count struct {
	Source  Source      `json:"source"`
	Verdict Verdict     `json:"verdict"`
	Reason  reason.Code `json:"reason,omitempty"`
	Records int64       `json:"records"`
}

// Counted is what a file came to as it was read.
type Counted struct {
	File
	Counts  []Count
	Outside int64 // records whose time is not of the file's hour
	Broken  error // why no more could be read of it; nil of a file that is whole
}

// CountFile reads a file from its beginning to its end, in memory that does not grow with
// it. An error is the reader's own: what is wrong with the file is in the answer.
func CountFile(name string, r io.Reader) (Counted, error) {
	at, is := parse(name)
	if !is || at.manifest {
		return Counted{}, fmt.Errorf("%s is no name of a file of evidence", quoted(name))
	}
	w := &watched{r: r, sum: sha256.New()}
	c := Counted{File: File{Name: name}}
	counts := counts{}
	runs, seed := map[uint64]struct{}{}, maphash.MakeSeed()
	for record, err := range Read(w) {
		if err != nil {
			c.Broken = err
			break
		}
		c.Records++
		counts.add(record)
		runs[maphash.String(seed, record.Run)] = struct{}{}
		if !at.holds(record.Time) {
			c.Outside++
		}
	}
	_, _ = io.Copy(io.Discard, w) // whose error w keeps
	if w.err != nil {
		return Counted{}, fmt.Errorf("read %s: %w", name, w.err)
	}
	c.Bytes, c.SHA256, c.Counts, c.Executions = w.bytes, hex.EncodeToString(w.sum.Sum(nil)), counts.list(), int64(len(runs))
	return c, nil
}

// watched notes what was read, and an error that is not the content's.
type watched struct {
	r   io.Reader
	sum interface {
		io.Writer
		Sum([]byte) []byte
	}
	bytes int64
	err   error
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.bytes += int64(n)
	_, _ = w.sum.Write(p[:n]) // a hash has none
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

type counts map[Count]int64

func (c counts) add(r Record) { c[Count{Source: r.Source, Verdict: r.Verdict, Reason: r.Reason}]++ }

func (c counts) join(list []Count) {
	for _, one := range list {
		n := one.Records
		one.Records = 0
		c[one] += n
	}
}

func (c counts) list() []Count {
	all := []Count{}
	for one, n := range c {
		one.Records = n
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(slices.Index(Verdicts(), a.Verdict), slices.Index(Verdicts(), b.Verdict)), cmp.Compare(a.Reason, b.Reason))
	})
	return all
}

// Make is the manifest of a day, of the files that CountFile has read. previous is the
// manifest before, as it was written; nil of the first day.
func Make(d time.Time, of Deployment, made time.Time, files []Counted, previous []byte) (Manifest, error) {
	m := Manifest{Format: Format, Day: d.UTC().Format(day), Deployment: of, Made: made.UTC().Truncate(time.Second), Files: []File{}}
	if previous != nil {
		before, err := ParseManifest(previous)
		if err != nil {
			return m, fmt.Errorf("make the manifest of %s: the one before: %w", m.Day, err)
		}
		m.Previous = &Link{before.Day, SHA256(previous)}
	}
	all := counts{}
	for _, f := range files {
		if f.Broken != nil || f.Outside > 0 {
			return m, fmt.Errorf("make the manifest of %s: %s is broken, or has records of another hour: it would vouch for what verify refuses; write the file again", m.Day, f.Name)
		}
		m.Files = append(m.Files, f.File)
		m.Records += f.Records
		m.Executions += f.Executions
		all.join(f.Counts)
	}
	slices.SortFunc(m.Files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	m.Counts = all.list()
	if err := m.check(); err != nil {
		return m, fmt.Errorf("make the manifest of %s: %w", m.Day, err)
	}
	return m, nil
}

// Encode is the one form of a manifest: the same facts are the same bytes.
func (m Manifest) Encode() ([]byte, error) {
	encoded, err := json.Marshal(m, jsontext.WithIndent("  "))
	if err != nil {
		return nil, fmt.Errorf("write the manifest of %s: %w", m.Day, err)
	}
	return append(encoded, '\n'), nil
}

// SHA256 is the checksum of a content, as sha256sum prints it.
func SHA256(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

var errForm = errors.New("it is not in the form that this program writes: torn, edited, or of something else")

// ParseManifest reads a manifest in its one form.
func ParseManifest(content []byte) (m Manifest, err error) {
	if err := json.Unmarshal(content, &m, json.RejectUnknownMembers(true)); err != nil {
		var version struct {
			Format int `json:"format"`
		}
		if json.Unmarshal(content, &version) == nil && version.Format > Format {
			return m, fmt.Errorf("it is of format %d, and this program knows formats up to %d: take a newer autobackup", version.Format, Format)
		}
		return m, errForm
	}
	if m.Format != Format {
		return m, fmt.Errorf("it is of format %d, and this program knows format %d: take a newer autobackup", m.Format, Format)
	}
	again, err := m.Encode()
	if err != nil || !bytes.Equal(again, content) {
		return m, errForm
	}
	return m, m.check()
}

// check refuses what no maker of manifests writes, whatever the files say.
func (m Manifest) check() error {
	if _, err := time.Parse(day, m.Day); err != nil {
		return errors.New("its day is none")
	}
	if m.Previous != nil {
		if _, err := time.Parse(day, m.Previous.Day); err != nil || !isSum(m.Previous.SHA256) {
			return errors.New("the manifest before is named without a day or checksum")
		}
	}
	if m.Made.Location() != time.UTC {
		return errors.New("it was made at a time that is not in UTC")
	}
	last := ""
	for _, f := range m.Files {
		at, is := parse(f.Name)
		switch {
		case !is || at.manifest || at.day != m.Day:
			return fmt.Errorf("it names a file that is not of its day: %s", quoted(f.Name))
		case f.Name <= last:
			return fmt.Errorf("its files stand twice or in another order: %s", f.Name)
		case !isSum(f.SHA256) || f.Bytes < 0 || f.Records < 0 || f.Executions < 0:
			return fmt.Errorf("what it says of %s can't be", f.Name)
		}
		last = f.Name
	}
	return nil
}

// isSum says whether it is in the form that SHA256 gives.
var isSum = regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString
