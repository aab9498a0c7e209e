package attach_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/attach"
)

// ready is a bucket that can be attached: EventBridge is off, and its one rule has metrics.
func ready() attach.Bucket {
	return attach.Bucket{
		Side:   attach.Side{Bucket: "docs", Region: stage.Region, Account: stage.Account, Versioning: "Enabled", Encryption: "AES256", Lock: "no"},
		Rules:  []attach.Rule{{ID: "all", Enabled: true, To: "docs-dr", Every: true, Metrics: true}},
		Stages: []string{"dev"}, Listed: true,
		Replicas: []attach.Side{{Bucket: "docs-dr", Region: "eu-west-1", Account: stage.Account, Versioning: "Enabled", Encryption: "AES256", Lock: "no"}},
	}
}

func with(edit func(*attach.Bucket)) attach.Bucket {
	b := ready()
	edit(&b)
	return b
}

// said are the texts of a plan's lines with a word.
func said(p attach.Plan, word string) string {
	var all []string
	for _, l := range p.Lines {
		if l.Word == word {
			all = append(all, l.Text)
		}
	}
	return strings.Join(all, "\n")
}

func TestWhatIsChangedIsTheLeast(t *testing.T) {
	p := attach.Judge(stage, ready())
	assert.Equal(t, attach.Ready, p.State)
	assert.Equal(t, attach.Change{EventBridge: true, Notification: &attach.Notification{
		Kind: "queue", ID: "autobackup-dev-replication-failed", Target: "arn:aws:sqs:eu-central-1:111122223333:autobackup-failure-queue-dev", Events: []string{attach.Failed},
	}}, p.Change)
	assert.True(t, attach.Merge(p.Was, p.Change).Equal(p.Becomes))
	assert.Equal(t, "EventBridge off → on (events of all kinds are billed, $1.00 a million)\n"+
		"notifications: + s3:Replication:OperationFailedReplication → arn:aws:sqs:eu-central-1:111122223333:autobackup-failure-queue-dev", said(p, "change"))
	assert.Equal(t, "versioning, 1 rule for every key, the stage takes its uploads, no bucket policy denies the looks", said(p, "ok"))
	assert.Equal(t, "whether ReplicaBuckets of the replica stack names docs-dr: where it does not, its bytes can't be read (autobackup doctor looks)\n"+
		"uploads a month; what policies of organizations deny", said(p, "?"))
	assert.Equal(t, "autobackup detach s3://docs --stage dev --region eu-central-1 (leaves EventBridge on)", said(p, "undo"))
}

func TestKeysThatTheStageLeavesOutAreNoted(t *testing.T) {
	p := attach.Judge(stage, with(func(b *attach.Bucket) { b.LeftOut = []string{"tmp/", "a\x1b"} }))
	assert.Contains(t, said(p, "note"), "the stage leaves out keys that begin with tmp/, a? (LeftOutPrefixes): their uploads are not validated")
	p = attach.Judge(stage, with(func(b *attach.Bucket) { b.Only = []string{"in/", "a\x1b"} }))
	assert.Contains(t, said(p, "note"), "the stage validates keys alone that begin with in/, a? (OnlyPrefix)")
	p = attach.Judge(stage, ready())
	assert.NotContains(t, said(p, "note"), "keys")
}

func TestWhereNothingIsMissingNothingIsChanged(t *testing.T) {
	b := ready()
	b.Configuration = attach.Judge(stage, b).Becomes
	p := attach.Judge(stage, b)
	assert.Equal(t, attach.Attached, p.State)
	assert.True(t, p.Change.None())
	assert.Contains(t, said(p, "ok"), "EventBridge, the stage takes its uploads, failure notices")
}

