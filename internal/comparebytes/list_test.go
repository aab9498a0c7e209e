package comparebytes_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/comparebytes"
	"autobackup/internal/digest"
	"autobackup/internal/hashbytes"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// pairOf is a pair of so many bytes, in the buckets docs and copy.
func pairOf(key string, size int64) comparebytes.Pair {
	return comparebytes.Pair{
		Key: key, Version: "v1", Size: size,
		Primary: comparebytes.Place{Bucket: "docs", Region: home}, Replica: comparebytes.Place{Bucket: "copy", Region: away},
	}
}

// all has every range of these pairs.
func all(c comparebytes.Comparer, pairs ...comparebytes.Pair) (list []comparebytes.PairRange) {
	for _, pair := range pairs {
		for _, r := range c.Ranges(pair) {
			list = append(list, comparebytes.PairRange{Pair: pair, Range: r})
		}
	}
	return list
}

func TestEachOfAListIsComparedAsThatRangeAlone(t *testing.T) {
	fake := &fakeS3{}
	clients := fake.start(t)
	rapid.Check(t, func(rt *rapid.T) {
		content := map[string][]byte{}
		pairs := make([]comparebytes.Pair, rapid.IntRange(0, 4).Draw(rt, "pairs"))
		for i := range pairs {
			m := generate(rt)
			pairs[i] = pairOf(fmt.Sprintf("k%d", i), int64(len(m.primary)))
			content["docs/"+pairs[i].Key] = m.primary
			if m.replicaFault == "" { // else it is not there
				content["copy/"+pairs[i].Key] = m.replica
			}
		}
		fake.mu.Lock()
		fake.content = content
		fake.mu.Unlock()
		d := deploy(clients, func(c *comparebytes.Comparer) {
			c.RangeSize, c.BlockSize = rapid.Int64Range(4, 70).Draw(rt, "range size"), rapid.Int64Range(1, 40).Draw(rt, "block size")
		})
		list := all(d.comparer, pairs...)
		got, err := d.comparer.CompareList(rt.Context(), list)
		require.NoError(rt, err)
		require.Len(rt, got, len(list))
		results := map[comparebytes.Pair][]comparebytes.RangeResult{}
		for i, of := range list {
			alone, err := d.comparer.Do(rt.Context(), comparebytes.Request{Operation: comparebytes.OpRange, Plan: planOfPair(d.comparer, of.Pair), Range: &of.Range})
			require.NoError(rt, err)
			assert.Equal(rt, alone, got[i])
			results[of.Pair] = append(results[of.Pair], got[i])
		}
		for pair, of := range results {
			whole, err := d.comparer.Whole(rt.Context(), pair)
			require.NoError(rt, err)
			slices.Reverse(of)
			total, err := d.comparer.Total(pair, of)
			require.NoError(rt, err)
			assert.Equal(rt, whole, total)
			assert.Equal(rt, bytes.Equal(content["docs/"+pair.Key], content["copy/"+pair.Key]) || content["copy/"+pair.Key] == nil, total.Different == nil)
		}
	})
}

// planOfPair is the plan of a pair with the sizes of a Comparer.
func planOfPair(c comparebytes.Comparer, pair comparebytes.Pair) *comparebytes.Plan {
	return &comparebytes.Plan{
		Pair: pair, Ranges: int64(len(c.Ranges(pair))), RangeSize: c.RangeSize, BlockSize: c.BlockSize, Algorithm: digest.Algorithms()[0],
	}
}

func TestATotalIsThatOfEveryRangeOnce(t *testing.T) {
	d := deploy((&fakeS3{}).start(t), fives)
	pair := pairOf("k", 12)
	result := func(i int) comparebytes.RangeResult {
		missing := comparebytes.Part{Found: verdict.Missing, Detail: "d"}
		return comparebytes.RangeResult{Range: d.comparer.Ranges(pair)[i], Primary: missing, Replica: missing}
	}
	for want, results := range map[string][]comparebytes.RangeResult{
		"2 of 3 ranges have a result; the first without is 1": {result(0), result(2)},
		"range 1 has two results":                             {result(0), result(1), result(1)},
		"the result of range 0 contradicts itself":            {{Range: result(0).Range, Equal: true}},
	} {
		_, err := d.comparer.Total(pair, results)
		assert.EqualError(t, err, want)
	}
	got, err := d.comparer.Total(pair, []comparebytes.RangeResult{result(2), result(0), result(1)})
	require.NoError(t, err)
	missing := verdict.Read{Found: verdict.Missing, Detail: "d"}
	assert.Equal(t, verdict.Bytes{Primary: missing, Replica: missing}, got)
}

// lists answers lists, each of both sides once both are asked, and notes them by
// region. A key that begins with "no" is archived.
type lists struct {
	comparebytes.Hasher
	mu     sync.Mutex
	asked  map[string][][]hashbytes.Request
	other  map[string]chan struct{} // by the region that is waited for
	change func(region string, answers []hashbytes.Answer) ([]hashbytes.Answer, error)
}

