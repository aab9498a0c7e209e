package attach_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/attach"
	"autobackup/cmd/autobackup/discover"
	core "autobackup/internal/attach"
	"autobackup/local"
	"autobackup/local/events"
	locals3 "autobackup/local/s3"
)

func TestABucketIsAttachedAndDetachedAndThenAsItWas(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.put(docs, &types.NotificationConfiguration{TopicConfigurations: []types.TopicConfiguration{w.theirs("theirs", "s3:ObjectRemoved:*")}})
	before := w.notifications(docs)
	o := w.options(docs)
	o.SkipValidation = true // their topic is gone
	r, screen := w.run(attach.Run, o)
	assert.Equal(t, 0, r.Exit, screen)
	assert.Contains(t, screen, "1 bucket changed   exit 0")
	got := w.notifications(docs)
	assert.NotNil(t, got.EventBridgeConfiguration)
	assert.Equal(t, before.TopicConfigurations, got.TopicConfigurations)
	require.Len(t, got.QueueConfigurations, 1)
	assert.Equal(t, []types.Event{core.Failed}, got.QueueConfigurations[0].Events)

	r, screen = w.run(attach.Run, o)
	assert.Equal(t, 0, r.Exit, screen)
	assert.Equal(t, core.Attached, r.Buckets[0].State)
	assert.Contains(t, screen, "nothing was changed: there is nothing to change")

	o.EventBridgeOff = true
	r, screen = w.run(attach.Detach, o)
	assert.Equal(t, 0, r.Exit, screen)
	assert.Contains(t, screen, "EventBridge on → off")
	assertSame(t, before, w.notifications(docs))
	r, screen = w.run(attach.Detach, o)
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, screen, "attach has recorded nothing of it in the stage dev")
}

func TestAnUploadIntoAnAttachedBucketComesToTheStagesRule(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	matched := func() int {
		_, err := w.client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(docs), Key: aws.String("k"), Body: strings.NewReader("text")})
		require.NoError(t, err)
		return w.Events.Counts()["arn:aws:events:"+w.first+":"+account+":rule/autobackup-s3-upload-trigger-Buckets-dev"].Matched
	}
	assert.Equal(t, 0, matched())
	_, screen := w.run(attach.Run, w.options(docs))
	assert.Equal(t, 1, strings.Count(screen, "EventBridge off → on"))
	assert.Equal(t, 1, matched())
}

func TestNothingIsChangedBeforeSomebodySaysSo(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	o := w.options(docs)
	o.Yes = false
	r, screen := w.run(attach.Run, o)
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, screen, "nothing was changed: there is no terminal to ask on; --yes changes without asking, --plan FILE writes what would be changed   exit 1")
	assert.Empty(t, w.writes())

	for _, answer := range []string{"", "n", "no", "yes please"} {
		o.Choose = func(question string) (string, error) {
			assert.Empty(t, w.writes())
			assert.Equal(t, "Nothing is changed yet.  y apply   p write attach-plan.json   c print code: terraform   N stop:", question)
			return answer, nil
		}
		r, _ = w.run(attach.Run, o)
		assert.Equal(t, 1, r.Exit)
		assert.Empty(t, w.writes(), answer)
	}
	o.Choose = func(string) (string, error) { return "c", nil }
	_, screen = w.run(attach.Run, o)
	assert.Contains(t, screen, "resource \"aws_s3_bucket_notification\" \"acme_invoices\" {")
	assert.Empty(t, w.writes())
	o.Choose = func(string) (string, error) { return "y", nil }
	r, _ = w.run(attach.Run, o)
	assert.Equal(t, 0, r.Exit)
	assert.ElementsMatch(t, []string{"PutBucketNotificationConfiguration " + docs, "PutObject autobackup-dev-work-" + account}, w.writes())

	o.Choose = nil
	_, screen = w.run(attach.Detach, o)
	assert.Contains(t, screen, "--yes takes back without asking")
	o.Choose = func(string) (string, error) { return "n", nil }
	_, _ = w.run(attach.Detach, o)
	assert.Empty(t, w.writes())
}

