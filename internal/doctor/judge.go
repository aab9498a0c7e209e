package doctor

import (
	"fmt"

	"autobackup/internal/text"
)

// judge is one Judge.
type judge struct {
	Facts
	found  []Finding
	unseen []unseen
}

// Judge says what follows from the facts. Where the primary stack is not there, nothing else
// of the stage was read.
func Judge(f Facts) Report {
	j := &judge{Facts: f}
	j.stacks()
	if f.primary().Status == "" && f.primary().Unread == nil {
		return j.report()
	}
	j.functions()
	j.mapping()
	j.versions()
	j.topic()
	j.pipe()
	j.machine()
	j.audits()
	j.heartbeats()
	j.rules()
	j.queues()
	j.alarms()
	j.buckets()
	j.looks()
	return j.report()
}

func (j *judge) say(level Level, area, subject, words string, mend ...string) {
	j.found = append(j.found, Finding{Level: level, Area: area, Subject: text.Line(subject, 80), Text: words, Mend: mend})
}

// unknown says that something could not be read; false: it was.
func (j *judge) unknown(u *Unread, area, subject, what string) bool {
	if u == nil {
		return false
	}
	words := fmt.Sprintf("%s: %s", what, text.Line(u.Why, 300))
	if u.Grant == "" {
		j.say(Unknown, area, subject, words, j.again())
		return true
	}
	j.say(Unknown, area, subject, fmt.Sprintf("%s (grant %s)", words, text.Line(u.Grant, 100)), j.policy())
	return true
}

// again is this command.
func (j *judge) again() string { return "autobackup doctor" + j.named() }

// policy prints all that this command needs.
func (j *judge) policy() string {
	return "autobackup policy doctor" + j.named() + " --account " + j.Stage.Account
}

func (j *judge) named() string { return " --stage " + j.Stage.Name + " --region " + j.Stage.Region }

// aws is a command of the AWS CLI in the primary's region.
func (j *judge) aws(words string) string { return "aws " + words + " --region " + j.Stage.Region }

// deploy is how a stack is deployed: samconfig.toml has an environment for each.
func (j *judge) deploy(s Stack) string {
	name := map[bool]string{true: "replica"}[s.Replica]
	if j.Stage.Name != "dev" {
		name += map[bool]string{true: "-"}[s.Replica] + j.Stage.Name
	}
	if name == "" {
		return "sam build && sam deploy"
	}
	return "sam build --config-env " + name + " && sam deploy --config-env " + name
}

// revert has CloudFormation make a stack's resources again what its template says: a
// deployment changes nothing of what somebody else changed.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
func (j *judge) revert(s Stack) []string {
	in := " --region " + s.Region + " --stack-name " + s.Name
	kept := "$(aws cloudformation describe-stacks" + in + ` --query "Stacks[0].Parameters[].join('', ['ParameterKey=', ParameterKey, ',UsePreviousValue=true'])" --output text)`
	return []string{
		"aws cloudformation create-change-set" + in + " --change-set-name as-it-was --deployment-mode REVERT_DRIFT --use-previous-template --capabilities CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND --parameters " + kept,
		"aws cloudformation wait change-set-create-complete" + in + " --change-set-name as-it-was",
		"aws cloudformation execute-change-set" + in + " --change-set-name as-it-was",
	}
}

func (j *judge) arn(service, resource string) string {
	return "arn:" + j.Stage.Partition + ":" + service + ":" + j.Stage.Region + ":" + j.Stage.Account + ":" + resource
}
