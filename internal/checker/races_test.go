package checker_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/local/s3"
)

// race is what happens to a version while it is validated.
type race struct {
	strike func(t *testing.T, st *stage, version string)
	// ends is every way in which the validation may end; over all steps, each
	// must come up.
	ends []want
}

var (
	gone     = skipped(reason.SourceDeleted)
	readSame = verified(verdict.BytesRead)
)

// expire makes a marker in the primary, unless that has one already.
func expire(_ *testing.T, st *stage, _ string) { _ = st.ExpireCurrent(primary, "k") }

func overwrite(t *testing.T, st *stage, _ string) { st.put(t, primary, "k", []byte("other"), method{}) }

func hide(t *testing.T, st *stage, _ string) { st.remove(t, primary, "k", "") }

func removeSource(t *testing.T, st *stage, version string) { st.remove(t, primary, "k", version) }

func removeReplica(t *testing.T, st *stage, version string) { st.remove(t, replica, "k", version) }

// after is the same after a while: rules of lifecycle run at different times in
// two buckets.
func after(d time.Duration, strike func(*testing.T, *stage, string)) func(*testing.T, *stage, string) {
	return func(t *testing.T, st *stage, version string) {
		time.AfterFunc(d, func() { strike(t, st, version) })
	}
}

// Soon is within the looks that a version gets which S3 replicated and a replica
// lacks, later is past them.
const (
	soon  = 10 * time.Second
	later = 10 * time.Minute
)

func all(strikes ...func(*testing.T, *stage, string)) func(*testing.T, *stage, string) {
	return func(t *testing.T, st *stage, version string) {
		for _, strike := range strikes {
			strike(t, st, version)
		}
	}
}

var races = map[string]race{
	"an overwrite":                                   {overwrite, []want{readSame}},
	"a delete marker":                                {hide, []want{readSame}},
	"a marker of lifecycle":                          {expire, []want{readSame}},
	"a permanent deletion, not replicated":           {removeSource, []want{readSame, gone}},
	"an overwrite, then the old version expires":     {all(overwrite, removeSource), []want{readSame, gone}},
	"expiry of the primary, then of the replica":     {all(removeSource, removeReplica), []want{readSame, gone}},
	"expiry of the primary and later of the replica": {all(removeSource, after(later, removeReplica)), []want{readSame, gone}},
	"expiry of the replica and soon of the primary":  {all(removeReplica, after(soon, removeSource)), []want{readSame, gone}},
	"expiry of the replica and later of the primary": {all(removeReplica, after(later, removeSource)), []want{readSame, failed(reason.ReplicaMissing)}},
	"a replica lost while its source stays":          {removeReplica, []want{readSame, failed(reason.ReplicaMissing)}},
}

var markerRaces = map[string]race{
	"an upload over it":                     {overwrite, []want{verified(verdict.DeleteMarker)}},
	"another marker":                        {hide, []want{verified(verdict.DeleteMarker)}},
	"an undelete, not replicated":           {removeSource, []want{verified(verdict.DeleteMarker), gone}},
	"an undelete on both sides":             {all(removeSource, removeReplica), []want{verified(verdict.DeleteMarker), gone}},
	"an undelete of the replica first":      {all(removeReplica, after(soon, removeSource)), []want{verified(verdict.DeleteMarker), gone}},
	"a replica lost while its marker stays": {removeReplica, []want{verified(verdict.DeleteMarker), failed(reason.ReplicaMissing)}},
}

// lag lets two looks pass before the replica is there.
const lag = 12 * time.Second

// at validates a version that something happens to right before request step
// about it, and tells how many requests there were.
func (r race) at(t *testing.T, step int, marker bool) (got ending, requests int) {
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t)
		version := ""
		if marker {
			st.put(t, primary, "k", content, method{})
			st.settle()
		}
		st.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Lag: lag} }
		if marker {
			version = st.remove(t, primary, "k", "")
		} else {
			version = st.put(t, primary, "k", []byte(strings.Repeat("0123456789", 110)), method{}) // two ranges
		}
		var mu sync.Mutex // what is asked at the same time waits for the strike
		st.before = func(request *http.Request) {
			if request.URL.Query().Get("versionId") != version || request.Method == http.MethodDelete {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if requests++; requests == step {
				r.strike(t, st, version)
			}
		}
		got = st.validate(t, "always", event("k", version, marker, false))
		st.settle()
	})
	return got, requests
}

// everywhere lets the race happen at every step of the validation in turn: before
// and between the looks, before the bytes are read, between two ranges and two
// blocks.
func (r race) everywhere(t *testing.T, marker bool) {
	seen := make([]bool, len(r.ends))
	for step := 1; ; step++ {
		got, requests := r.at(t, step, marker)
		matched := false
		for i, end := range r.ends {
			seen[i] = seen[i] || got.is(end)
			matched = matched || got.is(end)
		}
		assert.True(t, matched, "before request %d: %s", step, got)
		if step > requests {
			break
		}
	}
	for i, end := range r.ends {
		assert.True(t, seen[i], fmt.Sprint("never ends as ", end))
	}
}

func TestRacesAtEveryStep(t *testing.T) {
	for name, r := range races {
		t.Run(name, func(t *testing.T) { r.everywhere(t, false) })
	}
	for name, r := range markerRaces {
		t.Run("marker: "+name, func(t *testing.T) { r.everywhere(t, true) })
	}
}

func TestThePermanentDeletionOfAVersionIsNoFailure(t *testing.T) {
	for _, lifecycle := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			st := newStage(t)
			version := st.put(t, primary, "k", content, method{})
			st.settle()
			st.remove(t, primary, "k", version)
			body := strings.Replace(event("k", version, true, lifecycle), "Delete Marker Created", "Permanently Deleted", 1)
			got := st.validate(t, "always", body)
			assert.True(t, got.is(gone), got)
		})
	}
}
