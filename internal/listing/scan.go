package listing

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/orisano/gosax"

	"autobackup/internal/audit"
)

// Parse reads the body of an answer to ListObjectVersions. An error never comes with a part
// of a page, and never has a key in it.
func Parse(body []byte) (Page, error) {
	s := scanner{reader: gosax.NewReaderSize(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))), len(body)+spare)}
	s.reader.EmitSelfClosingTag = true
	s.page.Rows = make([]audit.Row, 0, bytes.Count(body, []byte("<VersionId>")))
	err := errNotUTF8
	if utf8.Valid(body) {
		err = s.scan()
	}
	if err == nil {
		err = s.page.decode()
	}
	if err != nil {
		return Page{}, fmt.Errorf("ListVersionsResult: %w", err)
	}
	return s.page, nil
}

// spare is what the reader wants free in its buffer before it asks for more, so that
// it doesn't double a buffer that holds everything.
const spare = 4096

var errNotUTF8 = errors.New("is not UTF-8")

var replacement = []byte("\ufffd")

// Depths of elements.
const (
	ofRoot = iota + 1
	ofPage
	ofRow
)

// scanner builds a page of the reader's events. The reader finds tags and texts; that
// they nest, that nothing is cut off and that nothing is said twice is seen here.
type scanner struct {
	reader *gosax.Reader
	page   Page
	row    fields // what a row must have, 0 outside of one
	sent   fields // what the open row had
	names  []byte // of the open elements
	starts []int  // where each begins in names
	leaf   bool   // the open element has no elements in it so far
	text   []byte // of the open element, behind the last element in it
	ended  bool   // the root is closed
}

func (s *scanner) scan() error {
	for {
		event, err := s.reader.Event()
		if err != nil {
			return errors.New("cut off in a tag, or no XML")
		}
		switch event.Type() {
		case gosax.EventStart:
			err = s.start(local(event.Bytes))
		case gosax.EventEnd:
			err = s.end(local(event.Bytes))
		case gosax.EventText:
			err = s.characters(event.Bytes)
		case gosax.EventCData:
			err = s.literal(event.Bytes)
		case gosax.EventComment:
			if !bytes.HasPrefix(event.Bytes, []byte("<!--")) {
				err = errors.New("has a tag that is none")
			}
		case gosax.EventDocType: // could define entities
			err = errors.New("has a document type")
		case gosax.EventEOF:
			return s.finish()
		}
		if err != nil {
			return err
		}
	}
}

// local is a tag's name without the prefix of its namespace.
func local(tag []byte) []byte {
	name, _ := gosax.Name(tag)
	return name[bytes.IndexByte(name, ':')+1:]
}

func (s *scanner) characters(escaped []byte) error {
	replaced := bytes.Count(escaped, replacement)
	text, err := gosax.Unescape(escaped)
	if err != nil {
		return errors.New("has an entity that XML doesn't define")
	}
	if bytes.Count(text, replacement) != replaced { // what the library has for a number that is no character
		return errors.New("has a character that is none")
	}
	s.text = append(s.text, text...)
	return nil
}

func (s *scanner) literal(section []byte) error {
	text, ok := bytes.CutPrefix(section, []byte("<![CDATA["))
	if !ok {
		return errors.New("has a tag that is none")
	}
	s.text = append(s.text, bytes.TrimSuffix(text, []byte("]]>"))...)
	return nil
}

func (s *scanner) start(element []byte) error {
	switch {
	case s.ended:
		return errors.New("goes on behind its end")
	case len(s.starts) == 0 && string(element) != "ListVersionsResult":
		return errors.New("is not what the answer is") // the element's name is the server's: left out
	case !s.blank():
		return errors.New("has text beside elements")
	}
	s.starts = append(s.starts, len(s.names))
	s.names = append(s.names, element...)
	s.leaf = true
	if len(s.starts) == ofPage {
		s.begin(element)
	}
	return nil
}

// begin opens a row, if it is one.
func (s *scanner) begin(element []byte) {
	s.row, s.sent = 0, 0
	switch string(element) {
	case "Version":
		s.row = ofVersions
	case "DeleteMarker":
		s.row = ofMarkers
	default:
		return
	}
	s.page.Rows = append(s.page.Rows, audit.Row{Marker: s.row == ofMarkers})
}

func (s *scanner) end(element []byte) error {
	depth := len(s.starts)
	if depth == 0 || string(s.names[s.starts[depth-1]:]) != string(element) {
		return errors.New("has an end without its beginning")
	}
	if err := s.take(depth, element); err != nil {
		return err
	}
	s.names = s.names[:s.starts[depth-1]]
	s.starts = s.starts[:depth-1]
	s.leaf, s.text = false, s.text[:0]
	s.ended = depth == ofRoot
	return nil
}

// take uses what an element had in it.
func (s *scanner) take(depth int, element []byte) error {
	switch {
	case !s.leaf && !s.blank():
		return errors.New("has text beside elements")
	case depth == ofPage && s.row != 0:
		return s.endRow()
	case depth == ofPage:
		return s.once(&s.page.sent, pageFields[string(element)], s.page.set)
	case depth == ofRow && s.row != 0:
		row := &s.page.Rows[len(s.page.Rows)-1]
		field := rowFields[string(element)]
		if row.Marker {
			field &= ofMarkers
		}
		err := s.once(&s.sent, field, func(field fields, text []byte) error { return setRow(row, field, text) })
		if err != nil {
			return fmt.Errorf("row %d: %w", len(s.page.Rows), err)
		}
	}
	return nil
}

// once hands over the text of an element that may stand there one time.
func (s *scanner) once(sent *fields, field fields, set func(fields, []byte) error) error {
	switch {
	case field == 0:
		return nil
	case *sent&field != 0:
		return fmt.Errorf("has %s twice", field)
	case !s.leaf:
		return fmt.Errorf("has elements in %s", field)
	}
	*sent |= field
	if err := set(field, s.text); err != nil {
		return fmt.Errorf("can't read %s: %w", field, err)
	}
	return nil
}

func (s *scanner) endRow() error {
	if missing := s.row &^ s.sent; missing != 0 {
		return fmt.Errorf("row %d: has no %s", len(s.page.Rows), missing)
	}
	s.row = 0
	return nil
}

func (s *scanner) finish() error {
	switch {
	case !s.ended:
		return errors.New("cut off before its end")
	case !s.blank():
		return errors.New("goes on behind its end")
	case s.page.sent&truncated == 0:
		return errors.New("has no IsTruncated")
	}
	return nil
}

// blank tells whether the text so far is nothing but white space, and forgets it.
func (s *scanner) blank() bool {
	blank := len(bytes.Trim(s.text, " \t\r\n")) == 0
	s.text = s.text[:0]
	return blank
}
