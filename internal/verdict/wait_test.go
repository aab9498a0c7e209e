package verdict_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/verdict"
)

func TestWaitsDoubleFromFiveSecondsToFifteenMinutes(t *testing.T) {
	var waits []time.Duration
	for looks := 1; looks <= 10; looks++ {
		waits = append(waits, verdict.NextWait(looks))
	}
	s := time.Second
	assert.Equal(t, []time.Duration{5 * s, 10 * s, 20 * s, 40 * s, 80 * s, 160 * s, 320 * s, 640 * s, 900 * s, 900 * s}, waits)
	assert.Equal(t, 5*s, verdict.NextWait(0))
	assert.Equal(t, 5*s, verdict.NextWait(math.MinInt))
	assert.Equal(t, 900*s, verdict.NextWait(math.MaxInt))
}

func TestTheDeadlineGrowsFiveSecondsPerGiBAndNeverOverflows(t *testing.T) {
	for name, tc := range map[string]struct {
		base time.Duration
		size int64
		want time.Duration
	}{
		"an empty object":       {time.Hour, 0, time.Hour},
		"less than a GiB":       {time.Hour, 1<<30 - 1, time.Hour},
		"a GiB":                 {time.Hour, 1 << 30, time.Hour + 5*time.Second},
		"50 TB":                 {time.Hour, 50e12, time.Hour + 46566*5*time.Second},
		"a size beyond S3's":    {time.Hour, math.MaxInt64, 73 * time.Hour},
		"a negative size":       {time.Hour, math.MinInt64, time.Hour},
		"the longest base":      {math.MaxInt64, math.MaxInt64, math.MaxInt64},
		"no base":               {0, 1 << 30, 5 * time.Second},
		"a base below a second": {time.Millisecond, 0, time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, verdict.Policy{Deadline: tc.base}.DeadlineFor(tc.size))
		})
	}
}

func TestRemainingIsTheTimeUntilTheDeadlineThatCounts(t *testing.T) {
	const longest = 15 * time.Minute
	for name, tc := range map[string]struct {
		look     verdict.Look
		progress verdict.Progress
		want     time.Duration
	}{
		"an object":                    {look(primary(), replica(absent)), after(3, deadline-10*time.Minute), 10 * time.Minute},
		"a large object":               {look(primary(size(1<<30)), replica(absent)), after(3, deadline), 5 * time.Second},
		"a delete marker":              {look(primary(marker), replica(absent)), after(3, markerDeadline-time.Minute), time.Minute},
		"part of a second":             {look(primary(), replica(absent)), after(3, deadline-time.Millisecond), time.Second},
		"a deadline far away":          {look(primary(), replica(absent)), first, longest},
		"looks end the lag":            {look(primary(), replica(found(verdict.Denied))), unread(1), longest},
		"looks and a deadline end it":  {look(primary(), second(found(verdict.Denied)), replica(absent)), verdict.Progress{Unread: 1, Waited: deadline - time.Minute}, time.Minute},
		"verified":                     {look(primary(), replica()), first, 0},
		"failed":                       {look(primary(), replica(absent)), after(3, deadline), 0},
		"waited less than nothing":     {look(primary(), replica(absent)), after(1, math.MinInt64), longest},
		"a version gone, replica shut": {look(primary(absent), replica(found(verdict.Denied))), first, longest},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, verdict.Remaining(verdict.Event{}, tc.look, tc.progress, policy))
		})
	}
}