func TestAStageThatDoesNotTakeTheBucketIsDeployedFirst(t *testing.T) {
	w := newWorld(t)
	w.bucket(replica, w.second, nil)
	w.bucket("acme-other", w.first, nil, replica)
	r, screen := w.run(attach.Run, w.options("acme-other"))
	assert.Equal(t, core.Waiting, r.Buckets[0].State)
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, screen, "add acme-other to Buckets and acme-invoices-dr to ReplicaBuckets of the stacks (--write samconfig.toml does), deploy (docs/deploy.md), and attach again")
	assert.Empty(t, w.writes())

	o := w.options("acme-other")
	for _, form := range attach.Forms {
		o.Print = form
		_, screen = w.run(attach.Run, o)
		assert.Contains(t, screen, "# The stage does not take this bucket yet. Let it first (--print parameters): ", form)
	}
	w.takes("acme-other")
	_, screen = w.run(attach.Run, o)
	assert.NotContains(t, screen, "# The stage does not take this bucket yet")
}

func TestTwoRunsAtOnceEndWell(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	o := w.options(docs)
	o.Yes = false
	o.Choose = func(string) (string, error) {
		r, _ := w.run(attach.Run, w.options(docs))
		assert.Equal(t, 0, r.Exit)
		w.asked()
		return "y", nil
	}
	r, screen := w.run(attach.Run, o)
	assert.Equal(t, 0, r.Exit)
	assert.Contains(t, screen, "done     "+docs+": somebody, or another run, has just made the same change: EventBridge on, failure notices to ")
	assert.Contains(t, screen, "0 buckets changed   exit 0\n")
	assert.Empty(t, w.writes(), "neither the bucket nor the record of the other run")
	r, _ = w.run(attach.Detach, w.options(docs))
	assert.Equal(t, 0, r.Exit)
}

func TestWhatSomebodyChangedBetweenTheLookAndTheChangeIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	o := w.options(docs)
	o.Yes = false
	o.Choose = func(string) (string, error) {
		w.put(docs, &types.NotificationConfiguration{TopicConfigurations: []types.TopicConfiguration{w.theirs("new", "s3:ObjectCreated:*")}})
		w.asked()
		return "y", nil
	}
	r, screen := w.run(attach.Run, o)
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, screen, "nothing was changed of it: somebody has changed its notifications since they were looked at")
	assert.Regexp(t, `when looked at:\n +EventBridge off\n +now:\n +EventBridge off\n +topic arn:aws:sns:\S+:theirs, id "new": s3:ObjectCreated:\*`, screen)
	assert.Empty(t, w.writes())
}

func TestWhatSomebodyChangesDuringTheChangeIsToldWithBothTexts(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	o := w.options(docs)
	n := 0
	o.Wait = func(ctx context.Context, _ time.Duration) error { // between the PUT and what reads it back
		if n++; n == 1 {
			w.put(docs, &types.NotificationConfiguration{})
		}
		return ctx.Err()
	}
	r, screen := w.run(attach.Run, o)
	assert.Equal(t, 1, r.Exit)
	assert.True(t, r.Buckets[0].Changed)
	assert.Contains(t, screen, "1 bucket changed of 1; the same command again goes on with the rest   exit 1")
	assert.Equal(t, 4, n, "S3 may take a moment to answer what was written")
	assert.Regexp(t, `it was changed, and what stands there is not what was written: somebody changed it in between; look again\n +written:\n +EventBridge on\n +queue .*\n +there:\n +EventBridge off\n`, screen)
}

