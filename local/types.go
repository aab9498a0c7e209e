package local

import (
	"maps"
	"slices"

	"autobackup/local/template"
)

// types are all resource types that a template may have.
func (s *Stack) types() template.Types {
	return template.Merge(s.S3.Types(), s.SQS.Types(), s.SNS.Types(), s.Events.Types(), s.Pipes.Types(), s.Lambda.Types(), s.States.Types(), s.Logs.Types(), s.Gate.Types(), homeless())
}

// homeless are the types of services that do nothing here, and so have no package.
func homeless() template.Types {
	const noCW = "metrics are not collected: nothing raises an alarm or shows a graph"
	alarm := template.Ignore(noCW, func(t template.Target, name string) map[string]string {
		return map[string]string{"Arn": t.ARN("cloudwatch", "alarm:"+name)}
	})
	return template.Types{
		"AWS::CloudWatch::Alarm":          alarm,
		"AWS::CloudWatch::CompositeAlarm": alarm,
		"AWS::CloudWatch::Dashboard":      template.Ignore(noCW, nil),
	}
}

// NoEffect lists the resource types and properties without effect here, sorted,
// with the reason for each. docs/local-fidelity.md prints it.
func NoEffect() (names []string, reason func(string) string) {
	reasons := (&Stack{}).types().NoEffect() // to list types, no service need run
	return slices.Sorted(maps.Keys(reasons)), func(name string) string { return reasons[name] }
}
