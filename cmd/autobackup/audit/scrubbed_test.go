package audit_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	core "autobackup/internal/audit"
	"autobackup/internal/comparebytes"
	"autobackup/internal/digest"
	"autobackup/internal/evidence"
	"autobackup/internal/hashbytes"
	"autobackup/internal/keep"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// disks is what hash-bytes reads of the fake's buckets: bytes that follow from the ETag, but for
// those that rotted.
type disks struct {
	f      *fake
	lock   sync.Mutex
	rotten map[string]bool          // bucket and version
	denied map[string]verdict.Found // by bucket and version: what reading it shows instead
	read   map[string]int           // how often each bucket and version was read
	lists  int
	fail   error // of every call
	stop   func()
}

func diskOf(bucket, version string) string { return bucket + "@" + version }

// Hash implements comparebytes.Hasher, for one range.
func (d *disks) Hash(_ context.Context, region string, in hashbytes.Request) (hashbytes.Answer, error) {
	d.lock.Lock()
	defer d.lock.Unlock()
	i := slices.IndexFunc(d.f.buckets, func(b *bucket) bool { return b.name == in.Bucket })
	if i < 0 || d.f.buckets[i].region != region {
		return hashbytes.Answer{}, fmt.Errorf("%s is not in %s", in.Bucket, region)
	}
	disk := diskOf(in.Bucket, in.Version)
	d.read[disk]++
	if found := d.denied[disk]; found != "" {
		return hashbytes.Answer{Found: found, Detail: "so it is"}, nil
	}
	h, found := d.f.buckets[i].find(in.Key, in.Version)
	switch {
	case !found:
		return hashbytes.Answer{Found: verdict.Missing}, nil
	case in.ETag != `"`+h.etag+`"` || in.Size != h.size:
		return hashbytes.Answer{}, errors.New("another object was asked for")
	}
	return hashbytes.Answer{Found: verdict.Object, Digests: d.digests(in, h.etag, d.rotten[disk])}, nil
}

func (d *disks) digests(in hashbytes.Request, etag string, rotten bool) *digest.Digests {
	blocks := max((in.Length+in.BlockSize-1)/in.BlockSize, 1)
	got := &digest.Digests{Length: in.Length, BlockSize: in.BlockSize, Algorithm: in.Algorithm}
	for i := range blocks {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %t", etag, in.Offset+i, rotten && in.Offset+in.Length == in.Size && i == blocks-1))
		got.Blocks = append(got.Blocks, sum[:]...)
		got.CRC64 ^= digest.CRC64(binary.BigEndian.Uint64(sum[:8]))
	}
	return got
}

// HashList implements comparebytes.Hasher.
func (d *disks) HashList(ctx context.Context, region string, list []hashbytes.Request) ([]hashbytes.Answer, error) {
	var answers []hashbytes.Answer
	d.lock.Lock()
	d.lists++
	err, stop := d.fail, d.stop
	d.lock.Unlock()
	if stop != nil {
		stop()
		err = errors.Join(err, ctx.Err())
	}
	for _, in := range list {
		if err != nil {
			return nil, err
		}
		var one hashbytes.Answer
		one, err = d.Hash(ctx, region, in)
		answers = append(answers, one)
	}
	return answers, err
}

// facts are what was left for the evidence.
type facts struct {
	lock    sync.Mutex
	records []evidence.Record
	names   map[string]bool
}

func (f *facts) Make(_ context.Context, name string, content []byte) (bool, error) {
	f.lock.Lock()
	defer f.lock.Unlock()
	if f.names[name] {
		return false, nil
	}
	f.names[name] = true
	for r, err := range evidence.Read(bytes.NewReader(content)) {
		if err != nil {
			return false, err
		}
		f.records = append(f.records, r)
	}
	return true, nil
}

