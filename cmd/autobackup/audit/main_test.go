package audit_test

import (
	"os"
	"testing"
	"time"

	"autobackup/cmd/autobackup/audit"
)

func TestMain(m *testing.M) {
	audit.Again = 20 * time.Millisecond
	os.Exit(m.Run())
}
