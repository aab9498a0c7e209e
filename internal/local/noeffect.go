package local

import (
	"maps"
	"slices"
	"strings"

	"autobackup/internal/local/template"
)

const (
	noCW   = "metrics are not collected: nothing raises an alarm or shows a graph"
	noIAM  = "permissions are not enforced: faults stand in for missing ones"
	noKMS  = "nothing is encrypted at rest, and keys are not asked"
	noLogs = "nothing is logged to CloudWatch: a function's log is its standard error"
	noXRay = "nothing is traced"
)

// noEffect are the resource types, and the properties of types that have an
// effect, that a template may have and that change nothing here, with the
// reason. Any other unknown type or property is rejected.
var noEffect = map[string]string{
	"AWS::CloudWatch::Alarm":          noCW,
	"AWS::CloudWatch::CompositeAlarm": noCW,
	"AWS::CloudWatch::Dashboard":      noCW,

	"AWS::IAM::Role":          noIAM,
	"AWS::KMS::Alias":         noKMS,
	"AWS::KMS::Key":           noKMS,
	"AWS::Lambda::Permission": noIAM,
	"AWS::Logs::LogGroup":     noLogs,
	"AWS::S3::BucketPolicy":   noIAM,
	"AWS::SNS::TopicPolicy":   noIAM,
	"AWS::SQS::QueuePolicy":   noIAM,

	"AWS::Events::Rule.Description": "a text for people",

	"AWS::Pipes::Pipe.Description":      "a text for people",
	"AWS::Pipes::Pipe.LogConfiguration": noLogs,
	"AWS::Pipes::Pipe.RoleArn":          noIAM,

	"AWS::S3::Bucket.BucketEncryption":               "objects answer AES256 unless their upload names a KMS key",
	"AWS::S3::Bucket.LoggingConfiguration":           "requests are not logged",
	"AWS::S3::Bucket.OwnershipControls":              "there are no ACLs",
	"AWS::S3::Bucket.PublicAccessBlockConfiguration": "there are no ACLs, and policies are not enforced",

	"AWS::SNS::Topic.KmsMasterKeyId": noKMS,
	"AWS::SQS::Queue.KmsMasterKeyId": noKMS,

	"AWS::Serverless::Function.Architectures":                "functions are built for this machine",
	"AWS::Serverless::Function.Description":                  "a text for people",
	"AWS::Serverless::Function.Handler":                      "a Go function is one program",
	"AWS::Serverless::Function.KmsKeyArn":                    noKMS,
	"AWS::Serverless::Function.LoggingConfig":                noLogs,
	"AWS::Serverless::Function.ReservedConcurrentExecutions": "concurrency is not limited",
	"AWS::Serverless::Function.Role":                         noIAM,
	"AWS::Serverless::Function.Runtime":                      "a Go function is one program",
	"AWS::Serverless::Function.Tracing":                      noXRay,

	"AWS::Serverless::StateMachine.Logging": noLogs,
	"AWS::Serverless::StateMachine.Role":    noIAM,
	"AWS::Serverless::StateMachine.Tracing": noXRay,
}

// NoEffect lists the resource types and properties without effect here, sorted,
// with the reason for each. docs/local-fidelity.md prints it.
func NoEffect() (names []string, reason func(string) string) {
	return slices.Sorted(maps.Keys(noEffect)), func(name string) string { return noEffect[name] }
}

// decode takes the properties of a resource that have an effect here.
func decode(r template.Resource, into any) error {
	var ignore []string
	for name := range noEffect {
		if property, ok := strings.CutPrefix(name, r.Type+"."); ok {
			ignore = append(ignore, property)
		}
	}
	return template.Decode(r, into, ignore...)
}

// ignored gives the attributes by which others may refer to a resource that has
// no effect.
func (d *deployment) ignored(r template.Resource) (string, map[string]string, error) {
	name := d.stack + "-" + r.LogicalID
	switch r.Type {
	case "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm":
		return name, map[string]string{"Arn": d.arn("cloudwatch", "alarm:"+name)}, nil
	case "AWS::IAM::Role":
		return name, map[string]string{"Arn": "arn:aws:iam::" + d.Account + ":role/" + name}, nil
	case "AWS::KMS::Key":
		return name, map[string]string{"Arn": d.arn("kms", "key/"+name)}, nil
	case "AWS::Logs::LogGroup":
		return name, map[string]string{"Arn": d.arn("logs", "log-group:"+name+":*")}, nil
	default:
		return name, nil, nil
	}
}
