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

func TestMoreOpenVersionsThanThereIsRoomForLeaveTheirSlicesDueAndPushOutNone(t *testing.T) {
	of := func(key string, turn int) openTurn {
		return openTurn{scrub.Open{Version: scrub.Version{Key: key}}, turn}
	}
	c := chosen{}
	c.took(result{Open: []openTurn{of("a", 3), of("b", 4)}, Read: read{Versions: 3}}, 1)
	c.took(result{Open: []openTurn{of("y", unread), of("z", differing), of("c", 5)}}, 1)
	var keys []string
	for _, o := range c.Open {
		keys = append(keys, o.Key)
	}
	assert.Equal(t, []string{"a", "y", "z"}, keys, "what was open before stays, wherever its key is")
	assert.Equal(t, map[int]bool{4: true, 5: true}, c.Unread)
	assert.Equal(t, int64(3), c.Read.Versions)
}

func TestAGroupIsABlockOrAsManyBytesAsAreReadAtOnce(t *testing.T) {
	turn := 7
	row := func(size int64, turn *int) placed {
		return placed{openRow: openRow{Primary: &audit.Row{Size: size}, Replica: &audit.Row{Size: size}, Turn: turn}}
	}
	r := &reader{slices: []int{turn}, readable: func(audit.Pair) bool { return true }}
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