// scrubbing is a stage that reads the bytes of everything once in so many days.
func scrubbing(t *testing.T, days int, versions ...held) (*stage, *disks) {
	t.Helper()
	now := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	f := &fake{t: t, most: 50}
	for i, name := range []string{primary, replica} {
		b := &bucket{name: name, region: []string{home, away}[i]}
		for _, v := range versions {
			v.made = now.Add(-100 * day)
			v.status = []string{"COMPLETED", "REPLICA"}[i]
			b.versions = append(b.versions, v)
		}
		f.buckets = append(f.buckets, b)
	}
	f.buckets[0].replication = newModel(1, 0, now).everything()
	o := of(t, f, func(o *audit.Options) { o.Started = now })
	s := newStage(t, f, o)
	audit.UnboundedParts(&s.Deployed)
	s.pace(10 * time.Millisecond)
	d := &disks{f: f, rotten: map[string]bool{}, denied: map[string]verdict.Found{}, read: map[string]int{}}
	s.Scrub = audit.Scrub{Days: days, Monthly: 1000, Comparer: comparebytes.Comparer{Hasher: d}}
	return s, d
}

// pace is how long it takes from one question for the time to the next.
func (s *stage) pace(tick time.Duration) {
	s.Now = func() time.Time { return s.Plan.Started.Add(time.Duration(s.now.Add(1)) * tick) }
}

// everything is a rule for all keys.
func (m *model) everything() string {
	m.prefix, m.markers = "", true
	return m.rule()
}

// objects are n of a size, alike on both sides.
func objects(n int, size int64) (all []held) {
	for i := range n {
		all = append(all, held{key: fmt.Sprintf("k%04d", i), id: fmt.Sprintf("v%04d", i), size: size, etag: fmt.Sprintf("%032x", i)})
		all[i].crc = crcOf(all[i])
	}
	return all
}

// scrub is the audit of some day.
func (s *stage) scrub(n int, change ...func(*audit.Order)) (audit.Summary, core.Report) {
	s.t.Helper()
	s.now.Store(0)
	order := audit.Order{Bucket: primary}
	for _, c := range change {
		c(&order)
	}
	summary, err := s.run(fmt.Sprintf("e%d", n), order)
	require.NoError(s.t, err)
	r := reports(s.t, s.folder(summary))[0]
	require.Equal(s.t, r.Listed, sum(r))
	s.Plan.Started = s.Plan.Started.Add(day)
	return summary, r
}

func TestTheBytesOfEveryVersionAreReadOnceInSoManyDays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const days, n = 10, 300
		s, d := scrubbing(t, days, objects(n, 5)...)
		left := &facts{names: map[string]bool{}}
		s.Facts = keepOnly{facts: left}
		total := int64(0)
		for i := range days {
			_, r := s.scrub(i)
			require.NotNil(t, r.Scrub)
			assert.Less(t, r.Scrub.Versions, int64(n/4), "in turns")
			assert.Zero(t, r.Scrub.Behind)
			assert.Equal(t, r.Scrub.Versions, r.Scrub.Equal)
			assert.Equal(t, 5*r.Scrub.Versions, r.Scrub.Bytes)
			assert.Equal(t, r.Scrub.Due, r.Scrub.Read)
			assert.GreaterOrEqual(t, r.Scrub.Due, 100)
			total += r.Scrub.Versions
			assert.InDelta(t, min(float64(total)/n, 1), r.Scrub.Within, 1e-9)
			assert.Equal(t, audit.AsItMustBe, r.Result)
		}
		_, r := s.scrub(days)
		assert.LessOrEqual(t, r.Scrub.Oldest, float64(days))
		assert.InDelta(t, 1, r.Scrub.Within, 0)
		for _, v := range d.f.buckets[0].versions {
			assert.Positive(t, d.read[diskOf(primary, v.id)], v.key)
			assert.Equal(t, d.read[diskOf(primary, v.id)], d.read[diskOf(replica, v.id)], v.key)
		}
		assert.LessOrEqual(t, d.lists, 8*(days+1), "many by one call: four calls a side")
		read := 0
		for _, r := range left.records {
			require.Equal(t, evidence.Scrub, r.Source)
			require.Equal(t, evidence.Told{Verdict: evidence.Verified, Evidence: verdict.BytesRead}, r.Told)
			read++
		}
		assert.EqualValues(t, total+r.Scrub.Versions, read, "each reading is evidence")
	})
}

