package audit_test

import (
	"bytes"
	"html"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/local/s3"
)

func TestOnlyAnAuditOfWhichSomethingIsKeptCanBeGoneOnWith(t *testing.T) {
	w := newWorld(t)
	w.put("a", "v")
	t.Chdir(t.TempDir())
	t.Setenv("AWS_ENDPOINT_URL", w.URL)
	audit := func(words ...string) string {
		var out, stderr bytes.Buffer
		require.Equal(t, cli.Trouble, cli.Run(append([]string{"audit"}, words...), &out, &stderr), out.String())
		return stderr.String()
	}
	const hint = "autobackup: hint: what is done so far is kept: autobackup audit --resume kept goes on"
	require.NotContains(t, audit("s3://no-such-bucket", "--output", "kept"), "hint")

	var healed atomic.Bool // no new fault: requests of the audit that stopped may still be under way
	w.Fault = func(r s3.Request) *s3.Fault {
		if r.Operation == "ListObjectVersions" && !healed.Load() {
			return &s3.Fault{Status: 403}
		}
		return nil
	}
	said := audit("s3://"+primary, "--output", "kept")
	require.Contains(t, said, "grant s3:ListBucketVersions on the bucket")
	require.Contains(t, said, hint)
	healed.Store(true)
	var out, stderr bytes.Buffer
	require.Equal(t, 0, cli.Run([]string{"audit", "--resume", "kept"}, &out, &stderr), stderr.String())
	said = audit("--resume", "kept")
	require.Contains(t, said, "is finished, and ")
	require.NotContains(t, said, "hint")
}

func TestRedactedKeysAreInNoJSONEither(t *testing.T) {
	w := planted(t)
	t.Chdir(t.TempDir())
	t.Setenv("AWS_ENDPOINT_URL", w.URL)
	var out, stderr bytes.Buffer
	code := cli.Run([]string{"audit", "s3://" + primary, "--json", "--redact-keys"}, &out, &stderr)
	require.Equal(t, 1, code, stderr.String())
	require.Contains(t, out.String(), "sha256:")
	require.NotContains(t, out.String(), "inv-88121")
	require.NotContains(t, out.String(), "people/")
}

func TestTheCommandsOfAReportLookAsTheAuditDid(t *testing.T) {
	w := planted(t)
	t.Chdir(t.TempDir())
	var out, stderr bytes.Buffer
	audit := []string{
		"audit", "s3://" + primary, "s3://" + replica, "--endpoint", w.URL, "--replica-endpoint", w.URL + "/", "--marker-deadline", "90m0s",
		"--fail-on", "nothing", "--locks", "--max-rate", "400", "--output", "kept",
	}
	require.Equal(t, 0, cli.Run(audit, &out, &stderr), stderr.String())
	screen := out.String()
	flags := reports(t, "kept")[0].Flags
	require.Equal(t, "s3://"+replica+" --endpoint "+w.URL+" --replica-endpoint "+w.URL+"/ --marker-deadline 1h30m0s --locks", flags)
	page, err := os.ReadFile("kept/report.html")
	require.NoError(t, err)
	found := 0
	for line := range strings.Lines(screen) {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "autobackup explain ")
		if !ok {
			continue
		}
		command = strings.ReplaceAll(command, "'", "") // no key here has a space
		found++
		require.Contains(t, string(page), html.EscapeString(strings.TrimSpace(line)))
		out.Reset()
		require.NotEqual(t, cli.Trouble, cli.Run(append([]string{"explain"}, strings.Fields(command)...), &out, &stderr), stderr.String())
		require.True(t, strings.HasSuffix(command, flags))
	}
	require.Positive(t, found)
}

func TestTwoAuditsOfOneSecondHaveFoldersOfTheirOwn(t *testing.T) {
	w := newWorld(t)
	w.put("a", "v")
	t.Chdir(t.TempDir())
	t.Setenv("AWS_ENDPOINT_URL", w.URL)
	var out, stderr bytes.Buffer
	for range 3 {
		require.Equal(t, 0, cli.Run([]string{"audit", "s3://" + primary}, &out, &stderr), stderr.String())
	}
	require.Equal(t, 2, cli.Run([]string{"audit", "s3://no-such-bucket"}, &out, &stderr))
	folders, err := filepath.Glob("audit-*")
	require.NoError(t, err)
	require.Len(t, folders, 3, "nothing is kept of what could not begin")
}

