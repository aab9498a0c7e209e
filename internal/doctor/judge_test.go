package doctor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"autobackup/internal/attach"
	"autobackup/internal/doctor"
	"autobackup/internal/verdict"
)

// bad are the findings that are not fine, in a line each: with the first command that mends it.
func bad(r doctor.Report) (all []string) {
	for _, f := range r.Findings {
		if f.Level != doctor.OK {
			all = append(all, string(f.Level)+" "+f.Subject+": "+f.Text+" | "+strings.Join(f.Mend, "; "))
		}
	}
	return all
}

func TestAStageThatIsAsItMustBe(t *testing.T) {
	r := doctor.Judge(healthy())
	assert.Empty(t, bad(r))
	assert.Equal(t, 0, r.Exit)
	assert.Equal(t, len(r.Findings), r.Fine)
}

func TestEachFactThatIsNotAsItMustBeIsToldAlone(t *testing.T) {
	const again, deploy, deployReplica = "autobackup doctor --stage prod --region eu-central-1", "sam build --config-env prod && sam deploy --config-env prod", "sam build --config-env replica-prod && sam deploy --config-env replica-prod"
	denied := &doctor.Unread{Why: "Call answered 403 AccessDenied", Grant: "service:Action"}
	for name, c := range map[string]struct {
		with func(f *doctor.Facts)
		want []string // what each line has
	}{
		"a stack that failed to be taken back": {func(f *doctor.Facts) { f.Stacks[0].Status = "UPDATE_ROLLBACK_FAILED" }, []string{"FAIL autobackup-prod: it is UPDATE_ROLLBACK_FAILED in eu-central-1 | aws cloudformation describe-stack-events --region eu-central-1 --stack-name autobackup-prod; " + deploy}},
		"a stack that was taken back":          {func(f *doctor.Facts) { f.Stacks[0].Status = "UPDATE_ROLLBACK_COMPLETE" }, []string{"WARN autobackup-prod: the last change of it in eu-central-1 failed and was taken back (UPDATE_ROLLBACK_COMPLETE) | "}},
		"a stack that never came to be":        {func(f *doctor.Facts) { f.Stacks[1].Status = "ROLLBACK_COMPLETE" }, []string{"FAIL autobackup-replica-prod: it is ROLLBACK_COMPLETE in eu-west-1 | "}},
		"a stack that is being changed":        {func(f *doctor.Facts) { f.Stacks[1].Status = "UPDATE_IN_PROGRESS" }, []string{"WARN autobackup-replica-prod: it is being changed in eu-west-1 (UPDATE_IN_PROGRESS)"}},
		"a state that nobody knows":            {func(f *doctor.Facts) { f.Stacks[1].Status = "NEW" }, []string{"FAIL autobackup-replica-prod: it is NEW in eu-west-1"}},
		"a stack of another account": {func(f *doctor.Facts) {
			f.Stacks[1].Account = "444455556666"
			f.Stacks[1].Unread = &doctor.Unread{Why: "it is theirs"}
		}, []string{"? autobackup-replica-prod: whether it is deployed in eu-west-1 of 444455556666: it is theirs | " + again}},
		"other categories on the other side":   {func(f *doctor.Facts) { f.Stacks[1].Parameters["Categories"] = "documents,media" }, []string{`FAIL autobackup-replica-prod: its parameter Categories is "documents,media", and that of the primary stack "documents": both must say the same in samconfig.toml | ` + deployReplica + "; " + deploy}},
		"heartbeats on one side only":          {func(f *doctor.Facts) { f.Stacks[0].Parameters["Heartbeats"] = "Enabled" }, []string{`its parameter Heartbeats is "", and that of the primary stack "Enabled"`}},
		"another encryption on the other side": {func(f *doctor.Facts) { f.Stacks[1].Parameters["StorageEncryption"] = "SSE-KMS" }, []string{`its parameter StorageEncryption is "SSE-KMS", and that of the primary stack "SSE-S3"`}},
		"another stage on the other side":      {func(f *doctor.Facts) { f.Stacks[1].Parameters["Stage"] = "dev" }, []string{`its parameter Stage is "dev", and that of the primary stack "prod"`}},
		"a replica that the other side lacks":  {func(f *doctor.Facts) { f.Stacks[1].Parameters["ReplicaBuckets"] = "another" }, []string{"its parameter ReplicaBuckets lacks acme-invoices-dr, the replica of acme-invoices: its hash-bytes may not read it"}},
		"another key than the other side's":    {func(f *doctor.Facts) { keys(f) }, []string{`its key is "arn:k1", and ReplicaKmsKeyArn of the primary stack "arn:k2": it must name that key`}},
		"an account that is not let in":        {func(f *doctor.Facts) { abroad(f) }, []string{`its parameter PrimaryAccount is "", and the primary stack is in 111122223333`}},
		"a function that is gone":              {func(f *doctor.Facts) { f.Functions[3].Gone = true }, []string{"FAIL autobackup-failure-notifier-prod: there is no such function in eu-central-1 | aws cloudformation create-change-set --region eu-central-1 --stack-name autobackup-prod "}},
		"a function that failed":               {func(f *doctor.Facts) { f.Functions[0].State, f.Functions[0].Why = "Failed", "the key is disabled" }, []string{"FAIL autobackup-fetch-etags-prod: in eu-central-1 its state is Failed, and that of its last update Successful: the key is disabled | " + deploy}},
		"a function whose update failed":       {func(f *doctor.Facts) { f.Functions[5].Update = "Failed" }, []string{"FAIL autobackup-hash-bytes-prod: in eu-west-1 its state is Active, and that of its last update Failed: Lambda gives no reason | " + deployReplica}},
		"a function that is being changed":     {func(f *doctor.Facts) { f.Functions[0].Update = "InProgress" }, []string{"WARN autobackup-fetch-etags-prod: in eu-central-1 it is being changed (Active, InProgress)"}},
		"a function that nobody may see": {func(f *doctor.Facts) {
			f.Functions[0] = doctor.Function{Name: "f", Region: "eu-central-1", Account: own, Unread: denied}
		}, []string{"? f: whether it runs in eu-central-1: Call answered 403 AccessDenied (grant service:Action) | autobackup policy doctor --stage prod --region eu-central-1 --account 111122223333"}},
		"other code on the other side":                   {func(f *doctor.Facts) { f.Functions[5].Code = "old" }, []string{"FAIL autobackup-hash-bytes-prod: its code in eu-west-1 is not that of eu-central-1, byte for byte"}},
		"another processor on the other side":            {func(f *doctor.Facts) { f.Functions[5].Code, f.Functions[5].Processor = "old", "x86_64" }, []string{"? autobackup-hash-bytes-prod: whether its code in eu-west-1 is that of eu-central-1: it is for x86_64 there and for arm64 here"}},
		"nothing for the sender of e-mails":              {func(f *doctor.Facts) { f.Mappings = nil }, []string{"FAIL autobackup-failure-notifier-prod: nothing hands it what failed: no e-mail is sent | aws cloudformation create-change-set"}},
		"a sender that is being enabled":                 {func(f *doctor.Facts) { f.Mappings[0].State = "Enabling" }, []string{"WARN autobackup-failure-notifier-prod: what hands it what failed is being changed (Enabling)"}},
		"no topic of theirs":                             {func(f *doctor.Facts) { f.Topic.Gone, f.Topic.Theirs, f.Topic.Subscriptions = true, true, nil }, []string{"FAIL subscription: there is no topic arn:aws:sns:eu-central-1:111122223333:autobackup-failure-topic-prod, which AlertTopicArn names: nobody is told anything; name one that is there | " + deploy}},
		"no topic":                                       {func(f *doctor.Facts) { f.Topic.Gone, f.Topic.Subscriptions = true, nil }, []string{"FAIL subscription: there is no topic arn:aws:sns:"}},
		"a subscription that nobody may see":             {func(f *doctor.Facts) { f.Topic.Subscriptions[0].Unread = denied }, []string{"? subscription: whether anybody can end that of oncall@example.com: "}},
		"a pipe that failed to start":                    {func(f *doctor.Facts) { f.Pipe.State = "START_FAILED" }, []string{"FAIL autobackup-validation-pipe-prod: it is START_FAILED: nothing is validated, and messages are kept for four days | aws pipes start-pipe --name autobackup-validation-pipe-prod --region eu-central-1"}},
		"a pipe that starts":                             {func(f *doctor.Facts) { f.Pipe.State = "STARTING" }, []string{"WARN autobackup-validation-pipe-prod: it is STARTING"}},
		"no pipe":                                        {func(f *doctor.Facts) { f.Pipe.Gone = true }, []string{"FAIL autobackup-validation-pipe-prod: there is no such pipe"}},
		"a state machine that is deleted":                {func(f *doctor.Facts) { f.Machine.State = "DELETING" }, []string{"FAIL autobackup-validation-prod: it is DELETING: nothing is validated"}},
		"no state machine":                               {func(f *doctor.Facts) { f.Machine.Gone = true }, []string{"FAIL autobackup-validation-prod: there is no such state machine"}},
		"audits whose state machine is gone":             {func(f *doctor.Facts) { f.Audits = audits(func(a *doctor.Audits) { a.Machine.Gone = true }) }, []string{"FAIL autobackup-audit-prod: there is no such state machine: no audits are made | aws cloudformation create-change-set"}},
		"audits whose state machine is deleted":          {func(f *doctor.Facts) { f.Audits = audits(func(a *doctor.Audits) { a.Machine.State = "DELETING" }) }, []string{"FAIL autobackup-audit-prod: it is DELETING: no audits are made"}},
		"audits that nobody may see":                     {func(f *doctor.Facts) { f.Audits = audits(func(a *doctor.Audits) { a.Unread = denied }) }, []string{"? autobackup-audit-prod: when the last audit ended: "}},
		"a state machine of audits that nobody may see":  {func(f *doctor.Facts) { f.Audits = audits(func(a *doctor.Audits) { a.Machine.Unread = denied }) }, []string{"? autobackup-audit-prod: whether its state machine is there: "}},
		"no audit that succeeded":                        {func(f *doctor.Facts) { f.Audits = audits(func(a *doctor.Audits) { a.Last = time.Time{} }) }, []string{"WARN autobackup-audit-prod: no audit has succeeded in 90 days: start one | autobackup audit --stage prod --region eu-central-1"}},
		"no schedule of heartbeats":                      {func(f *doctor.Facts) { f.Beats.Rule.Gone = true }, []string{"FAIL autobackup-heartbeat-prod: there is no such rule: no heartbeat is put | aws cloudformation create-change-set"}},
		"a schedule of heartbeats that is off":           {func(f *doctor.Facts) { f.Beats.Rule.State = "DISABLED" }, []string{"FAIL autobackup-heartbeat-prod: it is DISABLED: no heartbeat is put | aws events enable-rule --name autobackup-heartbeat-prod --region eu-central-1"}},
		"a schedule that nobody may see":                 {func(f *doctor.Facts) { f.Beats.Rule.Unread = denied }, []string{"? autobackup-heartbeat-prod: whether the schedule of heartbeats is enabled: Call"}},
		"heartbeats that nobody may count":               {func(f *doctor.Facts) { f.Beats.Unread = denied }, []string{"? autobackup-heartbeat-prod: when the last heartbeat came out verified: Call"}},
		"no heartbeat that was verified":                 {func(f *doctor.Facts) { f.Beats.Last = time.Time{} }, []string{"WARN autobackup-heartbeat-prod: no heartbeat has come out verified in the last three hours"}},
		"a stage without heartbeats":                     {func(f *doctor.Facts) { f.Beats = nil }, nil},
		"rules that nobody may see":                      {func(f *doctor.Facts) { f.Rules, f.NoRules = nil, denied }, []string{"? rules: the EventBridge rules that take uploads: "}},
		"targets that nobody may see":                    {func(f *doctor.Facts) { f.Rules[0].Unread = denied }, []string{"? autobackup-s3-upload-trigger-prod: where it sends uploads: "}},
		"no queue":                                       {func(f *doctor.Facts) { f.Queues[0].Gone = true }, []string{"FAIL autobackup-validation-queue-prod: there is no such queue"}},
		"messages that are on the way":                   {func(f *doctor.Facts) { f.Queues[0].Messages = 9 }, nil},
		"no alarm":                                       {func(f *doctor.Facts) { f.Alarms = nil }, []string{"FAIL alarms: the stage has none that tells anybody"}},
		"alarms that were never evaluated":               {func(f *doctor.Facts) { f.Alarms[1].State = "INSUFFICIENT_DATA" }, []string{"WARN alarms: none of 2 alarms rings, and each may tell; 1 not evaluated yet: of a stage that was deployed within the last minutes that is so"}},
		"an alarm of an odd name":                        {func(f *doctor.Facts) { f.Alarms[0] = doctor.Alarm{Name: "a'; rm -rf \x1b[2J", State: "ALARM"} }, []string{`FAIL a'; rm -rf ?[2J: it is in ALARM: its description names its runbook | aws cloudwatch describe-alarms --alarm-types MetricAlarm CompositeAlarm --alarm-names 'a'\''; rm -rf ?[2J' `}},
		"an alarm with a strange name that tells nobody": {func(f *doctor.Facts) { f.Alarms[0] = doctor.Alarm{Name: "a b", Disabled: true} }, []string{"FAIL a b: its actions are disabled: it tells nobody | aws cloudwatch enable-alarm-actions --alarm-names 'a b' --region eu-central-1"}},
		"a pipe that nobody may see":                     {func(f *doctor.Facts) { f.Pipe.Unread = denied }, []string{"? autobackup-validation-pipe-prod: whether it runs: Call answered 403 AccessDenied (grant service:Action)"}},
		"a replica where no replica stack is": {func(f *doctor.Facts) {
			f.Buckets[1].Replicas[0].Bucket, f.Buckets[1].Replicas[0].Region = "acme-else", "us-east-1"
		}, nil},
		"a bucket that is gone":            {func(f *doctor.Facts) { f.Buckets[1].Gone, f.Buckets[1].Look = true, doctor.Look{} }, []string{"FAIL acme-invoices: there is no such bucket: take its name out of Buckets (docs/adopt.md#take-it-back) | " + deploy}},
		"a category's bucket that is gone": {func(f *doctor.Facts) { f.Buckets[0].Gone, f.Buckets[0].Look = true, doctor.Look{} }, []string{"FAIL autobackup-prod-primary-documents-111122223333: there is no such bucket: the stack has made it, and somebody has deleted it | aws cloudformation create-change-set"}},
		"a bucket of another region":       {func(f *doctor.Facts) { f.Buckets[1].Region, f.Buckets[1].Look = "us-east-1", doctor.Look{} }, []string{"FAIL acme-invoices: it is in us-east-1, and its events never come to eu-central-1"}},
		"rules that could not be read": {func(f *doctor.Facts) {
			f.Buckets[1].Unread = []attach.Unread{{Fact: attach.Replication, Why: "GetBucketReplication answered 403", Grant: "s3:GetReplicationConfiguration"}}
		}, []string{"? acme-invoices: replication rules: GetBucketReplication answered 403 (grant s3:GetReplicationConfiguration)"}},
		"a replica that is gone":                {func(f *doctor.Facts) { f.Buckets[1].Replicas[0].Gone = true }, []string{"FAIL acme-invoices: a rule leads to acme-invoices-dr, which does not exist: nothing replicates there | docs/discover.md#not-replicated"}},
		"a replica without versioning":          {func(f *doctor.Facts) { f.Buckets[1].Replicas[0].Versioning = "Suspended" }, []string{"FAIL acme-invoices-dr: versioning of this replica of acme-invoices is off: nothing replicates there | aws s3api put-bucket-versioning --bucket acme-invoices-dr --region eu-west-1 --versioning-configuration Status=Enabled"}},
		"a replica of whom nobody knows":        {func(f *doctor.Facts) { f.Buckets[1].Replicas[0].Account = "" }, []string{"? acme-invoices-dr: whose this replica of acme-invoices is: HeadBucket was refused (grant s3:ListBucket)"}},
		"no metrics, so no notices":             {func(f *doctor.Facts) { f.Buckets[1].Rules[0].Metrics, f.Buckets[1].Notifications = false, nil }, nil},
		"a replica that lags":                   {func(f *doctor.Facts) { f.Buckets[1].Look.There.Replicas[0].Found = verdict.Missing }, nil},
		"an empty bucket":                       {func(f *doctor.Facts) { f.Buckets[1].Look = doctor.Look{Asked: true, Empty: true} }, nil},
		"a version that only customers can see": {func(f *doctor.Facts) { f.Buckets[1].Look.There.Primary.Found = verdict.SSEC }, nil},
		"a look that was not answered":          {func(f *doctor.Facts) { f.Buckets[1].Look.There = nil }, []string{"? acme-invoices: whether fetch-etags can look at it: it had no time for it"}},
		"a function that may not be invoked":    {func(f *doctor.Facts) { f.Buckets[1].Look = doctor.Look{Asked: true, Unread: denied} }, []string{"? acme-invoices: whether fetch-etags can look at it: Call answered 403 AccessDenied (grant service:Action)"}},
		"a function that fails": {func(f *doctor.Facts) {
			f.Fails = "Unhandled: {}"
			f.Buckets[0].Look, f.Buckets[1].Look = doctor.Look{Asked: true}, doctor.Look{Asked: true}
		}, []string{"FAIL autobackup-fetch-etags-prod: it was invoked, and failed: Unhandled: {} | aws logs tail /aws/lambda/autobackup-fetch-etags-prod --region eu-central-1"}},
		"a version that is gone since": {func(f *doctor.Facts) { f.Buckets[1].Look.There.Primary.Found = verdict.Missing }, []string{"? acme-invoices: whether fetch-etags can look at it: the version that it was asked for is gone since"}},
		"S3 that does not answer": {func(f *doctor.Facts) {
			f.Buckets[1].Look.There.Replicas[0].Side = verdict.Side{Bucket: "acme-invoices-dr", Found: verdict.Unreachable, Detail: "HeadObject did not answer in time"}
		}, []string{"? acme-invoices-dr: whether fetch-etags can look at a version in this replica of acme-invoices: HeadObject did not answer in time | " + again}},
		"a version that was to be missing": {func(f *doctor.Facts) { f.Buckets[1].Look.Absent.Primary.Found = verdict.Object }, []string{"? acme-invoices: whether fetch-etags is told what is not there"}},
		"tags that may not be read": {func(f *doctor.Facts) {
			f.Buckets[1].Look.There.Unread = &verdict.Read{Found: verdict.Denied, Detail: "GetObjectTagging answered 403"}
		}, []string{"FAIL acme-invoices: fetch-etags may not look at the tags of a version, by which rules select: GetObjectTagging answered 403 | autobackup attach s3://acme-invoices --stage prod --region eu-central-1"}},
		"rules that can't be followed": {func(f *doctor.Facts) { f.Buckets[1].Look.There.Unsupported = "4 replicas" }, []string{"FAIL acme-invoices: its replication rules can't be followed: 4 replicas"}},
		"what is not there is refused": {func(f *doctor.Facts) {
			f.Buckets[1].Look.Absent.Replicas[0].Side = verdict.Side{Bucket: "acme-invoices-dr", Found: verdict.Denied, Detail: "HeadObject answered 403: no identity-based policy allows s3:ListBucket"}
		}, []string{"FAIL acme-invoices-dr: fetch-etags may not look at what is not there (s3:ListBucket lets S3 say so) in this replica of acme-invoices: HeadObject answered 403: no identity-based policy allows s3:ListBucket | autobackup attach s3://acme-invoices --stage prod --region eu-central-1 --print parameters"}},
		"a primary stack that nobody may see": {func(f *doctor.Facts) {
			f.Stacks = []doctor.Stack{{Name: "autobackup-prod", Region: "eu-central-1", Account: own, Unread: denied}}
		}, []string{"? autobackup-prod: whether it is deployed in eu-central-1: Call answered 403 AccessDenied (grant service:Action)"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := healthy()
			c.with(&f)
			r := doctor.Judge(f)
			got := bad(r)
			if assert.Len(t, got, len(c.want), strings.Join(got, "\n")) {
				for i, want := range c.want {
					assert.Contains(t, got[i], want)
				}
			}
			assert.Equal(t, map[bool]int{true: 1}[r.Failed+r.Unknown > 0], r.Exit)
		})
	}
}

