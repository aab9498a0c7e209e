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
		parameters[name] = strings.Trim(value, "'")
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
		"# primary stack, account " + account + ", " + w.first + ": put these into its parameter_overrides, in the place of those of the same names.",
		"# where the categories' replica stack is none of these, add its output HashBytesArn to ReplicaHashBytesArns",
		"# the stage takes 1 bucket by now, which these take out: detach first what is to go, and add to the command what is to stay: s3://" + docs,
		"Buckets=acme-1,acme-2 Buckets2='' Buckets3='' Buckets4='' ReplicaBuckets=acme-1-dr ReplicaBuckets2='' ReplicaBuckets3='' ReplicaBuckets4='' ReplicaHashBytesArns=" + function,
		"# replica stack, account " + account + ", " + w.second + ": put these into its parameter_overrides, in the place of those of the same names.",
		"ReplicaBuckets=acme-1-dr ReplicaBuckets2='' ReplicaBuckets3='' ReplicaBuckets4=''",
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
	assert.Equal(t, "nothing was changed, and nothing was printed: no bucket is to be named", r.Changes)
}

func TestABucketOfACategoryNeedsNoNameInTheParameters(t *testing.T) {
	w := newWorld(t)
	category := "autobackup-dev-primary-media-" + account
	var out strings.Builder
	o := w.options(category)
	o.Print, o.Out = "parameters", &out
	r, screen := w.run(attach.Run, o)
	assert.Equal(t, 0, r.Exit)
	assert.Contains(t, screen, category+": left out: it is of a category, which the stage takes without a name in Buckets")
	assert.Equal(t, "nothing was changed, and nothing was printed: no bucket is to be named", r.Changes)
	w.bucket("acme-1-dr", w.second, nil)
	w.bucket("acme-1", w.first, nil, "acme-1-dr")
	o.Buckets = append(o.Buckets, "acme-1")
	r, _ = w.run(attach.Run, o)
	assert.Equal(t, 0, r.Exit)
	assert.Contains(t, out.String(), "Buckets=acme-1 Buckets2='' ")
	assert.NotContains(t, out.String(), category, "each upload would be validated twice")
}

func TestABucketThatTheStageTakesAndThatCannotBeAttachedAnyMoreIsTold(t *testing.T) {
	w := newWorld(t)
	w.bucket("acme-1-dr", w.second, nil)
	w.bucket("acme-1", w.first, nil, "acme-1-dr")
	w.bucket(docs, w.first, nil) // without a rule
	var out strings.Builder
	o := w.options(docs, "acme-1")
	o.Print, o.Out = "parameters", &out
	w.run(attach.Run, o)
	assert.Contains(t, out.String(), "# the stage takes "+docs+" by now, which cannot be attached any more: these take it out, so detach it first\n")
}

// The local S3 makes no buckets with such names, and nor does S3 since 2018.
func TestABucketWithANameThatNoParameterTakesIsNotSaidToBeInThem(t *testing.T) {
	r := &attach.Report{Stage: core.Stage{Name: "dev", Region: "eu-central-1", Account: account, Partition: "aws"}}
	for _, name := range []string{"acme-1", "Acme_Old"} {
		b := core.Bucket{Side: core.Side{Bucket: name, Region: "eu-central-1", Account: account}}
		r.Buckets = append(r.Buckets, &attach.Result{Plan: core.Plan{Bucket: name, State: core.Waiting}, Facts: b})
	}
	var out, screen strings.Builder
	require.NoError(t, r.Parameters(&out))
	require.NoError(t, r.Ending(&screen))
	assert.Contains(t, screen.String(), "FAIL     Acme_Old: left out: the parameters take no such name\n")
	assert.Contains(t, screen.String(), "done     acme-1: in the parameters\n")
	assert.Contains(t, out.String(), "# Buckets takes no such name as Acme_Old: it is left out, and nothing of it can be validated\n")
}
