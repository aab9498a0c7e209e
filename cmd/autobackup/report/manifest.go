package report

import (
	"encoding/csv"
	"net/url"
	"strings"

	"autobackup/internal/audit"
)

// manifest is the list of versions for S3 Batch Operations: bucket, URL-encoded key and
// version id, without a header
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/specify-batchjob-manifest.html).
// It is made with its first row: a job with an empty one fails.
type manifest struct {
	create func(name string) (*file, error)
	rows   *csv.Writer
	count  int64
	once   once
}

func (m *manifest) add(i audit.Item) error {
	if !m.once.first(i) {
		return nil
	}
	if m.rows == nil {
		f, err := m.create(manifestFile)
		if err != nil {
			return err
		}
		m.rows = csv.NewWriter(f)
	}
	row := ManifestRow(i)
	m.count++
	if err := m.rows.Write(row[:]); err != nil {
		return err
	}
	m.rows.Flush() // into the file's own buffer
	return m.rows.Error()
}

// ManifestRow is the row of a version. None of its words needs quotes.
func ManifestRow(i audit.Item) [3]string { return [3]string{i.Primary, encodedKey(i.Key), i.Version} }

// encodedKey is a key as a manifest has it: everything encoded but what a URL's path
// may hold, and a space as %20.
func encodedKey(key string) string {
	return strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(key))
}
