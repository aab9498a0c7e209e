package cli

import "github.com/alecthomas/kong"

// Parses says whether a command line is one, and runs nothing.
func Parses(args []string) error {
	var c commands
	parser, err := kong.New(&c, kong.Name("autobackup"))
	if err == nil {
		_, err = parser.Parse(args)
	}
	return err
}
