// Command evidence is the Lambda function that a schedule invokes: it makes files of
// evidence of the facts that other functions leave, and a manifest for each day.
package main

import (
	"autobackup/internal/handler"
	"autobackup/internal/wire"
)

func main() { handler.Start(wire.Evidence) }