// keepOnly is a store that facts are put into, and nothing else.
type keepOnly struct {
	keep.Store
	*facts
}

// Make implements keep.Store.
func (k keepOnly) Make(ctx context.Context, name string, content []byte) (bool, error) {
	return k.facts.Make(ctx, name, content)
}

// queued is a queue that keeps the bodies of what is sent.
type queued struct{ bodies []string }

// SendMessageBatch implements the queue of audit.Validation.
func (q *queued) SendMessageBatch(_ context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	for _, e := range in.Entries {
		q.bodies = append(q.bodies, *e.MessageBody)
	}
	return &sqs.SendMessageBatchOutput{}, nil
}

func TestBytesThatRottedAreFoundWithTheirSideAndStayAFindingUntilTheyAreEqual(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const days = 5
		s, d := scrubbing(t, days, objects(60, 5)...)
		var measures bytes.Buffer
		s.Metrics = &measures
		left := &facts{names: map[string]bool{}}
		s.Facts = keepOnly{facts: left}
		d.rotten[diskOf(replica, "v0017")] = true
		found := -1
		for i := range days + 3 {
			summary, r := s.scrub(i)
			items, _ := told(t, s.folder(summary))
			switch {
			case len(items) > 0 && found < 0:
				found = i
				assert.Equal(t, int64(1), summary.New)
				assert.Contains(t, measures.String(), `"ScrubDifferent":1`, "before the report")
			case found >= 0:
				assert.Zero(t, summary.New, "it is told once")
			}
			if found >= 0 {
				assert.Equal(t, map[string]string{"k0017|v0017": "finding CONTENT_MISMATCH"}, items)
				assert.Equal(t, []int64{1, 1}, []int64{r.Scrub.Open, summary.Open})
				assert.Contains(t, string(s.objects["audits/"+primary+"/scrub.json"]), `"open":[{"key":"k0017","versionId":"v0017","different":true,`)
				text, _ := fileOf(s, summary, "findings.jsonl")
				assert.Contains(t, text, `"damaged":"replica"`)
				assert.Contains(t, text, "the replica disagrees with its own stored CRC64NVME")
			}
		}
		require.GreaterOrEqual(t, found, 0)
		failed := slices.IndexFunc(left.records, func(r evidence.Record) bool { return r.Verdict == evidence.Failed })
		require.GreaterOrEqual(t, failed, 0)
		assert.Equal(t, evidence.Scrub, left.records[failed].Source)
		d.rotten = nil
		summary, r := s.scrub(days + 3)
		items, _ := told(t, s.folder(summary))
		assert.Empty(t, items)
		assert.Zero(t, r.Scrub.Open)
	})
}

// crcOf is what reading the bytes of a version comes to, where they are as they were written.
func crcOf(h held) string {
	in := hashbytes.Request{Length: h.size, Size: h.size, BlockSize: digest.BlockSize, Algorithm: digest.Algorithms()[0]}
	return (&disks{}).digests(in, h.etag, false).CRC64.String()
}

func fileOf(s *stage, of audit.Summary, name string) (string, bool) {
	content, there := s.objects[strings.TrimPrefix(of.Report, "s3://work/")+name]
	return string(content), there
}

