package doctor_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/doctor"
	core "autobackup/internal/doctor"
	"autobackup/local/cloudwatch"
	"autobackup/local/iam"
	"autobackup/local/sns"
	"autobackup/local/sqs"
)

func TestAHealthyStageIsAsItMustBe(t *testing.T) {
	r := newWorld(t).doctor()
	assert.Empty(t, bad(r))
	assert.Equal(t, 0, r.Exit)
	assert.Equal(t, 4, r.Buckets)
	assert.Equal(t, []string{"stacks", "functions", "versions", "subscription", "pipe", "state machine", "heartbeats", "rules", "queues", "alarms", "buckets", "looks"}, areas(r))
}

// Who looks from the one account sees nothing of the other, and says so.
func TestAStackOfAnotherAccountIsUnknownWithoutAProfileOfIt(t *testing.T) {
	const other = "444455556666"
	w := newWorldOf(t, other, nil)
	got := bad(w.doctor())
	require.GreaterOrEqual(t, len(got), 2)
	for _, line := range got {
		assert.Contains(t, line, "? | ", line)
	}
	why := ": it is in the account " + other + ", and the credentials are of " + account + ": name a profile of its with --replica-profile"
	assert.Contains(t, strings.Join(got, "\n"), "? | autobackup-replica-dev | whether it is deployed in "+w.second.Region+" of "+other+why)
	assert.Contains(t, strings.Join(got, "\n"), "? | autobackup-hash-bytes-dev | whether it runs in "+w.second.Region+" of "+other+why)

	owner := w.AWSConfigOf(w.Gate.As(iam.Principal{ARN: "arn:aws:iam::" + other + ":root"}), w.first.Region)
	r, err := doctor.Run(t.Context(), w.config(), doctor.Options{Stage: stage, Now: time.Now, Owners: []aws.Config{owner}})
	require.NoError(t, err)
	assert.Empty(t, bad(r))
	assert.Equal(t, []core.Side{{Account: other, Region: w.second.Region}}, r.Replicas)
	assert.Contains(t, r.Screen(false), " → "+w.second.Region+" of "+other+" ")
}

// Each form and way of the templates is as it must be, too.
func TestEveryFormOfAStageIsAsItMustBe(t *testing.T) {
	for name, value := range map[string]string{"Form": "lean", "ByteVerification": "always", "AlertEvents": "Enabled", "ChatAlerts": "Enabled", "BucketMetrics": theirs} {
		w := newWorldOf(t, account, map[string]string{name: value})
		assert.Empty(t, bad(w.doctor()), name)
	}
}

func TestEachReplicaStackIsReadThatThePrimaryOneNames(t *testing.T) {
	w := newWorld(t)
	const elsewhere = "sa-east-1"
	var readers []string
	for _, region := range []string{w.second.Region, elsewhere} {
		readers = append(readers, "arn:aws:lambda:"+region+":"+account+":function:autobackup-hash-bytes-dev")
	}
	_, err := w.Update(w.first, map[string]string{"Buckets": theirs, "ReplicaBuckets": replica, "ReplicaHashBytesArns": strings.Join(readers, ",")})
	require.NoError(t, err)
	assert.Equal(t, []string{"FAIL | autobackup-replica-dev | there is no such stack in " + elsewhere + " | sam build --config-env replica && sam deploy --config-env replica"}, bad(w.doctor()))
}

// A version without an id is none that fetch-etags could be asked for.
func TestVersionsWithoutAnIDAreNotAskedFor(t *testing.T) {
	w := newWorld(t)
	w.instead = map[string]string{"/" + theirs + "?encoding-type=url&max-keys=10&versions=": `<ListVersionsResult><Version><Key>old</Key><VersionId>null</VersionId><IsLatest>true</IsLatest></Version></ListVersionsResult>`}
	r := w.doctor()
	assert.Empty(t, bad(r))
	assert.Regexp(t, theirs+" +no version with an id is among its first keys", r.Screen(true))
}

