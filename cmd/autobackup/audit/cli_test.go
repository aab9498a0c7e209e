package audit_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/internal/local/s3"
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

	w.Fault = func(r s3.Request) *s3.Fault {
		if r.Operation == "ListObjectVersions" {
			return &s3.Fault{Status: 403}
		}
		return nil
	}
	said := audit("s3://"+primary, "--output", "kept")
	require.Contains(t, said, "grant s3:ListBucketVersions on the bucket")
	require.Contains(t, said, hint)
	w.Fault = nil
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
	code := cli.Run([]string{"audit", "s3://" + primary, "--deadline", "0s", "--marker-deadline", "0s", "--json", "--redact-keys"}, &out, &stderr)
	require.Equal(t, 1, code, stderr.String())
	require.Contains(t, out.String(), "sha256:")
	require.NotContains(t, out.String(), "inv-88121")
	require.NotContains(t, out.String(), "people/")
}