func TestFailureNoticesAreAskedForOnlyWhereS3SendsSomeAndNobodyElseGetsThem(t *testing.T) {
	theirs := attach.Notification{Kind: "topic", ID: "theirs", Target: "arn:aws:sns:eu-central-1:111122223333:ops", Events: []string{"s3:Replication:*"}}
	for name, tt := range map[string]struct {
		bucket attach.Bucket
		note   string
	}{
		"no metrics": {with(func(b *attach.Bucket) { b.Rules[0].Metrics = false }), "no enabled rule has replication metrics"},
		"metrics of a disabled rule": {with(func(b *attach.Bucket) {
			b.Rules = append(b.Rules, attach.Rule{ID: "off", To: "docs-dr", Metrics: true})
			b.Rules[0].Metrics = false
		}), "no enabled rule has replication metrics"},
		"the owner's topic gets them": {with(func(b *attach.Bucket) { b.Notifications = []attach.Notification{theirs} }), "are told to arn:aws:sns:eu-central-1:111122223333:ops already"},
		"the owner's, and no metrics": {with(func(b *attach.Bucket) { b.Notifications = []attach.Notification{theirs}; b.Rules[0].Metrics = false }), "would be told to"},
		"another stage's queue has them": {with(func(b *attach.Bucket) {
			b.Notifications = []attach.Notification{{Kind: "queue", Target: "q", Events: []string{attach.Failed}}}
		}), "are told to q already"},
	} {
		p := attach.Judge(stage, tt.bucket)
		assert.Equal(t, attach.Change{EventBridge: true}, p.Change, name)
		assert.Contains(t, said(p, "note"), tt.note, name)
	}
	p := attach.Judge(stage, with(func(b *attach.Bucket) {
		b.Notifications = []attach.Notification{{Kind: "queue", ID: "a", Target: "q", Events: []string{"s3:ObjectCreated:*"}}}
	}))
	assert.NotNil(t, p.Change.Notification)
	assert.Contains(t, said(p, "note"), "its own notification stays; S3 sends each queue and topic among the targets a test event, functions none")
}

func TestABucketThatCantBeValidatedIsNotAttached(t *testing.T) {
	const outside = `{"Statement": [{"Sid": "Endpoint", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}]}`
	for why, b := range map[string]attach.Bucket{
		"there is no such bucket in the partition aws: check its name":                                  with(func(b *attach.Bucket) { b.Gone = true }),
		"versioning is suspended, so nothing replicates: aws s3api put-bucket-versioning --bucket docs": with(func(b *attach.Bucket) { b.Versioning = "Suspended" }),
		"versioning was never turned on, so nothing replicates":                                         with(func(b *attach.Bucket) { b.Versioning = "never" }),
		"no replication rule is enabled":                                                                with(func(b *attach.Bucket) { b.Rules, b.Replicas = nil, nil }),
		"a rule leads to docs-dr, which does not exist":                                                 with(func(b *attach.Bucket) { b.Replicas[0].Gone = true }),
		"versioning of the replica docs-dr is suspended: nothing replicates there":                      with(func(b *attach.Bucket) { b.Replicas[0].Versioning = "Suspended" }),
		"its rules lead to 4 buckets, and at most 3 are compared":                                       with(func(b *attach.Bucket) { r := b.Replicas[0]; b.Replicas = []attach.Side{r, r, r, r} }),
		"it is in us-east-1, and the stage dev in eu-central-1, where its events never come":            with(func(b *attach.Bucket) { b.Region = "us-east-1" }),
		"the stage prod takes its uploads already":                                                      with(func(b *attach.Bucket) { b.Stages = []string{"dev", "prod"} }),
		"the policy of docs refuses every look (statement Endpoint: aws:SourceVpce StringNotEquals":     with(func(b *attach.Bucket) { b.Policy = outside }),
		"the policy of docs-dr refuses every look":                                                      with(func(b *attach.Bucket) { b.Replicas[0].Policy = outside }),
		"the policy of docs-dr, of account 444455556666, does not let " + theRole + " look, each":       with(func(b *attach.Bucket) { b.Replicas[0].Account = "444455556666" }),
		"docs-dr, of account 444455556666, has the requester pay":                                       with(func(b *attach.Bucket) { b.Replicas[0].Account, b.Replicas[0].RequesterPays = "444455556666", true }),
		"versioning of the replica docs-dr was never turned on":                                         with(func(b *attach.Bucket) { b.Replicas[0].Versioning = "never" }),
		"HeadBucket is refused: it belongs to another account than 111122223333, or s3:ListBucket is denied; a bucket is attached to a stage of its own account": unread(attach.Where),
		"not known, and nothing is changed without: region (see below)":                                                                                          with(func(b *attach.Bucket) { b.Unread = []attach.Unread{{Fact: attach.Where, Why: "it answered 500"}} }),
		"not known, and nothing is changed without: versioning (see below)":                                                                                      unread(attach.Versioning),
		"not known, and nothing is changed without: replication rules (see below)":                                                                               unread(attach.Replication),
		"not known, and nothing is changed without: EventBridge and notifications (see below)":                                                                   unread(attach.Notifications),
		"not known, and nothing is changed without: EventBridge rules (see below)":                                                                               unread(attach.Triggers),
		"not known, and nothing is changed without: what attach recorded (see below)":                                                                            unread(attach.Recorded),
	} {
		p := attach.Judge(stage, b)
		assert.Equal(t, attach.Refused, p.State, why)
		assert.True(t, p.Change.None(), why)
		assert.Contains(t, said(p, "FAIL"), why)
	}
}

