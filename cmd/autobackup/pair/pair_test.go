package pair_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/s3test"
	"autobackup/internal/audit"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
	"autobackup/local/s3"
)

const home = "eu-central-1"

// server is a local S3 with buckets, at an address of its own.
func server(t *testing.T, buckets ...s3.BucketConfig) (*s3test.Server, string) {
	s := s3test.New(t, home, buckets...)
	return s, s.URL
}

func bucket(name string) s3.BucketConfig {
	return s3.BucketConfig{Name: name, Region: home, Versioned: true}
}

func free(map[string]int64) error { return nil }

func options(from, to, primary string, replicas ...string) pair.Options {
	return pair.Options{
		Primary: primary, Replicas: replicas, From: pair.Access{Endpoint: from, Region: home}, To: pair.Access{Endpoint: to, Region: home},
		Pace: pair.NewPace(10_000, free), Now: time.Now(), Clock: time.Now,
	}
}

func TestTwoBucketsOfOneNameOnTwoServersAreKeptApart(t *testing.T) {
	here, from := server(t, bucket("docs"))
	_, to := server(t, bucket("docs"))
	id := here.Put("docs", "k", "v")
	pairs, err := pair.Open(context.Background(), options(from, to, "docs", "docs"))
	require.NoError(t, err)
	require.Len(t, pairs, 1)
	seen := pairs[0].Look(context.Background(), s3event.ObjectVersion{Bucket: "docs", Key: "k", VersionID: id, Region: home})
	assert.Equal(t, verdict.Object, seen.Primary.Found)
	assert.Equal(t, verdict.Missing, seen.Replicas[0].Found)
	assert.Equal(t, "docs", seen.Replicas[0].Bucket)
}

func TestAServerThatPassesRequestsOnIsToldToAnswerForItself(t *testing.T) {
	here, from := server(t, bucket("docs"))
	// MinIO hands out as its own what its replication's target has, unless it is told.
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Minio-Source-Proxy-Request") == "false" && r.URL.Path == "/docs/k" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		http.Redirect(w, r, from+r.URL.String(), http.StatusTemporaryRedirect)
	}))
	defer proxy.Close()
	id := here.Put("docs", "k", "v")
	pairs, err := pair.Open(context.Background(), options(from, proxy.URL, "docs", "docs"))
	require.NoError(t, err)
	seen := pairs[0].Look(context.Background(), s3event.ObjectVersion{Bucket: "docs", Key: "k", VersionID: id, Region: home})
	assert.Equal(t, verdict.Missing, seen.Replicas[0].Found)
}

