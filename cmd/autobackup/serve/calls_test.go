package serve_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/serve"
)

// ordinary are calls that people make with the aws CLI, one a line, in order: what is answered,
// and, after ✗, what is refused, each with what the CLI says of it. $bucket, $url and $arn are of
// the documents, the parked messages' queue and this account's region.
const ordinary = `
aws sts get-caller-identity → 123456789012
aws s3 ls → autobackup-dev-primary-documents-123456789012
aws s3 cp short s3://$bucket/short → upload: ./short
aws s3 cp long s3://$bucket/long → upload: ./long
aws s3 ls s3://$bucket/ --recursive --summarize → Total Objects: 2
aws s3 cp s3://$bucket/long back → download:
aws s3 mv s3://$bucket/short s3://$bucket/folder/moved → move:
aws s3 sync s3://$bucket/ synced → download:
aws s3 sync synced s3://$bucket/again → upload:
aws s3 rm s3://$bucket/folder/moved → delete:
aws s3 presign s3://$bucket/long → X-Amz-Signature
aws s3 mb s3://mine-and-more → make_bucket
aws s3 rb s3://mine-and-more → remove_bucket
aws s3api list-object-versions --bucket $bucket --prefix long → VersionId
aws s3api head-object --bucket $bucket --key long --checksum-mode ENABLED → ChecksumCRC64NVME
aws s3api get-object-attributes --bucket $bucket --key long --object-attributes Checksum ObjectParts ETag ObjectSize → TotalPartsCount
aws s3api get-bucket-versioning --bucket $bucket → Enabled
aws s3api get-bucket-location --bucket $bucket → $region
aws s3api get-bucket-replication --bucket $bucket → ReplicationConfiguration
aws s3api get-bucket-notification-configuration --bucket $bucket → EventBridgeConfiguration
aws s3api get-bucket-encryption --bucket $bucket → AES256
aws s3api delete-objects --bucket $bucket --delete Objects=[{Key=long}] → DeleteMarker
aws sqs list-queues → autobackup-validation-dlq-dev
aws sqs get-queue-url --queue-name autobackup-validation-dlq-dev → /123456789012/autobackup-validation-dlq-dev
aws sqs send-message --queue-url $url --message-body mine → MD5OfMessageBody
aws sqs receive-message --queue-url $url → mine
aws sqs get-queue-attributes --queue-url $url --attribute-names All → ApproximateNumberOfMessages
aws sns list-topics → autobackup-failure-topic-dev
aws sns list-subscriptions-by-topic --topic-arn arn:aws:sns:$arn:autobackup-failure-topic-dev → oncall@example.com
aws sns publish --topic-arn arn:aws:sns:$arn:autobackup-failure-topic-dev --message mine → MessageId
aws stepfunctions list-state-machines → autobackup-validation-dev
aws stepfunctions list-executions --state-machine-arn arn:aws:states:$arn:stateMachine:autobackup-validation-dev → executions
aws lambda get-function-configuration --function-name autobackup-fetch-etags-dev → Active
aws lambda invoke --function-name autobackup-fetch-etags-dev --payload e30= answer → StatusCode
aws logs tail /aws/lambda/autobackup-fetch-etags-dev → END RequestId
aws events list-rules → autobackup-s3-upload-trigger-dev
aws cloudwatch describe-alarms --alarm-name-prefix autobackup- → INSUFFICIENT_DATA
aws cloudwatch get-metric-data --start-time 2026-01-01T00:00:00Z --end-time 2026-01-01T01:00:00Z --metric-data-queries [{"Id":"m","MetricStat":{"Metric":{"Namespace":"Autobackup","MetricName":"Verified"},"Period":60,"Stat":"Sum"}}] → Complete
aws cloudformation describe-stacks --stack-name autobackup-dev → CREATE_COMPLETE
aws pipes stop-pipe --name autobackup-validation-pipe-dev → STOPPED
aws pipes describe-pipe --name autobackup-validation-pipe-dev → STOPPED
aws pipes start-pipe --name autobackup-validation-pipe-dev → RUNNING
aws s3api get-bucket-acl --bucket $bucket ✗ GetBucketAcl is not supported by the local S3
aws s3api list-multipart-uploads --bucket $bucket ✗ GetBucketMultipartUploads is not supported by the local S3
aws sqs list-queue-tags --queue-url $url ✗ the local stack does not support ListQueueTags
aws sns list-subscriptions ✗ the local stack does not support the SNS action "ListSubscriptions"
aws lambda list-functions ✗ the local stack serves Lambda's
aws cloudwatch list-metrics ✗ the local stack does not support ListMetrics of CloudWatch
aws cloudwatch describe-alarms --state-value ALARM ✗ the local stack does not support the parameter StateValue of DescribeAlarms
aws cloudformation list-stacks ✗ the local stack does not support the CloudFormation action "ListStacks"
aws pipes list-pipes ✗ the local stack serves DescribePipe, StartPipe, StopPipe of Pipes, not GET /v1/pipes
aws iam list-roles ✗ over HTTP, not iam
`

