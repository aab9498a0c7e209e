package local_test

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithytime "github.com/aws/smithy-go/time"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/attach"
	"autobackup/cmd/autobackup/discover"
	"autobackup/cmd/autobackup/policy"
	core "autobackup/internal/attach"
)

// as is the configuration of somebody with what `autobackup policy` prints, and no more.
func (w *world) as(name string, all ...policy.Options) aws.Config {
	w.t.Helper()
	var documents []any
	for _, o := range all {
		o.Side, o.Partition = policy.Both, "aws"
		document, err := policy.For(o)
		require.NoError(w.t, err)
		documents = append(documents, document)
	}
	by, err := w.Gate.User(name, documents...)
	require.NoError(w.t, err)
	return w.AWSConfigOf(by, w.region)
}

// told are the whole notifications of buckets.
func (w *world) told(buckets []string) (all []*s3.GetBucketNotificationConfigurationOutput) {
	w.t.Helper()
	for _, bucket := range buckets {
		out, err := w.client.GetBucketNotificationConfiguration(w.t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: &bucket})
		require.NoError(w.t, err)
		out.ResultMetadata = s3.GetBucketNotificationConfigurationOutput{}.ResultMetadata
		all = append(all, out)
	}
	return all
}

// owns gives a bucket a notification to a queue of its owner's.
func (w *world) owns(bucket, id string, event types.Event) {
	w.t.Helper()
	now := w.told([]string{bucket})[0]
	_, err := w.client.PutBucketNotificationConfiguration(w.t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: &bucket, NotificationConfiguration: &types.NotificationConfiguration{
			EventBridgeConfiguration: now.EventBridgeConfiguration,
			QueueConfigurations: append(now.QueueConfigurations, types.QueueConfiguration{
				Id: &id, QueueArn: aws.String("arn:aws:sqs:" + w.region + ":" + account + ":acme-notices"), Events: []types.Event{event},
			}),
		}})
	require.NoError(w.t, err)
}

// acmesQueue takes notifications of the account's buckets.
const acmesQueue = `Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: acme-notices}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: s3.amazonaws.com}, Action: "sqs:SendMessage", Resource: !GetAtt Queue.Arn, Condition: {StringEquals: {"aws:SourceAccount": !Ref AWS::AccountId}}}
`

// byRules are the verdicts about a bucket with a rule for the prefix in/ and one for a tag.
var byRules = func() map[string][]string {
	all := map[string][]string{}
	for key, ends := range whereRead {
		all["in/"+key], all["in/both/"+key], all["far/"+key] = ends, ends, ends
		all["neither/"+key] = []string{"skipped NOT_SELECTED"}
	}
	all["far/deleted"] = []string{"skipped MARKER_NOT_REPLICATED", bytesWereRead} // no rule by tag replicates markers
	all["neither/deleted"] = []string{"skipped MARKER_NOT_REPLICATED", "skipped NOT_SELECTED"}
	return all
}()

// One bucket has replicas in two other regions, by a prefix and by a tag, one has its in its
// own, and one in another account and region. All have keys of their owner, and one has
// notifications of its own.
func TestBucketsThatExistAreDiscoveredPlannedAttachedValidatedAndLeftAsTheyWere(t *testing.T) {
	a := attached{bare: true, asker: "arn:aws:iam::" + account + ":user/owner", pairs: []pair{
		{"acme-invoices", "acme-invoices-dr", secondRegion, account}, {"acme-invoices", "acme-invoices-far", "ca-central-1", account}, {"acme.ledger", "acme-ledger-copy", firstRegion, account},
		{"acme-letters", "acme-letters-dr", thirdRegion, otherAccount},
	}, filters: map[string]string{"acme-invoices-dr": `{Prefix: in/}`, "acme-invoices-far": `{TagFilter: {Key: copy, Value: far}}`},
		with: map[string]string{"ReplicaHashBytesArns": functionIn(secondRegion) + "," + functionIn("ca-central-1") + ",arn:aws:lambda:" + thirdRegion + ":" + otherAccount + ":function:autobackup-hash-bytes-dev"}}
	var buckets []string
	var owner []policy.Options
	for _, p := range a.pairs {
		if owner = append(owner, policy.Options{Command: policy.Attach, Primary: p.from, Replicas: []string{p.to}, Stage: "dev", Account: account}); slices.Contains(buckets, p.from) {
			continue
		}
		buckets = append(buckets, p.from)
		owner = append(owner, policy.Options{Command: policy.Detach, Primary: p.from, Stage: "dev", Account: account})
	}
	inAttachedWorld(t, a, func(w *world) {
		w.deployTheirs(place{w.region, account}, "acme-notices", acmesQueue)
		w.owns("acme-invoices", "theirs", "s3:ObjectRemoved:*")
		before := w.told(buckets)
		w.upload("acme-invoices")
		w.settle()
		assert.Empty(w.t, w.States.Executions(), "nobody hears of it yet")

		found, err := discover.Run(w.t.Context(), w.as("auditor", policy.Options{Command: policy.Discover}), discover.Options{Progress: io.Discard})
		require.NoError(w.t, err)
		for _, row := range found.Buckets {
			if slices.Contains(buckets, row.Name) {
				assert.Contains(w.t, row.Next, "autobackup attach s3://"+row.Name)
			}
		}

		cfg := w.as("owner", owner...)
		run := func(do func(context.Context, aws.Config, attach.Options) (*attach.Report, error), edit func(*attach.Options)) *attach.Report {
			o := attach.Options{Buckets: buckets, Stage: "dev", Out: io.Discard, Now: w.Clock.Now, Wait: smithytime.SleepWithContext}
			edit(&o)
			r, err := do(w.t.Context(), cfg, o)
			require.NoError(w.t, err)
			for _, b := range r.Buckets {
				assert.False(w.t, b.Failed, "%s %v", b.Outcome, b.Lines)
			}
			assert.Zero(w.t, r.Exit)
			return r
		}
		plan := filepath.Join(w.t.TempDir(), "plan.json")
		run(attach.Run, func(o *attach.Options) { o.Plan = plan })
		assert.Equal(w.t, before, w.told(buckets))
		run(attach.Run, func(o *attach.Options) { o.Apply = plan })
		r := run(attach.Run, func(*attach.Options) {})
		for _, b := range r.Buckets {
			assert.Equal(w.t, core.Attached, b.State)
		}

		time.Sleep(time.Hour)
		w.upload("acme.ledger")
		w.upload("acme-letters")
		w.uploadAs("acme-invoices", "in/", "")
		w.uploadAs("acme-invoices", "far/", "copy=far")
		w.uploadAs("acme-invoices", "in/both/", "copy=far")
		w.uploadAs("acme-invoices", "neither/", "copy=near")
		w.settle()
		for _, bucket := range []string{"acme.ledger", "acme-letters"} {
			assert.Equal(w.t, whereRead, w.verdicts(bucket), bucket)
		}
		assert.Equal(w.t, byRules, w.verdicts("acme-invoices"))

		w.owns("acme-letters", "since then", "s3:ObjectTagging:*")
		run(attach.Detach, func(o *attach.Options) { o.Yes, o.EventBridgeOff = true, true })
		after := w.told(buckets)
		assert.Equal(w.t, before[:2], after[:2])
		require.Len(w.t, after[2].QueueConfigurations, 1)
		assert.Equal(w.t, "since then", *after[2].QueueConfigurations[0].Id)
		executions := len(w.States.Executions())
		w.upload("acme.ledger")
		w.settle()
		assert.Len(w.t, w.States.Executions(), executions, "nobody hears of it any more")
	})
}
