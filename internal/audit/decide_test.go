package audit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/audit"
	"autobackup/internal/verdict"
)

var now = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

const hours = time.Hour

// said is Rules that say what a row of a test says.
type said struct {
	astray, uncovered, ignoring    bool
	unread                         bool
	hidden                         string // the sides whose lifecycle is not known
	tidyHome, tidyAway, mark, copy string // rules that remove or make markers
}

func (s said) Known() bool { return !s.unread }
func (s said) Leads() bool { return !s.astray }
func (s said) LifecycleKnown(replica bool) bool {
	return !strings.Contains(s.hidden, map[bool]string{false: "primary", true: "replica"}[replica])
}
func (s said) Covers(string) bool         { return !s.uncovered }
func (s said) IgnoresMarkers(string) bool { return s.ignoring }

func (s said) Remover(_ audit.Row, replica bool) string {
	if replica {
		return s.tidyAway
	}
	return s.tidyHome
}

func (s said) MarkerMaker(_ string, replica bool) string {
	if replica {
		return s.copy
	}
	return s.mark
}

func judge(level audit.Level, rules said) audit.Judge {
	return audit.Judge{
		Level: level, Now: now, Erased: 100 * hours, Rules: rules, Bucket: "docs", Classes: []string{""},
		Policy: verdict.Policy{Deadline: 10 * hours, MarkerDeadline: 5 * hours},
	}
}

// listed is a row of so many hours.
func listed(age time.Duration, change ...func(*audit.Row)) *audit.Row {
	row := audit.Row{Key: "a", VersionID: "v1", Modified: now.Add(-age), Size: 3, ETag: strings.Repeat("0", 32)}
	for _, c := range change {
		c(&row)
	}
	return &row
}

func null(r *audit.Row)   { r.VersionID = "null" }
func larger(r *audit.Row) { r.Size++ }
func marked(r *audit.Row) { r.ByMarker = true }
func other(r *audit.Row)  { r.ETag = strings.Repeat("1", 32) }
func marker(r *audit.Row) { r.Marker, r.Size, r.ETag = true, 0, "" }
func bare(r *audit.Row)   { r.ETag = "" }

func brief(c audit.Conclusion) string {
	return strings.TrimSpace(string(c.Category) + " " + string(c.Reason) + " " + c.Expires)
}

