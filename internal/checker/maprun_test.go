package checker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/batch"
	"autobackup/internal/comparebytes"
	"autobackup/internal/digest"
)

// ranges does what the Distributed Map does with a plan: it reads the items, runs
// a child for each, writes their results, and lets compare-bytes conclude.
func (s *stack) ranges(ctx context.Context, b batch.Batch, plan comparebytes.Plan) (done comparebytes.Answer, err error) {
	out, err := s.clients[home].GetObject(ctx, &sdk.GetObjectInput{Bucket: &plan.Bucket, Key: &plan.Key})
	if err != nil {
		return done, err
	}
	var items []digest.Range
	if err := errors.Join(json.NewDecoder(out.Body).Decode(&items), out.Body.Close()); err != nil {
		return done, err
	}
	var records []map[string]any
	for _, item := range items {
		var result json.RawMessage
		in := comparebytes.Request{Operation: comparebytes.OpRange, Plan: &plan, Range: &item}
		if err := s.task(ctx, in, &result); err != nil {
			return done, err
		}
		records = append(records, map[string]any{"Status": "SUCCEEDED", "Output": string(result)})
	}
	if err := s.keep(ctx, "results/SUCCEEDED_0.json", records); err != nil {
		return done, err
	}
	results := comparebytes.Object{Bucket: working, Key: "results/manifest.json"}
	err = s.keep(ctx, results.Key, map[string]any{
		"DestinationBucket": working, "ResultFiles": map[string]any{"SUCCEEDED": []any{map[string]any{"Key": "results/SUCCEEDED_0.json"}}},
	})
	if err != nil {
		return done, err
	}
	err = s.task(ctx, comparebytes.Request{Operation: comparebytes.OpConclude, Batch: &b, Plan: &plan, Results: &results}, &done)
	return done, err
}

func (s *stack) keep(ctx context.Context, key string, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	_, err = s.clients[home].PutObject(ctx, &sdk.PutObjectInput{Bucket: aws.String(working), Key: &key, Body: bytes.NewReader(text)})
	return err
}
