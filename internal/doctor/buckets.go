package doctor

import (
	"fmt"
	"slices"
	"strings"

	"autobackup/internal/attach"
	"autobackup/internal/shell"
	"autobackup/internal/text"
)

const ofBuckets = "buckets"

// buckets judges each bucket by what was read of it. More than one thing may be wrong of it.
func (j *judge) buckets() {
	for i := range j.Buckets {
		b := &j.Buckets[i]
		before := len(j.found)
		j.bucket(b)
		if len(j.found) == before {
			j.say(OK, ofBuckets, b.name(), "versioning, a replication rule, EventBridge and notices are as they must be, and the stage takes its uploads")
		}
	}
}

func (b *Bucket) name() string { return text.Name(b.Bucket.Bucket) }

// changed says of what was found last by which calls somebody may have changed it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
func (j *judge) changed(b *Bucket, events ...string) {
	j.found[len(j.found)-1].Trail = &Trail{b.Bucket.Bucket, j.Stage.Region, events}
}

// known are the facts that a bucket is judged by.
var known = []attach.Fact{attach.Where, attach.Versioning, attach.Replication, attach.Notifications}

func (j *judge) bucket(b *Bucket) {
	switch {
	case b.Gone && b.Category != "":
		j.say(Fail, ofBuckets, b.name(), "there is no such bucket: the stack has made it, and somebody has deleted it", j.revert(j.primary())...)
		j.changed(b, "DeleteBucket")
		return
	case b.Gone:
		j.say(Fail, ofBuckets, b.name(), "there is no such bucket: take its name out of Buckets (docs/adopt.md#take-it-back)", j.deploy(j.primary()))
		j.changed(b, "DeleteBucket")
		return
	case b.Known(attach.Where) && b.Region != j.Stage.Region:
		j.say(Fail, ofBuckets, b.name(), fmt.Sprintf("it is in %s, and its events never come to %s: take its name out of Buckets, and deploy a stage there", text.Line(b.Region, 30), j.Stage.Region), j.deploy(j.primary()))
		return
	}
	for _, u := range b.Unread {
		if slices.Contains(known, u.Fact) {
			j.unknown(&Unread{u.Why, u.Grant}, ofBuckets, b.name(), string(u.Fact))
		}
	}
	if b.Known(attach.Versioning) && b.Versioning != "Enabled" {
		j.say(Fail, ofBuckets, b.name(), "its versioning is off: nothing replicates, and no version is kept", versioning(b.Side))
		j.changed(b, "PutBucketVersioning")
	}
	j.replicates(b)
	if b.Known(attach.Notifications) {
		j.notified(b)
	}
	if j.NoRules == nil && !j.taken(b) {
		j.say(Fail, ofBuckets, b.name(), "no EventBridge rule of the stage takes its uploads", j.revert(j.primary())...)
	}
}

// taken says whether a rule takes the bucket's uploads, or would if it were enabled.
func (j *judge) taken(b *Bucket) bool {
	return slices.ContainsFunc(j.Rules, func(r Rule) bool { return slices.Contains(r.Buckets, b.Bucket.Bucket) })
}

func versioning(s attach.Side) string {
	return "aws s3api put-bucket-versioning --bucket " + shell.Quote(s.Bucket) + " --region " + s.Region + " --versioning-configuration Status=Enabled"
}

func (j *judge) replicates(b *Bucket) {
	if !b.Known(attach.Replication) {
		return
	}
	if !slices.ContainsFunc(b.Rules, func(r attach.Rule) bool { return r.Enabled }) {
		mend := []string{"docs/discover.md#not-replicated"}
		if b.Category != "" {
			mend = j.revert(j.primary())
		}
		j.say(Fail, ofBuckets, b.name(), "it has no replication rule that is enabled: there is nothing to compare with", mend...)
		j.changed(b, "PutBucketReplication", "DeleteBucketReplication")
	}
	for _, r := range b.Replicas {
		name := text.Name(r.Bucket)
		switch {
		case r.Gone:
			j.say(Fail, ofBuckets, b.name(), "a rule leads to "+name+", which does not exist: nothing replicates there", "docs/discover.md#not-replicated")
		case r.Known(attach.Versioning) && r.Versioning != "Enabled":
			j.say(Fail, ofBuckets, name, "versioning of this replica of "+b.name()+" is off: nothing replicates there", versioning(r))
		}
		if !r.Gone && r.Account == "" {
			j.unknown(&Unread{"HeadBucket was refused", "s3:ListBucket"}, ofBuckets, name, "whose this replica of "+b.name()+" is")
		}
		for _, u := range r.Unread {
			if slices.Contains(known, u.Fact) {
				j.unknown(&Unread{u.Why, u.Grant}, ofBuckets, name, string(u.Fact)+" of this replica of "+b.name())
			}
		}
	}
}

// attach is the command that mends what it once changed, once it has shown it and was told to.
func (j *judge) attach(b *Bucket) string {
	return "autobackup attach " + shell.Quote("s3://"+b.Bucket.Bucket) + j.named()
}

// notified judges what a PUT of notifications replaces as a whole. S3 tells of failed
// replications only where a rule has metrics, and tells one target alone.
func (j *judge) notified(b *Bucket) {
	sends := b.Sends(attach.Failed)
	if !b.EventBridge {
		j.say(Fail, ofBuckets, b.name(), "EventBridge is off: the stage hears of no upload", j.attach(b))
		j.changed(b, "PutBucketNotification")
	}
	if !b.Measured() {
		return
	}
	others := slices.DeleteFunc(slices.Clone(sends), func(n attach.Notification) bool { return n.Target == j.Stage.FailureQueue() })
	switch {
	case len(sends) == 0:
		j.say(Fail, ofBuckets, b.name(), "its notification of failed replications is gone: S3 tells the stage of none, and the looks find them later", j.attach(b))
		j.changed(b, "PutBucketNotification")
	case len(others) > 0:
		var to []string
		for _, n := range others {
			to = append(to, text.Line(n.Target, 200))
		}
		j.say(Warn, ofBuckets, b.name(), "S3 tells "+strings.Join(to, ", ")+" of failed replications, which it lets nobody share: the looks alone find them")
	}
}
