package policy

import (
	"slices"

	"autobackup/cmd/autobackup/attach"
	"autobackup/cmd/autobackup/discover"
	"autobackup/cmd/autobackup/doctor"
	"autobackup/internal/audit"
)

// Call is a call of AWS's API that a command makes, with what IAM asks for it.
type Call struct {
	Operation string   // as the SDK names it
	Actions   []string // of IAM; none: AWS asks for no permission
	On        Target
	When      func(Options) bool // nil: always
}

// The actions by operation are from
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
// and from the pages of the operations, whether they are done to a bucket or to an
// object from AWS's service authorization reference, which .ci/policies.py reads.

// ofBuckets are made of every bucket, before anything is compared.
var ofBuckets = []Call{
	{Operation: "GetCallerIdentity", On: everything},
	// Who may list is told by 404 that an object is not there, and anybody else by 403.
	{Operation: "HeadBucket", Actions: []string{"s3:ListBucket"}, On: bucket},
	{Operation: "GetBucketVersioning", Actions: []string{"s3:GetBucketVersioning"}, On: bucket},
	{Operation: "GetBucketEncryption", Actions: []string{"s3:GetEncryptionConfiguration"}, On: bucket},
	{Operation: "GetBucketReplication", Actions: []string{"s3:GetReplicationConfiguration"}, On: bucket},
	{Operation: "GetBucketLifecycleConfiguration", Actions: []string{"s3:GetLifecycleConfiguration"}, On: bucket},
	{Operation: "ListObjectVersions", Actions: []string{"s3:ListBucketVersions"}, On: bucket},
}

// ofVersions are made where versions are looked at. Each names a version.
var ofVersions = []Call{
	{Operation: "HeadObject", Actions: []string{"s3:GetObjectVersion"}, On: objects, When: looks},
	// For its bytes or, where HeadObject does not say why it refuses, for one of them.
	{Operation: "GetObject", Actions: []string{"s3:GetObjectVersion"}, On: objects, When: looks},
	{Operation: "GetObjectAttributes", Actions: []string{"s3:GetObjectVersion", "s3:GetObjectVersionAttributes"}, On: objects, When: looks},
	{Operation: "GetObjectTagging", Actions: []string{"s3:GetObjectVersionTagging"}, On: objects, When: looks},
	// HeadObject, too, shows these only to who may read them: which is asked once where it
	// shows none, and of each version where it shows one on one side.
	{Operation: "GetObjectRetention", Actions: []string{"s3:GetObjectRetention"}, On: objects, When: locks},
	{Operation: "GetObjectLegalHold", Actions: []string{"s3:GetObjectLegalHold"}, On: objects, When: locks},
	// S3 makes it for who reads what is encrypted with a key of AWS KMS.
	{Operation: "Decrypt", Actions: []string{"kms:Decrypt"}, On: keys, When: looks},
}

// ofSizes is made for the estimate, which tells less without it.
var ofSizes = Call{Operation: "GetMetricStatistics", Actions: []string{"cloudwatch:GetMetricStatistics"}, On: everything}

// ofReports are made where a report is copied to S3.
var ofReports = []Call{
	{Operation: "HeadBucket", On: outbox}, // S3 tells the region also to who may not list
	{Operation: "PutObject", Actions: []string{"s3:PutObject"}, On: outbox},
	{Operation: "CreateMultipartUpload", Actions: []string{"s3:PutObject"}, On: outbox},
	{Operation: "UploadPart", Actions: []string{"s3:PutObject"}, On: outbox},
	{Operation: "CompleteMultipartUpload", Actions: []string{"s3:PutObject"}, On: outbox},
	{Operation: "AbortMultipartUpload", Actions: []string{"s3:AbortMultipartUpload"}, On: outbox},
}

// ofEvidence are made by evidence verify and evidence report.
var ofEvidence = []Call{
	{Operation: "HeadBucket", Actions: []string{"s3:ListBucket"}, On: evidenceBucket},
	{Operation: "ListObjectsV2", Actions: []string{"s3:ListBucket"}, On: evidenceBucket},
	{Operation: "GetObject", Actions: []string{"s3:GetObject"}, On: evidenceFiles},
	// S3 makes it for who reads what is encrypted with a key of AWS KMS.
	{Operation: "Decrypt", Actions: []string{"kms:Decrypt"}, On: evidenceKeys},
}