func unread(f attach.Fact) attach.Bucket {
	return with(func(b *attach.Bucket) {
		b.Unread = append(b.Unread, attach.Unread{Fact: f, Why: "it answered 403", Grant: "s3:GetIt"})
	})
}

func TestWhatIsNotKnownIsNeverFine(t *testing.T) {
	for _, f := range []attach.Fact{attach.Encryption, attach.Lock, attach.Lifecycle, attach.Policy, attach.Payer, attach.Tags} {
		p := attach.Judge(stage, unread(f))
		assert.Equal(t, map[bool]attach.State{true: attach.Unclear, false: attach.Ready}[f == attach.Tags], p.State, f)
		assert.Contains(t, said(p, "?"), string(f)+" of docs: it answered 403 (grant s3:GetIt)")
		assert.Equal(t, f != attach.Policy, strings.Contains(said(p, "ok"), "no bucket policy"), f)
	}
	p := attach.Judge(stage, with(func(b *attach.Bucket) {
		b.Replicas[0].Unread = []attach.Unread{{Fact: attach.Policy, Why: "it answered 500"}}
	}))
	assert.Contains(t, said(p, "?"), "bucket policy of docs-dr: it answered 500\n")
	assert.NotContains(t, said(p, "ok"), "no bucket policy")
	for name, want := range map[string]string{
		`{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}]}`: "policy of docs: statement 1 denies every look by aws:PrincipalOrgID StringNotEquals o-1",
		`no JSON`: "policy of docs: read the bucket policy",
	} {
		p := attach.Judge(stage, with(func(b *attach.Bucket) { b.Policy = name }))
		assert.Equal(t, attach.Ready, p.State)
		assert.Contains(t, said(p, "?"), want)
		assert.NotContains(t, said(p, "ok"), "no bucket policy")
	}
	p = attach.Judge(stage, with(func(b *attach.Bucket) {
		b.Replicas[0].Account, b.Key = "", "arn:aws:kms:eu-central-1:111122223333:key/k"
	}))
	assert.Contains(t, said(p, "?"), "whose docs-dr is")
	assert.NotContains(t, said(p, "ok"), "no bucket policy")
	assert.Contains(t, said(p, "?"), "whether the key of docs lets arn:aws:iam::111122223333:role/autobackup-dev-fetch-etags decrypt")
}

func TestEachFactThatIsNotKnownIsTold(t *testing.T) {
	p := attach.Judge(stage, with(func(b *attach.Bucket) {
		for _, side := range []*attach.Side{&b.Side, &b.Replicas[0]} {
			for _, f := range []attach.Fact{attach.Encryption, attach.Lock, attach.Payer} {
				side.Unread = append(side.Unread, attach.Unread{Fact: f, Why: "it answered 403"})
			}
		}
		b.Lock = "no answer"
	}))
	for _, line := range []string{"encryption of docs:", "Object Lock of docs:", "who pays of docs:", "encryption of docs-dr:", "Object Lock of docs-dr:", "who pays of docs-dr:"} {
		assert.Contains(t, said(p, "?"), line)
	}
	assert.NotContains(t, said(p, "note"), "Object Lock")
}

func TestTheOwnerIsTold(t *testing.T) {
	for want, b := range map[string]attach.Bucket{
		"warning no enabled rule covers every key":           with(func(b *attach.Bucket) { b.Rules[0].Every = false }),
		"note rules select by tag (all)":                     with(func(b *attach.Bucket) { b.Rules[0].ByTag = true }),
		"note lifecycle of docs-dr removes versions (old)":   with(func(b *attach.Bucket) { b.Replicas[0].Expires = []string{"old"} }),
		"note Object Lock of docs: GOVERNANCE, days: 1":      with(func(b *attach.Bucket) { b.Lock = "GOVERNANCE, days: 1" }),
		"note docs has the requester pay":                    with(func(b *attach.Bucket) { b.RequesterPays = true }),
		"next no EventBridge rule of the stage takes all of": with(func(b *attach.Bucket) { b.Stages = nil }),
	} {
		p := attach.Judge(stage, b)
		word, text, _ := strings.Cut(want, " ")
		assert.Contains(t, said(p, word), text)
	}
	p := attach.Judge(stage, with(func(b *attach.Bucket) { b.Stages = nil }))
	assert.Equal(t, attach.Waiting, p.State)
	assert.Contains(t, said(p, "next"), "add docs to Buckets and docs-dr to ReplicaBuckets of the stacks (--write samconfig.toml does), deploy")
}