func TestBytesThatCannotBeReadAreUnknownAskedForAgainAndReadInEachAudit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for found, want := range map[verdict.Found]struct {
			item  string
			times int // that it is read within one audit
		}{
			verdict.Denied:      {"unknown BYTES_NOT_READ", 3},
			verdict.Unreachable: {"unknown BYTES_NOT_READ", 5},
			verdict.SSEC:        {"unknown BYTES_NOT_READ", 1},
		} {
			s, d := scrubbing(t, 1, objects(3, 5)...)
			d.denied[diskOf(replica, "v0001")] = found
			for i := range 3 {
				d.read = map[string]int{}
				summary, r := s.scrub(i)
				items, _ := told(t, s.folder(summary))
				assert.Equal(t, map[string]string{"k0001|v0001": want.item}, items, found)
				assert.Equal(t, want.times, d.read[diskOf(replica, "v0001")], found)
				assert.Equal(t, int64(1), r.Scrub.Open)
				assert.Zero(t, r.Scrub.Behind)
			}
		}
	})
}

func TestWhereTheMoneyIsNotEnoughTheOldestIsReadAndTheRestIsTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := scrubbing(t, 2, objects(400, 1<<30)...)
		s.Scrub.Monthly = 0.2
		spent := 0.0
		for i := range 6 {
			_, r := s.scrub(i)
			spent += r.Scrub.Dollars
			assert.LessOrEqual(t, spent, 0.2/30.4375*float64(i+1)+1e-9)
			assert.Positive(t, r.Scrub.Behind)
			assert.Contains(t, strings.Join(r.Notes, "\n"), "parts in 1,000 of the versions are not read once in 2 days: that takes about $")
			assert.Contains(t, strings.Join(r.Notes, "\n"), "a month, and $0.20 is what it may cost")
		}
		assert.Positive(t, spent)
		for disk, n := range d.read {
			require.Equal(t, 1, n, "%s: nothing is read again while something was never read", disk)
		}
	})
}

func TestWhatIsOpenIsReadFirstAndStaysUnknownWhereTheMoneyIsGone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := scrubbing(t, 1, objects(4, 5)...)
		d.rotten[diskOf(primary, "v0002")] = true
		s.scrub(0)
		s.Scrub.Monthly = 1e-9
		summary, r := s.scrub(1)
		items, _ := told(t, s.folder(summary))
		assert.Equal(t, map[string]string{"k0002|v0002": "unknown BYTES_NOT_READ"}, items)
		text, _ := fileOf(s, summary, "findings.jsonl")
		assert.Contains(t, text, "the money of this scrub is not enough to read them again")
		assert.Equal(t, int64(1), r.Scrub.Open)
		assert.Zero(t, r.Scrub.Versions)
	})
}

func TestALargeObjectIsReadByManyPartsOneAfterTheOther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const tb = 1 << 40
		all := objects(4, 5)
		all[2].size = tb
		s, d := scrubbing(t, 1, all...)
		s.pace(30 * time.Second)
		_, r := s.scrub(0)
		assert.Equal(t, int64(4), r.Scrub.Equal)
		assert.Equal(t, tb/digest.RangeSize, d.read[diskOf(primary, "v0002")], "each range once")
		ranges := 0
		for key := range s.objects {
			if strings.Contains(key, "/ranges/") {
				ranges++
			}
		}
		assert.Greater(t, ranges, 3, "parts leave the ranges that they have read")
		d.rotten[diskOf(replica, "v0002")] = true
		summary, _ := s.scrub(1)
		text, _ := fileOf(s, summary, "findings.jsonl")
		assert.Contains(t, text, fmt.Sprintf("from byte %d on", tb-digest.BlockSize))
	})
}

