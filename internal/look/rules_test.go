package look

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
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
		"a rule without a prefix covers it":              {rules{v2("a", "", 1)}, []destination{{"a", false, false}}},
		"a prefix of the key covers it":                  {rules{v2("a", "docs/", 1)}, []destination{{"a", false, false}}},
		"another prefix does not":                        {rules{v2("a", "media/", 1)}, nil},
		"a prefix is no folder name":                     {rules{v2("a", "docs/a.txt", 1), v2("b", "ocs/", 1)}, []destination{{"a", false, false}}},
		"a disabled rule counts for nothing":             {rules{v2("a", "", 1, disabled)}, nil},
		"several destinations are all followed":          {rules{v2("a", "", 1), v2("b", "", 2)}, []destination{{"b", false, false}, {"a", false, false}}},
		"a rule whose markers are off":                   {rules{v2("a", "", 1, markersOff)}, []destination{{"a", true, false}}},
		"a rule that does not speak of markers":          {rules{v2("a", "", 1, noMarkers)}, []destination{{"a", true, false}}},
		"a rule of the first version replicates markers": {rules{v2("a", "docs/", 1, v1)}, []destination{{"a", false, false}}},
		"a rule of the first version has a prefix, too":  {rules{v2("a", "media/", 1, v1)}, nil},
		"a rule that leaves KMS out":                     {rules{v2("a", "", 1, kmsOff)}, []destination{{"a", false, true}}},
		"a rule that speaks of other criteria":           {rules{v2("a", "", 1, kmsUnsaid)}, []destination{{"a", false, true}}},
		"a rule without criteria":                        {rules{v2("a", "", 1, noCriteria)}, []destination{{"a", false, true}}},
		"a rule of the first version with KMS":           {rules{v2("a", "", 1, v1)}, []destination{{"a", false, false}}},
		"each destination has its rule's answer":         {rules{v2("a", "", 3, noMarkers), v2("b", "", 2), v2("c", "", 1, kmsOff)}, []destination{{"a", true, false}, {"b", false, false}, {"c", false, true}}},
		"the highest priority decides for a bucket": {
			rules{v2("a", "", 1, noMarkers), v2("a", "docs/", 2), v2("a", "d", 0, noMarkers)}, []destination{{"a", false, false}},
		},
		"a disabled rule of higher priority decides nothing": {
			rules{v2("a", "", 1, noMarkers), v2("a", "", 2, disabled)}, []destination{{"a", true, false}},
		},
		"a prefix inside And":                         {rules{v2("a", "docs/", 1, and()), v2("b", "media/", 1, and())}, []destination{{"a", false, false}}},
		"a tag rule for other keys does not matter":   {rules{v2("a", "media/", 1, and(types.Tag{})), v2("b", "", 1)}, []destination{{"b", false, false}}},
		"a disabled tag rule does not matter":         {rules{v2("a", "", 1, ofTag, disabled), v2("b", "", 1)}, []destination{{"b", false, false}}},
		"a tag rule below one by prefix is not asked": {rules{v2("a", "", 1, ofTag), v2("a", "", 2)}, []destination{{"a", false, false}}},
		"a destination that is no ARN is taken as it is": {
			rules{v2("a", "", 1, func(r *types.ReplicationRule) { r.Destination.Bucket = aws.String("plain") })}, []destination{{"plain", false, false}},
		},
		"a rule without a destination leads nowhere": {
			rules{v2("a", "", 1, func(r *types.ReplicationRule) { r.Destination = nil })}, nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, unsupported := destinations(tt.rules, key)
			assert.Empty(t, unsupported)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestAtMostThreeDestinationsAreFollowed(t *testing.T) {
	rules := []types.ReplicationRule{v2("a", "", 1), v2("b", "", 2), v2("c", "", 3), v2("c", "docs", 4), v2("d", "media", 5)}
	got, unsupported := destinations(rules, "docs/a.txt")
	assert.Empty(t, unsupported)
	assert.Len(t, got, 3)
	got, unsupported = destinations(append(rules, v2("e", "docs", 0)), "docs/a.txt")
	assert.Empty(t, got)
	assert.Equal(t, unsupported, "4 replicas; autobackup compares at most 3")
}

func TestDestinationsOfTagRules(t *testing.T) {
	tests := map[string][]types.ReplicationRule{
		"a tag":                        {v2("a", "", 1, ofTag)},
		"tags inside And":              {v2("a", "", 1, and(types.Tag{}, types.Tag{}))},
		"a tag rule of the highest":    {v2("a", "", 2, ofTag), v2("a", "docs", 1)},
		"a tag rule to another bucket": {v2("a", "", 1, ofTag), v2("b", "", 1)},
	}
	for name, rules := range tests {
		t.Run(name, func(t *testing.T) {
			got, unsupported := destinations(rules, "docs/a.txt")
			assert.Empty(t, got)
			assert.Equal(t, unsupported, `replication rule "a " selects objects by tag, which is not supported: let the rule select by prefix`)
		})
	}
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
