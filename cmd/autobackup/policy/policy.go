package policy

import (
	"errors"
	"fmt"
	"slices"

	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/audit"
)

// The commands that call AWS.
const (
	Audit    = "audit"
	Explain  = "explain"
	Discover = "discover"
	Parked   = "parked"
	Retry    = "retry"
	Discard  = "discard"
	Attach   = "attach"
	Detach   = "detach"
	Doctor   = "doctor"
	Status   = "status" // which is doctor, and calls nothing that doctor does not
	Console  = "console"
	Evidence = "evidence"
)

// What no command of this program does, and people ask a policy for all the same.
const (
	Upload   = "upload"   // put objects into a primary bucket
	Operate  = "operate"  // the steps of docs/operations.md
	Owner    = "owner"    // of replicas in another account, who lets the stage look
	Deploy   = "deploy"   // of a stack, without the pipeline
	Boundary = "boundary" // of the roles in both stacks
)

// version is the one of policies' language that there are variables and all operators in.
const version = "2012-10-17"

// Local are the commands that call nothing of AWS.
func Local() []string { return []string{"accept", "completion", "demo", "policy", "serve"} }

// Side is whose policy it is. Sides are different identities where they have profiles
// or roles of their own.
type Side string

// The sides.
const (
	Both    Side = "both"    // one identity reads primary and replicas, and copies the report where that is asked for
	Primary Side = "primary" // reads the primary
	Replica Side = "replica" // reads the replicas
	Report  Side = "report"  // copies the report, with --output-profile
	Caller  Side = "caller"  // assumes the roles that read
)

// Options says for what the policy is.
type Options struct {
	Command     string
	Side        Side
	Partition   string
	Primary     string
	Replicas    []string
	Level       audit.Level
	Metadata    bool
	Locks       bool
	Evidence    pair.Address // where evidence is; EVIDENCE stands for it where it has no bucket
	Output      pair.Address // where the report is copied to; none where it has no bucket
	Keys        []string     // ARNs of KMS keys: of the primary, or of the queues
	ReplicaKeys []string
	Roles       []string // ARNs, which the caller assumes
	Audits      bool     // the owner of replicas lets the stage's audits list them
	HeadOnly    bool     // the owner of replicas lets nothing in but HEAD
	Actions     bool     // the page also retries and discards messages
	Deletes     bool     // an uploader also deletes objects, which leaves delete markers
	Stage       string   // of the stack
	Region      string
	Account     string // of the stack
	// ReplicaAccount is the replicas', for boundary; the same where it is empty.
	ReplicaAccount string
	Topic          string // ARN of the one in AlertTopicArn; empty is the stack's own
	VPC            bool   // of a stack's boundary: its functions that read buckets have SubnetIds
	Attached       bool   // of a stack's boundary: its roles read existing buckets, too
	Tags           bool   // of whoever deploys: the whole stack has tags
	RolePath       string // of the templates' roles; / where it is empty
	RoleNamePrefix string // of the templates' roles
	Boundary       string // ARN that every role must be bounded by, of whoever deploys
}

// Document is a policy of IAM.
type Document struct {
	Version   string
	Statement []Statement
}

// Statement is one of it.
type Statement struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string `json:",omitempty"`
}

// ErrNothing is what a command that calls nothing of AWS needs.
var ErrNothing = errors.New("it calls nothing of AWS, and needs no policy")

// For is the least policy.
func For(o Options) (Document, error) {
	if slices.Contains(Local(), o.Command) {
		return Document{}, fmt.Errorf("%s: %w", o.Command, ErrNothing)
	}
	if err := o.check(); err != nil {
		return Document{}, err
	}
	switch o.Command {
	case Owner:
		return Document{}, errors.New("owner: it is no policy of IAM: ForOwner has the statements")
	case Deploy:
		return o.toDeploy()
	case Boundary:
		return o.boundary()
	}
	d := Document{Version: version}
	for _, s := range o.sides() {
		for _, c := range o.Calls(s) {
			d.allow(o, s, c)
		}
	}
	return d, nil
}

// doctors says whether the command does what doctor does.
func (o Options) doctors() bool { return slices.Contains([]string{Doctor, Status, Console}, o.Command) }

func (o Options) sides() []Side {
	switch {
	case o.Command == Upload, o.Command == Detach:
		return []Side{Primary}
	case o.Command == Attach || o.doctors():
		return []Side{Primary, Replica}
	case o.Side != Both || o.Command == Parked || o.Command == Retry || o.Command == Discard || o.Command == Operate || o.Command == Discover || o.Command == Evidence:
		return []Side{o.Side}
	case o.Command == Audit && o.Output.Bucket != "":
		return []Side{Primary, Replica, Report}
	default:
		return []Side{Primary, Replica}
	}
}

// Calls are those that a side makes.
func (o Options) Calls(s Side) []Call {
	var all []Call
	switch {
	case o.Command == Upload:
		all = ofUploads
	case o.Command == Operate:
		all = ofOperators
	case o.Command == Parked:
		all = ofParked
	case o.Command == Retry:
		all = ofRetry
	case o.Command == Discard:
		all = ofDiscard
	case o.Command == Discover:
		all = ofAccounts(s)
	case o.Command == Attach || o.Command == Detach:
		all = ofAttached(o.Command, s)
	case o.doctors():
		all = ofDoctor(s)
		if o.Command == Console && s == Primary {
			all = append(all, ofConsole...)
			if o.Actions {
				all = append(all, ofActions...)
			}
		}
	case o.Command == Evidence:
		all = ofEvidence
	case s == Caller:
		all = []Call{{Operation: "AssumeRole", Actions: []string{"sts:AssumeRole"}, On: role}}
	case s == Report:
		all = ofReports
	case o.Command == Explain:
		all = slices.Concat(ofBuckets, ofVersions)
	default:
		all = append(slices.Concat(ofBuckets, ofVersions), ofSizes)
	}
	return slices.DeleteFunc(slices.Clone(all), func(c Call) bool { return c.When != nil && !c.When(o) })
}

// allow adds what a call needs: to the statement for what it is done to.
func (d *Document) allow(o Options, s Side, c Call) {
	resources := o.resources(c.On, s)
	if len(c.Actions) == 0 || len(resources) == 0 {
		return
	}
	sid := string(c.On)
	if slices.Contains([]Target{bucket, objects, keys}, c.On) {
		sid = map[Side]string{Primary: "Primary", Replica: "Replica"}[s] + sid
	}
	i := slices.IndexFunc(d.Statement, func(s Statement) bool { return s.Sid == sid })
	if i < 0 {
		i = len(d.Statement)
		d.Statement = append(d.Statement, Statement{Sid: sid, Effect: "Allow", Resource: resources, Condition: via(c.On, resources)})
	}
	for _, action := range c.Actions {
		if !slices.Contains(d.Statement[i].Action, action) {
			d.Statement[i].Action = append(d.Statement[i].Action, action)
		}
	}
}
