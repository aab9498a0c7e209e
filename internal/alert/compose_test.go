package alert_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/alert"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
)

// of is the example of a situation about another key.
func of(situation, key string) told.Example {
	s := *situations[situation]
	s.object = object(key)
	s.object.GaveUp, s.object.Marker = situations[situation].object.GaveUp, situations[situation].object.Marker
	x := s.example()
	x.MessageID = "id-of-" + key
	return x
}

// as is the one cause of an example, told as kind.
func as(kind told.Kind, newOnes, total int, x told.Example) told.News {
	c := causes(x)[0]
	c.Kind, c.New, c.Total = kind, newOnes, total
	if kind == told.Over {
		c.Examples = nil
	}
	return told.News{Causes: []told.Cause{c}}
}

func join(all ...told.News) (n told.News) {
	for _, one := range all {
		n.Causes = append(n.Causes, one.Causes...)
	}
	return n
}

func workflowError() told.Example {
	o := object("a.txt")
	return told.Example{MessageID: "m", Object: &o, Detail: "the workflow stopped before a verdict: States.Timeout",
		Verdict: verdict.Verdict{Outcome: verdict.Failed, Reason: reason.WorkflowError}}
}

func malformed() told.Example {
	return told.Example{MessageID: "m", Execution: execution, Begins: "hello\nPrimary: \x1b[31mnot a bucket",
		Verdict: verdict.Verdict{Outcome: verdict.Failed, Reason: reason.MalformedEvent, Detail: "malformed event: the message is not one JSON value; find out who sends to this queue"}}
}

// thrice is one upload that three messages tell of.
func thrice() (n told.News) {
	for i := range 3 {
		x := of("content/full-object-checksums-differ", "a.txt")
		x.MessageID = fmt.Sprint("m", i)
		n = join(n, news(x))
	}
	return n
}

// twice is one upload that its own message and S3's notification tell of.
func twice() told.News {
	x := of("replication-failed/told-permission", "a.txt")
	x.MessageID = "notification"
	return news(of("replication-failed/status", "a.txt"), x)
}

func again() told.Example {
	x := of("content/sizes-differ", "a.txt")
	x.Alerts = 2
	return x
}

func hostile(situation, key, version string) told.News {
	x := of(situation, key)
	x.Object.VersionID = version
	return news(x)
}

func unnamed() told.News {
	n := news(of("unreachable/replica", "a.txt"), of("unreachable/replica", "b.txt"))
	n.Causes[1].New, n.Causes[1].Total = 12, 12
	return n
}

// unjudged is a notification that nobody could look at.
func unjudged(operation, cause string, basis verdict.Basis) told.Example {
	s := where(gaveUp(operation, cause))
	x := told.Example{MessageID: "m", Object: &s.object, Detail: "too long for the validation queue"}
	x.Verdict = verdict.Verdict{Outcome: verdict.Failed, Reason: reason.ReplicationFailed, Replicas: []verdict.Entry{{
		Bucket: "docs-replica", Outcome: verdict.Failed, Reason: reason.ReplicationFailed, Basis: basis, Cause: cause,
		Detail: "S3's notification is too long for the validation queue, so neither side was looked at"}}}
	return x
}

// several is a cause of many buckets together.
func several() told.News {
	n := as(told.Alike, 40, 40, of("access-denied/replica", "a.txt"))
	n.Causes[0].Several, n.Causes[0].Bucket, n.Causes[0].Replica = true, "", ""
	return n
}

func inPartition(arn string) told.News {
	x := workflowError()
	x.Execution = arn
	return news(x)
}

