package policy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/cmd/autobackup/operations"
	"autobackup/internal/evidence"
)

// Target is what calls are done to: a statement's Sid says it in one word.
type Target string

const (
	bucket       Target = "Bucket"
	objects      Target = "Objects"
	keys         Target = "Keys"
	everything   Target = "Anything"
	outbox       Target = "Report"
	eventDLQ     Target = "EventDLQ"
	stateMachine Target = "StateMachine"
	auditMachine Target = "AuditStateMachine"
	executions   Target = "Executions"
	queueKeys    Target = "QueueKeys"
	queues       Target = "Queues" // that messages are sent to
	dlqs         Target = "DLQs"   // that they are moved from
	role         Target = "Roles"
	workBucket   Target = "WorkBucket"
	records      Target = "Records" // of what attach changed
	auditReports Target = "AuditReports"

	operationRecords Target = "Operations" // records of what people did with messages
	validationDLQ    Target = "ValidationDLQ"
	failureDLQ       Target = "FailureDLQ"
	parkedQueues     Target = "ParkedQueues" // that people take messages from
	workKeys         Target = "WorkKeys"     // of the working bucket

	stack            Target = "Stack"
	stackAnywhere    Target = "StackInItsRegion"
	keyStates        Target = "KeyStates" // of the queues' keys, which are not asked through SQS
	logGroups        Target = "Logs"
	looksLog         Target = "LooksLog"  // of the function that judges what looks have seen
	mailsLog         Target = "EMailsLog" // of the one that sends e-mails
	functions        Target = "Functions"
	pipe             Target = "Pipe"
	rehearsedAlarm   Target = "RehearsedAlarm"
	topic            Target = "Topic"
	replicationRoles Target = "ReplicationRoles"

	evidenceBucket Target = "EvidenceBucket"
	evidenceFiles  Target = "EvidenceFiles"
	evidenceKeys   Target = "EvidenceKeys"

	bothStacks    Target = "Stacks"
	bothFunctions Target = "AllFunctions"
	fetcher       Target = "FetchETags"
	uploadRules   Target = "UploadRules"
	allQueues     Target = "AllQueues"
)

// Stand for what nobody named.
const (
	noPrimary = "PRIMARY"
	noReplica = "REPLICA"
	noRegion  = "REGION"
	noAccount = "ACCOUNT"

	noEvidence = "EVIDENCE"
)

// resources are the ARNs of a target, on a side. None: the statement is left out.
func (o Options) resources(t Target, s Side) []string {
	switch t {
	case bucket:
		return o.arns(s, "")
	case objects:
		return o.arns(s, "/*")
	case outbox:
		return []string{o.below(o.Output.Bucket, o.Output.Rest)}
	case evidenceBucket:
		return []string{"arn:" + o.Partition + ":s3:::" + cmp.Or(o.Evidence.Bucket, noEvidence)}
	case evidenceFiles:
		return []string{o.below(cmp.Or(o.Evidence.Bucket, noEvidence), strings.TrimSuffix(o.Evidence.Rest, "/")+"/"+evidence.Root)}
	case keys:
		return o.keys(s)
	case queueKeys, keyStates, evidenceKeys, workKeys:
		return o.Keys
	case role:
		return o.Roles
	case workBucket:
		return []string{o.work()}
	case auditReports:
		return []string{o.work() + "/audits/*"}
	case records:
		return []string{o.work() + "/attached/*"}
	case operationRecords:
		return []string{o.work() + "/" + operations.Root + "*"}
	case everything:
		return []string{"*"}
	default:
		return o.ofStack(t)
	}
}