func TestCtrlCSaysThatItStoppedAndHowItGoesOnWithTheSameLimit(t *testing.T) {
	w := newWorld(t)
	w.put("a", "v")
	t.Chdir(t.TempDir())
	t.Setenv("AWS_ENDPOINT_URL", w.URL)
	var once sync.Once
	var healed atomic.Bool
	w.Fault = func(r s3.Request) *s3.Fault {
		if r.Operation != "ListObjectVersions" || healed.Load() {
			return nil
		}
		once.Do(func() { assert.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGINT)) })
		return &s3.Fault{Status: 503} // which is tried again, until the signal is there
	}
	var out, stderr bytes.Buffer
	require.Equal(t, cli.Trouble, cli.Run([]string{"audit", "s3://" + primary, "--output", "kept", "--max-dollars", "0.5"}, &out, &stderr))
	require.Contains(t, stderr.String(), "autobackup: error: stopped before it was done\nautobackup: hint: what is done so far is kept: autobackup audit --resume kept goes on\n")
	healed.Store(true)
	state, err := os.ReadFile("kept/audit.json")
	require.NoError(t, err)
	less := strings.Replace(string(state), `"dollars":0.5`, `"dollars":0.0000001`, 1)
	require.NotEqual(t, string(state), less)
	require.NoError(t, os.WriteFile("kept/audit.json", []byte(less), 0o600))
	require.Equal(t, cli.Trouble, cli.Run([]string{"audit", "--resume", "kept"}, &out, &stderr))
	require.Contains(t, stderr.String(), "more than --max-dollars")
	require.Equal(t, 0, cli.Run([]string{"audit", "--resume", "kept", "--yes"}, &out, &stderr), stderr.String())
}

func TestWhatIsAcceptedIsAcceptedByExplainAsByTheAudit(t *testing.T) {
	w := newWorld(t)
	lost := w.put("scratch", "v")
	w.Remove(replica, away, "scratch", lost)
	t.Chdir(t.TempDir())
	t.Setenv("AWS_ENDPOINT_URL", w.URL)
	run := func(want int, words ...string) string {
		var out, stderr bytes.Buffer
		require.Equal(t, want, cli.Run(words, &out, &stderr), out.String()+stderr.String())
		return out.String()
	}
	explain := []string{"explain", "s3://" + primary + "/scratch"}
	run(1, "audit", "s3://"+primary)
	require.Contains(t, run(1, explain...), "autobackup accept --primary")
	run(0, "accept", "s3://"+primary+"/scratch", "--why", "nobody needs it", "--until", "30d", "--who", "Ana")
	run(0, "audit", "s3://"+primary)
	shown := run(0, explain...)
	require.Contains(t, shown, "accepted    REPLICA_MISSING in "+replica)
	require.Contains(t, shown, "result      accepted by people   exit 0")
	require.Contains(t, shown, ": Ana accepted it: nobody needs it")
	require.NotContains(t, shown, "copy-object")
	require.NotContains(t, shown, "autobackup accept")
	run(2, append(explain, "--accepted", "mistyped.json")...)
}

func TestAFlagThatWouldMeanNothingIsRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("kept", 0o700))
	for want, words := range map[string][]string{
		"--max-dollars 0: it is what may be spent":                                  {"s3://b-1", "--max-dollars", "0"},
		"--max-rate 0: it is how many requests":                                     {"s3://b-1", "--max-rate", "0"},
		"--ranges 0: it is how many ranges":                                         {"s3://b-1", "--ranges", "0"},
		"--sample is of --level bytes":                                              {"s3://b-1", "--sample", "10"},
		"--classes is of --level bytes":                                             {"s3://b-1", "--classes", "STANDARD_IA", "--level", "all"},
		"--resume goes on with what the audit was begun with: leave --level out":    {"--resume", "kept", "--level", "all"},
		"--resume goes on with what the audit was begun with: leave --deadline out": {"--resume", "kept", "--deadline", "1h"},
	} {
		var out, stderr bytes.Buffer
		require.Equal(t, cli.Trouble, cli.Run(append([]string{"audit"}, words...), &out, &stderr), want)
		require.Contains(t, stderr.String(), want)
	}
}