func TestOperatorsReadWhatIsTrueOfSeveralFailuresTogether(t *testing.T) {
	storm := as(told.Alike, 590, 600, of("replication-failed/told-permission", "storm/17.bin"))
	for name, n := range map[string]told.News{
		"several-versions": news(of("unreachable/replica", "a.txt"), of("content/sizes-differ", "c.txt"),
			of("unreachable/replica", "d.txt"), of("several-replicas/denied-denied-corrupt", "b.txt")),
		"several-messages-of-one-upload":          thrice(),
		"several-messages-with-and-without-cause": twice(),
		"several-versions-not-all-named":          unnamed(),
		"alike":                                   storm,
		"alike-beside-others":                     join(storm, news(of("content/sizes-differ", "c.txt")), as(told.Over, 0, 40, of("unreachable/replica", "d.txt"))),
		"alike-and-its-example-as-one-of-its-own": join(storm, news(of("content/sizes-differ", "storm/17.bin"))),
		"over":                        as(told.Over, 0, 600, of("replication-failed/told-permission", "storm/17.bin")),
		"workflow-error-no-execution": news(workflowError()),
		"malformed-event":             news(malformed()),
		"told-before":                 news(again()),
		"no-facts":                    news(bare(reason.ReplicaMissing, "primary docs-primary (eu-central-1) and replica docs-replica (eu-west-1): the replica does not have the version")),
		"reason-nobody-knows":         news(bare("\x1b[1mEVIL\n", "whatever\nPrimary: fake")),
		"hostile-key":                 hostile("content/sizes-differ", "a'b\"\n  Primary:  evil\x1b[2J\u202etxt.exe", versionID),
		"hostile-key-copied":          hostile("replica-missing/completed", "-\x1b[2J\n'$(x)", versionID),
		"hostile-version":             hostile("replica-missing/completed", "a.txt", "v;`touch$IFS/tmp/pwned`$(id)"),
		"key-the-cli-would-load":      hostile("content/sizes-differ", "file:///etc/passwd", versionID),
		"unjudged-notification":       news(unjudged("OBJECT_PUT", "SrcVersionNotFound", verdict.NotificationBasis)),
		"unjudged-change":             news(unjudged("OBJECT_TAGGING", "SrcVersionNotFound", verdict.ChangeBasis)),
		"alike-in-several-buckets":    several(),
		"console-of-china":            inPartition("arn:aws-cn:states:cn-north-1:111122223333:execution:autobackup-validation-prod:x"),
		"console-of-govcloud":         inPartition("arn:aws-us-gov:states:us-gov-west-1:111122223333:execution:autobackup-validation-prod:x"),
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, alert.Compose(prod, n)) })
	}
}

func TestNoNewsIsNoEMail(t *testing.T) {
	assert.Zero(t, alert.Compose(prod, told.News{}))
	assert.Zero(t, alert.Compose(prod, told.News{Causes: []told.Cause{{Reason: reason.SizeMismatch, Kind: told.Single}}}))
}

func TestOneVersionIsToldOnceWhateverItsReplicasAndMessages(t *testing.T) {
	for name, tt := range map[string]struct {
		news            told.News
		heading, suffix string
	}{
		"three replicas failed":       {news(of("several-replicas/denied-denied-corrupt", "a.txt")), "1 object version", "a.txt"},
		"three messages of an upload": {thrice(), "1 object version", "a.txt"},
		"two versions": {news(of("content/sizes-differ", "a.txt"), of("several-replicas/denied-denied-corrupt", "b.txt")),
			"2 object versions", "b.txt (+1 more)"},
		"versions that are not named": {unnamed(), "at least 12 object versions", "a.txt (+11 or more)"},
	} {
		t.Run(name, func(t *testing.T) {
			got := alert.Compose(prod, tt.news)
			assert.Contains(t, got.Message, "The backup check failed for "+tt.heading+" in stage prod.\n")
			assert.True(t, strings.HasSuffix(got.Subject, tt.suffix), got.Subject)
		})
	}
}

func TestWhatIsNotNamedInTwoCausesMayBeTheSameVersions(t *testing.T) {
	x := of("several-replicas/denied-denied-corrupt", "a.txt")
	n := news(x)
	for i := range n.Causes {
		n.Causes[i].New = 4 // versions, of each of which three replicas may have failed
	}
	assert.Contains(t, alert.Compose(prod, n).Message, "failed for at least 4 object versions")
}