func keys(f *doctor.Facts) {
	f.Stacks[0].Parameters["StorageEncryption"], f.Stacks[1].Parameters["StorageEncryption"] = "SSE-KMS", "SSE-KMS"
	f.Stacks[0].Parameters["ReplicaKmsKeyArn"], f.Stacks[1].Outputs = "arn:k2", map[string]string{"StorageKeyArn": "arn:k1"}
}

func abroad(f *doctor.Facts) {
	const theirs = "444455556666"
	f.Stacks[1].Account, f.Functions[5].Account = theirs, theirs
	for i := range f.Buckets {
		f.Buckets[i].Replicas[0].Account = theirs
	}
}

func TestWhatLiesInEachDeadLetterQueueIsToldWithItsRunbook(t *testing.T) {
	for queue, want := range map[string]string{
		"autobackup-validation-dlq-prod": "2 messages parked, and waiting for a decision (docs/operations.md#when-an-e-mail-arrives)",
		"autobackup-event-dlq-prod":      "2 events of uploads that EventBridge could not deliver (docs/runbooks/event-dlq-not-empty.md)",
		"autobackup-failure-dlq-prod":    "2 messages that nobody was told of (docs/runbooks/failure-dlq-not-empty.md)",
	} {
		assert.Equal(t, want, doctor.Dead(queue, 2))
	}
}

