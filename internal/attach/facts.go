package attach

import (
	"cmp"
	"slices"
	"strings"

	"autobackup/internal/text"
)

// Fact is something that is read of a bucket.
type Fact string

// The facts.
const (
	Where         Fact = "region"
	Versioning    Fact = "versioning"
	Replication   Fact = "replication rules"
	Notifications Fact = "EventBridge and notifications"
	Encryption    Fact = "encryption"
	Lock          Fact = "Object Lock"
	Lifecycle     Fact = "lifecycle rules"
	Policy        Fact = "bucket policy"
	Payer         Fact = "who pays"
	Tags          Fact = "tags"
	Triggers      Fact = "EventBridge rules"
	Recorded      Fact = "what attach recorded"
	Named         Fact = "the stack's parameters"
)

// Unread is a fact that could not be read, which is then unknown whatever stands beside.
type Unread struct {
	Fact  Fact   `json:"fact"`
	Why   string `json:"why"`             // what was called, and the answer
	Grant string `json:"grant,omitempty"` // the action that was denied
}

// answer is why a fact is unknown, for a line.
func (u Unread) answer() string {
	answer := text.Line(u.Why, 200)
	if u.Grant != "" {
		answer += " (grant " + text.Line(u.Grant, 100) + ")"
	}
	return answer
}

// Side is a bucket of either side as it was read.
type Side struct {
	Bucket        string   `json:"bucket"`
	Region        string   `json:"region"`
	Account       string   `json:"account"`    // empty: not known
	Gone          bool     `json:"gone"`       // there is no such bucket
	Versioning    string   `json:"versioning"` // Enabled, Suspended or never
	Encryption    string   `json:"encryption"` // S3's word, by default
	Key           string   `json:"key,omitempty"`
	BucketKey     bool     `json:"bucketKey"`
	Lock          string   `json:"objectLock"`       // no, on, or the default retention
	Expires       []string `json:"expires"`          // lifecycle rules that remove versions
	Policy        string   `json:"policy,omitempty"` // as it is written
	RequesterPays bool     `json:"requesterPays"`    // who reads it says so
	// Unnamed is what the primary stack's parameters lack for looks at it.
	Unnamed []Lack   `json:"unnamed,omitempty"`
	Unread  []Unread `json:"unread"` // facts that are unknown
}

// Known says whether a fact was read.
func (s *Side) Known(f Fact) bool {
	return !slices.ContainsFunc(s.Unread, func(u Unread) bool { return u.Fact == f })
}

// refused says whether a fact could not be read because the call was denied.
func (s *Side) refused(f Fact) bool {
	return slices.ContainsFunc(s.Unread, func(u Unread) bool { return u.Fact == f && u.Grant != "" })
}

// unversioned is how people say that versioning is not on.
func (s *Side) unversioned() string {
	if s.Versioning == "Suspended" {
		return "is suspended"
	}
	return "was never turned on"
}

// Rule is a replication rule.
type Rule struct {
	ID      string `json:"id"`
	Enabled bool   `json:"enabled"`
	To      string `json:"to"`      // bucket
	Account string `json:"account"` // where the rule tells it
	Every   bool   `json:"everyKey"`
	ByTag   bool   `json:"byTag"`
	Metrics bool   `json:"metrics"`
	KMS     bool   `json:"kms"`           // it takes what is encrypted with keys of AWS KMS
	Key     string `json:"key,omitempty"` // what it encrypts replicas of that with
}

// Bucket is one that is to be attached.
type Bucket struct {
	Side
	Rules []Rule `json:"rules"`
	Configuration
	Tags   map[string]string `json:"tags"`
	Stages []string          `json:"stages"` // whose rules take all of its uploads, but for what LeftOut and Only say
	// LeftOut is how keys begin that the stage's own rule leaves out.
	LeftOut []string `json:"leftOut,omitempty"`
	// Only is how all keys begin that it takes; empty: it takes others, too.
	Only     []string `json:"only,omitempty"`
	Listed   bool     `json:"listed"` // by a name in the stage's parameters
	Replicas []Side   `json:"replicas"`
	Record   *Record  `json:"record,omitempty"` // of what attach changed before
}

