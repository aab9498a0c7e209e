package verdict_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
	equal, unequal, quiet := replica(sums(crcA)), replica(sums(crcB)), replica(silent)
	for _, tt := range []struct {
		name    string
		mode    string
		draw    int
		replica verdict.Replica
		want    string
	}{
		{"never reads nothing that is inconclusive", "never", 0, quiet, "failed INCONCLUSIVE"},
		{"never reads nothing that is verified", "never", 0, equal, "verified full-object checksum CRC64NVME"},
		{"inconclusive is read", "inconclusive", 0, quiet, "reading INCONCLUSIVE"},
		{"what checksums verify is not read by default", "inconclusive", 0, equal, "verified full-object checksum CRC64NVME"},
		{"a sample takes who drew less than it", "sample-10", 9, equal, "reading"},
		{"a sample leaves who drew as much", "sample-10", 10, equal, "verified full-object checksum CRC64NVME"},
		{"a sample reads all that is inconclusive", "sample-10", 999, quiet, "reading INCONCLUSIVE"},
		{"always is for whatever was drawn", "always", 999, equal, "reading"},
		{"a mismatch needs no reading", "always", 0, unequal, "failed CONTENT_MISMATCH"},
		{"another size needs no reading", "always", 0, replica(silent, size(6)), "failed SIZE_MISMATCH"},
		{"a delete marker has nothing to read", "always", 0, replica(marker), "failed CONTENT_MISMATCH"},
		{"a missing replica has nothing to read", "always", 0, replica(absent), "lagging REPLICA_MISSING"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mode, err := verdict.ParseByteVerification(tt.mode)
			require.NoError(t, err)
			policy := verdict.Policy{Deadline: deadline, MarkerDeadline: deadline, Bytes: mode}
			seen, event := look(primary(sums(crcA)), tt.replica), verdict.Event{Draw: tt.draw}
			if tt.replica.Encryption == "aws:kms" {
				seen.Primary = primary(silent)
			}
			got := verdict.Judge(event, seen, first, policy)
			assert.Equal(t, tt.want, brief(got.Outcome, got.Reason, got.Evidence))
			want := -1
			if got.Outcome == verdict.Reading {
				want = 0
			}
			assert.Equal(t, want, verdict.ToRead(event, seen, policy))
		})
	}
}

func TestAReadingEntryTellsWhatWasCompared(t *testing.T) {
	v := verdict.Judge(verdict.Event{}, look(primary(sums(crcA)), replica(sums(crcA))), first, always)
	assert.Equal(t, verdict.Verdict{Outcome: verdict.Reading, Replicas: []verdict.Entry{{Bucket: "docs-replica", Region: "eu-west-1",
		Outcome: verdict.Reading, Detail: "full-object checksum CRC64NVME is equal: AAAAAAAAAAE="}}}, v)
}

func TestReplicasAreReadOneAfterTheOtherOnceAllAreThere(t *testing.T) {
	read := replica(silent, wasRead(equalBytes))
	for name, tc := range map[string]struct {
		event    verdict.Event
		replicas []verdict.Replica
		want     string
		next     int // that ToRead names where the outcome is reading
	}{
		"a failure waits for no reading":                 {verdict.Event{}, []verdict.Replica{replica(silent), second(size(1))}, "failed SIZE_MISMATCH", 0},
		"all replicas are there before one is read":      {verdict.Event{}, []verdict.Replica{replica(silent), second(absent)}, "lagging REPLICA_MISSING", 0},
		"the first is read first":                        {verdict.Event{}, []verdict.Replica{replica(silent), second(silent)}, "reading INCONCLUSIVE", 0},
		"then the second":                                {verdict.Event{}, []verdict.Replica{read, second(silent)}, "reading INCONCLUSIVE", 1},
		"one that nothing verifies names the reason":     {verdict.Event{}, []verdict.Replica{replica(silent, sums(crcA)), second(silent)}, "reading INCONCLUSIVE", 0},
		"in either order":                                {verdict.Event{}, []verdict.Replica{second(silent), replica(silent, sums(crcA))}, "reading INCONCLUSIVE", 0},
		"what needs no reading is passed over":           {verdict.Event{}, []verdict.Replica{read, read, second(silent)}, "reading INCONCLUSIVE", 2},
		"then there is a verdict":                        {verdict.Event{}, []verdict.Replica{read, second(silent, wasRead(equalBytes))}, "verified bytes read on both sides", -1},
		"a notification reads the replica that it names": {told(false), []verdict.Replica{second(silent), replica(silent)}, "reading INCONCLUSIVE", 1},
		"and no other one":                               {told(false), []verdict.Replica{second(silent), read}, "verified bytes read on both sides", -1},
	} {
		t.Run(name, func(t *testing.T) {
			seen := look(primary(silent, sums(crcA)), tc.replicas...)
			v := verdict.Judge(tc.event, seen, first, always)
			assert.Equal(t, tc.want, brief(v.Outcome, v.Reason, v.Evidence))
			assert.Equal(t, tc.next, verdict.ToRead(tc.event, seen, always))
		})
	}
	assert.Equal(t, -1, verdict.ToRead(verdict.Event{}, look(primary(found(verdict.Denied), silent), replica(silent)), reads), "only objects have bytes")
	assert.Equal(t, -1, verdict.ToRead(verdict.Event{}, look(primary(silent), replica(found(verdict.Denied), silent)), reads), "only objects have bytes")
}
