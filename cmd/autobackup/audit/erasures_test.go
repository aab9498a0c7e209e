package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/price"
	core "autobackup/internal/audit"
	"autobackup/internal/evidence"
	"autobackup/internal/keep"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

const second = "second-copy"

// erasing is a stage that leaves facts, and audits n objects of long ago that the primary no
// longer has, beside one that is on all sides.
func erasing(t *testing.T, n int, replicas ...string) (*stage, *fake) {
	t.Helper()
	now := time.Now().UTC()
	f := &fake{t: t, most: 50}
	for i, name := range append([]string{primary}, replicas...) {
		b := &bucket{name: name, region: map[bool]string{true: home, false: away}[i == 0]}
		for k, v := range append(objects(n, 5), held{key: "z", id: "z", size: 5, etag: strings.Repeat("f", 32)}) {
			v.made, v.status = now.Add(-100*day), map[bool]string{true: "COMPLETED", false: "REPLICA"}[i == 0]
			if i > 0 || k == n {
				b.versions = append(b.versions, v)
			}
		}
		f.buckets = append(f.buckets, b)
	}
	f.buckets[0].replication = newModel(1, 0, now).everything()
	if len(replicas) > 1 {
		_, rule, _ := strings.Cut(f.buckets[0].replication, "<Rule>")
		rule = "<Rule>" + strings.NewReplacer(replica, second, "<ID>all", "<ID>second", "<Priority>1", "<Priority>2").Replace(rule)
		f.buckets[0].replication = strings.Replace(f.buckets[0].replication, "</ReplicationConfiguration>", rule, 1)
	}
	s := newStage(t, f, of(t, f))
	s.Facts = keep.Bucket{Client: s.working, Name: "work"}
	return s, f
}

// erase takes a version away from a bucket.
func (f *fake) erase(name string, ids ...string) {
	f.lock.Lock()
	defer f.lock.Unlock()
	for _, b := range f.buckets {
		if b.name == name {
			b.versions = slices.DeleteFunc(slices.Clone(b.versions), func(h held) bool { return slices.Contains(ids, h.id) })
		}
	}
}

// audit makes the audit of some day, and gives the versions of which it left an erased record, and
// the report's notes on what is left.
func (s *stage) audit(n int) (erased, notes []string) {
	s.t.Helper()
	summary, err := s.run(fmt.Sprint("e", n), audit.Order{Bucket: primary})
	require.NoError(s.t, err)
	run := strings.TrimSuffix(strings.TrimPrefix(summary.Report, "s3://work/audits/"), "/report/")
	erased = s.erased(run)
	var r struct{ Reports []core.Report }
	require.NoError(s.t, json.Unmarshal(s.objects[strings.TrimPrefix(summary.Report, "s3://work/")+"report.json"], &r))
	for _, note := range r.Reports[0].Notes {
		if strings.Contains(note, "NOT_ERASED") {
			notes = append(notes, note)
		}
	}
	s.Plan.Started = s.Plan.Started.Add(day)
	s.now.Store(0)
	return erased, notes
}

func (s *stage) erased(run string) (all []string) {
	s.t.Helper()
	for name, content := range s.objects {
		if !strings.HasPrefix(name, keep.Root) {
			continue
		}
		for r, err := range evidence.Read(strings.NewReader(string(content))) {
			require.NoError(s.t, err)
			if r.Verdict == evidence.Erased && r.Run == run {
				require.Equal(s.t, []any{evidence.Audit, primary}, []any{r.Source, r.Bucket})
				words := r.Version
				for _, one := range r.Replicas {
					words += " " + one.Bucket
				}
				all = append(all, words)
			}
		}
	}
	slices.Sort(all)
	return all
}

func TestWhatWasNotErasedAndIsOnNoSideAnyMoreIsErasedInTheNextAudit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, f := erasing(t, 5, replica)
		erased, notes := s.audit(1)
		assert.Empty(t, erased)
		assert.Empty(t, notes)
		f.erase(replica, "v0000", "v0001", "v0002")
		erased, notes = s.audit(2)
		assert.Equal(t, []string{"v0000 " + replica, "v0001 " + replica}, erased, "as many as a report looks at")
		assert.Equal(t, []string{"1 versions that an audit before found NOT_ERASED are not found so any more, and the evidence does not say yet whether they are gone: the next audit looks at them"}, notes)
		f.erase(replica, "v0003")
		erased, notes = s.audit(3)
		assert.Equal(t, []string{"v0002 " + replica, "v0003 " + replica}, erased, "what was left, too")
		assert.Empty(t, notes)
		erased, notes = s.audit(4)
		assert.Empty(t, erased, "each once")
		assert.Empty(t, notes)
	})
}

func TestAVersionIsErasedOnceItIsGoneFromEachReplica(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, f := erasing(t, 2, replica, second)
		erased, _ := s.audit(1)
		assert.Empty(t, erased)
		f.erase(replica, "v0000", "v0001")
		f.erase(second, "v0001")
		erased, _ = s.audit(2)
		require.Len(t, erased, 1, "one record of both replicas")
		assert.ElementsMatch(t, []string{"v0001", replica, second}, strings.Fields(erased[0]))
		erased, notes := s.audit(3)
		assert.Empty(t, erased)
		assert.Empty(t, notes, "the other one is found still")
		f.erase(second, "v0000")
		erased, _ = s.audit(4)
		require.Len(t, erased, 1)
		assert.ElementsMatch(t, []string{"v0000", replica, second}, strings.Fields(erased[0]))
	})
}

