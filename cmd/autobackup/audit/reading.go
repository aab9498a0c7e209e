package audit

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/price"
	"autobackup/internal/audit"
	"autobackup/internal/comparebytes"
	"autobackup/internal/digest"
	"autobackup/internal/reason"
	"autobackup/internal/scrub"
	"autobackup/internal/verdict"
)

// reader reads the bytes of rows whose turn it is, for one part.
type reader struct {
	comparer comparebytes.Comparer
	wait     func(context.Context, time.Duration) error
	sides    sides
	slices   []int // that are read
	known    map[scrub.Version]scrub.Open
	readable func(audit.Pair) bool
	last     func(slice int) time.Time // when it was read
	kms      bool
	pace     *pair.Pace // of the GETs that hash-bytes sends

	lock    sync.Mutex
	classes map[scrub.Version]classes // of those that are read
	came    map[scrub.Version]*verdict.Bytes
	sum     read
	open    []openTurn
	left    []comparebytes.RangeResult // of the first row, where it is not read whole yet
}

// classes are the storage classes of a version.
type classes struct{ primary, replica string }

// atOnceBytes is how many bytes are read before the clock is asked again: what as many calls
// read as a part has under way, in a minute or so.
const atOnceBytes = callsAtOnce * digest.RangeSize

// reads says whether the bytes of a row are read.
func (r *reader) reads(row placed) bool {
	return r != nil && row.Turn != nil && slices.Contains(r.slices, *row.Turn) && r.readable(row.pair())
}

// group is how many of the rows are concluded about together: a block, or fewer, where their
// bytes would take too long.
func (r *reader) group(rows []placed, block int) int {
	sum := int64(0)
	for i, row := range rows[:min(len(rows), block)] {
		if r.reads(row) {
			if sum += row.Primary.Size; sum > atOnceBytes && i > 0 {
				return i
			}
		}
	}
	return min(len(rows), block)
}

func versionOf(row placed) scrub.Version {
	of := row.pair().Row()
	return scrub.Version{Key: of.Key, Version: of.VersionID}
}

func (r *reader) pair(row placed) comparebytes.Pair {
	place := func(side audit.SideReport, of audit.Row) comparebytes.Place {
		p := comparebytes.Place{Bucket: side.Bucket, Region: side.Region}
		if of.ETag != "" {
			p.ETag = `"` + of.ETag + `"`
		}
		return p
	}
	return comparebytes.Pair{
		Key: row.Primary.Key, Version: row.Primary.VersionID, Size: row.Primary.Size,
		Primary: place(r.sides.Primary, *row.Primary), Replica: place(r.sides.Replica, *row.Replica),
	}
}

// read reads the bytes of a group of rows. It stops before all are read where it gets late,
// which happens inside a row that is larger than what is read at once; what is known of it by
// then goes on in left.
func (r *reader) read(ctx context.Context, rows []placed, late func() bool) (whole bool, err error) {
	if r == nil {
		return true, nil
	}
	r.came, r.classes = map[scrub.Version]*verdict.Bytes{}, map[scrub.Version]classes{}
	var list []comparebytes.PairRange
	known := r.left
	r.left = nil
	for i, row := range rows {
		if !r.reads(row) {
			continue
		}
		both := r.pair(row)
		r.classes[versionOf(row)] = classes{row.Primary.Class, row.Replica.Class}
		for _, piece := range r.comparer.Ranges(both) {
			if i > 0 || !slices.ContainsFunc(known, func(k comparebytes.RangeResult) bool { return k.Index == piece.Index }) {
				list = append(list, comparebytes.PairRange{Pair: both, Range: piece})
			}
		}
	}
	var results []comparebytes.RangeResult
	for len(results) < len(list) {
		if len(results) > 0 && late() {
			r.left = append(known, results...)
			return false, nil
		}
		some, err := r.settled(ctx, first(list[len(results):]))
		if err != nil {
			return false, err
		}
		results = append(results, some...)
	}
	return true, r.total(rows, known, results)
}

// first is as many as are read at once, and one at least.
func first(list []comparebytes.PairRange) []comparebytes.PairRange {
	sum := int64(0)
	for i, of := range list {
		if sum += of.Range.Length; sum > atOnceBytes && i > 0 {
			return list[:i]
		}
	}
	return list
}