func TestWithoutThePrimaryStackNothingElseIsToldOfTheStage(t *testing.T) {
	f := doctor.Facts{Stage: healthy().Stage, Stacks: []doctor.Stack{{Name: "autobackup-prod", Region: "eu-central-1", Account: own}}}
	assert.Equal(t, []string{"FAIL autobackup-prod: there is no such stack in eu-central-1: mend --stage and --region, or deploy it | docs/deploy.md#by-hand"}, bad(doctor.Judge(f)))
}

// A cause that many buckets share is told once.
func TestAlikeRefusalsAreToldOnce(t *testing.T) {
	f := healthy()
	for i := range f.Buckets {
		f.Buckets[i].Look.There.Primary = verdict.Side{Found: verdict.Denied, Detail: "HeadObject answered 403: no identity-based policy allows s3:GetObjectVersion"}
	}
	got := bad(doctor.Judge(f))
	assert.Len(t, got, 1)
	assert.Contains(t, got[0], "FAIL 2 buckets: fetch-etags may not look at a version in autobackup-prod-primary-documents-111122223333, acme-invoices: HeadObject answered 403")
	assert.Contains(t, got[0], "execute-change-set --region eu-central-1 --stack-name autobackup-prod --change-set-name as-it-was; autobackup attach s3://acme-invoices --stage prod --region eu-central-1 --print parameters")
}

