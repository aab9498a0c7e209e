package local_test

import (
	"cmp"
	"crypto/md5" //nolint:gosec // how S3 takes it
	"encoding/base64"
	"net/http"
	"net/url"
)

func (w *world) ofS3() (all []request) {
	bucket := "/" + w.bucket()
	on := func(operation, method, query, action string) {
		all = append(all, request{service: "s3", operation: operation, method: method, path: bucket + query, needs: []string{"s3:" + action + " arn:aws:s3:::" + w.bucket()}})
	}
	on("GetBucketLocation", http.MethodGet, "?location", "GetBucketLocation")
	on("PutBucketVersioning", http.MethodPut, "?versioning", "PutBucketVersioning")
	on("GetBucketVersioning", http.MethodGet, "?versioning", "GetBucketVersioning")
	on("GetBucketEncryption", http.MethodGet, "?encryption", "GetEncryptionConfiguration")
	on("PutBucketReplication", http.MethodPut, "?replication", "PutReplicationConfiguration")
	on("GetBucketReplication", http.MethodGet, "?replication", "GetReplicationConfiguration")
	on("DeleteBucketReplication", http.MethodDelete, "?replication", "PutReplicationConfiguration")
	on("PutBucketLifecycleConfiguration", http.MethodPut, "?lifecycle", "PutLifecycleConfiguration")
	on("GetBucketLifecycleConfiguration", http.MethodGet, "?lifecycle", "GetLifecycleConfiguration")
	on("DeleteBucketLifecycle", http.MethodDelete, "?lifecycle", "PutLifecycleConfiguration")
	on("PutBucketNotificationConfiguration", http.MethodPut, "?notification", "PutBucketNotification")
	on("GetBucketNotificationConfiguration", http.MethodGet, "?notification", "GetBucketNotification")
	on("GetObjectLockConfiguration", http.MethodGet, "?object-lock", "GetBucketObjectLockConfiguration")
	on("GetBucketPolicy", http.MethodGet, "?policy", "GetBucketPolicy")
	on("GetBucketTagging", http.MethodGet, "?tagging", "GetBucketTagging")
	on("GetBucketRequestPayment", http.MethodGet, "?requestPayment", "GetBucketRequestPayment")
	on("ListObjects", http.MethodGet, "", "ListBucket")
	on("ListObjectsV2", http.MethodGet, "?list-type=2", "ListBucket")
	on("ListObjectVersions", http.MethodGet, "?versions", "ListBucketVersions")
	on("ListMultipartUploads", http.MethodGet, "?uploads", "ListBucketMultipartUploads")
	on("HeadBucket", http.MethodHead, "", "ListBucket")
	on("CreateBucket", http.MethodPut, "", "CreateBucket")
	on("DeleteBucket", http.MethodDelete, "", "DeleteBucket")
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
	locked := all[len(all)-2]
	locked.header = map[string]string{"X-Amz-Bucket-Object-Lock-Enabled": "true"}
	for _, action := range []string{"PutBucketObjectLockConfiguration", "PutBucketVersioning"} {
		locked.needs = append([]string{"s3:" + action + " arn:aws:s3:::" + w.bucket()}, locked.needs...)
	}
	return append(all, locked, request{service: "s3", operation: "ListBuckets", method: http.MethodGet, path: "/", needs: []string{"s3:ListAllMyBuckets *"}})
}

