// Command heartbeat is the Lambda function that a schedule invokes: it puts objects of the
// stage's own, of which some are wrong on purpose, for the validation to find.
package main

import (
	"autobackup/internal/handler"
	"autobackup/internal/wire"
)

func main() { handler.Start(wire.Heartbeat) }
