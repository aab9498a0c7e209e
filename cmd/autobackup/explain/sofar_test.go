package explain_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/explain"
	"autobackup/cmd/autobackup/logged"
	"autobackup/internal/alert"
	"autobackup/internal/handler"
	"autobackup/internal/reason"
	toldof "autobackup/internal/told"
	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/logs"
	"autobackup/local/s3"
	"autobackup/local/template"
)

// stage gives the world the logs of a stage's functions that are asked.
func (w *world) stage(name string) (say func(function, line string)) {
	w.logs = logs.New(clock.Real())
	w.logs.Account, w.logs.NewID = account, func() string { return "id" }
	group := func(function string) string { return "/aws/lambda/autobackup-" + function + "-" + name }
	for _, function := range []string{"compare-etags", "failure-notifier"} {
		_, _, err := w.logs.Types().Create(template.Target{Region: home, Account: account}, template.Resource{LogicalID: function, Type: "AWS::Logs::LogGroup", Properties: map[string]any{"LogGroupName": group(function)}})
		require.NoError(w.t, err)
	}
	return func(function, line string) {
		require.NoError(w.t, w.logs.As(gate.Caller{}).Put("arn:aws:logs:"+home+":"+account+":log-group:"+group(function), "a", line))
	}
}

// told is a line of the sender's log about an e-mail.
func told(t *testing.T, of alert.Telling) string {
	t.Helper()
	var line strings.Builder
	handler.Logger(&line).Info(alert.Told, "telling", of)
	return line.String()
}

func TestWhatTheStageMadeOfTheVersionSoFarIsTold(t *testing.T) {
	w := newWorld(t)
	w.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Fail: true} }
	version, say := w.put("a\nb", "v"), w.stage("prod")
	line := func(outcome, more string, looks int) {
		say("compare-etags", fmt.Sprintf(`{"msg":%q,"bucket":%q,"key":"a\nb","version":%q,"looks":%d,"execution":"arn:aws:states:%s:%s:execution:autobackup-validation-prod:e"%s}`, outcome, primary, version, looks, home, account, more))
	}
	asked := func(o *explain.Options) { o.Stage, o.Since = "prod", 40*24*time.Hour }
	assert.Regexp(t, `
so far      stage prod, by its log from [^ ]+ to [^ ]+: nothing of this version
e-mails     stage prod, by its sender's log from [^ ]+ to [^ ]+: none that names this version; what alarms and executions send themselves is not in it
result `, screen(t, w.explained("a\nb", version, asked)))
	line("lagging", "", 1)
	line("failed", `,"reason":"REPLICATION_FAILED","detail":"x"`, 2)
	cause := toldof.Cause{Reason: reason.ReplicationFailed, Bucket: primary, Replica: replica, Kind: toldof.Alike}
	say("failure-notifier", told(t, alert.Telling{ID: "1", Subject: "[prod] \x1b[1mone", Cause: cause, Named: []alert.Named{}, Unnamed: 12}))
	e := w.explained("a\nb", version, asked)
	const when = `20[0-9-]+T[0-9:]+Z`
	const of = `
so far      stage prod, by its log from ` + when + ` to ` + when + `
            ` + when + ` lagging at look 1
            ` + when + ` failed REPLICATION_FAILED at look 2
            execution arn:aws:states:eu-central-1:111122223333:execution:autobackup-validation-prod:e
            it parks the message in autobackup-validation-dlq-prod, where that is unless somebody has taken it since
e-mails     stage prod, by its sender's log from ` + when + ` to ` + when
	const counts = `            ` + when + ` "\[prod\] \\x1b\[1mone" counts more versions of acme-docs than it names, which may include it: 12 for REPLICATION_FAILED in acme-docs-dr
`
	const exit = `result      not as it must be   exit 1
$`
	assert.Regexp(t, of+": none that names this version\n"+counts+exit, screen(t, e))
	require.NotNil(t, e.SoFar)
	assert.Equal(t, "x", e.SoFar.Lines[1].Detail)
	require.NotNil(t, e.Told)
	assert.False(t, e.Told.Names())

	say("failure-notifier", told(t, alert.Telling{ID: "2", Subject: "[prod] two", Cause: cause, Named: []alert.Named{{Bucket: primary, Key: "a\nb", Version: version}}}))
	assert.Regexp(t, of+"\n"+counts+`            `+when+` "\[prod\] two" names it, REPLICATION_FAILED in acme-docs-dr
`+exit, screen(t, w.explained("a\nb", version, asked)))

	line("verified", `,"evidence":"size"`, 3)
	shown := screen(t, w.explained("a\nb", version, asked))
	assert.Regexp(t, ` verified size at look 3\n`, shown)
	assert.NotContains(t, shown, "it parks the message")
	shown = screen(t, w.explained("a\nb", version))
	assert.NotContains(t, shown, "so far", "nobody named a stage")
	assert.NotContains(t, shown, "e-mails")
}

