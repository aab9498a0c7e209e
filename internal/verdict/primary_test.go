package verdict_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

func TestWhatNoGrantOverrulesIsKept(t *testing.T) {
	forbidden, progress := found(verdict.Forbidden), unread(3)
	got := verdict.Judge(verdict.Event{}, look(primary(forbidden), replica()), progress, policy)
	assert.Equal(t, "failed ACCESS_DENIED", string(got.Outcome)+" "+string(got.Reason))
	assert.True(t, got.Forbidden)
	assert.Equal(t, verdict.Lagging, verdict.Judge(verdict.Event{}, look(primary(forbidden), replica()), unread(2), policy).Outcome)
	got = verdict.Judge(verdict.Event{}, look(primary(), replica(forbidden)), progress, policy)
	assert.True(t, got.Replicas[0].Forbidden)
	assert.False(t, verdict.Judge(verdict.Event{}, look(primary(), replica(found(verdict.Denied))), progress, policy).Replicas[0].Forbidden)
}

func TestWhatRulesByTagDoNotSelect(t *testing.T) {
	unselected := func(primary verdict.Side, replicas ...verdict.Replica) verdict.Look {
		return verdict.Look{Primary: primary, Replicas: replicas, Unselected: true}
	}
	untold := func(found verdict.Found) verdict.Look {
		l := look(primary(), replica())
		l.Unread = &verdict.Read{Found: found, Detail: "GetObjectTagging answered 403"}
		assert.Equal(t, 1, verdict.Progress{}.Add(l).Unread)
		return l
	}
	try(t, []row{
		{name: "other tags lag for a grace",
			look: unselected(primary(status(""))), progress: looks(2), want: "lagging NOT_SELECTED"},
		{name: "other tags are skipped after the grace",
			look: unselected(primary(status(""))), progress: looks(3), want: "skipped NOT_SELECTED",
			detail: "replication rules select such keys by tag, and none the tags that the version has"},
		{name: "a delete marker is not replicated by tag",
			look: unselected(primary(marker, status(""))), want: "skipped MARKER_NOT_REPLICATED",
			detail: "only rules by tag cover the key, and S3 replicates no delete markers by those"},
		{name: "a replica of other tags is a replica",
			look: unselected(primary(status("REPLICA"))), want: "skipped IS_REPLICA"},
		{name: "a primary that is gone is gone",
			look: unselected(primary(absent)), want: "skipped SOURCE_DELETED"},
		{name: "a primary that is denied is denied",
			look: unselected(primary(found(verdict.Denied))), progress: unread(3), want: "failed ACCESS_DENIED"},
		{name: "tags that may not be read lag for a few looks in a row",
			look: untold(verdict.Denied), progress: unread(2), want: "lagging ACCESS_DENIED"},
		{name: "tags that may not be read are told as that, whatever the replicas show",
			look: untold(verdict.Denied), progress: unread(3), want: "failed ACCESS_DENIED", detail: "denied (GetObjectTagging answered 403)"},
		{name: "tags that nobody answers for lag longer",
			look: untold(verdict.Unreachable), progress: unread(7), want: "lagging UNREACHABLE"},
		{name: "a bucket that was looked at all the same and lacks it changes nothing",
			look: unselected(primary(status("COMPLETED")), replica(absent)), progress: looks(3), want: "skipped NOT_SELECTED"},
		{name: "a bucket that was looked at all the same and holds it is compared",
			look: unselected(primary(status("")), replica()), want: "verified single-part ETag (MD5)"},
	})
}