func TestOthersChangesBetweenAttachAndDetachStay(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.run(attach.Run, w.options(docs))
	now := w.notifications(docs)
	w.put(docs, &types.NotificationConfiguration{
		EventBridgeConfiguration: now.EventBridgeConfiguration, QueueConfigurations: now.QueueConfigurations,
		TopicConfigurations: []types.TopicConfiguration{w.theirs("new", "s3:ObjectCreated:*")},
	})
	o := w.options(docs)
	o.SkipValidation = true
	r, screen := w.run(attach.Detach, o)
	assert.Equal(t, 0, r.Exit, screen)
	got := w.notifications(docs)
	assert.Len(t, got.TopicConfigurations, 1)
	assert.Empty(t, got.QueueConfigurations)
	assert.NotNil(t, got.EventBridgeConfiguration)
	assert.Contains(t, screen, "autobackup-s3-upload-trigger-Buckets-dev still takes its uploads: take acme.invoices out of Buckets")
}

// A bucket's name may be somebody else's by now: nothing is read of it, or written.
func TestEveryCallAboutAnOwnBucketSaysWhoseItMustBe(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.run(attach.Run, w.options(docs))
	w.run(attach.Detach, w.options(docs))
	n := 0
	for _, call := range w.owner {
		if strings.Contains(call, " /"+docs) || strings.Contains(call, "-work-") || strings.HasPrefix(call, "HEAD ") {
			assert.True(t, strings.HasSuffix(call, " "+account), call)
			n++
		}
	}
	assert.Greater(t, n, 20)
}

func TestASecondChangeIsOnRecordBesideTheFirst(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.run(attach.Run, w.options(docs))
	w.put(docs, &types.NotificationConfiguration{EventBridgeConfiguration: &types.EventBridgeConfiguration{}}) // the notification is lost
	r, screen := w.run(attach.Run, w.options(docs))
	require.Equal(t, 0, r.Exit, screen)
	assert.NotContains(t, screen, "EventBridge off → on")
	o := w.options(docs)
	o.EventBridgeOff = true
	r, screen = w.run(attach.Detach, o)
	assert.Equal(t, 0, r.Exit)
	assert.Contains(t, screen, "EventBridge on → off", "which the first change turned on")
	assertSame(t, &s3.GetBucketNotificationConfigurationOutput{}, w.notifications(docs))
}

func TestEventBridgeStaysOnForOtherRulesThatTakeTheBucket(t *testing.T) {
	for pattern, on := range map[string]bool{
		`{"source": ["aws.s3"], "detail": {"bucket": {"name": ["another"]}}}`: false,
		`{"source": ["aws.ec2"]}`: false,
		`{"source": ["aws.s3"]}`:  true,
		`{"detail": {"bucket": {"name": [{"prefix": "acme"}]}, "object": {"key": [{"prefix": "in/"}]}}}`:                        true,
		`{"source": ["aws.s3"], "detail-type": ["Object Restore Completed"], "detail": {"bucket": {"name": ["` + docs + `"]}}}`: true,
	} {
		w := newWorld(t)
		w.pair(nil)
		w.run(attach.Run, w.options(docs))
		require.NoError(t, w.Events.Bus(w.first).AddRule(events.Rule{ARN: "arn:aws:events:" + w.first + ":" + account + ":rule/theirs", Pattern: []byte(pattern)}))
		o := w.options(docs)
		o.EventBridgeOff = true
		r, screen := w.run(attach.Detach, o)
		assert.Equal(t, 0, r.Exit, screen)
		assert.Equal(t, on, w.notifications(docs).EventBridgeConfiguration != nil, pattern)
		assert.Equal(t, on, strings.Contains(screen, "other rules take its events, or may: theirs"), pattern)
	}
}

