package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"autobackup/internal/text"
)

const ofStacks = "stacks"

func (j *judge) stacks() {
	for _, s := range j.Stacks {
		if !j.unknown(s.Unread, ofStacks, s.Name, "whether it is deployed in "+j.place(s.Region, s.Account)) {
			j.status(s)
			j.alike(s)
		}
	}
}

func (j *judge) place(region, account string) string {
	return Side{account, region}.from(j.Stage.Account)
}

// status judges what CloudFormation says of a stack.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
func (j *judge) status(s Stack) {
	in := " --region " + s.Region + " --stack-name " + s.Name
	where := j.place(s.Region, s.Account)
	switch {
	case s.Status == "":
		if !s.Replica {
			j.say(Fail, ofStacks, s.Name, "there is no such stack in "+where+": mend --stage and --region, or deploy it", "docs/deploy.md#by-hand")
			return
		}
		j.say(Fail, ofStacks, s.Name, "there is no such stack in "+where, j.deploy(s))
	case strings.HasSuffix(s.Status, "_IN_PROGRESS"):
		j.say(Warn, ofStacks, s.Name, fmt.Sprintf("it is being changed in %s (%s): what else is said here may be otherwise soon", where, s.Status), j.again())
	case s.Status == "UPDATE_ROLLBACK_COMPLETE" || s.Status == "IMPORT_ROLLBACK_COMPLETE":
		j.say(Warn, ofStacks, s.Name, fmt.Sprintf("the last change of it in %s failed and was taken back (%s)", where, s.Status), "aws cloudformation describe-stack-events"+in, j.deploy(s))
	case slices.Contains([]string{"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}, s.Status):
		j.say(OK, ofStacks, s.Name, s.Status+" in "+where)
	default:
		j.say(Fail, ofStacks, s.Name, fmt.Sprintf("it is %s in %s", text.Line(s.Status, 60), where), "aws cloudformation describe-stack-events"+in, j.deploy(s))
	}
}

// alike holds the parameters of a replica stack against those of the primary one that have
// to say the same. Of several replica stacks, the one in ReplicaRegion makes the buckets.
func (j *judge) alike(s Stack) {
	primary := j.primary()
	if !s.Replica || s.Status == "" || primary.Unread != nil || primary.Status == "" {
		return
	}
	makes := s.Region == primary.Parameters["ReplicaRegion"]
	wrong := func(format string, args ...any) {
		j.say(Fail, ofStacks, s.Name, text.Line(fmt.Sprintf(format, args...), 400), j.deploy(s), j.deploy(primary))
	}
	for _, name := range []string{"Stage", "StorageEncryption", "Heartbeats"} {
		if a, b := primary.Parameters[name], s.Parameters[name]; a != b && (makes || name == "Stage") {
			wrong("its parameter %s is %q, and that of the primary stack %q: both must say the same in samconfig.toml", name, b, a)
		}
	}
	if makes && !slices.Equal(slices.Sorted(slices.Values(primary.Categories())), slices.Sorted(slices.Values(s.Categories()))) {
		wrong("its parameter Categories is %q, and that of the primary stack %q: both must say the same in samconfig.toml", s.Parameters["Categories"], primary.Parameters["Categories"])
	}
	if key := s.Outputs["StorageKeyArn"]; makes && primary.Parameters["StorageEncryption"] == "SSE-KMS" && primary.Parameters["ReplicaKmsKeyArn"] != key {
		wrong("its key is %q, and ReplicaKmsKeyArn of the primary stack %q: it must name that key", key, primary.Parameters["ReplicaKmsKeyArn"])
	}
	if s.Account != j.Stage.Account && s.Parameters["PrimaryAccount"] != j.Stage.Account {
		wrong("its parameter PrimaryAccount is %q, and the primary stack is in %s: it lets that account's roles in by it", s.Parameters["PrimaryAccount"], j.Stage.Account)
	}
	j.reads(s, wrong)
}

// reads holds the names in ReplicaBuckets against the replicas that the stages' buckets have
// where the stack is: its hash-bytes may read no others.
func (j *judge) reads(s Stack, wrong func(string, ...any)) {
	for _, b := range j.Buckets {
		for _, r := range b.Replicas {
			if b.Category == "" && !r.Gone && r.Region == s.Region && r.Account == s.Account && !slices.Contains(s.Listed(), r.Bucket) {
				wrong("its parameter ReplicaBuckets lacks %s, the replica of %s: its hash-bytes may not read it", text.Name(r.Bucket), text.Name(b.Bucket.Bucket))
			}
		}
	}
}

const ofFunctions = "functions"

func (j *judge) functions() {
	for _, f := range j.Functions {
		if j.unknown(f.Unread, ofFunctions, f.Name, "whether it runs in "+j.place(f.Region, f.Account)) {
			continue
		}
		where := j.place(f.Region, f.Account)
		switch {
		case f.Gone && j.gone(f):
			// that its stack is not there says so
		case f.Gone:
			j.say(Fail, ofFunctions, f.Name, "there is no such function in "+where, j.revert(j.stack(f))...)
		case f.State == "Failed" || f.Update == "Failed":
			j.say(Fail, ofFunctions, f.Name, text.Line(fmt.Sprintf("in %s its state is %s, and that of its last update %s: %s", where, f.State, f.Update, cmp.Or(f.Why, "Lambda gives no reason")), 300), j.deploy(j.stack(f)))
		case f.Update == "InProgress" || f.State == "Pending":
			j.say(Warn, ofFunctions, f.Name, fmt.Sprintf("in %s it is being changed (%s, %s)", where, f.State, f.Update), j.again())
		default:
			j.say(OK, ofFunctions, f.Name, fmt.Sprintf("%s in %s, last update %s", f.State, where, f.Update))
		}
	}
}

// stack is a function's. Those of replicas have one name, in whatever region and account.
func (j *judge) stack(f Function) Stack {
	at := slices.IndexFunc(j.Stacks, func(s Stack) bool { return s.Name == f.Stack && s.Region == f.Region && s.Account == f.Account })
	return j.Stacks[max(at, 0)]
}

func (j *judge) gone(f Function) bool {
	s := j.stack(f)
	return s.Name == f.Stack && s.Status == "" && s.Unread == nil
}

// versions holds the code of the function that all stacks have, hash-bytes, against that of
// the primary's: nothing else tells of which version a stack is. SAM's zip of one executable
// is the same whenever it is made, and Go's executable for one processor and one checkout.
func (j *judge) versions() {
	var first *Function
	for i := range j.Functions {
		f := &j.Functions[i]
		if f.Code == "" || f.Name != "autobackup-hash-bytes-"+j.Stage.Name {
			continue
		}
		switch {
		case first == nil:
			first = f
		case first.Processor != f.Processor:
			j.say(Unknown, "versions", f.Name, fmt.Sprintf("whether its code in %s is that of %s: it is for %s there and for %s here, as the parameter Architecture says", j.place(f.Region, f.Account), first.Region, text.Line(f.Processor, 20), text.Line(first.Processor, 20)), j.deploy(j.stack(*f)))
		case first.Code != f.Code:
			j.say(Fail, "versions", f.Name, fmt.Sprintf("its code in %s is not that of %s, byte for byte: the stacks are of two versions, or were not built in one place; deploy both from one checkout", j.place(f.Region, f.Account), first.Region), j.deploy(j.stack(*f)), j.deploy(j.primary()))
		default:
			j.say(OK, "versions", f.Name, fmt.Sprintf("its code in %s is that of %s", j.place(f.Region, f.Account), first.Region))
		}
	}
}
