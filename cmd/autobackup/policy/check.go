package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/internal/stagename"
)

// check refuses what makes no policy, or one that means more than was said: a * in a
// name stands for any characters.
func (o Options) check() error {
	switch {
	case o.Side == Caller && len(o.Roles) == 0:
		return errors.New("policy of the caller: name the role that is assumed with --role")
	case o.Side != Caller && len(o.Roles) > 0:
		return errors.New("--role is for --side caller: the policies of the other sides are the roles' own")
	case o.Side == Report && o.Output.Bucket == "":
		return errors.New("policy for copying the report: name where to with --output s3://BUCKET/PREFIX")
	case o.Side == Report && o.Command != Audit:
		return errors.New("--side report: only an audit copies its report; leave --side out, or name another")
	case o.Command == Deploy && o.Side != Primary && o.Side != Replica:
		return errors.New("each stack is deployed by itself: name the one with --side primary or --side replica")
	case o.Command == Discover && o.Side != Both && o.Side != Caller:
		return errors.New("discover knows no primaries and replicas: leave --side out, or name the caller with --side caller")
	case o.ReplicaAccount != "" && o.ReplicaAccount == o.Account:
		return fmt.Errorf("--replica-account is for replicas in another account, and %s is that of --account: leave it out", o.Account)
	}
	return errors.Join(o.checkNames(), o.checkARNs())
}

// partitions are those that the stacks can be deployed in.
var partitions = []string{"aws", "aws-cn", "aws-us-gov"}

func (o Options) checkNames() error {
	for _, n := range []struct {
		flag string
		all  []string
	}{{"primary", []string{o.Primary}}, {"replica", o.Replicas}, {"output", []string{o.Output.Bucket}}, {"evidence", []string{o.Evidence.Bucket}}} {
		for _, name := range n.all {
			if name == "" || bucketName.MatchString(name) {
				continue
			}
			form := "write 3 to 255 letters, digits, dots, hyphens and underscores"
			if strings.HasPrefix(name, "s3://") {
				form += ", without s3://"
			}
			return fmt.Errorf("--%s: %q is no bucket's name: %s", n.flag, name, form)
		}
	}
	if !slices.Contains(partitions, o.Partition) {
		return fmt.Errorf("--partition: %q is none that this program knows: name one of %s", o.Partition, and(partitions))
	}
	if o.Stage != "" {
		if err := stagename.Check(o.Stage); err != nil {
			return err
		}
	}
	for _, n := range []struct {
		flag, value, what string
		is                *regexp.Regexp
	}{
		{"region", o.Region, "region: write one, such as eu-central-1", region},
		{"account", o.Account, "account: write its 12 digits", account},
		{"replica-account", o.ReplicaAccount, "account: write its 12 digits", account},
		{"role-path", o.RolePath, "path of the templates: write / or up to three names between slashes, such as /platform/", rolePath},
		{"role-name-prefix", o.RoleNamePrefix, "prefix of the templates: write up to 14 letters, digits, hyphens and underscores", rolePrefix},
	} {
		if n.value != "" && !n.is.MatchString(n.value) {
			return fmt.Errorf("--%s: %q is no %s", n.flag, n.value, n.what)
		}
	}
	if of := partitionOf(o.Region); o.Region != "" && of != o.Partition {
		return fmt.Errorf("--region: %s is of the partition %s, and the policy of %s: name the partition with --partition %[2]s", o.Region, of, o.Partition)
	}
	return nil
}

// partitionOf is where a region is, of the partitions that the stacks can be deployed in.
// https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// checkARNs refuses those of something else, and those of a place where the policy is not.
func (o Options) checkARNs() error {
	for _, given := range []struct {
		flag, what string
		is         *regexp.Regexp
		all        []string
	}{
		{"boundary", "managed policy: write arn:aws:iam::ACCOUNT:policy/NAME", policyARN, []string{o.Boundary}},
		{"role", "role: write arn:aws:iam::ACCOUNT:role/NAME", roleARN, o.Roles},
		{"topic", "topic: write arn:aws:sns:REGION:ACCOUNT:NAME", topicARN, []string{o.Topic}},
		{"kms-key", "KMS key: write arn:aws:kms:REGION:ACCOUNT:key/ID, as `aws kms describe-key` shows it", keyARN, o.Keys},
		{"replica-kms-key", "KMS key: write arn:aws:kms:REGION:ACCOUNT:key/ID, as `aws kms describe-key` shows it", keyARN, o.ReplicaKeys},
	} {
		for _, text := range given.all {
			if text == "" {
				continue
			}
			if !given.is.MatchString(text) {
				return fmt.Errorf("--%s: %q is no ARN of a %s", given.flag, text, given.what)
			}
			if err := o.checkPlace(given.flag, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkPlace refuses an ARN that nothing the policy is about can be used with.
func (o Options) checkPlace(flag, text string) error {
	a, _ := arn.Parse(text) // its form is known
	ofQueues := flag == "kms-key" && slices.Contains([]string{Console, Parked, Retry, Discard, Operate}, o.Command)
	switch {
	case a.Partition != o.Partition:
		return fmt.Errorf("--%s: %s is of the partition %s, and the policy of %s: name one of the same, or the other with --partition", flag, text, a.Partition, o.Partition)
	case (flag == "boundary" && a.AccountID != "aws" || ofQueues) && o.Account != "" && a.AccountID != o.Account:
		return fmt.Errorf("--%s: %s is of account %s, and the stack of %s: name one of the stack's account", flag, text, a.AccountID, o.Account)
	case ofQueues && o.Region != "" && a.Region != o.Region:
		return fmt.Errorf("--%s: %s is of region %s, and the queues of %s: name a key of the primary stack, as its SQSKey", flag, text, a.Region, o.Region)
	}
	return nil
}

var (
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, with
	// those of before 2018
	bucketName = regexp.MustCompile(`^[A-Za-z0-9._-]{3,255}$`)
	region     = regexp.MustCompile(`^[a-z]+(-[a-z]+)+-[0-9]+$`)
	account    = regexp.MustCompile(`^[0-9]{12}$`)
	roleARN    = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}|\*):role/[\w+=,.@/-]+$`)
	policyARN  = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[\w+=,.@/-]+$`)
	rolePath   = regexp.MustCompile(`^` + RolePathPattern + `$`)
	rolePrefix = regexp.MustCompile(`^` + RoleNamePrefixPattern + `$`)
	topicARN   = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[\w-]+$`)
	keyARN     = regexp.MustCompile(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[\w-]+$`)
)

// RolePathPattern and RoleNamePrefixPattern are the templates' AllowedPatterns, against which a test holds them.
const (
	RolePathPattern       = "/([a-zA-Z0-9_.-]{1,30}/){0,3}"
	RoleNamePrefixPattern = "[a-zA-Z0-9_-]{0,14}"
)
