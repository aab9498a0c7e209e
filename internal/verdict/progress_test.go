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

func TestAWaitEndsAtTheNextLookOrAtTheDeadlineThatComesFirst(t *testing.T) {
	denied := found(verdict.Denied)
	late := func(left time.Duration) verdict.Progress { return waited(deadline - left) }
	for name, tc := range map[string]struct {
		look     verdict.Look
		progress verdict.Progress
		want     time.Duration
	}{
		"after the first look":              {look(primary(), replica(absent)), first, 5 * time.Second},
		"a deadline far away":               {look(primary(), replica(absent)), late(40 * time.Minute), 15 * time.Minute},
		"an object":                         {look(primary(), replica(absent)), late(10 * time.Minute), 10 * time.Minute},
		"a large object":                    {look(primary(size(1<<30)), replica(absent)), late(0), 5 * time.Second},
		"a delete marker":                   {look(primary(marker), replica(absent)), waited(markerDeadline - time.Minute), time.Minute},
		"looks end the lag":                 {look(primary(), replica(denied)), late(time.Minute), 15 * time.Minute},
		"looks and a deadline end it":       {look(primary(), second(denied), replica(absent)), late(time.Minute), time.Minute},
		"a deadline and looks end it":       {look(primary(), replica(absent), second(denied)), late(time.Minute), time.Minute},
		"what was replicated is gone":       {look(primary(status("COMPLETED")), replica(absent)), late(time.Minute), 15 * time.Minute},
		"the later of two deadlines' kind":  {look(primary(status("COMPLETED"), silent), replica(absent), second(silent, wasRead(verdict.Bytes{Primary: all(readA), Replica: not(verdict.Missing)}))), late(time.Minute), time.Minute},
		"one failed and one lags":           {look(primary(), replica(size(6)), second(absent)), first, 0},
		"verified":                          {look(primary(), replica()), first, 0},
		"failed":                            {look(primary(), replica(absent)), late(0), 0},
		"skipped":                           {look(primary(absent), replica(absent)), first, 0},
		"waited less than nothing":          {look(primary(), replica(absent)), verdict.Progress{Looks: 20, Waited: math.MinInt}, 15 * time.Minute},
		"waited more than can be told":      {look(primary(), replica(absent)), verdict.Progress{Looks: 20, Waited: math.MaxInt}, 0},
		"a version gone, its replica shut":  {look(primary(absent), replica(denied)), first, 5 * time.Second},
		"a primary that is denied":          {look(primary(denied)), first, 5 * time.Second},
		"no look counted, as of an earlier": {look(primary(denied)), verdict.Progress{}, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, verdict.Judge(verdict.Event{}, tc.look, tc.progress, policy).Wait)
		})
	}
	part := verdict.Policy{Deadline: deadline - time.Millisecond}
	v := verdict.Judge(verdict.Event{}, look(primary(), replica(absent)), late(time.Second), part)
	assert.Equal(t, time.Second, v.Wait, "part of a second is waited as a whole one")
	reading := verdict.Judge(verdict.Event{}, look(primary(silent), replica(silent)), first, reads)
	assert.Equal(t, verdict.Reading, reading.Outcome)
	assert.Zero(t, reading.Wait)
}

func TestAnObjectIsToldLateByTheObjectsDeadlineAndAMarkerByTheMarkers(t *testing.T) {
	short := verdict.Policy{Deadline: deadline, MarkerDeadline: time.Minute}
	assert.Equal(t, verdict.Failed, verdict.Judge(verdict.Event{}, look(primary(marker), replica(absent)), waited(time.Minute), short).Outcome)
	assert.Equal(t, verdict.Lagging, verdict.Judge(verdict.Event{}, look(primary(), replica(absent)), waited(time.Minute), short).Outcome)
}

