package asl

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
)

func arrayOf(args []any) (any, error) { return append([]any{}, args...), nil }

func arrayPartition(args []any) (any, error) {
	list, err := listArg(args[0])
	if err != nil {
		return nil, err
	}
	size, err := intArg(args[1])
	if err == nil && size < 1 {
		err = errors.New("the size of the parts must be at least 1")
	}
	if err != nil {
		return nil, err
	}
	out := []any{}
	for part := range slices.Chunk(list, int(size)) {
		out = append(out, part)
	}
	return out, nil
}

func arrayContains(args []any) (any, error) {
	list, err := listArg(args[0])
	return slices.ContainsFunc(list, func(v any) bool { return equal(v, args[1]) }), err
}

// arrayRange counts from the first to the last argument, both included.
func arrayRange(args []any) (any, error) {
	const most = 1_000
	var bounds [3]int64
	for i := range bounds {
		n, err := intArg(args[i])
		if err != nil {
			return nil, err
		}
		bounds[i] = n
	}
	first, last, by := bounds[0], bounds[1], bounds[2]
	if by == 0 {
		return nil, errors.New("the step must not be 0")
	}
	out := []any{}
	for n := first; by > 0 && n <= last || by < 0 && n >= last; n += by {
		if len(out) == most {
			return nil, fmt.Errorf("the range has more than %d numbers", most)
		}
		out = append(out, integer(n))
	}
	return out, nil
}

func arrayGetItem(args []any) (any, error) {
	list, err := listArg(args[0])
	if err != nil {
		return nil, err
	}
	at, err := intArg(args[1])
	if err != nil {
		return nil, err
	}
	if at < 0 || at >= int64(len(list)) {
		return nil, fmt.Errorf("index %d is outside an array of %d", at, len(list))
	}
	return list[at], nil
}

func arrayLength(args []any) (any, error) {
	list, err := listArg(args[0])
	return number(len(list)), err
}

func arrayUnique(args []any) (any, error) {
	list, err := listArg(args[0])
	out := []any{}
	for _, v := range list {
		if !slices.ContainsFunc(out, func(seen any) bool { return equal(seen, v) }) {
			out = append(out, v)
		}
	}
	return out, err
}

func mathAdd(args []any) (any, error) {
	a, err := intArg(args[0])
	if err != nil {
		return nil, err
	}
	b, err := intArg(args[1])
	return integer(a + b), err
}

// mathRandom draws from the first argument, included, to the second, excluded.
// The same seed gives the same number.
func mathRandom(sc *scope, args []any) (any, error) {
	var n [3]int64
	for i := range args {
		value, err := intArg(args[i])
		if err != nil {
			return nil, err
		}
		n[i] = value
	}
	if n[0] >= n[1] {
		return nil, errors.New("the start must be less than the end")
	}
	random := sc.random
	if len(args) == 3 {
		random = rand.New(rand.NewPCG(uint64(n[2]), 0)) // #nosec G404: the language's own random numbers are no secrets
	}
	return integer(n[0] + random.Int64N(n[1]-n[0])), nil
}

func listArg(value any) ([]any, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("an array is wanted, not %s", typeName(value))
	}
	return list, nil
}

// intArg is a number rounded to a whole one of 32 bits.
func intArg(value any) (int64, error) {
	n, ok := rounded(value)
	if !ok || n < math.MinInt32 || n > math.MaxInt32 {
		return 0, fmt.Errorf("a number between %d and %d is wanted, not %s", math.MinInt32, math.MaxInt32, excerpt(value))
	}
	return n, nil
}

func integer(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }
