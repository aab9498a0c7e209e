package audit_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	core "autobackup/internal/audit"
)

func lists(r *http.Request, bucket string) bool {
	return r.URL.Query().Has("versions") && strings.HasPrefix(r.URL.Path, "/"+bucket) && !strings.HasPrefix(r.URL.Path, "/"+bucket+"-")
}

// eachOnce lets the first try of every request fail in some way.
func eachOnce(fail func(*http.Request) (*http.Response, error)) func(int, *http.Request) (*http.Response, error) {
	var lock sync.Mutex
	seen := map[string]bool{}
	return func(_ int, r *http.Request) (*http.Response, error) {
		lock.Lock()
		first := !seen[r.Method+r.URL.String()]
		seen[r.Method+r.URL.String()] = true
		lock.Unlock()
		if first && r.URL.Path != "/" { // of STS, which is asked once
			return fail(r)
		}
		return nil, nil
	}
}

// stalled is the rest of an answer that does not come.
type stalled struct{ context.Context }

// Read implements io.Reader.
func (s stalled) Read([]byte) (int, error) {
	<-s.Done()
	return 0, s.Err()
}

func TestWhatFailsOnceIsAskedForAgain(t *testing.T) {
	for name, fail := range map[string]func(*fake) func(*http.Request) (*http.Response, error){
		"slow down": func(*fake) func(*http.Request) (*http.Response, error) {
			return func(r *http.Request) (*http.Response, error) {
				return refusal(r, http.StatusServiceUnavailable, "SlowDown"), nil
			}
		},
		"an internal error": func(*fake) func(*http.Request) (*http.Response, error) {
			return func(r *http.Request) (*http.Response, error) {
				return refusal(r, http.StatusInternalServerError, "InternalError"), nil
			}
		},
		"a connection that breaks": func(*fake) func(*http.Request) (*http.Response, error) {
			return func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }
		},
		"an answer that stops in the middle": func(f *fake) func(*http.Request) (*http.Response, error) {
			return func(r *http.Request) (*http.Response, error) {
				answer := f.answer(r)
				if r.Method == http.MethodGet {
					answer.Body = io.NopCloser(io.MultiReader(io.LimitReader(answer.Body, 20), stalled{r.Context()}))
				}
				return answer, nil
			}
		},
		"an answer that never comes": func(*fake) func(*http.Request) (*http.Response, error) {
			return func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
		},
		"an answer that is cut off": func(f *fake) func(*http.Request) (*http.Response, error) {
			return func(r *http.Request) (*http.Response, error) {
				if !r.URL.Query().Has("versions") {
					return nil, nil
				}
				answer := f.answer(r)
				text, err := io.ReadAll(answer.Body)
				return answered(r, http.StatusOK, string(text[:len(text)*2/3])), err
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newModel(8, 12, time.Now().UTC())
				f := m.fake(t)
				f.before = eachOnce(fail(f))
				o := of(t, f)
				require.NoError(t, goOn(t.Context(), o))
				agree(t, m, o)
			})
		})
	}
}

// midway lets an audit of the model meet a fault from its n-th request on. It must
// end with an error and without a report, for every n from which on it meets the fault
// at all, and end well once the fault is gone.
func midway(t *testing.T, fault func(f *fake) func(*http.Request) *http.Response, says string) {
	t.Helper()
	bubble(t, func(t *testing.T) {
		m := newModel(8, 12, time.Now().UTC())
		f := m.fake(t)
		var began atomic.Int64
		f.before = func(n int, r *http.Request) (*http.Response, error) {
			if r.URL.Query().Has("versions") {
				began.CompareAndSwap(0, int64(n))
			}
			return nil, nil
		}
		o := of(t, f)
		require.NoError(t, goOn(t.Context(), o))
		total, met := f.sent(), 0
		for n := int(began.Load()); n <= total; n += 7 {
			f.requests = 0
			faulty := fault(f)
			f.before = func(i int, r *http.Request) (*http.Response, error) {
				if i < n {
					return nil, nil
				}
				return faulty(r), nil
			}
			o := of(t, f, func(o *audit.Options) { o.Started = m.now })
			err := goOn(t.Context(), o)
			if f.sent() < n { // how often intervals are split differs
				require.NoError(t, err)
				agree(t, m, o)
				continue
			}
			require.ErrorContains(t, err, says, "from request %d of %d", n, total)
			require.NoFileExists(t, o.Folder+"/report.json")
			f.before = nil
			require.NoError(t, goOn(t.Context(), o))
			agree(t, m, o)
			met++
		}
		require.Greater(t, met, 5)
	})
}

func refuses(status int, code string) func(*fake) func(*http.Request) *http.Response {
	return func(*fake) func(*http.Request) *http.Response {
		return func(r *http.Request) *http.Response { return refusal(r, status, code) }
	}
}

func TestCredentialsThatExpireMidwayAreNoFindings(t *testing.T) {
	midway(t, refuses(http.StatusBadRequest, "ExpiredToken"), "400 ExpiredToken")
}

func TestCredentialsThatAreRefusedMidwayAreNoFindings(t *testing.T) {
	midway(t, refuses(http.StatusForbidden, "ExpiredToken"), "403 ExpiredToken")
}

