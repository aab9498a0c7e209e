package alert_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/alert"
	"autobackup/internal/reason"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
)

// list is the part of an e-mail that names everything it tells.
func list(t *testing.T, got alert.Email) string {
	_, rest, ok := strings.Cut(got.Message, "\n\n")
	require.True(t, ok)
	list, _, ok := strings.Cut(rest, "\n\n")
	require.True(t, ok)
	return list
}

func TestTheListNamesWhatFailedWhere(t *testing.T) {
	third := of("several-replicas/corrupt-and-fine", "b.txt")
	twice := of("several-replicas/corrupt-and-fine", "b.txt")
	twice.MessageID, twice.Verdict.Replicas[1].Detail = "another", "another detail"
	n := join(news(third, twice, of("rule-not-supported", "r.txt"), malformed()), as(told.Alike, 3, 40, of("unreachable/primary", "u.txt")),
		as(told.Alike, 3, 50, malformed()), several())
	assert.Equal(t, `  CONTENT_MISMATCH        s3://docs-primary/b.txt in docs-third
  ACCESS_DENIED           several buckets: 40 versions, told as one
  RULE_NOT_SUPPORTED      s3://docs-primary/r.txt
  UNREACHABLE             s3://docs-primary: 40 versions, told as one
  MALFORMED_EVENT         "message m"
  MALFORMED_EVENT         messages that tell of no object: 50 messages, told as one`, list(t, alert.Compose(prod, n)))
}

func TestTheHeadingCountsMessagesWhereNoneTellsOfAnObject(t *testing.T) {
	sizes := of("content/sizes-differ", "a.txt")
	for want, n := range map[string]told.News{
		"For 1 cause, so many messages failed in stage prod that they are told as one.\n":                    as(told.Alike, 3, 50, malformed()),
		"For 2 causes, so many object versions failed in stage prod that they are told as one.\n":            join(as(told.Alike, 3, 50, malformed()), as(told.Alike, 3, 40, sizes)),
		"For 1 cause that operators were told of, no message failed in stage prod for 30 minutes.\n":         as(told.Over, 0, 50, malformed()),
		"For 2 causes that operators were told of, no object version failed in stage prod for 30 minutes.\n": join(as(told.Over, 0, 50, malformed()), as(told.Over, 0, 40, sizes)),
	} {
		assert.True(t, strings.HasPrefix(alert.Compose(prod, n).Message, want), "%s%s", want, alert.Compose(prod, n).Message)
	}
}

func TestWhatMakesTwoMessagesTellOfOneVersion(t *testing.T) {
	for name, change := range map[string]func(*told.Example){
		"another bucket":                func(x *told.Example) { x.Object.Bucket = "media-primary" },
		"another key":                   func(x *told.Example) { x.Object.Key = "b.txt" },
		"another version":               func(x *told.Example) { x.Object.VersionID = "v2" },
		"no object is known":            func(x *told.Example) { x.Object = nil },
		"no object is known of another": func(x *told.Example) { x.Object, x.MessageID = nil, "third" },
	} {
		t.Run(name, func(t *testing.T) {
			a, b := of("content/sizes-differ", "a.txt"), of("content/sizes-differ", "a.txt")
			b.MessageID = "other"
			change(&b)
			n := news(a, b)
			if b.Object == nil {
				c := b
				c.MessageID = "fourth"
				n = join(n, news(c))
			}
			assert.Contains(t, alert.Compose(prod, n).Message, fmt.Sprintf("failed for %d object versions", len(n.Causes)))
		})
	}
}

func TestEveryMessageThatTellsOfNoObjectIsOne(t *testing.T) {
	other := malformed()
	other.MessageID = "m2"
	got := alert.Compose(prod, news(malformed(), other))
	assert.Contains(t, got.Message, "failed for 2 messages in stage prod.\n")
	assert.Equal(t, "[prod] Backup check failed: MALFORMED_EVENT message m (+1 more)", got.Subject)
	assert.NotContains(t, got.Message, "aws s3api")
}

func TestExamplesOfWhatIsOverAreNoFailures(t *testing.T) {
	n := as(told.Over, 0, 3, of("content/sizes-differ", "a.txt"))
	n.Causes[0].Examples = []told.Example{of("content/sizes-differ", "a.txt")}
	got := alert.Compose(prod, join(n, as(told.Over, 0, 12, of("unreachable/replica", "b.txt"))))
	assert.NotContains(t, got.Message, "check failed for")
	assert.NotContains(t, got.Message, "a.txt")
	assert.Equal(t, "[prod] Backup check: over: SIZE_MISMATCH s3://docs-primary, 3 versions (+1 more)", got.Subject)
}

