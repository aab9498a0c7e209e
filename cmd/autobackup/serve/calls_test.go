package serve_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
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
aws s3 cp s3://$bucket/long s3://$bucket/copied/long → copy:
aws s3 mv s3://$bucket/copied s3://$bucket/renamed --recursive → move:
aws s3 rm s3://$bucket/renamed --recursive → delete:
aws s3 cp short s3://$bucket/short --acl private ✗ The bucket does not allow ACLs
aws s3 presign s3://$bucket/long → X-Amz-Signature
aws s3 mb s3://mine-and-more → make_bucket
aws s3 rb s3://mine-and-more → remove_bucket
aws s3api list-object-versions --bucket $bucket --prefix long → VersionId
aws s3api head-object --bucket $bucket --key long --checksum-mode ENABLED → ChecksumCRC64NVME
aws s3api head-object --bucket $bucket --key long --part-number 1 → PartsCount
aws s3api list-objects-v2 --bucket $bucket --max-items 1 → NextToken
aws s3api put-object --bucket $bucket --key sums --body short --checksum-algorithm CRC32C → ChecksumCRC32C
aws s3api put-object --bucket $bucket --key sums --body short --checksum-algorithm XXHASH128 → ChecksumXXHASH128
aws s3api put-object-tagging --bucket $bucket --key sums --tagging TagSet=[{Key=a,Value=b}] → VersionId
aws s3api get-object-tagging --bucket $bucket --key sums → "Value": "b"
aws s3api delete-object --bucket $bucket --key sums → DeleteMarker
aws s3api wait object-not-exists --bucket $bucket --key sums →
aws s3api create-multipart-upload --bucket $bucket --key begun → UploadId
aws s3api list-multipart-uploads --bucket $bucket → begun
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
aws sqs send-message-batch --queue-url $url --entries Id=1,MessageBody=a Id=2,MessageBody=b → Successful
aws sqs purge-queue --queue-url $url →
aws sqs get-queue-attributes --queue-url $url --attribute-names All → ApproximateNumberOfMessages
aws sns list-topics → autobackup-failure-topic-dev
aws sns list-subscriptions-by-topic --topic-arn arn:aws:sns:$arn:autobackup-failure-topic-dev → oncall@example.com
aws sns publish --topic-arn arn:aws:sns:$arn:autobackup-failure-topic-dev --message mine → MessageId
aws stepfunctions list-state-machines → autobackup-validation-dev
aws stepfunctions list-executions --state-machine-arn arn:aws:states:$arn:stateMachine:autobackup-validation-dev → executions
aws stepfunctions describe-state-machine --state-machine-arn arn:aws:states:$arn:stateMachine:autobackup-validation-dev → definition
aws stepfunctions start-execution --state-machine-arn arn:aws:states:$arn:stateMachine:autobackup-validation-dev --name mine --input [] → :mine
aws stepfunctions describe-execution --execution-arn arn:aws:states:$arn:execution:autobackup-validation-dev:mine → "name": "mine"
aws stepfunctions get-execution-history --execution-arn arn:aws:states:$arn:execution:autobackup-validation-dev:mine → ExecutionStarted
aws stepfunctions get-execution-history --execution-arn arn:aws:states:$arn:execution:autobackup-validation-dev:mine --reverse-order --max-results 1 → nextToken
aws lambda list-event-source-mappings --function-name autobackup-failure-notifier-dev → Enabled
aws lambda get-function-configuration --function-name autobackup-fetch-etags-dev → Active
aws lambda invoke --function-name autobackup-fetch-etags-dev --payload e30= answer → StatusCode
aws logs tail /aws/lambda/autobackup-fetch-etags-dev → END RequestId
aws logs filter-log-events --log-group-name /aws/lambda/autobackup-fetch-etags-dev --limit 1 → START RequestId
aws events list-targets-by-rule --rule autobackup-s3-upload-trigger-dev → autobackup-validation-queue-dev
aws events put-events --entries [{"Source":"mine","DetailType":"mine","Detail":"{}"}] → EventId
aws events list-rules → autobackup-s3-upload-trigger-dev
aws cloudwatch describe-alarms --alarm-name-prefix autobackup-event → autobackup-event-delivery-failed-dev
aws cloudwatch describe-alarms --alarm-names autobackup-heartbeat-stopped-dev --state-value INSUFFICIENT_DATA → autobackup-heartbeat-stopped-dev
aws cloudwatch get-metric-data --start-time 2026-01-01T00:00:00Z --end-time 2026-01-02T00:00:00Z --metric-data-queries [{"Id":"a","MetricStat":{"Metric":{"Namespace":"AWS/Lambda","MetricName":"Invocations"},"Period":3600,"Stat":"Sum"}}] → "Complete"
aws cloudformation describe-stacks --stack-name autobackup-dev → CREATE_COMPLETE
aws pipes stop-pipe --name autobackup-validation-pipe-dev → STOPPED
aws pipes describe-pipe --name autobackup-validation-pipe-dev → STOPPED
aws pipes start-pipe --name autobackup-validation-pipe-dev → RUNNING
aws s3api restore-object --bucket $bucket --key long --restore-request Days=1 ✗ restore is not supported by the local S3
aws s3api list-directory-buckets ✗ (NotImplemented)
aws s3api get-bucket-acl --bucket $bucket ✗ GetBucketAcl is not supported by the local S3
aws sqs list-queue-tags --queue-url $url ✗ the local stack does not support ListQueueTags
aws sqs create-queue --queue-name mine ✗ the local stack does not support CreateQueue
aws logs describe-log-groups ✗ the local stack does not support DescribeLogGroups
aws logs tail /aws/lambda/autobackup-fetch-etags-dev --filter-pattern ERROR ✗ the local stack does not support the filter pattern ERROR
aws sns list-subscriptions ✗ the local stack does not support the SNS action "ListSubscriptions"
aws lambda list-functions ✗ the local stack serves Lambda's
aws lambda invoke --function-name autobackup-fetch-etags-dev --payload e30= --log-type Tail answer ✗ leave log type Tail out
aws lambda invoke --function-name autobackup-fetch-etags-dev --payload e30= --invocation-type Event answer ✗ it does not support a qualifier or invocation type Event
aws cloudwatch list-metrics ✗ the local stack does not support ListMetrics of CloudWatch
aws cloudwatch set-alarm-state --alarm-name autobackup-parked-dev --state-value ALARM --state-reason mine ✗ the local stack does not support SetAlarmState
aws cloudwatch get-metric-statistics --namespace AWS/Lambda --metric-name Invocations --start-time 2026-01-01T00:00:00Z --end-time 2026-01-02T00:00:00Z --period 3600 --statistics Sum ✗ the local stack does not support GetMetricStatistics
aws cloudformation describe-stack-events --stack-name autobackup-dev ✗ the local stack does not support the CloudFormation action "DescribeStackEvents"
aws sts assume-role --role-arn arn:aws:iam::123456789012:role/some --role-session-name some ✗ the local stack serves GetCallerIdentity of sts, not AssumeRole
aws iam get-role --role-name some ✗ over HTTP, not iam
aws kms list-keys ✗ (NotImplemented)
aws cloudformation list-stacks ✗ the local stack does not support the CloudFormation action "ListStacks"
aws pipes list-pipes ✗ the local stack serves DescribePipe, StartPipe, StopPipe of Pipes, not GET /v1/pipes
aws iam list-roles ✗ over HTTP, not iam
`

// byRclone are calls that people make with rclone, as above. $remote is what docs/local.md says.
const byRclone = `
rclone lsd $remote → autobackup-dev-primary-documents-123456789012
rclone mkdir :s3,provider=Other,env_auth,region=$region,location_constraint=$region:a-bucket-of-rclones →
rclone rmdir $remotea-bucket-of-rclones →
rclone copy files $remote$bucket/rclone --transfers 8 -v → (new)
rclone copy files $remote$bucket/rclone -v → There was nothing to transfer
rclone sync files $remote$bucket/rclone --checksum -v → There was nothing to transfer
rclone ls $remote$bucket/rclone → 16777216 long
rclone lsl $remote$bucket/rclone → 16777216 2
rclone lsf -R $remote$bucket/rclone → folder/moved
rclone lsjson --metadata $remote$bucket/rclone → "mtime"
rclone tree $remote$bucket/rclone → moved
rclone size $remote$bucket/rclone → Total objects: 2
rclone check files $remote$bucket/rclone → 2 matching files
rclone check --download files $remote$bucket/rclone → 2 matching files
rclone md5sum $remote$bucket/rclone → 9a0364b9e99bb480dd25e1f0284c8555  folder/moved
rclone hashsum MD5 $remote$bucket/rclone/long → long
rclone cat $remote$bucket/rclone/folder/moved → content
rclone copy $remote$bucket/rclone down -v → (new)
rclone copy $remote$bucket/rclone/long parts --multi-thread-cutoff 1M --multi-thread-chunk-size 3M -v → Multi-thread Copied
rclone check down parts --one-way --include long → 1 matching files
rclone copyto files/long $remote$bucket/rclone/parts --s3-upload-cutoff 5M --s3-chunk-size 5M -v → (new)
rclone copyto $remote$bucket/rclone/parts $remote$bucket/rclone/copy --s3-copy-cutoff 5M -v → server-side copy
rclone md5sum --download $remote$bucket/rclone/copy → 5f7c6556e004046fc9f229a5bfbcce1f  copy
rclone move $remote$bucket/rclone/copy $remote$bucket/rclone/folder -v → Deleted
rclone moveto $remote$bucket/rclone/folder/copy $remote$bucket/rclone/copy -v → Deleted
rclone copyto files/folder/moved $remote$bucket/rclone/meta --metadata --metadata-set owner=me --header-upload Cache-Control:no-store →
rclone lsjson --metadata $remote$bucket/rclone/meta → "owner":"me"
rclone touch --timestamp 2026-01-02T03:04:05 $remote$bucket/rclone/meta →
rclone lsl $remote$bucket/rclone/meta → 2026-01-02 03:04:05
rclone copyto files/long $remote$bucket/rclone/meta -v → replaced existing
rclone lsf --s3-versions $remote$bucket/rclone → meta-v2
rclone ls --s3-version-at 1h $remote$bucket/rclone →
rclone deletefile $remote$bucket/rclone/meta →
rclone deletefile $remote$bucket/rclone/meta ✗ object not found
rclone copyurl http://$at/_serve $remote$bucket/rclone/streamed →
rclone cat $remote$bucket/rclone/streamed → $region
rclone link --expire 1h $remote$bucket/rclone/parts → X-Amz-Signature
rclone backend versioning $remote$bucket → Enabled
rclone backend versioning $remote$bucket Suspended ✗ suspended versioning is not supported by the local S3
rclone backend list-multipart-uploads $remote$bucket → "$bucket": []
rclone cleanup $remote$bucket →
rclone backend cleanup-hidden $remote$bucket/rclone -v → Deleted
rclone copyto files/folder/moved $remote$bucket/rclone/class --s3-storage-class GLACIER →
rclone cat $remote$bucket/rclone/class ✗ Object in GLACIER
rclone backend restore-status $remote$bucket/rclone -o all → "StorageClass": "GLACIER"
rclone backend restore $remote$bucket/rclone -o lifetime=1 → restore is not supported by the local S3
rclone copyto files/folder/moved $remote$bucket/rclone/acl --s3-acl bucket-owner-full-control →
rclone copyto files/folder/moved $remote$bucket/rclone/private --s3-acl private ✗ The bucket does not allow ACLs
rclone mkdir :s3,provider=Other,env_auth,region=$region,location_constraint=$region,bucket_acl=public-read:a-bucket-of-everybodys ✗ Bucket cannot have ACLs set
rclone mkdir :s3,provider=Other,env_auth,region=$region:a-bucket-of-rclones ✗ The unspecified location constraint is incompatible
rclone ls $remote$replicas --include other/* →
rclone ls :s3,provider=AWS,env_auth:$bucket/rclone → long
rclone ls $remotenobody-has-this-bucket ✗ directory not found
rclone delete $remote$bucket/rclone/folder -v → Deleted
rclone purge $remote$bucket/rclone -v → Deleted
`

// byBoto3 are the same people's calls from a program, whose defaults are others.
const byBoto3 = `
import boto3, io, sys, urllib.request
bucket, url = sys.argv[1:]
s3 = boto3.client("s3")
s3.put_object(Bucket=bucket, Key="boto3/short", Body=b"content", Metadata={"by": "boto3"})
s3.upload_fileobj(io.BytesIO(b"x" * (9 << 20)), bucket, "boto3/long")
assert s3.get_object(Bucket=bucket, Key="boto3/short")["Body"].read() == b"content"
into = io.BytesIO()
s3.download_fileobj(bucket, "boto3/long", into)
assert into.getvalue() == b"x" * (9 << 20)
s3.copy({"Bucket": bucket, "Key": "boto3/short"}, bucket, "boto3/copied")
s3.copy({"Bucket": bucket, "Key": "boto3/long"}, bucket, "boto3/again")
s3.get_waiter("object_exists").wait(Bucket=bucket, Key="boto3/again")
assert s3.head_object(Bucket=bucket, Key="boto3/again", ChecksumMode="ENABLED")["ContentLength"] == 9 << 20
s3.put_object_tagging(Bucket=bucket, Key="boto3/again", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
assert s3.get_object_tagging(Bucket=bucket, Key="boto3/again")["TagSet"] == [{"Key": "a", "Value": "b"}]
assert "Errors" not in s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "boto3/again"}]})
s3.get_waiter("object_not_exists").wait(Bucket=bucket, Key="boto3/again")
[marker] = s3.list_object_versions(Bucket=bucket, Prefix="boto3/again")["DeleteMarkers"]
s3.delete_object(Bucket=bucket, Key="boto3/again", VersionId=marker["VersionId"])
assert s3.head_object(Bucket=bucket, Key="boto3/again")["TagCount"] == 1
s3.delete_object(Bucket=bucket, Key="boto3/again")
put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "boto3/short"})
urllib.request.urlopen(urllib.request.Request(put, b"presigned", method="PUT"))
get = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "boto3/short", "ResponseContentDisposition": "attachment"})
with urllib.request.urlopen(get) as answer:
    assert answer.read() == b"presigned" and answer.headers["Content-Disposition"] == "attachment"
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

// calls makes the calls of a list with a program, and compares what comes of each.
func (r running) calls(t *testing.T, folder, list, program string, options ...string) {
	t.Helper()
	for line := range strings.Lines(strings.TrimSpace(list)) {
		call, want, answered := strings.Cut(strings.TrimRight(line, "\n"), " →")
		if !answered {
			call, want, _ = strings.Cut(call, " ✗")
		}
		said, err := r.asTyped(t, folder, append(append([]string{program}, options...), strings.Fields(call)[1:]...)...)
		assert.Equal(t, answered, err == nil, "%s\n%s", call, said)
		assert.Contains(t, said, strings.TrimSpace(want), call)
	}
}

func TestOrdinaryCallsAreAnsweredOrRefusedInASentence(t *testing.T) {
	cli, python, rclone := os.Getenv("AUTOBACKUP_AWS"), os.Getenv("AUTOBACKUP_BOTO3"), os.Getenv("AUTOBACKUP_RCLONE")
	if cli == "" || python == "" || rclone == "" {
		t.Skip("AUTOBACKUP_AWS, AUTOBACKUP_BOTO3 and AUTOBACKUP_RCLONE name no aws CLI, no Python that has boto3, and no rclone; .ci/run does")
	}
	r, folder := served(t, serve.Options{}), t.TempDir()
	long, url := bytes.Repeat([]byte("content "), 2<<20), "http://"+r.at+"/123456789012/autobackup-validation-dlq-dev"
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "files", "folder"), 0o700))
	for name, content := range map[string][]byte{"short": []byte("content"), "long": long, "files/folder/moved": []byte("content"), "files/long": long} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
	t.Run("at once", func(t *testing.T) {
		t.Run("aws", func(t *testing.T) {
			t.Parallel()
			r.calls(t, folder, strings.NewReplacer("$bucket", documents, "$url", url, "$arn", firstRegion+":123456789012", "$region", firstRegion).Replace(ordinary), cli)
		})
		t.Run("rclone", func(t *testing.T) {
			t.Parallel()
			words := strings.NewReplacer("$bucket", media, "$replicas", replicas, "$at", r.at, "$region", firstRegion, "$remote", remote(t))
			r.calls(t, folder, words.Replace(byRclone), rclone, "--config=", "--retries=1", "--low-level-retries=1")
		})
	})
	said, err := r.asTyped(t, folder, python, "-c", byBoto3, documents, url)
	assert.NoError(t, err, said)
	said, err = r.asTyped(t, project, "sh", "-ec", strings.Replace(block(t), "rclone ", rclone+" --config= -v ", 1))
	require.NoError(t, err, said)
	assert.Contains(t, said, "upload.json: Copied (new)")
}

// media is a bucket beside the documents'.
const media = "autobackup-dev-primary-media-123456789012"

// block is what docs/local.md has people type who have rclone.
func block(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(project, "docs", "local.md"))
	require.NoError(t, err)
	found := regexp.MustCompile("(?m)^```sh\n(remote=.*\nrclone copy .*\n)```$").FindSubmatch(text)
	require.NotNil(t, found, "docs/local.md says nowhere how rclone is pointed there")
	return string(found[1])
}

// remote is how rclone names serve.
func remote(t *testing.T) string {
	t.Helper()
	return strings.ReplaceAll(regexp.MustCompile(`"(:s3,[^"]+)"`).FindStringSubmatch(block(t))[1], "$AWS_REGION", firstRegion)
}
