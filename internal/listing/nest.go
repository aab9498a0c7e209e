package listing

import (
	"bytes"
	"errors"
	"fmt"

	"autobackup/internal/audit"
)

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
