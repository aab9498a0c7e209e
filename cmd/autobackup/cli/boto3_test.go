package cli_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/local"
	"autobackup/local/clock"
)

// boto3 makes one call of S3 by another client than ours, and answers what it read.
func (g *guarded) boto3(method string, arguments map[string]any) map[string]any {
	g.t.Helper()
	python := os.Getenv("AUTOBACKUP_BOTO3")
	if python == "" {
		g.t.Skip("AUTOBACKUP_BOTO3 names no Python that has boto3; .ci/run does")
	}
	in, err := json.Marshal(arguments)
	require.NoError(g.t, err)
	const script = `import boto3, json, sys
out = getattr(boto3.client("s3"), sys.argv[1])(**json.loads(sys.argv[2]))
del out["ResponseMetadata"]
print(json.dumps(out))`
	c := exec.CommandContext(g.t.Context(), python, "-c", script, method, string(in)) // #nosec G204: the gate names the Python
	c.Stderr = os.Stderr
	c.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return v == "AWS_PROFILE=" }), "AWS_DEFAULT_REGION="+g.first) // both as boto3 reads them
	text, err := c.Output()
	require.NoError(g.t, err, method)
	var out map[string]any
	require.NoError(g.t, json.Unmarshal(text, &out))
	return out
}

func TestBoto3ReadsWhatAttachAndDetachWriteAndItsOwnAsItWroteIt(t *testing.T) {
	g := newGuarded(t, clock.Skipping(t.Context()))
	g.existing()
	t.Setenv("AWS_ACCESS_KEY_ID", local.AccessKey)
	type one = map[string]any
	target := func(service, name string) string {
		return "arn:aws:" + service + ":" + g.first + ":" + account + ":" + name
	}
	filter := one{"Key": one{"FilterRules": []any{one{"Name": "Prefix", "Value": "in/ +%2F <&> ☃"}, one{"Name": "Suffix", "Value": ".pdf"}}}}
	own := one{
		"QueueConfigurations":          []any{one{"Id": "q", "QueueArn": target("sqs", "theirs"), "Events": []any{"s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"}, "Filter": filter}},
		"TopicConfigurations":          []any{one{"Id": "t", "TopicArn": target("sns", "theirs"), "Events": []any{"s3:ObjectRemoved:*"}}},
		"LambdaFunctionConfigurations": []any{one{"Id": "f", "LambdaFunctionArn": target("lambda", "function:theirs"), "Events": []any{"s3:ObjectTagging:*"}}},
	}
	g.boto3("put_bucket_notification_configuration", one{"Bucket": theirs, "SkipDestinationValidation": true, "NotificationConfiguration": own})
	g.boto3("put_bucket_replication", one{"Bucket": theirs, "ReplicationConfiguration": one{
		"Role": "arn:aws:iam::" + account + ":role/theirs", "Rules": []any{one{
			"ID": "all", "Priority": 1, "Filter": one{"Prefix": ""}, "Status": "Enabled", "DeleteMarkerReplication": one{"Status": "Enabled"},
			"Destination": one{"Bucket": "arn:aws:s3:::" + theirReplica, "Metrics": one{"Status": "Enabled"}},
		}}}})
	there := func() map[string]any {
		return g.boto3("get_bucket_notification_configuration", one{"Bucket": theirs})
	}
	require.Equal(t, own, there())

	code, stdout, stderr := run("attach", "--yes", "--skip-validation", "s3://"+theirs)
	require.Equal(t, cli.Expected, code, stdout+stderr)
	attached := maps.Clone(own)
	attached["EventBridgeConfiguration"] = one{}
	attached["QueueConfigurations"] = append([]any{own["QueueConfigurations"].([]any)[0]}, one{
		"Id": "autobackup-dev-replication-failed", "QueueArn": target("sqs", "autobackup-failure-queue-dev"),
		"Events": []any{"s3:Replication:OperationFailedReplication"},
	})
	assert.Equal(t, attached, there())

	code, stdout, stderr = run("detach", "--yes", "--skip-validation", "s3://"+theirs)
	require.Equal(t, cli.Expected, code, stdout+stderr)
	attached["QueueConfigurations"] = own["QueueConfigurations"]
	assert.Equal(t, attached, there(), "EventBridge stays on")
}
