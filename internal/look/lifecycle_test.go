package look

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
)

// noncurrent removes noncurrent versions of docs/ after 30 days.
func noncurrent(change ...func(*types.LifecycleRule)) types.LifecycleRule {
	r := types.LifecycleRule{
		ID: aws.String("expire"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("docs/")},
		NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(30)},
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

func named(id string) func(*types.LifecycleRule) {
	return func(r *types.LifecycleRule) { r.ID = &id }
}

func by(f types.LifecycleRuleFilter) func(*types.LifecycleRule) {
	return func(r *types.LifecycleRule) { r.Filter = &f }
}

func byAll(and types.LifecycleRuleAndOperator) func(*types.LifecycleRule) {
	return by(types.LifecycleRuleFilter{And: &and})
}

func expiration(e types.LifecycleExpiration) func(*types.LifecycleRule) {
	return func(r *types.LifecycleRule) { r.NoncurrentVersionExpiration, r.Expiration = nil, &e }
}

func withoutFilter(prefix string) func(*types.LifecycleRule) {
	return func(r *types.LifecycleRule) { r.Filter, r.Prefix = nil, &prefix } //nolint:staticcheck // as in older rules
}

func turnedOff(r *types.LifecycleRule) { r.Status = types.ExpirationStatusDisabled }

func moving(r *types.LifecycleRule) {
	r.NoncurrentVersionExpiration = nil
	r.NoncurrentVersionTransitions = []types.NoncurrentVersionTransition{{NoncurrentDays: aws.Int32(1), StorageClass: types.TransitionStorageClassGlacier}}
}

func TestWhichLifecycleRuleMayHaveRemovedAVersion(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	object := Lost{Key: "docs/a.txt", Size: 1000, Made: now.AddDate(0, 0, -30), Noncurrent: now.AddDate(0, 0, -30), Now: now}
	marker := Lost{Key: "docs/a.txt", Marker: true, Made: now.AddDate(0, 0, -30), Noncurrent: now.AddDate(0, 0, -30), Now: now}
	young, undated := object, object
	young.Noncurrent, undated.Noncurrent = object.Made.Add(1), time.Time{}
	youngMarker := marker
	youngMarker.Made, youngMarker.Noncurrent = marker.Made.Add(1), marker.Made.Add(1)
	tagged := types.Tag{Key: aws.String("k"), Value: aws.String("v")}
	size := func(n int64) *int64 { return &n }
	type rules = []types.LifecycleRule
	for name, tt := range map[string]struct {
		lost  Lost
		rules rules
		want  string
	}{
		"no rule":                         {object, nil, ""},
		"a rule for noncurrent versions":  {object, rules{noncurrent()}, "expire"},
		"a version that is too young":     {young, rules{noncurrent()}, ""},
		"a version of unknown age":        {undated, rules{noncurrent()}, ""},
		"a rule that is turned off":       {object, rules{noncurrent(turnedOff)}, ""},
		"a rule that moves versions":      {object, rules{noncurrent(moving)}, ""},
		"a rule for other keys":           {object, rules{noncurrent(by(types.LifecycleRuleFilter{Prefix: aws.String("media/")}))}, ""},
		"a rule for all keys":             {object, rules{noncurrent(by(types.LifecycleRuleFilter{}))}, "expire"},
		"an older rule for the key":       {object, rules{noncurrent(withoutFilter("docs/"))}, "expire"},
		"an older rule for other keys":    {object, rules{noncurrent(withoutFilter("media/"))}, ""},
		"a rule that selects by tag":      {object, rules{noncurrent(by(types.LifecycleRuleFilter{Tag: &tagged}))}, ""},
		"by prefix and tag":               {object, rules{noncurrent(byAll(types.LifecycleRuleAndOperator{Prefix: aws.String("docs/"), Tags: []types.Tag{tagged}}))}, ""},
		"by prefix and nothing else":      {object, rules{noncurrent(byAll(types.LifecycleRuleAndOperator{Prefix: aws.String("docs/")}))}, "expire"},
		"by another prefix inside And":    {object, rules{noncurrent(byAll(types.LifecycleRuleAndOperator{Prefix: aws.String("media/")}))}, ""},
		"larger than the object":          {object, rules{noncurrent(by(types.LifecycleRuleFilter{ObjectSizeGreaterThan: size(1000)}))}, ""},
		"larger than less":                {object, rules{noncurrent(by(types.LifecycleRuleFilter{ObjectSizeGreaterThan: size(999)}))}, "expire"},
		"smaller than the object":         {object, rules{noncurrent(by(types.LifecycleRuleFilter{ObjectSizeLessThan: size(1000)}))}, ""},
		"smaller than more":               {object, rules{noncurrent(by(types.LifecycleRuleFilter{ObjectSizeLessThan: size(1001)}))}, "expire"},
		"between sizes":                   {object, rules{noncurrent(byAll(types.LifecycleRuleAndOperator{ObjectSizeGreaterThan: size(1), ObjectSizeLessThan: size(2000)}))}, "expire"},
		"between smaller sizes":           {object, rules{noncurrent(byAll(types.LifecycleRuleAndOperator{ObjectSizeGreaterThan: size(1), ObjectSizeLessThan: size(20)}))}, ""},
		"expiration makes a marker":       {object, rules{noncurrent(expiration(types.LifecycleExpiration{Days: aws.Int32(1)}))}, ""},
		"the first that may":              {object, rules{noncurrent(turnedOff), noncurrent(named("second")), noncurrent(named("third"))}, "second"},
		"a rule that has no id":           {object, rules{noncurrent(func(r *types.LifecycleRule) { r.ID = nil })}, ""},
		"a marker that became noncurrent": {marker, rules{noncurrent()}, "expire"},
		"a marker, selected by size":      {marker, rules{noncurrent(by(types.LifecycleRuleFilter{ObjectSizeLessThan: size(1001)}))}, ""},
		"a marker after days":             {marker, rules{noncurrent(expiration(types.LifecycleExpiration{Days: aws.Int32(30)}))}, "expire"},
		"a marker before its days":        {youngMarker, rules{noncurrent(expiration(types.LifecycleExpiration{Days: aws.Int32(30)}))}, ""},
		"a marker after a date":           {marker, rules{noncurrent(expiration(types.LifecycleExpiration{Date: &now}))}, "expire"},
		"a marker before a date":          {marker, rules{noncurrent(expiration(types.LifecycleExpiration{Date: aws.Time(now.Add(1))}))}, ""},
		"a marker that is left over":      {youngMarker, rules{noncurrent(expiration(types.LifecycleExpiration{ExpiredObjectDeleteMarker: aws.Bool(true)}))}, "expire"},
		"markers are left alone":          {marker, rules{noncurrent(expiration(types.LifecycleExpiration{ExpiredObjectDeleteMarker: aws.Bool(false)}))}, ""},
		"a marker under other rules":      {marker, rules{noncurrent(moving)}, ""},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, tt.lost.Remover(tt.rules)) })
	}
}

