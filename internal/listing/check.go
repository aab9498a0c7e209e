package listing

import (
	"errors"
	"fmt"
	"strings"

	"autobackup/internal/audit"
)

// check holds a page against what was asked for. A server that contradicts it has lost
// or repeated rows, or will: then nothing that a comparison says would be true.
func (l Lister) check(page Page, after Marker, max int) error {
	err := l.echoes(page, after)
	if err == nil && max > 0 && len(page.Rows) > max {
		err = fmt.Errorf("%d rows came where at most %d were asked for", len(page.Rows), max)
	}
	if err == nil {
		err = l.ordered(page.Rows, after)
	}
	if err == nil {
		err = continues(page)
	}
	return l.inconsistent(err)
}

func (l Lister) inconsistent(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the listing of s3://%s is not consistent: %w; nothing it says can be relied on. Try again; if it stays so, ask who runs the server", l.Bucket, err)
}

// echoes tells whether the server understood the request. One that leaves an echo out says nothing.
func (l Lister) echoes(page Page, after Marker) error {
	switch {
	case page.sent&name != 0 && page.Name != l.Bucket:
		return errors.New("it is of another bucket")
	case page.sent&prefix != 0 && page.Prefix != l.Prefix:
		return errors.New("it is of another prefix")
	case page.sent&keyMarker != 0 && page.KeyMarker != after.Key,
		page.sent&versionIDMarker != 0 && page.VersionIDMarker != after.VersionID:
		return errors.New("it begins elsewhere than was asked for")
	}
	return nil
}

func (l Lister) ordered(rows []audit.Row, after Marker) error {
	before := after.Key
	versions := map[string]bool{}
	if after.VersionID != "" {
		versions[after.VersionID] = true
	}
	for i, row := range rows {
		switch {
		case row.Key < before:
			return fmt.Errorf("the key of row %d comes before the one ahead of it", i+1)
		case row.Key > before:
			clear(versions)
		case row.Key == after.Key && after.VersionID == "":
			return fmt.Errorf("row %d is not behind the key that was asked for", i+1)
		}
		switch {
		case !strings.HasPrefix(row.Key, l.Prefix):
			return fmt.Errorf("the key of row %d has not the prefix that was asked for", i+1)
		case versions[row.VersionID]:
			return fmt.Errorf("row %d repeats a version", i+1)
		}
		before, versions[row.VersionID] = row.Key, true
	}
	return nil
}

// continues checks that the next page begins no earlier than this one ends. It is asked
// for by the last row, not by the marker: AWS calls that the first key that was not
// returned, servers send the last one that was, and MinIO puts a note of its own behind it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
func continues(page Page) error {
	switch {
	case !page.Truncated && page.NextKeyMarker != "":
		return errors.New("it ends, but names a next page")
	case !page.Truncated:
		return nil
	case len(page.Rows) == 0:
		return errors.New("it goes on, but the page is empty")
	case page.NextKeyMarker < page.Rows[len(page.Rows)-1].Key:
		return errors.New("the next page begins before this one ends")
	}
	return nil
}
