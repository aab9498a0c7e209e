package explain_test

import (
	"context"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/explain"
	"autobackup/cmd/autobackup/s3test"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/local/s3"
)

var update = flag.Bool("update", false, "write the golden files")

// situation is one thing that can be so of a version.
type situation struct {
	name     string
	setting  func(*setting)
	make     func(*world) (key, version string)
	options  func(*explain.Options)
	category audit.Category
	reason   reason.Code
}

func corrupted(how s3.Corruption) func(*world) (string, string) {
	return func(w *world) (string, string) {
		w.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Corrupt: how} }
		return "a", w.put("a", "content", func(in *sdk.PutObjectInput) { in.Tagging = aws.String("team=red") })
	}
}

func faulty(status int, operations ...string) func(*world) (string, string) {
	return func(w *world) (string, string) {
		version := w.put("a", "content")
		w.Fault = func(r s3.Request) *s3.Fault {
			for _, o := range operations {
				if r.Bucket == replica && r.Operation == o {
					return &s3.Fault{Status: status}
				}
			}
			return nil
		}
		return "a", version
	}
}

func noncurrent(days int32) func(*setting) {
	return func(s *setting) {
		s.replica.Lifecycle = &s3.LifecycleConfiguration{Rules: []s3.LifecycleRule{{
			ID: "expire-nc", Status: "Enabled", Filter: &s3.LifecycleFilter{}, NoncurrentVersionExpiration: &s3.NoncurrentVersionExpiration{NoncurrentDays: &days},
		}}}
	}
}

// gone is replicated, and then removed from one side.
func gone(bucket, region string) func(*world) (string, string) {
	return func(w *world) (string, string) {
		version := w.put("a", "content")
		w.Remove(bucket, region, "a", version)
		return "a", version
	}
}

// unfound is listed in a bucket whose server does not find it.
func unfound(bucket string) func(*world) (string, string) {
	return func(w *world) (string, string) {
		version := w.put("a", "content")
		w.Fault = func(r s3.Request) *s3.Fault {
			if r.Operation == "HeadObject" && r.Bucket == bucket {
				return &s3.Fault{Status: http.StatusNotFound}
			}
			return nil
		}
		return "a", version
	}
}

func none(s *setting) { s.rule = s3.ReplicationRule{} }

// selecting lets the rule take what is tagged.
func selecting(s *setting) {
	s.rule.Filter = &s3.RuleFilter{Tag: &s3.Tag{Key: "backup", Value: "yes"}}
	s.rule.DeleteMarkerReplication = &s3.Switch{Status: "Disabled"}
}

func kms(s *setting) {
	s.rule.SourceSelectionCriteria = &s3.SourceSelectionCriteria{SseKmsEncryptedObjects: &s3.Switch{Status: "Enabled"}}
	s.rule.Destination.EncryptionConfiguration = &s3.EncryptionConfiguration{ReplicaKmsKeyID: "arn:aws:kms:eu-west-1:111122223333:key/1"}
}

func encrypted(in *sdk.PutObjectInput) { in.ServerSideEncryption = types.ServerSideEncryptionAwsKms }