// A stage whose schedule of heartbeats is off, or of which none came out verified, is told so.
func TestWhatIsKnownOfHeartbeatsIsTold(t *testing.T) {
	w := newWorld(t)
	assert.Regexp(t, `autobackup-heartbeat-dev +it is enabled, and the last heartbeat came out verified at 20`, w.doctor().Screen(true))
	r, err := doctor.Run(t.Context(), w.config(), doctor.Options{Stage: stage, Now: func() time.Time { return time.Now().Add(4 * time.Hour) }})
	require.NoError(t, err)
	assert.Equal(t, []string{"WARN | autobackup-heartbeat-dev | no heartbeat has come out verified in the last three hours: of a stage that was deployed within the last half hour that is so, under autobackup serve --fast, which puts none, too, and of any other its alarms tell | docs/heartbeats.md"}, bad(r))
	w.Events.Bus(w.first.Region).Switch(w.arn("events", "rule/autobackup-heartbeat-dev"), false)
	assert.Equal(t, []string{"FAIL | autobackup-heartbeat-dev | it is DISABLED: no heartbeat is put | aws events enable-rule --name autobackup-heartbeat-dev --region " + w.first.Region}, bad(w.doctor()))
	without := newWorldOf(t, account, map[string]string{"Form": "lean"}).doctor()
	assert.Regexp(t, "ok +heartbeats +the stage puts none: ", without.Screen(true))
}

// A part of a composite alarm may be in ALARM where nothing is wrong.
func TestAnAlarmThatTellsNobodyIsNoFailure(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.CloudWatch.Set(w.arn("cloudwatch", "alarm:autobackup-validation-queue-too-old-metric-dev"), func(a *cloudwatch.Alarm) { a.State = "ALARM" }))
	assert.Empty(t, bad(w.doctor()))
}

// The policy that autobackup policy prints is made of these.
func TestEveryCallIsAmongThePermissionsAndNoOther(t *testing.T) {
	w := newWorldOf(t, account, map[string]string{"AuditLevel": "rest"})
	w.notifies(theirs, &types.NotificationConfiguration{}) // who did is asked then
	w.doctor()
	var listed, made []string
	for _, p := range doctor.Permissions {
		listed = append(listed, p.Operation)
	}
	for name := range w.calls {
		made = append(made, name)
	}
	assert.ElementsMatch(t, listed, made)
}

// event is one as CloudTrail tells it.
func event(name, by, at, refused string) string {
	whole, _ := json.Marshal(map[string]any{"userIdentity": map[string]string{"arn": by}, "errorCode": refused})
	one, _ := json.Marshal(map[string]any{"EventName": name, "Username": "somebody", "EventTime": json.Number(at), "CloudTrailEvent": string(whole)})
	return string(one)
}

// The newest change that succeeded is told of each bucket that is not as it must be.
func TestWhoChangedABucketIsToldWhereCloudTrailMayBeRead(t *testing.T) {
	w := newWorld(t)
	w.notifies(theirs, &types.NotificationConfiguration{})
	const role = "arn:aws:sts::" + account + ":assumed-role/terraform-ci/run"
	w.trail = func(body string) (int, string) {
		assert.Contains(t, body, `"AttributeValue":"`+theirs+`"`)
		if !strings.Contains(body, "NextToken") {
			return 200, `{"Events":[` + event("PutBucketVersioning", "another", "1774000300", "") + `,` + event("PutBucketNotification", "another", "1774000200", "AccessDenied") + `],"NextToken":"more"}`
		}
		return 200, `{"Events":[` + event("PutBucketNotification", role, "1774000100", "") + `,` + event("PutBucketNotification", "older", "1774000000", "") + `]}`
	}
	r := w.doctor()
	require.Len(t, r.Findings[0].Mend, 1)
	assert.Equal(t, &core.Change{Event: "PutBucketNotification", At: "2026-03-20T09:48:20Z", By: role}, r.Findings[0].Changed)
	assert.Contains(t, r.Screen(false), "      changed        the last PutBucketNotification was 2026-03-20T09:48:20Z, by "+role+"\n      mend           autobackup attach s3://acme-invoices")
	assert.Empty(t, r.History)

	w.trail = func(string) (int, string) { return 200, `{"Events":[]}` }
	assert.Nil(t, w.doctor().Findings[0].Changed)
	w.trail = func(string) (int, string) {
		return 400, `{"__type":"AccessDeniedException","message":"no"}`
	}
	r = w.doctor()
	assert.Len(t, bad(r), 1, "nothing else is less known")
	assert.Contains(t, r.Screen(false), "note  who changed it, and when, is not known: LookupEvents answered 400 AccessDeniedException (grant cloudtrail:LookupEvents)\n1 failed, 0 warnings, 0 unknown   exit 1\n")
}

