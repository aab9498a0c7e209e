// Command failure-notifier is the Lambda function that alerts operators
// again about parked messages and puts them back.
package main

import (
	"autobackup/internal/handler"
	"autobackup/internal/wire"
)

func main() { handler.Start(wire.FailureNotifier) }
