package audit_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/policy/policytest"
	"autobackup/cmd/autobackup/report"
	"autobackup/cmd/autobackup/s3test"
	"autobackup/cmd/autobackup/upload"
	core "autobackup/internal/audit"
	"autobackup/internal/verdict"
	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/s3"
)

const (
	account    = "111122223333"
	kmsKey     = "arn:aws:kms:" + home + ":" + account + ":key/a"
	replicaKey = "arn:aws:kms:" + away + ":" + account + ":key/b"
)

// guarded is a world in which one version is as it must be, one did not arrive and one was
// not erased. Each is encrypted with a key of its side, and everybody's permissions are
// asked.
func guarded(t *testing.T) (*world, *gate.Gate) {
	t.Helper()
	priority := int32(1)
	rule := s3.ReplicationRule{
		Status: "Enabled", Priority: &priority, Filter: &s3.RuleFilter{}, DeleteMarkerReplication: &s3.Switch{Status: "Enabled"},
		SourceSelectionCriteria: &s3.SourceSelectionCriteria{SseKmsEncryptedObjects: &s3.Switch{Status: "Enabled"}},
		Destination:             s3.Destination{Bucket: "arn:aws:s3:::" + replica, EncryptionConfiguration: &s3.EncryptionConfiguration{ReplicaKmsKeyID: replicaKey}},
	}
	w := &world{t: t, Server: s3test.New(t, home,
		s3.BucketConfig{Name: replica, Region: away, Versioned: true, Encryption: s3.BucketEncryption{Algorithm: "aws:kms", KMSKey: replicaKey}},
		s3.BucketConfig{Name: primary, Region: home, Versioned: true, Encryption: s3.BucketEncryption{Algorithm: "aws:kms", KMSKey: kmsKey},
			Replication: &s3.ReplicationConfiguration{Role: "arn:aws:iam::" + account + ":role/r", Rules: []s3.ReplicationRule{rule}}},
		s3.BucketConfig{Name: "evidence", Region: home, Versioned: true},
	)}
	w.Replicate = func(r s3.Replication) s3.Plan {
		return s3.Plan{Fail: r.Key == "lost", Recut: &s3.Recut{PartSize: 3 << 20, Kind: string(types.ChecksumTypeComposite)}}
	}
	w.InParts(primary, "in parts")
	w.put("lost", "v")
	w.Remove(primary, home, "gone", w.put("gone", "v"))
	w.Gate = gate.New(account)
	for _, arn := range []string{kmsKey, replicaKey} {
		require.NoError(t, w.Gate.Attach(arn, iam.Key, map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
			"Effect": "Allow", "Principal": map[string]any{"AWS": account}, "Action": "kms:*", "Resource": "*",
		}}))
	}
	return w, w.Gate
}

// permissionMissing is what tells of a missing permission.
var permissionMissing = regexp.MustCompile("answered 403|ACCESS_DENIED|grant s3:")

// metrics are of CloudWatch, which is asked on AWS alone. A part that fails is given up, and
// no part of a report fails here.
var notTried = []string{metrics + " in Anything", "s3:AbortMultipartUpload in Report"}

func TestAnAuditTellsEachPermissionThatItLacks(t *testing.T) {
	w, g := guarded(t)
	p := policytest.Print(t, "audit", "--primary", primary, "--replica", replica, "--level", "bytes", "--locks", "--metadata",
		"--output", "s3://evidence/audits", "--kms-key", kmsKey, "--replica-kms-key", replicaKey)
	// audited is what is found, and what is told where that is all.
	audited := func(p policytest.Printed, level core.Level) (found map[string]int64, said string) {
		user, err := g.User("ops", p)
		require.NoError(t, err)
		t.Setenv("AWS_ACCESS_KEY_ID", user.AccessKey())
		o := w.options(func(o *audit.Options) {
			o.Level, o.Locks, o.Metadata, o.Bytes = level, true, true, verdict.ByteVerification{Inconclusive: true, PerMille: 1000}
		})
		result, err := audit.Run(t.Context(), o)
		if err != nil {
			return nil, err.Error()
		}
		var shown bytes.Buffer
		require.NoError(t, report.Screen(&shown, result.Reports, o.Folder, report.Options{}))
		if _, err := upload.Report(t.Context(), o.Folder, pair.Address{Bucket: "evidence", Rest: "audits"}, o.From); err != nil {
			fmt.Fprint(&shown, err)
		}
		found = map[string]int64{}
		for _, c := range result.Reports[0].Counts {
			found[string(c.Category)] += c.Versions
			for _, example := range c.Examples {
				fmt.Fprintln(&shown, example.Detail)
			}
		}
		return found, shown.String()
	}
	found, said := audited(p, core.Bytes)
	require.Equal(t, map[string]int64{"compared": 1, "finding": 2}, found, said)
	require.NotRegexp(t, permissionMissing, said)
	for lacks, policy := range p.Without() {
		level := core.Bytes
		if strings.HasPrefix(lacks, "s3:GetObjectVersionAttributes ") { // where bytes are read, they decide
			level = core.AllLooked
		}
		found, said := audited(policy, level)
		if lacks == notTried[0] || lacks == notTried[1] {
			continue
		}
		assert.Regexp(t, permissionMissing, said, lacks)
		assert.LessOrEqual(t, found["finding"], int64(2), "%s: nothing that is right is a finding", lacks)
		assert.LessOrEqual(t, found["compared"], int64(1), "%s: nothing that is wrong is verified", lacks)
	}
}