func TestTheEventAndThePrimaryDecideFirst(t *testing.T) {
	markerMade := verdict.Event{Marker: true}
	byLifecycle := verdict.Event{Marker: true, Lifecycle: true}
	denied, down := found(verdict.Denied), found(verdict.Unreachable)
	unsupported := look(primary(), replica())
	unsupported.Unsupported = "4 replicas;\nat most 3"
	try(t, []row{
		{name: "an event without a version is not versioned, whatever was looked at",
			event: verdict.Event{Unversioned: true}, look: look(primary(), replica()), want: "failed NOT_VERSIONED",
			detail: "the event names no version: versioning of the bucket is off or suspended"},
		{name: "an event without a version is not versioned where nothing was looked at",
			event: verdict.Event{Unversioned: true}, want: "failed NOT_VERSIONED"},
		{name: "no versions come before lifecycle",
			event: verdict.Event{Unversioned: true, Marker: true, Lifecycle: true}, want: "failed NOT_VERSIONED"},

		{name: "a delete marker that lifecycle made is skipped, whatever the sides show",
			event: byLifecycle, look: look(primary(denied), replica(absent)), want: "skipped LIFECYCLE_MARKER",
			detail: "lifecycle made the delete marker, and S3 does not replicate those"},
		{name: "an object that lifecycle deleted for good is judged by what is there",
			event: verdict.Event{Lifecycle: true}, look: look(primary(absent), replica()), want: "skipped SOURCE_DELETED"},
		{name: "lifecycle comes before rules that can't be followed",
			event: byLifecycle, look: unsupported, want: "skipped LIFECYCLE_MARKER"},

		{name: "rules that can't be followed are told in one line",
			look: unsupported, want: "failed RULE_NOT_SUPPORTED", detail: "4 replicas; at most 3"},
		{name: "rules that can't be followed come before what the primary shows",
			look: verdict.Look{Primary: primary(denied), Unsupported: "4 replicas"}, want: "failed RULE_NOT_SUPPORTED"},

		{name: "a primary under a customer's key is unreadable at once",
			look: look(primary(found(verdict.SSEC)), replica()), want: "failed UNREADABLE_SSE_C", detail: "sse-c"},
		{name: "a customer's key is an answer, however few looks were counted",
			look: look(primary(found(verdict.SSEC))), progress: verdict.Progress{Looks: -1, Unread: -1}, want: "failed UNREADABLE_SSE_C"},
		{name: "an archived primary is told at once, with the error",
			look: look(primary(found(verdict.Archived), because("GetObject answered 403 InvalidObjectState")), replica()),
			want: "failed ARCHIVED", detail: "archived (GetObject answered 403 InvalidObjectState)"},
		{name: "a denied primary lags for a few looks in a row",
			look: look(primary(denied), replica()), progress: unread(2), want: "lagging ACCESS_DENIED"},
		{name: "a primary that stays denied is access denied",
			look: look(primary(denied, because("HeadObject answered 403")), replica()), progress: unread(3), want: "failed ACCESS_DENIED",
			detail: "denied (HeadObject answered 403)"},
		{name: "an unreachable primary is looked at again",
			look: look(primary(down), replica()), progress: unread(7), want: "lagging UNREACHABLE"},
		{name: "a primary that stays unreachable is unreachable",
			look: look(primary(down), replica()), progress: unread(8), want: "failed UNREACHABLE"},
		{name: "an answer that fits nothing is looked at as an unreachable side",
			look: look(primary(found("new\n")), replica()), progress: unread(7), want: "lagging UNREACHABLE"},
		{name: "an answer that fits nothing ends as an unreachable side, with its word in one line",
			look: look(primary(found("new\n")), replica()), progress: unread(8), want: "failed UNREACHABLE", detail: "new "},
		{name: "no look at all counts as unreachable", progress: unread(8), want: "failed UNREACHABLE"},

		{name: "a version that is gone is skipped",
			look: look(primary(absent), replica(absent), second()), want: "skipped SOURCE_DELETED",
			detail: "the primary no longer has the version; the replica shows missing\nthe primary no longer has the version; the replica shows object"},
		{name: "a version that is gone without a replica in sight is skipped",
			look: look(primary(absent)), want: "skipped SOURCE_DELETED", detail: "the primary no longer has the version"},
		{name: "a version that is gone waits for a replica that is denied",
			look: look(primary(absent), replica(), second(denied)), progress: unread(2), want: "lagging SOURCE_DELETED"},
		{name: "a version that is gone is skipped where the replica stays denied",
			look: look(primary(absent), replica(denied, because("403"))), progress: unread(3), want: "skipped SOURCE_DELETED", detail: "shows denied (403)"},
		{name: "a version that is gone waits for a replica that is unreachable",
			look: look(primary(absent), second(), replica(down)), progress: unread(7), want: "lagging SOURCE_DELETED"},
		{name: "a version that is gone is skipped where the replica stays unreachable",
			look: look(primary(absent), replica(down)), progress: unread(8), want: "skipped SOURCE_DELETED"},
		{name: "a version that is gone does not wait for a replica that rests",
			look: look(primary(absent), replica(found(verdict.SSEC)), second(found(verdict.Archived))), want: "skipped SOURCE_DELETED"},
		{name: "a version that is gone is no finding of a rule that ignores markers",
			event: markerMade, look: look(primary(absent), replica(absent, ignoresMarkers)), want: "skipped SOURCE_DELETED"},

		{name: "a replica whose key no rule covers is skipped",
			look: look(primary(status("REPLICA"))), want: "skipped IS_REPLICA",
			detail: "the primary is itself a replica, and no replication rule covers the key"},
		{name: "a key that no rule covers lags for a grace, whatever the waits came to",
			look: look(primary()), progress: verdict.Progress{Looks: 2, Waited: 2 * 3600}, want: "lagging NOT_REPLICATED"},
		{name: "a key that no rule covers is not replicated after the grace",
			look: look(primary()), progress: looks(3), want: "failed NOT_REPLICATED", detail: "no replication rule covers the key"},
		{name: "a delete marker that no rule covers is not replicated, either",
			event: markerMade, look: look(primary(marker)), progress: looks(3), want: "failed NOT_REPLICATED"},
	})
}