var situations = []situation{
	{"verified", nil, func(w *world) (string, string) { return "a", w.put("a", "content") }, nil, audit.Compared, ""},
	{"gone", noncurrent(90), gone(replica, away), nil, audit.Finding, reason.ReplicaMissing},
	{"failed", nil, func(w *world) (string, string) {
		w.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Fail: true} }
		return "a", w.put("a", "content")
	}, nil, audit.Finding, reason.ReplicationFailed},
	{"pending", nil, func(w *world) (string, string) {
		w.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Lag: time.Hour} }
		out, err := w.Client.PutObject(context.Background(), &sdk.PutObjectInput{Bucket: aws.String(primary), Key: aws.String("a"), Body: strings.NewReader("content")})
		require.NoError(w.t, err)
		return "a", *out.VersionId
	}, nil, audit.Finding, reason.ReplicaMissing},
	{"young", nil, func(w *world) (string, string) {
		w.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Lag: time.Hour} }
		out, err := w.Client.PutObject(context.Background(), &sdk.PutObjectInput{Bucket: aws.String(primary), Key: aws.String("a"), Body: strings.NewReader("content")})
		require.NoError(w.t, err)
		return "a", *out.VersionId
	}, func(o *explain.Options) { o.Deadline = 24 * 365 * time.Hour }, audit.Expected, reason.Young},
	{"before-the-rule", none, func(w *world) (string, string) {
		version := w.put("a", "content")
		_, err := w.Client.PutBucketReplication(context.Background(), &sdk.PutBucketReplicationInput{
			Bucket: aws.String(primary), ReplicationConfiguration: &types.ReplicationConfiguration{Role: aws.String("arn:aws:iam::111122223333:role/r"), Rules: []types.ReplicationRule{{
				ID: aws.String("new"), Status: types.ReplicationRuleStatusEnabled, Priority: aws.Int32(1), Filter: &types.ReplicationRuleFilter{Prefix: aws.String("")},
				DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: types.DeleteMarkerReplicationStatusDisabled},
				Destination:             &types.Destination{Bucket: aws.String("arn:aws:s3:::" + replica)},
			}}},
		})
		require.NoError(w.t, err)
		return "a", version
	}, nil, audit.Expected, reason.BeforeRule},
	{"not-covered", func(s *setting) { s.rule.Filter.Prefix = "invoices/" }, func(w *world) (string, string) { return "a", w.put("a", "content") }, nil, audit.Expected, reason.NotCovered},
	{"no-rule", none, func(w *world) (string, string) { return "a", w.put("a", "content") },
		func(o *explain.Options) { o.Replicas = []string{replica} }, audit.Finding, reason.NotReplicated},
	{"lifecycle", noncurrent(7), func(w *world) (string, string) {
		version := w.put("a", "content")
		w.put("a", "newer content")
		w.Remove(replica, away, "a", version)
		return "a", version
	}, nil, audit.Expected, reason.LifecycleOnReplica},
	{"marker", nil, func(w *world) (string, string) {
		w.put("a", "content")
		return "a", w.mark("a")
	}, nil, audit.Compared, ""},
	{"marker-missing", nil, func(w *world) (string, string) {
		w.put("a", "content")
		marker := w.mark("a")
		w.Remove(replica, away, "a", marker)
		return "a", marker
	}, nil, audit.Finding, reason.MarkerMissing},
	{"marker-not-replicated", func(s *setting) { s.rule.DeleteMarkerReplication.Status = "Disabled" }, func(w *world) (string, string) {
		w.put("a", "content")
		return "a", w.mark("a")
	}, nil, audit.Expected, reason.MarkerNotReplicated},
	{"not-erased", nil, gone(primary, home), nil, audit.Finding, reason.NotErased},
	{"erased-lately", nil, gone(primary, home), func(o *explain.Options) { o.Erased = 365 * 24 * time.Hour }, audit.Expected, reason.ErasureRecent},
	{"replica-only", nil, func(w *world) (string, string) {
		out, err := w.Client.PutObject(context.Background(), &sdk.PutObjectInput{Bucket: aws.String(replica), Key: aws.String("a"), Body: strings.NewReader("content")}, s3test.In(away))
		require.NoError(w.t, err)
		return "a", *out.VersionId
	}, nil, audit.Finding, reason.ReplicaOnly},
	{"marker-taken-back", nil, func(w *world) (string, string) {
		w.put("a", "content")
		marker := w.mark("a")
		w.Remove(primary, home, "a", marker)
		return "a", marker
	}, nil, audit.Finding, reason.ReplicaOnly},
	{"hidden-on-the-replica", nil, func(w *world) (string, string) {
		version := w.put("a", "content")
		_, err := w.Client.PutObject(context.Background(), &sdk.PutObjectInput{Bucket: aws.String(replica), Key: aws.String("a"), Body: strings.NewReader("evil")}, s3test.In(away))
		require.NoError(w.t, err)
		return "a", version
	}, nil, audit.Compared, ""},
	{"content-mismatch", nil, corrupted(s3.FlipBit), nil, audit.Finding, reason.ContentMismatch},
	{"content-mismatch-read", nil, corrupted(s3.FlipBit), func(o *explain.Options) { o.Bytes = true }, audit.Finding, reason.ContentMismatch},
	{"size-mismatch-not-read", nil, corrupted(s3.Truncate), func(o *explain.Options) { o.Bytes = true }, audit.Finding, reason.SizeMismatch},
	{"silent-damage-not-read", nil, corrupted(s3.Silent), nil, audit.Compared, ""},
	{"silent-damage-read", nil, corrupted(s3.Silent), func(o *explain.Options) { o.Bytes = true }, audit.Finding, reason.ContentMismatch},
	{"metadata-differs", nil, corrupted(s3.Relabel), nil, audit.Compared, reason.MetadataDiffers},
	{"tags-differ", nil, corrupted(s3.Untag), nil, audit.Compared, reason.MetadataDiffers},
	{"kms", kms, func(w *world) (string, string) { return "a", w.put("a", "content", encrypted) }, nil, audit.Compared, ""},
	{"tags-match-now", selecting, func(w *world) (string, string) {
		w.Replicate = func(s3.Replication) s3.Plan { panic("nothing takes it") }
		version := w.put("a", "content")
		w.Tag(primary, "a", version, "backup", "yes")
		return "a", version
	}, nil, audit.Finding, reason.TagsMatchNow},
	{"not-selected", selecting, func(w *world) (string, string) { return "a", w.put("a", "content") }, nil, audit.Expected, reason.NotSelected},
	{"tags-unread", selecting, func(w *world) (string, string) {
		version := w.put("a", "content")
		w.Fault = func(r s3.Request) *s3.Fault {
			if r.Operation == "GetObjectTagging" {
				return &s3.Fault{Status: http.StatusForbidden}
			}
			return nil
		}
		return "a", version
	}, nil, audit.Unknown, reason.AccessDenied},
	{"kms-left-out", nil, func(w *world) (string, string) { return "a", w.put("a", "content", encrypted) }, nil, audit.Expected, reason.LeftOut},
	{"denied", nil, faulty(http.StatusForbidden, "HeadObject"), nil, audit.Unknown, reason.AccessDenied},
	{"denied-and-not-listed", nil, faulty(http.StatusForbidden, "HeadObject", "ListObjectVersions"), nil, audit.Unknown, reason.AccessDenied},
	{"not-listed", nil, faulty(http.StatusForbidden, "ListObjectVersions"), nil, audit.Compared, ""},
	{"unreachable", nil, faulty(http.StatusNotImplemented, "HeadObject"), nil, audit.Unknown, reason.Unreachable},
	{"listed-and-not-found", nil, unfound(replica), nil, audit.Unknown, reason.Unreachable},
	{"listed-and-not-found-on-the-primary", nil, unfound(primary), nil, audit.Unknown, reason.Unreachable},
	{"gone-and-lifecycle-unread", nil, func(w *world) (string, string) {
		key, version := gone(replica, away)(w)
		w.Fault = func(r s3.Request) *s3.Fault {
			if r.Operation == "GetBucketLifecycleConfiguration" {
				return &s3.Fault{Status: http.StatusForbidden}
			}
			return nil
		}
		return key, version
	}, nil, audit.Unknown, reason.AccessDenied},
	{"rules-unread", nil, faulty(http.StatusForbidden, "GetBucketLifecycleConfiguration"), nil, audit.Compared, ""},
	{"archived", nil, func(w *world) (string, string) {
		return "a", w.put("a", "content", func(in *sdk.PutObjectInput) { in.StorageClass = types.StorageClassDeepArchive })
	}, nil, audit.Expected, reason.LeftOut},
}

