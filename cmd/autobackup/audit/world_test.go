package audit_test

import (
	"context"
	"testing"
	"time"

	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/s3test"
	core "autobackup/internal/audit"
	"autobackup/local/s3"
)

const primary, replica, home, away = "acme-invoices", "acme-invoices-dr", "eu-central-1", "eu-west-1"

// world is the local S3 with a primary that replicates to another region.
type world struct {
	*s3test.Server
	t testing.TB
}

func newWorld(t testing.TB, change ...func(*s3.ReplicationRule)) *world {
	return newLocked(t, s3.ObjectLock{}, change...)
}

// newLocked is a world whose replica bucket locks what comes.
func newLocked(t testing.TB, lock s3.ObjectLock, change ...func(*s3.ReplicationRule)) *world {
	t.Helper()
	priority := int32(1)
	rule := s3.ReplicationRule{
		Status: "Enabled", Priority: &priority, Filter: &s3.RuleFilter{}, DeleteMarkerReplication: &s3.Switch{Status: "Enabled"},
		Destination: s3.Destination{Bucket: "arn:aws:s3:::" + replica},
	}
	for _, c := range change {
		c(&rule)
	}
	return &world{t: t, Server: s3test.New(t, home,
		s3.BucketConfig{Name: replica, Region: away, Versioned: true, Lock: &lock},
		s3.BucketConfig{Name: primary, Region: home, Versioned: true, Lock: &s3.ObjectLock{}, Replication: &s3.ReplicationConfiguration{
			Role: "arn:aws:iam::111122223333:role/r", Rules: []s3.ReplicationRule{rule},
		}})}
}

func (w *world) put(key, content string) string { return w.Put(primary, key, content) }

func (w *world) mark(key string) string { return w.Mark(primary, key) }

// later is long after everything in a test: nothing is young.
var later = time.Now().Add(30 * 24 * time.Hour)

func (w *world) options(change ...func(*audit.Options)) audit.Options {
	access := pair.Access{Endpoint: w.URL, Region: home}
	o := audit.Options{
		Plan: audit.Plan{
			Program: "test", Started: later, Primary: primary, From: access, To: access, Level: core.Rest,
			Deadline: time.Hour, MarkerDeadline: time.Hour, Classes: []string{""},
		},
		Folder: w.t.TempDir(), MaxRate: 100_000, Workers: 4, Watch: audit.Unwatched{}, Clock: time.Now,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	for _, c := range change {
		c(&o)
	}
	return o
}
