// Command fetch-etags is the Lambda function that looks at both sides of every
// object version in a batch.
package main

import (
	"autobackup/internal/handler"
	"autobackup/internal/wire"
)

func main() { handler.Start(wire.FetchETags) }