// ofStack are the ARNs of what has names in the stack. HERE stands for the primary
// stack's region and account.
func (o Options) ofStack(t Target) (all []string) {
	if t == topic && o.Topic != "" {
		return []string{o.Topic}
	}
	account := cmp.Or(o.Account, noAccount)
	names := strings.NewReplacer("HERE", cmp.Or(o.Region, noRegion)+":"+account, "REPLICAS", cmp.Or(o.ReplicaAccount, account), "ACCOUNT", account, "STAGE", o.Stage, "PATH", cmp.Or(o.RolePath, "/")+o.RoleNamePrefix)
	for _, form := range map[Target][]string{
		validationDLQ:    {"sqs:HERE:autobackup-validation-dlq-STAGE"},
		failureDLQ:       {"sqs:HERE:autobackup-failure-dlq-STAGE"},
		parkedQueues:     {"sqs:HERE:autobackup-validation-dlq-STAGE", "sqs:HERE:autobackup-event-dlq-STAGE"},
		eventDLQ:         {"sqs:HERE:autobackup-event-dlq-STAGE"},
		queues:           {"sqs:HERE:autobackup-validation-queue-STAGE", "sqs:HERE:autobackup-failure-queue-STAGE"},
		dlqs:             {"sqs:HERE:autobackup-validation-dlq-STAGE", "sqs:HERE:autobackup-failure-dlq-STAGE"},
		stateMachine:     {"states:HERE:stateMachine:autobackup-validation-STAGE"},
		auditMachine:     {"states:HERE:stateMachine:autobackup-audit-STAGE"},
		executions:       {"states:HERE:execution:autobackup-validation-STAGE:*"},
		stack:            {"cloudformation:HERE:stack/autobackup-STAGE/*"},
		stackAnywhere:    {"cloudformation:*:ACCOUNT:stack/autobackup-STAGE/*"},
		functions:        {"lambda:HERE:function:autobackup-*-STAGE"},
		pipe:             {"pipes:HERE:pipe/autobackup-validation-pipe-STAGE"},
		rehearsedAlarm:   {"cloudwatch:HERE:alarm:autobackup-pipe-not-running-STAGE"},
		topic:            {"sns:HERE:autobackup-failure-topic-STAGE"},
		replicationRoles: {"iam::ACCOUNT:rolePATHautobackup-STAGE-replication-*"},
		bothStacks:       {"cloudformation:HERE:stack/autobackup-STAGE/*", "cloudformation:*:REPLICAS:stack/autobackup-replica-STAGE/*"},
		bothFunctions:    {"lambda:HERE:function:autobackup-*-STAGE", "lambda:*:REPLICAS:function:autobackup-hash-bytes-STAGE"},
		fetcher:          {"lambda:HERE:function:autobackup-fetch-etags-STAGE"},
		uploadRules:      {"events:HERE:rule/autobackup-s3-upload-trigger-STAGE", "events:HERE:rule/autobackup-s3-upload-trigger-Buckets*-STAGE"},
		allQueues:        {"sqs:HERE:autobackup-*-STAGE"},
		looksLog:         {"logs:HERE:log-group:/aws/lambda/autobackup-compare-etags-STAGE:*"},
		mailsLog:         {"logs:HERE:log-group:/aws/lambda/autobackup-failure-notifier-STAGE:*"},
		// Also of the function that runs in the second region.
		logGroups: {"logs:*:ACCOUNT:log-group:/aws/lambda/autobackup-*-STAGE:*", "logs:HERE:log-group:/aws/vendedlogs/pipes/autobackup-validation-pipe-STAGE:*"},
	}[t] {
		all = append(all, "arn:"+o.Partition+":"+names.Replace(form))
	}
	return all
}

// below is all of a bucket whose keys begin with a prefix, which ends where a folder does.
func (o Options) below(bucket, prefix string) string {
	return "arn:" + o.Partition + ":s3:::" + plain(bucket+"/"+strings.TrimPrefix(strings.TrimSuffix(prefix, "/")+"/", "/")) + "*"
}

func (o Options) work() string {
	return "arn:" + o.Partition + ":s3:::autobackup-" + o.Stage + "-work-" + cmp.Or(o.Account, noAccount)
}

func (o Options) arns(s Side, behind string) (all []string) {
	names := []string{cmp.Or(o.Primary, noPrimary)}
	if s == Replica {
		if names = o.Replicas; len(names) == 0 {
			names = []string{noReplica}
		}
	}
	if o.doctors() { // which also reads those that the stacks have made
		names = o.stage(s)
	}
	for _, name := range names {
		all = append(all, "arn:"+o.Partition+":s3:::"+name+behind)
	}
	return all
}

// stage are the buckets of the stage's categories, and those that were named.
func (o Options) stage(s Side) []string {
	side, account, named := "primary", cmp.Or(o.Account, noAccount), o.Replicas
	if s == Replica {
		side, account = "replica", cmp.Or(o.ReplicaAccount, account)
	} else if named = nil; o.Primary != "" {
		named = []string{o.Primary}
	}
	return append([]string{"autobackup-" + o.Stage + "-" + side + "-*-" + account}, named...)
}

func (o Options) keys(s Side) []string {
	if s == Replica {
		return o.ReplicaKeys
	}
	return o.Keys
}

// plain is a text in a resource in which nothing stands for anything else.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func plain(s string) string {
	return strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}").Replace(s)
}

// via says through which service alone a key may be used: that of the calls, in the
// key's region.
func via(t Target, arns []string) map[string]map[string][]string {
	service := map[Target]string{keys: "s3", evidenceKeys: "s3", workKeys: "s3", queueKeys: "sqs"}[t]
	if service == "" {
		return nil
	}
	var names []string
	for _, a := range arns {
		key, _ := arn.Parse(a) // check has
		if name := service + "." + key.Region + ".amazonaws.*"; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return map[string]map[string][]string{"StringLike": {"kms:ViaService": names}}
}
