package iamtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"autobackup/local/iam"
	"autobackup/local/template"
)

// Policy is one of the templates' policies, as CloudFormation creates it.
type Policy struct {
	Of   string // the resource's path in the template
	Kind iam.Kind
	Text json.RawMessage
}

const attachedKey = "arn:aws:kms:eu-central-1:" + Here + ":key/acme"

// Oncall is a topic that is there before the stacks.
const Oncall = "arn:aws:sns:eu-central-1:" + Here + ":oncall"

const ownKey = "arn:aws:kms:eu-west-1:" + There + ":key/own"

// stacks are the templates, each with the least that it needs, in both forms, and with every option.
var stacks = []struct {
	file       string
	parameters map[string]string
}{
	{"template.yaml", map[string]string{"AlertEmail": "a@example.com", "ReplicaRegion": "eu-west-1"}},
	{"template.yaml", map[string]string{"AlertEmail": "a@example.com", "ReplicaRegion": "eu-west-1", "Form": "lean", "Buckets": "acme-one"}},
	{"template.yaml", map[string]string{
		"AlertEmail": "a@example.com", "ReplicaRegion": "eu-west-1", "StorageEncryption": "SSE-KMS", "ReplicaAccount": There, "ReplicaKmsKeyArn": ownKey,
		"EnvironmentKmsKeyArn": ownKey, "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/b", "AccessLogBucket": "logs", "WorkflowLogLevel": "ALL",
		"ByteVerification": "always", "ReplicationTimeControl": "Enabled", "MetadataDifferences": "alert", "AlertEvents": "Enabled", "ChatAlerts": "Enabled", "OwnerTag": "team",
		"DoctorSchedule": "rate(1 day)", "AuditLevel": "rest", "AuditSchedule": "rate(1 day)", "AuditFindings": "validate", "ScrubDays": "90", "EvidenceDays": "400", "EvidenceLock": "GOVERNANCE", "SubnetIds": "subnet-0a1b2c3d", "SecurityGroupIds": "sg-0a1b2c3d",
	}},
	{"template.yaml", map[string]string{
		"AlertTopicArn": Oncall, "AlertTopicKeyArn": attachedKey, "ReplicaRegion": "eu-west-1",
	}},
	{"template.yaml", map[string]string{
		"AlertEmail": "a@example.com", "Categories": "", "Buckets": "acme-one,acme-two", "ReplicaBuckets": "acme-copy", "BucketKeyArns": attachedKey, "ReplicaKeyArns": ownKey,
		"ReplicaHashBytesArns": "arn:aws:lambda:eu-west-1:" + There + ":function:autobackup-hash-bytes-dev",
		"AlertEvents":          "Enabled", "OwnerTag": "team", "DoctorSchedule": "rate(1 day)", "AuditLevel": "rest", "AuditSchedule": "rate(1 day)", "AuditFindings": "validate", "ScrubDays": "90",
	}},
	{"replica.yaml", nil},
	{"replica.yaml", map[string]string{"StorageEncryption": "SSE-KMS", "PrimaryAccount": There, "AuditLevel": "rest", "ObjectLockMode": "COMPLIANCE", "ObjectLockDays": "7", "SubnetIds": "subnet-0a1b2c3d", "SecurityGroupIds": "sg-0a1b2c3d"}},
	{"replica.yaml", map[string]string{"Categories": "", "ReplicaBuckets": "acme-copy", "ReplicaKeyArns": attachedKey}},
}

// pipeline is the template of the roles that deploy.
var pipeline = map[string]string{"Repository": "owner/name", "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/b"}

