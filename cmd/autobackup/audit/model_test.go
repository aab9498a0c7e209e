package audit_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// lifecycle is a rule that removes noncurrent versions, or makes delete markers and
// removes old ones.
type lifecycle struct {
	prefix             string
	noncurrent, expire int // days; 0: not
}

func (l lifecycle) xml() string {
	if l == (lifecycle{}) {
		return ""
	}
	actions := ""
	if l.noncurrent > 0 {
		actions += fmt.Sprintf("<NoncurrentVersionExpiration><NoncurrentDays>%d</NoncurrentDays></NoncurrentVersionExpiration>", l.noncurrent)
	}
	if l.expire > 0 {
		actions += fmt.Sprintf("<Expiration><Days>%d</Days></Expiration>", l.expire)
	}
	return "<LifecycleConfiguration><Rule><ID>tidy</ID><Status>Enabled</Status><Filter><Prefix>" + xmlText(l.prefix) + "</Prefix></Filter>" + actions + "</Rule></LifecycleConfiguration>"
}

// removes says whether the rule was due to remove a version. One that nobody replaced
// may have been expired, which makes it noncurrent; a marker goes once nothing is below
// it.
func (l lifecycle) removes(v held, superseded, now time.Time) bool {
	days := func(n int, since time.Time) bool {
		return n > 0 && !since.IsZero() && !since.Add(time.Duration(n)*day).After(now)
	}
	if superseded.IsZero() && !v.marker && days(l.expire, v.made) {
		superseded = v.made.Add(time.Duration(l.expire) * day)
	}
	due := days(l.noncurrent, superseded)
	if v.marker {
		due = days(l.noncurrent, v.made) && (due || days(l.expire, v.made))
	}
	return strings.HasPrefix(v.key, l.prefix) && due
}

func (l lifecycle) marks(key string) bool { return l.expire > 0 && strings.HasPrefix(key, l.prefix) }

const day = 24 * time.Hour

// model is a pair of buckets under random operations. It knows what it did to every
// version, and by that what a report must say of it.
type model struct {
	random         *rand.Rand
	now            time.Time
	prefix         string // of the keys that the rule covers
	markers, kms   bool   // that the rule replicates
	tidy           [2]lifecycle
	sides          [2]map[string][]held // by key
	made           int
	deadline, late time.Duration // of replication, of erasures
}

