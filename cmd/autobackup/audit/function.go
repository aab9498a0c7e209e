package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	smithytime "github.com/aws/smithy-go/time"

	"autobackup/internal/audit"
	"autobackup/internal/comparebytes"
	"autobackup/internal/handler"
	"autobackup/internal/keep"
	"autobackup/internal/look"
	"autobackup/internal/program"
	"autobackup/internal/s3error"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
	"autobackup/internal/wire"
)

// Function builds the Lambda function that does the parts of a stage's audits: a Request goes
// in, and what its operation answers comes out. Its environment is that of wire.AuditOf.
func Function(metrics io.Writer, now func() time.Time) wire.Build {
	return func(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
		of, err := wire.AuditOf(env)
		if err != nil {
			return nil, err
		}
		d := Deployed{
			Objects: newWork(cfg), Executions: sfn.NewFromConfig(cfg), Config: cfg, HTTP: cfg.HTTPClient, Bucket: of.WorkBucket, Stage: of.Stage,
			Plan: Plan{
				Program: program.Version(), Level: audit.Level(of.Level), Deadline: of.Policy.Deadline, MarkerDeadline: of.Policy.MarkerDeadline, Metadata: of.Policy.AlertMetadata,
				FailOn: FailOn{FailFindings, FailUnknown}, Classes: []string{""},
			},
			Rate: of.Rate, Dollars: of.Dollars, AtOnce: of.AtOnce, Time: of.Time,
			Looks: fetchETags{lambda.NewFromConfig(cfg), of.FetchETags}, Metrics: metrics, Now: now, Wait: smithytime.SleepWithContext, Dir: os.TempDir(),
		}
		if of.ValidationURL != "" {
			d.Validation = &Validation{Queue: sqs.NewFromConfig(cfg), URL: of.ValidationURL, ARN: of.ValidationARN, Bytes: of.MessageBytes}
		}
		if of.ScrubDays > 0 {
			d.Plan.Classes = of.ScrubClasses
			d.Scrub = Scrub{Days: of.ScrubDays, Monthly: of.ScrubDollars, Comparer: comparebytes.Comparer{
				Hasher: comparebytes.Functions{Lambda: lambda.NewFromConfig(cfg), ARNs: of.HashBytes}, Algorithm: of.Digest,
			}}
		}
		if of.FactsBucket != "" {
			d.Facts = keep.Bucket{Client: newWork(cfg), Name: of.FactsBucket}
		}
		return handler.New("audit", log, d.Do), nil
	}
}

// newWork is a client for the working bucket, which is in the function's own region.
func newWork(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil })
}

// invoker invokes Lambda functions.
type invoker interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// fetchETags has the stage's own function look: no other one may read objects.
type fetchETags struct {
	lambda   invoker
	function string // ARN
}

// LookAt implements Looks.
func (f fetchETags) LookAt(ctx context.Context, replica string, versions []s3event.ObjectVersion) ([]verdict.Look, error) {
	payload, err := json.Marshal(look.Versions{Replica: replica, Versions: versions})
	if err != nil {
		return nil, err
	}
	out, err := f.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &f.function, Payload: payload})
	switch status := s3error.Status(err); {
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		return nil, s3error.Transient(err)
	case err != nil:
		return nil, fmt.Errorf("have fetch-etags look: %s", s3error.Explain("Invoke", err)+s3error.Message(err))
	case out.FunctionError != nil:
		return nil, s3error.Transient(fmt.Errorf("have fetch-etags look: %s failed: %.300s", f.function, out.Payload))
	}
	var got look.Looks
	if err := json.Unmarshal(out.Payload, &got); err != nil {
		return nil, fmt.Errorf("have fetch-etags look: decode its answer: %w", err)
	}
	return got.Looks, nil
}
