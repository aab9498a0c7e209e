package verdict_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

func TestByteVerificationIsParsed(t *testing.T) {
	for text, want := range map[string]verdict.ByteVerification{
		"never":        {},
		"inconclusive": {Inconclusive: true},
		"sample-1":     {Inconclusive: true, PerMille: 1},
		"sample-999":   {Inconclusive: true, PerMille: 999},
		"always":       {Inconclusive: true, PerMille: 1000},
	} {
		got, err := verdict.ParseByteVerification(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "Never", "sample", "sample-", "sample-0", "sample-1000", "sample-01", "sample--1", "sample-1.5", "10"} {
		_, err := verdict.ParseByteVerification(text)
		assert.ErrorContains(t, err, "is none of never, inconclusive, always and sample-N with N from 1 to 999", text)
	}
}

func FuzzParseByteVerification(f *testing.F) {
	for _, text := range []string{"never", "inconclusive", "always", "sample-10", "sample-\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := verdict.ParseByteVerification(text)
		if err != nil {
			assert.Less(t, len(err.Error()), 500)
			return
		}
		assert.True(t, got.Inconclusive || text == "never")
		assert.Equal(t, got.PerMille > 0 && got.PerMille < 1000, strings.HasPrefix(text, "sample-"))
	})
}

func TestWhoseBytesAreRead(t *testing.T) {
	equal, unequal := replica(sums(crcA)), replica(sums(map[string]string{"CRC64NVME": "AAAAAAAAAAI="}))
	silent := replica(encrypted("aws:kms")) // no checksum, and an ETag that says nothing
	read := func(v verdict.Verdict) func(*verdict.Side) { return func(s *verdict.Side) { s.Bytes = &v } }
	equalBytes := verdict.Verdict{Outcome: verdict.Verified, Evidence: verdict.BytesRead}
	archived := verdict.Verdict{Outcome: verdict.Failed, Reason: reason.Archived, Detail: "archived"}
	gone := verdict.Verdict{Outcome: verdict.Lagging, Reason: reason.ReplicaMissing, Detail: "gone"}
	const deadline = time.Hour
	for _, tt := range []struct {
		name     string
		mode     string
		draw     int
		replica  verdict.Side
		waited   time.Duration
		outcome  verdict.Outcome
		reason   reason.Code
		evidence verdict.Evidence
	}{
		{name: "never reads nothing that is inconclusive", mode: "never", replica: silent, outcome: verdict.Failed, reason: reason.Inconclusive},
		{name: "inconclusive is read", mode: "inconclusive", replica: silent, outcome: verdict.Reading, reason: reason.Inconclusive},
		{name: "what checksums verify is not read by default", mode: "inconclusive", replica: equal, outcome: verdict.Verified, evidence: "full-object checksum CRC64NVME"},
		{name: "a sample takes who drew less than it", mode: "sample-10", draw: 9, replica: equal, outcome: verdict.Reading, evidence: "full-object checksum CRC64NVME"},
		{name: "a sample leaves who drew as much", mode: "sample-10", draw: 10, replica: equal, outcome: verdict.Verified, evidence: "full-object checksum CRC64NVME"},
		{name: "a sample reads all that is inconclusive", mode: "sample-10", draw: 999, replica: silent, outcome: verdict.Reading, reason: reason.Inconclusive},
		{name: "always is for whatever was drawn", mode: "always", draw: 999, replica: equal, outcome: verdict.Reading, evidence: "full-object checksum CRC64NVME"},
		{name: "a mismatch needs no reading", mode: "always", replica: unequal, outcome: verdict.Failed, reason: reason.ContentMismatch},
		{name: "equal bytes verify", mode: "inconclusive", replica: but(silent, read(equalBytes)), outcome: verdict.Verified, evidence: verdict.BytesRead},
		{name: "equal bytes are the evidence of what checksums verified, too", mode: "always", replica: but(equal, read(equalBytes)), outcome: verdict.Verified, evidence: verdict.BytesRead},
		{name: "what was to be read and was not is still to be read", mode: "inconclusive", replica: but(silent, read(verdict.Verdict{Outcome: verdict.Reading})), outcome: verdict.Reading, reason: reason.Inconclusive},
		{name: "archived fails what only the bytes could tell", mode: "inconclusive", replica: but(silent, read(archived)), outcome: verdict.Failed, reason: reason.Archived},
		{name: "archived leaves the evidence of checksums", mode: "always", replica: but(equal, read(archived)), outcome: verdict.Verified, evidence: "full-object checksum CRC64NVME"},
		{name: "a replica that is gone is looked at again", mode: "inconclusive", replica: but(silent, read(gone)), outcome: verdict.Lagging, reason: reason.ReplicaMissing},
		{name: "a replica that stays gone fails at the deadline", mode: "inconclusive", replica: but(silent, read(gone)), waited: deadline, outcome: verdict.Failed, reason: reason.ReplicaMissing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mode, err := verdict.ParseByteVerification(tt.mode)
			require.NoError(t, err)
			policy := verdict.Policy{Deadline: deadline, MarkerDeadline: deadline, Bytes: mode}
			seen, event := look(primary(sums(crcA)), tt.replica), verdict.Event{Draw: tt.draw}
			if tt.replica.Encryption == "aws:kms" {
				seen.Primary = primary(encrypted("aws:kms"))
			}
			got := verdict.Judge(event, seen, verdict.Progress{Looks: 1, Waited: tt.waited}, policy)
			assert.Equal(t, tt.outcome, got.Outcome, got.Detail)
			assert.Equal(t, tt.reason, got.Reason)
			assert.Equal(t, tt.evidence, got.Evidence)
			assert.NotEmpty(t, got.Detail)

			marked := verdict.ToRead(event, seen, policy).Replicas[0].Bytes
			if tt.replica.Bytes == nil {
				assert.Equal(t, tt.outcome == verdict.Reading, marked != nil)
			} else {
				assert.Equal(t, tt.replica.Bytes, marked, "what was read stays")
			}
		})
	}
}

func TestWhatIsReadFirstAndWhatIsNot(t *testing.T) {
	policy := verdict.Policy{Deadline: time.Hour, MarkerDeadline: time.Hour, Bytes: verdict.ByteVerification{Inconclusive: true}}
	silent := replica(encrypted("aws:kms"))
	missing := replica(absent)
	small := replica(encrypted("aws:kms"), size(1))
	judge := func(replicas ...verdict.Side) verdict.Outcome {
		seen := look(primary(encrypted("aws:kms"), status("PENDING")), replicas...)
		return verdict.Judge(verdict.Event{}, seen, verdict.Progress{Looks: 1}, policy).Outcome
	}
	assert.Equal(t, verdict.Failed, judge(silent, small), "a failure waits for no reading")
	assert.Equal(t, verdict.Lagging, judge(silent, missing), "all replicas are there before one is read")
	assert.Equal(t, verdict.Reading, judge(silent, replica(encrypted("aws:kms"), func(s *verdict.Side) {
		s.Bytes = &verdict.Verdict{Outcome: verdict.Verified, Evidence: verdict.BytesRead}
	})), "every replica is read")
}

func but(s verdict.Side, c change) verdict.Side {
	c(&s)
	return s
}
