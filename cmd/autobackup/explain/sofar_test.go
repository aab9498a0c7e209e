package explain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/explain"
	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/logs"
	"autobackup/local/s3"
	"autobackup/local/template"
)

// stage gives the world the log of a stage's compare-etags.
func (w *world) stage(name string) (say func(line string)) {
	w.logs = logs.New(clock.Real())
	w.logs.Account, w.logs.NewID = account, func() string { return "id" }
	group := "/aws/lambda/autobackup-compare-etags-" + name
	_, _, err := w.logs.Types().Create(template.Target{Region: home, Account: account}, template.Resource{LogicalID: "Group", Type: "AWS::Logs::LogGroup", Properties: map[string]any{"LogGroupName": group}})
	require.NoError(w.t, err)
	return func(line string) {
		require.NoError(w.t, w.logs.As(gate.Caller{}).Put("arn:aws:logs:"+home+":"+account+":log-group:"+group, "a", line))
	}
}

func TestWhatTheStageMadeOfTheVersionSoFarIsTold(t *testing.T) {
	w := newWorld(t)
	w.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Fail: true} }
	version, say := w.put("a\nb", "v"), w.stage("prod")
	line := func(outcome, more string, looks int) string {
		return fmt.Sprintf(`{"msg":%q,"bucket":%q,"key":"a\nb","version":%q,"looks":%d,"execution":"arn:aws:states:%s:%s:execution:autobackup-validation-prod:e"%s}`, outcome, primary, version, looks, home, account, more)
	}
	asked := func(o *explain.Options) { o.Stage, o.Since = "prod", 40*24*time.Hour }
	assert.Regexp(t, `\nso far      stage prod, by its log from [^ ]+ to [^ ]+: nothing of this version\nresult `, screen(t, w.explained("a\nb", version, asked)))
	say(line("lagging", "", 1))
	say(line("failed", `,"reason":"REPLICATION_FAILED","detail":"x"`, 2))
	e := w.explained("a\nb", version, asked)
	const when = `20[0-9-]+T[0-9:]+Z`
	assert.Regexp(t, `\nso far      stage prod, by its log from `+when+` to `+when+`
            `+when+` lagging at look 1
            `+when+` failed REPLICATION_FAILED at look 2
            execution arn:aws:states:eu-central-1:111122223333:execution:autobackup-validation-prod:e
            its message is parked in autobackup-validation-dlq-prod and was told, unless somebody has taken it since
result      not as it must be   exit 1
$`, screen(t, e))
	require.NotNil(t, e.SoFar)
	assert.Equal(t, "x", e.SoFar.Lines[1].Detail)

	say(line("verified", `,"evidence":"size"`, 3))
	shown := screen(t, w.explained("a\nb", version, asked))
	assert.Regexp(t, ` verified size at look 3\n`, shown)
	assert.NotContains(t, shown, "its message is parked")
	assert.NotContains(t, screen(t, w.explained("a\nb", version)), "so far", "nobody named a stage")
}

func TestWhereTheLogCannotBeReadTheRestIsTold(t *testing.T) {
	w := newWorld(t)
	version := w.put("a", "v")
	w.stage("prod")
	e := w.explained("a", version, func(o *explain.Options) { o.Stage, o.Since = "dev", time.Hour })
	assert.Contains(t, screen(t, e), "\nso far      ? search the log group /aws/lambda/autobackup-compare-etags-dev: FilterLogEvents answered 400 ResourceNotFoundException")
	assert.Equal(t, 0, e.Exit, "which says what is there")
	assert.NotEmpty(t, e.Unlogged)
}
