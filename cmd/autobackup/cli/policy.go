package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/policy"
	"autobackup/cmd/autobackup/report"
	core "autobackup/internal/audit"
)

// unbounded is said with a policy for deploying that asks for no boundary.
const unbounded = "autobackup: without --boundary, whoever has this policy can make roles that may do more than it allows, " +
	"and use them: name the managed policy that autobackup policy boundary prints."

type policyCommand struct {
	Command string `arg:"" help:"What the policy is for: a command; upload or operate, of what people do with a deployed stack; owner, of replicas in another account; deploy, of a stack without the pipeline; or boundary, of all roles in both stacks: ${enum}." enum:"audit,explain,discover,attach,detach,doctor,status,console,evidence,parked,retry,discard,accept,demo,serve,policy,completion,upload,operate,owner,deploy,boundary"`

	Side      string   `help:"Whose policy: ${enum}. both is one identity for all buckets, report copies the report with --output-profile, caller assumes the roles that read. Of deploy: of which stack." enum:"both,primary,replica,report,caller" default:"both" group:"Who"`
	Role      []string `help:"Of side caller: ARN of a role that it assumes, with * for any account; may be repeated." placeholder:"ARN" group:"Who"`
	Partition string   `help:"Partition of the ARNs: aws, aws-cn or aws-us-gov." default:"aws" group:"Who"`

	Primary       string   `help:"Primary bucket." placeholder:"BUCKET" group:"What"`
	Replica       []string `help:"Replica bucket; may be repeated." placeholder:"BUCKET" group:"What"`
	KMSKey        []string `help:"ARN of a KMS key that encrypts objects of the primary, of attach and detach the working bucket, of evidence its bucket, of console, retry, discard and parked the queues and the working bucket, of operate the queues, of boundary the functions' environment; may be repeated." name:"kms-key" placeholder:"ARN" group:"What"`
	Evidence      string   `help:"Where evidence is, as s3://BUCKET or s3://BUCKET/PREFIX." placeholder:"WHERE" group:"What"`
	AllowActions  bool     `help:"Of console: also retry and discard messages." group:"What"`
	Deletes       bool     `help:"Also delete objects, which leaves delete markers." group:"What"`
	ReplicaKMSKey []string `help:"ARN of a KMS key that encrypts objects of the replicas; may be repeated." name:"replica-kms-key" placeholder:"ARN" group:"What"`

	Audits   bool `help:"Also let the stage's audits list the replicas; the stage has to be deployed with AuditLevel before, as policies take no role that is not there." group:"What"`
	HeadOnly bool `help:"Let in HEAD alone: stored checksums decide, and what they leave open is told as that." name:"head-only" group:"What"`

	Level    string `help:"As of audit: ${enum}." enum:"listed,rest,all,bytes" default:"rest" group:"As of audit"`
	Metadata bool   `help:"As of audit." group:"As of audit"`
	Locks    bool   `help:"As of audit." group:"As of audit"`
	Output   string `help:"As of audit, where it is s3://BUCKET/PREFIX." placeholder:"WHERE" group:"As of audit"`

	Stage          string `help:"Stage of the stack." default:"dev" group:"Of stacks"`
	Region         string `help:"Region of the primary stack." placeholder:"REGION" group:"Of stacks"`
	Account        string `help:"Account of the stack." placeholder:"ID" group:"Of stacks"`
	Topic          string `help:"ARN of the topic in AlertTopicArn, where the stack has not its own." placeholder:"ARN" group:"Of stacks"`
	VPC            bool   `help:"The functions that read buckets run in the subnets of SubnetIds." name:"vpc" group:"Of stacks"`
	Attached       bool   `help:"The roles also read existing buckets, whichever the stacks' parameters name." group:"Of stacks"`
	ReplicaAccount string `help:"Account of the replica stack, where it is another." placeholder:"ID" group:"Of stacks"`
	Tags           bool   `help:"The stack has tags, which CloudFormation gives all of its resources." group:"Of stacks"`
	RolePath       string `help:"RolePath of the templates, where it is not /." name:"role-path" placeholder:"PATH" group:"Of stacks"`
	RoleNamePrefix string `help:"RoleNamePrefix of the templates, where there is one." name:"role-name-prefix" placeholder:"PREFIX" group:"Of stacks"`
	Boundary       string `help:"ARN of the permissions boundary that every role must get, as PermissionsBoundaryArn of the templates. Without it, whoever has the policy can make roles that may do more." placeholder:"ARN" group:"Of stacks"`

	given []*kong.Flag
}