// Whatever could not be read is told as that, never as fine, and never as failed.
func TestWhatCouldNotBeReadIsNeverFine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := healthy()
		u := &doctor.Unread{Why: "why", Grant: rapid.SampledFrom([]string{"", "a:B"}).Draw(t, "grant")}
		places := []*(*doctor.Unread){&f.Stacks[1].Unread, &f.Topic.Unread, &f.Topic.Subscriptions[0].Unread, &f.Pipe.Unread, &f.Machine.Unread, &f.NoRules, &f.NoAlarms, &f.NoMapping, &f.Beats.Unread, &f.Beats.Rule.Unread}
		for i := range f.Functions {
			places = append(places, &f.Functions[i].Unread)
		}
		for i := range f.Queues {
			places = append(places, &f.Queues[i].Unread)
		}
		for i := range f.Buckets {
			places = append(places, &f.Buckets[i].Look.Unread)
		}
		hidden := rapid.SliceOfNDistinct(rapid.IntRange(0, len(places)-1), 1, len(places), rapid.ID[int]).Draw(t, "hidden")
		for _, i := range hidden {
			*places[i] = u
		}
		if f.Topic.Unread != nil { // whose subscriptions are not known then
			f.Topic.Subscriptions = nil
		}
		r := doctor.Judge(f)
		assert.Equal(t, 1, r.Exit)
		assert.Positive(t, r.Unknown)
		assert.Zero(t, r.Failed+r.Warnings, bad(r))
		assert.LessOrEqual(t, r.Unknown, len(hidden))
		assert.Equal(t, len(r.Findings), r.Failed+r.Warnings+r.Unknown+r.Fine)
		for _, one := range r.Findings {
			assert.Equal(t, one.Level == doctor.OK, len(one.Mend) == 0, "%s has what mends it", one.Text)
		}
	})
}