func newLists() *lists {
	return &lists{
		asked: map[string][][]hashbytes.Request{}, other: map[string]chan struct{}{home: make(chan struct{}, 1), away: make(chan struct{}, 1)},
		change: func(_ string, answers []hashbytes.Answer) ([]hashbytes.Answer, error) { return answers, nil },
	}
}

func (l *lists) HashList(_ context.Context, region string, list []hashbytes.Request) ([]hashbytes.Answer, error) {
	l.mu.Lock()
	l.asked[region] = append(l.asked[region], list)
	l.mu.Unlock()
	if l.other[region] != nil {
		l.other[region] <- struct{}{}
		<-l.other[map[string]string{home: away, away: home}[region]]
	}
	answers := make([]hashbytes.Answer, len(list))
	for i, in := range list {
		if err := in.Validate(); err != nil {
			return nil, err
		}
		answers[i] = hashbytes.Answer{Found: verdict.Object, Digests: &digest.Digests{
			Length: in.Length, BlockSize: in.BlockSize, Algorithm: in.Algorithm, Blocks: make([]byte, 32*digest.Pieces{Length: in.Length, Size: in.BlockSize}.Count()),
		}}
		if in.Key == "no" {
			answers[i] = hashbytes.Answer{Found: verdict.Archived, Detail: region}
		}
	}
	return l.change(region, answers)
}

// lengths is how many requests each of the lists had.
func lengths(lists [][]hashbytes.Request) (all []int) {
	for _, list := range lists {
		all = append(all, len(list))
	}
	return all
}

func TestBothSidesOfAListAreAskedAtOnceForTheSameRanges(t *testing.T) {
	l := newLists()
	c := comparebytes.Comparer{Hasher: l, Algorithm: digest.Algorithms()[1], RangeSize: 5, BlockSize: 2}
	pair, gone := pairOf("k", 7), pairOf("no", 3)
	pair.Primary.ETag, pair.Replica.ETag = "e1", "e2"
	list := all(c, pair, gone)
	l.change = func(_ string, answers []hashbytes.Answer) ([]hashbytes.Answer, error) {
		for i := range answers {
			if d := answers[i].Digests; d != nil {
				d.Blocks = d.Blocks[:len(d.Blocks)/4] // of CRC64NVME
			}
		}
		return answers, nil
	}
	got, err := c.CompareList(t.Context(), list)
	require.NoError(t, err)
	want := func(bucket, etag string) [][]hashbytes.Request {
		first := hashbytes.Request{Bucket: bucket, Key: "k", Version: "v1", ETag: etag, Size: 7, Length: 5, BlockSize: 2, Algorithm: digest.Algorithms()[1]}
		second, third := first, first
		second.Offset, second.Length = 5, 2
		third.Key, third.ETag, third.Size, third.Length = "no", "", 3, 3
		return [][]hashbytes.Request{{first, second, third}}
	}
	assert.Equal(t, map[string][][]hashbytes.Request{home: want("docs", "e1"), away: want("copy", "e2")}, l.asked)
	require.Len(t, got, 3)
	assert.True(t, got[0].Equal)
	assert.True(t, got[1].Equal)
	assert.Equal(t, comparebytes.RangeResult{
		Range:   digest.Range{Length: 3},
		Primary: comparebytes.Part{Found: verdict.Archived, Detail: home}, Replica: comparebytes.Part{Found: verdict.Archived, Detail: away},
	}, got[2], "and nobody is asked again")
}

func TestAListIsCutIntoWhatOneCallTakesOfTheSameTwoRegions(t *testing.T) {
	c := comparebytes.Comparer{}
	elsewhere, swapped := pairOf("k", 1), pairOf("k", 1)
	elsewhere.Replica.Region = "ap-south-1"
	swapped.Primary.Region = away
	bucket := pairOf("k", 1)
	bucket.Primary.Bucket, bucket.Replica.Bucket = "docs2", "copy2"
	many := slices.Repeat([]comparebytes.Pair{pairOf("k", 1)}, 1025)
	tests := map[string]struct {
		pairs []comparebytes.Pair
		asked map[string][]int
	}{
		"nothing":               {nil, map[string][]int{}},
		"as many as one takes":  {many[:512], map[string][]int{home: {512}, away: {512}}},
		"more":                  {many, map[string][]int{home: {512, 512, 1}, away: {512, 512, 1}}},
		"a large object":        {[]comparebytes.Pair{pairOf("k", 9<<30), pairOf("l", 1), pairOf("m", 3<<30)}, map[string][]int{home: {1, 1, 2, 1}, away: {1, 1, 2, 1}}},
		"other buckets":         {[]comparebytes.Pair{pairOf("k", 1), bucket}, map[string][]int{home: {2}, away: {2}}},
		"a third region":        {[]comparebytes.Pair{elsewhere, elsewhere, pairOf("k", 1)}, map[string][]int{home: {2, 1}, away: {1}, "ap-south-1": {2}}},
		"another primary's":     {[]comparebytes.Pair{pairOf("k", 1), swapped, swapped}, map[string][]int{home: {1}, away: {1, 2, 2}}},
		"regions taking turns":  {[]comparebytes.Pair{pairOf("k", 1), elsewhere, pairOf("k", 1)}, map[string][]int{home: {1, 1, 1}, away: {1, 1}, "ap-south-1": {1}}},
		"one of no bytes alone": {[]comparebytes.Pair{pairOf("k", 0)}, map[string][]int{home: {1}, away: {1}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLists()
			l.other = nil
			c.Hasher = l
			list := all(c, tt.pairs...)
			got, err := c.CompareList(t.Context(), list)
			require.NoError(t, err)
			require.Len(t, got, len(list))
			for i, of := range list {
				assert.Equal(t, of.Range, got[i].Range)
				assert.True(t, got[i].Equal)
			}
			asked := map[string][]int{}
			for region, lists := range l.asked {
				asked[region] = lengths(lists)
			}
			assert.Equal(t, tt.asked, asked)
		})
	}
}

