package attach

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// State is what becomes of a bucket.
type State string

// The states: what is worst first.
const (
	Refused  State = "cannot be attached"
	Waiting  State = "the stage does not take it yet"
	Owned    State = "infrastructure code owns it"
	Unclear  State = "infrastructure code may own it"
	Ready    State = "to be changed"
	Attached State = "attached"
)

var states = []State{Refused, Waiting, Owned, Unclear, Ready, Attached}

// Asks says whether only a person who saw the warning changes such a bucket.
func (s State) Asks() bool { return s == Owned || s == Unclear }

// Line is one of the first screen.
type Line struct {
	Word string `json:"word"` // FAIL, next, ok, change, note, ?, warning, undo
	Text string `json:"text"`
}

// Plan is what follows from the facts about a bucket.
type Plan struct {
	Bucket string        `json:"bucket"`
	State  State         `json:"state"`
	Lines  []Line        `json:"lines"`
	Was    Configuration `json:"was"`
	Change Change        `json:"change"`
	// Becomes is the whole configuration after it.
	Becomes Configuration `json:"becomes"`
}

// Judge plans what to do about a bucket.
func Judge(s Stage, b Bucket) Plan {
	p := &Plan{Bucket: b.Bucket, Was: b.Configuration, Becomes: b.Configuration}
	policies := s.accesses(&b)
	p.refuse(s, &b, policies)
	if len(p.Lines) > 0 {
		p.State = Refused
		p.unknown(s, &b, policies)
		return *p
	}
	p.Change = Change{EventBridge: !b.EventBridge}
	if b.Measured() && len(b.Sends(Failed)) == 0 {
		p.Change.Notification = s.notification(b.Configuration)
	}
	p.Becomes = Merge(p.Was, p.Change)
	tool, tag := Owner(b.Tags)
	switch {
	case !slices.Contains(b.Stages, s.Name):
		p.State = Waiting
		p.say("next", "no EventBridge rule of the stage takes all of its uploads: add %s to Buckets and %s to ReplicaBuckets of the stacks (--write samconfig.toml does), deploy (docs/deploy.md), and attach again", text.Name(b.Bucket), names(b.Replicas))
	case b.unnamed(s) != "":
		p.State = Waiting
		p.say("next", "the primary stack's parameters do not name %s, without which each upload would end in ACCESS_DENIED: --write samconfig.toml adds it; deploy (docs/deploy.md), and attach again", b.unnamed(s))
	case p.Change.None():
		p.State = Attached
	case !b.Known(Tags):
		p.State = Unclear
	case tool != "":
		p.State = Owned
	default:
		p.State = Ready
	}
	p.fine(s, &b, policies)
	p.changes(&b)
	p.notes(s, &b)
	p.limits(s, &b, policies)
	p.unknown(s, &b, policies)
	if !b.Known(Tags) {
		p.say("warning", "its tags could not be read, so that whose code owns it is not known: the next run of such code may undo this silently; --yes leaves it as it is, and --print is for its code")
	} else if tool != "" {
		p.say("warning", "its tag %s says that %s owns it: its next run may undo this silently; --print %s is for its code", tag, tool, Form(b.Tags))
	}
	if p.Change.None() && b.Record == nil {
		p.say("undo", "nothing here is attach's, so that detach has nothing to take back")
	} else {
		p.say("undo", "autobackup detach s3://%s --stage %s --region %s (leaves EventBridge on)", text.Name(b.Bucket), s.Name, s.Region)
	}
	return *p
}

func (p *Plan) say(word, format string, args ...any) {
	p.Lines = append(p.Lines, Line{word, fmt.Sprintf(format, args...)})
}

// needed are the facts without which nothing is changed.
var needed = []Fact{Where, Versioning, Replication, Notifications, Triggers, Recorded}

// refuse says why the bucket can't be attached.
func (p *Plan) refuse(s Stage, b *Bucket, all []access) {
	if b.Gone {
		p.say("FAIL", "there is no such bucket in the partition %s: check its name with aws s3 ls", s.Partition)
		return
	}
	for _, f := range needed {
		switch {
		case b.Known(f):
		case f == Where && b.refused(f):
			p.say("FAIL", "HeadBucket is refused: it belongs to another account than %s, or s3:ListBucket is denied; a bucket is attached to a stage of its own account, with credentials of that account that may list it", s.Account)
		default:
			p.say("FAIL", "not known, and nothing is changed without: %s (see below)", f)
		}
	}
	if len(p.Lines) > 0 {
		return
	}
	if b.Region != s.Region {
		p.say("FAIL", "it is in %s, and the stage %s in %s, where its events never come: deploy a stage in %s (docs/deploy.md), and name it with --stage and --region", text.Name(b.Region), s.Name, s.Region, text.Name(b.Region))
	}
	for _, other := range b.Stages {
		if other != s.Name {
			p.say("FAIL", "the stage %s takes its uploads already, and two would tell everything twice: take it out of that one's Buckets, or name --stage %s", text.Name(other), text.Name(other))
		}
	}
	p.replicates(s, b)
	p.shut(s, b)
	for i, side := range b.sides() {
		p.denied(s, side, all[i])
	}
}

