package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"autobackup/local/clock"
	"autobackup/local/testing/minio"
)

const (
	bucket        = "autobackup-bench-primary-documents"
	replicaBucket = "autobackup-bench-replica-documents"
	small         = "small/" // prefix of the small objects
	large         = "large/" // prefix of the one large object
	smallSize     = 1 << 10
	partSize      = 64 << 20
)

// object is an object version with which both sides are compared.
type object struct {
	Key     string `json:"key"`
	Version string `json:"version"`
	ETag    string `json:"etag"`
	Size    int64  `json:"size"`
}

// sides are two servers as the tools reach them.
type sides struct{ primary, replica *minio.Server }

// world is two servers with the same objects, by replication.
type world struct {
	sides
	deployed
	clock  *clock.Clock
	small  []object
	large  object
	random *rand.ChaCha8
}

func newWorld(ctx context.Context, o options, dir string, watch *clock.Clock) (w *world, err error) {
	w = &world{clock: watch, random: rand.NewChaCha8([32]byte{})}
	if w.deployed, err = readDeployed(ctx, ".", dir); err != nil {
		return w, err
	}
	if w.primary, err = minio.Start(ctx, o.minio, dir, "eu-central-1"); err != nil {
		return w, err
	}
	if w.replica, err = minio.Start(ctx, o.minio, dir, "eu-west-1"); err != nil {
		return w, err
	}
	if err := w.replicate(ctx); err != nil {
		return w, err
	}
	if err := w.upload(ctx, o); err != nil {
		return w, err
	}
	if err := w.replicated(ctx, o.objects+1); err != nil {
		return w, err
	}
	// From here on the servers have nothing to do but to answer.
	for _, s := range []*minio.Server{w.primary, w.replica} {
		s.Environment = []string{"MINIO_SCANNER_SPEED=default", "MINIO_SCANNER_CYCLE=24h"}
		if err := errors.Join(s.Stop(), s.Restart(ctx)); err != nil {
			return w, err
		}
	}
	return w, nil
}

func (w *world) stop() (err error) {
	for _, s := range []*minio.Server{w.primary, w.replica} {
		if s != nil {
			err = errors.Join(err, s.Stop())
		}
	}
	return err
}

// replicate makes the buckets and the rule.
func (w *world) replicate(ctx context.Context) error {
	for name, server := range map[string]*minio.Server{bucket: w.primary, replicaBucket: w.replica} {
		client := s3.NewFromConfig(server.Config())
		if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
			return err
		}
		_, err := client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
			Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		})
		if err != nil {
			return err
		}
	}
	target, err := w.primary.Target(ctx, bucket, w.replica, replicaBucket, minio.Root)
	if err != nil {
		return err
	}
	_, err = s3.NewFromConfig(w.primary.Config()).PutBucketReplication(ctx, &s3.PutBucketReplicationInput{
		Bucket: aws.String(bucket),
		ReplicationConfiguration: &types.ReplicationConfiguration{Role: aws.String(""), Rules: []types.ReplicationRule{{
			ID: aws.String("all"), Status: types.ReplicationRuleStatusEnabled, Priority: aws.Int32(1),
			Filter:                  &types.ReplicationRuleFilter{Prefix: aws.String("")},
			DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: types.DeleteMarkerReplicationStatusEnabled},
			Destination:             &types.Destination{Bucket: &target},
		}}},
	})
	return err
}

func (w *world) upload(ctx context.Context, o options) error {
	client := s3.NewFromConfig(w.primary.Config())
	w.small = make([]object, o.objects)
	all, uploading := errgroup.WithContext(ctx)
	all.SetLimit(16)
	for i := range w.small {
		key, content := fmt.Sprintf("%s%06d.bin", small, i), w.content(smallSize)
		all.Go(func() error {
			out, err := client.PutObject(uploading, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: bytes.NewReader(content)})
			if err == nil {
				w.small[i] = object{key, aws.ToString(out.VersionId), aws.ToString(out.ETag), smallSize}
			}
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	return w.uploadLarge(ctx, client, o.mib<<20)
}

// content is size bytes that nothing can compress.
func (w *world) content(size int64) []byte {
	content := make([]byte, size)
	_, _ = w.random.Read(content) // never fails
	return content
}

func (w *world) uploadLarge(ctx context.Context, client *s3.Client, size int64) error {
	key := large + "object.bin"
	upload, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: aws.String(bucket), Key: &key, ChecksumAlgorithm: types.ChecksumAlgorithmCrc64nvme,
	})
	if err != nil {
		return err
	}
	var parts types.CompletedMultipartUpload
	for first := int64(0); first < size; first += partSize {
		number := aws.Int32(int32(first/partSize) + 1) //nolint:gosec // G115: S3 takes 10,000 parts
		out, err := client.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: aws.String(bucket), Key: &key, UploadId: upload.UploadId, PartNumber: number,
			Body: bytes.NewReader(w.content(min(partSize, size-first))), ChecksumAlgorithm: types.ChecksumAlgorithmCrc64nvme,
		}, s3.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware))
		if err != nil {
			return err
		}
		parts.Parts = append(parts.Parts, types.CompletedPart{PartNumber: number, ETag: out.ETag, ChecksumCRC64NVME: out.ChecksumCRC64NVME})
	}
	out, err := client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: aws.String(bucket), Key: &key, UploadId: upload.UploadId, MultipartUpload: &parts, ChecksumType: types.ChecksumTypeFullObject,
	})
	if err == nil {
		w.large = object{key, aws.ToString(out.VersionId), aws.ToString(out.ETag), size}
	}
	return err
}

// replicated waits until the replica has n versions.
func (w *world) replicated(ctx context.Context, n int) error {
	ctx, cancel := w.clock.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	client := s3.NewFromConfig(w.replica.Config())
	for found := -1; found != n; {
		found = 0
		pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: aws.String(replicaBucket)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return fmt.Errorf("wait for %d replicas, %d are there: %w", n, found, err)
			}
			found += len(page.Versions)
		}
		if err := w.clock.Sleep(ctx, time.Second); err != nil {
			return fmt.Errorf("wait for %d replicas, %d are there: %w", n, found, err)
		}
	}
	return nil
}
