package local

import (
	"maps"
	"slices"

	"autobackup/internal/local/template"
)

// noEffect are the resource types that a template may have and that change
// nothing here, with the reason. Any other unknown type is rejected.
var noEffect = map[string]string{
	"AWS::IAM::Role":        "permissions are not enforced: faults stand in for missing ones",
	"AWS::SQS::QueuePolicy": "permissions are not enforced: faults stand in for missing ones",
}

// NoEffect lists the resource types without effect here, sorted, with the
// reason for each. docs/local-fidelity.md prints it.
func NoEffect() (types []string, reason func(string) string) {
	return slices.Sorted(maps.Keys(noEffect)), func(t string) string { return noEffect[t] }
}

// ignored gives the attributes by which others may refer to a resource that has
// no effect.
func (d *deployment) ignored(r template.Resource) (string, map[string]string, error) {
	switch r.Type {
	case "AWS::IAM::Role":
		name := d.stack + "-" + r.LogicalID
		return name, map[string]string{"Arn": "arn:aws:iam::" + d.Account + ":role/" + name}, nil
	default:
		return d.stack + "-" + r.LogicalID, nil, nil
	}
}
