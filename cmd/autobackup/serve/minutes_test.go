package serve_test

import (
	"flag"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/serve"
)

var minutes = flag.Bool("minutes", false, "also try what takes serve minutes of real time")

func TestInRealTimeHeartbeatsComeAndAlarmsAreEvaluated(t *testing.T) {
	if !*minutes {
		t.Skip("waits for two minutes to pass; .ci/run has it with -minutes")
	}
	folder := copied(t, quick)
	edit(t, folder, "template.yaml", "ScheduleExpression: rate(10 minutes)", "ScheduleExpression: rate(1 minute)")
	r := served(t, serve.Options{Project: folder})
	r.press(t, "c", "the next replica has a flipped bit")
	waits := func(pattern string) {
		t.Helper()
		require.Eventually(t, func() bool { return regexp.MustCompile(pattern).MatchString(r.String()) }, 4*time.Minute, time.Second, "%s", r.String())
	}
	waits(`(?m)  e-mail  OK: "autobackup-pipe-not-running-dev" in ` + firstRegion)
	waits(`(?m)  beat  heartbeat/verified  verified  `)
	waits(`(?m)  e-mail  OK: "autobackup-heartbeat-stopped-dev" in ` + firstRegion)
	assert.Regexp(t, `(?m)^ok .*alarms +none of \d+ alarms rings, and each may tell$`, r.command(t, "doctor", "--all"))
	upload(t, r.client(t, ""), "damaged")
	r.says(t, `(?m)  documents  damaged  failed  CONTENT_MISMATCH$`)
	assert.NotContains(t, r.String(), "  fire ", "as lines begin that say what went wrong of one")
	require.NoError(t, r.end())
}