func TestACauseWithoutExamplesIsToldAllTheSame(t *testing.T) {
	n := as(told.Single, 5, 5, of("content/sizes-differ", "a.txt"))
	n.Causes[0].Examples = nil
	got := alert.Compose(prod, n)
	assert.Equal(t, "[prod] Backup check failed: SIZE_MISMATCH s3://docs-primary, 5 versions", got.Subject)
	assert.Contains(t, got.Message, "failed for at least 5 object versions in stage prod.\n")
	assert.Contains(t, got.Message, "\nSIZE_MISMATCH: s3://docs-primary to s3://docs-replica\n\n  5 more object versions, not named here: see the parked messages.\n")

	n.Causes[0].Kind = told.Alike
	got = alert.Compose(prod, n)
	assert.Contains(t, got.Message, "  5 object versions failed for this cause since 2026-03-02T09:14:05Z, 5 of them new, the latest at 2026-03-02T12:00:00Z.\n")
	assert.NotContains(t, got.Message, "One of them")
}

func TestOfManyMessagesAboutOneVersionAFewAreNamed(t *testing.T) {
	var n told.News
	for i := range 5 {
		x := of("content/sizes-differ", "a.txt")
		x.MessageID = fmt.Sprint("m", i)
		n = join(n, news(x))
	}
	got := alert.Compose(prod, n)
	assert.Equal(t, 3, strings.Count(got.Message, "\n  Message:         m"))
	assert.Contains(t, got.Message, "\n                   and 2 more messages about the same version\n")
	n.Causes = n.Causes[:4]
	assert.Contains(t, alert.Compose(prod, n).Message, "\n                   and 1 more message about the same version\n")
	n.Causes = n.Causes[:3]
	assert.NotContains(t, alert.Compose(prod, n).Message, "about the same version")
	assert.Equal(t, "[prod] Backup check failed: SIZE_MISMATCH s3://docs-primary/a.txt", got.Subject)
}

func TestTheWorstComesFirst(t *testing.T) {
	n := join(as(told.Over, 0, 3, of("content/sizes-differ", "z.txt")), news(of("unreachable/replica", "u.txt")),
		as(told.Alike, 50, 50, of("replica-missing/pending", "m.txt")), news(of("content/sizes-differ", "b.txt")), news(bare("NEW", "?")))
	got := alert.Compose(prod, n)
	assert.Equal(t, "[prod] Backup check failed: UNKNOWN_REASON s3://docs-primary/a.txt (+3 more)", got.Subject)
	list, _, _ := strings.Cut(got.Message, "\n\nUNKNOWN_REASON: ")
	last := -1
	for _, code := range []string{"UNKNOWN_REASON", "SIZE_MISMATCH", "REPLICA_MISSING", "UNREACHABLE", "over, 3 versions"} {
		at := strings.Index(list, code)
		require.Greater(t, at, last, code)
		last = at
	}
}

func TestWhatIsOverIsNoFailure(t *testing.T) {
	got := alert.Compose(prod, as(told.Over, 0, 600, of("replica-missing/pending", "a.txt")))
	assert.Equal(t, "[prod] Backup check: over: REPLICA_MISSING s3://docs-primary, 600 versions", got.Subject)
	assert.NotContains(t, got.Subject+got.Message, "check failed")
	assert.Contains(t, got.Message, "no object version failed for this cause for 30 minutes since 2026-03-02T12:00:00Z")
}

// What tells of no object is no version of one.
func TestMessagesThatTellOfNoObjectAreCountedAsMessages(t *testing.T) {
	for kind, want := range map[told.Kind][2]string{
		told.Over:   {"[prod] Backup check: over: MALFORMED_EVENT messages that tell of no object, 10 messages", "10 messages failed for it since "},
		told.Alike:  {"[prod] Backup check failed: MALFORMED_EVENT messages that tell of no object, 10 messages", "10 messages failed for this cause since "},
		told.Single: {"", "9 more messages, not named here"},
	} {
		got := alert.Compose(prod, as(kind, 10, 10, malformed()))
		if want[0] != "" {
			assert.Equal(t, want[0], got.Subject)
			assert.NotRegexp(t, `\d object versions?`, got.Message)
		}
		assert.Contains(t, got.Message, want[1])
	}
}

func TestOnlyFailuresAreKnown(t *testing.T) {
	got := alert.Compose(prod, as(told.Alike, 50, 50, of("replica-missing/pending", "a.txt")))
	assert.NotRegexp(t, `(?i)\b(all|every|everything|each) (object|upload|version)`, got.Message)
}

