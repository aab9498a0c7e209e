package listing

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"autobackup/internal/audit"
)

// Page is an answer to ListObjectVersions.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
type Page struct {
	Rows                               []audit.Row // versions and delete markers as S3 sends them, without Superseded
	Name, Prefix                       string      // the bucket's, and what was asked for
	KeyMarker, VersionIDMarker         string      // what was asked for, as the server understood it
	NextKeyMarker, NextVersionIDMarker string      // where the next page begins, if this is truncated
	Truncated                          bool

	sent fields // the elements that the answer had: an echo may be empty or left out
}

// set takes over the text of an element of the page itself.
func (p *Page) set(field fields, text []byte) (err error) {
	switch field {
	case name:
		p.Name = string(text)
	case prefix:
		p.Prefix = string(text)
	case encoding:
		if string(text) != "url" {
			return errors.New("not url")
		}
	case truncated:
		p.Truncated, err = boolean(text)
	case keyMarker:
		p.KeyMarker = string(text)
	case versionIDMarker:
		p.VersionIDMarker = string(text)
	case nextKeyMarker:
		p.NextKeyMarker = string(text)
	case nextVersionIDMarker:
		p.NextVersionIDMarker = string(text)
	case commonPrefixes: // keys would be hidden behind these
		if len(text) > 0 {
			err = errors.New("nobody asked for them")
		}
	}
	return err
}

// setRow takes over the text of an element of a version or marker.
func setRow(row *audit.Row, field fields, text []byte) (err error) {
	if len(text) == 0 && field&ofMarkers != 0 {
		return errors.New("empty")
	}
	switch field {
	case key:
		row.Key = string(text)
	case versionID:
		row.VersionID = string(text)
	case latest:
		row.Latest, err = boolean(text)
	case modified:
		row.Modified, err = date(text)
	case size:
		row.Size, err = bytesOf(text)
	case etag:
		row.ETag = unquoted(string(text))
	case class:
		if string(text) != "STANDARD" {
			row.Class = string(text)
		}
	}
	return err
}

func boolean(text []byte) (bool, error) {
	switch string(text) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errors.New("neither true nor false")
}

// date and bytesOf leave out the library's errors, which quote whatever was sent.
func date(text []byte) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return t, errors.New("no date")
	}
	return t.UTC(), nil
}

func bytesOf(text []byte) (int64, error) {
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || n < 0 {
		return 0, errors.New("no number of bytes")
	}
	return n, nil
}

func unquoted(tag string) string {
	if len(tag) >= 2 && tag[0] == '"' && tag[len(tag)-1] == '"' {
		return tag[1 : len(tag)-1]
	}
	return tag
}

// decode takes the URL encoding off, which the answer may tell of behind the rows.
func (p *Page) decode() error {
	for i := range p.Rows {
		if err := p.decodeKey(&p.Rows[i].Key); err != nil {
			return fmt.Errorf("row %d: Key %w", i+1, err)
		}
		if len(p.Rows[i].Key) > maxKey {
			return fmt.Errorf("row %d: Key is longer than a key can be", i+1)
		}
	}
	for _, key := range []*string{&p.Prefix, &p.KeyMarker, &p.NextKeyMarker} {
		if err := p.decodeKey(key); err != nil {
			return fmt.Errorf("the prefix or a key marker %w", err)
		}
	}
	return nil
}

func (p *Page) decodeKey(key *string) error {
	if p.sent&encoding != 0 && strings.ContainsAny(*key, "%+") {
		decoded, err := url.QueryUnescape(*key)
		if err != nil { // without the library's text, which quotes the key
			return errors.New("is not URL-encoded as it says")
		}
		*key = decoded
	}
	if !utf8.ValidString(*key) {
		return errors.New("is not UTF-8")
	}
	return nil
}