func (w *world) ofS3Objects() (all []request) {
	arn := "arn:aws:s3:::" + w.bucket() + "/k"
	version := w.put("k", "content")
	on := func(operation, method, query string, actions ...string) {
		r := request{service: "s3", operation: operation, method: method, path: "/" + w.bucket() + "/k" + query}
		for _, action := range actions {
			r.needs = append(r.needs, "s3:"+action+" "+arn)
		}
		all = append(all, r)
	}
	with := func(header, value, action string) {
		r := all[len(all)-1]
		r.header = map[string]string{header: value}
		r.needs = append([]string{"s3:" + action + " " + arn}, r.needs...)
		all = append(all[:len(all)-1:len(all)-1], r, all[len(all)-1])
	}
	of := "versionId=" + url.QueryEscape(version)
	on("GetObject", http.MethodGet, "", "GetObject")
	on("GetObject", http.MethodGet, "?"+of, "GetObjectVersion")
	on("HeadObject", http.MethodHead, "", "GetObject")
	on("HeadObject", http.MethodHead, "?"+of, "GetObjectVersion")
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
	on("GetObjectAttributes", http.MethodGet, "?attributes", "GetObject", "GetObjectAttributes")
	on("GetObjectAttributes", http.MethodGet, "?attributes&"+of, "GetObjectVersion", "GetObjectVersionAttributes")
	on("GetObjectTagging", http.MethodGet, "?tagging", "GetObjectTagging")
	on("GetObjectTagging", http.MethodGet, "?tagging&"+of, "GetObjectVersionTagging")
	on("PutObjectTagging", http.MethodPut, "?tagging", "PutObjectTagging")
	on("PutObjectTagging", http.MethodPut, "?tagging&"+of, "PutObjectVersionTagging")
	on("DeleteObjectTagging", http.MethodDelete, "?tagging", "DeleteObjectTagging")
	on("DeleteObjectTagging", http.MethodDelete, "?tagging&"+of, "DeleteObjectVersionTagging")
	on("GetObjectRetention", http.MethodGet, "?retention", "GetObjectRetention")
	on("GetObjectRetention", http.MethodGet, "?retention&"+of, "GetObjectRetention")
	on("GetObjectLegalHold", http.MethodGet, "?legal-hold", "GetObjectLegalHold")
	on("GetObjectLegalHold", http.MethodGet, "?legal-hold&"+of, "GetObjectLegalHold")
	on("UploadPart", http.MethodPut, "?uploadId=x&partNumber=1", "PutObject")
	on("CompleteMultipartUpload", http.MethodPost, "?uploadId=x", "PutObject")
	on("ListParts", http.MethodGet, "?uploadId=x", "ListMultipartUploadParts")
	on("AbortMultipartUpload", http.MethodDelete, "?uploadId=x", "AbortMultipartUpload")
	for _, upload := range []struct{ operation, method, query string }{{"PutObject", http.MethodPut, ""}, {"CreateMultipartUpload", http.MethodPost, "?uploads"}} {
		on(upload.operation, upload.method, upload.query, "PutObject")
		with("X-Amz-Acl", "bucket-owner-full-control", "PutObjectAcl")
		with("X-Amz-Tagging", "a=b", "PutObjectTagging")
		with("X-Amz-Object-Lock-Mode", "COMPLIANCE", "PutObjectRetention")
		with("X-Amz-Object-Lock-Legal-Hold", "ON", "PutObjectLegalHold")
	}
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
	for query, action := range map[string]string{"": "GetObject", "?" + of: "GetObjectVersion"} {
		for operation, part := range map[string]string{"CopyObject": "", "UploadPartCopy": "?uploadId=x&partNumber=1"} {
			on(operation, http.MethodPut, part, "PutObject", action)
			all[len(all)-1].header = map[string]string{"X-Amz-Copy-Source": w.bucket() + "/k" + query}
		}
	}
	on("DeleteObject", http.MethodDelete, "?"+of, "DeleteObjectVersion")
	on("DeleteObject", http.MethodDelete, "", "DeleteObject")
	body := "<Delete><Object><Key>k</Key></Object><Object><Key>k</Key><VersionId>" + version + "</VersionId></Object></Delete>"
	digest := md5.Sum([]byte(body)) //nolint:gosec // how S3 takes it
	return append(all, request{
		service: "s3", operation: "DeleteObjects", method: http.MethodPost, path: "/" + w.bucket() + "?delete", body: body,
		header: map[string]string{"Content-Md5": base64.StdEncoding.EncodeToString(digest[:])},
		needs:  []string{"s3:DeleteObject " + arn, "s3:DeleteObjectVersion " + arn},
	})
}