func TestAMissingPermissionReadsAsOne(t *testing.T) {
	permissions := map[string][]string{
		"access-denied/primary": {"autobackup-fetch-etags-prod", "s3:GetObjectVersion", "s3:ListBucket", "s3:GetReplicationConfiguration", "kms:Decrypt"},
		"access-denied/replica": {"autobackup-fetch-etags-prod", "s3:GetObjectVersion", "s3:ListBucket", "kms:Decrypt"},
		"access-denied/bytes":   {"autobackup-hash-bytes-prod", "s3:GetObjectVersion", "kms:Decrypt", "lambda:InvokeFunction"},
	}
	for name, needed := range permissions {
		t.Run(name, func(t *testing.T) {
			got := alert.Compose(prod, news(situations[name].example()))
			assert.Contains(t, got.Subject, "ACCESS_DENIED")
			for _, p := range needed {
				assert.Contains(t, got.Message, p)
			}
			assert.NotRegexp(t, "(?i)mismatch|corrupt|damaged|deadline|differ", got.Subject+got.Message)
		})
	}
}

func TestWhatNoGrantOverrulesAsksForNoGrant(t *testing.T) {
	for _, name := range []string{"access-denied/primary-forbidden", "access-denied/replica-forbidden", "access-denied/bytes-forbidden", "bytes-not-read/forbidden"} {
		got := alert.Compose(prod, news(situations[name].example())).Message
		assert.Contains(t, got, "explicit deny of s3:GetObjectVersion in a service control policy", name)
		assert.Contains(t, got, "A grant to a role won't help", name)
		assert.NotRegexp(t, `(?i)\ballow the role|a permission is missing|; grant `, got, name)
		assert.NotRegexp(t, "(?i)mismatch|corrupt|deadline", got, name)
	}
}

func TestAdviceNeverBringsBackWhatBatchReplicationCannot(t *testing.T) {
	for _, name := range []string{"replica-missing/completed", "replica-missing/completed-lifecycle", "replica-missing/when-read", "replication-failed/told-hard-deleted"} {
		got := alert.Compose(prod, news(situations[name].example())).Message
		assert.Contains(t, got, "aws s3api copy-object", name)
		assert.NotContains(t, got, "manifest", name)
		assert.Contains(t, got, "S3 Batch Replication does not bring", name)
	}
	for _, name := range []string{"replica-missing/delete-marker", "replication-failed/told-delete-marker"} {
		got := alert.Compose(prod, news(situations[name].example())).Message
		assert.Contains(t, got, "the deleted object is still the latest version in docs-replica", name)
		assert.NotContains(t, got, "copy", name)
	}
}

func TestAnObjectThatOneRequestCannotCopyHasNoSuchCommand(t *testing.T) {
	for name, change := range map[string]func(*s3event.ObjectVersion){
		"larger than 5 GiB":               func(o *s3event.ObjectVersion) { o.Size = 5<<30 + 1 },
		"a key that looks like a version": func(o *s3event.ObjectVersion) { o.Key = "a?versionId=b" },
		"a version id that S3 never made": func(o *s3event.ObjectVersion) { o.VersionID = "a b" },
	} {
		t.Run(name, func(t *testing.T) {
			x := situations["replica-missing/completed"].example()
			change(x.Object)
			got := alert.Compose(prod, news(x)).Message
			assert.NotContains(t, got, "aws s3api copy-object --")
			assert.NotContains(t, got, "The copy in place. It")
		})
	}
	x := situations["replica-missing/completed"].example()
	x.Object.Size = 5 << 30
	assert.Contains(t, alert.Compose(prod, news(x)).Message, "aws s3api copy-object --")
}

func TestEveryMeaningOfABareReasonIsReadable(t *testing.T) {
	for _, code := range reason.Severity() {
		got := alert.Compose(prod, news(bare(code, "kept line"))).Message
		assert.Contains(t, got, "\n"+string(code)+": s3://docs-primary/a.txt\n")
		assert.Contains(t, got, "  Finding:         kept line\n", code)
		assert.NotRegexp(t, `[{}]|%!`, got, code)
		assert.NotContains(t, got, "UNKNOWN_REASON", code)
	}
}
