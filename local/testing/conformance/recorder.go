package conformance

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// recorder is a T whose failures are kept instead of told.
type recorder struct {
	*testing.T // for its Context and Helper
	failures   []string
	cleanups   []func()
}

// record runs a test and answers what failed in it. Its cleanups run before.
func record(t *testing.T, test func(T)) []string {
	t.Helper()
	r := &recorder{T: t}
	done := make(chan struct{})
	go func() { // FailNow ends the goroutine
		defer close(done)
		defer func() {
			for _, cleanup := range slices.Backward(r.cleanups) {
				cleanup()
			}
		}()
		test(r)
	}()
	<-done
	return r.failures
}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) FailNow() { runtime.Goexit() }

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

// Context is not canceled before the cleanups.
func (r *recorder) Context() context.Context { return context.WithoutCancel(r.T.Context()) }

// expect runs a test that must fail as the difference says, and in no other way.
func (d *Difference) expect(t *testing.T, test func(T)) {
	t.Helper()
	for _, problem := range d.problems(record(t, test)) {
		assert.Fail(t, problem)
	}
}

// problems says in what a test's failures are not those of the difference.
func (d *Difference) problems(failures []string) (all []string) {
	if len(failures) == 0 {
		return []string{d.Server + " now does as AWS documents: remove this test from Differences, and run go test ./docs -update"}
	}
	for _, failure := range failures {
		if !slices.ContainsFunc(d.fails, func(text string) bool { return strings.Contains(failure, text) }) {
			all = append(all, d.Server+" differs in another way than Differences says: "+failure)
		}
	}
	return all
}