// replicates says what keeps the bucket from replicating.
func (p *Plan) replicates(s Stage, b *Bucket) {
	if b.Versioning != "Enabled" {
		p.say("FAIL", "versioning %s, so nothing replicates: aws s3api put-bucket-versioning --bucket %s --region %s --versioning-configuration Status=Enabled, then give it a replication rule", b.unversioned(), text.Name(b.Bucket), s.Region)
	}
	if !slices.ContainsFunc(b.Rules, func(r Rule) bool { return r.Enabled }) {
		p.say("FAIL", "no replication rule is enabled: there is no replica to compare with (docs/discover.md#not-replicated)")
	}
	for _, r := range b.Replicas {
		if r.Gone {
			p.say("FAIL", "a rule leads to %s, which does not exist: nothing replicates there; correct or disable the rule", text.Name(r.Bucket))
		} else if r.Known(Versioning) && r.Versioning != "Enabled" {
			p.say("FAIL", "versioning of the replica %s %s: nothing replicates there; turn it on", text.Name(r.Bucket), r.unversioned())
		}
	}
	if n := len(b.Replicas); n > verdict.MaxReplicas {
		p.say("FAIL", "its rules lead to %d buckets, and at most %d are compared: disable some", n, verdict.MaxReplicas)
	}
}

// fine is what is as it must be, and known to be.
func (p *Plan) fine(s Stage, b *Bucket, all []access) {
	fine := []string{"versioning"}
	n := 0
	for _, r := range b.Rules {
		if r.Enabled && r.Every {
			n++
		}
	}
	if n > 0 {
		fine = append(fine, text.Count(n, "rule")+" for every key")
	}
	if b.EventBridge {
		fine = append(fine, "EventBridge")
	}
	if slices.Contains(b.Stages, s.Name) {
		fine = append(fine, "the stage takes its uploads")
	}
	if s.noticed(b) {
		fine = append(fine, "failure notices")
	}
	if lets(b, all) {
		fine = append(fine, "no bucket policy denies the looks")
	}
	p.say("ok", "%s", strings.Join(fine, ", "))
}

func (b *Bucket) sides() []*Side {
	all := []*Side{&b.Side}
	for i := range b.Replicas {
		all = append(all, &b.Replicas[i])
	}
	return all
}

func (p *Plan) changes(b *Bucket) {
	if p.Change.EventBridge {
		p.say("change", "EventBridge off → on (events of all kinds are billed, $1.00 a million)")
	}
	if n := p.Change.Notification; n != nil {
		p.say("change", "notifications: + %s → %s", Failed, n.Target)
	}
	if n := len(b.Notifications); n > 0 && !p.Change.None() {
		p.say("note", "its own %s; S3 sends each queue and topic among the targets a test event, functions none, and refuses the change where a target is gone (--skip-validation leaves that out)", stay(n))
	}
}

func stay(n int) string {
	if n == 1 {
		return "notification stays"
	}
	return fmt.Sprintf("%d notifications stay", n)
}

// printed are the forms of --print, by tool.
var printed = map[string]string{"CloudFormation": "cloudformation", "Terraform": "terraform"}

// tools are words in tags by which infrastructure code signs what it owns.
var tools = []struct{ word, name string }{
	{"aws:cloudformation:", "CloudFormation"}, {"cloudformation", "CloudFormation"}, {"aws:cdk", "CloudFormation"},
	{"terraform", "Terraform"}, {"terragrunt", "Terraform"}, {"opentofu", "Terraform"}, {"tf-module", "Terraform"}, {"tf_module", "Terraform"},
	{"pulumi", "Pulumi"}, {"crossplane", "Crossplane"}, {"ansible", "Ansible"},
}

// Owner is the infrastructure code that owns a bucket by its tags, and the tag.
func Owner(tags map[string]string) (tool, tag string) {
	for _, t := range tools {
		for _, key := range sortedKeys(tags) {
			if strings.Contains(strings.ToLower(key+"="+tags[key]), t.word) {
				return t.name, text.Line(key+"="+tags[key], 100)
			}
		}
	}
	return "", ""
}

// Form is how code that owns a bucket by its tags is printed.
func Form(tags map[string]string) string {
	tool, _ := Owner(tags)
	return cmp.Or(printed[tool], "terraform")
}

// Worse orders states, the worst first.
func Worse(a, b State) int { return slices.Index(states, a) - slices.Index(states, b) }