func TestAPlanIsAppliedOnlyToWhatIsAsItWas(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	file := filepath.Join(t.TempDir(), "plan.json")
	o := w.options(docs)
	o.Yes, o.Plan = false, file
	r, screen := w.run(attach.Run, o)
	assert.Equal(t, 0, r.Exit)
	assert.Contains(t, screen, "autobackup attach --stage dev --region "+w.first+" --apply="+file+" applies it")
	assert.Empty(t, w.writes())

	apply := w.options()
	apply.Yes, apply.Apply = false, file
	written, err := os.ReadFile(file) //nolint:gosec // the test's
	require.NoError(t, err)
	edited := func(old, replaced string) func() func() {
		return func() func() {
			require.Contains(t, string(written), old)
			require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(written), old, replaced, 1)), 0o600))
			return func() { require.NoError(t, os.WriteFile(file, written, 0o600)) }
		}
	}
	for name, tt := range map[string]struct {
		edit func() (back func())
		says string
	}{
		"a notification came": {func() func() {
			w.put(docs, &types.NotificationConfiguration{TopicConfigurations: []types.TopicConfiguration{w.theirs("new", "s3:ObjectCreated:*")}})
			return func() { w.put(docs, &types.NotificationConfiguration{}) }
		}, `notifications: [] when planned, [{"events":["s3:ObjectCreated:*"],"id":"new","kind":"topic",`},
		"a lifecycle rule of the replica came": {func() func() {
			w.expires(replica, w.second)
			return func() { w.keeps(replica, w.second) }
		}, `replicas.1.expires: [] when planned, ["old"] now`},
		"the change was edited": {edited(`"id": "autobackup-dev-`, `"id": "theirs-dev-`), `change.notification.id: "theirs-dev-replication-failed" when planned, "autobackup-dev-replication-failed" now`},
		"a line was edited":     {edited("EventBridge off → on", "Nothing at all"), `text: "Nothing at all (events of all kinds are billed, $1.00 a million)" when planned, "EventBridge off → on`},
		"a fact was edited":     {edited(`"gone": false`, `"gone": true`), "gone: true when planned, false now"},
	} {
		back := tt.edit()
		w.asked()
		r, screen = w.run(attach.Run, apply)
		assert.Equal(t, 1, r.Exit, name)
		assert.Contains(t, screen, "plan and review again\n           ", name)
		assert.Contains(t, screen, tt.says, name)
		assert.Empty(t, w.writes(), name)
		back()
	}
	r, screen = w.run(attach.Run, apply)
	assert.Equal(t, 0, r.Exit, screen)
	assert.NotNil(t, w.notifications(docs).EventBridgeConfiguration)
	w.asked()
	r, screen = w.run(attach.Run, apply)
	assert.Equal(t, 0, r.Exit, "where it was applied before, it changes nothing: %s", screen)
	assert.Contains(t, screen, "done     "+docs+": nothing was changed of it: it is attached by now\n")
	assert.Empty(t, w.writes())

	require.NoError(t, os.WriteFile(file, []byte("{}"), 0o600))
	_, err = attach.Run(t.Context(), w.config(), apply)
	assert.ErrorContains(t, err, "is no plan that this version of autobackup wrote: write it again with --plan")
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(written), `"stage": "dev"`, `"stage": "prod"`, 1)), 0o600))
	_, err = attach.Run(t.Context(), w.config(), apply)
	assert.ErrorContains(t, err, "the plan is of the stage prod")
}

func TestWhatCodeOwnsIsPrintedAndNotChanged(t *testing.T) {
	w := newWorld(t)
	w.pair(func(c *locals3.BucketConfig) { c.Tags = map[string]string{"aws:cloudformation:stack-name": "data"} })
	r, screen := w.run(attach.Run, w.options(docs))
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, screen, "warning  its tag aws:cloudformation:stack-name=data says that CloudFormation owns it")
	assert.Contains(t, screen, "NotificationConfiguration:\n  EventBridgeConfiguration:\n    EventBridgeEnabled: true\n  QueueConfigurations:\n    - Event: \"s3:Replication:OperationFailedReplication\"\n")
	assert.Empty(t, w.writes())
	o := w.options(docs)
	o.Yes = false
	o.Choose = func(question string) (string, error) {
		assert.Contains(t, question, "N print it for the code that owns it:")
		return "", nil
	}
	_, screen = w.run(attach.Run, o)
	assert.Contains(t, screen, "NotificationConfiguration:\n")
	assert.Empty(t, w.writes())
	o.Choose = func(string) (string, error) { return "y", nil }
	r, _ = w.run(attach.Run, o)
	assert.Equal(t, 0, r.Exit, "who saw the warning may all the same")
}

