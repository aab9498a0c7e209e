package audit

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/price"
	"autobackup/internal/audit"
	"autobackup/internal/comparebytes"
	"autobackup/internal/digest"
	"autobackup/internal/scrub"
	"autobackup/internal/verdict"
)

// reader reads the bytes of rows whose turn it is, for one part.
type reader struct {
	comparer comparebytes.Comparer
	wait     func(context.Context, time.Duration) error
	sides    sides
	slices   []int // that are read
	kms      bool
	pace     *pair.Pace // of the GETs that hash-bytes sends

	came map[scrub.Version]*verdict.Bytes
	sum  read
	open []openTurn
	left []comparebytes.RangeResult // of the first row, where it is not read whole yet
}

// atOnceBytes is how many bytes are read before the clock is asked again: what as many calls
// read as a part has under way, in a minute or so.
const atOnceBytes = callsAtOnce * digest.RangeSize

// reads says whether the bytes of a row are read.
func (r *reader) reads(row placed) bool {
	return r != nil && row.Turn != nil && slices.Contains(r.slices, *row.Turn)
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
	r.came = map[scrub.Version]*verdict.Bytes{}
	var list []comparebytes.PairRange
	known := r.left
	r.left = nil
	for i, row := range rows {
		if !r.reads(row) {
			continue
		}
		both := r.pair(row)
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
		r.sum.plus(readOf(row, bytes, r.kms))
	}
	return nil
}

func readOf(row placed, bytes verdict.Bytes, kms bool) read {
	size := row.Primary.Size
	one := read{Versions: 1, Bytes: size, Dollars: price.Read(size, kms, row.Primary.Class, row.Replica.Class)}
	if bytes.Equal() {
		one.Equal, one.EqualBytes = 1, size
	}
	if bytes.Different != nil {
		one.Different = 1
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

// was is what reading a row came to; nil: its bytes were not read. What is open and could not
// be paid for stays unknown.
func (r *reader) was(row placed) *verdict.Bytes {
	switch {
	case r == nil || row.Turn == nil:
		return nil
	case *row.Turn == reopened && !r.reads(row):
		return &verdict.Bytes{Error: "they were not equal, or not read, when they had their turn, and the money of this scrub is not enough to read them again"}
	}
	return r.came[versionOf(row)]
}

// concluded keeps open what is not settled by its bytes.
func (r *reader) concluded(rows []placed, items []audit.Item) {
	for i, row := range rows {
		if was := r.was(row); was != nil && !was.Equal() && items[i].Category.Doubtful() {
			r.open = append(r.open, openTurn{versionOf(row), *row.Turn})
		}
	}
}
