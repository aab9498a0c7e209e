package evidence

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"autobackup/internal/text"
)

// What a file takes at most. A reader bounds by these what a file that was tampered with
// can cost it.
const (
	MaxRecords = 50_000
	maxLine    = 64 << 10 // bytes, of JSON
)

// Encode is the file of records: a compressed line of JSON for each, in the order of their
// times and then of their lines, none twice. The same records are the same bytes, in any
// order and however often they are given, so that writing them again changes nothing.
func Encode(records []Record) ([]byte, error) {
	type line struct {
		at   time.Time
		text []byte
	}
	lines := make([]line, 0, len(records))
	for i, r := range records {
		text, err := encode(r)
		if err != nil {
			return nil, fmt.Errorf("write record %d of %d as evidence: %w", i+1, len(records), err)
		}
		lines = append(lines, line{r.Time, text})
	}
	slices.SortFunc(lines, func(a, b line) int { return inOrder(a.at, b.at, a.text, b.text) })
	lines = slices.CompactFunc(lines, func(a, b line) bool { return bytes.Equal(a.text, b.text) })
	if len(lines) > MaxRecords {
		return nil, fmt.Errorf("write %d records as evidence: a file takes at most %d: begin another part", len(lines), MaxRecords)
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression) // whose header has neither name nor time
	for _, l := range lines {
		if err == nil {
			_, err = w.Write(l.text)
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("compress evidence: %w", err)
	}
	return b.Bytes(), nil
}

func inOrder(a, b time.Time, lineA, lineB []byte) int {
	if c := a.Compare(b); c != 0 {
		return c
	}
	return bytes.Compare(lineA, lineB)
}

// Line is the record as a file has it, with its line break: two records are the same where
// their lines are.
func (r Record) Line() ([]byte, error) { return encode(r) }

// encode is the one form of a record, with its line break.
func encode(r Record) ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	encoded = append(text.EscapeJSON(encoded), '\n')
	if len(encoded) > maxLine {
		return nil, fmt.Errorf("it has %d bytes, and a line takes at most %d", len(encoded), maxLine)
	}
	return encoded, nil
}

// Read yields the records of a file in their order. The first error ends it: torn, not
// written by this format, or not in its one form, in which nothing can stand twice or be
// read in two ways. No error has a key in it.
func Read(r io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if err := read(r, func(record Record, _ []byte) bool { return yield(record, nil) }); err != nil {
			yield(Record{}, err)
		}
	}
}

// read gives each record with its line, which holds until the next.
func read(r io.Reader, yield func(Record, []byte) bool) error {
	in := bufio.NewReader(r) // of which gzip takes no more than its own
	unpacked, err := gzip.NewReader(in)
	if err != nil {
		return fmt.Errorf("it is no gzip file: %w", cut(err))
	}
	unpacked.Multistream(false)
	lines := bufio.NewReaderSize(unpacked, maxLine)
	var before Record
	var last []byte
	for n := 1; ; n++ {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return atEnd(in)
		case errors.Is(err, io.EOF):
			return fmt.Errorf("line %d does not end", n)
		case err != nil:
			return fmt.Errorf("line %d: %w", n, cut(err))
		case n > MaxRecords:
			return fmt.Errorf("it has more than %d lines", MaxRecords)
		}
		record, err := decode(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if inOrder(before.Time, record.Time, last, line) >= 0 {
			return fmt.Errorf("line %d stands twice, or before one that is to come first", n)
		}
		before, last = record, append(last[:0], line...)
		if !yield(record, line) {
			return nil
		}
	}
}

// atEnd says whether nothing follows: what did would be read by some programs alone.
func atEnd(in *bufio.Reader) error {
	if _, err := in.ReadByte(); err != io.EOF {
		return errors.New("something follows its end")
	}
	return nil
}

// cut words the end of a file in the middle of something.
func cut(err error) error {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it ends in the middle")
	case errors.Is(err, bufio.ErrBufferFull):
		return fmt.Errorf("it is longer than %d bytes", maxLine)
	}
	return err
}

// decode reads one line. Its form is the one that encode gives: names that stand twice, are
// not known or are in another order, other spellings of a time or a text are none of it.
func decode(line []byte) (r Record, err error) {
	if err := json.Unmarshal(line, &r, json.RejectUnknownMembers(true)); err != nil {
		return r, errors.New("it is no record that this version of the program knows")
	}
	again, err := encode(r)
	if err != nil {
		return r, err
	}
	if !bytes.Equal(again, line) {
		return r, errors.New("it is not in the one form of a record: somebody else wrote it")
	}
	return r, nil
}