func TestABucketWhoseTagsNobodyReadIsChangedByAPersonAlone(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.failing(func(r locals3.Request) *locals3.Fault {
		if r.Operation == "GetBucketTagging" {
			return &locals3.Fault{Status: 403, Code: "AccessDenied"}
		}
		return nil
	})
	r, screen := w.run(attach.Run, w.options(docs))
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, screen, "its tags could not be read, so that whose code owns it is not known")
	assert.Contains(t, screen, "it was left as it is, as code may own it: what that needs is printed; answer y at the question where none does")
	assert.Contains(t, screen, "resource \"aws_s3_bucket_notification\" \"acme_invoices\" {")
	assert.Empty(t, w.writes())
	o := w.options(docs)
	o.Yes = false
	o.Choose = func(question string) (string, error) {
		assert.Contains(t, question, "N print it for the code that may own it:")
		return "y", nil
	}
	r, _ = w.run(attach.Run, o)
	assert.Equal(t, 0, r.Exit, "who saw the warning may")
}

func TestAnIDThatTheOwnerHasGivenIsNotAttachs(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.put(docs, &types.NotificationConfiguration{TopicConfigurations: []types.TopicConfiguration{w.theirs("autobackup-dev-replication-failed", "s3:ObjectRemoved:*")}})
	before := w.notifications(docs)
	o := w.options(docs)
	o.SkipValidation, o.EventBridgeOff = true, true
	r, screen := w.run(attach.Run, o)
	require.Equal(t, 0, r.Exit, screen)
	require.Len(t, w.notifications(docs).QueueConfigurations, 1)
	assert.Equal(t, "autobackup-dev-replication-failed-2", *w.notifications(docs).QueueConfigurations[0].Id)
	r, screen = w.run(attach.Run, o)
	assert.Equal(t, core.Attached, r.Buckets[0].State, screen)
	_, screen = w.run(attach.Detach, o)
	assert.Contains(t, screen, "taken back of 1 bucket")
	assertSame(t, before, w.notifications(docs))
}

func TestABucketOfAnotherAccountSaysWhatToDo(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.failing(func(r locals3.Request) *locals3.Fault {
		if r.Operation == "HeadBucket" && r.Bucket == docs {
			return &locals3.Fault{Status: 403, Code: "AccessDenied"}
		}
		return nil
	})
	r, screen := w.run(attach.Run, w.options(docs))
	assert.Equal(t, core.Refused, r.Buckets[0].State)
	assert.Contains(t, screen, docs+" (?, ?)   cannot be attached\n", "whose it is is not known")
	assert.Equal(t, 1, strings.Count(screen, "\n  FAIL "), "nothing else follows from it: %s", screen)
	assert.Contains(t, screen, "it belongs to another account than "+account+", or s3:ListBucket is denied; a bucket is attached to a stage of its own account")
}

func TestWhereTheCredentialsEndInTheMiddleTheRestIsToldAndDoneByASecondRun(t *testing.T) {
	w := newWorld(t)
	names := w.pairs(5)
	w.failing(func(r locals3.Request) *locals3.Fault {
		if r.Operation == "PutBucketNotificationConfiguration" && r.Bucket == "acme-2" {
			return &locals3.Fault{Status: 400, Code: "ExpiredToken"}
		}
		return nil
	})
	r, screen := w.run(attach.Run, w.options(names...))
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, screen, "done     acme-1: changed: EventBridge on, failure notices to")
	assert.Contains(t, screen, "FAIL     acme-2: change its notifications: PutBucketNotificationConfiguration answered 400 ExpiredToken")
	assert.Contains(t, screen, "aws sso login")
	assert.Contains(t, screen, "FAIL     acme-3: not tried: nothing of it was changed")
	assert.Contains(t, screen, "2 buckets changed of 5; the same command again goes on with the rest   exit 1")
	w.failing(nil)
	r, screen = w.run(attach.Run, w.options(names...))
	assert.Equal(t, 0, r.Exit, screen)
	assert.Contains(t, screen, "3 buckets changed   exit 0")
	w.asked()
	_, screen = w.run(attach.Detach, w.options(names...))
	assert.Contains(t, screen, "taken back of 5 buckets   exit 0")
}