// byBoto3 are the same people's calls from a program, whose defaults are others.
const byBoto3 = `
import boto3, io, sys
bucket, url = sys.argv[1:]
s3 = boto3.client("s3")
s3.put_object(Bucket=bucket, Key="boto3/short", Body=b"content", Metadata={"by": "boto3"})
s3.upload_fileobj(io.BytesIO(b"x" * (9 << 20)), bucket, "boto3/long")
assert s3.get_object(Bucket=bucket, Key="boto3/short")["Body"].read() == b"content"
into = io.BytesIO()
s3.download_fileobj(bucket, "boto3/long", into)
assert into.getvalue() == b"x" * (9 << 20)
s3.copy({"Bucket": bucket, "Key": "boto3/short"}, bucket, "boto3/copied")
keys = [o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="boto3/") for o in page["Contents"]]
assert keys == ["boto3/copied", "boto3/long", "boto3/short"], keys
boto3.resource("s3").Bucket(bucket).objects.filter(Prefix="boto3/").delete()
sqs = boto3.client("sqs")
sqs.send_message(QueueUrl=url, MessageBody="boto3", MessageAttributes={"a": {"DataType": "String", "StringValue": "b"}})
assert any(m["Body"] == "boto3" for m in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"])
assert boto3.client("stepfunctions").list_state_machines()["stateMachines"]
assert boto3.client("cloudwatch").describe_alarms(AlarmNamePrefix="autobackup-")["MetricAlarms"]
assert boto3.client("sts").get_caller_identity()["Account"] == "123456789012"
`

// asTyped is a command in a shell that did what the first screen says.
func (r running) asTyped(t *testing.T, folder string, command ...string) (string, error) {
	t.Helper()
	c := shell(t, r.exports(t)+`"$@"`, command...)
	c.Dir = folder
	out, err := c.CombinedOutput()
	return string(out), err
}

func TestOrdinaryCallsAreAnsweredOrRefusedInASentence(t *testing.T) {
	cli, python := os.Getenv("AUTOBACKUP_AWS"), os.Getenv("AUTOBACKUP_BOTO3")
	if cli == "" || python == "" {
		t.Skip("AUTOBACKUP_AWS and AUTOBACKUP_BOTO3 name no aws CLI and no Python that has boto3; .ci/run does")
	}
	r, folder := served(t, serve.Options{}), t.TempDir()
	url := "http://" + r.at + "/123456789012/autobackup-validation-dlq-dev"
	words := strings.NewReplacer("$bucket", documents, "$url", url, "$arn", firstRegion+":123456789012", "$region", firstRegion)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "short"), []byte("content"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "long"), bytes.Repeat([]byte("content "), 2<<20), 0o600))
	for line := range strings.Lines(strings.TrimSpace(ordinary)) {
		call, want, answered := strings.Cut(strings.TrimSpace(words.Replace(line)), " → ")
		if !answered {
			call, want, _ = strings.Cut(call, " ✗ ")
		}
		said, err := r.asTyped(t, folder, append([]string{cli}, strings.Fields(call)[1:]...)...)
		assert.Equal(t, answered, err == nil, "%s\n%s", call, said)
		assert.Contains(t, said, want, call)
	}
	said, err := r.asTyped(t, folder, python, "-c", byBoto3, documents, url)
	assert.NoError(t, err, said)
}
