package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"autobackup/internal/audit"
)

// acceptedFile is what accept writes. It is JSON, for people to review where they
// keep it under version control.
type acceptedFile struct {
	Accepted []audit.Acceptance `json:"accepted"`
}

// readAccepted reads the file of accept; none where no file is named or none is there.
func readAccepted(file string) ([]audit.Acceptance, error) {
	text, err := os.ReadFile(file) // #nosec G304: the file that somebody named
	if file == "" || errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var f acceptedFile
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err != nil {
		return nil, fmt.Errorf("read what is accepted: %s: %w", file, err)
	}
	for i, a := range f.Accepted {
		if err := a.Check(); err != nil {
			return nil, fmt.Errorf("read what is accepted: %s: entry %d: %w", file, i+1, err)
		}
	}
	return f.Accepted, nil
}