func TestAListWithWhatIsNoRangeOfAPairIsReadByNobody(t *testing.T) {
	l := newLists()
	c := comparebytes.Comparer{Hasher: l}
	good := all(c, pairOf("k", 7))[0]
	for want, change := range map[string]func(*comparebytes.PairRange){
		"item 1 of the list: a pair needs a key, a version and two buckets":           func(p *comparebytes.PairRange) { p.Pair.Version = "" },
		"item 1 of the list: range 0, 6 bytes from byte 0 on, is not one of the plan": func(p *comparebytes.PairRange) { p.Range.Length = 6 },
		"item 1 of the list: range 1, 7 bytes from byte 0 on, is not one of the plan": func(p *comparebytes.PairRange) { p.Range.Index = 1 },
	} {
		bad := good
		change(&bad)
		_, err := c.CompareList(t.Context(), []comparebytes.PairRange{good, bad, good})
		assert.EqualError(t, err, want)
	}
	assert.Empty(t, l.asked)
}

func TestAnErrorOfAListsReaderIsTheWholeCallsWhateverTheOtherAnswers(t *testing.T) {
	down := errors.New("down")
	for _, failing := range [][]string{{home}, {away}, {home, away}} {
		l := newLists()
		l.change = func(region string, answers []hashbytes.Answer) ([]hashbytes.Answer, error) {
			if slices.Contains(failing, region) {
				return nil, fmt.Errorf("%s is %w", region, down)
			}
			return answers, nil
		}
		c := comparebytes.Comparer{Hasher: l}
		_, err := c.CompareList(t.Context(), all(c, slices.Repeat([]comparebytes.Pair{pairOf("k", 7)}, 600)...))
		require.ErrorIs(t, err, down)
		var want []string
		for _, region := range failing {
			want = append(want, "hash a list of 512 ranges in "+region+": "+region+" is down")
		}
		require.EqualError(t, err, strings.Join(want, "\n"), "that of the primary first")
		assert.Equal(t, map[string][]int{home: {512}, away: {512}}, map[string][]int{home: lengths(l.asked[home]), away: lengths(l.asked[away])}, "no other list is read")
	}
}

func TestAnswersToAListThatAreNotWhatWasAskedForAreAnErrorAndNoFacts(t *testing.T) {
	tests := map[string]func([]hashbytes.Answer) []hashbytes.Answer{
		"too few":                 func(a []hashbytes.Answer) []hashbytes.Answer { return a[:1] },
		"too many":                func(a []hashbytes.Answer) []hashbytes.Answer { return append(a, a[0]) },
		"none":                    func([]hashbytes.Answer) []hashbytes.Answer { return nil },
		"in another order":        func(a []hashbytes.Answer) []hashbytes.Answer { return []hashbytes.Answer{a[1], a[0]} },
		"digests of fewer blocks": func(a []hashbytes.Answer) []hashbytes.Answer { a[1].Digests.Blocks = nil; return a },
		"what is not known":       func(a []hashbytes.Answer) []hashbytes.Answer { a[1] = hashbytes.Answer{Found: "eaten"}; return a },
		"an answer of nothing":    func(a []hashbytes.Answer) []hashbytes.Answer { a[0] = hashbytes.Answer{}; return a },
	}
	for name, change := range tests {
		for _, side := range []string{home, away} {
			l := newLists()
			l.change = func(region string, answers []hashbytes.Answer) ([]hashbytes.Answer, error) {
				if region == side {
					answers = change(answers)
				}
				return answers, nil
			}
			c := comparebytes.Comparer{Hasher: l}
			_, err := c.CompareList(t.Context(), all(c, pairOf("k", 7), pairOf("l", 8)))
			want := "hash a list of 2 ranges in " + side + ": the answer is not what was asked for"
			if name == "digests of fewer blocks" {
				want = digest.ErrNotComparable.Error()
			}
			require.ErrorContains(t, err, want, name)
			assert.Equal(t, reason.Internal, named(t, err))
		}
	}
}