func TestAPartThatIsLostLeavesItsSlicesDue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := scrubbing(t, 1, objects(40, 5)...)
		s.lose = func(step audit.Step, part int) bool {
			return step.Phase == audit.PhaseLook && step.Round > 0 && part == 0
		}
		_, r := s.scrub(0)
		assert.Less(t, r.Scrub.Read, r.Scrub.Due)
		s.lose = nil
		d.read = map[string]int{}
		_, r = s.scrub(1)
		assert.Zero(t, r.Scrub.Behind)
		assert.Len(t, d.read, 80)

		s.lose = func(step audit.Step, _ int) bool { return step.Phase == audit.PhaseList }
		d.read = map[string]int{}
		_, r = s.scrub(2)
		assert.Equal(t, "not all keys were listed", r.Scrub.Why)
		assert.Equal(t, 1000, r.Scrub.Behind)
		assert.Empty(t, d.read, "nothing is paid for that would be read again")
	})
}

func TestWhatIsOpenStaysOpenWhereNobodyHasSeenIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := scrubbing(t, 1, objects(4, 5)...)
		d.rotten[diskOf(primary, "v0002")] = true
		s.scrub(0)
		s.lose = func(step audit.Step, _ int) bool { return step.Phase == audit.PhaseList }
		s.scrub(1)
		s.lose = nil
		summary, r := s.scrub(2)
		items, _ := told(t, s.folder(summary))
		assert.Equal(t, map[string]string{"k0002|v0002": "finding CONTENT_MISMATCH"}, items)
		assert.Equal(t, int64(1), r.Scrub.Open)
		for _, b := range d.f.buckets {
			b.versions = slices.DeleteFunc(b.versions, func(h held) bool { return h.id == "v0002" })
		}
		_, r = s.scrub(3)
		assert.Zero(t, r.Scrub.Open, "it is gone")
	})
}

func TestClassesThatChargeForReadingAreLeftOutUnlessTheyAreNamed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all := objects(9, 1<<30)
		for i, class := range []string{"", "STANDARD_IA", "GLACIER", "DEEP_ARCHIVE", "GLACIER"} {
			all[i].class = class
		}
		s, d := scrubbing(t, 1, all...)
		d.f.buckets[1].versions[8].class = "ONEZONE_IA"
		_, r := s.scrub(0)
		assert.Equal(t, int64(4), r.Scrub.Equal)
		assert.Equal(t, int64(2), r.Scrub.LeftOut["GLACIER"].Versions)
		assert.Equal(t, int64(1), r.Scrub.LeftOut["ONEZONE_IA"].Versions, "of the replica alone")
		notes := strings.Join(r.Notes, "\n")
		assert.Contains(t, notes, "1 versions, 1.00 GB, are in STANDARD_IA and were not read: once costs about $0.02; ScrubClasses names the classes that are read")
		assert.Contains(t, notes, "2 versions, 2.00 GB, are in GLACIER and were never read: a job of S3 Batch Operations that computes checksums reads them without a restore, for about $0.25 on each side")
		assert.Zero(t, d.read[diskOf(primary, "v0001")])
		s.Plan.Classes = []string{"", "STANDARD_IA"}
		_, r = s.scrub(1)
		assert.Equal(t, int64(5), r.Scrub.Equal)
		assert.Positive(t, d.read[diskOf(primary, "v0001")])
	})
}

func TestAnAuditOfAPrefixAndOneWithoutDaysReadNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := scrubbing(t, 1, objects(4, 5)...)
		_, r := s.scrub(0, func(o *audit.Order) { o.Prefix = "k" })
		assert.Nil(t, r.Scrub)
		s.Scrub.Days = 0
		_, r = s.scrub(1)
		assert.Nil(t, r.Scrub)
		assert.Empty(t, d.read)
		assert.NotContains(t, s.objects, "audits/"+primary+"/scrub.json")
	})
}