func TestWhatCanNotBeOpenedSaysWhyAndWhatToDo(t *testing.T) {
	local, from := server(t, bucket("docs"), bucket("copy"))
	for name, c := range map[string]struct {
		primary  string
		replicas []string
		fault    func(s3.Request) *s3.Fault
		want     string
	}{
		"a primary that is not there": {"nobody", nil, nil, "find the bucket nobody: it does not exist"},
		"a replica that is not there": {"docs", []string{"nobody"}, nil, "find the bucket nobody: it does not exist\nif it is another account's"},
		"credentials that have expired": {"docs", nil, func(s3.Request) *s3.Fault { return &s3.Fault{Status: 400} },
			"find the bucket docs: HeadBucket answered 400 Bad Request, as where the credentials have expired: check the credentials with"},
		"a key that nobody knows": {"docs", nil, func(r s3.Request) *s3.Fault {
			if r.Operation == "GetBucketVersioning" {
				return &s3.Fault{Status: 403, Code: "InvalidAccessKeyId"}
			}
			return nil
		}, "s3:GetBucketVersioning answered 403 InvalidAccessKeyId: InvalidAccessKeyId (a fault of the local S3): check the credentials with aws sts get-caller-identity, or log in again"},
		"a server that hides its buckets": {"docs", nil, func(s3.Request) *s3.Fault { return &s3.Fault{Status: 403} },
			"find the bucket docs: HeadBucket answered 403 Forbidden: check the credentials with aws sts get-caller-identity, or log in again, as with aws sso login, and see that they may list the bucket"},
		"a bucket and itself":     {"docs", []string{"docs"}, nil, "compare docs with itself: name another bucket"},
		"a primary without rules": {"docs", nil, nil, "follow the replication rules of docs: it has none that is enabled: name the bucket to compare with"},
		"rules that may not be read": {"docs", nil, func(r s3.Request) *s3.Fault {
			if r.Operation == "GetBucketReplication" {
				return &s3.Fault{Status: 403}
			}
			return nil
		}, "s3:GetReplicationConfiguration answered 403 AccessDenied: grant s3:GetReplicationConfiguration on docs, or name the replica"},
	} {
		t.Run(name, func(t *testing.T) {
			local.Fault = c.fault
			_, err := pair.Open(context.Background(), options(from, from, c.primary, c.replicas...))
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestASideWithoutCredentialsIsNamedBeforeAnythingIsAskedOfIt(t *testing.T) {
	local, from := server(t, bucket("docs"), bucket("copy"))
	asked := 0
	local.Fault = func(s3.Request) *s3.Fault { asked++; return nil }
	file := filepath.Join(t.TempDir(), "config")
	require.NoError(t, os.WriteFile(file, []byte("[profile empty]\n"), 0o600))
	t.Setenv("AWS_CONFIG_FILE", file)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	o := options(from, from, "docs", "copy")
	o.To.Profile = "empty"
	_, err := pair.Open(t.Context(), o)
	require.ErrorContains(t, err, "find credentials for the replica copy: there are none in the environment, in the profile empty or on this machine: name a profile that has some with --replica-profile or")
	o.From.Profile, asked = "empty", 0
	_, err = pair.Open(t.Context(), o)
	require.ErrorContains(t, err, "find credentials for the primary docs: ")
	assert.Zero(t, asked)
	o.From.Profile = "typo"
	_, err = pair.Open(t.Context(), o)
	assert.ErrorContains(t, err, "load the AWS configuration for the primary docs: failed to get shared config profile, typo")
}

func TestWhatOfABucketCanNotBeReadIsToldAndExplainsNothing(t *testing.T) {
	local, from := server(t, bucket("docs"), bucket("copy"))
	local.Fault = func(r s3.Request) *s3.Fault {
		if strings.HasPrefix(r.Operation, "GetBucket") {
			return &s3.Fault{Status: 403}
		}
		return nil
	}
	pairs, err := pair.Open(context.Background(), options(from, from, "docs", "copy"))
	require.NoError(t, err)
	side := pairs[0].Primary
	assert.Equal(t, []string{"unknown", "unknown"}, []string{side.Versioning, side.Encryption})
	assert.Len(t, side.Unread, 4)
	for _, why := range side.Unread {
		assert.Contains(t, why, "answered 403 AccessDenied: grant s3:Get")
	}
	assert.False(t, pairs[0].Rules().Leads())
	assert.Empty(t, pairs[0].Rules().Remover(audit.Row{Key: "k"}, true))
}

func TestOnlyLifecycleRulesThatMayBeThereAreNotKnown(t *testing.T) {
	for status, known := range map[int]bool{0: true, http.StatusForbidden: false, http.StatusNotImplemented: true} {
		for i, name := range []string{"docs", "copy"} {
			local, from := server(t, bucket("docs"), bucket("copy"))
			local.Fault = func(r s3.Request) *s3.Fault {
				if status != 0 && r.Operation == "GetBucketLifecycleConfiguration" && r.Bucket == name {
					return &s3.Fault{Status: status}
				}
				return nil
			}
			pairs, err := pair.Open(context.Background(), options(from, from, "docs", "copy"))
			require.NoError(t, err)
			rules := pairs[0].Rules()
			assert.Equal(t, known, rules.LifecycleKnown(i == 1), "%s answers %d", name, status)
			assert.True(t, rules.LifecycleKnown(i == 0))
		}
	}
}

func TestARequestThatMayNotBeSpentIsNotSent(t *testing.T) {
	_, from := server(t, bucket("docs"), bucket("copy"))
	o := options(from, from, "docs", "copy")
	errEnough := errors.New("enough")
	o.Pace = pair.NewPace(10_000, func(sent map[string]int64) error {
		if sent["HeadBucket"] >= 1 {
			return errEnough
		}
		return nil
	})
	_, err := pair.Open(context.Background(), o)
	require.Error(t, err)
	assert.Equal(t, map[string]int64{"HeadBucket": 1}, o.Pace.Sent())
}

func TestAnAddressIsABucketAndMaybeMore(t *testing.T) {
	for text, want := range map[string]pair.Address{
		"s3://docs": {Bucket: "docs"}, "s3://docs/": {Bucket: "docs"}, "s3://docs/a/b?c": {Bucket: "docs", Rest: "a/b?c"}, "s3://docs//x": {Bucket: "docs", Rest: "/x"},
	} {
		got, err := pair.ParseAddress(text)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, text := range []string{"", "docs", "s3://", "s3:///k", "https://docs/k"} {
		_, err := pair.ParseAddress(text)
		assert.ErrorContains(t, err, "is no address of a bucket: write s3://BUCKET or s3://BUCKET/PREFIX")
		_, err = pair.ParseBucket(text)
		assert.EqualError(t, err, strconv.Quote(text)+" is no address of a bucket: write s3://BUCKET")
	}
}