// arns are those of the types that policies name.
var arns = map[string]string{
	"AWS::S3::Bucket":               "arn:aws:s3:::%s",
	"AWS::SQS::Queue":               "arn:aws:sqs:eu-central-1:" + Here + ":%s",
	"AWS::SNS::Topic":               "arn:aws:sns:eu-central-1:" + Here + ":%s",
	"AWS::KMS::Key":                 "arn:aws:kms:eu-central-1:" + Here + ":key/%s",
	"AWS::Logs::LogGroup":           "arn:aws:logs:eu-central-1:" + Here + ":log-group:%s:*",
	"AWS::Events::Rule":             "arn:aws:events:eu-central-1:" + Here + ":rule/%s",
	"AWS::Serverless::Function":     "arn:aws:lambda:eu-central-1:" + Here + ":function:%s",
	"AWS::Serverless::StateMachine": "arn:aws:states:eu-central-1:" + Here + ":stateMachine:%s",
	"AWS::IAM::Role":                "arn:aws:iam::" + Here + ":role/%s",
	"AWS::IAM::OIDCProvider":        "arn:aws:iam::" + Here + ":oidc-provider/%s",
}

// OfTemplates are the policies of both templates in every configuration here. Whoever asks again
// for the same project gets the same.
func OfTemplates(project string) ([]Policy, error) {
	once, _ := ofTemplates.LoadOrStore(project, sync.OnceValues(func() ([]Policy, error) { return readTemplates(project) }))
	return once.(func() ([]Policy, error))()
}

var ofTemplates sync.Map // by the project

func readTemplates(project string) (all []Policy, err error) {
	for _, s := range stacks {
		found, err := policies(project, s.file, s.parameters)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// OfPipeline are those of the pipeline's template that no identity provider has a part in.
func OfPipeline(project string) ([]Policy, error) {
	return policies(project, "pipeline.yaml", pipeline)
}

func policies(project, file string, parameters map[string]string) (all []Policy, err error) {
	source, err := os.ReadFile(filepath.Join(project, file)) // #nosec G304: the project's own file
	if err != nil {
		return nil, err
	}
	t, err := template.Load(source, file)
	if err != nil {
		return nil, err
	}
	s, err := t.Resolve(template.Options{StackName: "autobackup", Region: "eu-central-1", Account: Here, Parameters: parameters, Attributes: attributes})
	if err != nil {
		return nil, err
	}
	for _, r := range s.Resources {
		if all, err = collect(all, r, "", r.Properties); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// names are the properties that name a resource; without one, its logical id does.
var names = []string{"BucketName", "QueueName", "TopicName", "LogGroupName", "FunctionName", "RoleName", "Name"}

func attributes(r template.Resource) (string, map[string]string, error) {
	ref, arn := r.LogicalID, ""
	for _, property := range names {
		if name, ok := r.Properties[property].(string); ok {
			ref = name
		}
	}
	if form := arns[r.Type]; form != "" {
		arn = fmt.Sprintf(form, ref)
	}
	if r.Type == "AWS::SNS::Topic" || r.Type == "AWS::Serverless::StateMachine" {
		ref = arn
	}
	return ref, map[string]string{"Arn": arn, "QueueName": ref}, nil
}

// kinds are the policies' kinds, by type of resource and property.
var kinds = map[string]iam.Kind{
	"AWS::IAM::Role PolicyDocument":           iam.Identity,
	"AWS::IAM::ManagedPolicy PolicyDocument":  iam.Identity,
	"AWS::IAM::Role AssumeRolePolicyDocument": iam.Trust,
	"AWS::S3::BucketPolicy PolicyDocument":    iam.Bucket,
	"AWS::SQS::QueuePolicy PolicyDocument":    iam.Queue,
	"AWS::SNS::TopicPolicy PolicyDocument":    iam.Topic,
	"AWS::KMS::Key KeyPolicy":                 iam.Key,
}

// collect finds whatever has statements in a resource's properties.
func collect(all []Policy, r template.Resource, name string, value any) (_ []Policy, err error) {
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			if all, err = collect(all, r, name, one); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		if v["Statement"] == nil {
			for key, one := range v {
				if all, err = collect(all, r, key, one); err != nil {
					return nil, err
				}
			}
			return all, nil
		}
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		kind := kinds[r.Type+" "+name]
		if kind == "" {
			return nil, r.Errorf("", "the policy %s is of no kind that is known here", name)
		}
		if !strings.Contains(string(text), `"Federated"`) {
			all = append(all, Policy{Of: r.Path, Kind: kind, Text: text})
		}
	}
	return all, nil
}
