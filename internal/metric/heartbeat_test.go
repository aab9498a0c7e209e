package metric_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/metric"
)

func TestHeartbeatsAreOneLineZerosIncluded(t *testing.T) {
	for _, h := range []metric.Heartbeats{{}, {Verified: 1, Lost: 2, Different: 3}} {
		w := &lines{}
		require.NoError(t, metric.Scope{Stage: "test"}.WriteHeartbeats(w, at, h))
		require.Len(t, *w, 1)
		assert.Equal(t, record{"HeartbeatVerified Stage=test": {float64(h.Verified)}, "HeartbeatLost Stage=test": {float64(h.Lost)}, "HeartbeatDifferent Stage=test": {float64(h.Different)}},
			readLine(t, (*w)[0], at))
	}
}