func TestThrottlingOfOneBucketStopsNoOther(t *testing.T) {
	w := newWorld(t)
	names := w.pairs(2)
	w.failing(func(r locals3.Request) *locals3.Fault {
		if r.Operation == "PutBucketNotificationConfiguration" && r.Bucket == names[0] {
			return &locals3.Fault{Status: 503}
		}
		return nil
	})
	r, screen := w.run(attach.Run, w.options(names...))
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, screen, "PutBucketNotificationConfiguration answered 503 SlowDown")
	assert.Contains(t, screen, "1 bucket changed of 2; the same command again goes on with the rest   exit 1")
}

func TestAHundredBucketsAreAttachedAtOnce(t *testing.T) {
	w := newWorld(t)
	names := w.pairs(100)
	r, screen := w.run(attach.Run, w.options(names...))
	assert.Equal(t, 0, r.Exit)
	assert.Contains(t, screen, "to be changed: 100; 100 buckets changed   exit 0")
}

func TestABucketThatCantBeAttachedIsRefusedAndNothingIsChanged(t *testing.T) {
	w := newWorld(t)
	w.bucket("plain", w.first, func(c *locals3.BucketConfig) { c.Versioned = false })
	w.bucket("lone", w.first, nil)
	w.bucket("to-nowhere", w.first, nil, "gone-dr")
	w.bucket("far", w.second, nil, "lone")
	w.bucket("closed", w.first, func(c *locals3.BucketConfig) {
		c.Policy = `{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}]}`
	}, "lone")
	names := []string{"plain", "lone", "to-nowhere", "far", "closed", "not-there"}
	w.takes(names...)
	r, screen := w.run(attach.Run, w.options(names...))
	assert.Equal(t, 1, r.Exit)
	for _, b := range r.Buckets {
		assert.Equal(t, core.Refused, b.State, b.Bucket)
	}
	for _, want := range []string{
		"versioning was never turned on, so nothing replicates", "no replication rule is enabled", "a rule leads to gone-dr, which does not exist",
		"it is in " + w.second + ", and the stage dev in " + w.first, "add this to its Condition: \"ArnNotEquals\"", "there is no such bucket in the partition aws",
		"not-there (?, ?)   cannot be attached\n", "plain (" + account + ", " + w.first + ")   cannot be attached\n",
	} {
		assert.Contains(t, screen, want)
	}
	assert.Empty(t, w.writes())
}

// The templates' RolePath and RoleNamePrefix give the role another name.
func TestPoliciesAreJudgedForTheRoleThatIsNamed(t *testing.T) {
	const named = "arn:aws:iam::" + account + ":role/platform/acme-autobackup-dev-fetch-etags"
	w := newWorld(t)
	w.bucket("elsewhere", w.second, nil)
	w.bucket("closed", w.first, func(c *locals3.BucketConfig) {
		c.Policy = `{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"ArnNotEquals": {"aws:PrincipalArn": ["` + named + `", "arn:aws:iam::` + account + `:root"]}}}]}`
	}, "elsewhere")
	w.takes("closed")
	o := w.options("closed")
	r, screen := w.run(attach.Run, o)
	assert.Equal(t, core.Refused, r.Buckets[0].State, screen)
	assert.Contains(t, screen, ":role/autobackup-dev-fetch-etags")

	plan := filepath.Join(t.TempDir(), "plan.json")
	o.Role, o.Yes, o.Plan = named, false, plan
	r, screen = w.run(attach.Run, o)
	assert.Equal(t, core.Ready, r.Buckets[0].State, screen)
	apply := w.options()
	apply.Yes, apply.Apply, apply.Role = false, plan, "arn:aws:iam::"+account+":role/other"
	_, err := attach.Run(t.Context(), w.config(), apply)
	assert.EqualError(t, err, "the plan is about looks by "+named+", and not by arn:aws:iam::"+account+":role/other: leave --role out, or plan anew")
	apply.Role = "" // the plan has it
	r, screen = w.run(attach.Run, apply)
	assert.Zero(t, r.Exit, screen)
}

