package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
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
	case o.Command != Audit && o.Output.Bucket != "":
		return errors.New("--output: only an audit copies its report")
	case o.Deletes && o.Command != Upload:
		return errors.New("--deletes is for who uploads: autobackup policy upload")
	case o.Command == Deploy && o.Side != Primary && o.Side != Replica:
		return errors.New("each stack is deployed by itself: name the one with --side primary or --side replica")
	case o.Command != Deploy && o.Boundary != "":
		return errors.New("--boundary is for deploy: nothing else makes roles")
	case o.Command != Boundary && o.ReplicaAccount != "":
		return errors.New("--replica-account is for boundary: no other policy names it")
	case slices.Contains([]string{Requeue, Operate, Upload, Boundary}, o.Command) && o.Side != Both:
		return fmt.Errorf("%s has one side: leave --side out", o.Command)
	case o.Command == Discover && o.Side != Both && o.Side != Caller:
		return errors.New("discover knows no primaries and replicas: leave --side out, or name the caller with --side caller")
	}
	return errors.Join(o.checkNames(), checkARNs(given(o.Boundary), "managed policy: write arn:aws:iam::ACCOUNT:policy/NAME", policyARN), checkARNs(o.Roles, "role: write arn:aws:iam::ACCOUNT:role/NAME", roleARN), checkARNs(slices.Concat(o.Keys, o.ReplicaKeys), "KMS key: write arn:aws:kms:REGION:ACCOUNT:key/ID, as `aws kms describe-key` shows it", keyARN))
}

func (o Options) checkNames() error {
	for _, bucket := range slices.Concat([]string{o.Primary, o.Output.Bucket}, o.Replicas) {
		if bucket != "" && !bucketName.MatchString(bucket) {
			return fmt.Errorf("%q is no bucket's name: write it without s3://", bucket)
		}
	}
	for _, n := range []struct {
		what, value string
		is          *regexp.Regexp
	}{{"partition", o.Partition, partition}, {"stage", o.Stage, word}, {"region", o.Region, word}, {"account", o.Account, account}, {"account", o.ReplicaAccount, account}} {
		if !n.is.MatchString(n.value) {
			return fmt.Errorf("%q is no %s", n.value, n.what)
		}
	}
	return nil
}

var (
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, with
	// those of before 2018
	bucketName = regexp.MustCompile(`^[A-Za-z0-9._-]{3,255}$`)
	partition  = regexp.MustCompile(`^aws(-[a-z]+)*$`)
	word       = regexp.MustCompile(`^[a-z0-9-]*$`)
	account    = regexp.MustCompile(`^([0-9]{12})?$`)
	roleARN    = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}|\*):role/[\w+=,.@/-]+$`)
	policyARN  = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[\w+=,.@/-]+$`)
	keyARN     = regexp.MustCompile(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[\w-]+$`)
)

// given is what was given, of one.
func given(one string) []string {
	return slices.DeleteFunc([]string{one}, func(s string) bool { return s == "" })
}

func checkARNs(all []string, what string, is *regexp.Regexp) error {
	for _, a := range all {
		if !is.MatchString(a) {
			return fmt.Errorf("%q is no ARN of a %s", a, what)
		}
	}
	return nil
}