// Credentials that nobody knows are no matter of permissions, and would be refused everywhere.
func TestCredentialsThatAreRefusedEndEverything(t *testing.T) {
	w := newWorld(t)
	for _, code := range []string{"ExpiredToken", "UnrecognizedClientException"} {
		w.failing = code
		_, err := doctor.Run(t.Context(), w.config(), doctor.Options{Stage: stage, Now: time.Now})
		require.ErrorContains(t, err, "log in again, as with aws sso login", code)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err := doctor.Run(ctx, w.config(), doctor.Options{Stage: stage, Now: time.Now})
	require.ErrorIs(t, err, context.Canceled)
}

// What a service that does not answer was asked for is unknown, and nothing is to be granted.
func TestServicesThatFailAreUnknownEachByItself(t *testing.T) {
	w := newWorld(t)
	w.failing = "ServiceUnavailable"
	r := w.doctor()
	assert.Zero(t, r.Failed, bad(r))
	assert.Equal(t, 1, r.Exit)
	assert.Positive(t, r.Unknown)
	for _, f := range r.Findings {
		assert.NotContains(t, f.Text, "grant", f.Text)
	}
}

// areas are those of what is fine.
func areas(r core.Report) (all []string) {
	for _, f := range r.Findings {
		if f.Level == core.OK && (len(all) == 0 || all[len(all)-1] != f.Area) {
			all = append(all, f.Area)
		}
	}
	return all
}

// Each of these breaks one thing of a stage that is as it must be, and is told alone.
func TestEachThingThatIsBrokenIsToldAloneWithWhatMendsIt(t *testing.T) {
	const in = " --stage dev --region FIRST"
	for name, c := range map[string]struct {
		change []change
		with   func(w *world)
		want   []string // how each line begins, and what is in it
	}{
		"EventBridge is off": {with: func(w *world) { w.notifies(theirs, &types.NotificationConfiguration{}) },
			want: []string{"FAIL | acme-invoices | EventBridge is off: the stage hears of no upload | autobackup attach s3://acme-invoices" + in}},
		"versioning is suspended": {with: func(w *world) { w.suspended(theirs) },
			want: []string{"FAIL | acme-invoices | its versioning is off: nothing replicates, and no version is kept | aws s3api put-bucket-versioning --bucket acme-invoices --region FIRST --versioning-configuration Status=Enabled"}},
		"a rule is disabled": {with: func(w *world) { w.disable("autobackup-s3-upload-trigger-Buckets-dev") },
			want: []string{"FAIL | autobackup-s3-upload-trigger-Buckets-dev | it is disabled: no upload into acme-invoices is validated | aws events enable-rule --name autobackup-s3-upload-trigger-Buckets-dev --region FIRST"}},
		"a rule is gone": {with: func(w *world) {
			w.Events.Bus(w.first.Region).RemoveRule(w.arn("events", "rule/autobackup-s3-upload-trigger-Buckets-dev"))
		},
			want: []string{"FAIL | acme-invoices | no EventBridge rule of the stage takes its uploads | aws cloudformation create-change-set --region FIRST --stack-name autobackup-dev --change-set-name as-it-was --deployment-mode REVERT_DRIFT"}},
		"a rule sends nothing": {with: func(w *world) { w.aim("autobackup-s3-upload-trigger-Buckets-dev") },
			want: []string{"FAIL | autobackup-s3-upload-trigger-Buckets-dev | it does not send uploads to the validation queue | aws cloudformation create-change-set"}},
		"the pipe is stopped": {with: func(w *world) { w.Pipes.Stop(w.arn("pipes", "pipe/autobackup-validation-pipe-dev")) },
			want: []string{"FAIL | autobackup-validation-pipe-dev | it is STOPPED: nothing is validated, and messages are kept for four days | aws pipes start-pipe --name autobackup-validation-pipe-dev --region FIRST"}},
		"the sender of e-mails is handed nothing": {with: func(w *world) { w.Lambda.Disable(w.arn("lambda", "function:autobackup-failure-notifier-dev")) },
			want: []string{"FAIL | autobackup-failure-notifier-dev | what hands it what failed is Disabled: no e-mail is sent, and messages are kept for four days | aws lambda update-event-source-mapping --uuid "}},
		"nobody is subscribed": {with: func(w *world) { w.SNS.Unsubscribe(w.topic(), w.address) },
			want: []string{"FAIL | subscription | nobody is subscribed to the e-mails | aws sns subscribe --topic-arn TOPIC --protocol email --notification-endpoint ADDRESS --region FIRST; aws sns confirm-subscription --topic-arn TOPIC --authenticate-on-unsubscribe true --token TOKEN --region FIRST"}},
		"the subscription is not confirmed": {with: func(w *world) { w.SNS.Confirm(w.topic(), w.address, sns.Pending) },
			want: []string{"FAIL | subscription | ADDRESS has not confirmed it: no e-mail goes there. With the token of AWS's e-mail: | aws sns confirm-subscription"}},
		"the subscription was confirmed by its link": {with: func(w *world) { w.SNS.Confirm(w.topic(), w.address, sns.ByLink) },
			want: []string{"WARN | subscription | anyone who has one of its e-mails can unsubscribe ADDRESS"}},
		"a message is parked": {with: func(w *world) { w.park("validation-dlq") },
			want: []string{"FAIL | autobackup-validation-dlq-dev | 1 message parked, and waiting for a decision (docs/operations.md#when-an-e-mail-arrives) | autobackup parked" + in + "; autobackup retry" + in + " --why WHY; aws sqs start-message-move-task --source-arn QUEUES:autobackup-validation-dlq-dev --destination-arn QUEUES:autobackup-validation-queue-dev --region FIRST"}},
		"an alert is parked": {with: func(w *world) { w.park("failure-dlq") },
			want: []string{"FAIL | autobackup-failure-dlq-dev | 1 message that nobody was told of (docs/runbooks/failure-dlq-not-empty.md) | autobackup retry" + in + " --from failure-dlq --why WHY; aws sqs start-message-move-task --source-arn QUEUES:autobackup-failure-dlq-dev --destination-arn QUEUES:autobackup-failure-queue-dev"}},
		"an event was not delivered": {with: func(w *world) { w.park("event-dlq") },
			want: []string{"FAIL | autobackup-event-dlq-dev | 1 event of uploads that EventBridge could not deliver (docs/runbooks/event-dlq-not-empty.md) | autobackup retry" + in + " --from event-dlq --why WHY"}},
		"an alarm rings": {with: func(w *world) { w.alarm(func(a *cloudwatch.Alarm) { a.State = "ALARM" }) },
			want: []string{"FAIL | autobackup-pipe-not-running-dev | it is in ALARM: its description names its runbook | aws cloudwatch describe-alarms --alarm-types MetricAlarm CompositeAlarm --alarm-names autobackup-pipe-not-running-dev"}},
		"an alarm may not tell": {with: func(w *world) { w.alarm(func(a *cloudwatch.Alarm) { a.Enabled = false }) },
			want: []string{"FAIL | autobackup-pipe-not-running-dev | its actions are disabled: it tells nobody | aws cloudwatch enable-alarm-actions --alarm-names autobackup-pipe-not-running-dev --region FIRST"}},
		"an alarm has no action": {with: func(w *world) { w.alarm(func(a *cloudwatch.Alarm) { a.Tells = nil }) },
			want: []string{"FAIL | autobackup-pipe-not-running-dev | it has no action: it tells nobody | aws cloudformation create-change-set"}},
		"an alarm rings and has no action": {with: func(w *world) {
			w.alarm(func(a *cloudwatch.Alarm) { a.Tells, a.State = nil, "ALARM" })
		},
			want: []string{"FAIL | autobackup-pipe-not-running-dev | it has no action: it tells nobody | aws cloudformation create-change-set", "FAIL | autobackup-pipe-not-running-dev | it is in ALARM: "}},
		"the replica stack is gone": {with: func(w *world) { require.NoError(w.t, w.Delete(w.second)) },
			want: []string{"FAIL | autobackup-replica-dev | there is no such stack in SECOND | sam build --config-env replica && sam deploy --config-env replica"}},
		"both stacks are gone": {with: func(w *world) { w.retire() },
			want: []string{"FAIL | autobackup-dev | there is no such stack in FIRST: mend --stage and --region, or deploy it | docs/deploy.md#by-hand"}},
		"the replication rule is gone": {with: func(w *world) { w.unreplicated(theirs) },
			want: []string{"FAIL | acme-invoices | it has no replication rule that is enabled: there is nothing to compare with | docs/discover.md#not-replicated",
				"WARN | acme-invoices | no rule covers the version that was looked at, so that no look at a replica was tried | -"}},
		"the notification of a category's bucket is gone": {with: func(w *world) {
			w.notifies(w.of("documents"), &types.NotificationConfiguration{EventBridgeConfiguration: &types.EventBridgeConfiguration{}})
		},
			want: []string{"FAIL | DOCUMENTS | its notification of failed replications is gone: S3 tells the stage of none, and the looks find them later | autobackup attach s3://DOCUMENTS" + in}},
		"others have taken the notification": {with: func(w *world) { w.notifies(w.of("documents"), theirNotices(w)) },
			want: []string{"WARN | DOCUMENTS | S3 tells arn:aws:sns:FIRST:" + account + ":theirs of failed replications, which it lets nobody share: the looks alone find them | -"}},
		"the code of one side is another": {with: func(w *world) {
			w.Lambda.Function("arn:aws:lambda:" + w.second.Region + ":" + account + ":function:autobackup-hash-bytes-dev").Code = "another"
		}, want: []string{"FAIL | autobackup-hash-bytes-dev | its code in SECOND is not that of FIRST, byte for byte: the stacks are of two versions, or were not built in one place; deploy both from one checkout | sam build --config-env replica && sam deploy --config-env replica; sam build && sam deploy"}},
		"fetch-etags may not read versions": {change: []change{replaced("template.yaml", "                    - s3:GetObjectVersion\n                    - s3:GetObjectVersionAttributes\n", "                    - s3:GetObjectVersionAttributes\n")},
			want: []string{"FAIL | 4 buckets | fetch-etags may not look at a version in DOCUMENTS, autobackup-dev-replica-documents-" + account + ", autobackup-dev-primary-media-" + account + ", autobackup-dev-replica-media-" + account + ": HeadObject answered 403 Forbidden: no identity-based policy allows s3:GetObjectVersion | aws cloudformation create-change-set"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.change...)
			if c.with != nil {
				c.with(w)
			}
			r := w.doctor()
			got := bad(r)
			names := strings.NewReplacer("FIRST", w.first.Region, "SECOND", w.second.Region, "ADDRESS", w.address, "TOPIC", w.topic(), "DOCUMENTS", w.of("documents"), "QUEUES", strings.TrimSuffix(w.arn("sqs", ""), ":"))
			if assert.Len(t, got, len(c.want), strings.Join(got, "\n")) {
				for i, want := range c.want {
					assert.Contains(t, got[i], names.Replace(want))
				}
			}
			assert.Equal(t, map[bool]int{true: 1}[r.Failed+r.Unknown > 0], r.Exit)
		})
	}
}

