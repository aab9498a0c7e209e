package evidence_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/audit"
	"autobackup/internal/batch"
	"autobackup/internal/evidence"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

var (
	version = s3event.ObjectVersion{Bucket: "docs", Key: "a", VersionID: "v"}
	made    = evidence.Run{ID: "run", At: at("2026-11-29T14:05:00+01:00").Add(1234567), Program: "p", Template: "t"}
)

// of is a record of docs/a@v that the run made.
func of(source evidence.Source, t evidence.Told, replicas ...evidence.Replica) evidence.Record {
	return evidence.Record{
		Time: at("2026-11-29T13:05:00Z").Add(time.Millisecond), Source: source, Run: "run", Bucket: "docs", Key: "a", Version: "v", Told: t, Replicas: replicas, Program: "p", Template: "t",
	}
}

func TestTheEndingsOfUploadsAreRecords(t *testing.T) {
	verified, failed := told(evidence.Verified, string(crc)), told(evidence.Failed, "REPLICA_MISSING")
	finding := verified
	finding.Finding = reason.MetadataDiffers
	for name, tc := range map[string]struct {
		settled batch.Settled
		want    evidence.Record
	}{
		"a verified version with its replicas": {
			batch.Settled{Verdict: verdict.Verified, Evidence: crc, Replicas: []batch.Replica{{Bucket: "one", Verdict: verdict.Verified, Evidence: crc}, {Bucket: "two", Verdict: verdict.Verified, Evidence: crc, Finding: reason.MetadataDiffers}}, Finding: reason.MetadataDiffers},
			of(evidence.Upload, finding, evidence.Replica{Bucket: "one", Told: verified}, evidence.Replica{Bucket: "two", Told: finding}),
		},
		"a failed one, whose replica had evidence before its bytes were to be read": {
			batch.Settled{Verdict: verdict.Failed, Reason: "REPLICA_MISSING", Replicas: []batch.Replica{{Bucket: "one", Verdict: verdict.Failed, Reason: "REPLICA_MISSING", Evidence: crc, Finding: "F"}, {Bucket: "two", Verdict: verdict.Verified, Evidence: crc}}},
			of(evidence.Upload, failed, evidence.Replica{Bucket: "one", Told: failed}, evidence.Replica{Bucket: "two", Told: verified}),
		},
		"a failed one where the primary decides": {batch.Settled{Verdict: verdict.Failed, Reason: "REPLICA_MISSING"}, of(evidence.Upload, failed)},
		"a skipped one":                          {batch.Settled{Verdict: verdict.Skipped, Reason: "IS_REPLICA"}, of(evidence.Upload, told(evidence.Skipped, "IS_REPLICA"))},
		"a replica that has no ending of its own is left out": {
			batch.Settled{Verdict: verdict.Failed, Reason: "REPLICA_MISSING", Replicas: []batch.Replica{{Bucket: "one", Verdict: verdict.Failed, Reason: "REPLICA_MISSING"}, {Bucket: "two", Verdict: verdict.Lagging}}},
			of(evidence.Upload, failed, evidence.Replica{Bucket: "one", Told: failed}),
		},
		"where no replica that is left explains the verdict, none is named": {
			batch.Settled{Verdict: verdict.Failed, Reason: "REPLICA_MISSING", Replicas: []batch.Replica{{Bucket: "one", Verdict: verdict.Verified, Evidence: crc}, {Bucket: "two", Verdict: verdict.Lagging}}},
			of(evidence.Upload, failed),
		},
	} {
		r, ended := evidence.OfSettled(tc.settled, version, verdict.Look{}, made)
		assert.True(t, ended, name)
		assert.Equal(t, tc.want, r, name)
		_, err := evidence.Encode([]evidence.Record{r})
		assert.NoError(t, err, name)
	}
	for _, o := range []verdict.Outcome{verdict.Lagging, verdict.Reading, ""} {
		_, ended := evidence.OfSettled(batch.Settled{Verdict: o}, version, verdict.Look{}, made)
		assert.False(t, ended, "%s is no ending", o)
	}
	malformed, ended := evidence.OfSettled(batch.Settled{ID: "m-1", Verdict: verdict.Failed, Reason: reason.MalformedEvent}, s3event.ObjectVersion{}, verdict.Look{}, made)
	require.True(t, ended)
	want := of(evidence.Upload, told(evidence.Failed, "MALFORMED_EVENT"))
	want.Bucket, want.Key, want.Version, want.Message = "", "", "", "m-1"
	assert.Equal(t, want, malformed)
	marker, _ := evidence.OfSettled(batch.Settled{Verdict: verdict.Skipped, Reason: reason.LifecycleMarker}, s3event.ObjectVersion{Bucket: "docs", Key: "a", Marker: true}, verdict.Look{}, made)
	assert.True(t, marker.Marker)
	_, err := evidence.Encode([]evidence.Record{malformed, marker})
	assert.NoError(t, err)
}