func TestABucketThatVanishesMidwayIsNoFinding(t *testing.T) {
	midway(t, func(f *fake) func(*http.Request) *http.Response {
		return func(r *http.Request) *http.Response {
			if !strings.HasPrefix(r.URL.Path, "/"+replica) {
				return nil
			}
			return refusal(r, http.StatusNotFound, "NoSuchBucket")
		}
	}, "NoSuchBucket")
}

func TestAServerThatIsDownMidwayIsNoFinding(t *testing.T) {
	midway(t, refuses(http.StatusInternalServerError, "InternalError"), "500 InternalError")
}

func TestAListingThatIsDeniedNamesThePermission(t *testing.T) {
	for _, bucket := range []string{primary, replica} {
		t.Run(bucket, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f := newModel(8, 12, time.Now().UTC()).fake(t)
				f.before = func(_ int, r *http.Request) (*http.Response, error) {
					if lists(r, bucket) {
						return refusal(r, http.StatusForbidden, "AccessDenied"), nil
					}
					return nil, nil
				}
				err := goOn(t.Context(), of(t, f))
				require.ErrorContains(t, err, "ListObjectVersions of s3://"+bucket+" answered 403 AccessDenied")
				require.ErrorContains(t, err, "grant s3:ListBucketVersions")
			})
		})
	}
}

func TestAConfigurationThatMayNotBeReadIsToldAndOneThatIsNotAnsweredEndsTheAudit(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		code   string
		says   string // of the error; empty: there is none, and the report tells
	}{
		"denied":                {http.StatusForbidden, "AccessDenied", ""},
		"a server without it":   {http.StatusNotImplemented, "NotImplemented", ""},
		"an unknown request":    {http.StatusBadRequest, "InvalidRequest", ""},
		"a token that expired":  {http.StatusBadRequest, "ExpiredToken", "s3:GetLifecycleConfiguration answered 400 ExpiredToken"},
		"a bucket that is gone": {http.StatusNotFound, "NoSuchBucket", "NoSuchBucket"},
		"a storm":               {http.StatusServiceUnavailable, "SlowDown", "s3:GetLifecycleConfiguration answered 503 SlowDown: SlowDown it is: try again"},
		"too many requests":     {http.StatusTooManyRequests, "TooManyRequests", "answered 429"},
		"a time-out":            {http.StatusRequestTimeout, "RequestTimeout", "answered 408"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f := newModel(8, 3, time.Now().UTC()).fake(t)
				f.before = func(_ int, r *http.Request) (*http.Response, error) {
					if r.URL.Query().Has("lifecycle") {
						return refusal(r, tc.status, tc.code), nil
					}
					return nil, nil
				}
				o := of(t, f)
				err := goOn(t.Context(), o)
				if tc.says != "" {
					require.ErrorContains(t, err, tc.says)
					return
				}
				require.NoError(t, err)
				require.Len(t, reports(t, o.Folder)[0].Primary.Unread, 1)
				assert.Contains(t, reports(t, o.Folder)[0].Primary.Unread[0], tc.code)
				assert.Len(t, reports(t, o.Folder)[0].Replica.Unread, 1)
			})
		})
	}
}

// changed lets every page of a bucket's listing behind the first come changed.
func changed(f *fake, bucket string, change func(r *http.Request, page string) string) {
	f.before = func(_ int, r *http.Request) (*http.Response, error) {
		if !lists(r, bucket) || !r.URL.Query().Has("key-marker") {
			return nil, nil
		}
		text, err := io.ReadAll(f.answer(r).Body)
		return answered(r, http.StatusOK, change(r, string(text))), err
	}
}

func TestAServerThatRepeatsOrSkipsAPageIsAnErrorAndNoReport(t *testing.T) {
	for name, change := range map[string]func(f *fake, b *bucket) func(*http.Request, string) string{
		"it begins anew": func(f *fake, b *bucket) func(*http.Request, string) string {
			return func(*http.Request, string) string { return f.page(b, nil) }
		},
		"it begins anew and says what was asked for": func(f *fake, b *bucket) func(*http.Request, string) string {
			return func(r *http.Request, _ string) string {
				asked := "<KeyMarker>" + url.QueryEscape(r.URL.Query().Get("key-marker")) + "</KeyMarker><VersionIdMarker>" + r.URL.Query().Get("version-id-marker") + "</VersionIdMarker>"
				return strings.Replace(f.page(b, nil), "<KeyMarker></KeyMarker><VersionIdMarker></VersionIdMarker>", asked, 1)
			}
		},
		"the next page begins elsewhere": func(*fake, *bucket) func(*http.Request, string) string {
			return func(_ *http.Request, page string) string {
				return strings.Replace(page, "<NextKeyMarker>", "<NextKeyMarker>zz", 1)
			}
		},
		"it goes on with nothing": func(*fake, *bucket) func(*http.Request, string) string {
			return func(_ *http.Request, page string) string {
				from, upto := strings.Index(page, "<IsTruncated>"), len(page)
				return page[:from] + "<IsTruncated>true</IsTruncated></ListVersionsResult>" + page[upto:]
			}
		},
	} {
		for _, side := range []int{0, 1} {
			t.Run(name, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					f := newModel(8, 12, time.Now().UTC()).fake(t)
					b := f.buckets[side]
					changed(f, b.name, change(f, b))
					o := of(t, f)
					require.ErrorContains(t, goOn(t.Context(), o), "is not consistent")
					require.NoFileExists(t, o.Folder+"/report.json")
				})
			})
		}
	}
}

