package local_test

import (
	"fmt"
	"slices"
	"strings"

	"autobackup/local/iam"
)

// mutant is a policy with one thing in it removed or turned.
type mutant struct {
	what string // such as "TLSOnly: the Effect turned"
	iam.Document
}

// mutants are all that can be removed from a policy or turned in it, each alone. The
// resources of the stack's policies are known to it, so that it can name another one.
func mutants(d iam.Document, resources []string) (all []mutant) {
	for i := range d.Statements {
		add := func(what string, turn func(s *iam.Statement)) {
			m := mutant{what: d.Name + ", " + title(d.Statements[i]) + ": " + what, Document: d}
			m.Statements = slices.Clone(d.Statements)
			s := &m.Statements[i]
			s.Principals, s.Actions, s.Resources, s.Conditions = slices.Clone(s.Principals), slices.Clone(s.Actions), slices.Clone(s.Resources), slices.Clone(s.Conditions)
			turn(s)
			all = append(all, m)
		}
		whole := d
		whole.Statements = slices.Delete(slices.Clone(d.Statements), i, i+1)
		all = append(all, mutant{d.Name + ", " + title(d.Statements[i]) + ": removed", whole})
		add("the Effect turned", func(s *iam.Statement) {
			s.Effect = map[iam.Effect]iam.Effect{iam.Allow: iam.Deny, iam.Deny: iam.Allow}[s.Effect]
		})
		ofPrincipals(d.Statements[i], add)
		ofActions(d.Statements[i], add)
		ofResources(d.Statements[i], resources, add)
		for k := range d.Statements[i].Conditions {
			ofCondition(d.Statements[i], k, add)
		}
	}
	return all
}

type adding func(what string, turn func(s *iam.Statement))

// title names a statement: few have a Sid, and a place changes with the parameters.
func title(s iam.Statement) string {
	if s.Sid != "" {
		return s.Sid
	}
	if len(s.Resources) == 0 {
		return s.Actions[0]
	}
	return s.Actions[0] + " on " + s.Resources[0]
}

// less and instead are a list with one member gone or another.
func less[T any](list []T, i int) []T { return slices.Delete(slices.Clone(list), i, i+1) }

func instead[T any](list []T, i int, other T) []T {
	list = slices.Clone(list)
	list[i] = other
	return list
}

func ofPrincipals(s iam.Statement, add adding) {
	for i, w := range s.Principals {
		for _, other := range whoElse(w) {
			add(fmt.Sprintf("the principal %s is %s", w.Value, other.Value), func(s *iam.Statement) { s.Principals = instead(s.Principals, i, other) })
			if w.Value != "*" {
				add(fmt.Sprintf("the principal %s, too", other.Value), func(s *iam.Statement) { s.Principals = append(s.Principals, other) })
			}
		}
	}
}

// whoElse are those who stand near somebody: another service, everybody, another account
// or role.
func whoElse(w iam.Who) []iam.Who {
	if w.Type == "Service" {
		return []iam.Who{{Type: "Service", Value: "ec2.amazonaws.com"}, {Type: "Service", Value: "sns.amazonaws.com"}, {Type: "AWS", Value: "*"}, {Type: "AWS", Value: account}}
	}
	others := []iam.Who{{Type: "AWS", Value: stranger}, {Type: "AWS", Value: roleOf("HashBytesRole")}, {Type: "Service", Value: "lambda.amazonaws.com"}}
	if w.Value != "*" {
		return append(others, iam.Who{Type: "AWS", Value: "*"})
	}
	return append(others, iam.Who{Type: "AWS", Value: account})
}

