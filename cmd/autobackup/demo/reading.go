package demo

import (
	"errors"
	"io"
	"strconv"
	"strings"
)

// reading remembers an error of reading a file, which the SDK would report as
// one of the upload.
type reading struct {
	io.ReadSeekCloser
	failed error
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.ReadSeekCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.failed = err
	}
	return n, err
}

// printable shows a key on one line of a terminal: keys are hostile input. Spaces at its
// ends show by quotes.
func printable(key string) string {
	quoted := strconv.QuoteToGraphic(key)
	if strings.TrimSpace(key) != key {
		return quoted
	}
	if inner := quoted[1 : len(quoted)-1]; inner == key || strings.ReplaceAll(inner, `\"`, `"`) == key {
		return key
	}
	return quoted
}
