package doctor

// Place is what a call is done to.
type Place string

// The places.
const (
	Anything  Place = "anything"
	Stacks    Place = "stacks" // of both sides, as the functions
	Functions Place = "functions"
	Fetcher   Place = "fetch-etags"
	Topic     Place = "topic"
	Pipe      Place = "pipe"
	Machine   Place = "state machine"
	Audits    Place = "state machine of audits"
	Rules     Place = "rules"
	Queues    Place = "queues"
	Primaries Place = "primaries"
	Replicas  Place = "replicas"
)

// Permission is an IAM action that doctor needs, by the API operation that it makes.
type Permission struct {
	Operation string // as the SDK names it
	Action    string // empty: AWS asks for none
	On        []Place
}

var both = []Place{Primaries, Replicas}

// Permissions are all calls that doctor makes. Each is a read, but for the one that has
// fetch-etags look, which reads as well.
var Permissions = []Permission{
	{"GetCallerIdentity", "", []Place{Anything}},
	{"DescribeStacks", "cloudformation:DescribeStacks", []Place{Stacks}},
	{"GetFunctionConfiguration", "lambda:GetFunctionConfiguration", []Place{Functions}},
	{"Invoke", "lambda:InvokeFunction", []Place{Fetcher}},
	{"ListSubscriptionsByTopic", "sns:ListSubscriptionsByTopic", []Place{Topic}},
	// CloudWatch's call for metrics has no resource.
	{"GetMetricData", "cloudwatch:GetMetricData", []Place{Anything}},
	// SNS's call names a subscription, Lambda's has no narrower resource, and CloudWatch tells of composite alarms to whom it is
	// allowed on everything.
	{"GetSubscriptionAttributes", "sns:GetSubscriptionAttributes", []Place{Anything}},
	{"ListEventSourceMappings", "lambda:ListEventSourceMappings", []Place{Anything}},
	{"DescribeAlarms", "cloudwatch:DescribeAlarms", []Place{Anything}},
	{"DescribePipe", "pipes:DescribePipe", []Place{Pipe}},
	{"DescribeStateMachine", "states:DescribeStateMachine", []Place{Machine, Audits}},
	{"ListExecutions", "states:ListExecutions", []Place{Audits}},
	{"ListRules", "events:ListRules", []Place{Anything}},
	{"ListTargetsByRule", "events:ListTargetsByRule", []Place{Rules}},
	// It is asked where something of a bucket is not as it must be.
	{"LookupEvents", "cloudtrail:LookupEvents", []Place{Anything}},
	{"GetQueueUrl", "sqs:GetQueueUrl", []Place{Queues}},
	{"GetQueueAttributes", "sqs:GetQueueAttributes", []Place{Queues}},
	{"HeadBucket", "s3:ListBucket", both},
	{"GetBucketVersioning", "s3:GetBucketVersioning", both},
	{"GetBucketReplication", "s3:GetReplicationConfiguration", []Place{Primaries}},
	{"GetBucketNotificationConfiguration", "s3:GetBucketNotification", []Place{Primaries}},
	{"ListObjectVersions", "s3:ListBucketVersions", []Place{Primaries}},
}

func action(operation string) string {
	for _, p := range Permissions {
		if p.Operation == operation {
			return p.Action
		}
	}
	return ""
}