func TestHeartbeatsAreToldWhetherThereAreSomeOrNone(t *testing.T) {
	f := healthy()
	assert.Contains(t, doctor.Judge(f).Screen(true), "it is enabled, and the last heartbeat came out verified at 2026-02-03T04:05:06Z")
	f.Beats = nil
	assert.Contains(t, doctor.Judge(f).Screen(true), "the stage puts none: where nobody uploads, silence does not show that uploads would be validated")
}

// An alarm that rings for it tells of the schedule already.
func TestAScheduleOfHeartbeatsThatIsOffIsNotToldTwice(t *testing.T) {
	f := healthy()
	f.Beats.Rule.State = "DISABLED"
	assert.Equal(t, 1, doctor.Judge(f).Untold())
	f.Alarms = append(f.Alarms, doctor.Alarm{Name: "autobackup-heartbeat-stopped-prod", State: "ALARM"})
	assert.Equal(t, 0, doctor.Judge(f).Untold())
}

// audits are those of a stage that makes some, but for the change.
func audits(change func(*doctor.Audits)) *doctor.Audits {
	a := &doctor.Audits{Machine: doctor.Running{Name: "autobackup-audit-prod", State: "ACTIVE"}, Last: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)}
	change(a)
	return a
}

func TestTheLastAuditIsToldWhereAllIsFine(t *testing.T) {
	f := healthy()
	f.Audits = audits(func(*doctor.Audits) {})
	report := doctor.Judge(f)
	assert.Zero(t, report.Exit)
	assert.Contains(t, report.Screen(true), "the last audit that succeeded ended at 2026-02-03T04:05:06Z")
}