func TestWhatWasFoundForAnotherReasonIsNoErasure(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, f := erasing(t, 0, replica)
		f.erase(replica, "z")
		s.audit(1)
		f.erase(primary, "z")
		erased, _ := s.audit(2)
		assert.Empty(t, erased, "nobody held it against the primary's lifecycle")
	})
}

// blind looks at nothing, and never will.
type blind struct{}

// LookAt implements audit.Looks.
func (blind) LookAt(context.Context, string, []s3event.ObjectVersion) ([]verdict.Look, error) {
	return nil, errors.New("nobody may look")
}

func TestWhatCannotBeLookedAtIsNotErasedYet(t *testing.T) {
	heads := func(f *fake, status int) {
		f.before = func(_ int, r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodHead && strings.HasPrefix(r.URL.Path, "/"+replica+"/") {
				return refusal(r, status, "AccessDenied"), nil
			}
			return nil, nil
		}
	}
	for name, tc := range map[string]struct {
		hinder func(*stage, *fake)
		note   string
	}{
		"a replica is denied":        {func(_ *stage, f *fake) { heads(f, http.StatusForbidden) }, "1 versions that"},
		"not all keys were listed":   {func(s *stage, _ *fake) { s.lose = func(audit.Step, int) bool { return true } }, "not all keys were listed"},
		"there is no time":           {func(s *stage, _ *fake) { s.pace(time.Hour) }, "1 versions that"},
		"nobody looks":               {func(s *stage, _ *fake) { s.Looks = blind{} }, "nobody may look"},
		"the audit may cost no more": {func(s *stage, _ *fake) { s.Dollars = 1e-9 }, "which is all that it may"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s, f := erasing(t, 1, replica)
				s.audit(1)
				f.erase(replica, "v0000")
				was := s.Deployed
				tc.hinder(s, f)
				erased, notes := s.audit(2)
				assert.Empty(t, erased)
				require.Len(t, notes, 1)
				assert.Contains(t, notes[0], tc.note)
				was.Plan = s.Plan
				f.before, s.lose, s.Deployed = nil, nil, was
				erased, notes = s.audit(3)
				assert.Equal(t, []string{"v0000 " + replica}, erased)
				assert.Empty(t, notes)
			})
		})
	}
}

func TestWhatGoesWhileAnAuditLooksIsErasedWhereNoListingHasItAnyMore(t *testing.T) {
	for name, tc := range map[string]struct {
		erase bool
		want  []string
	}{
		"it is gone":                      {true, []string{"v0000 " + replica}},
		"HEAD alone says that it is gone": {false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s, f := erasing(t, 1, replica)
				var first sync.Once // of both sides, which are looked at together
				f.before = func(_ int, r *http.Request) (*http.Response, error) {
					if r.Method != http.MethodHead || !strings.HasSuffix(r.URL.Path, "/k0000") {
						return nil, nil
					}
					first.Do(func() {
						if tc.erase {
							f.buckets[1].versions = slices.DeleteFunc(slices.Clone(f.buckets[1].versions), func(h held) bool { return h.id == "v0000" })
						}
					})
					return refusal(r, http.StatusNotFound, "NoSuchVersion"), nil
				}
				erased, _ := s.audit(1)
				assert.Equal(t, tc.want, erased)
			})
		})
	}
}

// stopping is a working bucket that refuses to have some keys put.
type stopping struct {
	*working
	stops func(key string) bool
}

// PutObject implements keep.Client.
func (s *stopping) PutObject(ctx context.Context, in *sdk.PutObjectInput, o ...func(*sdk.Options)) (*sdk.PutObjectOutput, error) {
	if s.stops(*in.Key) {
		return nil, refusedWith(http.StatusServiceUnavailable)
	}
	return s.working.PutObject(ctx, in, o...)
}

func TestVersionsOfABucketThatCanNoLongerBeReadAreNotErased(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, f := erasing(t, 1, replica)
		s.audit(1)
		f.erase(replica, "v0000")
		var gone atomic.Bool
		f.before = func(_ int, r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodHead && strings.HasPrefix(r.URL.Path, "/"+replica+"/k0000") {
				gone.Store(true)
			}
			if gone.Load() && strings.HasPrefix(r.URL.Path, "/"+replica) {
				return refusal(r, http.StatusNotFound, "NoSuchBucket"), nil
			}
			return nil, nil
		}
		_, err := s.run("e2", audit.Order{Bucket: primary})
		require.ErrorContains(t, err, "a side can no longer be read")
		assert.True(t, gone.Load())
		f.before = nil
		erased, _ := s.audit(2)
		assert.Equal(t, []string{"v0000 " + replica}, erased)
	})
}

func TestTheLooksAtErasuresAreCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, f := erasing(t, 1, replica)
		s.audit(1)
		f.erase(replica, "v0000")
		summary, err := s.run("e2", audit.Order{Bucket: primary})
		require.NoError(t, err)
		r := reports(t, s.folder(summary))[0]
		assert.Equal(t, int64(2), r.Requests["HeadObject"])
		assert.InDelta(t, price.Requests(r.Requests), r.Dollars, 1e-12)
	})
}

func TestAReportThatIsMadeAgainLeavesNoErasureTwice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, f := erasing(t, 1, replica)
		s.audit(1)
		f.erase(replica, "v0000")
		broken := true
		s.Objects = &stopping{s.working, func(key string) bool { return broken && strings.HasSuffix(key, "report/SHA256SUMS") }}
		_, err := s.run("e2", audit.Order{Bucket: primary})
		require.Error(t, err)
		broken = false
		erased, _ := s.audit(2)
		assert.Equal(t, []string{"v0000 " + replica}, erased)
	})
}
