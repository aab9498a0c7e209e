package local_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/template"
)

// service is one that acts for a resource of this account, and all that it may do.
type service struct {
	name, source string
	account      bool // whether its grants ask for the account, too
	may          []access
}

// services are those that act by the policies of queues, topic and keys.
func services() []service {
	return []service{
		{"events", arnOf("events", "rule/autobackup-s3-upload-trigger-dev"), false, []access{{"sqs:SendMessage", []string{queues[0], queues[2]}}, {"kms:Decrypt kms:GenerateDataKey", []string{sqsKey}}}},
		{"s3", "arn:aws:s3:::autobackup-dev-primary-documents-" + account, true, []access{{"sqs:SendMessage", queues[3:4]}, {"kms:Decrypt kms:GenerateDataKey", []string{sqsKey}}}},
		{"cloudwatch", arnOf("cloudwatch", "alarm:autobackup-x-dev"), true, []access{{"sns:Publish", []string{topic}}, {"kms:Decrypt kms:GenerateDataKey", []string{snsKey}}}},
	}
}

// call is one of a service, for a resource of an account; either may be unknown.
func (s service) call(action, on, source, of, tls string) gate.Call {
	c := gate.Call{By: iam.Principal{Service: s.name + ".amazonaws.com"}, Action: action, Resource: "arn:aws:" + on, Context: map[string][]string{"aws:securetransport": {tls}}}
	// EventBridge names no source to KMS: whoever sends by it to any queue may use the key.
	if s.name == "events" && strings.HasPrefix(action, "kms:") {
		return c
	}
	for key, value := range map[string]string{"aws:sourcearn": source, "aws:sourceaccount": of} {
		if value != "" {
			c.Context[key] = []string{value}
		}
	}
	return c
}

// byServices are the calls of services that they may make, or may not.
func byServices(allowed bool) (all []gate.Call) {
	for _, s := range services() {
		for _, a := range tried()[2:] { // those of queues and what follows
			for _, action := range strings.Fields(a.actions) {
				for _, on := range a.on {
					if on == "*" || strings.HasPrefix(on, "lambda:") || strings.HasPrefix(on, "states:") || strings.HasPrefix(on, "logs:") {
						continue
					}
					if allows(s.may, action, on) == allowed {
						all = append(all, s.call(action, on, s.source, account, "true"))
					}
					if !allowed && allows(s.may, action, on) {
						all = append(all, s.confused(action, on)...)
					}
				}
			}
		}
	}
	return all
}

// byStrangers are calls of services that have nothing to do here, as if for what others have
// to do with, and of people of another account who may do everything in theirs.
func byStrangers() (all []gate.Call) {
	for _, s := range services() {
		for _, a := range s.may {
			for _, action := range strings.Fields(a.actions) {
				for _, on := range a.on {
					for _, name := range []string{"ec2", "sns", "lambda"} {
						all = append(all, service{name: name}.call(action, on, s.source, account, "true"))
					}
				}
			}
		}
	}
	beat, schedule := inFirst("lambda", "function:autobackup-heartbeat-dev"), arnOf("events", "rule/autobackup-heartbeat-dev")
	for _, name := range []string{"ec2", "sns", "lambda"} {
		all = append(all, service{name: name}.call("lambda:InvokeFunction", beat, schedule, account, "true"))
	}
	for _, source := range []string{"", schedule + "2", strings.Replace(schedule, account, stranger, 1), strings.Replace(schedule, firstRegion, "ap-south-2", 1), arnOf("events", "rule/autobackup-s3-upload-trigger-dev")} {
		all = append(all, service{name: "events"}.call("lambda:InvokeFunction", beat, source, account, "true"))
	}
	all = append(all, service{name: "events"}.call("lambda:UpdateFunctionCode", beat, schedule, account, "true"))
	for _, key := range keys {
		all = append(all, service{name: "lambda"}.call("kms:Decrypt", key, "", account, "true"))
	}
	all = append(all, service{name: "lambda"}.call("lambda:InvokeFunction", inSecond("lambda", "function:autobackup-hash-bytes-dev"), "", account, "true"))
	for _, a := range tried() {
		for _, action := range strings.Fields(a.actions) {
			for _, on := range a.on {
				for _, role := range theirs {
					c := gate.Call{By: iam.Session("arn:aws:iam::"+stranger+":role/"+role, "tried"), Action: action, Resource: "arn:aws:" + on, Context: map[string][]string{"aws:securetransport": {"true"}}}
					if on != "*" {
						all = append(all, c)
					}
				}
			}
		}
	}
	return all
}

