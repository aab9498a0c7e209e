package pair_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
	"autobackup/local/s3"
)

// shown is a look at two sides that show these locks.
func shown(primary, replica verdict.Metadata) verdict.Look {
	return verdict.Look{
		Primary:  verdict.Side{Bucket: "docs", Metadata: &primary},
		Replicas: []verdict.Replica{{Side: verdict.Side{Bucket: "copy", Metadata: &replica}}},
	}
}

func TestWhoShowsNoLockIsAskedForItAndEachSideOnceWhereNeitherDoes(t *testing.T) {
	held := verdict.Metadata{Retention: "r", LegalHold: "ON"}
	for name, tt := range map[string]struct {
		look     verdict.Look
		refused  string // operation
		status   int
		of       string // bucket
		names    []string
		why      string
		requests int // of two looks
	}{
		"neither shows any":                   {look: shown(verdict.Metadata{}, verdict.Metadata{LegalHold: "OFF"}), requests: 4},
		"neither shows any, and may not":      {look: shown(verdict.Metadata{}, verdict.Metadata{}), refused: "GetObjectRetention", status: 403, of: "copy", why: "reading the retention in copy answered 403 AccessDenied", requests: 4},
		"neither shows any, there is no such": {look: shown(verdict.Metadata{}, verdict.Metadata{}), refused: "GetObjectLegalHold", status: 501, of: "docs", requests: 4},
		"both show both":                      {look: shown(held, held)},
		"the replica alone":                   {look: shown(verdict.Metadata{}, held), names: []string{"retention", "legal hold"}, requests: 4},
		"the primary alone":                   {look: shown(held, verdict.Metadata{}), names: []string{"retention", "legal hold"}, requests: 4},
		"the replica may not be read":         {look: shown(held, verdict.Metadata{}), refused: "GetObjectLegalHold", status: 403, of: "copy", names: []string{"retention"}, why: "reading the legal hold in copy answered 403 AccessDenied", requests: 4},
	} {
		t.Run(name, func(t *testing.T) {
			local, from := server(t, bucket("docs"), bucket("copy"))
			v := s3event.ObjectVersion{Bucket: "docs", Key: "k", VersionID: local.Put("docs", "k", "v"), Region: home}
			pairs, err := pair.Open(context.Background(), options(from, from, "docs", "copy"))
			require.NoError(t, err)
			requests := 0
			local.Fault = func(r s3.Request) *s3.Fault {
				requests++
				if r.Operation == tt.refused && r.Bucket == tt.of {
					return &s3.Fault{Status: tt.status}
				}
				if r.Bucket == "copy" { // it has no such version: a lock is none of it
					return &s3.Fault{Status: 404, Code: "NoSuchObjectLockConfiguration"}
				}
				return nil
			}
			for range 2 {
				names, err := pairs[0].Locks(t.Context(), v, tt.look)
				assert.Equal(t, tt.names, names)
				if tt.why == "" {
					assert.NoError(t, err)
				} else {
					assert.EqualError(t, err, tt.why)
				}
			}
			if len(tt.names) > 0 { // asked for each version
				tt.requests = 4
			}
			assert.Equal(t, tt.requests, requests)
		})
	}
}

func TestAnAuditThatIsStoppedAsksNobodyForLocks(t *testing.T) {
	local, from := server(t, bucket("docs"), bucket("copy"))
	v := s3event.ObjectVersion{Bucket: "docs", Key: "k", VersionID: local.Put("docs", "k", "v"), Region: home}
	pairs, err := pair.Open(context.Background(), options(from, from, "docs", "copy"))
	require.NoError(t, err)
	ctx, stop := context.WithCancelCause(t.Context())
	stop(errors.New("stopped"))
	local.Fault = func(s3.Request) *s3.Fault { assert.Fail(t, "asked"); return nil }
	_, err = pairs[0].Locks(ctx, v, shown(verdict.Metadata{}, verdict.Metadata{}))
	require.NoError(t, err)
}

func TestTheLocksAmongTheGroupsOfMetadata(t *testing.T) {
	for name, is := range map[string]bool{"retention": true, "legal hold": true, "tags": false} {
		assert.Equal(t, is, pair.IsLock(name), name)
	}
}
