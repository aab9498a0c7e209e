package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	core "autobackup/internal/audit"
	"autobackup/internal/shell"
)

// AfterApply keeps the flags by which explain looks as this audit does.
func (c *auditCommand) AfterApply(k *kong.Context) error {
	also := map[string]bool{}
	for _, command := range k.Model.Children {
		for _, flag := range command.Flags {
			also[flag.Name] = also[flag.Name] || command.Name == "explain" && flag.Name != "json"
		}
	}
	c.typed = map[string]bool{}
	var words []string
	for _, p := range k.Path {
		if p.Flag != nil {
			c.typed[p.Flag.Name] = true
		}
		if flag := p.Flag; flag != nil && also[flag.Name] {
			words = append(words, typed(flag))
		}
	}
	c.given = strings.Join(words, " ")
	return nil
}

// typed is a flag as it is typed.
func typed(f *kong.Flag) string {
	value := fmt.Sprint(f.Target)
	switch {
	case f.IsBool() && value == "true":
		return "--" + f.Name // a word behind it would be the next argument
	case f.IsBool():
		return "--" + f.Name + "=" + value
	}
	return "--" + f.Name + " " + shell.Quote(value)
}

// goesOn are the flags that mean something to an audit that goes on: of all others, it keeps
// what it was begun with.
var goesOn = []string{"resume", "output", "output-profile", "max-rate", "ranges", "max-dollars", "versions", "yes", "json"}

// check refuses flags that would silently mean nothing.
func (c auditCommand) check() error {
	switch {
	case c.typed["max-dollars"] && c.MaxDollars <= 0:
		return fmt.Errorf("--max-dollars %v: it is what may be spent, more than 0", c.MaxDollars)
	case c.MaxRate < 1:
		return fmt.Errorf("--max-rate %d: it is how many requests a second are sent, 1 at least", c.MaxRate)
	case c.Ranges < 1:
		return fmt.Errorf("--ranges %d: it is how many ranges are listed at once, 1 at least", c.Ranges)
	}
	for _, name := range slices.Sorted(maps.Keys(c.typed)) {
		switch {
		case c.Resume != "" && !slices.Contains(goesOn, name):
			return fmt.Errorf("--resume goes on with what the audit was begun with: leave --%s out", name)
		case c.Resume == "" && c.Level != string(core.Bytes) && slices.Contains([]string{"sample", "max-gb", "classes"}, name):
			return fmt.Errorf("--%s is of --level bytes: name that, or leave it out", name)
		}
	}
	return nil
}