func TestWhatAListingLeavesOutIsLookedAtAndNoFinding(t *testing.T) {
	for _, side := range []int{0, 1} {
		bubble(t, func(t *testing.T) {
			m := newModel(8, 40, time.Now().UTC())
			f := m.fake(t)
			whole := f.buckets[side]
			part := &bucket{name: whole.name, region: whole.region}
			lost := 0
			for i, v := range whole.versions {
				if _, both := f.buckets[1-side].find(v.key, v.id); both && i%3 == 0 && v.id != "null" && m.now.Sub(v.made) > m.deadline {
					lost++
					continue
				}
				part.versions = append(part.versions, v)
			}
			require.Positive(t, lost)
			f.before = func(_ int, r *http.Request) (*http.Response, error) {
				if lists(r, whole.name) && !r.URL.Query().Has("prefix") { // it is asked for these again
					return answered(r, http.StatusOK, f.page(part, r.URL.Query())), nil
				}
				return nil, nil
			}
			o := of(t, f)
			require.NoError(t, goOn(t.Context(), o))
			items, _ := told(t, o.Folder)
			want := m.want(false)
			for name, what := range items {
				assert.Equal(t, want[name], what)
			}
			assert.Equal(t, int64(len(want)), reports(t, o.Folder)[0].Listed)
		})
	}
}

func TestABudgetThatIsSpentMidwayIsNoFinding(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newModel(8, 12, time.Now().UTC())
		f := m.fake(t)
		whole := of(t, f)
		require.NoError(t, goOn(t.Context(), whole))
		all := reports(t, whole.Folder)[0].Dollars
		for share := 1; share < 11; share++ { // how many ranges are split, and so the price, differs from run to run
			o := of(t, f, func(o *audit.Options) { o.Budget = audit.Budget{Dollars: all * float64(share) / 20} })
			err := goOn(t.Context(), o)
			require.ErrorContains(t, err, "max-dollars", "%d/20", share)
			assert.NotContains(t, err.Error(), "$0.00 ", "little is not nothing")
			assert.Regexp(t, `(has|would) cost \$0\.00\d*[1-9]`, err.Error())
			require.NoFileExists(t, o.Folder+"/report.json")
			o.Budget = audit.Budget{Agreed: true}
			require.NoError(t, goOn(t.Context(), o))
			agree(t, m, o)
		}
	})
}

func TestAnAuditKeepsToItsRateAndSlowsDownWhereS3SaysSo(t *testing.T) {
	const rate = 20
	run := func(t *testing.T, slow int) (perSecond float64) {
		t.Helper()
		bubble(t, func(t *testing.T) {
			f := newModel(8, 60, time.Now().UTC()).fake(t)
			var lock sync.Mutex
			var times []time.Time
			f.before = func(n int, r *http.Request) (*http.Response, error) {
				lock.Lock()
				defer lock.Unlock()
				if r.URL.Path == "/" {
					return nil, nil
				}
				times = append(times, time.Now())
				if n%10 < slow {
					return refusal(r, http.StatusServiceUnavailable, "SlowDown"), nil
				}
				return nil, nil
			}
			o := of(t, f, func(o *audit.Options) { o.MaxRate, o.Level = rate, core.AllLooked })
			require.NoError(t, goOn(t.Context(), o))
			for i := range len(times) - rate - rate/10 {
				require.GreaterOrEqual(t, times[i+rate+rate/10].Sub(times[i]), time.Second-time.Millisecond, "more than %d a second", rate)
			}
			perSecond = float64(len(times)) / times[len(times)-1].Sub(times[0]).Seconds()
		})
		return perSecond
	}
	assert.InDelta(t, rate, run(t, 0), 1)
	assert.Less(t, run(t, 2), 0.6*rate)
}

func TestAnOutageEndsTheLooksBeforeAllOfABlockMetIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newModel(400, 1200, time.Now().UTC())
		f := m.fake(t)
		o := of(t, f, audit.Unbounded, func(o *audit.Options) { o.Level = core.AllLooked })
		var looks, met atomic.Int64
		f.before = func(_ int, r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodHead && r.URL.Query().Has("versionId") {
				looks.Add(1)
			}
			if looks.Load() < 20 {
				return nil, nil
			}
			met.Add(1)
			return nil, io.ErrUnexpectedEOF
		}
		require.ErrorContains(t, goOn(t.Context(), o), "a side can no longer be read")
		const versions, sides, tries = 64, 2, 8
		require.Less(t, int(met.Load()), 3*versions*sides*tries, "those at once, those that began meanwhile, and both sides' listings")
		f.before = nil
		require.NoError(t, goOn(t.Context(), o))
		agree(t, m, o)
	})
}
