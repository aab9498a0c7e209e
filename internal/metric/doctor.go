package metric

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Names of metrics of a doctor that runs on a schedule.
const (
	DoctorFailed  = "DoctorFailed"
	DoctorUnknown = "DoctorUnknown"
)

// OfDoctor lists the metrics that WriteDoctor writes.
func OfDoctor() []Definition {
	return []Definition{{DoctorFailed, count, byStage}, {DoctorUnknown, count, byStage}}
}

// WriteDoctor writes the line of one run of doctor: how many findings failed that nothing else
// tells of, and how many things could not be known.
func (s Scope) WriteDoctor(w io.Writer, at time.Time, failed, unknown int) error {
	one := line{byStage, map[string]any{Stage: s.Stage, DoctorFailed: failed, DoctorUnknown: unknown}}
	if err := json.NewEncoder(w).Encode(one.document(at)); err != nil {
		return fmt.Errorf("write metrics of doctor of stage %s: %w", s.Stage, err)
	}
	return nil
}
