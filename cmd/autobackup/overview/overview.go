// Package overview reads what a stage has done lately: how much was verified, what its queues
// hold and for how long, and what the last audits and scrubs told. internal/overview has the words.
package overview

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"

	"autobackup/cmd/autobackup/doctor"
	"autobackup/cmd/autobackup/metrics"
	core "autobackup/internal/overview"
)

// Run reads the figures of a stage, and has doctor look at it.
func Run(ctx context.Context, cfg aws.Config, o doctor.Options) (core.Report, error) {
	report, err := doctor.Run(ctx, cfg, o)
	if err != nil {
		return core.Report{}, err
	}
	figures, err := Read(ctx, cfg, o.Stage, o.Now())
	return core.Join(report, figures), err
}

// counts are the metrics of each round of verdicts.
var counts = []string{"Verified", "Lagging", "Failed", "Skipped"}

// Queues are those of a stage.
func Queues(stage string) (names []string) {
	for _, kind := range []string{"validation-queue", "validation-dlq", "failure-queue", "failure-dlq", "event-dlq"} {
		names = append(names, "autobackup-"+kind+"-"+stage)
	}
	return names
}

// Read reads the figures as of now. An error means that the credentials are to blame, or that
// ctx has ended.
func Read(ctx context.Context, cfg aws.Config, stage string, now time.Time) (core.Figures, error) {
	f := core.Figures{At: now.UTC()}
	group, within := errgroup.WithContext(ctx)
	names := Queues(stage)
	f.Queues = make([]core.Queue, len(names))
	client := sqs.NewFromConfig(cfg)
	for i, name := range names {
		f.Queues[i].Name = name
		group.Go(func() error { return count(within, client, &f.Queues[i]) })
	}
	var ages map[string]float64
	for _, c := range counts {
		f.Counts = append(f.Counts, core.Count{Name: c, Points: []core.Point{}})
	}
	group.Go(func() (err error) {
		ages, err = measure(within, cfg, stage, &f)
		return doctor.Told("GetMetricData", err, nil, &f.Unread)
	})
	if err := errors.Join(group.Wait(), ctx.Err()); err != nil {
		return f, err
	}
	for i := range f.Queues {
		f.Queues[i].Oldest, f.Queues[i].Aged = ages[f.Queues[i].Name], has(ages, f.Queues[i].Name)
	}
	return f, nil
}

func has(ages map[string]float64, name string) bool { _, is := ages[name]; return is }

// count reads how many messages a queue holds.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
func count(ctx context.Context, client *sqs.Client, q *core.Queue) error {
	found, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &q.Name})
	if err != nil {
		return doctor.Told("GetQueueUrl", err, &q.Gone, &q.Unread)
	}
	var n [3]int
	names := []types.QueueAttributeName{
		types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesDelayed, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
	}
	got, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: found.QueueUrl, AttributeNames: names})
	if err == nil {
		for i, name := range names {
			if n[i], err = strconv.Atoi(got.Attributes[string(name)]); err != nil {
				break
			}
		}
	}
	if err != nil {
		return doctor.Told("GetQueueAttributes", err, &q.Gone, &q.Unread)
	}
	q.Waiting, q.Held = n[0]+n[1], n[2]
	return nil
}

// aged is how far back the age of a queue's oldest message is looked for: CloudWatch has it a few
// minutes late.
const aged = 15 * time.Minute

// measure reads the metrics, and answers the ages of queues' oldest messages.
func measure(ctx context.Context, cfg aws.Config, stage string, f *core.Figures) (map[string]float64, error) {
	var of []metrics.Query
	for _, c := range counts {
		of = append(of, metrics.OfStage(stage, c, "Sum"))
	}
	end := f.At.Truncate(core.Step).Add(core.Step)
	lately, err := metrics.Read(ctx, cfg, of, end.Add(-core.Lately), end, core.Step)
	if err != nil {
		return nil, err
	}
	for i := range counts {
		f.Counts[i].Points = append(f.Counts[i].Points, points(lately[i])...)
	}
	of = nil
	for _, name := range Queues(stage) {
		of = append(of, metrics.Query{Namespace: "AWS/SQS", Name: "ApproximateAgeOfOldestMessage", Dimension: "QueueName", Value: name, Statistic: "Maximum"})
	}
	end = f.At.Truncate(time.Minute).Add(time.Minute)
	oldest, err := metrics.Read(ctx, cfg, of, end.Add(-aged), end, time.Minute)
	if err != nil {
		return nil, err
	}
	ages := map[string]float64{}
	for i, name := range Queues(stage) {
		if n := len(oldest[i]); n > 0 {
			ages[name] = oldest[i][n-1].Value
		}
	}
	return ages, audited(ctx, cfg, stage, f)
}

func points(read []metrics.Point) (all []core.Point) {
	for _, p := range read {
		all = append(all, core.Point{At: p.At, Value: p.Value})
	}
	return all
}

const day = 24 * time.Hour

// audited reads what the audits and scrubs of the last day told on which there were some.
func audited(ctx context.Context, cfg aws.Config, stage string, f *core.Figures) error {
	end := f.At.Truncate(day).Add(day)
	read, err := metrics.Read(ctx, cfg, []metrics.Query{
		metrics.OfStage(stage, "AuditVersions", "Sum"), metrics.OfStage(stage, "AuditFindings", "Sum"), metrics.OfStage(stage, "AuditUnknown", "Sum"),
		metrics.OfStage(stage, "ScrubWithin", "Minimum"), metrics.OfStage(stage, "ScrubOldest", "Maximum"),
	}, end.Add(-core.Past), end, day)
	if err != nil {
		return err
	}
	of := func(i int, at time.Time) float64 {
		for _, p := range read[i] {
			if p.At.Equal(at) {
				return p.Value
			}
		}
		return 0
	}
	if n := len(read[0]); n > 0 {
		at := read[0][n-1].At
		f.Audit = &core.Audit{Day: at, Versions: int64(of(0, at)), Findings: int64(of(1, at)), Unknown: int64(of(2, at))}
	}
	if n := len(read[3]); n > 0 {
		at := read[3][n-1].At
		f.Scrub = &core.Scrub{Day: at, Within: of(3, at), Oldest: of(4, at) / day.Seconds()}
	}
	return nil
}