// OfCategory says whether the stage takes the bucket as one that it has made.
func (b *Bucket) OfCategory(s Stage) bool { return slices.Contains(b.Stages, s.Name) && !b.Listed }

// Record is what attach changed of a bucket, as it stands in the working bucket.
type Record struct {
	Version int           `json:"version"`
	Stage   string        `json:"stage"`
	Bucket  string        `json:"bucket"`
	Region  string        `json:"region"`
	By      string        `json:"by"` // ARN
	At      string        `json:"at"`
	Was     Configuration `json:"was"` // before the first change
	Change  Change        `json:"change"`
	// Detached is when everything but EventBridge was taken back; empty: it was not.
	Detached string `json:"detached,omitempty"`
}

// Leaves is what is on record after a bucket was taken back to a configuration; nil: nothing
// is left to take back.
func (r Record) Leaves(becomes Configuration, at string) *Record {
	if !r.Change.EventBridge || !becomes.EventBridge {
		return nil
	}
	r.Change, r.Detached = Change{EventBridge: true}, at
	return &r
}

// RecordVersion is the form of records that is written.
const RecordVersion = 1

// Stage is where buckets are attached to.
type Stage struct {
	Name      string `json:"stage"`
	Region    string `json:"region"`
	Account   string `json:"account"`
	Partition string `json:"partition"`
	// Looks is the ARN of the role that looks, where the stack's RolePath or RoleNamePrefix
	// gives it another than its own.
	Looks string `json:"looks,omitempty"`
	// VPC says that the stacks have SubnetIds: looks and reads come from a network of which
	// nothing is known here.
	VPC bool `json:"vpc,omitempty"`
}

// Stack is the name of the primary stack.
func (s Stage) Stack() string { return "autobackup-" + s.Name }

// Named is the stage with the role and the network that its primary stack's parameters name,
// where nobody named them.
func (s Stage) Named(parameters map[string]string) Stage {
	s.VPC = s.VPC || parameters["SubnetIds"] != ""
	path, prefix := parameters["RolePath"], parameters["RoleNamePrefix"]
	if s.Looks == "" && (strings.Trim(path, "/") != "" || prefix != "") {
		s.Looks = "arn:" + s.Partition + ":iam::" + s.Account + ":role" + cmp.Or(path, "/") + prefix + "autobackup-" + s.Name + "-fetch-etags"
	}
	return s
}

// Role is the ARN of the role that looks at both sides.
func (s Stage) Role() string {
	if s.Looks != "" {
		return s.Looks
	}
	return "arn:" + s.Partition + ":iam::" + s.Account + ":role/autobackup-" + s.Name + "-fetch-etags"
}

// FailureQueue is the ARN of the queue that takes S3's notification of failed replications.
func (s Stage) FailureQueue() string {
	return "arn:" + s.Partition + ":sqs:" + s.Region + ":" + s.Account + ":autobackup-failure-queue-" + s.Name
}

// WorkBucket is the bucket that records are kept in.
func (s Stage) WorkBucket() string { return "autobackup-" + s.Name + "-work-" + s.Account }

// RecordKey is where the record of a bucket is.
func RecordKey(bucket string) string { return "attached/" + bucket + ".json" }

// TriggerPrefix begins the names of the EventBridge rules that template.yaml makes: the
// name of the parameter whose buckets a rule takes follows, for those that exist, and the
// stage's at the end.
const TriggerPrefix = "autobackup-s3-upload-trigger-"

// StageOf is the stage of an EventBridge rule.
func StageOf(trigger string) string {
	return trigger[strings.LastIndex(trigger, "-")+1:]
}
