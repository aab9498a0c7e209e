package local_test

import (
	"path"
	"slices"
	"strings"

	"autobackup/local/gate"
	"autobackup/local/iam"
)

// access is what somebody does with resources, as docs/security.md tells it in its table of
// who may do what.
type access struct {
	actions string   // divided by blanks
	on      []string // patterns of path.Match without the "arn:aws:" of ARNs
}

var (
	buckets = strings.Fields(strings.ReplaceAll("s3:::autobackup-dev-primary-documents- s3:::autobackup-dev-primary-media- s3:::autobackup-dev-primary-databases- "+
		"s3:::autobackup-dev-replica-documents- s3:::autobackup-dev-replica-media- s3:::autobackup-dev-replica-databases- "+
		"s3:::autobackup-dev-primary-beat- s3:::autobackup-dev-replica-beat-"+secondRegion+"- s3:::autobackup-dev-work- ", "- ", "-"+account+" "))
	work   = "s3:::autobackup-dev-work-" + account
	queues = []string{inFirst("sqs", "autobackup-validation-queue-dev"), inFirst("sqs", "autobackup-validation-dlq-dev"), inFirst("sqs", "autobackup-event-dlq-dev"), inFirst("sqs", "autobackup-failure-queue-dev"), inFirst("sqs", "autobackup-failure-dlq-dev")}
	keys   = []string{inFirst("kms", "key/autobackup-dev-StorageKey"), inFirst("kms", "key/autobackup-dev-SQSKey"), inFirst("kms", "key/autobackup-dev-SNSKey"), strings.TrimPrefix(awayKey, "arn:aws:"), inFirst("kms", "key/autobackup-dev-EnvironmentKey")}

	storageKey, sqsKey, snsKey, replicaKey, environmentsKey = keys[0], keys[1], keys[2], keys[3], keys[4]
	machine                                                 = inFirst("states", "stateMachine:autobackup-validation-dev")
	executions                                              = []string{inFirst("states", "execution:autobackup-validation-dev:e"), inFirst("states", "execution:autobackup-validation-dev/ReadRanges:e")}
	topic                                                   = strings.TrimPrefix(topicARN, "arn:aws:")
	chatTopic                                               = inFirst("sns", "autobackup-chat-topic-dev")
	bus                                                     = inFirst("events", "event-bus/default")
)

func inFirst(service, resource string) string {
	return strings.TrimPrefix(arnOf(service, resource), "arn:aws:")
}

func inSecond(service, resource string) string {
	return service + ":" + secondRegion + ":" + account + ":" + resource
}

func logsOf(function string) string {
	return inFirst("logs", "log-group:"+function+"-dev:log-stream:s")
}

// ofObjects are patterns of the objects of buckets, named by side and category.
func ofObjects(buckets ...string) (all []string) {
	for _, b := range buckets {
		all = append(all, "s3:::autobackup-dev-"+b+"-"+account+"/*")
	}
	return all
}

func ofBuckets(buckets ...string) (all []string) {
	for _, b := range buckets {
		all = append(all, "s3:::autobackup-dev-"+b+"-"+account)
	}
	return all
}

// traces are what functions do beside.
const traces = "xray:PutTraceSegments xray:PutTelemetryRecords"

func function(logs string, own ...access) []access {
	if !strings.Contains(logs, ":"+secondRegion+":") { // replica.yaml takes no key for environments
		own = append(own, access{"kms:Decrypt", []string{environmentsKey}})
	}
	return append(own, access{"logs:CreateLogStream logs:PutLogEvents", []string{logs}}, access{traces, []string{"*"}})
}

func replication(category string) []access {
	return []access{
		{"s3:GetReplicationConfiguration s3:ListBucket", ofBuckets("primary-" + category)},
		{"s3:GetObjectVersionForReplication s3:GetObjectVersionAcl s3:GetObjectVersionTagging s3:GetObjectVersionAnnotationForReplication", ofObjects("primary-" + category)},
		{"s3:ReplicateObject s3:ReplicateDelete s3:ReplicateTags s3:ObjectOwnerOverrideToBucketOwner", ofObjects("replica-" + category)},
		{"kms:Decrypt", []string{storageKey, replicaKey}},
		{"kms:Encrypt", []string{replicaKey}},
	}
}

// reads is what hash-bytes does on one side.
func reads(side, key, logs string) []access {
	return function(logs, access{"s3:ListBucket s3:ListBucketVersions", ofBuckets(side + "-*")}, access{"s3:GetObjectVersion", ofObjects(side + "-*")}, access{"kms:Decrypt", []string{key}})
}

