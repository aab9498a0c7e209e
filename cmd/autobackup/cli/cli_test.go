package cli_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/cmd/autobackup/demo"
	"autobackup/internal/verdict"
	"autobackup/local/testing/page"
)

var update = flag.Bool("update", false, "write the demo's output into README.md")

const project = "../../.."

// run executes a command line.
func run(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = cli.Run(args, &out, &err)
	return code, out.String(), err.String()
}

// The demo's clock follows real time while work is done, so its seconds vary.
var clockTime = regexp.MustCompile(`(?m) +\d+[hms][\dhms]* +(yes|NO)$`)

func TestTheDemoDoesWhatTheREADMEShows(t *testing.T) {
	code, stdout, stderr := run("demo", "--project", project)
	require.Equal(t, cli.Expected, code, "%s%s", stdout, stderr)
	assert.Empty(t, stderr, "no progress without a terminal")

	_, rest, found := strings.Cut(stdout, "Objects\n\n")
	require.True(t, found)
	table, _, _ := strings.Cut(rest, "\n\nE-mails")
	_, totals, found := strings.Cut(stdout, "\nTotals\n\n")
	require.True(t, found)
	shown := "```\n" + strings.TrimRight(table, "\n") + "\n\n" + strings.TrimSpace(totals) + "\n```\n"
	shown = regexp.MustCompile(`(?m) +$`).ReplaceAllString(shown, "")

	page.Block(t, filepath.Join(project, "README.md"), "demo", "./cmd/autobackup/cli", shown, *update, func(text string) string {
		return clockTime.ReplaceAllString(text, " TIME $1")
	})
}

func TestTheDemoTakesTheUsersOwnFilesAndTellsWhatItCouldNotRead(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"plain.txt": "content", "empty": "", "sub/sub/odd +%2F 'name' ☃\n.bin": "content", "sub/-rf": "content",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "dangling")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "not utf-8 \xff"), nil, 0o600))
	keep := filepath.Join(t.TempDir(), "mails")

	code, stdout, stderr := run("demo", "--project", project, "--dir", dir, "--json", "--keep", keep)
	require.Equal(t, cli.Unexpected, code, "%s%s", stdout, stderr)
	var report demo.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	var names []string
	for _, o := range report.Objects {
		assert.EqualValues(t, "verified", o.Verdict, o.Object)
		names = append(names, o.Object)
	}
	assert.ElementsMatch(t, []string{"plain.txt", "empty", `"sub/sub/odd +%2F 'name' ☃\n.bin"`, "sub/-rf"}, names)
	require.Len(t, report.Unread, 2)
	why := report.Unread[0].Why + report.Unread[1].Why
	assert.Contains(t, why, "no such file")
	assert.Contains(t, why, "not UTF-8")
	assert.False(t, report.Expected)
}

func TestTheDemoEndsWhereNobodyCanBeTold(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"replica.yaml", "template.yaml", "samconfig.toml"} {
		text, err := os.ReadFile(filepath.Join(project, name))
		require.NoError(t, err)
		if name == "template.yaml" {
			before, role, _ := strings.Cut(string(text), "  FailureNotifierRole:")
			require.Contains(t, role, "Action: sns:Publish")
			text = []byte(before + "  FailureNotifierRole:" + strings.Replace(role, "Action: sns:Publish", "Action: sns:ListTopics", 1))
		}
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), text, 0o600))
	}
	for _, name := range []string{"lambdas", "statemachine"} { // as they are
		there, err := filepath.Abs(filepath.Join(project, name))
		require.NoError(t, err)
		require.NoError(t, os.Symlink(there, filepath.Join(folder, name)))
	}
	code, stdout, stderr := run("demo", "--project", folder, "--json")
	require.Equal(t, cli.Unexpected, code, "%s%s", stdout, stderr)
	var report demo.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.Len(t, report.Refused, 1)
	assert.Equal(t, "sns:Publish", report.Refused[0].Action)
	assert.Less(t, report.Refused[0].Times, 100, "it is not tried for a whole day of the stack's time")
	require.NotEmpty(t, report.Undelivered)
	assert.Less(t, len(report.Undelivered), 10, "what failed alike is told once")
	assert.Contains(t, report.Undelivered[0].What, "publish an e-mail")
}

