// Command failure-notifier is the Lambda function that sends the e-mails: it takes
// what executions and S3 hand it of versions that failed, remembers what it told,
// and puts what S3 notified of where it is validated.
package main

import (
	"autobackup/internal/handler"
	"autobackup/internal/wire"
)

func main() { handler.Start(wire.FailureNotifier) }