// theirs are roles of another account, which may do everything there, and have names as some
// have here.
var theirs = []string{"github-autobackup-dev-cloudformation", "autobackup-dev-replication-documents", "autobackup-dev-fetch-etags"}

// impostors are roles of the primary's account that may do everything there.
var impostors = []string{"administrator", "autobackup-dev-fetch-etags2", "autobackup-dev-replication-documents2", "autobackup-dev-replication-media2", "autobackup-dev-replication-databases2", "autobackup-dev-replication-beat2", "autobackup-dev-heartbeat2"}

// byPrimarysAccount are calls about what is the replicas' account's, however much the primary's
// account allows its roles: the policies there decide alone.
func byPrimarysAccount() (all []gate.Call) {
	as := func(role, action, on string) gate.Call {
		c := byRole(role, action, on)
		if slices.Contains(impostors, role) {
			c.By = iam.Session("arn:aws:iam::"+account+":role/"+role, "tried")
		}
		return c
	}
	for _, role := range slices.Concat(slices.Sorted(maps.Keys(may)), impostors) {
		for _, a := range tried() {
			for _, action := range strings.Fields(a.actions) {
				for _, on := range a.on {
					// The key lets in whoever's name begins so: it knows no categories.
					named := strings.HasPrefix(role, "autobackup-dev-replication-") && on == replicaKey
					if role != "replica's HashBytesRole" && !named && action != "lambda:InvokeFunction" && !allows(may[role], action, on) { // which is the whole account's to do
						all = append(all, as(role, action, on))
					}
				}
			}
		}
	}
	for _, role := range []string{"fetch-etags", "replication-documents"} {
		for _, via := range []string{"", "s3.ap-south-2.amazonaws.com", "sqs." + secondRegion + ".amazonaws.com"} {
			c := as(role, "kms:Decrypt", replicaKey)
			if delete(c.Context, "kms:viaservice"); via != "" {
				c.Context["kms:viaservice"] = []string{via}
			}
			all = append(all, c)
		}
	}
	return all
}

// makeTheirs makes them.
func makeTheirs(t *testing.T, g *gate.Gate) {
	t.Helper()
	of := map[string]string{}
	for _, name := range theirs {
		of[name] = stranger
	}
	for _, name := range impostors {
		of[name] = account
	}
	for name, whose := range of {
		_, _, err := g.Types().Create(template.Target{Stack: "theirs", Region: firstRegion, Account: whose}, template.Resource{
			LogicalID: "Role", Type: "AWS::IAM::Role", Properties: map[string]any{
				"RoleName": name,
				"AssumeRolePolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
					"Effect": "Allow", "Principal": map[string]any{"AWS": stranger}, "Action": "sts:AssumeRole",
				}},
				"Policies": []any{map[string]any{"PolicyName": "all", "PolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
					"Effect": "Allow", "Action": "*", "Resource": "*",
				}}}},
			},
		})
		require.NoError(t, err)
	}
}

// confused are a call that a service may make as it makes it for somebody else's resource:
// each differs in one thing.
func (s service) confused(action, on string) (all []gate.Call) {
	if s.name == "events" && strings.HasPrefix(action, "kms:") {
		return nil
	}
	if !strings.HasPrefix(action, "kms:") {
		all = append(all, s.call(action, on, s.source, account, "false"))
	}
	sources := []string{
		"", s.source + "2", strings.Replace(s.source, account, stranger, 1), strings.Replace(s.source, firstRegion, "ap-south-2", 1),
		strings.Replace(s.source, "-primary-", "-replica-", 1), strings.Replace(s.source, "autobackup-", "other-", 1), strings.Replace(s.source, "-dev", "-prod", 1),
	}
	for _, source := range sources {
		if source != s.source && (s.name != "s3" || !strings.HasPrefix(source, "arn:aws:s3:::autobackup-dev-primary-")) {
			all = append(all, s.call(action, on, source, account, "true"))
		}
	}
	if s.account {
		all = append(all, s.call(action, on, s.source, "", "true"), s.call(action, on, s.source, stranger, "true"))
	}
	return all
}

