package look

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"

	"autobackup/internal/verdict"
)

func v2(bucket, prefix string, priority int32, change ...func(*types.ReplicationRule)) types.ReplicationRule {
	r := types.ReplicationRule{
		ID: aws.String(bucket + " " + prefix), Status: types.ReplicationRuleStatusEnabled, Priority: &priority,
		Filter:                  &types.ReplicationRuleFilter{Prefix: &prefix},
		DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: types.DeleteMarkerReplicationStatusEnabled},
		SourceSelectionCriteria: &types.SourceSelectionCriteria{SseKmsEncryptedObjects: &types.SseKmsEncryptedObjects{Status: types.SseKmsEncryptedObjectsStatusEnabled}},
		Destination:             &types.Destination{Bucket: aws.String("arn:aws:s3:::" + bucket)},
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

func disabled(r *types.ReplicationRule)  { r.Status = types.ReplicationRuleStatusDisabled }
func noMarkers(r *types.ReplicationRule) { r.DeleteMarkerReplication = nil }
func ofTag(r *types.ReplicationRule)     { r.Filter = &types.ReplicationRuleFilter{Tag: &types.Tag{}} }

func kmsUnsaid(r *types.ReplicationRule)  { r.SourceSelectionCriteria.SseKmsEncryptedObjects = nil }
func noCriteria(r *types.ReplicationRule) { r.SourceSelectionCriteria = nil }

func kmsOff(r *types.ReplicationRule) {
	r.SourceSelectionCriteria.SseKmsEncryptedObjects.Status = types.SseKmsEncryptedObjectsStatusDisabled
}

func markersOff(r *types.ReplicationRule) {
	r.DeleteMarkerReplication.Status = types.DeleteMarkerReplicationStatusDisabled
}

func and(tags ...types.Tag) func(*types.ReplicationRule) {
	return func(r *types.ReplicationRule) {
		r.Filter = &types.ReplicationRuleFilter{And: &types.ReplicationRuleAndOperator{Prefix: r.Filter.Prefix, Tags: tags}}
	}
}

func to(bucket string, ignoresMarkers, ignoresKMS bool) destination {
	return destination{bucket: bucket, ignoresMarkers: ignoresMarkers, ignoresKMS: ignoresKMS}
}

func v1(r *types.ReplicationRule) {
	r.Prefix, r.Filter, r.Priority, r.DeleteMarkerReplication = r.Filter.Prefix, nil, nil, nil //nolint:staticcheck // as in such rules
}

func TestDestinations(t *testing.T) {
	const key = "docs/a.txt"
	type rules = []types.ReplicationRule
	tests := map[string]struct {
		rules rules
		want  []destination
	}{
		"no rule":                                        {nil, nil},
		"a rule without a prefix covers it":              {rules{v2("a", "", 1)}, []destination{to("a", false, false)}},
		"a prefix of the key covers it":                  {rules{v2("a", "docs/", 1)}, []destination{to("a", false, false)}},
		"another prefix does not":                        {rules{v2("a", "media/", 1)}, nil},
		"a prefix is no folder name":                     {rules{v2("a", "docs/a.txt", 1), v2("b", "ocs/", 1)}, []destination{to("a", false, false)}},
		"a disabled rule counts for nothing":             {rules{v2("a", "", 1, disabled)}, nil},
		"several destinations are all followed":          {rules{v2("a", "", 1), v2("b", "", 2)}, []destination{to("b", false, false), to("a", false, false)}},
		"a rule whose markers are off":                   {rules{v2("a", "", 1, markersOff)}, []destination{to("a", true, false)}},
		"a rule that does not speak of markers":          {rules{v2("a", "", 1, noMarkers)}, []destination{to("a", true, false)}},
		"a rule of the first version replicates markers": {rules{v2("a", "docs/", 1, v1)}, []destination{to("a", false, false)}},
		"a rule of the first version has a prefix, too":  {rules{v2("a", "media/", 1, v1)}, nil},
		"a rule that leaves KMS out":                     {rules{v2("a", "", 1, kmsOff)}, []destination{to("a", false, true)}},
		"a rule that speaks of other criteria":           {rules{v2("a", "", 1, kmsUnsaid)}, []destination{to("a", false, true)}},
		"a rule without criteria":                        {rules{v2("a", "", 1, noCriteria)}, []destination{to("a", false, true)}},
		"a rule of the first version with KMS":           {rules{v2("a", "", 1, v1)}, []destination{to("a", false, false)}},
		"each destination has its rule's answer":         {rules{v2("a", "", 3, noMarkers), v2("b", "", 2), v2("c", "", 1, kmsOff)}, []destination{to("a", true, false), to("b", false, false), to("c", false, true)}},
		"the highest priority decides for a bucket": {
			rules{v2("a", "", 1, noMarkers), v2("a", "docs/", 2), v2("a", "d", 0, noMarkers)}, []destination{to("a", false, false)},
		},
		"a disabled rule of higher priority decides nothing": {
			rules{v2("a", "", 1, noMarkers), v2("a", "", 2, disabled)}, []destination{to("a", true, false)},
		},
		"a prefix inside And":                         {rules{v2("a", "docs/", 1, and()), v2("b", "media/", 1, and())}, []destination{to("a", false, false)}},
		"a tag rule for other keys does not matter":   {rules{v2("a", "media/", 1, and(types.Tag{})), v2("b", "", 1)}, []destination{to("b", false, false)}},
		"a disabled tag rule does not matter":         {rules{v2("a", "", 1, ofTag, disabled), v2("b", "", 1)}, []destination{to("b", false, false)}},
		"a tag rule below one by prefix is not asked": {rules{v2("a", "", 1, ofTag), v2("a", "", 2)}, []destination{to("a", false, false)}},
		"a destination that is no ARN is taken as it is": {
			rules{v2("a", "", 1, func(r *types.ReplicationRule) { r.Destination.Bucket = aws.String("plain") })}, []destination{to("plain", false, false)},
		},
		"a rule without a destination leads nowhere": {
			rules{v2("a", "", 1, func(r *types.ReplicationRule) { r.Destination = nil })}, nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, unselected := chosen(rulesFor(tt.rules, key), nil, verdict.Side{})
			assert.False(t, unselected)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestAtMostThreeDestinationsAreFollowed(t *testing.T) {
	rules := []types.ReplicationRule{v2("a", "", 1), v2("b", "", 2), v2("c", "", 3), v2("c", "docs", 4), v2("d", "media", 5)}
	got, _ := chosen(rulesFor(rules, "docs/a.txt"), nil, verdict.Side{})
	assert.Len(t, got, 3)
	assert.Empty(t, tooMany(got))
	got, _ = chosen(rulesFor(append(rules, v2("e", "docs", 0)), "docs/a.txt"), nil, verdict.Side{})
	assert.Equal(t, "4 replicas; autobackup compares at most 3", tooMany(got))
}

// tagged are tags: key, value and so on.
func tagged(pairs ...string) (all []types.Tag) {
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
	}
	return all
}

func one(key, value string) func(*types.ReplicationRule) {
	return func(r *types.ReplicationRule) { r.Filter = &types.ReplicationRuleFilter{Tag: &tagged(key, value)[0]} }
}

func TestWhereRulesByTagLead(t *testing.T) {
	const key = "docs/a.txt"
	type rules = []types.ReplicationRule
	type tags = map[string]string
	byTag := func(bucket string) destination { return destination{bucket: bucket, ignoresMarkers: true, byTag: true} }
	sure := func(bucket string) destination { return destination{bucket: bucket, ignoresMarkers: true} }
	guess := func(bucket string) destination {
		return destination{bucket: bucket, ignoresMarkers: true, guessed: true}
	}
	tests := map[string]struct {
		rules      rules
		tags       tags
		status     string
		want       []destination
		unselected bool
	}{
		"the tag it has":                            {rules{v2("a", "", 1, one("k", "v"))}, tags{"k": "v", "x": "y"}, "", []destination{byTag("a")}, false},
		"another value":                             {rules{v2("a", "", 1, one("k", "v"))}, tags{"k": "V"}, "", nil, true},
		"no tags at all":                            {rules{v2("a", "", 1, one("k", "v"))}, nil, "", nil, true},
		"an empty value is not no tag":              {rules{v2("a", "", 1, one("k", ""))}, tags{}, "", nil, true},
		"all tags of And":                           {rules{v2("a", "docs/", 1, and(tagged("k", "v", "l", "w")...))}, tags{"k": "v", "l": "w"}, "", []destination{byTag("a")}, false},
		"one of two tags of And":                    {rules{v2("a", "docs/", 1, and(tagged("k", "v", "l", "w")...))}, tags{"k": "v"}, "", nil, true},
		"the tags, and not the prefix":              {rules{v2("a", "media/", 1, and(tagged("k", "v")...))}, tags{"k": "v"}, "", nil, false},
		"one of two buckets":                        {rules{v2("a", "", 1, one("k", "v")), v2("b", "", 2, one("k", "w"))}, tags{"k": "v"}, "", []destination{byTag("a")}, false},
		"either of two rules to one bucket":         {rules{v2("a", "", 1, one("k", "v")), v2("a", "", 2, one("k", "w"))}, tags{"k": "v"}, "", []destination{byTag("a")}, false},
		"the tag's bucket beside that of all":       {rules{v2("a", "", 1, one("k", "v")), v2("b", "", 2)}, tags{"k": "v"}, "", []destination{{bucket: "b"}, byTag("a")}, false},
		"untagged, the bucket of all alone":         {rules{v2("a", "", 1, one("k", "v")), v2("b", "", 2)}, nil, "", []destination{{bucket: "b"}}, false},
		"a status is of the only bucket":            {rules{v2("a", "", 1, one("k", "v"))}, tags{"k": "v"}, "PENDING", []destination{sure("a")}, false},
		"and so it is when the tag is taken off":    {rules{v2("a", "", 1, one("k", "v"))}, nil, "COMPLETED", []destination{sure("a")}, false},
		"a replica's status is of no rule":          {rules{v2("a", "", 1, one("k", "v"))}, nil, "REPLICA", nil, true},
		"a status is of any of two":                 {rules{v2("a", "", 1, one("k", "v")), v2("b", "", 2)}, tags{"k": "v"}, "COMPLETED", []destination{{bucket: "b"}, byTag("a")}, false},
		"a status where none of two tags is left":   {rules{v2("a", "", 1, one("k", "v")), v2("b", "", 2, one("k", "w"))}, nil, "COMPLETED", []destination{guess("b"), guess("a")}, false},
		"a status where the tag is of the other":    {rules{v2("a", "", 1, one("k", "v")), v2("b", "", 2, one("k", "w"))}, tags{"k": "v"}, "COMPLETED", []destination{byTag("a")}, false},
		"KMS by the rule of the tag":                {rules{v2("a", "", 2, one("k", "v"), kmsOff), v2("a", "", 1, kmsOff)}, tags{"k": "v"}, "", []destination{{bucket: "a", ignoresKMS: true}}, false},
		"KMS by the next rule":                      {rules{v2("a", "", 2, one("k", "v"), kmsOff), v2("a", "", 1)}, tags{"k": "v"}, "", []destination{{bucket: "a"}}, false},
		"KMS by a rule that does not select it":     {rules{v2("a", "", 2, one("k", "v")), v2("a", "", 1, kmsOff)}, nil, "", []destination{{bucket: "a", ignoresKMS: true}}, false},
		"markers by the first rule without tags":    {rules{v2("a", "", 2, one("k", "v")), v2("a", "", 1, markersOff)}, nil, "", []destination{{bucket: "a", ignoresMarkers: true}}, false},
		"a rule by tag of the first of two schemas": {rules{v2("a", "", 2, one("k", "v")), v2("a", "", 1, v1)}, nil, "", []destination{{bucket: "a"}}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, unselected := chosen(rulesFor(tt.rules, key), tt.tags, verdict.Side{Found: verdict.Object, Replication: tt.status})
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.unselected, unselected)
		})
	}
}

func TestTagsAreAskedForOnlyWhereTheyDecide(t *testing.T) {
	const key = "docs/a.txt"
	for name, tt := range map[string]struct {
		rules []types.ReplicationRule
		want  bool
	}{
		"no rule by tag":                            {[]types.ReplicationRule{v2("a", "", 1), v2("b", "", 2, kmsOff)}, false},
		"a rule by tag":                             {[]types.ReplicationRule{v2("a", "", 1, one("k", "v"))}, true},
		"a rule by tag, for other keys":             {[]types.ReplicationRule{v2("a", "media/", 1, and(tagged("k", "v")...)), v2("b", "", 2)}, false},
		"a rule by tag that is disabled":            {[]types.ReplicationRule{v2("a", "", 1, one("k", "v"), disabled)}, false},
		"a rule by tag beside one for all":          {[]types.ReplicationRule{v2("a", "", 2, one("k", "v")), v2("a", "", 1)}, false},
		"and one of the two leaves KMS out":         {[]types.ReplicationRule{v2("a", "", 2, one("k", "v")), v2("a", "", 1, kmsOff)}, true},
		"a rule by tag beside one to another place": {[]types.ReplicationRule{v2("a", "", 2, one("k", "v")), v2("b", "", 1)}, true},
	} {
		assert.Equal(t, tt.want, slices.ContainsFunc(rulesFor(tt.rules, key), Rule.open), name)
	}
}

func TestFourBucketsThatTagsNoLongerTellApart(t *testing.T) {
	var rules []types.ReplicationRule
	for i, bucket := range []string{"a", "b", "c", "d"} {
		rules = append(rules, v2(bucket, "", int32(i), one("k", bucket)))
	}
	at := func(tags map[string]string, status string) string {
		got, _ := chosen(rulesFor(rules, "k"), tags, verdict.Side{Found: verdict.Object, Replication: status})
		return tooMany(got)
	}
	assert.Empty(t, at(map[string]string{"k": "c"}, "COMPLETED"), "one of four is not too many")
	assert.Empty(t, at(nil, ""))
	assert.Equal(t, "rules by tag lead to 4 buckets, and the tags no longer tell to which it went; autobackup compares at most 3", at(nil, "COMPLETED"))
	assert.LessOrEqual(t, len(at(nil, "COMPLETED")), verdict.MaxSideDetail)
}

func TestADeleteMarkerHasNoTagsSoTheFirstRuleWithoutDecides(t *testing.T) {
	to := func(priority int32, filter *types.ReplicationRuleFilter, markers types.DeleteMarkerReplicationStatus) types.ReplicationRule {
		return types.ReplicationRule{
			Status: types.ReplicationRuleStatusEnabled, Priority: &priority, Filter: filter,
			DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: markers}, Destination: &types.Destination{Bucket: aws.String("arn:aws:s3:::copy")},
		}
	}
	tagged := to(2, &types.ReplicationRuleFilter{Tag: &types.Tag{Key: aws.String("k"), Value: aws.String("v")}}, types.DeleteMarkerReplicationStatusDisabled)
	all := to(1, &types.ReplicationRuleFilter{Prefix: aws.String("")}, types.DeleteMarkerReplicationStatusEnabled)
	assert.False(t, RuleFor([]types.ReplicationRule{tagged, all}, "k", "copy").IgnoresMarkers)
	assert.True(t, RuleFor([]types.ReplicationRule{tagged}, "k", "copy").IgnoresMarkers)
	assert.False(t, RuleFor([]types.ReplicationRule{tagged, all}, "k", "another").Covers)
}
