package metric

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Names of metrics of heartbeats.
const (
	HeartbeatVerified  = "HeartbeatVerified"
	HeartbeatLost      = "HeartbeatLost"
	HeartbeatDifferent = "HeartbeatDifferent"
)

// OfHeartbeats lists the metrics that WriteHeartbeats writes.
func OfHeartbeats() []Definition {
	return []Definition{{HeartbeatVerified, count, byStage}, {HeartbeatLost, count, byStage}, {HeartbeatDifferent, count, byStage}}
}

// Heartbeats are how many came out as they must, by what was expected of them.
type Heartbeats struct{ Verified, Lost, Different int }

// WriteHeartbeats writes one line about heartbeats, zeros included: an alarm that waits for
// them has data, and so a state, from the first one on.
func (s Scope) WriteHeartbeats(w io.Writer, at time.Time, h Heartbeats) error {
	one := line{byStage, map[string]any{Stage: s.Stage, HeartbeatVerified: h.Verified, HeartbeatLost: h.Lost, HeartbeatDifferent: h.Different}}
	if err := json.NewEncoder(w).Encode(one.document(at)); err != nil {
		return fmt.Errorf("write metrics of heartbeats of stage %s: %w", s.Stage, err)
	}
	return nil
}
