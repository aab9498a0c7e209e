package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
)

// files is what an audit wrote, but for times and for counts of requests.
func files(t testing.TB, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range []string{"findings.jsonl", "findings.csv", "manifest.csv"} {
		text, err := os.ReadFile(filepath.Join(folder, name)) // #nosec G304: a test's
		if !errors.Is(err, os.ErrNotExist) {
			require.NoError(t, err)
			all[name] = string(text)
		}
	}
	report := reports(t, folder)[0]
	report.Ended, report.Requests, report.Dollars = time.Time{}, nil, 0
	text, err := json.MarshalIndent(report, "", " ")
	require.NoError(t, err)
	all["report.json"] = string(text)
	return all
}

// goOn resumes an audit, or begins it where nothing of it was kept.
func goOn(ctx context.Context, o audit.Options) error {
	_, err := os.Stat(filepath.Join(o.Folder, "audit.json"))
	o.Resume = err == nil
	_, err = audit.Run(ctx, o)
	return err
}

var errCut = errors.New("the cable is cut")

// stopped goes on with an audit, and stops it at its n-th request: by the context, or
// because no request is answered any more. It is false where the audit ended before.
func stopped(t testing.TB, f *fake, o audit.Options, n int, cancels bool) bool {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f.requests = 0
	f.before = func(i int, _ *http.Request) (*http.Response, error) {
		switch {
		case i < n:
			return nil, nil
		case cancels:
			cancel()
			return nil, ctx.Err()
		default:
			return nil, errCut
		}
	}
	err := goOn(ctx, o)
	if f.sent() < n {
		require.NoError(t, err)
		return false
	}
	if err != nil {
		require.NoFileExists(t, filepath.Join(o.Folder, "findings.jsonl"))
	}
	return err != nil
}

var everyStop = flag.Bool("every-stop", false, "stop audits at every request, in every way")

func TestAnAuditThatIsStoppedAtAnyRequestEndsWithTheReportItWouldHaveHad(t *testing.T) {
	for name, cancels := range map[string]bool{"the context ends": true, "the network is gone": false} {
		first, step := 1, 8 // by default each way stops at one of eight, and where the other doesn't
		if cancels {
			first = 5
		}
		if *everyStop {
			first, step = 1, 1
		}
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newModel(5, 10, time.Now().UTC())
				f := m.fake(t)
				whole := of(t, f)
				require.NoError(t, goOn(t.Context(), whole))
				want := files(t, whole.Folder)
				require.Contains(t, want["findings.jsonl"], `"category":"finding"`)
				stops := 0
				for n := first; ; n += step {
					o := of(t, f, func(o *audit.Options) { o.Started = m.now })
					if !stopped(t, f, o, n, cancels) && f.sent() < n {
						break // it has fewer requests
					}
					stopped(t, f, o, n, cancels) // it may get further now, and is stopped again
					stops++
					f.before = nil
					if _, err := os.Stat(filepath.Join(o.Folder, "report.json")); err != nil {
						require.NoError(t, goOn(t.Context(), o))
					}
					require.Equal(t, want, files(t, o.Folder), "stopped at request %d", n)
				}
				require.Greater(t, stops*step, 50)
			})
		})
	}
}

func TestFilesThatWereCutOffAnywhereCountAsFarAsTheyGo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newModel(6, 25, time.Now().UTC())
		f := m.fake(t)
		whole := of(t, f)
		require.NoError(t, goOn(t.Context(), whole))
		requests := f.sent()
		want := files(t, whole.Folder)
		random := rand.New(rand.NewPCG(1, 1)) // #nosec G404: a test's, to be repeated
		cut := 0
		times := 8
		if *everyStop {
			times = 30
		}
		for range times {
			o := of(t, f, func(o *audit.Options) { o.Started = m.now })
			if !stopped(t, f, o, 1+random.IntN(requests), true) {
				f.before = nil
				continue
			}
			work, err := filepath.Glob(filepath.Join(filepath.Dir(o.Folder), "*", "work", "0", "*.jsonl"))
			require.NoError(t, err)
			for _, file := range work {
				text, err := os.ReadFile(file) // #nosec G304: a test's
				require.NoError(t, err)
				last := bytes.LastIndexByte(bytes.TrimSuffix(text, []byte("\n")), '\n') + 1
				if len(text) > last {
					cut++
					require.NoError(t, os.Truncate(file, int64(last+random.IntN(len(text)-last))))
				}
			}
			f.before = nil
			require.NoError(t, goOn(t.Context(), o))
			require.Equal(t, want, files(t, o.Folder))
		}
		require.Greater(t, cut, times/3)
	})
}
