package policy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// Target is what calls are done to: a statement's Sid says it in one word.
type Target string

const (
	bucket          Target = "Bucket"
	objects         Target = "Objects"
	keys            Target = "Keys"
	everything      Target = "Anything"
	outbox          Target = "Report"
	validationQueue Target = "ValidationQueue"
	eventDLQ        Target = "EventDLQ"
	stateMachine    Target = "StateMachine"
	executions      Target = "Executions"
	queueKeys       Target = "QueueKeys"
	queues          Target = "Queues" // that messages are sent to
	dlqs            Target = "DLQs"   // that they are moved from
	role            Target = "Roles"
)

// Stand for what nobody named.
const (
	noPrimary = "PRIMARY"
	noReplica = "REPLICA"
	noRegion  = "REGION"
	noAccount = "ACCOUNT"
)

// resources are the ARNs of a target, on a side. None: the statement is left out.
func (o Options) resources(t Target, s Side) []string {
	at := func(service string, resources ...string) (all []string) {
		for _, resource := range resources {
			all = append(all, "arn:"+o.Partition+":"+service+":"+cmp.Or(o.Region, noRegion)+":"+cmp.Or(o.Account, noAccount)+":"+resource)
		}
		return all
	}
	switch t {
	case bucket:
		return o.arns(s, "")
	case objects:
		return o.arns(s, "/*")
	case outbox:
		return []string{"arn:" + o.Partition + ":s3:::" + plain(o.Output.Bucket+"/"+strings.TrimPrefix(strings.TrimSuffix(o.Output.Rest, "/")+"/", "/")) + "*"}
	case keys:
		return o.keys(s)
	case queueKeys:
		return o.Keys
	case role:
		return o.Roles
	case validationQueue:
		return at("sqs", "autobackup-validation-queue-"+o.Stage)
	case eventDLQ:
		return at("sqs", "autobackup-event-dlq-"+o.Stage)
	case queues:
		return at("sqs", "autobackup-validation-queue-"+o.Stage, "autobackup-failure-queue-"+o.Stage)
	case dlqs:
		return at("sqs", "autobackup-validation-dlq-"+o.Stage, "autobackup-failure-dlq-"+o.Stage)
	case stateMachine:
		return at("states", "stateMachine:autobackup-validation-"+o.Stage)
	case executions:
		return at("states", "execution:autobackup-validation-"+o.Stage+":*")
	default:
		return []string{"*"}
	}
}

func (o Options) arns(s Side, behind string) (all []string) {
	names := []string{cmp.Or(o.Primary, noPrimary)}
	if s == Replica {
		if names = o.Replicas; len(names) == 0 {
			names = []string{noReplica}
		}
	}
	for _, name := range names {
		all = append(all, "arn:"+o.Partition+":s3:::"+name+behind)
	}
	return all
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
	service := map[Target]string{keys: "s3", queueKeys: "sqs"}[t]
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
