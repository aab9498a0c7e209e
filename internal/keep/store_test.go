package keep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/evidence"
)

// memory is a Store.
type memory struct {
	now     func() time.Time
	mu      sync.Mutex
	objects map[string]stored
	// fault is asked before each call, and meanwhile is done before each Make.
	fault     func(operation, name string) error
	meanwhile func(name string)
}

type stored struct {
	content []byte
	put     time.Time
}

func (m *memory) begin(operation, name string) error {
	if m.fault == nil {
		return nil
	}
	return m.fault(operation, name)
}

// List implements Store.
func (m *memory) List(_ context.Context, prefix, after string) (all []Object, err error) {
	if err := m.begin("list", prefix); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(m.objects)) {
		if strings.HasPrefix(name, prefix) && name > after {
			all = append(all, Object{name, m.objects[name].put})
		}
	}
	return all, nil
}

// Open implements Store.
func (m *memory) Open(_ context.Context, name string) (io.ReadCloser, error) {
	if err := m.begin("open", name); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, there := m.objects[name]
	if !there {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(o.content)), nil
}

// Make implements Store.
func (m *memory) Make(_ context.Context, name string, content []byte) (bool, error) {
	if m.meanwhile != nil {
		m.meanwhile(name)
	}
	if err := m.begin("make", name); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, there := m.objects[name]; there {
		return false, nil
	}
	m.objects[name] = stored{bytes.Clone(content), m.now()}
	return true, nil
}

// Delete implements Store.
func (m *memory) Delete(_ context.Context, name string) error {
	if err := m.begin("delete", name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, name)
	return nil
}

func (m *memory) names() []string { return slices.Sorted(maps.Keys(m.objects)) }

// stage is a Keeper with its buckets and a clock that stands.
type stage struct {
	t        *testing.T
	at       time.Time
	work     *memory
	evidence *memory
	limits   limits
	seen     int // records that were put
}

var of = evidence.Deployment{Stage: "test", Account: "123456789012", Region: "eu-central-1"}

func newStage(t *testing.T, at string) *stage {
	s := &stage{t: t, limits: usual}
	now := func() time.Time { return s.at }
	s.work, s.evidence = &memory{now: now, objects: map[string]stored{}}, &memory{now: now, objects: map[string]stored{}}
	s.to(at)
	return s
}

// to sets the clock, of November 2026.
func (s *stage) to(at string) {
	s.t.Helper()
	var err error
	s.at, err = time.Parse("2006-01-02 15:04:05", "2026-11-"+at)
	require.NoError(s.t, err)
}

// put leaves facts of so many verified versions, and one that failed.
func (s *stage) put(execution string, verified int) {
	s.t.Helper()
	require.NoError(s.t, Put(s.t.Context(), s.work, s.records(execution, verified)))
	s.seen += verified + 1
}

func (s *stage) records(execution string, verified int) (all []evidence.Record) {
	for i := range verified + 1 {
		r := evidence.Record{
			Time: s.at, Source: evidence.Upload, Run: execution, Bucket: "docs", Key: fmt.Sprint(i), Version: "v", Program: "p", Template: "t",
			Told: evidence.Told{Verdict: evidence.Verified, Evidence: "equal ETags"},
		}
		if i == verified {
			r.Told = evidence.Told{Verdict: evidence.Failed, Reason: "REPLICA_MISSING"}
		}
		all = append(all, r)
	}
	return all
}

func (s *stage) keeper() Keeper {
	return Keeper{Facts: s.work, Evidence: s.evidence, Of: of, Now: func() time.Time { return s.at }, limits: s.limits}
}

// run runs the keeper at a time.
func (s *stage) run(at string) Kept {
	s.t.Helper()
	s.to(at)
	kept, err := s.keeper().Run(s.t.Context())
	require.NoError(s.t, err)
	return kept
}

// refused runs the keeper at a time, and gives the error that it ends with.
func (s *stage) refused(at string) string {
	s.t.Helper()
	s.to(at)
	_, err := s.keeper().Run(s.t.Context())
	require.Error(s.t, err)
	return err.Error()
}

// verified holds the evidence against its manifests, and all records against what was put.
func (s *stage) verified() evidence.Verification {
	s.t.Helper()
	open := func(name string) (io.ReadCloser, error) { return s.evidence.Open(s.t.Context(), name) }
	v, err := evidence.Verify(s.evidence.names(), open, evidence.Options{Now: s.at})
	require.NoError(s.t, err)
	assert.Empty(s.t, v.Problems)
	return v
}

// complete is verified, where all that was put is in files that manifests vouch for.
func (s *stage) complete() {
	s.t.Helper()
	v := s.verified()
	assert.Equal(s.t, int64(s.seen), v.Records)
	assert.Zero(s.t, v.Waiting)
	assert.Empty(s.t, s.work.names(), "all facts were deleted")
}

var errNetwork = errors.New("no network")
