package doctor

import (
	"strings"
	"time"

	"autobackup/internal/attach"
	"autobackup/internal/verdict"
)

// Unread is a call that did not tell what it was made for.
type Unread struct {
	Why   string // what was called, and the answer
	Grant string // the action that was denied; empty where none was
}

// Stack is a deployed stack of CloudFormation.
type Stack struct {
	Name, Region, Account string
	Replica               bool
	Status                string // as CloudFormation words it; empty: there is no such stack
	Parameters, Outputs   map[string]string
	Unread                *Unread
}

// list is a parameter that is a list, without what is empty.
func (s Stack) list(name string) (all []string) {
	for member := range strings.SplitSeq(s.Parameters[name], ",") {
		if member = strings.TrimSpace(member); member != "" {
			all = append(all, member)
		}
	}
	return all
}

// Categories are those that the stack makes buckets for.
func (s Stack) Categories() []string { return s.list("Categories") }

// Listed are the existing buckets that the stack takes, or of which it reads replicas.
func (s Stack) Listed() (all []string) {
	name := "Buckets"
	if s.Replica {
		name = "ReplicaBuckets"
	}
	for _, more := range []string{"", "2", "3", "4"} {
		all = append(all, s.list(name+more)...)
	}
	return all
}

// Readers are the functions in ReplicaHashBytesArns.
func (s Stack) Readers() []string { return s.list("ReplicaHashBytesArns") }

// Function is a deployed function of a stack.
type Function struct {
	Name, Region, Account string
	Stack                 string // whose it is
	Gone                  bool
	State, Update         string // of Lambda: Active, and Successful
	Why                   string // the reasons that Lambda gives for either
	Processor             string
	Code                  string // digest of its zip
	Unread                *Unread
}

// Subscription is one of the topic's.
type Subscription struct {
	Endpoint string
	ARN      string // empty while nobody has confirmed it
	ByLink   bool   // whoever has one of its e-mails can end it
	Unread   *Unread
}

// Topic is the one that e-mails go through.
type Topic struct {
	ARN           string
	Theirs        bool // it was there before the stack, which was given it as AlertTopicArn
	Gone          bool
	Subscriptions []Subscription
	Unread        *Unread
}

// Running is something that runs, or does not.
type Running struct {
	Name   string
	Gone   bool
	State  string
	Unread *Unread
}

// Audits are those that a stage makes.
type Audits struct {
	Machine Running
	Last    time.Time // when the last one ended that succeeded; zero: none did, of those that are kept
	Unread  *Unread   // when that was
}

// Heartbeats are those that a stage puts into a pair of its own.
type Heartbeats struct {
	Rule   Running   // Name and State of the schedule: ENABLED, or DISABLED
	Last   time.Time // when the last one came out verified; zero: none did, of the last hours
	Unread *Unread   // when that was
}

// Mapping is what hands the failure queue's messages to the sender of e-mails.
type Mapping struct {
	ID, State string
}

// Rule is an EventBridge rule of the stage for uploads.
type Rule struct {
	Name     string
	Disabled bool
	Buckets  []string // of the stage's: whose uploads its pattern takes
	Targets  []string // ARNs
	Unread   *Unread  // its targets
}

// Queue is one of the stage's.
type Queue struct {
	Name     string
	Gone     bool
	Messages int // also those that somebody holds
	Unread   *Unread
}

// Alarm is one that is there to tell somebody.
type Alarm struct {
	Name     string
	State    string // ALARM, OK or INSUFFICIENT_DATA
	Disabled bool   // its actions are
	Actless  bool   // it has none for ALARM
}

// tellsNobody says why the alarm tells nobody, and "" of one that may.
func (a Alarm) tellsNobody() string {
	switch {
	case a.Actless:
		return "it has no action: it tells nobody"
	case a.Disabled:
		return "its actions are disabled: it tells nobody"
	}
	return ""
}

// Bucket is one whose uploads are to be validated.
type Bucket struct {
	attach.Bucket
	Category string // empty: it was there before the stack
	Look     Look
}

// Look is what the deployed fetch-etags says of a bucket.
type Look struct {
	Asked  bool // whether it was asked at all
	Empty  bool // the bucket holds no version that could be looked at
	Unread *Unread
	There  *verdict.Look // at a version that is there
	Absent *verdict.Look // at one that is not
	Key    bool          // of whose key there are versions
}

// Facts are all that was read of a stage.
type Facts struct {
	Stage     attach.Stage
	Stacks    []Stack // the primary one first; those of replicas are not known without it
	Functions []Function
	Mappings  []Mapping // of the sender
	NoMapping *Unread   // they could not be read
	Topic     Topic
	Pipe      Running
	Machine   Running
	Audits    *Audits     // nil: the stage makes none
	Beats     *Heartbeats // nil: the stage puts none
	Rules     []Rule
	NoRules   *Unread // they could not be read
	Queues    []Queue
	Alarms    []Alarm
	NoAlarms  *Unread
	Buckets   []Bucket
	Fails     string // how fetch-etags itself failed; empty where it did not
}

// primary is the primary stack.
func (f Facts) primary() Stack { return f.Stacks[0] }