// ofUploads are made by who puts objects into a primary bucket. Large ones go up in parts,
// for which S3 decrypts what it has encrypted before.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuAndPermissions.html
var ofUploads = []Call{
	{Operation: "PutObject", Actions: []string{"s3:PutObject"}, On: objects},
	{Operation: "CreateMultipartUpload", Actions: []string{"s3:PutObject"}, On: objects},
	{Operation: "UploadPart", Actions: []string{"s3:PutObject"}, On: objects},
	{Operation: "CompleteMultipartUpload", Actions: []string{"s3:PutObject"}, On: objects},
	{Operation: "AbortMultipartUpload", Actions: []string{"s3:AbortMultipartUpload"}, On: objects},
	{Operation: "DeleteObject", Actions: []string{"s3:DeleteObject"}, On: objects, When: func(o Options) bool { return o.Deletes }},
	{Operation: "GenerateDataKey", Actions: []string{"kms:GenerateDataKey"}, On: keys},
	{Operation: "Decrypt", Actions: []string{"kms:Decrypt"}, On: keys},
}

// ofOperators are made by the commands of docs/operations.md and of the runbooks: parked
// messages are looked at, moved and discarded, executions, logs and states are read, the pipe
// is stopped and started, and one alarm is rung. What lets objects be read, decides who is told or
// asks AWS for more is left out, as that page says. A move task receives and deletes in the
// one queue, and sends to the other.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
var ofOperators = []Call{
	{Operation: "GetQueueUrl", Actions: []string{"sqs:GetQueueUrl"}, On: queues},
	{Operation: "GetQueueAttributes", Actions: []string{"sqs:GetQueueAttributes"}, On: queues},
	{Operation: "SendMessage", Actions: []string{"sqs:SendMessage"}, On: queues},
	{Operation: "ReceiveMessage", Actions: []string{"sqs:ReceiveMessage"}, On: dlqs},
	{Operation: "DeleteMessage", Actions: []string{"sqs:DeleteMessage"}, On: dlqs},
	{Operation: "StartMessageMoveTask", Actions: []string{"sqs:StartMessageMoveTask", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}, On: dlqs},
	{Operation: "ListMessageMoveTasks", Actions: []string{"sqs:ListMessageMoveTasks"}, On: dlqs},
	// EventBridge fills it, and SQS moves nothing out of it.
	{Operation: "GetQueueAttributes", Actions: []string{"sqs:GetQueueAttributes"}, On: eventDLQ},
	{Operation: "ReceiveMessage", Actions: []string{"sqs:ReceiveMessage"}, On: eventDLQ},
	{Operation: "DeleteMessage", Actions: []string{"sqs:DeleteMessage"}, On: eventDLQ},
	{Operation: "ListExecutions", Actions: []string{"states:ListExecutions"}, On: stateMachine},
	{Operation: "DescribeExecution", Actions: []string{"states:DescribeExecution"}, On: executions},
	{Operation: "GetExecutionHistory", Actions: []string{"states:GetExecutionHistory"}, On: executions},
	{Operation: "Decrypt", Actions: []string{"kms:Decrypt"}, On: queueKeys},
	{Operation: "GenerateDataKey", Actions: []string{"kms:GenerateDataKey"}, On: queueKeys},
	{Operation: "DescribeKey", Actions: []string{"kms:DescribeKey"}, On: keyStates},
	{Operation: "DescribeStacks", Actions: []string{"cloudformation:DescribeStacks"}, On: stack},
	{Operation: "FilterLogEvents", Actions: []string{"logs:FilterLogEvents"}, On: logGroups},
	{Operation: "GetFunctionConfiguration", Actions: []string{"lambda:GetFunctionConfiguration"}, On: functions},
	{Operation: "GetFunctionConcurrency", Actions: []string{"lambda:GetFunctionConcurrency"}, On: functions},
	{Operation: "DescribePipe", Actions: []string{"pipes:DescribePipe"}, On: pipe},
	{Operation: "StopPipe", Actions: []string{"pipes:StopPipe"}, On: pipe},
	{Operation: "StartPipe", Actions: []string{"pipes:StartPipe"}, On: pipe},
	{Operation: "SetAlarmState", Actions: []string{"cloudwatch:SetAlarmState"}, On: rehearsedAlarm},
	{Operation: "ListSubscriptionsByTopic", Actions: []string{"sns:ListSubscriptionsByTopic"}, On: topic},
	{Operation: "GetRolePolicy", Actions: []string{"iam:GetRolePolicy"}, On: replicationRoles},
	// CloudWatch tells of composite alarms to whom it is allowed on everything, SNS's call names a
	// subscription, and the others are about the account.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
	{Operation: "DescribeAlarms", Actions: []string{"cloudwatch:DescribeAlarms"}, On: everything},
	{Operation: "GetSubscriptionAttributes", Actions: []string{"sns:GetSubscriptionAttributes"}, On: everything},
	{Operation: "GetMetricStatistics", Actions: []string{"cloudwatch:GetMetricStatistics"}, On: everything},
	{Operation: "GetAccountSettings", Actions: []string{"lambda:GetAccountSettings"}, On: everything},
	{Operation: "ListEventSourceMappings", Actions: []string{"lambda:ListEventSourceMappings"}, On: everything},
}

