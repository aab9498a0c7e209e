package discover

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"autobackup/internal/text"
)

var accountID = regexp.MustCompile(`^\d{12}$`)

// ReadAccounts reads one account a line. What follows # is a comment.
func ReadAccounts(r io.Reader) (all []string, err error) {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "\ufeff"), "#")
		switch line = strings.TrimSpace(line); {
		case line == "":
		case !accountID.MatchString(line):
			return nil, fmt.Errorf("line %d: %s is no account: write one of 12 digits a line", n, text.Quoted(line, 60))
		case !slices.Contains(all, line):
			all = append(all, line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the accounts: %w", err)
	}
	return all, nil
}
