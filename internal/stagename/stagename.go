// Package stagename is what a stage may be named.
package stagename

import (
	"fmt"
	"regexp"
)

// Pattern is the templates' AllowedPattern of Stage, against which a test holds it.
const Pattern = "[a-z][a-z0-9]{0,9}"

var name = regexp.MustCompile(`^` + Pattern + `$`)

// Check refuses what no stage is named, in the words of who typed it behind --stage.
func Check(s string) error {
	if !name.MatchString(s) {
		return fmt.Errorf("--stage %q is no stage: write 1 to 10 lower-case letters and digits, a letter first, such as dev, without the replica- of a stack's name", s)
	}
	return nil
}
