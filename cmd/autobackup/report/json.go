package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"autobackup/internal/audit"
	"autobackup/internal/text"
)

// JSON writes all of the reports for machines.
func JSON(w io.Writer, reports []audit.Report, o Options) error {
	if o.RedactKeys {
		reports = Redacted(reports)
	}
	return encode(w, map[string][]audit.Report{"reports": reports}, "  ")
}

// Indented writes v as JSON that people read, as the files of a report are written.
func Indented(w io.Writer, v any) error { return encode(w, v, "  ") }

// encode writes v as JSON and a line break. What is not printable is an escape, in
// texts, which alone can hold it: the same value to a program, and no control
// character or bidirectional override to whoever has it shown. Bytes of a key that are
// no UTF-8, which S3 doesn't take, are the replacement character, as JSON has no others.
func encode(w io.Writer, v any, indent string) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("write as JSON: %w", err)
	}
	_, err := w.Write(text.EscapeJSON(b.Bytes()))
	return err
}