func TestEachLevelReadsAndALevelWithLooksStillLooks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, level := range []core.Level{core.Listed, core.Rest, core.AllLooked} {
			s, d := scrubbing(t, 1, objects(4, 5)...)
			d.rotten[diskOf(primary, "v0002")] = true
			s.Plan.Level = level
			var heads atomic.Int64
			d.f.before = func(_ int, r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodHead && strings.Contains(r.URL.Path, "/k") {
					heads.Add(1)
				}
				return nil, nil
			}
			summary, r := s.scrub(0)
			items, _ := told(t, s.folder(summary))
			assert.Equal(t, map[string]string{"k0002|v0002": "finding CONTENT_MISMATCH"}, items, level)
			i := slices.IndexFunc(r.Counts, func(c core.Count) bool { return c.Category == core.Compared })
			require.GreaterOrEqual(t, i, 0)
			assert.Equal(t, []any{verdict.BytesRead, int64(3)}, []any{r.Counts[i].Evidence, r.Counts[i].Versions}, level)
			assert.Equal(t, map[core.Level]int64{core.Listed: 2, core.Rest: 4, core.AllLooked: 10}[level], heads.Load(), level)
		}
	})
}

func TestHashBytesThatFailsIsTriedAgainByTheNextAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := scrubbing(t, 1, objects(4, 5)...)
		d.fail = fmt.Errorf("throttled: %w", context.DeadlineExceeded)
		_, err := s.run("e1", audit.Order{Bucket: primary})
		require.ErrorContains(t, err, "throttled")
		d.fail = nil
		_, r := s.scrub(1)
		assert.Equal(t, int64(4), r.Scrub.Equal)

		d.fail = errors.New("a fault that stays")
		summary, r := s.scrub(2)
		assert.Contains(t, summary.Cut, "a fault that stays")
		assert.Positive(t, r.Scrub.Behind)
	})
}

func TestAFindingOfBytesGoesToNoValidation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := scrubbing(t, 1, objects(4, 5)...)
		d.rotten[diskOf(primary, "v0002")] = true
		queue := &queued{}
		s.Validation = &audit.Validation{Queue: queue, URL: "u", Bytes: 10_000}
		d.f.buckets[1].versions = slices.DeleteFunc(slices.Clone(d.f.buckets[1].versions), func(h held) bool { return h.id == "v0003" })
		summary, _ := s.scrub(0)
		assert.Equal(t, int64(2), summary.Findings)
		assert.Equal(t, 1, summary.Validated)
		require.Len(t, queue.bodies, 1)
		assert.Contains(t, queue.bodies[0], "v0003")
		items, _ := told(t, s.folder(summary))
		assert.Equal(t, "finding "+string(reason.ContentMismatch), items["k0002|v0002"])
	})
}

func TestReadingKeepsToTheRateOfTheAudit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := scrubbing(t, 1, objects(3, 3*digest.BlockSize)...)
		s.Rate = 20
		began := time.Now()
		_, r := s.scrub(0)
		assert.Equal(t, int64(3), r.Scrub.Equal)
		const gets, burst = 18, 2
		assert.GreaterOrEqual(t, time.Since(began), time.Second*(gets-burst)/20)
		assert.NotContains(t, r.Requests, "GetObject", "it has money of its own")
	})
}

func TestAPartHasTimeForWhatItDoesAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := scrubbing(t, 1, objects(30, 5)...)
		s.Rate, s.AtOnce = 40, 1000
		by := audit.Execution{ID: "arn:e", Name: "e", Start: s.Plan.Started}
		step, err := do[audit.Step](t, s.Deployed, audit.Request{Operation: audit.OpPlan, Execution: by, Order: &audit.Order{Bucket: primary}})
		require.NoError(t, err)
		assert.LessOrEqual(t, step.Concurrency, 4)
	})
}

func TestNoMorePartsLookThanTheRateIsWorth(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := scrubbing(t, 1, objects(30, 20<<30)...)
		audit.BoundedParts(&s.Deployed)
		s.Rate, s.AtOnce = 350, 1000
		s.lose = func(step audit.Step, _ int) bool {
			if step.Phase == audit.PhaseLook {
				assert.LessOrEqual(t, step.Concurrency, 3)
			}
			return false
		}
		_, r := s.scrub(0)
		assert.Equal(t, int64(30), r.Scrub.Equal)
	})
}
