package audit_test

import (
	"context"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
)

// private is all that stands in a folder's files, which only their owner may read.
func private(t *testing.T, folder string) (text string, names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := entry.Info()
		require.NoError(t, err)
		if path == folder {
			return nil
		}
		names = append(names, entry.Name())
		if entry.IsDir() {
			assert.Equal(t, fs.FileMode(0o700), info.Mode().Perm(), path)
			return nil
		}
		assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), path)
		content, err := os.ReadFile(path) // #nosec G304 G122: of this test
		text += string(content)
		return err
	}))
	return text, names
}

func TestWhatAnAuditWritesIsItsOwnersAloneInAFolderThatIsNotAndKeysStayUntilItEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newModel(8, 12, time.Now().UTC())
		f := m.fake(t)
		shared := filepath.Join(t.TempDir(), "shared")
		require.NoError(t, os.Mkdir(shared, 0o755)) //nolint:gosec // on purpose
		require.NoError(t, os.Chmod(shared, 0o755)) //nolint:gosec // whatever the umask is
		const secret = "people/4411.pdf"
		from := f.buckets[0]
		from.versions = slices.Insert(from.versions, from.at(m.prefix+secret, ""), held{key: m.prefix + secret, id: "v1", made: m.now.Add(-2 * m.deadline), size: 1, etag: "e", status: "FAILED"})
		o := of(t, f, func(o *audit.Options) { o.Folder, o.Redact = shared, true })
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		f.before = func(_ int, r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodHead && strings.Contains(r.URL.Path, secret) {
				stop() // once all is listed
			}
			return nil, nil
		}
		require.Error(t, goOn(ctx, o))
		text, names := private(t, shared)
		assert.Contains(t, names, "work")
		assert.Contains(t, text, secret)

		f.before = nil
		require.NoError(t, goOn(t.Context(), o))
		text, names = private(t, shared)
		assert.NotContains(t, text, secret)
		assert.NotContains(t, names, "work")
		info, err := os.Stat(shared)
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o755), info.Mode().Perm(), "it is somebody else's to say who may look into it")
		assert.Contains(t, names, "report.html")
	})
}
