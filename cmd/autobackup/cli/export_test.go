package cli

import (
	"errors"
	"reflect"
	"slices"

	"github.com/alecthomas/kong"

	"autobackup/internal/stagename"
	"autobackup/local/clock"
)

// dry is a parser of command lines that runs nothing and looks at no files.
func dry() (*kong.Kong, error) {
	var c commands
	named := kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		return ctx.Scan.PopValueInto("path", target.Addr().Interface())
	})
	return kong.New(&c, kong.Name("autobackup"), kong.Description(description), kong.NamedMapper("existingfile", named), kong.NamedMapper("existingdir", named))
}

// Parses says whether a command line is one that its command takes, and runs nothing.
func Parses(args []string) error {
	parser, err := dry()
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return err
	}
	for _, p := range parsed.Path {
		if p.Flag != nil && p.Flag.Name == "stage" {
			err = stagename.Check(p.Flag.Target.String())
		}
	}
	return errors.Join(err, checked(parsed.Selected().Target.Interface()))
}

// checked is what a command says of its flags before it calls anything.
func checked(command any) (err error) {
	switch c := command.(type) {
	case interface{ check() error }:
		err = c.check()
	case retryCommand:
		o := c.options(c.ofStage, c.chosen)
		o.From, o.Tell, o.Again = c.From, c.Tell, c.Again
		err = o.Check()
	case discardCommand:
		o := c.options(c.ofStage, c.chosen)
		o.From = c.From
		err = o.CheckDiscard()
	case acceptCommand:
		if !c.List {
			_, _, err = c.entries(clock.Real().Now())
		}
	case explainCommand:
		_, err = c.options()
	}
	return err
}

// Help is what the help of a command says.
type Help struct {
	Words []string // of the command; none: the program's
	Says  string
	JSON  bool // it has --json
}

// Helps are those of the program, of all commands and of what groups them.
func Helps() ([]Help, error) {
	parser, err := dry()
	if err != nil {
		return nil, err
	}
	return helps(parser.Model.Node), nil
}

func helps(n *kong.Node, words ...string) []Help {
	h := Help{Words: words, Says: n.Detail}
	if n.Parent == nil {
		h.Says = n.Help
	}
	for _, f := range n.Flags {
		h.JSON = h.JSON || f.Name == "json"
	}
	all := []Help{h}
	for _, child := range n.Children {
		all = append(all, helps(child, append(slices.Clone(words), child.Name)...)...)
	}
	return all
}