func newModel(seed uint64, keys int, now time.Time) *model {
	r := rand.New(rand.NewPCG(seed, 0)) // #nosec G404: a test's, to be repeated
	m := &model{random: r, now: now, markers: r.IntN(2) == 0, kms: r.IntN(2) == 0, deadline: time.Hour, late: 30 * day, sides: [2]map[string][]held{{}, {}}}
	m.prefix = pick(r, "", "", "a", "\uff5e")
	for i := range m.tidy {
		m.tidy[i] = lifecycle{prefix: pick(r, "", "a", "b"), noncurrent: pick(r, 0, 0, 10, 50), expire: pick(r, 0, 0, 30)}
		if m.tidy[i].noncurrent+m.tidy[i].expire == 0 {
			m.tidy[i] = lifecycle{}
		}
	}
	for range keys {
		m.key()
	}
	return m
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// alphabet has what sorts otherwise in UTF-16, what must be encoded, and ends of ranges.
var alphabet = []string{"a", "b", "a", "/", "\x01", "\x1f", " ", "+", "%", "&", "~", "\x7f", "é", "\ud7ff", "\ue000", "\uff5e", "\U0001f600", "\U0010ffff"}

// key is one more key, with the history of its versions.
func (m *model) key() {
	var key strings.Builder
	for range 1 + m.random.IntN(5) {
		key.WriteString(pick(m.random, alphabet...))
	}
	name := key.String()
	if m.random.IntN(50) == 0 { // as long as keys may be
		name += strings.Repeat("x", 1024-len(name))
	}
	if m.sides[0][name] != nil || m.sides[1][name] != nil {
		return
	}
	for range 1 + m.random.IntN(6) {
		m.version(name)
	}
}

// version is one operation that makes a version, and what became of it.
func (m *model) version(key string) {
	m.made++
	v := held{key: key, id: fmt.Sprintf("v%d", m.made), made: m.now.Add(-pick(m.random, time.Minute, 2*day, 20*day, 60*day, 400*day))}
	switch m.random.IntN(6) {
	case 0:
		v.marker = true
	case 1:
		if !slices.ContainsFunc(slices.Concat(m.sides[0][key], m.sides[1][key]), func(h held) bool { return h.id == "null" }) {
			v.id = "null"
		}
	}
	if !v.marker {
		m.content(&v)
	}
	covered := strings.HasPrefix(key, m.prefix) && v.id != "null" && (!v.marker || m.markers) && (!v.kms || m.kms)
	switch fate := m.random.IntN(20); {
	case fate == 0: // somebody writes into the replica
		m.hold(1, v)
	case !covered || fate == 1: // or it is from before the rule
		m.hold(0, v)
	case fate == 2:
		v.status = "PENDING"
		m.hold(0, v)
	case fate == 3:
		v.status = "FAILED"
		m.hold(0, v)
	case fate == 4: // a replica of a third bucket
		v.status = "REPLICA"
		m.hold(0, v)
	case fate == 5: // deleted by its id on the primary
		v.status = "REPLICA"
		m.hold(1, v)
	case fate == 6: // deleted by its id on the replica
		v.status = "COMPLETED"
		m.hold(0, v)
	default:
		v.status = "COMPLETED"
		m.hold(0, v)
		m.hold(1, m.replicated(v))
	}
}

func (m *model) hold(side int, v held) { m.sides[side][v.key] = append(m.sides[side][v.key], v) }

func (m *model) hex() string { return fmt.Sprintf("%016x%016x", m.random.Uint64(), m.random.Uint64()) }

func (m *model) sum() string { return fmt.Sprintf("%08xAAA=", m.random.Uint32()) } // 8 bytes in base64

func (m *model) content(v *held) {
	v.size, v.etag = m.random.Int64N(1000), m.hex()
	switch m.random.IntN(5) {
	case 0:
		v.etag += "-3"
		v.crc = m.sum()
	case 1:
		v.kms = true
		v.crc = m.sum()
	case 2:
		v.kms = true
	case 3:
		v.class = "GLACIER"
	}
}

// replicated is what the replica holds of a version: the same, or damaged.
func (m *model) replicated(v held) held {
	v.status = "REPLICA"
	if v.marker {
		return v
	}
	if v.kms { // each side has a key of its own, so that its ETag is its own
		v.etag = m.hex()
	}
	switch m.random.IntN(20) {
	case 0:
		v.size++
	case 1:
		v.etag = m.hex()
		if v.crc != "" {
			v.crc = m.sum()
		}
	case 2: // uploaded in other parts
		v.etag = m.hex() + "-2"
	}
	return v
}

// fake is an S3 with both buckets.
func (m *model) fake(t testing.TB) *fake {
	f := &fake{t: t, most: 5}
	for i, name := range []string{primary, replica} {
		b := &bucket{name: name, region: []string{home, away}[i], lifecycle: m.tidy[i].xml()}
		for _, versions := range m.sides[i] { // of one moment, each side has its own order
			m.random.Shuffle(len(versions), func(a, b int) { versions[a], versions[b] = versions[b], versions[a] })
			slices.SortStableFunc(versions, func(a, b held) int { return b.made.Compare(a.made) })
			b.versions = append(b.versions, versions...)
		}
		slices.SortStableFunc(b.versions, func(a, b held) int { return cmp.Compare(a.key, b.key) })
		f.buckets = append(f.buckets, b)
	}
	f.buckets[0].replication = m.rule()
	return f
}

func (m *model) rule() string {
	word := map[bool]string{true: "Enabled", false: "Disabled"}
	return "<ReplicationConfiguration><Role>arn:aws:iam::111122223333:role/r</Role><Rule><ID>all</ID><Priority>1</Priority><Status>Enabled</Status>" +
		"<Filter><Prefix>" + xmlText(m.prefix) + "</Prefix></Filter><SourceSelectionCriteria><SseKmsEncryptedObjects><Status>" + word[m.kms] + "</Status></SseKmsEncryptedObjects></SourceSelectionCriteria>" +
		"<DeleteMarkerReplication><Status>" + word[m.markers] + "</Status></DeleteMarkerReplication>" +
		"<Destination><Bucket>arn:aws:s3:::" + replica + "</Bucket></Destination></Rule></ReplicationConfiguration>"
}

// want is what a report must say of every version, by key and version id.
func (m *model) want(looked bool) map[string]string {
	all := map[string]string{}
	for i, side := range m.sides {
		for key, versions := range side {
			var newer held
			for _, v := range versions {
				partner := slices.IndexFunc(m.sides[1-i][key], func(h held) bool { return h.id == v.id })
				name := key + "|" + v.id
				switch {
				case partner < 0 && i == 0:
					all[name] = m.missing(v, newer, looked)
				case partner < 0:
					all[name] = m.surplus(v, newer)
				case i == 0:
					all[name] = same(v, m.sides[1][key][partner], looked)
				}
				newer = v
			}
		}
	}
	return all
}

// unlooked is what listings alone tell of a version of which looks tell more.
func (m *model) unlooked(name, what string) string {
	key, id, _ := strings.Cut(name, "|")
	var on [2]bool
	var young bool
	for i, side := range m.sides {
		on[i] = slices.ContainsFunc(side[key], func(h held) bool { return h.id == id })
		young = young || slices.ContainsFunc(side[key], func(h held) bool { return h.id == id && m.now.Sub(h.made) < m.deadline })
	}
	shown := []string{"alike ", "finding SIZE_MISMATCH", "expected NULL_VERSION", "expected YOUNG", "expected NOT_COVERED", "expected MARKER_NOT_REPLICATED",
		"expected LIFECYCLE_ON_REPLICA", "expected LIFECYCLE_ON_PRIMARY"}
	switch marker := slices.ContainsFunc(m.sides[0][key], func(h held) bool { return h.id == id && h.marker }); {
	case slices.Contains(shown, what) || what == "compared " && marker:
		return what
	case on[0] && on[1]:
		return "unknown DIFFERENT_NOT_LOOKED_AT"
	case young:
		return "expected YOUNG"
	case on[0]:
		return "unknown MISSING_NOT_LOOKED_AT"
	default:
		return "unknown SURPLUS_NOT_LOOKED_AT"
	}
}

// same is for a version of both sides, which somebody may have damaged on one.
func same(p, r held, looked bool) string {
	multipart := func(v held) bool { return strings.Contains(v.etag, "-") }
	switch equal := p.etag == r.etag; {
	case p.marker:
		return "compared "
	case p.size != r.size:
		return "finding SIZE_MISMATCH"
	case equal && !looked:
		return "alike "
	case p.crc != "" && p.crc == r.crc, p.crc == "" && equal && !p.kms && !multipart(p):
		return "compared "
	case p.crc != "" && p.crc != r.crc, !p.kms && !r.kms && !multipart(p) && !multipart(r):
		return "finding CONTENT_MISMATCH"
	default:
		return "unknown INCONCLUSIVE"
	}
}

func (m *model) missing(v, newer held, looked bool) string {
	covered := strings.HasPrefix(v.key, m.prefix)
	unmarked := covered && newer.marker && !m.markers // there, nothing made it noncurrent
	switch {
	case v.id == "null" && covered:
		return "expected NULL_VERSION"
	case v.status != "" && looked: // as below
	case !covered:
		return "expected NOT_COVERED"
	case v.marker && !m.markers:
		return "expected MARKER_NOT_REPLICATED"
	}
	young := m.now.Sub(v.made) < m.deadline
	switch {
	case young && (v.status == "PENDING" || v.status == "" && v.marker):
		return "expected YOUNG"
	case !unmarked && m.tidy[1].removes(v, newer.made, m.now) && (!looked || v.status == "" || v.status == "COMPLETED" || v.status == "PENDING"):
		return "expected LIFECYCLE_ON_REPLICA"
	case v.status == "COMPLETED" && v.marker, v.status == "PENDING" && v.marker:
		return "finding MARKER_MISSING"
	case v.status == "COMPLETED", v.status == "PENDING":
		return "finding REPLICA_MISSING"
	case v.status == "FAILED":
		return "finding REPLICATION_FAILED"
	case v.status == "REPLICA":
		return "finding REPLICA_NOT_REPLICATED"
	case v.marker && m.tidy[0].marks(v.key):
		return "expected LIFECYCLE_MARKER"
	case v.marker:
		return "finding MARKER_MISSING"
	case v.kms && !m.kms, v.class == "GLACIER":
		return "expected LEFT_OUT"
	default:
		return "expected BEFORE_RULE"
	}
}

func (m *model) surplus(v, newer held) string {
	age := m.now.Sub(v.made)
	switch {
	case v.id == "null":
		return "expected NULL_VERSION"
	case !strings.HasPrefix(v.key, m.prefix):
		return "expected NOT_COVERED"
	case m.tidy[0].removes(v, newer.made, m.now):
		return "expected LIFECYCLE_ON_PRIMARY"
	case v.status == "REPLICA" && age < m.late:
		return "expected ERASURE_RECENT"
	case v.status == "REPLICA":
		return "finding NOT_ERASED"
	case v.marker && m.tidy[1].marks(v.key):
		return "expected LIFECYCLE_MARKER"
	default:
		return "finding REPLICA_ONLY"
	}
}