func TestTheRoleThatLooksIsTheOneThatTheStacksParametersName(t *testing.T) {
	for _, named := range []map[string]string{nil, {"RolePath": "/platform/", "RoleNamePrefix": "acme-"}} {
		w := newWorldWith(t, named)
		w.pair(func(c *locals3.BucketConfig) {
			c.Policy = `{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:Get*", "Resource": "*", "Condition": {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::` + account + `:role/platform/acme-autobackup-dev-fetch-etags"}}}]}`
		})
		o := w.options(docs)
		o.Yes = false
		r, screen := w.run(attach.Run, o)
		if named == nil {
			assert.Equal(t, core.Ready, r.Buckets[0].State, screen)
			continue
		}
		assert.Equal(t, core.Refused, r.Buckets[0].State, screen)
		assert.Contains(t, screen, ":role/platform/acme-autobackup-dev-fetch-etags")
	}
}

func TestKeysThatTheStageLeavesOutAreNoted(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	environment, err := local.Environment(project, "default")
	require.NoError(t, err)
	_, err = w.Update(environment, map[string]string{"Buckets": docs, "ReplicaBuckets": replica, "LeftOutPrefixes": "tmp/,staging/"})
	require.NoError(t, err)
	r, screen := w.run(attach.Run, w.options(docs))
	assert.Zero(t, r.Exit, screen)
	assert.Contains(t, screen, "the stage leaves out keys that begin with tmp/, staging/ (LeftOutPrefixes): their uploads are not validated")
}

func TestKeysThatTheStageChoosesAreNoted(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	environment, err := local.Environment(project, "default")
	require.NoError(t, err)
	_, err = w.Update(environment, map[string]string{"Buckets": docs, "ReplicaBuckets": replica, "OnlyPrefix": "in/", "OnlyPrefix2": "out/"})
	require.NoError(t, err)
	r, screen := w.run(attach.Run, w.options(docs))
	assert.Zero(t, r.Exit, screen)
	assert.Contains(t, screen, "the stage validates keys alone that begin with in/, out/ (OnlyPrefix)")
}

func TestKeysOfRulesAreRead(t *testing.T) {
	const key = "arn:aws:kms:eu-west-1:123456789012:key/k"
	w := newWorld(t)
	w.pair(func(c *locals3.BucketConfig) {
		c.Encryption = locals3.BucketEncryption{Algorithm: "aws:kms"}
		c.Replication.Rules[0].SourceSelectionCriteria = &locals3.SourceSelectionCriteria{SseKmsEncryptedObjects: &locals3.Switch{Status: "Enabled"}}
		c.Replication.Rules[0].Destination.EncryptionConfiguration = &locals3.EncryptionConfiguration{ReplicaKmsKeyID: key}
	})
	o := w.options(docs)
	o.Yes = false
	r, screen := w.run(attach.Run, o)
	assert.Equal(t, []any{"aws:kms", true, key}, []any{r.Buckets[0].Facts.Encryption, r.Buckets[0].Facts.Rules[0].KMS, r.Buckets[0].Facts.Rules[0].Key})
	assert.Contains(t, screen, "kms:Decrypt on "+key+", and to the role itself, as the key does not stand in ReplicaKeyArns")
	assert.NotContains(t, screen, "LEFT_OUT")
}

func TestAStageThatIsNotDeployedIsSaidSo(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	o := w.options(docs)
	o.Stage = "prod"
	_, screen := w.run(attach.Run, o)
	assert.Contains(t, screen, "the stage prod has no working bucket autobackup-prod-work-"+account+" in "+w.first+": deploy it first (docs/deploy.md), or name another with --stage and --region")
	assert.Contains(t, screen, "cannot be attached")
}