func TestAnAlikeCauseShowsAnExampleThatIsNotDescribedAnyway(t *testing.T) {
	n := as(told.Alike, 3, 40, of("unreachable/replica", "a.txt"))
	n.Causes[0].Examples = []told.Example{of("unreachable/replica", "a.txt"), of("unreachable/replica", "b.txt"), of("unreachable/replica", "c.txt")}
	own := of("content/sizes-differ", "a.txt")
	own.MessageID = "own"
	got := alert.Compose(prod, join(n, news(own))).Message
	assert.Contains(t, got, "  One of them: s3://docs-primary/b.txt\n\n  Version: ")
	assert.Equal(t, 1, strings.Count(got, "One of them"))
}

func TestWhatIsToldAsOneIsExplainedBehindAnyNumberOfOthers(t *testing.T) {
	var n told.News
	for i := range 5 {
		n = join(n, news(of("content/sizes-differ", fmt.Sprint(i))))
	}
	n = join(n, as(told.Alike, 3, 40, of("unreachable/replica", "u.txt")), as(told.Over, 0, 12, of("unreachable/replica", "z.txt")), unnamed())
	got := alert.Compose(prod, n).Message
	assert.Equal(t, 3, strings.Count(got, "\n  Version: "))
	assert.Contains(t, got, "  One of them: s3://docs-primary/u.txt\n\n  What happened:   In several looks in a row, S3 gave no answer about docs-replica")
	assert.Contains(t, got, "\n  Over: no object version failed for this cause")
}

func TestAFindingThatHasNoDetailShowsTheLineThatWasKept(t *testing.T) {
	x := of("several-replicas/corrupt-and-fine", "a.txt")
	assert.NotContains(t, alert.Compose(prod, news(x)).Message, "Finding:")
	for i := range x.Verdict.Replicas {
		if x.Verdict.Replicas[i].Outcome == verdict.Failed {
			x.Verdict.Replicas[i].Detail = ""
		}
	}
	x.Detail = "kept line"
	got := alert.Compose(prod, news(x)).Message
	assert.Contains(t, got, "  Finding:         kept line\n")
	assert.Contains(t, got, "Both sides hold this version, but what S3 tells about the two differs.", "other facts are known")
	x.Verdict.Detail = "the verdict's own"
	assert.Contains(t, alert.Compose(prod, news(x)).Message, "  Finding:         the verdict's own\n")
	x.Verdict.Detail, x.Detail = "", ""
	assert.Contains(t, alert.Compose(prod, news(x)).Message, "  Finding:         none\n")
}

func TestAReplicaThatNoMessageNamesIsTheOneOfS3sNotification(t *testing.T) {
	x := bare(reason.ReplicationFailed, "kept")
	x.Object.GaveUp = where(gaveUp("OBJECT_PUT", "DstBucketNotFound")).object.GaveUp
	got := alert.Compose(prod, news(x)).Message
	assert.Contains(t, got, "aws s3api head-object --bucket docs-replica --key a.txt")
	assert.NotContains(t, got, "get-bucket-replication")
}

func TestOutcomesAreToldInWords(t *testing.T) {
	x := of("content/sizes-differ", "a.txt")
	for i, e := range []struct {
		outcome verdict.Outcome
		reason  reason.Code
		want    string
	}{
		{verdict.Skipped, reason.SourceDeleted, "skipped, SOURCE_DELETED"},
		{verdict.Lagging, reason.ReplicaMissing, "not judged: it was still waited for, as REPLICA_MISSING"},
		{verdict.Reading, reason.Inconclusive, "not judged: its bytes were still to be read"},
		{verdict.Verified, "", "fine, verified by evidence"},
	} {
		bucket := fmt.Sprint("docs-", i)
		x.Verdict.Replicas = append(x.Verdict.Replicas, verdict.Entry{Bucket: bucket, Region: "eu-west-1", Outcome: e.outcome, Reason: e.reason, Evidence: "evidence"})
		got := alert.Compose(prod, news(x)).Message
		assert.Contains(t, got, "  Replica:         "+bucket+" (eu-west-1): "+e.want+"\n")
		assert.NotRegexp(t, `\n +\n`, got, "an entry without a detail has no line for it")
	}
}

