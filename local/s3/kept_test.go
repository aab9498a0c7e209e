package s3_test

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/s3"
	"autobackup/local/store"
)

// again is a server that goes on in a folder; tell gets its events.
func again(t testing.TB, dir string, tell func(event []byte), plan s3.Plan) *local {
	t.Helper()
	same := map[string]bool{} // before the first, there was no template
	if _, err := os.Stat(filepath.Join(dir, store.File)); err == nil {
		same = map[string]bool{source: true, destination: true}
	}
	kept, err := store.Open(dir)
	require.NoError(t, err)
	server, err := s3.New(s3.Config{Clock: clock.Real(), Dir: dir, Account: account, Kept: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()); _ = kept.Close() })
	server.OnEvent = func(_ string, event []byte) { tell(event) }
	server.Replicate = func(s3.Replication) s3.Plan { return plan }
	require.NoError(t, server.CreateBucket(s3.BucketConfig{Name: destination, Region: replica, Versioned: true}))
	require.NoError(t, server.CreateBucket(s3.BucketConfig{Name: source, Region: primary, Versioned: true, EventBridge: true, Replication: rules(destination)}))
	require.NoError(t, server.Load(kept, same))
	server.Resume()
	return &local{server: server, http: &http.Client{Transport: direct{server}}}
}

// killed is what a program leaves behind that is killed now: a copy of its folder.
func killed(t *testing.T, dir string) string {
	t.Helper()
	left := t.TempDir()
	require.NoError(t, os.CopyFS(left, os.DirFS(dir)))
	return left
}

func objectFiles(t *testing.T, dir string) int {
	t.Helper()
	found, err := filepath.Glob(dir + "/objects/*")
	require.NoError(t, err)
	return len(found)
}

func TestWhatWasNotToldWhenAProgramWasKilledIsToldByTheNext(t *testing.T) {
	dir, left := t.TempDir(), ""
	first := again(t, dir, func([]byte) { left = killed(t, dir) }, s3.Plan{Lag: time.Hour})
	first.put(t, "k", "content")
	require.NotEmpty(t, left)
	var told []string
	again(t, left, func(event []byte) { told = append(told, string(event)) }, s3.Plan{Lag: time.Hour})
	require.Len(t, told, 1)
	assert.Contains(t, told[0], `"key":"k"`)
	told = nil
	again(t, killed(t, left), func(event []byte) { told = append(told, string(event)) }, s3.Plan{Lag: time.Hour})
	assert.Empty(t, told, "it is told once")
	again(t, killed(t, dir), func([]byte) { t.Error("it was told before") }, s3.Plan{Lag: time.Hour})
}

func TestAReplicationUnderWayIsGoneOnWithAsItWasPlanned(t *testing.T) {
	dir := t.TempDir()
	begun := time.Now()
	first := again(t, dir, func([]byte) {}, s3.Plan{Lag: 2 * time.Second, Corrupt: s3.Truncate})
	first.put(t, "k", "content")
	second := again(t, killed(t, dir), func([]byte) {}, s3.Plan{Lag: time.Hour})
	require.Equal(t, 1, second.server.Pending())
	require.Eventually(t, func() bool { return second.server.Pending() == 0 }, time.Minute, 10*time.Millisecond)
	assert.GreaterOrEqual(t, time.Since(begun), 2*time.Second)
	head, err := second.client("http", replica).HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: aws.String(destination), Key: aws.String("k")})
	require.NoError(t, err)
	assert.EqualValues(t, len("content")-1, aws.ToInt64(head.ContentLength))
}

func TestFilesGoWithTheRecordsThatNameThem(t *testing.T) {
	dir := t.TempDir()
	first := again(t, dir, func([]byte) {}, s3.Plan{})
	one, two := first.put(t, "one", "1"), first.put(t, "two", "2")
	require.Eventually(t, func() bool { return first.server.Pending() == 0 }, time.Minute, time.Millisecond)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "objects", "999"), []byte("of an upload that was under way"), 0o600))
	left := killed(t, dir)
	second := again(t, left, func([]byte) {}, s3.Plan{})
	assert.Equal(t, 2, objectFiles(t, left), "short bodies are in files, too, replicas share them, and what nothing names is gone")
	second.remove(t, primary, source, "one", one.VersionId)
	assert.Equal(t, 2, objectFiles(t, left), "the replica still needs it")
	second.remove(t, replica, destination, "one", one.VersionId)
	assert.Equal(t, 1, objectFiles(t, left))
	second.put(t, "three", "3")
	third := again(t, killed(t, left), func([]byte) {}, s3.Plan{})
	versions, err := third.client("http", primary).ListObjectVersions(t.Context(), &awss3.ListObjectVersionsInput{Bucket: aws.String(source)})
	require.NoError(t, err)
	found := map[string]string{}
	for _, v := range versions.Versions {
		found[aws.ToString(v.Key)] = aws.ToString(v.VersionId)
	}
	assert.Equal(t, []string{"three", "two"}, slices.Sorted(maps.Keys(found)))
	assert.Equal(t, aws.ToString(two.VersionId), found["two"])
}

func TestABucketThatWasDeletedStaysSo(t *testing.T) {
	dir := t.TempDir()
	first := again(t, dir, func([]byte) {}, s3.Plan{})
	_, err := first.client("http", replica).DeleteBucket(t.Context(), &awss3.DeleteBucketInput{Bucket: aws.String(destination)})
	require.NoError(t, err)
	second := again(t, killed(t, dir), func([]byte) {}, s3.Plan{})
	_, err = second.client("http", replica).HeadBucket(t.Context(), &awss3.HeadBucketInput{Bucket: aws.String(destination)})
	require.Error(t, err)
	_, err = second.client("http", primary).HeadBucket(t.Context(), &awss3.HeadBucketInput{Bucket: aws.String(source)})
	require.NoError(t, err)
}