func TestATargetThatIsGoneKeepsTheChangeFromBeingMadeUnlessNobodyAsksIt(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.put(docs, &types.NotificationConfiguration{TopicConfigurations: []types.TopicConfiguration{w.theirs("theirs", "s3:ObjectCreated:*")}})
	r, screen := w.run(attach.Run, w.options(docs))
	assert.Equal(t, 1, r.Exit)
	assert.Contains(t, screen, "--skip-validation leaves its validation out")
	assert.Nil(t, w.notifications(docs).EventBridgeConfiguration)
	o := w.options(docs)
	o.SkipValidation = true
	r, _ = w.run(attach.Run, o)
	assert.Equal(t, 0, r.Exit)
}

func TestWhatIsTypedIsABucket(t *testing.T) {
	names, err := attach.Names([]string{"s3://docs", "s3://a.b-c/", "s3://docs"})
	require.NoError(t, err)
	assert.Equal(t, []string{"docs", "a.b-c"}, names)
	for typed, want := range map[string]string{
		"docs":                      "is no address of a bucket: write s3://BUCKET",
		"arn:aws-cn:s3:::doc":       "is an ARN: write s3://BUCKET, with credentials of the bucket's own account and partition",
		"s3://docs/a/b":             "buckets are attached as a whole: write s3://docs",
		"s3://-x":                   "is no bucket's name",
		"s3://docs--euc1-az1--x-s3": "is a directory bucket, which has neither replication nor events: there is nothing to attach",
		"s3://":                     "is no bucket's name",
		"s3://a\nb":                 "is no bucket's name",
	} {
		_, err := attach.Names([]string{typed})
		assert.ErrorContains(t, err, want, typed)
	}
	_, err = attach.Names(nil)
	assert.ErrorContains(t, err, "name the buckets")
}

func TestCredentialsThatAreRefusedEndTheLook(t *testing.T) {
	w := newWorld(t)
	w.pair(nil)
	w.failing(func(r locals3.Request) *locals3.Fault {
		if r.Operation == "GetBucketPolicy" {
			return &locals3.Fault{Status: 400, Code: "ExpiredToken"}
		}
		return nil
	})
	_, err := attach.Run(t.Context(), w.config(), w.options(docs))
	assert.ErrorContains(t, err, "GetBucketPolicy answered 400 ExpiredToken: check the credentials with aws sts get-caller-identity")
	cfg := w.config()
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errors.New("none") })
	_, err = attach.Run(t.Context(), cfg, w.options(docs))
	assert.ErrorContains(t, err, "find credentials for your account")
}

// unreachable is a client whose calls come nowhere, as where a region is mistyped.
type unreachable struct{}

func (unreachable) Do(*http.Request) (*http.Response, error) {
	return nil, &url.Error{Op: "Post", URL: "https://sts.eu-centrl-1.amazonaws.com/", Err: &net.DNSError{Err: "no such host", Name: "sts.eu-centrl-1.amazonaws.com", IsNotFound: true}}
}

func TestWhereNothingAnswersTheRegionIsToBlameAndNotTheCredentials(t *testing.T) {
	w := newWorld(t)
	cfg := w.config()
	cfg.HTTPClient = unreachable{}
	_, err := attach.Run(t.Context(), cfg, w.options(docs))
	assert.EqualError(t, err, "find out whose buckets these are: GetCallerIdentity got no answer: lookup sts.eu-centrl-1.amazonaws.com: no such host (see that the region's name is right, and that AWS can be reached from here)")
	cfg.BaseEndpoint = nil
	_, err = discover.Run(t.Context(), cfg, discover.Options{Progress: io.Discard})
	assert.EqualError(t, err, "find out whose buckets to list: GetCallerIdentity got no answer: lookup sts.eu-centrl-1.amazonaws.com: no such host (see that the region's name is right, and that AWS can be reached from here)")
}