func (w *world) topic() string { return w.arn("sns", "autobackup-failure-topic-dev") }

func theirNotices(w *world) *types.NotificationConfiguration {
	return &types.NotificationConfiguration{
		EventBridgeConfiguration: &types.EventBridgeConfiguration{},
		TopicConfigurations:      []types.TopicConfiguration{{TopicArn: aws.String(w.arn("sns", "theirs")), Events: []types.Event{"s3:Replication:OperationFailedReplication"}}},
	}
}

// suspended has a bucket's versioning be, which the local S3 does not do.
func (w *world) suspended(bucket string) {
	w.instead = map[string]string{"/" + bucket + "?versioning=": `<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>`}
}

func (w *world) unreplicated(bucket string) {
	w.t.Helper()
	_, err := w.client().DeleteBucketReplication(w.t.Context(), &s3.DeleteBucketReplicationInput{Bucket: &bucket})
	require.NoError(w.t, err)
}

func (w *world) park(kind string) {
	w.t.Helper()
	_, err := w.SQS.Send(w.arn("sqs", "autobackup-"+kind+"-dev"), sqs.Outgoing{Body: "parked"})
	require.NoError(w.t, err)
}

func (w *world) alarm(change func(*cloudwatch.Alarm)) {
	w.t.Helper()
	require.NoError(w.t, w.CloudWatch.Set(w.arn("cloudwatch", "alarm:autobackup-pipe-not-running-dev"), change))
}

