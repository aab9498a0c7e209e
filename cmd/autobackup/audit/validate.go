package audit

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/internal/s3error"
	"autobackup/internal/s3event"
	"autobackup/internal/scrub"
)

// Validation is the queue from which uploads are validated, where findings of audits go.
type Validation struct {
	Queue interface {
		SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
	}
	URL string
	ARN arn.ARN
	// Bytes is how long a message may be.
	Bytes int64
}

const (
	// mostValidated is how many findings of one audit go to the queue: what is more has one
	// cause, and is in the report.
	mostValidated = 10_000
	// batchOf is how many messages a call sends
	// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html).
	batchOf = 10
)

// settleable are the reasons of which a look at a version's sides says more, or that they are over.
var settleable = []reason.Code{
	reason.ReplicaMissing, reason.MarkerMissing, reason.ReplicationFailed, reason.NotReplicated, reason.ReplicaNotReplicated, reason.SizeMismatch,
	reason.ContentMismatch, reason.MetadataDiffers, reason.Inconclusive, reason.BytesNotRead, reason.AccessDenied, reason.Unreachable,
}

// validate sends messages to the validation queue, where their versions end as uploads do:
// verified, or told and parked.
func (a stored) validate(ctx context.Context, all []types.SendMessageBatchRequestEntry) error {
	for batch := range slices.Chunk(all, batchOf) {
		out, err := a.Validation.Queue.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &a.Validation.URL, Entries: batch})
		if err == nil && len(out.Failed) > 0 {
			err = s3error.Transient(fmt.Errorf("%s: %s", aws.ToString(out.Failed[0].Code), aws.ToString(out.Failed[0].Message)))
		}
		if err != nil {
			return fmt.Errorf("send findings to the validation queue: %w", err)
		}
	}
	return nil
}

// messages are those about the new findings, each version once. What reading bytes has shown goes
// nowhere: validation need not read them, and could call verified what differs.
func (a stored) messages(r *Result) (all []types.SendMessageBatchRequestEntry, err error) {
	if a.Validation == nil {
		return nil, nil
	}
	seen := map[scrub.Version]bool{}
	for i, err := range r.items() {
		if err != nil {
			return nil, err
		}
		one := scrub.Version{Key: i.Key, Version: i.Version}
		if len(all) == mostValidated || seen[one] || i.Scrubbed || !r.news(i) || i.On == audit.OnReplica || !slices.Contains(settleable, i.Reason) {
			continue
		}
		body, err := s3event.Event(s3event.ObjectVersion{
			Bucket: i.Primary, Key: i.Key, VersionID: i.Version, Region: a.state.Pairs[0].Primary.Region, Account: a.Validation.ARN.AccountID,
			Marker: i.Marker, Size: i.Size, Time: i.Modified, Reason: "autobackup audit",
		}, a.Validation.ARN.Partition)
		if err != nil || int64(len(body)) > a.Validation.Bytes { // a queue that refuses it for its length refuses its upload's message, too
			continue
		}
		seen[one] = true
		all = append(all, types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(len(all) % batchOf)), MessageBody: &body})
	}
	return all, nil
}

// news says whether an item was not in the audit before.
func (r *Result) news(i audit.Item) bool {
	first := slices.ContainsFunc(r.Reports, func(of audit.Report) bool { return of.Since == "" })
	return i.Category.Doubtful() && (i.New || first)
}