func (w *world) ofQueues() (all []request) {
	arn := "arn:aws:sqs:" + w.region + ":" + account + ":autobackup-validation-dlq-dev"
	to := "arn:aws:sqs:" + w.region + ":" + account + ":autobackup-validation-queue-dev"
	for _, r := range []struct{ operation, action, resource string }{
		{"SendMessage", "", arn},
		{"SendMessageBatch", "SendMessage", arn},
		{"ReceiveMessage", "", arn},
		{"DeleteMessage", "", arn},
		{"DeleteMessageBatch", "DeleteMessage", arn},
		{"ChangeMessageVisibility", "", arn},
		{"GetQueueAttributes", "", arn},
		{"GetQueueUrl", "", arn},
		{"ListQueues", "", "*"},
		{"PurgeQueue", "", arn},
		{"StartMessageMoveTask", "", arn},
		{"ListMessageMoveTasks", "", arn},
	} {
		body := `{"QueueUrl": "` + "https://sqs." + w.region + ".amazonaws.com/" + account + "/autobackup-validation-dlq-dev" + `"}`
		switch r.operation {
		case "GetQueueUrl":
			body = `{"QueueName": "autobackup-validation-dlq-dev"}`
		case "ListQueues":
			body = `{}`
		case "ListMessageMoveTasks":
			body = `{"SourceArn": "` + arn + `"}`
		case "StartMessageMoveTask":
			body = `{"SourceArn": "` + arn + `", "DestinationArn": "` + to + `"}`
		}
		r := request{
			service: "sqs", operation: r.operation, method: http.MethodPost, path: "/", body: body,
			header: map[string]string{"X-Amz-Target": "AmazonSQS." + r.operation, "Content-Type": "application/x-amz-json-1.0"},
			needs:  []string{"sqs:" + cmp.Or(r.action, r.operation) + " " + r.resource},
		}
		if r.operation == "StartMessageMoveTask" {
			r.needs = append(r.needs, "sqs:ReceiveMessage "+arn, "sqs:DeleteMessage "+arn, "sqs:GetQueueAttributes "+arn, "sqs:SendMessage "+to)
		}
		all = append(all, r)
	}
	return all
}