// may is all that the roles do, with SSE-KMS.
var may = map[string][]access{
	"replication-documents": replication("documents"), "replication-media": replication("media"), "replication-databases": replication("databases"),
	"replication-beat": {
		{"s3:GetReplicationConfiguration s3:ListBucket", ofBuckets("primary-beat")},
		{"s3:GetObjectVersionForReplication s3:GetObjectVersionAcl s3:GetObjectVersionAnnotationForReplication", ofObjects("primary-beat")},
		{"s3:ReplicateObject s3:ObjectOwnerOverrideToBucketOwner", ofObjects("replica-beat-" + secondRegion)},
		{"kms:Decrypt", []string{storageKey, replicaKey}},
		{"kms:Encrypt", []string{replicaKey}},
	},
	"heartbeat": function(logsOf("/aws/lambda/autobackup-heartbeat"),
		access{"s3:ListBucket", ofBuckets("primary-beat")}, access{"s3:GetObject s3:PutObject", ofObjects("primary-beat")}, access{"s3:DeleteObjectVersion", ofObjects("replica-beat-" + secondRegion)},
		access{"kms:GenerateDataKey", []string{storageKey}}, access{"kms:Decrypt kms:GenerateDataKey", []string{sqsKey}}, access{"sqs:SendMessage", queues[:1]},
		access{"lambda:InvokeFunction", []string{inFirst("lambda", "function:autobackup-compare-etags-dev"), inFirst("lambda", "function:autobackup-hash-bytes-dev"), inSecond("lambda", "function:autobackup-hash-bytes-dev")}}),
	"fetch-etags": function(logsOf("/aws/lambda/autobackup-fetch-etags"),
		access{"s3:ListBucket s3:ListBucketVersions", ofBuckets("primary-*", "replica-*")},
		access{"s3:GetReplicationConfiguration", ofBuckets("primary-*")}, access{"s3:GetLifecycleConfiguration", ofBuckets("replica-*")},
		access{"s3:GetObjectVersion s3:GetObjectVersionAttributes s3:GetObjectVersionTagging s3:GetObjectRetention s3:GetObjectLegalHold", ofObjects("primary-*", "replica-*")},
		access{"kms:Decrypt", []string{storageKey, replicaKey}}),
	"CompareETagsRole": function(logsOf("/aws/lambda/autobackup-compare-etags")),
	"CompareBytesRole": function(logsOf("/aws/lambda/autobackup-compare-bytes"),
		access{"lambda:InvokeFunction", []string{inFirst("lambda", "function:autobackup-hash-bytes-dev"), inSecond("lambda", "function:autobackup-hash-bytes-dev")}},
		access{"s3:PutObject", []string{work + "/plans/*"}}, access{"s3:GetObject", []string{work + "/results/*"}}, access{"kms:Decrypt kms:GenerateDataKey", []string{storageKey}}),
	"HashBytesRole":           reads("primary", storageKey, logsOf("/aws/lambda/autobackup-hash-bytes")),
	"replica's HashBytesRole": reads("replica", replicaKey, inSecond("logs", "log-group:/aws/lambda/autobackup-hash-bytes-dev:log-stream:s")),
	"FailureNotifierRole": function(logsOf("/aws/lambda/autobackup-failure-notifier"),
		access{"sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes", queues[3:4]}, access{"sqs:SendMessage", []string{queues[0], queues[1], queues[3]}},
		access{"sns:Publish", []string{topic, chatTopic}}, access{"s3:ListBucket", []string{work}}, access{"s3:GetObject s3:PutObject", []string{work + "/told/*"}},
		access{"events:PutEvents", []string{bus}}, access{"s3:GetBucketTagging", ofBuckets("primary-*")},
		access{"kms:Decrypt kms:GenerateDataKey", []string{storageKey, sqsKey, snsKey}}),
	"ValidationPipeRole": {
		{"sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes", queues[:1]}, {"kms:Decrypt", []string{sqsKey}}, {"states:StartExecution", []string{machine}},
		{"logs:CreateLogStream logs:PutLogEvents", []string{logsOf("/aws/vendedlogs/pipes/autobackup-validation-pipe")}},
	},
	"ValidationStateMachineRole": {
		{"lambda:InvokeFunction", []string{inFirst("lambda", "function:autobackup-fetch-etags-dev"), inFirst("lambda", "function:autobackup-compare-etags-dev"), inFirst("lambda", "function:autobackup-compare-bytes-dev")}},
		{"states:StartExecution", []string{machine}}, {"states:DescribeExecution states:StopExecution", executions}, {"states:RedriveExecution", executions[1:]},
		{"s3:GetObject", []string{work + "/plans/*", work + "/results/*"}}, {"s3:PutObject s3:ListMultipartUploadParts s3:AbortMultipartUpload", []string{work + "/results/*"}},
		{"kms:Decrypt kms:GenerateDataKey", []string{storageKey, sqsKey, snsKey}}, {"sns:Publish", []string{topic}}, {"sqs:SendMessage", []string{queues[1], queues[3]}},
		{"logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups", []string{"*"}},
		{traces + " xray:GetSamplingRules xray:GetSamplingTargets", []string{"*"}},
	},
}

