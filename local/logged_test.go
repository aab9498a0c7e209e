package local_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/logged"
	"autobackup/internal/s3event"
	"autobackup/local/gate"
)

// What the functions log is what autobackup explain reads: here as lines of their group, into
// which Lambda puts what a process prints.
func TestWhatBecameOfAVersionIsReadFromTheLog(t *testing.T) {
	var log strings.Builder
	functionLog = &log
	defer func() { functionLog = nowhere }()
	inWorld(t, func(w *world) {
		began := time.Now()
		w.uploadTwo()
		version := map[string]string{}
		listed, err := w.client.ListObjectVersions(w.t.Context(), &s3.ListObjectVersionsInput{Bucket: aws.String(w.bucket())})
		require.NoError(w.t, err)
		for _, v := range listed.Versions {
			version[*v.Key] = *v.VersionId
		}
		w.settle()
		groups := "arn:aws:logs:" + w.region + ":" + account + ":log-group:/aws/lambda/autobackup-"
		for line := range strings.Lines(log.String()) { // of all functions
			for _, function := range []string{"compare-etags", "failure-notifier"} {
				require.NoError(w.t, w.Logs.As(gate.Caller{}).Put(groups+function+"-dev", "a", line))
			}
		}
		w.Logs.Looked = 3 // so that it takes pages, some of them empty
		user, err := w.Gate.User("ops", map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Action": "logs:FilterLogEvents", "Resource": groups + "*-dev:*"}})
		require.NoError(w.t, err)
		of := func(key, version string, by gate.Caller) (logged.Found, error) {
			return logged.Of(w.t.Context(), w.AWSConfigOf(by, w.region), s3event.ObjectVersion{Bucket: w.bucket(), Key: key, VersionID: version},
				logged.Part{Stage: "dev", From: began, To: time.Now().Add(time.Second), Within: time.Minute})
		}
		slow, err := of("slow.bin", version["slow.bin"], user)
		require.NoError(w.t, err)
		require.Greater(t, len(slow.Lines), 1)
		assert.Equal(t, "lagging", slow.Lines[0].Outcome)
		assert.Equal(t, 1, slow.Lines[0].Looks)
		last := slow.Lines[len(slow.Lines)-1]
		assert.Equal(t, "verified", last.Outcome)
		assert.NotEmpty(t, last.Evidence)
		wrong, err := of("wrong.bin", version["wrong.bin"], user)
		require.NoError(w.t, err)
		assert.Equal(t, "failed", wrong.Lines[len(wrong.Lines)-1].Outcome)
		assert.Equal(t, "CONTENT_MISMATCH", wrong.Lines[len(wrong.Lines)-1].Reason)
		assert.Contains(t, wrong.Lines[0].Execution, ":execution:autobackup-validation-dev:")

		told := func(key string, by gate.Caller) (logged.Told, error) {
			return logged.ToldOf(w.t.Context(), w.AWSConfigOf(by, w.region), s3event.ObjectVersion{Bucket: w.bucket(), Key: key, VersionID: version[key]},
				logged.Part{Stage: "dev", From: began, To: time.Now().Add(time.Second), Within: time.Minute})
		}
		mails, err := told("wrong.bin", user)
		require.NoError(w.t, err)
		require.Len(t, mails.Emails, 1)
		assert.True(t, mails.Emails[0].Names)
		assert.Equal(t, "CONTENT_MISMATCH", mails.Emails[0].Causes[0].Reason)
		assert.Contains(t, mails.Emails[0].Subject, "wrong.bin")
		mails, err = told("slow.bin", user)
		require.NoError(w.t, err)
		assert.Empty(t, mails.Emails, "it was verified, and nobody was told of it")

		nobody, err := w.Gate.User("nobody", map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}})
		require.NoError(w.t, err)
		_, err = of("wrong.bin", version["wrong.bin"], nobody)
		require.ErrorContains(t, err, "grant logs:FilterLogEvents")
		_, err = told("wrong.bin", nobody)
		require.ErrorContains(t, err, "grant logs:FilterLogEvents")
	})
}
