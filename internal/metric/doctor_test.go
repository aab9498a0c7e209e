package metric_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/metric"
)

func TestARunOfDoctorIsOneLineZerosIncluded(t *testing.T) {
	for _, c := range []struct{ failed, unknown int }{{0, 0}, {2, 1}} {
		w := &lines{}
		require.NoError(t, metric.Scope{Stage: "test"}.WriteDoctor(w, at, c.failed, c.unknown))
		require.Len(t, *w, 1)
		assert.Equal(t, record{"DoctorFailed Stage=test": {float64(c.failed)}, "DoctorUnknown Stage=test": {float64(c.unknown)}}, readLine(t, (*w)[0], at))
	}
}
