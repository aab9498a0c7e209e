package audit_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/pair"
	core "autobackup/internal/audit"
)

// of are the options for an audit of a fake, with borders everywhere.
func of(t testing.TB, f *fake, change ...func(*audit.Options)) audit.Options {
	t.Helper()
	access := pair.Access{Endpoint: "http://s3.example.com", Region: home}
	o := audit.Options{
		Plan: audit.Plan{
			Program: "test", Started: time.Now().UTC(), Primary: primary, From: access, To: access, Level: core.Rest,
			Deadline: time.Hour, MarkerDeadline: time.Hour, Erased: 30 * day, Classes: []string{""},
		},
		Folder: filepath.Join(t.TempDir(), "audit[1]"), MaxRate: 10_000, Workers: 3, Watch: audit.Unwatched{}, Clock: time.Now, HTTP: f,
		Budget: audit.Budget{Agreed: true},
		Wait:   func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	audit.Bounded(&o)
	for _, c := range change {
		c(&o)
	}
	return o
}

// anybody sets credentials, so that none are looked for.
func anybody(t *testing.T) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CA_BUNDLE", "") // is for a client of the network
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
}

// bubble runs a test by a clock of its own, so that no wait takes time.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	anybody(t)
	synctest.Test(t, test)
}

// told is what the folder of an audit says: of every version in findings.jsonl its
// category and reason, and how many versions there are of each.
func told(t testing.TB, folder string) (items map[string]string, counts map[string]int64) {
	t.Helper()
	items, counts = map[string]string{}, map[string]int64{}
	text, err := os.ReadFile(filepath.Join(folder, "findings.jsonl"))
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		var i core.Item
		require.NoError(t, json.Unmarshal([]byte(line), &i))
		name := i.Key + "|" + i.Version
		require.NotContains(t, items, name)
		items[name] = string(i.Category) + " " + string(i.Reason)
	}
	for _, r := range reports(t, folder) {
		for _, c := range r.Counts {
			counts[string(c.Category)+" "+string(c.Reason)] += c.Versions
		}
	}
	return items, counts
}

func reports(t testing.TB, folder string) []core.Report {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "report.json"))
	require.NoError(t, err)
	var all struct {
		Reports []core.Report `json:"reports"`
	}
	require.NoError(t, json.Unmarshal(text, &all))
	require.Len(t, all.Reports, 1)
	return all.Reports
}

// agree holds what an audit found against the model.
func agree(t testing.TB, m *model, o audit.Options) int {
	t.Helper()
	want := m.want(o.Level == core.AllLooked)
	for name, what := range want {
		switch {
		case !strings.HasPrefix(name, o.Prefix):
			delete(want, name)
		case o.Level == core.Listed:
			want[name] = m.unlooked(name, what)
		}
	}
	counts := map[string]int64{}
	for _, what := range want {
		counts[what]++
	}
	items, got := told(t, o.Folder)
	for name, what := range items {
		assert.Equal(t, want[name], what, "%q", name)
	}
	for name, what := range want {
		if strings.HasPrefix(what, "finding") || strings.HasPrefix(what, "unknown") {
			assert.Contains(t, items, name, what)
		}
	}
	assert.Equal(t, counts, got)
	return len(want)
}

// pairsEnv is how many pairs the model makes, where that is not the usual number: the
// documented run is AUDIT_MODEL_PAIRS=1000000.
const pairsEnv = "AUDIT_MODEL_PAIRS"

func TestTheReportOfAnyBucketsIsThatOfTheModel(t *testing.T) {
	pairs := 1_500
	if text := os.Getenv(pairsEnv); text != "" {
		var err error
		pairs, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	bubble(t, func(t *testing.T) {
		for seed, done := uint64(1), 0; done < pairs && !t.Failed(); seed++ {
			level := []core.Level{core.AllLooked, core.Rest, core.Listed, core.Rest}[seed%4]
			prefix := []string{"", "a", "", "", "\uff5e"}[seed%5]
			m := newModel(seed, 150, time.Now().UTC())
			f := m.fake(t)
			o := of(t, f, func(o *audit.Options) { o.Level, o.Prefix, o.Workers = level, prefix, 1+int(seed%3) })
			_, err := audit.Run(t.Context(), o)
			require.NoError(t, err)
			done += agree(t, m, o)
			if t.Failed() {
				t.Logf("seed %d, level %s, prefix %q", seed, level, prefix)
			}
		}
	})
}