// total adds up what the ranges of each row came to.
func (r *reader) total(rows []placed, known, results []comparebytes.RangeResult) error {
	for _, row := range rows {
		if !r.reads(row) {
			continue
		}
		both := r.pair(row)
		n := len(r.comparer.Ranges(both)) - len(known)
		bytes, err := r.comparer.Total(both, append(known, results[:n]...))
		if err != nil {
			return fmt.Errorf("add up the bytes of a version: %w", err)
		}
		known, results = nil, results[n:]
		r.came[versionOf(row)] = &bytes
		r.sum.plus(readOf(row, bytes))
	}
	return nil
}

// readOf counts a version whose bytes have come.
func readOf(row placed, bytes verdict.Bytes) read {
	if bytes.Primary.Found != verdict.Object || bytes.Replica.Found != verdict.Object {
		return read{}
	}
	one := read{Versions: 1, Bytes: row.Primary.Size}
	if bytes.Equal() {
		one.Equal, one.EqualBytes = 1, row.Primary.Size
	}
	return one
}

// settled compares a list, and asks again where an answer may yet become another one, as often
// as compare-bytes does.
func (r *reader) settled(ctx context.Context, list []comparebytes.PairRange) ([]comparebytes.RangeResult, error) {
	results, err := r.compare(ctx, list)
	if err != nil {
		return nil, err
	}
	for answers, wait := 1, comparebytes.FirstWait; ; answers, wait = answers+1, 2*wait {
		var places []int
		var again []comparebytes.PairRange
		for i, of := range results {
			if answers < max(comparebytes.AnswersOf(of.Primary.Found), comparebytes.AnswersOf(of.Replica.Found)) {
				places, again = append(places, i), append(again, list[i])
			}
		}
		if len(again) == 0 {
			return results, nil
		}
		if err := r.wait(ctx, wait); err != nil {
			return nil, err
		}
		some, err := r.compare(ctx, again)
		if err != nil {
			return nil, err
		}
		for i, place := range places {
			results[place] = some[i]
		}
	}
}

// compare compares a list by several calls at once.
func (r *reader) compare(ctx context.Context, list []comparebytes.PairRange) ([]comparebytes.RangeResult, error) {
	share := max((len(list)+callsAtOnce-1)/callsAtOnce, 1)
	results := make([]comparebytes.RangeResult, len(list))
	all, ctx := errgroup.WithContext(ctx)
	for from := 0; from < len(list); from += share {
		all.Go(func() error {
			some := list[from:min(from+share, len(list))]
			if err := r.pace.Take(ctx, "GetObject", gets(some)); err != nil {
				return err
			}
			compared, err := r.comparer.CompareList(ctx, some)
			copy(results[from:], compared)
			r.paid(some)
			return err
		})
	}
	return results, all.Wait()
}

// gets is how many GETs hash-bytes sends to read a list on both sides.
func gets(list []comparebytes.PairRange) (n int) {
	for _, of := range list {
		n += sides2 * int(max((of.Range.Length+digest.BlockSize-1)/digest.BlockSize, 1))
	}
	return n
}

// paid counts what asking for a list costs, whatever is answered.
func (r *reader) paid(list []comparebytes.PairRange) {
	r.lock.Lock()
	defer r.lock.Unlock()
	for _, of := range list {
		c := r.classes[scrub.Version{Key: of.Pair.Key, Version: of.Pair.Version}]
		r.sum.Dollars += price.Read(of.Range.Length, r.kms, c.primary, c.replica)
	}
}

// was is what reading a row came to; nil: its bytes were not read. What is open and was not read
// stays open.
func (r *reader) was(row placed) *verdict.Bytes {
	switch {
	case r == nil || row.Turn == nil:
		return nil
	case r.reads(row):
		return r.came[versionOf(row)]
	case !reopened(*row.Turn):
		return nil
	case !r.readable(row.pair()):
		return &verdict.Bytes{Error: stillOpen + ", and its storage class is not read"}
	}
	return &verdict.Bytes{Error: stillOpen + ", and the money of this scrub is not enough to read them again"}
}

// stillOpen is what is known of a version that nobody has read again.
const stillOpen = "its bytes were not equal, or not read, when they had their turn"

// concluded keeps open what is not settled by its bytes, and counts what is found to be damaged.
func (r *reader) concluded(rows []placed, items []audit.Item) {
	for i, row := range rows {
		item := items[i]
		if r == nil || !item.Scrubbed || !item.Category.Doubtful() || item.Reason != reason.RecordDisagrees && r.was(row).Equal() {
			continue
		}
		open, known := r.known[versionOf(row)]
		if !known {
			open = scrub.Open{Version: versionOf(row), Since: r.last(*row.Turn)}
		}
		if item.Category == audit.Finding && !open.Different {
			open.Different = true
			r.sum.Different++
		}
		r.open = append(r.open, openTurn{open, *row.Turn})
	}
}