func TestWhatTheListingsDecide(t *testing.T) {
	const old = 1000 * hours
	for name, tc := range map[string]struct {
		pair  audit.Pair
		rules said
		want  string
		open  bool // of level rest
	}{
		"equal sizes and ETags are alike":                                               {pair: audit.Pair{Primary: listed(old), Replica: listed(old)}, want: "alike"},
		"two markers are compared":                                                      {pair: audit.Pair{Primary: listed(old, marker), Replica: listed(old, marker)}, want: "compared"},
		"unequal sizes are a finding":                                                   {pair: audit.Pair{Primary: listed(old), Replica: listed(old, larger)}, want: "finding SIZE_MISMATCH", open: true},
		"unequal sizes and ETags are a finding":                                         {pair: audit.Pair{Primary: listed(old), Replica: listed(old, larger, other)}, want: "finding SIZE_MISMATCH", open: true},
		"unequal ETags alone are never a finding":                                       {pair: audit.Pair{Primary: listed(old), Replica: listed(old, other)}, want: "unknown DIFFERENT_NOT_LOOKED_AT", open: true},
		"no ETags are no evidence":                                                      {pair: audit.Pair{Primary: listed(old, bare), Replica: listed(old, bare)}, want: "unknown DIFFERENT_NOT_LOOKED_AT", open: true},
		"a marker and an object are different":                                          {pair: audit.Pair{Primary: listed(old, marker), Replica: listed(old)}, want: "unknown DIFFERENT_NOT_LOOKED_AT", open: true},
		"an object and a marker are different":                                          {pair: audit.Pair{Primary: listed(old), Replica: listed(old, marker)}, want: "unknown DIFFERENT_NOT_LOOKED_AT", open: true},
		"a version that is on the primary only is looked at":                            {pair: audit.Pair{Primary: listed(old)}, want: "unknown MISSING_NOT_LOOKED_AT", open: true},
		"a marker that is on the primary only is looked at":                             {pair: audit.Pair{Primary: listed(old, marker)}, want: "unknown MISSING_NOT_LOOKED_AT", open: true},
		"a version that is on the replica only is looked at":                            {pair: audit.Pair{Replica: listed(old)}, want: "unknown SURPLUS_NOT_LOOKED_AT", open: true},
		"null on the primary only":                                                      {pair: audit.Pair{Primary: listed(0, null)}, want: "expected NULL_VERSION"},
		"null where no rule covers the key, which S3 can't replicate again":             {pair: audit.Pair{Primary: listed(old, null)}, rules: said{uncovered: true}, want: "expected NOT_COVERED"},
		"null where no rule leads there":                                                {pair: audit.Pair{Primary: listed(old, null)}, rules: said{uncovered: true, astray: true}, want: "expected NULL_VERSION"},
		"null on both sides, and not the same":                                          {pair: audit.Pair{Primary: listed(old, null), Replica: listed(old, null, larger)}, want: "expected NULL_VERSION"},
		"null on both sides, with another ETag":                                         {pair: audit.Pair{Primary: listed(old, null), Replica: listed(old, null, other)}, want: "expected NULL_VERSION"},
		"null on the replica only":                                                      {pair: audit.Pair{Replica: listed(0, null)}, want: "expected NULL_VERSION"},
		"younger than the deadline, until a look shows more":                            {pair: audit.Pair{Primary: listed(10*hours - 1)}, want: "expected YOUNG", open: true},
		"as old as the deadline":                                                        {pair: audit.Pair{Primary: listed(10 * hours)}, want: "unknown MISSING_NOT_LOOKED_AT", open: true},
		"made after the audit began":                                                    {pair: audit.Pair{Primary: listed(-hours)}, want: "expected YOUNG", open: true},
		"a marker younger than its own deadline":                                        {pair: audit.Pair{Primary: listed(5*hours-1, marker)}, want: "expected YOUNG", open: true},
		"a marker as old as its own deadline":                                           {pair: audit.Pair{Primary: listed(5*hours, marker)}, want: "unknown MISSING_NOT_LOOKED_AT", open: true},
		"younger, on the replica only":                                                  {pair: audit.Pair{Replica: listed(hours)}, want: "expected YOUNG", open: true},
		"the rules explain more than youth":                                             {pair: audit.Pair{Primary: listed(hours)}, rules: said{uncovered: true}, want: "expected NOT_COVERED"},
		"the rules explain more than youth of a surplus":                                {pair: audit.Pair{Replica: listed(hours)}, rules: said{uncovered: true}, want: "expected NOT_COVERED"},
		"where no rule leads, youth explains nothing":                                   {pair: audit.Pair{Primary: listed(hours)}, rules: said{astray: true}, want: "unknown MISSING_NOT_LOOKED_AT", open: true},
		"where the rules are not known, youth may explain it":                           {pair: audit.Pair{Primary: listed(hours)}, rules: said{astray: true, unread: true}, want: "expected YOUNG", open: true},
		"no rule covers the key":                                                        {pair: audit.Pair{Primary: listed(old)}, rules: said{uncovered: true}, want: "expected NOT_COVERED"},
		"no rule leads there, so that none explains":                                    {pair: audit.Pair{Primary: listed(old)}, rules: said{uncovered: true, astray: true}, want: "unknown MISSING_NOT_LOOKED_AT", open: true},
		"markers are not replicated":                                                    {pair: audit.Pair{Primary: listed(old, marker)}, rules: said{ignoring: true}, want: "expected MARKER_NOT_REPLICATED"},
		"no rule leads there, so that none ignores":                                     {pair: audit.Pair{Primary: listed(old, marker)}, rules: said{ignoring: true, astray: true}, want: "unknown MISSING_NOT_LOOKED_AT", open: true},
		"objects are replicated where markers are not":                                  {pair: audit.Pair{Primary: listed(old)}, rules: said{ignoring: true}, want: "unknown MISSING_NOT_LOOKED_AT", open: true},
		"the replica's lifecycle removed it":                                            {pair: audit.Pair{Primary: listed(old)}, rules: said{tidyAway: "r"}, want: "expected LIFECYCLE_ON_REPLICA r"},
		"the primary's lifecycle explains nothing missing":                              {pair: audit.Pair{Primary: listed(old)}, rules: said{tidyHome: "r"}, want: "unknown MISSING_NOT_LOOKED_AT", open: true},
		"the primary's lifecycle removed it":                                            {pair: audit.Pair{Replica: listed(old)}, rules: said{tidyHome: "r"}, want: "expected LIFECYCLE_ON_PRIMARY r"},
		"the replica's lifecycle explains nothing surplus":                              {pair: audit.Pair{Replica: listed(old)}, rules: said{tidyAway: "r"}, want: "unknown SURPLUS_NOT_LOOKED_AT", open: true},
		"a surplus that no rule covers, which another source may have brought":          {pair: audit.Pair{Replica: listed(old)}, rules: said{uncovered: true}, want: "expected NOT_COVERED"},
		"a surplus where no rule leads there":                                           {pair: audit.Pair{Replica: listed(old)}, rules: said{uncovered: true, astray: true}, want: "unknown SURPLUS_NOT_LOOKED_AT", open: true},
		"a marker of the primary that was not replicated made nothing noncurrent there": {pair: audit.Pair{Primary: listed(old, marked)}, rules: said{ignoring: true, tidyAway: "t"}, want: "unknown MISSING_NOT_LOOKED_AT", open: true},
	} {
		t.Run(name, func(t *testing.T) {
			c, open := judge(audit.Rest, tc.rules).Listed(tc.pair)
			assert.Equal(t, tc.want, brief(c))
			assert.Equal(t, tc.open, open)
			c, open = judge(audit.Bytes, tc.rules).Listed(tc.pair) // of which a sample of none is drawn
			assert.Equal(t, tc.want, brief(c))
			assert.Equal(t, tc.open, open)
			c, open = judge(audit.Listed, tc.rules).Listed(tc.pair)
			assert.Equal(t, tc.want, brief(c))
			assert.False(t, open)
			_, open = judge(audit.AllLooked, tc.rules).Listed(tc.pair)
			assert.True(t, open)
		})
	}
}

