package report

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// Sums are the names of the files that SHA256SUMS lists.
func Sums(in io.Reader) (names []string, err error) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		_, name, found := strings.Cut(lines.Text(), "  ")
		if !found || name != filepath.Base(name) {
			return nil, fmt.Errorf("%s has a line that is none of sha256sum", SumsFile)
		}
		names = append(names, name)
	}
	return names, lines.Err()
}
