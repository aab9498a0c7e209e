package local

import (
	"autobackup/internal/local/template"
)

// deployment creates the resources of one template in one region.
type deployment struct {
	*Stack
	region, stack string
}

// create makes a resource and answers its Ref and attributes.
func (d *deployment) create(r template.Resource) (string, map[string]string, error) {
	switch r.Type {
	case "AWS::S3::Bucket":
		return d.bucket(r)
	case "AWS::SQS::Queue":
		return d.queue(r)
	case "AWS::SNS::Topic":
		return d.topic(r)
	case "AWS::Events::Rule":
		return d.rule(r)
	case "AWS::Pipes::Pipe":
		return d.pipe(r)
	case "AWS::Serverless::Function":
		return d.function(r)
	case "AWS::Serverless::StateMachine":
		return d.stateMachine(r)
	}
	if noEffect[r.Type] != "" {
		return d.ignored(r)
	}
	return "", nil, r.Errorf("", "resource type %s is not supported by the local stack, and not on the list of types without effect here", r.Type)
}