func TestOnlyTheLevelOfBytesDrawsOfWhatIsOnBothSidesAndOfClassesThatMayBeRead(t *testing.T) {
	j := judge(audit.Bytes, said{})
	j.Policy.Bytes = verdict.ByteVerification{PerMille: 1000}
	opened := func(j audit.Judge, p audit.Pair) bool {
		_, open := j.Listed(p)
		return open
	}
	cold := func(r *audit.Row) { r.Class = "STANDARD_IA" }
	assert.True(t, opened(j, audit.Pair{Primary: listed(hours), Replica: listed(hours)}))
	assert.False(t, opened(j, audit.Pair{Primary: listed(hours, marker), Replica: listed(hours, marker)}))
	assert.False(t, opened(j, audit.Pair{Primary: listed(hours, cold), Replica: listed(hours)}))
	assert.False(t, opened(j, audit.Pair{Primary: listed(hours), Replica: listed(hours, cold)}))
	assert.False(t, j.Readable(audit.Pair{Primary: listed(hours)}), "missing")
	assert.False(t, j.Readable(audit.Pair{Replica: listed(hours)}), "surplus")
	j.Classes = append(j.Classes, "STANDARD_IA")
	assert.True(t, opened(j, audit.Pair{Primary: listed(hours, cold), Replica: listed(hours, cold)}))
	j.Level = audit.Rest
	assert.False(t, opened(j, audit.Pair{Primary: listed(hours), Replica: listed(hours)}))
}
