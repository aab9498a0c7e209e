package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"autobackup/internal/checksum"
	"autobackup/internal/digest"
	"autobackup/internal/handler"
	"autobackup/internal/hashbytes"
	"autobackup/internal/verdict"
	"autobackup/internal/wire"
)

// copyBuffer is in bytes, as large as the ones of hash-bytes.
const copyBuffer = 256 << 10

// pair answers the large object's buckets, each with its client.
func (s sides) pair() map[string]*s3.Client {
	clients := map[string]*s3.Client{}
	for name, server := range map[string]*s3.Options{bucket: {Region: s.primary.Region}, replicaBucket: {Region: s.replica.Region}} {
		clients[name] = s3.NewFromConfig(s.config(s.primary), func(o *s3.Options) {
			o.Region, o.ResponseChecksumValidation = server.Region, aws.ResponseChecksumValidationWhenRequired
		})
	}
	return clients
}

// digests has hash-bytes read both sides of the large object, range by range as
// compare-bytes does, and compares.
func (w *world) digests(a checksum.Algorithm) func(context.Context, sides) (time.Duration, error) {
	return func(ctx context.Context, at sides) (time.Duration, error) {
		primary, err := wire.HashBytes(at.config(at.primary), w.of("hash-bytes"), handler.Logger(io.Discard))
		if err != nil {
			return 0, err
		}
		replica, err := wire.HashBytes(at.config(at.replica), w.of("hash-bytes"), handler.Logger(io.Discard))
		if err != nil {
			return 0, err
		}
		start := w.clock.Now()
		ranges := digest.Pieces{Length: w.large.Size, Size: digest.RangeSize}
		for i := range ranges.Count() {
			var answers [2]hashbytes.Answer
			var both errgroup.Group
			both.Go(func() error { return w.hash(ctx, primary, bucket, ranges.At(i), a, &answers[0]) })
			both.Go(func() error { return w.hash(ctx, replica, replicaBucket, ranges.At(i), a, &answers[1]) })
			if err := both.Wait(); err != nil {
				return 0, err
			}
			if block, differs, err := digest.FirstDifference(*answers[0].Digests, *answers[1].Digests); err != nil || differs {
				return 0, errors.Join(err, fmt.Errorf("%s differ", block))
			}
		}
		return w.clock.Now().Sub(start), nil
	}
}

func (w *world) hash(ctx context.Context, function handler.Func, bucket string, r digest.Range, a checksum.Algorithm, answer *hashbytes.Answer) error {
	payload, err := json.Marshal(hashbytes.Request{
		Bucket: bucket, Key: w.large.Key, Version: w.large.Version, ETag: w.large.ETag, Size: w.large.Size,
		Offset: r.Offset, Length: r.Length, BlockSize: digest.BlockSize, Algorithm: a,
	})
	if err != nil {
		return err
	}
	if payload, err = function(ctx, payload); err != nil {
		return err
	}
	if err := json.Unmarshal(payload, answer); err != nil {
		return err
	}
	if answer.Found != verdict.Object {
		return fmt.Errorf("%s: %s", answer.Found, answer.Detail)
	}
	return nil
}

// plain reads both sides with the GETs of hash-bytes and does nothing with them.
func (w *world) plain(ctx context.Context, at sides) (time.Duration, error) {
	clients := at.pair()
	start := w.clock.Now()
	var both errgroup.Group
	for name, client := range clients {
		both.Go(func() error {
			all, ctx := errgroup.WithContext(ctx)
			all.SetLimit(hashbytes.InFlight)
			blocks := digest.Pieces{Length: w.large.Size, Size: digest.BlockSize}
			for i := range blocks.Count() {
				r := blocks.At(i)
				all.Go(func() error {
					return w.get(ctx, client, name, fmt.Sprintf("bytes=%d-%d", r.Offset, r.Offset+r.Length-1), io.Discard)
				})
			}
			return all.Wait()
		})
	}
	err := both.Wait()
	return w.clock.Now().Sub(start), err
}

// get copies bytes of the large object; without a span it copies all.
func (w *world) get(ctx context.Context, client *s3.Client, bucket, span string, to io.Writer) error {
	in := &s3.GetObjectInput{Bucket: &bucket, Key: &w.large.Key, VersionId: &w.large.Version}
	if span != "" {
		in.Range = &span
	}
	out, err := client.GetObject(ctx, in)
	if err != nil {
		return err
	}
	// Without io.Discard's own buffer of 8 KiB.
	_, err = io.CopyBuffer(struct{ io.Writer }{to}, out.Body, make([]byte, copyBuffer))
	return errors.Join(err, out.Body.Close())
}

// sha256Alone hashes as many bytes as both sides have, on one core.
func (w *world) sha256Alone(ctx context.Context, _ sides) (time.Duration, error) {
	buffer := w.content(copyBuffer)
	sum := sha256.New()
	start := w.clock.Now()
	for left := 2 * w.large.Size; left > 0 && ctx.Err() == nil; left -= copyBuffer {
		_, _ = sum.Write(buffer) // never fails: package hash
	}
	return w.clock.Now().Sub(start), ctx.Err()
}

// cmp compares what one GET a side brings.
func (w *world) cmp(ctx context.Context, at sides) (time.Duration, error) {
	clients := at.pair()
	command := exec.CommandContext(ctx, "cmp", "/dev/fd/3", "/dev/fd/4")
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	start := w.clock.Now()
	var both errgroup.Group
	for _, name := range []string{bucket, replicaBucket} {
		from, to, err := os.Pipe()
		if err != nil {
			return 0, err
		}
		command.ExtraFiles = append(command.ExtraFiles, from)
		both.Go(func() error { return errors.Join(w.get(ctx, clients[name], name, "", to), to.Close()) })
	}
	err := command.Start()
	for _, file := range command.ExtraFiles { // cmp has its own
		err = errors.Join(err, file.Close())
	}
	if err == nil {
		err = command.Wait()
	}
	err = errors.Join(err, both.Wait())
	return w.clock.Now().Sub(start), err
}