// tried is what every role is tried with: what any of them does, and what none may do.
func tried() (all []access) {
	objects, within := []string{}, []string{"/k"}
	for _, b := range buckets {
		if b == work {
			within = []string{"/plans/x", "/results/x", "/told/memory.json", "/other"}
		}
		for _, key := range within {
			objects = append(objects, b+key)
		}
	}
	functions := []string{inSecond("lambda", "function:autobackup-hash-bytes-dev")}
	for _, name := range []string{"fetch-etags", "compare-etags", "compare-bytes", "hash-bytes", "failure-notifier", "heartbeat"} {
		functions = append(functions, inFirst("lambda", "function:autobackup-"+name+"-dev"))
	}
	logs := []string{logsOf("/aws/lambda/autobackup-fetch-etags"), logsOf("/aws/lambda/autobackup-compare-etags"), logsOf("/aws/lambda/autobackup-compare-bytes"), logsOf("/aws/lambda/autobackup-hash-bytes"), logsOf("/aws/lambda/autobackup-failure-notifier"), logsOf("/aws/lambda/autobackup-heartbeat"), logsOf("/aws/vendedlogs/pipes/autobackup-validation-pipe"), inSecond("logs", "log-group:/aws/lambda/autobackup-hash-bytes-dev:log-stream:s")}
	return []access{
		{"s3:GetObject s3:GetObjectVersion s3:PutObject s3:DeleteObject s3:DeleteObjectVersion s3:RestoreObject s3:GetObjectVersionForReplication s3:ReplicateObject s3:ReplicateDelete " +
			"s3:PutObjectRetention s3:PutObjectLegalHold s3:PutObjectVersionTagging s3:BypassGovernanceRetention s3:GetObjectVersionAcl s3:GetObjectVersionTagging s3:GetObjectVersionAttributes " +
			"s3:GetObjectRetention s3:GetObjectLegalHold s3:GetObjectVersionAnnotationForReplication s3:ReplicateTags s3:ListMultipartUploadParts s3:AbortMultipartUpload", objects},
		{"s3:ListBucket s3:ListBucketVersions s3:GetBucketTagging s3:GetReplicationConfiguration s3:GetLifecycleConfiguration s3:PutReplicationConfiguration s3:PutLifecycleConfiguration s3:PutBucketPolicy s3:DeleteBucket", buckets},
		{"sqs:SendMessage sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes sqs:PurgeQueue sqs:SetQueueAttributes", queues},
		{"sns:Publish sns:Subscribe sns:SetTopicAttributes", []string{topic, chatTopic}},
		{"events:PutEvents events:DeleteEventBus", []string{bus, inFirst("events", "event-bus/theirs")}},
		{"lambda:InvokeFunction lambda:UpdateFunctionCode", functions},
		{"states:StartExecution states:UpdateStateMachine", []string{machine}},
		{"states:DescribeExecution states:StopExecution states:RedriveExecution states:GetExecutionHistory", append(executions, inFirst("states", "execution:other:e"))},
		{"kms:Decrypt kms:Encrypt kms:GenerateDataKey kms:ScheduleKeyDeletion kms:PutKeyPolicy", keys},
		{"logs:CreateLogStream logs:PutLogEvents logs:DeleteLogStream", logs},
		{traces + " xray:GetSamplingRules xray:GetTraceSummaries logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery logs:ListLogDeliveries " +
			"logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups logs:DeleteLogGroup xray:GetSamplingTargets iam:PassRole s3:ListAllMyBuckets", []string{"*"}},
	}
}

func allows(accesses []access, action, on string) bool {
	return slices.ContainsFunc(accesses, func(a access) bool {
		return slices.Contains(strings.Fields(a.actions), action) && slices.ContainsFunc(a.on, func(pattern string) bool {
			matches, err := path.Match(pattern, on)
			return err == nil && matches
		})
	})
}

// byRoles are the calls that roles are tried with, those that they may make or those that
// they may not.
func byRoles(allowed bool) (all []gate.Call) {
	for role, own := range may {
		for _, a := range tried() {
			for _, action := range strings.Fields(a.actions) {
				for _, on := range a.on {
					if allows(own, action, on) == allowed {
						all = append(all, byRole(role, action, on))
					}
				}
			}
		}
	}
	return all
}

// byRole is a call as the role's service makes it, with keys through S3 where their content
// is S3's.
func byRole(role, action, on string) gate.Call {
	c := gate.Call{By: iam.Session(roleOf(role), "tried"), Action: action, Resource: "arn:aws:" + on, Context: map[string][]string{"aws:securetransport": {"true"}}}
	if on == "*" {
		c.Resource = on
	}
	if strings.HasPrefix(action, "events:") {
		c.Context["events:source"] = []string{"autobackup"}
	}
	if on == storageKey || on == replicaKey {
		c.Context["kms:viaservice"] = []string{"s3." + strings.Split(on, ":")[1] + ".amazonaws.com"}
		c.Context["kms:encryptioncontext:aws:s3:arn"] = []string{own(role) + "/k"}
	}
	return c
}
