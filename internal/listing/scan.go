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
	buffer := buffers.get(len(body) + spare)
	defer buffers.put(buffer)
	s := scanner{reader: gosax.NewReaderBuf(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))), buffer)}
	s.reader.EmitSelfClosingTag = true
	s.page.Rows = make([]audit.Row, 0, len(body)/shortRow)
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

// shortRow is about the shortest that a row is in XML.
const shortRow = 256

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
	replaced := -1
	if bytes.IndexByte(escaped, '&') >= 0 {
		replaced = bytes.Count(escaped, replacement)
	}
	text, err := gosax.Unescape(escaped)
	if err != nil {
		return errors.New("has an entity that XML doesn't define")
	}
	if replaced >= 0 && bytes.Count(text, replacement) != replaced { // what the library has for a number that is no character
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