// Help is printed below the flags' list.
func (policyCommand) Help() string {
	var takes strings.Builder
	for _, command := range policy.Commands() {
		fmt.Fprintf(&takes, "\n  %-9s %s", command, strings.Join(policy.Takes(command), " "))
	}
	return `Prints the least policy of IAM that lets a command do all that it does, lets people
put objects into a primary bucket (upload) or type the commands of docs/operations.md
and of the runbooks (operate), or lets somebody deploy, update and delete one of the
stacks. Of owner it prints what the owner of replicas in another account adds to the
policies of the buckets and keys there. Of boundary it prints a managed policy that
bounds what the stacks' roles may ever be given. It asks AWS for nothing. What is not named stands in it as a word in
capitals: PRIMARY, REPLICA, REGION, ACCOUNT. A bucket of another account has to allow
the same in its own policy, and so has a KMS key.

A flag that would change nothing of a policy is refused. Each takes:
` + takes.String() + `

Examples:
  autobackup policy audit --primary acme-invoices --replica acme-invoices-dr
  autobackup policy retry --stage prod --region eu-central-1 --account 111122223333

Exit codes: 0 printed, or the command needs no policy, which is then said on stderr;
2 wrong usage.`
}

// AfterApply remembers which flags were given: some have values without being.
func (c *policyCommand) AfterApply(parsed *kong.Context) error {
	for _, at := range parsed.Path {
		if at.Flag != nil {
			c.given = append(c.given, at.Flag)
		}
	}
	return nil
}

// check refuses flags that would change nothing.
func (c policyCommand) check() error {
	for _, f := range c.given {
		if err := policy.Refuse(c.Command, f.Name); err != nil {
			return err
		}
	}
	return nil
}

func (c policyCommand) run(_ context.Context, stdout, stderr io.Writer) int {
	if err := c.check(); err != nil {
		return trouble(stderr, err)
	}
	o := policy.Options{
		Command: c.Command, Side: policy.Side(c.Side), Partition: c.Partition, Primary: c.Primary, Replicas: c.Replica,
		Level: core.Level(c.Level), Metadata: c.Metadata, Locks: c.Locks, Keys: c.KMSKey, ReplicaKeys: c.ReplicaKMSKey,
		Roles: c.Role, Audits: c.Audits, HeadOnly: c.HeadOnly, Deletes: c.Deletes, Actions: c.AllowActions, Stage: c.Stage, Region: c.Region, Account: c.Account, ReplicaAccount: c.ReplicaAccount, Topic: c.Topic, VPC: c.VPC, Attached: c.Attached, Boundary: c.Boundary, Tags: c.Tags, RolePath: c.RolePath, RoleNamePrefix: c.RoleNamePrefix,
	}
	var err error
	if c.Output != "" {
		if o.Output, err = pair.ParseAddress(c.Output); err != nil {
			return trouble(stderr, err)
		}
	}
	if c.Evidence != "" {
		if o.Evidence, err = pair.ParseAddress(c.Evidence); err != nil {
			return trouble(stderr, err)
		}
	}
	if c.Command == policy.Owner {
		file, err := policy.ForOwner(o)
		if err == nil {
			err = report.Indented(stdout, file)
		}
		if err != nil {
			return trouble(stderr, err)
		}
		return Expected
	}
	document, err := policy.For(o)
	if errors.Is(err, policy.ErrNothing) {
		fmt.Fprintf(stderr, "autobackup %v.\n", err) //nolint:errcheck // nowhere left to tell
		return Expected
	}
	if err == nil {
		err = report.Indented(stdout, document)
	}
	if err != nil {
		return trouble(stderr, err)
	}
	if c.Command == policy.Deploy && c.Boundary == "" {
		fmt.Fprintln(stderr, unbounded) //nolint:errcheck // nowhere left to tell
	}
	return Expected
}
