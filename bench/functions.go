package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/sync/errgroup"

	"autobackup/internal/batch"
	"autobackup/internal/handler"
	"autobackup/internal/verdict"
	"autobackup/internal/wire"
	"autobackup/local/testing/minio"
)

// executions is how many batches are under way at once. AWS runs one execution a
// batch and as many functions as there are executions.
const executions = 4

// config is the functions' own, with servers in place of S3.
func (s sides) config(server *minio.Server) aws.Config {
	cfg := server.Config()
	cfg.HTTPClient = &minio.Regions{Homes: map[string]*minio.Server{bucket: s.primary, replicaBucket: s.replica}, Client: handler.HTTPClient()}
	return cfg
}

// verdicts gives every small object its verdict, as the state machine would: one
// batch after the other through fetch-etags and compare-etags.
func (w *world) verdicts(ctx context.Context, at sides) (time.Duration, error) {
	cfg := at.config(at.primary)
	fetch, err := wire.FetchETags(cfg, w.of("fetch-etags"), handler.Logger(io.Discard))
	if err != nil {
		return 0, err
	}
	compare, err := wire.CompareETagsTo(io.Discard, w.clock.Now)(cfg, w.of("compare-etags"), handler.Logger(io.Discard))
	if err != nil {
		return 0, err
	}
	payloads, err := w.payloads()
	if err != nil {
		return 0, err
	}
	var verified atomic.Int64
	start := w.clock.Now()
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(executions)
	for _, payload := range payloads {
		all.Go(func() error {
			n, err := execute(ctx, payload, fetch, compare)
			verified.Add(n)
			return err
		})
	}
	err = all.Wait()
	if n := verified.Load(); err == nil && n != int64(len(w.small)) {
		err = fmt.Errorf("%d of %d objects are verified", n, len(w.small))
	}
	return w.clock.Now().Sub(start), err
}

// execute answers how many objects of a batch are verified.
func execute(ctx context.Context, payload []byte, functions ...handler.Func) (verified int64, err error) {
	for _, function := range functions {
		if payload, err = function(ctx, payload); err != nil {
			return 0, err
		}
	}
	var b batch.Batch
	if err := json.Unmarshal(payload, &b); err != nil {
		return 0, err
	}
	for _, settled := range b.Summary.Objects {
		if settled.Verdict == verdict.Verified {
			verified++
		}
	}
	return verified, nil
}

// payloads are the executions' inputs.
func (w *world) payloads() (all [][]byte, err error) {
	for objects := range slices.Chunk(w.small, w.batchSize) {
		b := batch.Batch{Execution: "arn:aws:states:eu-central-1:123456789012:execution:autobackup-validation-bench:1"}
		for _, o := range objects {
			body, err := event(o)
			if err != nil {
				return nil, err
			}
			b.Messages = append(b.Messages, batch.Message{ID: o.Key, Body: string(body)})
		}
		payload, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		all = append(all, payload)
	}
	return all, nil
}

// event is what EventBridge sends of an upload.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
func event(o object) ([]byte, error) {
	return json.Marshal(map[string]any{
		"version": "0", "id": "17793124-05d4-b198-2fde-7ededc63b103", "detail-type": "Object Created", "source": "aws.s3",
		"account": "123456789012", "time": "2026-03-02T09:14:05Z", "region": "eu-central-1", "resources": []string{"arn:aws:s3:::" + bucket},
		"detail": map[string]any{
			"version": "0", "bucket": map[string]string{"name": bucket}, "reason": "PutObject", "request-id": "N4N7GDK58NMKJ12R",
			"requester": "123456789012", "source-ip-address": "203.0.113.7",
			"object": map[string]any{"key": o.Key, "size": o.Size, "version-id": o.Version, "sequencer": "0062E99A88DC407460"},
		},
	})
}