// rule makes a rule anew.
func (w *world) rule(name string, disabled, aimed bool) {
	w.t.Helper()
	bus := w.Events.Bus(w.first.Region)
	for _, rule := range bus.Rules() {
		if rule.ARN == w.arn("events", "rule/"+name) {
			bus.RemoveRule(rule.ARN)
			rule.Disabled = disabled
			if !aimed {
				rule.Targets = nil
			}
			require.NoError(w.t, bus.AddRule(rule))
			return
		}
	}
	require.Fail(w.t, "there is no rule "+name)
}

func (w *world) disable(name string) { w.rule(name, true, true) }

func (w *world) aim(name string) { w.rule(name, false, false) }

// retire deletes the primary stack, whose working bucket must be empty.
func (w *world) retire() {
	require.NoError(w.t, w.Delete(w.first))
}

func TestWhatAPolicyRefusesIsToldOfTheSideThatRefuses(t *testing.T) {
	w := newWorld(t)
	copy := "autobackup-dev-replica-documents-" + account
	require.NoError(t, w.Gate.Attach("arn:aws:s3:::"+copy, iam.Bucket, map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Deny", "Principal": "*", "Action": "s3:GetObjectVersion", "Resource": "arn:aws:s3:::" + copy + "/*",
	}}}))
	got := bad(w.doctor())
	require.Len(t, got, 1, got)
	assert.Contains(t, got[0], "FAIL | "+copy+" | fetch-etags may not look at a version in this replica of "+w.of("documents")+": HeadObject answered 403")
	assert.Contains(t, got[0], "explicit deny")
	assert.Contains(t, got[0], " | autobackup attach s3://"+w.of("documents")+" --stage dev")
}

func TestWhoMayNotListIsRefusedWhatIsNotThere(t *testing.T) {
	w := newWorld(t, replaced("template.yaml", "                  Action:\n                    - s3:ListBucket\n                    - s3:ListBucketVersions\n                  Resource:\n                    - !Sub arn:${AWS::Partition}:s3:::autobackup-${Stage}-primary-*\n                    - !Sub arn:${AWS::Partition}:s3:::autobackup-${Stage}-replica-*\n",
		"                  Action:\n                    - s3:ListBucket\n                    - s3:ListBucketVersions\n                  Resource:\n                    - !Sub arn:${AWS::Partition}:s3:::autobackup-${Stage}-primary-*\n"))
	got := bad(w.doctor())
	require.Len(t, got, 1, got)
	assert.Contains(t, got[0], "FAIL | 2 buckets | fetch-etags may not look at what is not there (s3:ListBucket lets S3 say so) in autobackup-dev-replica-documents-"+account+", autobackup-dev-replica-media-"+account+
		": HeadObject answered 403 Forbidden: no identity-based policy allows s3:ListBucket | aws cloudformation create-change-set")
}
