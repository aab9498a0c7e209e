package explain_test

import (
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/explain"
	"autobackup/cmd/autobackup/policy/policytest"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/s3"
)

const (
	account    = "111122223333"
	key        = "arn:aws:kms:" + home + ":" + account + ":key/a"
	replicaKey = "arn:aws:kms:" + away + ":" + account + ":key/b"
)

// guard puts a gate in front of a world whose objects are encrypted with keys, which leave
// it to the account's policies who uses them.
func (w *world) guard() *gate.Gate {
	g := gate.New(account)
	for _, arn := range []string{key, replicaKey} {
		require.NoError(w.t, g.Attach(arn, iam.Key, map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
			"Effect": "Allow", "Principal": map[string]any{"AWS": account}, "Action": "kms:*", "Resource": "*",
		}}))
	}
	w.Gate = g
	return g
}

func TestAnExplanationTellsEachPermissionThatItLacks(t *testing.T) {
	w := newWorld(t, func(s *setting) {
		s.primary.Encryption, s.replica.Encryption = s3.BucketEncryption{Algorithm: "aws:kms", KMSKey: key}, s3.BucketEncryption{Algorithm: "aws:kms", KMSKey: replicaKey}
		s.rule.SourceSelectionCriteria = &s3.SourceSelectionCriteria{SseKmsEncryptedObjects: &s3.Switch{Status: "Enabled"}}
		s.rule.Destination.EncryptionConfiguration = &s3.EncryptionConfiguration{ReplicaKmsKeyID: replicaKey}
		s.replica.Lock = &s3.ObjectLock{Mode: "GOVERNANCE", Days: 1}
	})
	w.Replicate = func(r s3.Replication) s3.Plan {
		return s3.Plan{Fail: r.Key == "lost", Recut: &s3.Recut{PartSize: 3 << 20, Kind: string(types.ChecksumTypeComposite)}}
	}
	versions := map[string]string{"in parts": w.InParts(primary, "in parts"), "lost": w.put("lost", "v"), "gone": w.put("gone", "v")}
	w.Remove(primary, home, "gone", versions["gone"])
	g := w.guard()
	p := policytest.Print(t, "explain", "--primary", primary, "--replica", replica, "--kms-key", key, "--replica-kms-key", replicaKey)
	// explained is what is found out of a version and told, where not even that, why not.
	explained := func(p policytest.Printed, key string) (found audit.Item, said string) {
		user, err := g.User("ops", p)
		require.NoError(t, err)
		t.Setenv("AWS_ACCESS_KEY_ID", user.AccessKey())
		e, err := explain.Run(t.Context(), w.options(key, versions[key], func(o *explain.Options) { o.Bytes = true }))
		if err != nil {
			return audit.Item{Category: audit.Unknown, Reason: reason.AccessDenied}, err.Error()
		}
		return e.Replicas[0].Item, screen(t, e)
	}
	item, said := explained(p, "in parts")
	require.Equal(t, audit.Compared, item.Category, said)
	require.NotContains(t, said, "limits", "nothing is left out")
	for _, key := range []string{"lost", "gone"} {
		item, said = explained(p, key)
		require.Equal(t, audit.Finding, item.Category, said)
	}

	for lacks, policy := range p.Without() {
		item, said := explained(policy, "in parts")
		assert.NotEqual(t, audit.Finding, item.Category, "%s: %s", lacks, said)
		assert.Contains(t, []reason.Code{"", reason.AccessDenied}, item.Reason, lacks)
		assert.Contains(t, said, unknown[lacks], lacks)
		if refusal.MatchString(said) {
			continue
		}
		for _, key := range []string{"lost", "gone"} { // it is needed where a side lacks the version
			item, more := explained(policy, key)
			assert.NotEqual(t, audit.Compared, item.Category, "%s: %s", lacks, more)
			said += more
		}
		assert.Regexp(t, refusal, said, lacks)
	}
}

// unknown is what is said of metadata that may not be read: not that the other side alone
// has it.
var unknown = map[string]string{
	"s3:GetObjectVersionTagging in PrimaryObjects": "tags unknown", "s3:GetObjectVersionTagging in ReplicaObjects": "tags unknown",
	"s3:GetObjectRetention in PrimaryObjects": "retention unknown",
}

// refusal is what tells of a missing permission.
var refusal = regexp.MustCompile("answered 403|ACCESS_DENIED|grant s3:")
