// Command compare-bytes is the Lambda function that compares the bytes of both
// sides by what hash-bytes tells of them.
package main

import (
	"autobackup/internal/handler"
	"autobackup/internal/wire"
)

func main() { handler.Start(wire.CompareBytes) }
