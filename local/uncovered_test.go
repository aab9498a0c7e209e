package local_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/local/gate"
	"autobackup/local/iam"
	locals3 "autobackup/local/s3"
	"autobackup/local/sns"
)

const (
	listKeys     = "s3:ListBucket"
	listVersions = "s3:ListBucketVersions"
)

// Which permission AWS asks for before it says that a version is missing, its documents don't
// say. Whichever it is, and whichever fetch-etags has: what is there is verified, what comes
// late is verified or told as a missing permission, and what is gone is told.
func TestWhicheverPermissionUncoversAMissingVersionNothingIsToldFalsely(t *testing.T) {
	for _, asked := range [][]string{nil, {listKeys}, {listVersions}, {listKeys, listVersions}, {"s3:NobodyHasThis"}} {
		for _, granted := range [][]string{{}, {listKeys}, {listVersions}, {listKeys, listVersions}} {
			t.Run(fmt.Sprintf("%s asked, %s granted", asked, granted), func(t *testing.T) {
				prepare = func(g *gate.Gate) { g.Deployed = func(d *iam.Document) { grantLists(d, granted) } }
				defer func() { prepare = nil }()
				inWorld(t, func(w *world) {
					w.S3.Uncovers = asked
					hidden := slices.ContainsFunc(append([]string{}, asked...), func(a string) bool { return !slices.Contains(granted, a) })
					if asked == nil {
						hidden = !slices.Contains(granted, listKeys)
					}
					w.comesLateOrNever()
					w.uncovered(hidden, missingOf(asked, granted))
				})
			})
		}
	}
}

// grantLists leaves fetch-etags these of the permissions to list.
func grantLists(d *iam.Document, granted []string) {
	if d.Name != "autobackup-dev-fetch-etags/look-at-both-sides" {
		return
	}
	for i := range d.Statements {
		s := &d.Statements[i]
		s.Actions = slices.DeleteFunc(slices.Clone(s.Actions), func(a string) bool {
			return (a == listKeys || a == listVersions) && !slices.Contains(granted, a)
		})
	}
	d.Statements = slices.DeleteFunc(d.Statements, func(s iam.Statement) bool { return len(s.Actions) == 0 })
}

// missingOf is the first permission that is asked for and not granted.
func missingOf(asked, granted []string) string {
	if asked == nil {
		asked = []string{listKeys}
	}
	for _, a := range asked {
		if !slices.Contains(granted, a) {
			return a
		}
	}
	return ""
}

// comesLateOrNever uploads what is there at once, what comes within the first looks and after
// hours, what somebody deletes from the replica, and what S3 gives up.
func (w *world) comesLateOrNever() {
	w.put("overwritten", "content")
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
		return map[string]locals3.Plan{
			"soon": {Lag: 100 * time.Second}, "late": {Lag: 2 * time.Hour}, "overwritten": {Lag: 2 * time.Hour}, "given up": {Fail: true},
		}[r.Key]
	}
	synctest.Wait()
	for _, key := range []string{"there", "soon", "late", "overwritten", "given up"} {
		w.put(key, "new content")
	}
	gone := w.put("gone", "content")
	synctest.Wait()
	away := s3.NewFromConfig(w.AWSConfig(secondRegion))
	_, err := away.DeleteObject(w.t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(w.replicaBucket()), Key: aws.String("gone"), VersionId: &gone})
	require.NoError(w.t, err)
	w.settle()
}

// uncovered holds what became of it against what is true, where missing versions are hidden
// for want of a permission, and where they are not.
func (w *world) uncovered(hidden bool, missing string) {
	t := w.t
	ends := w.endsByKey()
	denied := "failed " + string(reason.AccessDenied)
	for key, want := range map[string][]string{ // what comes of it where nothing is hidden, and where it is
		"there": {"verified", "verified"}, "soon": {"verified", "verified"}, "late": {"verified", denied}, "overwritten": {"verified", denied},
		"gone": {"failed " + string(reason.ReplicaMissing), denied}, "given up": {"failed " + string(reason.ReplicationFailed), denied},
	} {
		of := want[0]
		if hidden {
			of = want[1]
		}
		assert.Contains(t, ends[key], of, key)
		for _, end := range ends[key] {
			assert.NotContains(t, end, "MISMATCH", key)
			if key == "gone" || key == "given up" {
				assert.NotContains(t, end, "verified", key)
			}
		}
	}
	named := slices.ContainsFunc(w.SNS.Published(), func(p sns.Publication) bool {
		return strings.Contains(p.Message, "no identity-based policy allows "+missing)
	})
	assert.Equal(t, hidden, named, "the e-mail names what is missing")
}

// endsByKey are the verdicts of all messages by the object's key.
func (w *world) endsByKey() map[string][]string {
	ends := map[string][]string{}
	for _, e := range w.States.Executions() {
		for _, line := range w.summary(e).Objects {
			_, key, _ := strings.Cut(line.Object, w.bucket()+"/")
			key, _, _ = strings.Cut(key, "@")
			end := string(line.Verdict)
			if line.Verdict == verdict.Failed {
				end += " " + string(line.Reason)
			}
			ends[key] = append(ends[key], end)
		}
	}
	return ends
}
