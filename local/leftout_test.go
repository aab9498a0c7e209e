package local_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	locals3 "autobackup/local/s3"
)

// docs/deploy.md: their uploads and delete markers start nothing, and what S3 itself tells is told.
func TestKeysThatAreLeftOutStartNothingUnlessS3TellsOfThem(t *testing.T) {
	for _, name := range []string{"SSE-S3", "attached"} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
					return locals3.Plan{Fail: r.Key == "tmp/given up"}
				}
				put := func(key string) {
					shelf{w, w.client, w.bucket()}.put(key, 1)
					w.settle()
				}
				put("tmp/a")
				put("staging")
				_, err := w.client.DeleteObject(w.t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(w.bucket()), Key: aws.String("tmp/a")})
				require.NoError(w.t, err)
				w.settle()
				assert.Empty(w.t, w.States.Executions())
				put("a/tmp/")
				assert.Equal(w.t, map[string][]string{"a/tmp/": {bytesWereRead}}, w.verdicts(w.bucket()))
				put("tmp/given up")
				time.Sleep(time.Hour)
				w.settle()
				assert.Equal(w.t, []string{"failed REPLICATION_FAILED"}, w.verdicts(w.bucket())["tmp/given up"])
				assert.Contains(w.t, w.mails(), "tmp/given up")
			}, slices.Concat(configurations[name], []change{naming("template.yaml", "LeftOutPrefixes", "tmp/,staging")})...)
		})
	}
}

// docs/deploy.md: the uploads of others start nothing.
func TestKeysThatAreChosenAloneStartSomething(t *testing.T) {
	for _, name := range []string{"SSE-S3", "attached"} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
					return locals3.Plan{Fail: r.Key == "tmp/given up"}
				}
				put := func(key string) {
					shelf{w, w.client, w.bucket()}.put(key, 1)
					w.settle()
				}
				put("tmp/a")
				put("a/in/")
				assert.Empty(w.t, w.States.Executions())
				put("in/a")
				put("outbox")
				assert.Equal(w.t, map[string][]string{"in/a": {bytesWereRead}, "outbox": {bytesWereRead}}, w.verdicts(w.bucket()))
				put("tmp/given up")
				time.Sleep(time.Hour)
				w.settle()
				assert.Equal(w.t, []string{"failed REPLICATION_FAILED"}, w.verdicts(w.bucket())["tmp/given up"])
			}, slices.Concat(configurations[name], []change{defaults("template.yaml", "OnlyPrefix", "in/"), defaults("template.yaml", "OnlyPrefix3", "out")})...)
		})
	}
}

func TestKeysAreChosenOrLeftOutAndNotBoth(t *testing.T) {
	for _, parameters := range []map[string]string{
		{"OnlyPrefix": "in/", "LeftOutPrefixes": "tmp/"}, {"OnlyPrefix2": "in/"}, {"OnlyPrefix3": "in/"}, {"OnlyPrefix4": "in/"},
	} {
		_, err := stack(t, "default", parameters)
		assert.ErrorContains(t, err, "OnlyPrefix", "%v", parameters)
	}
	_, err := stack(t, "default", map[string]string{"OnlyPrefix": "in/", "OnlyPrefix4": "out/"})
	assert.NoError(t, err)
}
