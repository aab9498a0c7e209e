package doctor_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/doctor"
)

// everyDay has the stack look by itself.
var everyDay = map[string]string{"DoctorSchedule": "rate(1 day)"}

// comes has the time come at which the schedule invokes doctor, and answers its metrics.
func (w *world) comes() map[string]any {
	w.t.Helper()
	w.metrics.Reset()
	require.NoError(w.t, w.Events.Fire(w.first.Region, "autobackup-doctor-dev"))
	var line map[string]any
	require.NoError(w.t, json.Unmarshal(w.metrics.Bytes(), &line), w.metrics.String())
	return line
}

// The deployed function looks under its own role, which is let in by the rule's permission, and
// invokes the deployed fetch-etags.
func TestAScheduledDoctorSeesWhatIsTurnedOffAndWhatIsOver(t *testing.T) {
	w := newWorldOf(t, account, everyDay)
	line := w.comes()
	assert.InDelta(t, 0, line["DoctorFailed"], 0)
	assert.InDelta(t, 0, line["DoctorUnknown"], 0)

	w.notifies(theirs, &types.NotificationConfiguration{})
	assert.InDelta(t, 1, w.comes()["DoctorFailed"], 0)
	w.notifies(theirs, &types.NotificationConfiguration{EventBridgeConfiguration: &types.EventBridgeConfiguration{}})
	assert.InDelta(t, 0, w.comes()["DoctorFailed"], 0)
}

func TestAStageThatKeepsEvidenceHasAFunctionMore(t *testing.T) {
	w := newWorldOf(t, account, map[string]string{"EvidenceDays": "400"})
	report, err := doctor.Run(t.Context(), w.config(), doctor.Options{Stage: stage, Now: time.Now})
	require.NoError(t, err)
	screen := report.Screen(true)
	assert.Contains(t, screen, "autobackup-evidence-"+stage)
	assert.Zero(t, report.Exit, screen)
}

func TestAStageThatMakesAuditsHasAFunctionMore(t *testing.T) {
	w := newWorldOf(t, account, map[string]string{"AuditLevel": "rest", "DoctorSchedule": "rate(1 day)"})
	report, err := doctor.Run(t.Context(), w.config(), doctor.Options{Stage: stage, Now: time.Now})
	require.NoError(t, err)
	screen := report.Screen(true)
	assert.Contains(t, screen, "autobackup-audit-"+stage)
	assert.Contains(t, screen, "no audit has succeeded in 90 days: start one")
	assert.Zero(t, report.Exit, screen)
	assert.InDelta(t, 0, w.comes()["DoctorFailed"], 0, "under its own role")
}
