// Command failure-notifier is the Lambda function that alerts operators about
// replications that S3 gave up, and again about parked messages, which it puts
// back.
package main

import (
	"autobackup/internal/handler"
	"autobackup/internal/wire"
)

func main() { handler.Start(wire.FailureNotifier) }