func TestThePrimarysFindingIsToldBesideAReplicas(t *testing.T) {
	own := of("rule-not-supported", "a.txt")
	own.MessageID = "own"
	got := alert.Compose(prod, news(own, of("content/sizes-differ", "a.txt"))).Message
	assert.Contains(t, got, "\n\n  About SIZE_MISMATCH in docs-replica:\n")
	assert.Contains(t, got, "\n\n  About RULE_NOT_SUPPORTED in the primary:\n")
}

func TestOnlyAReasonOfS3StandsForAFailureWithoutOne(t *testing.T) {
	notified := of("replication-failed/told-permission", "a.txt")
	notified.MessageID = "notification"
	for _, other := range []string{"replica-missing/pending", "content/sizes-differ", "replication-failed/change-of-tags"} {
		own := of(other, "a.txt")
		got := alert.Compose(prod, news(own, notified)).Message
		assert.Equal(t, 2, strings.Count(got, "\n  What happened:   "), other)
	}
	elsewhere := of("replication-failed/status", "a.txt")
	elsewhere.Verdict.Replicas[0].Bucket = "docs-third"
	assert.Equal(t, 2, strings.Count(alert.Compose(prod, news(elsewhere, notified)).Message, "\n  What happened:   "))
}

func TestWhatIsExplainedOfOneVersionIsBounded(t *testing.T) {
	var n told.News
	for _, name := range []string{"content/sizes-differ", "replica-missing/pending", "unreachable/replica", "not-replicated/no-status", "left-out/kms", "no-reader"} {
		x := of(name, "a.txt")
		x.MessageID = name
		n = join(n, news(x))
	}
	assert.Equal(t, 4, strings.Count(alert.Compose(prod, n).Message, "\n  About "))
}

func TestHowOftenOperatorsWereToldBefore(t *testing.T) {
	first, second := of("content/sizes-differ", "a.txt"), of("content/sizes-differ", "a.txt")
	second.MessageID, second.Alerts = "second", 1
	got := alert.Compose(prod, news(first, second))
	assert.Contains(t, got.Message, "\n  Message:         second\n  Told before:     1 time; from 10 on, no e-mail is sent about the message\n")
	assert.Equal(t, 1, strings.Count(got.Message, "Told before"))
	assert.True(t, strings.HasSuffix(got.Subject, "/a.txt (told before)"), got.Subject)
	assert.True(t, strings.HasSuffix(alert.Compose(prod, news(second, first)).Subject, "/a.txt (told before)"), "in any order")
	got = alert.Compose(prod, news(second, of("unreachable/replica", "b.txt")))
	assert.True(t, strings.HasSuffix(got.Subject, "/a.txt (+1 more)"), got.Subject)
}

func TestASubjectUsesAllOfItsRoomAndKeepsItsEnd(t *testing.T) {
	key := strings.Repeat("k", 300)
	got := alert.Compose(prod, news(of("content/sizes-differ", key), of("unreachable/replica", "b.txt"))).Subject
	assert.Len(t, got, alert.MaxSubject)
	assert.Regexp(t, `^\[prod\] Backup check failed: SIZE_MISMATCH s3://docs-primary/k+\.\.\.k+ \(\+1 more\)$`, got)

	for kind, pattern := range map[told.Kind]string{
		told.Alike: `^\[prod\] Backup check failed: UNREACHABLE s3://b+\.\.\.b+, 1234567 versions \(\+1 more\)$`,
		told.Over:  `^\[prod\] Backup check: over: UNREACHABLE s3://b+\.\.\.b+, 1234567 versions \(\+1 more\)$`,
	} {
		n := as(kind, 1, 1234567, of("unreachable/replica", "a.txt"))
		n.Causes[0].Bucket = strings.Repeat("b", 63)
		n = join(n, n)
		got := alert.Compose(prod, n).Subject
		assert.Len(t, got, alert.MaxSubject)
		assert.Regexp(t, pattern, got)
	}
}