func TestTheItemsOfAuditsAreRecords(t *testing.T) {
	said := &audit.Acceptance{Who: "Ana", Why: "meant", Until: at("2027-01-01T01:00:00+01:00").Add(5)}
	finding := told(evidence.Verified, string(crc))
	finding.Finding = reason.MetadataDiffers
	for category, tc := range map[audit.Category]struct {
		item audit.Item
		want evidence.Told
	}{
		audit.Finding:  {audit.Item{Reason: reason.NotErased, Evidence: crc, Accepted: said}, told(evidence.Failed, "NOT_ERASED")},
		audit.Unknown:  {audit.Item{Reason: reason.Inconclusive}, told(evidence.Unknown, "INCONCLUSIVE")},
		audit.Accepted: {audit.Item{Reason: reason.NotErased, Accepted: said}, told(evidence.Accepted, "NOT_ERASED")},
		audit.Expected: {audit.Item{Reason: reason.Young}, told(evidence.Skipped, "YOUNG")},
		audit.Compared: {audit.Item{Reason: reason.MetadataDiffers, Evidence: crc}, finding},
		audit.Alike:    {audit.Item{}, told(evidence.Alike, "")},
	} {
		tc.item.Category, tc.item.Primary, tc.item.Replica, tc.item.Key, tc.item.Version = category, "docs", "docs-copy", "a", "v"
		want := of(evidence.Audit, tc.want, evidence.Replica{Bucket: "docs-copy", Told: tc.want})
		if category == audit.Accepted {
			want.Accepted = &evidence.Acceptance{Who: "Ana", Why: "meant", Until: at("2027-01-01T00:00:00Z")}
		}
		r := evidence.OfItem(tc.item, evidence.Audit, made)
		assert.Equal(t, want, r, category)
		_, err := evidence.Encode([]evidence.Record{r})
		assert.NoError(t, err, category)
	}
	for _, c := range audit.Categories() {
		assert.NotEmpty(t, evidence.OfItem(audit.Item{Category: c}, evidence.Audit, made).Verdict, "an audit's %s has a verdict", c)
	}
	assert.Equal(t, evidence.Scrub, evidence.OfItem(audit.Item{Category: audit.Compared}, evidence.Scrub, made).Source)
	assert.True(t, evidence.OfItem(audit.Item{Category: audit.Alike, Marker: true}, evidence.Audit, made).Marker)
	_, err := evidence.Encode([]evidence.Record{evidence.OfItem(audit.Item{Category: "new", Primary: "docs", Replica: "r", Key: "a"}, evidence.Audit, made)})
	assert.ErrorContains(t, err, "the verdict is none that this program knows")
}

