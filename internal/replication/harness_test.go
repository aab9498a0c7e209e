// Package replication_test runs the workflow and its functions on replication
// that is not of this project's making: two MinIO servers take the place of S3
// in two regions. Everything else is the local stack with the deployed
// templates, definition and code. It runs where AUTOBACKUP_MINIO names a MinIO
// server's executable.
package replication_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/handler"
	"autobackup/internal/wire"
	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/lambda"
	"autobackup/local/testing/memnet"
	"autobackup/local/testing/minio"
)

const (
	project       = "../.."
	account       = "123456789012"
	bucket        = "autobackup-dev-primary-documents-" + account
	replicaBucket = "autobackup-dev-replica-documents-" + account
)

// patience bounds every wait for a real server.
const patience = 2 * time.Minute

// replicator is the user of the replica's server that replicas are written as.
var replicator = minio.User{AccessKey: "replicator", SecretKey: "replicator-secret"}

// world is two MinIO servers with the template's buckets and replication rules,
// and the stack that validates what is uploaded there. Its clock skips: waiting
// in the workflow takes no time, so every look after the first is held back
// until hold lets it go.
type world struct {
	*local.Stack
	t                *testing.T
	primary, replica *minio.Server
	from, to         *s3.Client // of primary and replica
	target           string     // the replica, as MinIO's rules name it
	// hold is called before a look at versions, with the looks they had so far.
	hold func(ctx context.Context, looks int, versions []version)
}

// inWorld runs a test in a fresh world; parameters are name and value in turn.
func inWorld(t *testing.T, test func(w *world), parameters ...string) {
	t.Helper()
	binary, err := minio.Find()
	if errors.Is(err, minio.ErrNone) {
		t.Skip(err)
	}
	require.NoError(t, err)
	w := &world{t: t}
	w.hold = w.untilReplicated
	dir := t.TempDir()
	w.primary, w.replica = startRegion(t, binary, dir, "default"), startRegion(t, binary, dir, "replica")
	w.from, w.to = s3.NewFromConfig(w.primary.Config()), s3.NewFromConfig(w.replica.Config())
	w.deploy(filepath.Join(dir, "stack"), parameters)
	w.copyBuckets()
	test(w)
}

// startRegion starts a server for the region of an environment of samconfig.toml.
func startRegion(t *testing.T, binary, dir, name string) *minio.Server {
	t.Helper()
	environment, err := local.Environment(project, name)
	require.NoError(t, err)
	server, err := minio.Start(t.Context(), binary, dir, environment.Region)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, server.Stop())
		if printed, err := os.ReadFile(server.Log); err == nil && t.Failed() {
			t.Logf("MinIO in %s printed:\n%s", server.Region, printed[max(0, len(printed)-8<<10):])
		}
	})
	return server
}

// deploy starts the local stack with functions whose S3 is the two servers.
func (w *world) deploy(dir string, parameters []string) {
	t := w.t
	require.NoError(t, os.Mkdir(dir, 0o750))
	network, stop := memnet.Client(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.ServeHTTP(rw, r) }))
	t.Cleanup(stop)
	functions := func(region string) aws.Config {
		cfg := w.AWSConfig(region)
		// Only MinIO looks at the signature.
		cfg.Credentials = credentials.NewStaticCredentialsProvider(minio.AccessKey, minio.SecretKey, "")
		cfg.HTTPClient = &minio.Regions{
			Homes: map[string]*minio.Server{bucket: w.primary, replicaBucket: w.replica}, Client: handler.HTTPClient(), Others: network,
		}
		return cfg
	}
	var err error
	w.Stack, err = local.Start(t.Context(), local.Config{
		Unguarded: true, // MinIO itself decides who may do what
		Clock:     clock.Skipping(t.Context()), Project: project, Dir: dir, Account: account, Seed: 1,
		URL: "http://127.0.0.1", HTTPClient: network, Runtime: lambda.InProcess(wire.Functions(io.Discard, time.Now), handler.Logger(io.Discard), functions),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	w.States.TaskFault = w.beforeTask
	for _, name := range []string{"replica", "default"} {
		environment, err := local.Environment(project, name)
		require.NoError(t, err)
		given := map[string]string{"Categories": "documents"}
		for i := 0; i < len(parameters) && name == "default"; i += 2 {
			given[parameters[i]] = parameters[i+1]
		}
		_, err = w.Deploy(environment, given)
		require.NoError(t, err)
	}
}

// copyBuckets makes the deployed buckets on the two servers, with the deployed
// replication rules. MinIO alone names a destination by an ARN of its own.
func (w *world) copyBuckets() {
	t, ctx := w.t, w.t.Context()
	versioned := &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}
	for name, client := range map[string]*s3.Client{bucket: w.from, replicaBucket: w.to} {
		_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name})
		require.NoError(t, err)
		_, err = client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: &name, VersioningConfiguration: versioned})
		require.NoError(t, err)
	}
	require.NoError(t, w.replica.AddUser(ctx, replicator))
	target, err := w.primary.Target(ctx, bucket, w.replica, replicaBucket, replicator)
	require.NoError(t, err)
	w.target = target

	deployed, err := s3.NewFromConfig(w.AWSConfig(w.primary.Region)).GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: aws.String(bucket)})
	require.NoError(t, err)
	rules := deployed.ReplicationConfiguration.Rules
	for i := range rules {
		require.Equal(t, "arn:aws:s3:::"+replicaBucket, *rules[i].Destination.Bucket)
		rules[i].Destination.Bucket = &target
	}
	_, err = w.from.PutBucketReplication(ctx, &s3.PutBucketReplicationInput{
		Bucket: aws.String(bucket), ReplicationConfiguration: &types.ReplicationConfiguration{Role: aws.String(""), Rules: rules},
	})
	require.NoError(t, err)
}

// beforeTask holds looks back.
func (w *world) beforeTask(ctx context.Context, _ string, parameters []byte) error {
	var call struct {
		FunctionName string
		Payload      batch.Batch
	}
	if err := json.Unmarshal(parameters, &call); err != nil || call.FunctionName != w.function("fetch-etags") {
		return nil //nolint:nilerr // another call, of another shape
	}
	var versions []version
	looks := 0
	for _, m := range slices.Concat(call.Payload.Messages, call.Payload.Lagging) {
		versions = append(versions, versionOf(w.t, m.Body))
		looks = max(looks, m.Progress.Looks)
	}
	w.hold(ctx, looks, versions)
	return nil
}

// function is the ARN of autobackup-<name>-dev.
func (w *world) function(name string) string {
	return "arn:aws:lambda:" + w.primary.Region + ":" + account + ":function:autobackup-" + name + "-dev"
}

// queue is the ARN of autobackup-<name>-dev.
func (w *world) queue(name string) string {
	return "arn:aws:sqs:" + w.primary.Region + ":" + account + ":autobackup-" + name + "-dev"
}