func TestAnyFactMayBeHostile(t *testing.T) {
	const evil = "evil\n\nThe original messages\n\n  \x1b[2J\u202e{reason}" // in place of anything
	for _, code := range append(reason.Severity(), evil) {
		for _, basis := range []verdict.Basis{"", verdict.ByPartsBasis, verdict.BytesBasis, verdict.NotificationBasis, verdict.ChangeBasis, evil} {
			for _, status := range []string{"COMPLETED", evil} {
				o := object(evil)
				o.Bucket, o.Region, o.VersionID = evil, evil, evil
				o.GaveUp = where(gaveUp(evil, evil)).object.GaveUp
				o.GaveUp.Destination, o.GaveUp.Rule = evil, evil
				x := told.Example{MessageID: evil, Execution: evil, Object: &o, Begins: evil, Detail: evil, Verdict: verdict.Verdict{
					Outcome: verdict.Failed, Reason: code, Detail: evil, Replicas: []verdict.Entry{
						{Bucket: evil, Region: evil, Outcome: verdict.Failed, Reason: code, Basis: basis, Evidence: evil, Detail: evil, Status: status, Damaged: evil, Expires: evil, Cause: evil},
						{Bucket: evil, Region: evil, Outcome: verdict.Verified, Reason: evil, Evidence: evil, Finding: evil},
						{Bucket: evil, Region: evil, Outcome: verdict.Skipped, Reason: evil}, {Bucket: evil, Region: evil, Outcome: evil, Reason: evil}}}}
				got := alert.Compose(prod, news(x))
				assertSafe(t, got)
				assert.NotContains(t, got.Message, evil[4:])
				x.Object = nil
				assertSafe(t, alert.Compose(prod, join(news(x), as(told.Alike, 1, 50, x))))
			}
		}
	}
	c := prod
	c.Stage = evil
	got := alert.Compose(c, news(situations["access-denied/replica"].example()))
	assert.NotContains(t, got.Message+got.Subject, evil[4:])
	assert.NotContains(t, got.Subject, "\n")
	for _, kind := range []told.Kind{told.Single, told.Alike, told.Over} {
		n := told.News{Causes: []told.Cause{{Reason: evil, Bucket: evil, Replica: evil, S3: evil, Kind: kind, New: 1, Total: 1}}}
		assertSafe(t, alert.Compose(prod, n))
	}
}

func TestOnlyNamesOfBucketsBecomeCommands(t *testing.T) {
	for _, name := range []string{"file:///etc/passwd", "-dash", "$(id)", "Docs", "a'b", "no", strings.Repeat("b", 64)} {
		x := of("content/sizes-differ", "a.txt")
		x.Verdict.Replicas[0].Bucket = name
		got := alert.Compose(prod, news(x)).Message
		assert.Equal(t, 1, strings.Count(got, "aws s3api head-object"), name)
		assert.NotContains(t, got, " --bucket "+name)
		assert.NotContains(t, got, " --bucket '")
	}
}

func TestEveryReplicaIsToldHoweverManyMessagesThereAre(t *testing.T) {
	var n told.News
	for i := range 8 {
		x := of("several-replicas/denied-denied-corrupt", "a.txt")
		x.MessageID = fmt.Sprint(i)
		n = join(n, news(x))
	}
	got := alert.Compose(prod, n).Message
	assert.Equal(t, 3, strings.Count(got, "\n  Replica:  "))
	for _, bucket := range []string{"docs-replica", "docs-third", "docs-fourth"} {
		assert.Contains(t, got, "\n  Replica:         "+bucket+" (")
	}
}

func TestReplicasThatNoFunctionLooksAtAreBoundedTheWorstFirst(t *testing.T) {
	x := of("content/sizes-differ", "a.txt")
	worst := x.Verdict.Replicas[0]
	x.Verdict.Replicas = nil
	for i := range 50 {
		x.Verdict.Replicas = append(x.Verdict.Replicas, verdict.Entry{Bucket: fmt.Sprint("docs-", i), Outcome: verdict.Verified})
	}
	x.Verdict.Replicas = append(x.Verdict.Replicas, worst)
	got := alert.Compose(prod, news(x)).Message
	assert.Equal(t, 6, strings.Count(got, "\n  Replica:  "))
	assert.Contains(t, got, "\n  Replica:         docs-replica (eu-west-1): failed, SIZE_MISMATCH\n")
}

func TestEveryExampleOfACauseIsNamed(t *testing.T) {
	n := news(of("unreachable/replica", "a.txt"))
	n.Causes[0].Examples = append(n.Causes[0].Examples, of("unreachable/replica", "b.txt"), of("unreachable/replica", "c.txt"))
	n.Causes[0].New = 3
	got := alert.Compose(prod, n)
	assert.Contains(t, got.Message, "failed for 3 object versions in stage prod.\n")
	for _, key := range []string{"a", "b", "c"} {
		assert.Contains(t, got.Message, "\nUNREACHABLE: s3://docs-primary/"+key+".txt\n")
	}
}