func TestWhatInfrastructureCodeOwnsIsLeftToIt(t *testing.T) {
	for tag, want := range map[string][2]string{
		"tf-module=s3-base": {"Terraform", "terraform"}, "ManagedBy=Terraform": {"Terraform", "terraform"}, "iac=opentofu": {"Terraform", "terraform"},
		"aws:cloudformation:stack-name=data": {"CloudFormation", "cloudformation"}, "pulumi:project=x": {"Pulumi", "terraform"},
		"team=data": {"", "terraform"},
	} {
		key, value, _ := strings.Cut(tag, "=")
		tags := map[string]string{"a": "b", key: value}
		tool, shown := attach.Owner(tags)
		assert.Equal(t, want, [2]string{tool, attach.Form(tags)}, tag)
		p := attach.Judge(stage, with(func(b *attach.Bucket) { b.Tags = tags }))
		if tool == "" {
			assert.Equal(t, attach.Ready, p.State)
			assert.Empty(t, said(p, "warning"))
			continue
		}
		assert.Equal(t, tag, shown)
		assert.Equal(t, attach.Owned, p.State, tag)
		assert.Contains(t, said(p, "warning"), "its tag "+tag+" says that "+tool+" owns it")
	}
}

func TestWhoseCodeOwnsABucketIsNotKnownWhereItsTagsAreNot(t *testing.T) {
	p := attach.Judge(stage, unread(attach.Tags))
	assert.Equal(t, attach.Unclear, p.State)
	assert.True(t, p.State.Asks())
	assert.True(t, attach.Owned.Asks())
	assert.False(t, attach.Ready.Asks())
	assert.Contains(t, said(p, "warning"), "its tags could not be read, so that whose code owns it is not known")
	assert.False(t, p.Change.None())
}

func TestEachReplicaOfWhichItIsNotKnownWhetherItIsTakenIsNamed(t *testing.T) {
	p := attach.Judge(stage, with(func(b *attach.Bucket) {
		near, theirs := b.Replicas[0], b.Replicas[0]
		near.Bucket, near.Region = "docs-near", stage.Region
		theirs.Bucket, theirs.Region, theirs.Account, theirs.Policy = "docs-theirs", stage.Region, "444455556666", `{"Statement": `+stage.LetIn("docs-theirs")+`}`
		b.Replicas = append(b.Replicas, near, theirs)
		b.Unread = append(b.Unread, attach.Unread{Fact: attach.Named})
		b.Configuration = attach.Judge(stage, *b).Becomes
	}))
	assert.Equal(t, attach.Attached, p.State)
	for name, of := range map[string]string{"docs-dr": "both stacks", "docs-near": "the primary stack", "docs-theirs": "the primary stack"} {
		assert.Contains(t, said(p, "?"), "whether ReplicaBuckets of "+of+" names "+name+":")
	}
	p = attach.Judge(stage, with(func(b *attach.Bucket) { b.Stages = nil }))
	assert.NotContains(t, said(p, "?"), "ReplicaBuckets", "the next step says it")
}

func TestStatesAreInTheOrderOfWhatIsWorst(t *testing.T) {
	all := []attach.State{attach.Refused, attach.Waiting, attach.Owned, attach.Unclear, attach.Ready, attach.Attached}
	for i := range all {
		assert.Zero(t, attach.Worse(all[i], all[i]))
		for _, better := range all[i+1:] {
			assert.Negative(t, attach.Worse(all[i], better))
			assert.Positive(t, attach.Worse(better, all[i]))
		}
	}
	assert.Negative(t, attach.Worse(attach.Kept, attach.Refused))
}

func TestAStageIsInTheNameOfItsRules(t *testing.T) {
	assert.Equal(t, "dev", attach.StageOf("autobackup-s3-upload-trigger-dev"))
	assert.Equal(t, "dev", attach.StageOf("autobackup-s3-upload-trigger-Buckets2-dev"))
}

func TestOnlyWhatAttachDidOrWouldDoIsUndoneByDetach(t *testing.T) {
	b := ready()
	b.EventBridge, b.Rules[0].Metrics = true, false
	p := attach.Judge(stage, b)
	assert.Equal(t, attach.Attached, p.State)
	assert.Equal(t, "nothing here is attach's, so that detach has nothing to take back", said(p, "undo"))
	b.Record = &attach.Record{}
	assert.Contains(t, said(attach.Judge(stage, b), "undo"), "autobackup detach s3://docs ")
}

func TestReplicasOfBucketsThatTheStacksMadeAreTakenForSure(t *testing.T) {
	b := ready()
	const doubt = "whether ReplicaBuckets of the replica stack names docs-dr"
	assert.Contains(t, said(attach.Judge(stage, b), "?"), doubt)
	b.Listed = false
	assert.NotContains(t, said(attach.Judge(stage, b), "?"), doubt)
}