func TestWhatThePrimaryDecidesHasNoEntries(t *testing.T) {
	for name, l := range map[string]verdict.Look{
		"a denied primary":  look(primary(found(verdict.Denied)), replica(), second()),
		"a gone primary":    look(primary(absent)),
		"no rule":           look(primary()),
		"too many replicas": {Primary: primary(), Replicas: []verdict.Replica{replica()}, Unsupported: "4 replicas"},
		"markers ignored":   look(primary(marker), replica(ignoresMarkers)),
		"a customer's key ": look(primary(found(verdict.SSEC)), replica()),
	} {
		v := verdict.Judge(verdict.Event{}, l, unread(8), policy)
		assert.Empty(t, v.Replicas, name)
		assert.NotEmpty(t, v.Detail, name)
	}
}

func TestAVerdictSaysWhetherItIsAboutADeleteMarker(t *testing.T) {
	for name, tc := range map[string]struct {
		event verdict.Event
		look  verdict.Look
		want  bool
	}{
		"an object": {verdict.Event{}, look(primary(), replica()), false},
		"a marker":  {verdict.Event{Marker: true}, look(primary(marker), replica(marker)), true},
		"a marker that the event doesn't tell of": {verdict.Event{}, look(primary(marker), replica(marker)), true},
		"an object that the event calls a marker": {verdict.Event{Marker: true}, look(primary(), replica()), false},
		"a marker that can't be seen":             {verdict.Event{Marker: true}, look(primary(found(verdict.Denied)), replica()), true},
		"an object that can't be seen":            {verdict.Event{}, look(primary(found(verdict.Denied)), replica()), false},
	} {
		assert.Equal(t, tc.want, verdict.Judge(tc.event, tc.look, first, policy).Marker, name)
	}
}

func TestASourceThatIsGoneHasAnEntryForEveryReplica(t *testing.T) {
	l := look(primary(absent), replica(), second(found(verdict.Denied)))
	v := verdict.Judge(verdict.Event{}, l, unread(2), policy)
	assert.Equal(t, []string{"docs-replica: skipped SOURCE_DELETED", "docs-second: lagging SOURCE_DELETED"}, entries(v))
	v = verdict.Judge(verdict.Event{}, l, unread(3), policy)
	assert.Equal(t, verdict.Verdict{Outcome: verdict.Skipped, Reason: reason.SourceDeleted, Replicas: []verdict.Entry{
		{Bucket: "docs-replica", Region: "eu-west-1", Outcome: verdict.Skipped, Reason: reason.SourceDeleted, Detail: "the primary no longer has the version; the replica shows object"},
		{Bucket: "docs-second", Region: "us-east-2", Outcome: verdict.Skipped, Reason: reason.SourceDeleted, Detail: "the primary no longer has the version; the replica shows denied"},
	}}, v)
}