// ofParked are made by parked: the dead-letter queues are counted, some messages of one are looked at
// and, with --done, what was done is read.
var ofParked = []Call{
	{Operation: "GetQueueUrl", Actions: []string{"sqs:GetQueueUrl"}, On: parkedQueues},
	{Operation: "GetQueueAttributes", Actions: []string{"sqs:GetQueueAttributes"}, On: parkedQueues},
	{Operation: "GetQueueUrl", Actions: []string{"sqs:GetQueueUrl"}, On: failureDLQ},
	{Operation: "GetQueueAttributes", Actions: []string{"sqs:GetQueueAttributes"}, On: failureDLQ},
	{Operation: "ReceiveMessage", Actions: []string{"sqs:ReceiveMessage"}, On: validationDLQ},
	{Operation: "ChangeMessageVisibility", Actions: []string{"sqs:ChangeMessageVisibility"}, On: validationDLQ},
	{Operation: "ListObjectsV2", Actions: []string{"s3:ListBucket"}, On: workBucket},
	{Operation: "GetObject", Actions: []string{"s3:GetObject"}, On: operationRecords},
	{Operation: "Decrypt", Actions: []string{"kms:Decrypt"}, On: queueKeys},
	{Operation: "Decrypt", Actions: []string{"kms:Decrypt"}, On: workKeys},
}

// ofRetry are made by retry.
var ofRetry = slices.Concat([]Call{
	{Operation: "GetQueueUrl", Actions: []string{"sqs:GetQueueUrl"}, On: queues},
	{Operation: "GetQueueAttributes", Actions: []string{"sqs:GetQueueAttributes"}, On: queues},
	{Operation: "SendMessageBatch", Actions: []string{"sqs:SendMessage"}, On: queues},
	{Operation: "ListExecutions", Actions: []string{"states:ListExecutions"}, On: stateMachine},
	{Operation: "DescribeExecution", Actions: []string{"states:DescribeExecution"}, On: executions},
	{Operation: "GetExecutionHistory", Actions: []string{"states:GetExecutionHistory"}, On: executions},
	// What was retried of executions before is on record.
	{Operation: "ListObjectsV2", Actions: []string{"s3:ListBucket"}, On: workBucket},
	{Operation: "GetObject", Actions: []string{"s3:GetObject"}, On: operationRecords},
	// What nobody could be told of.
	{Operation: "GetQueueUrl", Actions: []string{"sqs:GetQueueUrl"}, On: failureDLQ},
	{Operation: "GetQueueAttributes", Actions: []string{"sqs:GetQueueAttributes"}, On: failureDLQ},
	{Operation: "ReceiveMessage", Actions: []string{"sqs:ReceiveMessage"}, On: failureDLQ},
	{Operation: "DeleteMessageBatch", Actions: []string{"sqs:DeleteMessage"}, On: failureDLQ},
	{Operation: "ChangeMessageVisibility", Actions: []string{"sqs:ChangeMessageVisibility"}, On: failureDLQ},
}, ofDiscard, []Call{
	// SQS makes it for who sends to queues with a key of their own, and S3 for who reads the record.
	{Operation: "GenerateDataKey", Actions: []string{"kms:GenerateDataKey"}, On: queueKeys},
	{Operation: "Decrypt", Actions: []string{"kms:Decrypt"}, On: workKeys},
})

// ofDiscard are made by discard: messages are received, put on record, and deleted.
var ofDiscard = []Call{
	{Operation: "GetCallerIdentity", On: everything},
	{Operation: "GetQueueUrl", Actions: []string{"sqs:GetQueueUrl"}, On: parkedQueues},
	{Operation: "GetQueueAttributes", Actions: []string{"sqs:GetQueueAttributes"}, On: parkedQueues},
	{Operation: "ReceiveMessage", Actions: []string{"sqs:ReceiveMessage"}, On: parkedQueues},
	{Operation: "DeleteMessageBatch", Actions: []string{"sqs:DeleteMessage"}, On: parkedQueues},
	{Operation: "ChangeMessageVisibility", Actions: []string{"sqs:ChangeMessageVisibility"}, On: parkedQueues},
	{Operation: "PutObject", Actions: []string{"s3:PutObject"}, On: operationRecords},
	// SQS makes it for who receives from queues with a key of their own, and S3 where the working
	// bucket has one.
	{Operation: "Decrypt", Actions: []string{"kms:Decrypt"}, On: queueKeys},
	{Operation: "GenerateDataKey", Actions: []string{"kms:GenerateDataKey"}, On: workKeys},
}