func TestAnUploadWhoseVersionIsOnNoSideIsErasedAndNotSkipped(t *testing.T) {
	is := func(bucket string, f verdict.Found) verdict.Replica {
		return verdict.Replica{Side: verdict.Side{Bucket: bucket, Found: f}}
	}
	gone := verdict.Look{Primary: verdict.Side{Found: verdict.Missing}, Replicas: []verdict.Replica{is("one", verdict.Missing)}}
	kept := verdict.Look{Primary: verdict.Side{Found: verdict.Missing}, Replicas: []verdict.Replica{is("one", verdict.Object)}}
	skipped := batch.Settled{Verdict: verdict.Skipped, Reason: reason.SourceDeleted, Replicas: []batch.Replica{{Bucket: "one", Verdict: verdict.Skipped, Reason: reason.SourceDeleted}}}
	lately := version
	lately.Time = made.At.Add(-24*time.Hour + 1)
	old, marker := lately, lately
	old.Time, marker.Marker = made.At.Add(-24*time.Hour), true
	erased := told(evidence.Erased, "")
	r, ended := evidence.OfSettled(skipped, lately, gone, made)
	require.True(t, ended)
	assert.Equal(t, of(evidence.Upload, erased, evidence.Replica{Bucket: "one", Told: erased}), r)
	for name, tc := range map[string]struct {
		settled batch.Settled
		version s3event.ObjectVersion
		look    verdict.Look
	}{
		"the replica has it":                            {skipped, lately, kept},
		"nobody looked":                                 {skipped, lately, verdict.Look{}},
		"lifecycle may have removed it":                 {skipped, old, gone},
		"nobody says when it was written":               {skipped, version, gone},
		"lifecycle removes markers without waiting":     {skipped, marker, gone},
		"another reason decided before what is missing": {batch.Settled{Verdict: verdict.Failed, Reason: reason.NotVersioned}, lately, gone},
	} {
		r, ended := evidence.OfSettled(tc.settled, tc.version, tc.look, made)
		assert.True(t, ended, name)
		assert.Equal(t, []string{string(tc.settled.Verdict), string(tc.settled.Reason)}, []string{string(r.Verdict), string(r.Reason)}, name)
	}
}

func TestAVersionThatAnAuditSawGoFromBothSidesIsErased(t *testing.T) {
	erased := told(evidence.Erased, "")
	item := audit.Item{Category: audit.Expected, Reason: reason.Changed, Primary: "docs", Replica: "docs-copy", Key: "a", Version: "v", Gone: true}
	assert.Equal(t, of(evidence.Audit, erased, evidence.Replica{Bucket: "docs-copy", Told: erased}), evidence.OfItem(item, evidence.Audit, made))
}

func TestAnErasureIsShownByALookThatFindsTheVersionOnNoSide(t *testing.T) {
	side := func(bucket string, f verdict.Found) verdict.Replica {
		return verdict.Replica{Side: verdict.Side{Bucket: bucket, Found: f}}
	}
	gone := verdict.Look{Primary: verdict.Side{Found: verdict.Missing}, Replicas: []verdict.Replica{side("one", verdict.Missing), side("two", verdict.Missing)}}
	r, shown := evidence.OfErased(version, gone, evidence.Scrub, made)
	require.True(t, shown)
	erased := told(evidence.Erased, "")
	assert.Equal(t, of(evidence.Scrub, erased, evidence.Replica{Bucket: "one", Told: erased}, evidence.Replica{Bucket: "two", Told: erased}), r)
	_, err := evidence.Encode([]evidence.Record{r})
	assert.NoError(t, err)

	for name, look := range map[string]verdict.Look{
		"the primary still has it":         {Primary: verdict.Side{Found: verdict.Object}, Replicas: gone.Replicas},
		"a replica still has it":           {Primary: gone.Primary, Replicas: []verdict.Replica{side("one", verdict.Missing), side("two", verdict.Object)}},
		"a replica could not be looked at": {Primary: gone.Primary, Replicas: []verdict.Replica{side("one", verdict.Denied)}},
		"no replica was looked at":         {Primary: gone.Primary},
	} {
		_, shown := evidence.OfErased(version, look, evidence.Upload, made)
		assert.False(t, shown, name)
	}
}
