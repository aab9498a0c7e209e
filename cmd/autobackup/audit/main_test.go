package audit_test

import (
	"os"
	"runtime/debug"
	"testing"
	"time"

	"autobackup/cmd/autobackup/audit"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // an audit here holds little, and leaves much
	audit.Again = 20 * time.Millisecond
	os.Exit(m.Run())
}
