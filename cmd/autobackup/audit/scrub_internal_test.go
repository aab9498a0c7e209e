package audit

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/audit"
	"autobackup/internal/metric"
	"autobackup/internal/scrub"
)

func TestTheScrubOfABucketIsTheSumOfItsPairsAndTheWorst(t *testing.T) {
	r := &Result{Reports: []audit.Report{
		{Scrub: &audit.Scrub{Versions: 1, Bytes: 10, Open: 2, Behind: 3, Oldest: 2, Within: 0.9}},
		{Scrub: &audit.Scrub{Versions: 5, Bytes: 50, Open: 1, Behind: 4, Oldest: 1.5, Within: 0.5}},
		{Scrub: &audit.Scrub{Oldest: 1, Within: 0.7}},
	}}
	assert.Equal(t, metric.Scrub{Versions: 6, Bytes: 60, Open: 3, Behind: 7, Oldest: 48 * time.Hour, Within: 0.5}, measuredScrub(r))
}

func TestMoreOpenVersionsThanAreKeptLeaveTheirSlicesDue(t *testing.T) {
	c := chosen{Open: make([]scrub.Version, scrub.MaxOpen-1)}
	c.took(result{Open: []openTurn{{scrub.Version{Key: "a"}, 3}, {scrub.Version{Key: "b"}, 4}, {scrub.Version{Key: "c"}, 5}}, Read: read{Versions: 3}})
	assert.Len(t, c.Open, scrub.MaxOpen)
	assert.Equal(t, "a", c.Open[scrub.MaxOpen-1].Key)
	assert.Equal(t, map[int]bool{4: true, 5: true}, c.Unread)
	assert.Equal(t, int64(3), c.Read.Versions)
}

func TestAGroupIsABlockOrAsManyBytesAsAreReadAtOnce(t *testing.T) {
	turn := 7
	row := func(size int64, turn *int) placed {
		return placed{openRow: openRow{Primary: &audit.Row{Size: size}, Replica: &audit.Row{Size: size}, Turn: turn}}
	}
	r := &reader{slices: []int{turn}}
	other := 8
	for name, c := range map[string]struct {
		rows []placed
		want int
	}{
		"small ones":                 {[]placed{row(1, &turn), row(1, &turn), row(1, &turn), row(1, &turn)}, 3},
		"one that is too large":      {[]placed{row(atOnceBytes+1, &turn), row(1, &turn)}, 1},
		"two that are too large":     {[]placed{row(atOnceBytes, &turn), row(1, &turn)}, 1},
		"two that just fit":          {[]placed{row(atOnceBytes-1, &turn), row(1, &turn)}, 2},
		"large ones without a turn":  {[]placed{row(atOnceBytes, nil), row(atOnceBytes, nil), row(1, &turn)}, 3},
		"large ones that wait":       {[]placed{row(atOnceBytes, &other), row(atOnceBytes, &other)}, 2},
		"fewer than a block's worth": {[]placed{row(1, &turn)}, 1},
	} {
		assert.Equal(t, c.want, r.group(c.rows, 3), name)
	}
	var none *reader
	assert.Equal(t, 3, none.group(make([]placed, 5), 3), "nobody reads")
}