func TestProgressCountsLooksAndWaits(t *testing.T) {
	denied, down := found(verdict.Denied), found(verdict.Unreachable)
	failed, completed := status("FAILED"), status("COMPLETED")
	counts := func(unread, gaveUp, gone, differing int) verdict.Progress {
		return verdict.Progress{Looks: 1, Unread: unread, GaveUp: gaveUp, Gone: gone, Differing: differing}
	}
	for name, tc := range map[string]struct {
		look verdict.Look
		want verdict.Progress
	}{
		"both sides were read":                         {look(primary(), replica()), counts(0, 0, 0, 0)},
		"no replica is expected":                       {look(primary()), counts(0, 0, 0, 0)},
		"a missing replica was read":                   {look(primary(), replica(absent)), counts(0, 0, 0, 0)},
		"delete markers were read":                     {look(primary(marker), replica(marker)), counts(0, 0, 0, 0)},
		"a customer's key is an answer":                {look(primary(found(verdict.SSEC)), replica(found(verdict.SSEC))), counts(0, 0, 0, 0)},
		"an archive is an answer":                      {look(primary(), replica(found(verdict.Archived))), counts(0, 0, 0, 0)},
		"a denied primary":                             {look(primary(denied), replica()), counts(1, 0, 0, 0)},
		"an unreachable primary":                       {look(primary(down)), counts(1, 0, 0, 0)},
		"the last of the replicas is denied":           {look(primary(), replica(), second(denied)), counts(1, 0, 0, 0)},
		"an unreachable replica":                       {look(primary(), replica(down)), counts(1, 0, 0, 0)},
		"an answer that fits nothing":                  {look(primary(), replica(found("new"))), counts(1, 0, 0, 0)},
		"no look at all":                               {verdict.Look{}, counts(1, 0, 0, 0)},
		"a denied replica that expects no marker":      {look(primary(marker), replica(denied, ignoresMarkers)), counts(0, 0, 0, 0)},
		"that replica where the primary is an object":  {look(primary(), replica(denied, ignoresMarkers)), counts(1, 0, 0, 0)},
		"that replica where the primary is gone":       {look(primary(absent), replica(denied, ignoresMarkers)), counts(1, 0, 0, 0)},
		"a denied replica that does expect the marker": {look(primary(marker), replica(denied)), counts(1, 0, 0, 0)},

		"FAILED and a replica missing":          {look(primary(failed), replica(), second(absent)), counts(0, 1, 0, 0)},
		"FAILED and none missing":               {look(primary(failed), replica(), second()), counts(0, 0, 0, 0)},
		"FAILED and two missing":                {look(primary(failed), replica(absent), second(absent)), counts(0, 0, 0, 0)},
		"FAILED, and one that is not expected":  {look(primary(marker, failed), replica(absent, ignoresMarkers), second(absent)), counts(0, 1, 0, 0)},
		"COMPLETED and a replica missing":       {look(primary(completed), replica(), second(absent)), counts(0, 0, 1, 0)},
		"COMPLETED and two missing":             {look(primary(completed), replica(absent), second(absent)), counts(0, 0, 1, 0)},
		"COMPLETED and none missing":            {look(primary(completed), replica(), second()), counts(0, 0, 0, 0)},
		"COMPLETED, and one not expected":       {look(primary(marker, completed), replica(absent, ignoresMarkers)), counts(0, 0, 0, 0)},
		"metadata of the last replica differs":  {look(primary(with()), replica(with()), second(with(tags("x")))), counts(0, 0, 0, 1)},
		"metadata of the first replica differs": {look(primary(with()), replica(with(tags("x"))), second(with())), counts(0, 0, 0, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, verdict.Progress{}.Add(tc.look), "the first look")
			after := tc.want
			after.Looks = 8
			for _, n := range []*int{&after.Unread, &after.GaveUp, &after.Gone, &after.Differing} {
				*n *= 5 // each row of looks goes on or ends
			}
			assert.Equal(t, after, verdict.Progress{Looks: 7, Unread: 4, GaveUp: 4, Gone: 4, Differing: 4}.Add(tc.look))
			assert.Equal(t, tc.want, verdict.Progress{Looks: -1, Unread: -1, GaveUp: -1, Gone: -1, Differing: -1}.Add(tc.look), "nonsense counts as nothing")
		})
	}
	p := verdict.Progress{Looks: 2, Unread: 2}
	assert.Equal(t, verdict.Progress{Looks: 2, Unread: 2, Waited: 7}, p.Wait(7*time.Second+time.Millisecond))
	assert.Equal(t, 12, p.Wait(7*time.Second).Wait(5*time.Second).Waited)
	assert.Equal(t, 5, verdict.Progress{Waited: -1}.Wait(5*time.Second).Waited)
}

// The looks that are believed span the times that the constants promise.
func TestTheLooksSpanWhatTheyPromise(t *testing.T) {
	span := func(looks int) (total time.Duration) {
		for n := 1; n < looks; n++ {
			total += verdict.NextWait(n)
		}
		return total
	}
	assert.GreaterOrEqual(t, span(verdict.GoneLooks), 30*time.Second)
	assert.GreaterOrEqual(t, span(verdict.GaveUpLooks), time.Minute)
	assert.GreaterOrEqual(t, span(verdict.UnreachableLooks), 10*time.Minute)
	assert.GreaterOrEqual(t, span(verdict.MetadataLooks), 10*time.Minute)
}
