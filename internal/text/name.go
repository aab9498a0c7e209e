package text

import "regexp"

var plain = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$`)

// Plain says whether a name means itself, on a screen and in a shell.
func Plain(name string) bool { return plain.MatchString(name) }

// Name is a name that others chose, for a screen: one that is not plain is quoted, in at
// most 80 bytes.
func Name(name string) string {
	if Plain(name) {
		return name
	}
	return Quoted(name, 80)
}