func TestTheLargestCauseSaysHowManyFailedAtLeast(t *testing.T) {
	a, b := news(of("unreachable/replica", "a.txt")), news(of("content/sizes-differ", "b.txt"))
	a.Causes[0].New, b.Causes[0].New = 12, 3
	assert.Contains(t, alert.Compose(prod, join(a, b)).Message, "failed for at least 12 object versions")
	assert.Contains(t, alert.Compose(prod, join(b, a)).Message, "failed for at least 12 object versions")
}

func TestADeletionThatFailedIsMadeAgainNotCopied(t *testing.T) {
	for _, code := range strings.Fields(documented) {
		got := alert.Compose(prod, news(where(missing("FAILED"), asMarker, gaveUp("DELETE_MARKER", code)).example())).Message
		assert.NotContains(t, got, "copy the object in place", code)
		assert.NotContains(t, got, "aws s3api copy-object", code)
		if !strings.Contains(got, "correct the job") && code != "SrcObjectNotEligible" {
			assert.Contains(t, got, "Then delete the object again in docs-primary", code)
		}
	}
}

func TestWordsStandWhereNamesAreNotKnown(t *testing.T) {
	x := malformed()
	x.Verdict = verdict.Verdict{Outcome: verdict.Failed, Reason: reason.SizeMismatch, Replicas: []verdict.Entry{{Outcome: verdict.Failed, Reason: reason.SizeMismatch}}}
	assert.Contains(t, alert.Compose(prod, news(x)).Message, "A restore from the replica bucket would return other content than the primary bucket holds.")
	x.Verdict.Replicas[0].Reason, x.Verdict.Replicas[0].Bucket = reason.NoReader, "docs-replica"
	assert.Contains(t, alert.Compose(prod, news(x)).Message, `the primary bucket is in its region, docs-replica in "region not told".`)
	x.MessageID = ""
	assert.Contains(t, alert.Compose(prod, news(x)).Message, "\n  Message:         \"\"\n")
}

func TestATimeThatIsNotKnownIsToldAsThat(t *testing.T) {
	n := as(told.Alike, 1, 50, of("unreachable/replica", "a.txt"))
	n.Causes[0].Since = time.Time{}
	n.Causes[0].Latest = noon.In(time.FixedZone("there", 3600))
	assert.Contains(t, alert.Compose(prod, n).Message, "failed for this cause since a time that is not known, 1 of them new, the latest at 2026-03-02T12:00:00Z.")
}

func TestALongVersionIdIsShortened(t *testing.T) {
	x := of("content/sizes-differ", "a.txt")
	x.Object.VersionID = strings.Repeat("v", 1024)
	assert.Regexp(t, `\n  Version:         "v{100,150}\.\.\.v{50,80}"\n`, alert.Compose(prod, news(x)).Message)
}

func TestOddSettingsOfADeploymentDoNotBreakCommands(t *testing.T) {
	odd := prod
	odd.Queues = alert.Queues{ValidationARN: "a b", FailureARN: "$(id)", DLQURL: "it's", DLQARN: "a:b:c"}
	got := alert.Compose(odd, news(workflowError())).Message
	for _, want := range []string{
		"in the queue c. By reason", "aws sqs receive-message --queue-url 'it'\\''s' ",
		"aws sqs start-message-move-task --source-arn a:b:c --destination-arn 'a b'\n", "--source-arn a:b:c --destination-arn '$(id)'\n"} {
		assert.Contains(t, got, want)
	}
	odd.Queues.DLQARN = ""
	assert.Contains(t, alert.Compose(odd, news(workflowError())).Message, "in the queue \"dead-letter queue\". By reason")
	odd.Queues.DLQARN = "arn:aws:sqs:eu-west-1"
	assert.Contains(t, alert.Compose(odd, news(workflowError())).Message, "receive-message --region eu-west-1 --queue-url")
}

func TestALineOfManyLongNamesIsBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var v verdict.Verdict
		for i := range rapid.IntRange(1, 12).Draw(t, "replicas") {
			v.Replicas = append(v.Replicas, verdict.Entry{Bucket: fmt.Sprint(i, strings.Repeat("b", rapid.IntRange(0, 90).Draw(t, "length")), "\n"),
				Region: strings.Repeat("r", rapid.IntRange(0, 90).Draw(t, "region")) + "\n", Detail: strings.Repeat("d", rapid.IntRange(0, 240).Draw(t, "detail")) + "\n"})
		}
		line := alert.Line(v, object("a.txt"))
		assert.Regexp(t, `^[ -~]+$`, line)
		assert.LessOrEqual(t, len(line), alert.MaxLine)
	})
}
