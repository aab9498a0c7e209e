package attach_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/attach"
	core "autobackup/internal/attach"
	"autobackup/local/testing/page"
)

var update = flag.Bool("update", false, "write the sample of docs/adopt.md anew")

// sample are two buckets as many have them, read by somebody who may read almost everything.
func sample() *attach.Report {
	s := core.Stage{Name: "prod", Region: "eu-central-1", Account: "111122223333", Partition: "aws"}
	side := func(name, region, account string) core.Side {
		return core.Side{Bucket: name, Region: region, Account: account, Versioning: "Enabled", Encryption: "aws:kms", Lock: "no"}
	}
	const theirs = "arn:aws:kms:eu-west-1:444455556666:key/5f2c"
	invoices := core.Bucket{
		Side: side("acme-invoices", "eu-central-1", "111122223333"), Stages: []string{"prod"}, Listed: true,
		Rules: []core.Rule{{ID: "all", Enabled: true, To: "acme-invoices-dr", Account: "444455556666", Every: true, KMS: true, Key: theirs}},
		Configuration: core.Configuration{Notifications: []core.Notification{
			{Kind: "queue", ID: "index", Target: "arn:aws:sqs:eu-central-1:111122223333:index", Events: []string{"s3:ObjectCreated:*"}},
			{Kind: "topic", ID: "ops", Target: "arn:aws:sns:eu-central-1:111122223333:ops", Events: []string{"s3:ObjectRemoved:*"}},
		}},
		Tags: map[string]string{"tf-module": "s3-base"}, Replicas: []core.Side{side("acme-invoices-dr", "eu-west-1", "444455556666")},
	}
	invoices.Unread = []core.Unread{{Fact: core.Lifecycle, Why: "GetBucketLifecycleConfiguration answered 403 AccessDenied", Grant: "s3:GetLifecycleConfiguration"}}
	invoices.Replicas[0].Key = theirs
	invoices.Replicas[0].Policy = `{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["s3:Get*", "s3:List*"], "Resource": ["arn:aws:s3:::acme-invoices-dr", "arn:aws:s3:::acme-invoices-dr/*"]}]}`
	logs := core.Bucket{
		Side: side("acme-logs", "eu-central-1", "111122223333"), Stages: []string{"prod"}, Listed: true, Rules: []core.Rule{{ID: "all", Enabled: true, To: "acme-logs-dr", Every: true}},
		Replicas: []core.Side{side("acme-logs-dr", "eu-west-1", "111122223333")},
	}
	logs.Replicas[0].Policy = `{"Statement": [{"Sid": "OnlyInside", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::acme-logs-dr/*", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}}}]}`
	r := &attach.Report{Stage: s}
	for _, b := range []core.Bucket{logs, invoices} {
		r.Buckets = append(r.Buckets, &attach.Result{Plan: core.Judge(s, b), Facts: b})
	}
	return r
}

func TestTheSampleOfThePageIsWhatTheScreenShows(t *testing.T) {
	var screen strings.Builder
	require.NoError(t, sample().Screen(&screen))
	page.Block(t, "../../../docs/adopt.md", "sample", "./cmd/autobackup/attach", "```\n"+strings.TrimRight(screen.String(), "\n")+"\n```\n", *update)
}

func TestWhatIsWrongComesFirstAndNothingMovesTheTerminal(t *testing.T) {
	r := sample()
	r.Buckets[0].Lines = append(r.Buckets[0].Lines, core.Line{Word: "note", Text: "a\x1b[2J\u202eb\nc"})
	var screen strings.Builder
	require.NoError(t, r.Screen(&screen))
	assert.True(t, strings.HasPrefix(screen.String(), "acme-logs"))
	assert.Contains(t, screen.String(), "  note     a?[2J?b?c\n")
}
