package retry

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// What one request to SQS takes.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const (
	pageMessages = 10
	pageBytes    = 1 << 20
)

// pageTime bounds what an interruption waits for: the page under way.
const pageTime = time.Minute

// send puts messages into the queue that they go to, page by page. after is told of
// each page what SQS took, in a context that an interruption doesn't end.
func (r *run) send(ctx context.Context, from string, all []message, after func(context.Context, []message) error) error {
	for len(all) > 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		page := all[:pageLength(all)]
		all = all[len(page):]
		if err := r.sendPage(ctx, from, page, after); err != nil {
			return err
		}
		r.shown.Increment(int64(len(page)))
	}
	return nil
}

func (r *run) sendPage(ctx context.Context, from string, page []message, after func(context.Context, []message) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pageTime)
	defer cancel()
	in := sqs.SendMessageBatchInput{QueueUrl: &r.to.url}
	for i, m := range page {
		in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: &m.Body, MessageAttributes: m.attributes})
		r.went[sha256.Sum256([]byte(m.Body))] = true
	}
	out, err := r.sqs.SendMessageBatch(ctx, &in)
	if err != nil {
		return fmt.Errorf("send %s to %s: %w", count(len(page), "message"), r.to.name, err)
	}
	refused := map[string]string{}
	for _, f := range out.Failed {
		refused[aws.ToString(f.Id)] = aws.ToString(f.Code) + ": " + aws.ToString(f.Message)
	}
	var sent []message
	for i, m := range page {
		if why, ok := refused[strconv.Itoa(i)]; ok {
			r.report.leave(from, m, r.to.name+" refused it: "+why)
			continue
		}
		sent = append(sent, m)
	}
	if len(sent) == 0 {
		return nil
	}
	return after(ctx, sent)
}

// pageLength is how many of the messages one request takes; at least one.
func pageLength(all []message) int {
	bytes := 0
	for i, m := range all {
		if bytes += m.size(); i > 0 && (i == pageMessages || bytes > pageBytes) {
			return i
		}
	}
	return len(all)
}
