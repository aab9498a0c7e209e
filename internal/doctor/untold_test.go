package doctor_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/doctor"
)

// The alarm of the scheduled doctor tells only when it begins to ring: what rings elsewhere for
// days would keep it silent about what is turned off meanwhile.
func TestWhatAnAlarmThatRingsTellsIsNotToldAgain(t *testing.T) {
	parked := func(f *doctor.Facts) { f.Queues[2].Messages = 3 }
	for name, c := range map[string]struct {
		with           func(*doctor.Facts)
		failed, untold int
	}{
		"nothing":                                  {func(*doctor.Facts) {}, 0, 0},
		"a pipe that is stopped":                   {func(f *doctor.Facts) { f.Pipe.State = "STOPPED" }, 1, 1},
		"an alarm that rings":                      {func(f *doctor.Facts) { f.Alarms[0].State = "ALARM" }, 1, 0},
		"an alarm that rings, and tells nobody":    {func(f *doctor.Facts) { f.Alarms[0].State, f.Alarms[0].Disabled = "ALARM", true }, 2, 2},
		"an alarm that tells nobody":               {func(f *doctor.Facts) { f.Alarms[0].Disabled = true }, 1, 1},
		"parked messages, of which no alarm tells": {parked, 1, 1},
		"parked messages, of which one does": {func(f *doctor.Facts) {
			parked(f)
			f.Alarms[0] = doctor.Alarm{Name: "autobackup-validation-dlq-not-empty-prod", State: "ALARM"}
		}, 2, 0},
		"parked messages, and an alarm about others": {func(f *doctor.Facts) {
			parked(f)
			f.Alarms[0] = doctor.Alarm{Name: "autobackup-event-dlq-not-empty-prod", State: "ALARM"}
		}, 2, 1},
		// Else it would ring for ever by its own ringing.
		"doctor's own alarm that rings": {func(f *doctor.Facts) {
			f.Alarms[0] = doctor.Alarm{Name: "autobackup-doctor-failed-prod", State: "ALARM"}
		}, 0, 0},
		"doctor's own alarm that tells nobody": {func(f *doctor.Facts) {
			f.Alarms[0] = doctor.Alarm{Name: "autobackup-doctor-failed-prod", State: "ALARM", Disabled: true}
		}, 2, 2},
		"an alarm without an action":            {func(f *doctor.Facts) { f.Alarms[0].Actless = true }, 1, 1},
		"an alarm that rings without an action": {func(f *doctor.Facts) { f.Alarms[0].State, f.Alarms[0].Actless = "ALARM", true }, 2, 2},
		"what could not be read":                {func(f *doctor.Facts) { f.Pipe.Unread = &doctor.Unread{Why: "why"} }, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := healthy()
			c.with(&f)
			r := doctor.Judge(f)
			assert.Equal(t, c.failed, r.Failed, bad(r))
			assert.Equal(t, c.untold, r.Untold(), bad(r))
		})
	}
}