// ofAccounts are made by discover. The caller reads its own account, and the others by
// the roles that it assumes there.
func ofAccounts(s Side) (all []Call) {
	for _, p := range discover.Permissions {
		c := Call{Operation: p.Operation, On: everything}
		if p.Action != "" {
			c.Actions = []string{p.Action}
		}
		if p.Caller {
			c.On = role
		}
		if !p.Caller || s == Caller {
			all = append(all, c)
		}
	}
	return all
}

// ofAttached are made by attach and detach: of the primary and of the replicas, by rules
// of EventBridge, and in the stage's working bucket.
func ofAttached(command string, s Side) (all []Call) {
	for _, p := range attach.Permissions {
		if command == Attach && !p.Attach || command == Detach && !p.Detach {
			continue
		}
		for _, place := range p.On {
			if (place == attach.Replica) != (s == Replica) {
				continue
			}
			c := Call{Operation: p.Operation, On: map[attach.Place]Target{attach.Primary: bucket, attach.Replica: bucket, attach.Work: workBucket, attach.Records: records, attach.Anything: everything, attach.Stack: stackAnywhere}[place]}
			if p.Action != "" {
				c.Actions = []string{p.Action}
			}
			all = append(all, c)
		}
	}
	if s == Replica {
		return all
	}
	// S3 makes them where the working bucket has a key of its own.
	return append(all, Call{Operation: "GenerateDataKey", Actions: []string{"kms:GenerateDataKey"}, On: keys}, Call{Operation: "Decrypt", Actions: []string{"kms:Decrypt"}, On: keys})
}

// ofDoctor are made by doctor: of both stacks, and of the buckets whose uploads the stage takes
// and their replicas.
func ofDoctor(s Side) (all []Call) {
	targets := map[doctor.Place]Target{
		doctor.Anything: everything, doctor.Stacks: bothStacks, doctor.Functions: bothFunctions, doctor.Fetcher: fetcher, doctor.Topic: topic, doctor.Pipe: pipe,
		doctor.Machine: stateMachine, doctor.Audits: auditMachine, doctor.Rules: uploadRules, doctor.Queues: allQueues, doctor.Primaries: bucket, doctor.Replicas: bucket,
	}
	for _, p := range doctor.Permissions {
		for _, place := range p.On {
			if (place == doctor.Replicas) != (s == Replica) {
				continue
			}
			c := Call{Operation: p.Operation, On: targets[place]}
			if p.Action != "" {
				c.Actions = []string{p.Action}
			}
			all = append(all, c)
		}
	}
	return all
}

// ofConsole are made by the page beside those of doctor: executions are shown, parked messages
// are looked at where that is asked for, looks and e-mails are read in the logs of the functions that
// have them, and reports of the stage's audits are opened.
var ofConsole = []Call{
	{Operation: "ListExecutions", Actions: []string{"states:ListExecutions"}, On: stateMachine},
	{Operation: "DescribeExecution", Actions: []string{"states:DescribeExecution"}, On: executions},
	{Operation: "GetExecutionHistory", Actions: []string{"states:GetExecutionHistory"}, On: executions},
	{Operation: "DescribeStateMachineForExecution", Actions: []string{"states:DescribeStateMachineForExecution"}, On: executions},
	{Operation: "ReceiveMessage", Actions: []string{"sqs:ReceiveMessage"}, On: dlqs},
	{Operation: "ReceiveMessage", Actions: []string{"sqs:ReceiveMessage"}, On: eventDLQ},
	{Operation: "Decrypt", Actions: []string{"kms:Decrypt"}, On: queueKeys},
	{Operation: "FilterLogEvents", Actions: []string{"logs:FilterLogEvents"}, On: looksLog},
	{Operation: "FilterLogEvents", Actions: []string{"logs:FilterLogEvents"}, On: mailsLog},
	{Operation: "ListObjectsV2", Actions: []string{"s3:ListBucket"}, On: workBucket},
	{Operation: "GetObject", Actions: []string{"s3:GetObject"}, On: auditReports},
	{Operation: "GetObject", Actions: []string{"s3:GetObject"}, On: operationRecords}, // what people did
	// S3 makes it where the working bucket has a key, the primary stack's StorageKey.
	{Operation: "Decrypt", Actions: []string{"kms:Decrypt"}, On: workKeys},
}

// ofActions are made by the page where it retries and discards: what those commands change. What they
// read, the page reads without.
var ofActions = slices.DeleteFunc(slices.Clone(ofRetry), func(c Call) bool {
	return !slices.Contains([]string{"SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibility", "PutObject", "GenerateDataKey"}, c.Operation)
})

// looks says whether versions are looked at at all.
func looks(o Options) bool { return o.Command == Explain || o.Level != audit.Listed }

// locks says whether retention and legal hold are looked at.
func locks(o Options) bool {
	return o.Command == Explain || o.Level != audit.Listed && (o.Metadata || o.Locks)
}
