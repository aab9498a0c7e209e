// Command compare-etags is the Lambda function that judges what was seen of
// every object version in a batch.
package main

import (
	"autobackup/internal/handler"
	"autobackup/internal/wire"
)

func main() { handler.Start(wire.CompareETags) }
