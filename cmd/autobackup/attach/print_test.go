package attach_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"autobackup/cmd/autobackup/attach"
	locals3 "autobackup/local/s3"
)

// odd is what an owner may have as a filter, and what a shell, YAML and Terraform could misread.
const odd = "it's ${x} %{y} \"q\" \\ ü 🎉 #/"

// mine has a notification of each kind beside what attach adds.
func mine(w *world) *types.NotificationConfiguration {
	filter := &types.NotificationConfigurationFilter{Key: &types.S3KeyFilter{FilterRules: []types.FilterRule{{Name: "Prefix", Value: aws.String(odd)}, {Name: "Suffix", Value: aws.String(".pdf")}}}}
	topic := w.theirs("theirs", "s3:ObjectRemoved:*")
	topic.Filter = filter
	return &types.NotificationConfiguration{
		TopicConfigurations: []types.TopicConfiguration{topic},
		QueueConfigurations: []types.QueueConfiguration{{Id: aws.String("queue"), QueueArn: aws.String("arn:aws:sqs:" + w.first + ":" + account + ":theirs"), Events: []types.Event{"s3:ObjectCreated:Put", "s3:ObjectCreated:Post"}}},
		LambdaFunctionConfigurations: []types.LambdaFunctionConfiguration{{
			Id: aws.String("function"), LambdaFunctionArn: aws.String("arn:aws:lambda:" + w.first + ":" + account + ":function:theirs"), Events: []types.Event{"s3:ObjectTagging:*"},
		}},
	}
}

// printed is what --print prints of a bucket.
func (w *world) printed(form string) string {
	w.t.Helper()
	var out strings.Builder
	o := w.options(docs)
	o.Print, o.Out = form, &out
	r, _ := w.run(attach.Run, o)
	assert.Equal(w.t, 0, r.Exit)
	return out.String()
}

func TestThePrintedCommandDoesWhatAttachDoes(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "sh"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		w := newWorld(t)
		w.pair(nil)
		w.put(docs, mine(w))
		out, err := exec.CommandContext(t.Context(), path, "-c", "aws() { printf '%s\\0' \"$@\"; }\n"+w.printed("aws")).CombinedOutput() //nolint:gosec // the point of the test
		require.NoError(t, err, "%s", out)
		words := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
		assert.Equal(t, []string{"s3api", "put-bucket-notification-configuration", "--bucket", docs, "--region", w.first, "--expected-bucket-owner", account, "--notification-configuration"}, words[:9])
		var typed types.NotificationConfiguration
		require.NoError(t, json.Unmarshal([]byte(words[9]), &typed))
		assert.Empty(t, w.notifications(docs).EventBridgeConfiguration, "nothing is changed by printing")

		o := w.options(docs)
		o.SkipValidation = true
		_, screen := w.run(attach.Run, o)
		require.Contains(t, screen, "1 bucket changed")
		byAttach := w.notifications(docs)
		w.put(docs, &typed)
		assertSame(t, byAttach, w.notifications(docs))
	}
}