// byTrust are roles that are assumed by whom they are for, or by somebody else, or for
// somebody else. Lambda and S3 say nothing of the account for which they do.
func byTrust(allowed bool) (all []gate.Call) {
	add := func(role, service string, context map[string][]string) {
		all = append(all, gate.Call{By: iam.Principal{Service: service + ".amazonaws.com"}, Action: "sts:AssumeRole", Resource: roleOf(role), Context: context})
	}
	for role, of := range roles {
		if !allowed {
			all = append(all, gate.Call{By: iam.Principal{ARN: "arn:aws:iam::" + account + ":root"}, Action: "sts:AssumeRole", Resource: roleOf(role)})
		}
		for service, trusted := range map[string]bool{"s3": true, "lambda": true, "states": true, "pipes": true, "ec2": false, "sns": false} {
			if (trusted && service == of) == allowed {
				add(role, service, map[string][]string{"aws:sourceaccount": {account}})
			}
		}
		if confused := of == "states" || of == "pipes"; confused && !allowed {
			add(role, of, nil)
			add(role, of, map[string][]string{"aws:sourceaccount": {stranger}})
		}
	}
	return all
}

// byContext are replications that decrypt by S3 what they are not for.
func byContext() (all []gate.Call) {
	for _, role := range []string{"replication-documents", "replication-media", "replication-databases", "replication-beat"} {
		for _, of := range []string{"", own(role) + "2", strings.Replace(own(role), account, stranger, 1), strings.Replace(own(role), account, stranger, 1) + "/k", strings.Replace(own(role), "primary-", "primary-other", 1)} {
			c := byRole(role, "kms:Decrypt", storageKey)
			if delete(c.Context, "kms:encryptioncontext:aws:s3:arn"); of != "" {
				c.Context["kms:encryptioncontext:aws:s3:arn"] = []string{of}
			}
			all = append(all, c)
		}
	}
	others := byRole("FailureNotifierRole", "events:PutEvents", bus)
	others.Context["events:source"] = []string{"acme.orders"}
	return append(all, others)
}

// pipeline is what the role of the pipeline's CloudFormation does with the stack's keys:
// docs/decisions/0036.
const pipeline = "kms:CreateAlias kms:DeleteAlias kms:DescribeKey kms:DisableKey kms:DisableKeyRotation kms:EnableKey kms:EnableKeyRotation kms:GetKeyPolicy " +
	"kms:GetKeyRotationStatus kms:ListResourceTags kms:PutKeyPolicy kms:ScheduleKeyDeletion kms:UpdateAlias kms:UpdateKeyDescription"

// byPipeline are the pipeline's calls, and those of who only looks like it.
func byPipeline(allowed bool) (all []gate.Call) {
	const of, name = "arn:aws:iam::", ":role/github-autobackup-dev-cloudformation"
	add := func(by iam.Principal, action, key string, context map[string][]string) {
		all = append(all, gate.Call{By: by, Action: action, Resource: "arn:aws:" + key, Context: context})
	}
	for _, key := range keys[:4] { // those of the templates
		for _, action := range strings.Fields(pipeline) {
			if allowed {
				add(iam.Session(of+account+name, "cloudformation"), action, key, nil)
				continue
			}
			for _, role := range []string{of + stranger + name, of + account + name + "2", of + account + ":role/somebody"} {
				add(iam.Session(role, "cloudformation"), action, key, nil)
			}
			add(iam.Principal{Service: "ec2.amazonaws.com"}, action, key, map[string][]string{"aws:sourcearn": {of + account + name}})
			add(iam.Principal{}, action, key, nil)
		}
		if !allowed {
			for _, action := range []string{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant"} {
				add(iam.Session(of+account+name, "cloudformation"), action, key, nil)
			}
		}
	}
	return all
}

// byOwner are calls of those whom the account's own policies let in, and what they may not
// do: speak without TLS.
func byOwner(g *gate.Gate, allowed bool) (all []gate.Call) {
	tls := map[bool]string{true: "true", false: "false"}[allowed]
	for _, a := range tried() {
		for _, action := range strings.Fields(a.actions) {
			for _, on := range a.on {
				guarded := slices.ContainsFunc([]string{"s3:", "sqs:", "sns:Publish"}, func(s string) bool { return strings.HasPrefix(action, s) }) && on != "*"
				if guarded || allowed && strings.HasPrefix(action, "kms:") {
					all = append(all, gate.Call{By: g.Owner(), Action: action, Resource: "arn:aws:" + on, Context: map[string][]string{"aws:securetransport": {tls}}})
				}
			}
		}
	}
	return all
}