func TestTheDemoDeploysWithTheParametersOfTheCommandLine(t *testing.T) {
	code, stdout, stderr := run("demo", "--project", project, "--json",
		"--parameter", "ByteVerification=always", "--parameter", "Stage=try", "--parameter", "ObjectLockMode=GOVERNANCE", "--parameter", "ObjectLockDays=1")
	require.Equal(t, cli.Expected, code, "%s%s", stdout, stderr)
	var report demo.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	evidence := map[verdict.Evidence]int{}
	for _, o := range report.Objects {
		evidence[o.Evidence]++
	}
	assert.Equal(t, map[verdict.Evidence]int{verdict.BytesRead: 10, verdict.DeleteMarker: 1, "": 3}, evidence)
	require.NotEmpty(t, report.Alerts)
	for _, alert := range report.Alerts {
		assert.Contains(t, alert.Subject, "[try] ")
	}
}

func TestTheDemoSaysThatTheSamplesAreForOtherParameters(t *testing.T) {
	code, stdout, stderr := run("demo", "--project", project, "--parameter", "DeadlineMinutes=15")
	require.Equal(t, cli.Unexpected, code, "%s%s", stdout, stderr)
	assert.Contains(t, stdout, "\nNOT every outcome was the expected one with the parameters in samconfig.toml; with those of --parameter, the samples may end otherwise\n")
}

func TestWrongUsageSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	cases := []struct {
		name, stderr string
		args         []string
	}{
		{"no command", "autobackup: error: expected one of \"audit\", ", nil},
		{"an unknown command", "autobackup: error: unexpected argument dance", []string{"dance"}},
		{"an unknown flag", "autobackup: error: unknown flag --fast", []string{"demo", "--fast"}},
		{"a folder that is not there", "no/such/folder", []string{"demo", "--dir", "no/such/folder"}},
		{"a folder without files", "there are none: name a folder with files in it", []string{"demo", "--project", project, "--dir", t.TempDir()}},
		{"a project without templates", "samconfig.toml", []string{"demo", "--project", "."}},
		{"a parameter without a value", `expected "<key>=<value>" but got "Stage"`, []string{"demo", "--parameter", "Stage"}},
		{"a parameter without a name", `--parameter: "=5" names no parameter: write NAME=VALUE, such as ByteVerification=always`, []string{"demo", "--parameter", "=5"}},
		{"a wrong flag of a command", "hint: autobackup policy --help says what it takes\n", []string{"policy", "audit", "--fast"}},
		{"no command at all", "hint: autobackup --help lists the commands\n", nil},
		{"an empty address", "--listen is empty: give it a value, or leave it out", []string{"serve", "--listen", ""}},
		{"an empty folder's name", "--dir is empty: give it a value, or leave it out", []string{"demo", "--dir", ""}},
		{"an empty name of a folder for e-mails", "--keep is empty: give it a value, or leave it out", []string{"demo", "--keep="}},
		{"an empty profile", "--replica-profile is empty: give it a value, or leave it out", []string{"audit", "s3://a", "s3://b", "--replica-profile", ""}},
		{"a folder for e-mails that holds something", "keep the e-mails: ../../../docs holds something: name an empty folder, or one that is not there", []string{"demo", "--project", project, "--keep", project + "/docs"}},
		{"a file as a folder for e-mails", "keep the e-mails: ", []string{"demo", "--project", project, "--keep", project + "/go.mod"}},
		{"a parameter of neither template", "template.yaml: the template has no parameter Deadline; known are AccessLogBucket,", []string{"demo", "--project", project, "--parameter", "Deadline=5"}},
		{"a value that the template refuses", `Parameters.ObjectLockDays: "-1" is less than 0`, []string{"demo", "--project", project, "--parameter", "ObjectLockDays=-1"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			code, stdout, stderr := run(c.args...)
			assert.Equal(t, cli.Trouble, code)
			assert.Empty(t, stdout)
			assert.Contains(t, stderr, c.stderr)
			assert.True(t, strings.HasPrefix(stderr, "autobackup: error: "), stderr)
		})
	}
}

func TestTheHelpNamesCommandsAndWhatFlagsAreByDefault(t *testing.T) {
	code, stdout, _ := run("--help")
	assert.Zero(t, code)
	assert.Contains(t, stdout, "demo")
	code, stdout, _ = run("serve", "--help")
	assert.Zero(t, code)
	assert.Regexp(t, `--listen=HOST:PORT +Address to listen on, 127\.0\.0\.1:9400`, stdout)
}
