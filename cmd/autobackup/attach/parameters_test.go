package attach_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/attach"
	core "autobackup/internal/attach"
	"autobackup/local"
)

// deployWith deploys an environment's stack again with the words of a line.
func (w *world) deployWith(environment, line string) {
	w.t.Helper()
	e, err := local.Environment(project, environment)
	require.NoError(w.t, err)
	parameters := map[string]string{}
	for _, word := range strings.Fields(line) {
		name, value, is := strings.Cut(word, "=")
		require.True(w.t, is, word)
		parameters[name] = value
	}
	_, err = w.Update(e, parameters)
	require.NoError(w.t, err)
}

func TestStacksThatAreDeployedWithThePrintedParametersTakeTheBuckets(t *testing.T) {
	w := newWorld(t)
	w.pair(nil) // which the stage takes, and which is not named
	w.bucket("acme-1-dr", w.second, nil)
	w.bucket("acme-1", w.first, nil, "acme-1-dr")
	w.bucket("acme-2", w.first, nil, "acme-1-dr")
	w.bucket("acme-3", w.first, nil)
	var out strings.Builder
	o := w.options("acme-1", "acme-2", "acme-3")
	o.Print, o.Out = "parameters", &out
	r, screen := w.run(attach.Run, o)
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, screen, "acme-3: left out: it cannot be attached, as the FAIL lines above say")
	assert.Contains(t, screen, "done     acme-1: in the parameters")
	assert.NotContains(t, w.writes(), "PutBucketNotificationConfiguration acme-1")
	function := "arn:aws:lambda:" + w.second + ":" + account + ":function:autobackup-hash-bytes-dev"
	lines := strings.Split(out.String(), "\n")
	assert.Equal(t, []string{
		"# primary stack, account " + account + ", " + w.first + ": replace these in its parameter_overrides.",
		"# where categories have replicas elsewhere, name that stack's output HashBytesArn in ReplicaHashBytesArns, too",
		"# the stage takes " + docs + " by now, which was not named: name it, too, or it is taken out",
		"Buckets=acme-1,acme-2 ReplicaBuckets=acme-1-dr ReplicaHashBytesArns=" + function,
		"# replica stack, account " + account + ", " + w.second + ": replace these in its parameter_overrides.",
		"ReplicaBuckets=acme-1-dr",
		"",
	}, lines)
	w.deployWith("replica", lines[5])
	w.deployWith("default", lines[3])
	r, _ = w.run(attach.Run, w.options("acme-1", "acme-2"))
	assert.Equal(t, 0, r.Exit)
	r, _ = w.run(attach.Run, w.options(docs))
	assert.Equal(t, core.Waiting, r.Buckets[0].State)
}

func TestNothingIsPrintedForStacksOfBucketsThatCannotBeAttached(t *testing.T) {
	w := newWorld(t)
	w.bucket("acme-3", w.first, nil)
	var out strings.Builder
	o := w.options("acme-3")
	o.Print, o.Out = "parameters", &out
	r, _ := w.run(attach.Run, o)
	assert.Equal(t, 1, r.Exit)
	assert.Empty(t, out.String())
	assert.Equal(t, "nothing was changed, and nothing was printed: no bucket can be attached", r.Changes)
}
