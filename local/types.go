package local

import (
	"maps"
	"slices"

	"autobackup/local/cloudwatch"
	"autobackup/local/template"
)

// types are all resource types that a template may have.
func (s *Stack) types() template.Types {
	alarms := s.CloudWatch
	if alarms == nil { // types are listed without a service
		alarms = &cloudwatch.Service{}
	}
	return template.Merge(s.S3.Types(), s.SQS.Types(), s.SNS.Types(), s.Events.Types(), s.Pipes.Types(), s.Lambda.Types(), s.States.Types(), s.Logs.Types(), s.Gate.Types(), alarms.Types())
}

// NoEffect lists the resource types and properties without effect here, sorted,
// with the reason for each. docs/local-fidelity.md prints it.
func NoEffect() (names []string, reason func(string) string) {
	reasons := (&Stack{}).types().NoEffect() // to list types, no service need run
	return slices.Sorted(maps.Keys(reasons)), func(name string) string { return reasons[name] }
}
