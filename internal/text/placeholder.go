package text

import "strings"

// Placeholder says whether a text is what stands in commands and in help for one that
// somebody is to write.
func Placeholder(s string) bool {
	switch strings.ToUpper(strings.Trim(s, " <>[]")) {
	case "WHY", "TEXT", "...", "…":
		return true
	}
	return false
}
