// Command audit is the Lambda function that does the parts of an audit which a state
// machine puts together, with the code of the program's command of this name.
package main

import (
	"os"
	"time"

	"autobackup/cmd/autobackup/audit"
	"autobackup/internal/handler"
)

func main() {
	handler.Start(audit.Function(os.Stdout, time.Now)) //nolint:forbidigo // here the wall clock enters: it measures a part's time and dates metrics
}
