package local

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/internal/local/asl"
)

// objects is the S3 that distributed Maps read items from and write results to.
// Its requests come in at the stack's own address, as those of functions do, so
// that faults, rules and regions count for them too.
type objects struct {
	client *s3.Client
	dir    string
}

func (s *Stack) objects(region string) objects {
	return objects{client: s3.NewFromConfig(s.AWSConfig(region)), dir: s.Dir}
}

// Get opens an object.
func (o objects) Get(ctx context.Context, bucket, key, version string) (io.ReadCloser, error) {
	in := &s3.GetObjectInput{Bucket: &bucket, Key: &key}
	if version != "" {
		in.VersionId = &version
	}
	out, err := o.client.GetObject(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("get %q from %s: %w", key, bucket, err)
	}
	return out.Body, nil
}

// Put stores an object when all of it is there. Until then it lies in a file:
// results come as long as the Map runs, and an upload's length is told first.
func (o objects) Put(ctx context.Context, bucket, key string, body io.Reader) error {
	file, err := os.CreateTemp(o.dir, "results-*")
	if err != nil {
		return fmt.Errorf("put %q into %s: %w", key, bucket, err)
	}
	defer func() {
		_ = file.Close() // what counts was read from it
		_ = os.Remove(file.Name())
	}()
	if _, err = io.Copy(file, body); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err == nil {
		_, err = o.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: file, ContentType: aws.String("application/json")})
	}
	if err != nil {
		return fmt.Errorf("put %q into %s: %w", key, bucket, err)
	}
	return nil
}

func (s *Stack) noteMapRun(r asl.MapRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mapRuns[r.ARN] = r
}

// counts is asl.Counts on the wire.
type counts struct {
	Pending        int64 `json:"pending"`
	Running        int64 `json:"running"`
	Succeeded      int64 `json:"succeeded"`
	Failed         int64 `json:"failed"`
	TimedOut       int64 `json:"timedOut"`
	Aborted        int64 `json:"aborted"`
	Total          int64 `json:"total"`
	ResultsWritten int64 `json:"resultsWritten"`
}

// describeMapRun tells how far a Map Run is. The children themselves are not
// kept: there may be as many as a Map has items.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html
func (s *Stack) describeMapRun(body []byte) (any, error) {
	var in struct {
		MapRunARN string `json:"mapRunArn"`
	}
	if err := statesInput(body, &in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, there := s.mapRuns[in.MapRunARN]
	if !there {
		return nil, &statesError{"ResourceNotFound", "Resource not found: '" + in.MapRunARN + "'"}
	}
	out := struct {
		MapRunARN                  string             `json:"mapRunArn"`
		ExecutionARN               string             `json:"executionArn"`
		Status                     types.MapRunStatus `json:"status"`
		StartDate                  float64            `json:"startDate"`
		StopDate                   float64            `json:"stopDate,omitempty"`
		MaxConcurrency             int                `json:"maxConcurrency"`
		ToleratedFailureCount      int64              `json:"toleratedFailureCount"`
		ToleratedFailurePercentage float64            `json:"toleratedFailurePercentage"`
		ItemCounts                 counts             `json:"itemCounts"`
		ExecutionCounts            counts             `json:"executionCounts"`
	}{
		MapRunARN: r.ARN, ExecutionARN: r.ExecutionARN, Status: r.Status, StartDate: epoch(r.Start), MaxConcurrency: r.MaxConcurrency,
		ToleratedFailureCount: r.ToleratedFailureCount, ToleratedFailurePercentage: r.ToleratedFailurePercentage,
		ItemCounts: counts(r.Items), ExecutionCounts: counts(r.Executions),
	}
	if !r.Stop.IsZero() {
		out.StopDate = epoch(r.Stop)
	}
	return out, nil
}
