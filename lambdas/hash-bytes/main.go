// Command hash-bytes is the Lambda function that reads a range of one object
// version in its own region and answers with digests.
package main

import (
	"autobackup/internal/handler"
	"autobackup/internal/wire"
)

func main() { handler.Start(wire.HashBytes) }