// aws explains a situation as if both buckets were AWS's, each in an account of its own.
func (s situation) aws(t *testing.T) (w *world, version string, e *explain.Explanation) {
	t.Helper()
	var change []func(*setting)
	if s.setting != nil {
		change = append(change, s.setting)
	}
	w = newWorld(t, change...)
	key, version := s.make(w)
	o := w.options(key, version)
	if s.options != nil {
		s.options(&o)
	}
	done := w.watched()
	pairs, err := o.Open(context.Background())
	require.NoError(t, err)
	for _, p := range pairs {
		p.Primary.Endpoint, p.Replica.Endpoint = "", ""
		p.Primary.Account, p.Replica.Account = "111122223333", "444455556666"
	}
	e, err = o.Of(context.Background(), pairs, later)
	require.NoError(t, err)
	assert.Empty(t, done(), "explaining writes")
	return w, version, e
}

var (
	times = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:]+Z`)
	waits = regexp.MustCompile(`[0-9hms]+ after it was made`)
	until = regexp.MustCompile(`--until \d{4}-\d\d-\d\d`)
	etags = regexp.MustCompile(`"[0-9a-f]{32}"`)
)

// steady is a screen without what is another in each run.
func steady(screen, version string) string {
	screen = strings.ReplaceAll(screen, version, strings.Repeat("V", len(version)))
	screen = times.ReplaceAllString(screen, "2026-11-28T10:00:00Z")
	screen = waits.ReplaceAllString(screen, "720h0m0s after it was made")
	return until.ReplaceAllString(screen, "--until 2027-02-28")
}

func TestEachSituationIsToldRightly(t *testing.T) {
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) {
			_, version, e := s.aws(t)
			require.Len(t, e.Replicas, 1)
			r := e.Replicas[0]
			assert.Equal(t, s.category, r.Item.Category, r.Item.Detail)
			assert.Equal(t, s.reason, r.Item.Reason, r.Item.Detail)
			wrong := s.category == audit.Finding || s.category == audit.Unknown
			assert.Equal(t, wrong, e.Exit == 1)
			got := steady(screen(t, e), version)
			if strings.Contains(s.name, "kms") { // an ETag under a KMS key is made up
				got = etags.ReplaceAllString(got, `"--------------------------------"`)
			}
			golden(t, s.name, got)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file) //nolint:gosec // the test's
	require.NoError(t, err, "run go test ./cmd/autobackup/explain -update")
	assert.Equal(t, string(want), got, "run go test ./cmd/autobackup/explain -update")
}

func TestALockThatOneSideAloneHasIsAFindingWhereItIsAskedFor(t *testing.T) {
	w := newWorld(t, func(s *setting) {
		s.primary.Lock, s.replica.Lock = &s3.ObjectLock{}, &s3.ObjectLock{Mode: "GOVERNANCE", Days: 1}
	})
	version := w.put("a", "content")
	e := w.explained("a", version, func(o *explain.Options) { o.Locks = true })
	assert.Equal(t, "LOCK_DIFFERS", string(e.Replicas[0].Item.Reason))
	assert.Equal(t, "one side alone has: retention", e.Replicas[0].Item.Detail)
	assert.Equal(t, 1, e.Exit)
	assert.Equal(t, 0, w.explained("a", version).Exit, "nobody asked")
}
