package local_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/gate"
)

// minutes has them come until it is stopped, which gives what went wrong.
func (w *world) minutes() (stop func() (failed []error)) {
	var mu sync.Mutex
	var failed []error
	ctx, cancel := context.WithCancel(w.t.Context())
	w.Minutes(ctx, func(err error) {
		mu.Lock()
		defer mu.Unlock()
		failed = append(failed, err)
	})
	return func() []error {
		cancel()
		synctest.Wait()
		return failed
	}
}

// Nobody fires a rule and nobody has an alarm evaluated: heartbeats come, a break is told by the alarm
// that its runbook is for, and so is that it is over.
func TestWhereMinutesComeSchedulesFireAndAlarmsTellByThemselves(t *testing.T) {
	inWorld(t, func(w *world) {
		stop := w.minutes()
		time.Sleep(31 * time.Minute)
		w.settle()
		assert.Equal(t, map[string]int{"verified": 3}, w.beatings()["heartbeat/verified"])
		assert.Empty(t, w.notOK())
		quiet := w.published("failure-topic")
		for _, p := range quiet {
			assert.Regexp(t, `^OK: `, p.Subject, "as alarms tell that are new")
		}

		w.Events.Bus(firstRegion).Switch(arnOf("events", "rule/autobackup-heartbeat-dev"), false)
		time.Sleep(time.Hour)
		assert.Equal(t, map[string]int{"verified": 3}, w.beatings()["heartbeat/verified"])
		assert.Equal(t, []string{"heartbeat-stopped"}, slices.Collect(maps.Keys(w.notOK())))
		w.Events.Bus(firstRegion).Switch(arnOf("events", "rule/autobackup-heartbeat-dev"), true)
		time.Sleep(30 * time.Minute)
		w.settle()
		assert.Empty(t, w.notOK())
		var subjects []string
		for _, p := range w.published("failure-topic")[len(quiet):] {
			state, _, _ := strings.Cut(p.Subject, ":")
			subjects = append(subjects, state)
			assert.Contains(t, p.Subject, "autobackup-heartbeat-stopped-dev")
		}
		assert.Equal(t, []string{"INSUFFICIENT_DATA", "OK"}, subjects)

		assert.Empty(t, stop())
		before := w.beatings()
		time.Sleep(time.Hour)
		w.settle()
		assert.Equal(t, before, w.beatings(), "none comes once they are stopped")
	})
}

func TestAScheduleWhoseTargetRefusesIsToldAndTheOthersFire(t *testing.T) {
	inWorld(t, func(w *world) {
		w.Events.Start = func(gate.Caller, string, []byte) error { return errors.New("it is refused") }
		stop := w.minutes()
		time.Sleep(61 * time.Minute)
		w.settle()
		failed := stop()
		require.Len(t, failed, 1)
		assert.EqualError(t, failed[0], "fire autobackup-audit-dev: it is refused")
		assert.Equal(t, map[string]int{"verified": 6}, w.beatings()["heartbeat/verified"])
	}, audited(defaults("template.yaml", "AuditSchedule", "rate(1 hour)"))...)
}

// Ctrl-C on a terminal is a key: only Close tells.
func TestMinutesEndWithTheStack(t *testing.T) {
	inWorld(t, func(w *world) {
		w.Minutes(w.t.Context(), func(err error) { assert.NoError(t, err) })
		time.Sleep(11 * time.Minute)
	})
}
