package comparebytes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"autobackup/internal/digest"
	"autobackup/internal/hashbytes"
	"autobackup/internal/verdict"
)

// PairRange is one of a pair's Ranges.
type PairRange struct {
	Pair  Pair
	Range digest.Range
}

// Ranges is how the bytes of a valid pair are cut.
func (c Comparer) Ranges(pair Pair) []digest.Range { return c.plan(pair).cut() }

// CompareList compares ranges of any number of pairs, and gives one result for each
// in their order. Neighbours of the same two regions are read by one invocation a side,
// as many as it takes, and one invocation follows the other. An answer other than
// verdict.Object is part of its result and not asked again here. An error is of the
// call as a whole, and worth another try where it says so to package handler.
func (c Comparer) CompareList(ctx context.Context, list []PairRange) ([]RangeResult, error) {
	primary, replica := make([]hashbytes.Request, len(list)), make([]hashbytes.Request, len(list))
	for i, of := range list {
		plan := c.plan(of.Pair)
		if err := errors.Join(plan.validate(), plan.has(of.Range)); err != nil {
			return nil, fmt.Errorf("item %d of the list: %w", i, err)
		}
		primary[i], replica[i] = plan.request(of.Pair.Primary, of.Range), plan.request(of.Pair.Replica, of.Range)
	}
	results := make([]RangeResult, 0, len(list))
	for from := 0; from < len(list); from = len(results) {
		to := from + hashbytes.Fitting(primary[from:from+neighbours(list[from:])])
		some, err := c.compareTogether(ctx, list[from:to], primary[from:to], replica[from:to])
		if err != nil {
			return nil, err
		}
		results = append(results, some...)
	}
	return results, nil
}

// neighbours is how many of the first have the same two regions.
func neighbours(list []PairRange) int {
	for i, of := range list {
		if of.Pair.Primary.Region != list[0].Pair.Primary.Region || of.Pair.Replica.Region != list[0].Pair.Replica.Region {
			return i
		}
	}
	return len(list)
}

// compareTogether has both sides read at once, and waits for both as compareRange does.
func (c Comparer) compareTogether(ctx context.Context, list []PairRange, primary, replica []hashbytes.Request) ([]RangeResult, error) {
	var ofPrimary, ofReplica []hashbytes.Answer
	var errPrimary, errReplica error
	var both sync.WaitGroup
	both.Go(func() { ofPrimary, errPrimary = c.hashList(ctx, list[0].Pair.Primary.Region, primary) })
	both.Go(func() { ofReplica, errReplica = c.hashList(ctx, list[0].Pair.Replica.Region, replica) })
	both.Wait()
	if err := errors.Join(errPrimary, errReplica); err != nil {
		return nil, err
	}
	results := make([]RangeResult, len(list))
	for i, of := range list {
		var err error
		if results[i], err = merge(of.Range, ofPrimary[i], ofReplica[i]); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// hashList has one side of a list read once, and refuses answers to another question.
func (c Comparer) hashList(ctx context.Context, region string, list []hashbytes.Request) ([]hashbytes.Answer, error) {
	got, err := c.Hasher.HashList(ctx, region, list)
	if err == nil && !slices.EqualFunc(got, list, isAnswer) {
		err = errNotAsked
	}
	if err != nil {
		return nil, fmt.Errorf("hash a list of %d ranges in %s: %w", len(list), region, err)
	}
	return got, nil
}

// Total is what a whole pair came to, once all its Ranges have been compared, by the
// results in any order.
func (c Comparer) Total(pair Pair, results []RangeResult) (verdict.Bytes, error) {
	all := newTally(c.plan(pair))
	for _, r := range results {
		if err := all.add(r); err != nil {
			return verdict.Bytes{}, err
		}
	}
	return all.total()
}
