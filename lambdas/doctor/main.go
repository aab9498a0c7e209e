// Command doctor is the Lambda function that a schedule invokes: it looks whether the
// stage is as it must be, as the program's command of this name does, and writes what
// it found to its log and into metrics.
package main

import (
	"os"
	"time"

	"autobackup/cmd/autobackup/doctor"
	"autobackup/internal/handler"
)

func main() {
	handler.Start(doctor.Function(os.Stdout, time.Now)) //nolint:forbidigo // here the wall clock enters: it dates metrics, no finding
}