func TestPrintedCloudFormationHasEveryNotification(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.put(docs, mine(w))
	type target struct {
		Event    string `yaml:"Event"`
		Queue    string `yaml:"Queue"`
		Topic    string `yaml:"Topic"`
		Function string `yaml:"Function"`
		Filter   struct {
			S3Key struct {
				Rules []map[string]string `yaml:"Rules"`
			} `yaml:"S3Key"`
		} `yaml:"Filter"`
	}
	var got struct {
		NotificationConfiguration struct {
			EventBridgeConfiguration map[string]bool `yaml:"EventBridgeConfiguration"`
			QueueConfigurations      []target        `yaml:"QueueConfigurations"`
			TopicConfigurations      []target        `yaml:"TopicConfigurations"`
			LambdaConfigurations     []target        `yaml:"LambdaConfigurations"`
		} `yaml:"NotificationConfiguration"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(w.printed("cloudformation")), &got))
	n := got.NotificationConfiguration
	assert.Equal(t, map[string]bool{"EventBridgeEnabled": true}, n.EventBridgeConfiguration)
	var events []string
	for _, q := range n.QueueConfigurations {
		events = append(events, q.Event)
		assert.Contains(t, q.Queue, "arn:aws:sqs:"+w.first)
	}
	assert.ElementsMatch(t, []string{"s3:ObjectCreated:Put", "s3:ObjectCreated:Post", "s3:Replication:OperationFailedReplication"}, events)
	require.Len(t, n.LambdaConfigurations, 1)
	assert.Equal(t, "arn:aws:lambda:"+w.first+":"+account+":function:theirs", n.LambdaConfigurations[0].Function)
	require.Len(t, n.TopicConfigurations, 1)
	assert.Equal(t, []map[string]string{{"Name": "prefix", "Value": odd}, {"Name": "suffix", "Value": ".pdf"}}, n.TopicConfigurations[0].Filter.S3Key.Rules)
}

func TestPrintedTerraformHasEveryNotification(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.put(docs, mine(w))
	assert.Equal(t, strings.NewReplacer("REGION", w.first, "ACCOUNT", account).Replace(`# acme.invoices: the whole of its notifications, with what attach adds.
resource "aws_s3_bucket_notification" "acme_invoices" {
  bucket      = "acme.invoices"
  eventbridge = true

  queue {
    id = "queue"
    queue_arn = "arn:aws:sqs:REGION:ACCOUNT:theirs"
    events = ["s3:ObjectCreated:Put","s3:ObjectCreated:Post"]
  }

  queue {
    id = "autobackup-dev-replication-failed"
    queue_arn = "arn:aws:sqs:REGION:ACCOUNT:autobackup-failure-queue-dev"
    events = ["s3:Replication:OperationFailedReplication"]
  }

  topic {
    id = "theirs"
    topic_arn = "arn:aws:sns:REGION:ACCOUNT:theirs"
    events = ["s3:ObjectRemoved:*"]
    filter_prefix = "it's $${x} %%{y} \"q\" \\ ü 🎉 #/"
    filter_suffix = ".pdf"
  }

  lambda_function {
    id = "function"
    lambda_function_arn = "arn:aws:lambda:REGION:ACCOUNT:function:theirs"
    events = ["s3:ObjectTagging:*"]
  }
}

`), w.printed("terraform"))
}

func TestWhatIsMissingForFailureNoticesIsPrintedWithTheCode(t *testing.T) {
	w := newWorld(t)
	w.pair(func(c *locals3.BucketConfig) { c.Replication.Rules[0].Destination.Metrics = nil })
	for _, form := range attach.Forms {
		assert.Contains(t, w.printed(form), "# No rule has replication metrics, without which S3 tells of no failed replication.")
	}
	w = newWorld(t)
	w.pair(func(c *locals3.BucketConfig) {
		second := c.Replication.Rules[0]
		second.ID, second.Priority, second.Destination.Metrics = "second", aws.Int32(9), nil
		c.Replication.Rules = append(c.Replication.Rules, second)
	})
	assert.Contains(t, w.printed("aws"), "# Not every rule has replication metrics,")
}

func TestBucketsOfOneNameButForADotHaveResourcesOfTwoNames(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.bucket("acme-invoices", w.first, nil, replica)
	var out strings.Builder
	o := w.options(docs, "acme-invoices")
	o.Print, o.Out = "terraform", &out
	w.run(attach.Run, o)
	assert.Contains(t, out.String(), "resource \"aws_s3_bucket_notification\" \"acme_invoices\" {\n  bucket      = \"acme.invoices\"\n")
	assert.Contains(t, out.String(), "resource \"aws_s3_bucket_notification\" \"acme-invoices\" {\n  bucket      = \"acme-invoices\"\n")
}