// The page has this as its sample.
func TestWhatTheStageMadeOfTheVersionSoFarIsShownAsThePageHasIt(t *testing.T) {
	at := func(minutes int) time.Time {
		return time.Date(2026, 3, 2, 12, minutes, 0, 0, time.UTC)
	}
	in := logged.Searched{From: at(0), To: at(59)}
	execution := "arn:aws:states:eu-central-1:111122223333:execution:autobackup-validation-prod:e"
	e := explain.Explanation{
		Primary: primary, Key: "a", Version: "VVVV",
		SoFar: &logged.Found{Stage: "prod", Searched: in, Lines: []logged.Line{
			{At: at(2), Outcome: "lagging", Looks: 1, Execution: execution},
			{At: at(32), Outcome: "failed", Reason: "REPLICA_MISSING", Looks: 4, Execution: execution},
			{At: at(55), Outcome: "failed", Reason: "REPLICA_MISSING", Looks: 1, Execution: strings.TrimSuffix(execution, "e") + "after-a-retry"},
		}},
		Told: &logged.Told{Stage: "prod", Searched: in, Emails: []logged.Telling{
			{At: at(33), ID: "1", Subject: "[prod] Backup check failed: REPLICA_MISSING s3://acme-docs/a (+2 more)", Names: true, Causes: []logged.ToldOfThis{{Reason: "REPLICA_MISSING", Replica: replica, Kind: toldof.Single}}},
			{At: at(50), ID: "2", Subject: "[prod] Backup check failed: ACCESS_DENIED in acme-docs, 600 versions", Causes: []logged.ToldOfThis{{Reason: "ACCESS_DENIED", Replica: replica, Kind: toldof.Alike, Unnamed: 599}}},
		}},
	}
	_, section, found := strings.Cut(screen(t, &e), "\n\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "result ")
	golden(t, "so-far", section)
}

// An e-mail of before it was made is about others, whatever it counts.
func TestNothingIsToldOfATimeBeforeTheVersionWasMade(t *testing.T) {
	w := newWorld(t)
	say := w.stage("prod")
	say("failure-notifier", told(t, alert.Telling{ID: "1", Subject: "before", Cause: toldof.Cause{Bucket: primary}, Named: []alert.Named{}, Unnamed: 12}))
	time.Sleep(1100 * time.Millisecond) // S3 tells whole seconds
	version := w.put("a", "v")
	e := w.explained("a", version, func(o *explain.Options) { o.Stage, o.Since = "prod", 40*24*time.Hour })
	assert.NotContains(t, screen(t, e), "before")
	assert.Equal(t, e.SoFar.Searched, e.Told.Searched)
	assert.WithinDuration(t, time.Now(), e.Told.From, 10*time.Second)
	e = w.explained("a", version, func(o *explain.Options) { o.Stage, o.Since = "prod", time.Hour })
	assert.Equal(t, e.At.Add(-time.Hour), e.Told.From, "as somebody asked for")
}

func TestWhereTheLogsCannotBeReadTheRestIsTold(t *testing.T) {
	w := newWorld(t)
	version := w.put("a", "v")
	w.stage("prod")
	e := w.explained("a", version, func(o *explain.Options) { o.Stage, o.Since = "dev", time.Hour })
	shown := screen(t, e)
	for label, function := range map[string]string{"so far": "compare-etags", "e-mails": "failure-notifier"} {
		assert.Contains(t, shown, fmt.Sprintf("\n%-11s ? search the log group /aws/lambda/autobackup-%s-dev: FilterLogEvents answered 400 ResourceNotFoundException", label, function))
	}
	assert.Equal(t, 0, e.Exit, "which says what is there")
	assert.NotEmpty(t, e.Unlogged)
	assert.NotEmpty(t, e.Untold)
	assert.Nil(t, e.Told)
}
