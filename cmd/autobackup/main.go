// Command autobackup shows and operates the validation of replicated objects.
package main

import (
	"os"

	"autobackup/cmd/autobackup/cli"
)

func main() { os.Exit(cli.Run(os.Args[1:], os.Stdout, os.Stderr)) }