// near are actions that are easily taken for each other. Where one stands, the other is
// tried in its place.
var near = [][2]string{
	{"s3:GetObject", "s3:GetObjectVersion"}, {"s3:GetObjectVersionForReplication", "s3:GetObjectVersion"}, {"s3:GetObjectVersionAcl", "s3:GetObjectAcl"},
	{"s3:GetObjectVersionTagging", "s3:GetObjectTagging"}, {"s3:GetObjectVersionAttributes", "s3:GetObjectAttributes"}, {"s3:ListBucket", "s3:ListBucketVersions"},
	{"s3:GetReplicationConfiguration", "s3:PutReplicationConfiguration"}, {"s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration"},
	{"s3:GetObjectRetention", "s3:PutObjectRetention"}, {"s3:GetObjectLegalHold", "s3:PutObjectLegalHold"}, {"s3:PutObject", "s3:GetObject"},
	{"s3:ReplicateObject", "s3:PutObject"}, {"s3:ReplicateDelete", "s3:DeleteObject"}, {"s3:ReplicateTags", "s3:PutObjectTagging"},
	{"sqs:SendMessage", "sqs:ReceiveMessage"}, {"sqs:DeleteMessage", "sqs:PurgeQueue"}, {"sqs:GetQueueAttributes", "sqs:SetQueueAttributes"}, {"sns:Publish", "sns:Subscribe"},
	{"kms:Decrypt", "kms:Encrypt"}, {"kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"}, {"lambda:InvokeFunction", "lambda:InvokeAsync"},
	{"states:StartExecution", "states:StartSyncExecution"}, {"states:StopExecution", "states:StartExecution"}, {"sts:AssumeRole", "sts:TagSession"},
	{"kms:*", "kms:Decrypt"}, {"s3:*", "s3:Get*"}, {"sqs:*", "sqs:SendMessage"},
}

func ofActions(s iam.Statement, add adding) {
	for i, a := range s.Actions {
		if len(s.Actions) > 1 {
			add(a+" removed", func(s *iam.Statement) { s.Actions = less(s.Actions, i) })
		}
		others := []string{a[:strings.Index(a, ":")] + ":Other"}
		for _, pair := range near {
			if pair[0] == a {
				others = append(others, pair[1])
			}
			if pair[1] == a && !strings.HasSuffix(pair[0], "*") {
				others = append(others, pair[0])
			}
		}
		if !strings.HasSuffix(a, "*") {
			others = append(others, a[:strings.Index(a, ":")]+":*")
		}
		for _, other := range others {
			add(a+" is "+other, func(s *iam.Statement) { s.Actions = instead(s.Actions, i, other) })
		}
	}
	add("Action is NotAction", func(s *iam.Statement) { s.Actions, s.NotActions = nil, s.Actions })
}

func ofResources(s iam.Statement, resources []string, add adding) {
	if len(s.Resources) == 0 {
		return
	}
	for i, r := range s.Resources {
		if len(s.Resources) > 1 {
			add(r+" removed", func(s *iam.Statement) { s.Resources = less(s.Resources, i) })
		}
		for _, other := range whichElse(r, resources) {
			add(r+" is "+other, func(s *iam.Statement) { s.Resources = instead(s.Resources, i, other) })
		}
	}
	add("Resource is NotResource", func(s *iam.Statement) { s.Resources, s.NotResources = nil, s.Resources })
}

// whichElse are resources that stand near one: all, its objects or its bucket, the next one
// of its service, and the same one elsewhere.
func whichElse(r string, resources []string) (all []string) {
	if r == "*" {
		return []string{foreign}
	}
	all = append(all, "*")
	if bucket, ok := strings.CutSuffix(r, "/*"); ok {
		all = append(all, bucket)
	} else {
		all = append(all, r+"/*")
	}
	parts := strings.SplitN(r, ":", 6)
	for _, other := range resources {
		if other != r && !slices.Contains(all, other) && strings.HasPrefix(other, strings.Join(parts[:3], ":")) {
			all = append(all, other)
		}
	}
	for i, place := range map[int]string{3: "ap-south-2", 4: stranger} {
		if parts[i] != "" {
			elsewhere := slices.Clone(parts)
			elsewhere[i] = place
			all = append(all, strings.Join(elsewhere, ":"))
		}
	}
	return all
}