func TestARuleThatKeepsNewerVersionsRemovesOnlyThoseBehindThem(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	keeps := noncurrent(func(r *types.LifecycleRule) { r.NoncurrentVersionExpiration.NewerNoncurrentVersions = aws.Int32(3) })
	gone := Lost{Key: "docs/a.txt", Noncurrent: now.AddDate(0, 0, -60), Now: now, Newer: 2}
	assert.Empty(t, gone.Remover([]types.LifecycleRule{keeps}), "two newer ones are noncurrent, and three are kept")
	gone.Newer = 3
	assert.Equal(t, "expire", gone.Remover([]types.LifecycleRule{keeps}))
	gone.Newer = unknownNewer
	assert.Equal(t, "expire", gone.Remover([]types.LifecycleRule{keeps}), "it may have been")
}

func TestAMarkerIsAloneOnceARuleHadTheTimeToRemoveWhatWasBelow(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	marker := Lost{Key: "docs/a.txt", Marker: true, Made: now.AddDate(0, 0, -29), Now: now}
	tidy := expiration(types.LifecycleExpiration{ExpiredObjectDeleteMarker: aws.Bool(true)})
	assert.False(t, marker.Alone([]types.LifecycleRule{noncurrent(tidy), noncurrent()}))
	marker.Made = now.AddDate(0, 0, -30)
	assert.True(t, marker.Alone([]types.LifecycleRule{noncurrent(tidy), noncurrent()}))
	assert.False(t, marker.Alone([]types.LifecycleRule{noncurrent(tidy)}), "nothing removes what is below")
	assert.False(t, marker.Alone([]types.LifecycleRule{noncurrent(turnedOff)}))
	marker.Key = "other"
	assert.False(t, marker.Alone([]types.LifecycleRule{noncurrent()}))
}

func TestLifecycleMakesNoncurrentWhatNobodyReplaced(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	object := Lost{Key: "docs/a.txt", Made: now.AddDate(0, 0, -30), Now: now}
	after := func(days int32) types.LifecycleRule {
		return noncurrent(expiration(types.LifecycleExpiration{Days: aws.Int32(days)}))
	}
	assert.Equal(t, now.AddDate(0, 0, -10), object.Expired([]types.LifecycleRule{after(25), after(20)}), "the first that does")
	assert.Equal(t, now, object.Expired([]types.LifecycleRule{after(30)}))
	assert.Zero(t, object.Expired([]types.LifecycleRule{after(31), noncurrent()}))
	date := now.AddDate(0, 0, -1)
	assert.Equal(t, date, object.Expired([]types.LifecycleRule{noncurrent(expiration(types.LifecycleExpiration{Date: &date}))}))
	assert.Zero(t, object.Expired([]types.LifecycleRule{noncurrent(expiration(types.LifecycleExpiration{Days: aws.Int32(1)}), turnedOff)}))
	object.Marker = true
	assert.Zero(t, object.Expired([]types.LifecycleRule{after(20)}))
}