func (w *world) ofOthers() (all []request) {
	arn := func(service, resource string) string {
		return "arn:aws:" + service + ":" + w.region + ":" + account + ":" + resource
	}
	machine, execution := arn("states", "stateMachine:autobackup-validation-dev"), arn("states", "execution:autobackup-validation-dev:x")
	run := arn("states", "mapRun:autobackup-validation-dev/ReadRanges:x")
	for _, r := range []struct{ operation, member, resource string }{
		{"StartExecution", "stateMachineArn", machine},
		{"ListExecutions", "stateMachineArn", machine},
		{"ListExecutions", "mapRunArn", run},
		{"DescribeExecution", "executionArn", execution},
		{"GetExecutionHistory", "executionArn", execution},
		{"DescribeMapRun", "mapRunArn", run},
		{"DescribeStateMachine", "stateMachineArn", machine},
		{"DescribeStateMachineForExecution", "executionArn", execution},
		{"StopExecution", "executionArn", execution},
		{"RedriveExecution", "executionArn", execution},
	} {
		all = append(all, request{
			service: "states", operation: r.operation, method: http.MethodPost, path: "/", body: `{"` + r.member + `": "` + r.resource + `"}`,
			header: map[string]string{"X-Amz-Target": "AWSStepFunctions." + r.operation, "Content-Type": "application/x-amz-json-1.0"},
			needs:  []string{"states:" + r.operation + " " + r.resource},
		})
	}
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	topic := arn("sns", "autobackup-failure-topic-dev")
	return append(all,
		request{
			service: "states", operation: "ListStateMachines", method: http.MethodPost, path: "/", body: "{}", needs: []string{"states:ListStateMachines *"},
			header: map[string]string{"X-Amz-Target": "AWSStepFunctions.ListStateMachines", "Content-Type": "application/x-amz-json-1.0"},
		},
		request{
			service: "events", operation: "ListRules", method: http.MethodPost, path: "/", body: "{}", needs: []string{"events:ListRules *"},
			header: map[string]string{"X-Amz-Target": "AWSEvents.ListRules", "Content-Type": "application/x-amz-json-1.1"},
		},
		request{
			service: "events", operation: "ListTargetsByRule", method: http.MethodPost, path: "/", body: `{"Rule": "autobackup-s3-upload-trigger-dev"}`,
			header: map[string]string{"X-Amz-Target": "AWSEvents.ListTargetsByRule", "Content-Type": "application/x-amz-json-1.1"},
			needs:  []string{"events:ListTargetsByRule " + arn("events", "rule/autobackup-s3-upload-trigger-dev")},
		},
		request{service: "pipes", operation: "DescribePipe", method: http.MethodGet, path: "/v1/pipes/autobackup-validation-pipe-dev", needs: []string{"pipes:DescribePipe " + arn("pipes", "pipe/autobackup-validation-pipe-dev")}},
		request{service: "pipes", operation: "StopPipe", method: http.MethodPost, path: "/v1/pipes/autobackup-validation-pipe-dev/stop", needs: []string{"pipes:StopPipe " + arn("pipes", "pipe/autobackup-validation-pipe-dev")}},
		request{service: "pipes", operation: "StartPipe", method: http.MethodPost, path: "/v1/pipes/autobackup-validation-pipe-dev/start", needs: []string{"pipes:StartPipe " + arn("pipes", "pipe/autobackup-validation-pipe-dev")}},
		request{service: "cloudformation", operation: "DescribeStacks", method: http.MethodPost, path: "/", header: form, body: "Action=DescribeStacks", needs: []string{"cloudformation:DescribeStacks " + arn("cloudformation", "stack/*/none")}},
		request{service: "cloudformation", operation: "DescribeStacks", method: http.MethodPost, path: "/", header: form, body: "Action=DescribeStacks&StackName=another", needs: []string{"cloudformation:DescribeStacks " + arn("cloudformation", "stack/another/none")}},
		request{
			service: "monitoring", operation: "DescribeAlarms", method: http.MethodPost, path: "/service/GraniteServiceVersion20100801/operation/DescribeAlarms",
			header: map[string]string{"Smithy-Protocol": "rpc-v2-cbor"}, needs: []string{"cloudwatch:DescribeAlarms " + arn("cloudwatch", "alarm:*")},
		},
		request{
			service: "monitoring", operation: "GetMetricData", method: http.MethodPost, path: "/service/GraniteServiceVersion20100801/operation/GetMetricData",
			header: map[string]string{"Smithy-Protocol": "rpc-v2-cbor"}, needs: []string{"cloudwatch:GetMetricData *"},
		},
		request{service: "sns", operation: "ListSubscriptionsByTopic", method: http.MethodPost, path: "/", header: form, body: url.Values{"Action": {"ListSubscriptionsByTopic"}, "TopicArn": {topic}}.Encode(), needs: []string{"sns:ListSubscriptionsByTopic " + topic}},
		request{service: "sns", operation: "GetSubscriptionAttributes", method: http.MethodPost, path: "/", header: form, body: url.Values{"Action": {"GetSubscriptionAttributes"}, "SubscriptionArn": {topic + ":x"}}.Encode(), needs: []string{"sns:GetSubscriptionAttributes " + topic}},
		request{service: "lambda", operation: "ListEventSourceMappings", method: http.MethodGet, path: "/2015-03-31/event-source-mappings?FunctionName=autobackup-failure-notifier-dev", needs: []string{"lambda:ListEventSourceMappings *"}},
		request{service: "lambda", operation: "GetFunctionConfiguration", method: http.MethodGet, path: "/2015-03-31/functions/autobackup-fetch-etags-dev/configuration", needs: []string{"lambda:GetFunctionConfiguration " + arn("lambda", "function:autobackup-fetch-etags-dev")}},
		request{
			service: "events", operation: "PutEvents", method: http.MethodPost, path: "/", needs: []string{"events:PutEvents " + arn("events", "event-bus/default")},
			body:   `{"Entries":[{"Source":"s","DetailType":"t","Detail":"{}"},{"Source":"s","DetailType":"t","Detail":"{}"}]}`,
			header: map[string]string{"X-Amz-Target": "AWSEvents.PutEvents", "Content-Type": "application/x-amz-json-1.1"},
		},
		request{service: "sns", operation: "Publish", method: http.MethodPost, path: "/", header: form, body: url.Values{"Action": {"Publish"}, "TopicArn": {topic}, "Message": {"m"}}.Encode(), needs: []string{"sns:Publish " + topic}},
		request{
			service: "logs", operation: "FilterLogEvents", method: http.MethodPost, path: "/", body: `{"logGroupName": "/aws/lambda/autobackup-compare-etags-dev"}`,
			header: map[string]string{"X-Amz-Target": "Logs_20140328.FilterLogEvents", "Content-Type": "application/x-amz-json-1.1"},
			needs:  []string{"logs:FilterLogEvents " + arn("logs", "log-group:/aws/lambda/autobackup-compare-etags-dev:*")},
		},
		request{service: "sns", operation: "ListTopics", method: http.MethodPost, path: "/", header: form, body: "Action=ListTopics", needs: []string{"sns:ListTopics *"}},
		request{service: "lambda", operation: "Invoke", method: http.MethodPost, path: "/2015-03-31/functions/autobackup-fetch-etags-dev/invocations", body: "{}", needs: []string{"lambda:InvokeFunction " + arn("lambda", "function:autobackup-fetch-etags-dev")}},
	)
}
