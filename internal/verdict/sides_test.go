package verdict_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

const (
	sha1A = "qvTGHdzF6KLavt4PO0gs2a6pQ00="
	md5A  = `"5d41402abc4b2a76b9719d911017c592"`
	md5B  = `"7d793037a0760186574b0282f2f435e7"`

	deadline       = time.Hour
	markerDeadline = 2 * time.Hour
)

var (
	policy = verdict.Policy{Deadline: deadline, MarkerDeadline: markerDeadline}
	reads  = verdict.Policy{Deadline: deadline, MarkerDeadline: markerDeadline, Bytes: verdict.ByteVerification{Inconclusive: true}}
	always = verdict.Policy{Deadline: deadline, MarkerDeadline: markerDeadline, Bytes: verdict.ByteVerification{Inconclusive: true, PerMille: 1000}}
	strict = verdict.Policy{Deadline: deadline, MarkerDeadline: markerDeadline, AlertMetadata: true}
)

// first is the first look, before any waiting.
var first = verdict.Progress{Looks: 1, Unread: 1, GaveUp: 1, Gone: 1, Differing: 1}

// waited is progress late in a wait, at a look that shows for the first time what
// it shows.
func waited(d time.Duration) verdict.Progress {
	p := first
	p.Looks, p.Waited = 20, int(d/time.Second)
	return p
}

// looks is progress at which only the looks in all tell anything.
func looks(n int) verdict.Progress { return verdict.Progress{Looks: n} }

// Each of these is progress long after any deadline at which only the named looks
// in a row tell anything.
func unread(n int) verdict.Progress {
	return verdict.Progress{Looks: 40, Unread: n, Waited: 2 * 3600}
}
func gone(n int) verdict.Progress { return verdict.Progress{Looks: 40, Gone: n, Waited: 2 * 3600} }
func differing(n int) verdict.Progress {
	return verdict.Progress{Looks: 40, Differing: n, Waited: 2 * 3600}
}

// gaveUp is progress before the deadline, with this many looks in a row at which
// one replica was missing of a version marked as FAILED.
func gaveUp(n int) verdict.Progress {
	return verdict.Progress{Looks: 40, GaveUp: n, Waited: int(deadline/time.Second) - 1}
}

// told is S3's notification that it gave up a replication to docs-replica.
func told(change bool) verdict.Event {
	return verdict.Event{GaveUp: &verdict.GaveUp{Destination: "docs-replica", Change: change, Cause: "DstBucketNotFound"}}
}

// change is one thing about a side that a test is about.
type change func(*verdict.Replica)

func side(bucket, region string, changes []change) verdict.Replica {
	r := verdict.Replica{Side: verdict.Side{
		Bucket: bucket, Region: region, Found: verdict.Object, Size: 5,
		ETag: md5A, Encryption: "AES256",
	}}
	for _, c := range changes {
		c(&r)
	}
	return r
}

func primary(changes ...change) verdict.Side {
	return side("docs-primary", "eu-central-1", append([]change{status("PENDING")}, changes...)).Side
}

func replica(changes ...change) verdict.Replica {
	return side("docs-replica", "eu-west-1", append([]change{status("REPLICA")}, changes...))
}

func second(changes ...change) verdict.Replica {
	return side("docs-second", "us-east-2", append([]change{status("REPLICA")}, changes...))
}

func status(s string) change            { return func(x *verdict.Replica) { x.Replication = s } }
func found(f verdict.Found) change      { return func(x *verdict.Replica) { x.Found = f } }
func because(detail string) change      { return func(x *verdict.Replica) { x.Detail = detail } }
func size(n int64) change               { return func(x *verdict.Replica) { x.Size = n } }
func tag(e string) change               { return func(x *verdict.Replica) { x.ETag = e } }
func encrypted(e string) change         { return func(x *verdict.Replica) { x.Encryption = e } }
func class(c string) change             { return func(x *verdict.Replica) { x.Class = c } }
func sums(m map[string]string) change   { return func(x *verdict.Replica) { x.Checksums = m } }
func checksumType(t string) change      { return func(x *verdict.Replica) { x.ChecksumType = t } }
func expires(rule string) change        { return func(x *verdict.Replica) { x.Expires = rule } }
func parts(p verdict.Parts) change      { return func(x *verdict.Replica) { x.Parts = &p } }
func wasRead(b verdict.Bytes) change    { return func(x *verdict.Replica) { x.Bytes = &b } }
func shows(m verdict.Metadata) change   { return func(x *verdict.Replica) { x.Metadata = &m } }
func ignoresMarkers(x *verdict.Replica) { x.IgnoresMarkers = true }
func ignoresKMS(x *verdict.Replica)     { x.IgnoresKMS = true }
func byTag(x *verdict.Replica)          { x.ByTag = true }
func absent(x *verdict.Replica) {
	x.Side = verdict.Side{Bucket: x.Bucket, Region: x.Region, Found: verdict.Missing}
}
func marker(x *verdict.Replica)        { x.Found, x.Size, x.ETag, x.Encryption = verdict.Marker, 0, "", "" }
func quoted(hex, suffix string) string { return strings.TrimSuffix(hex, `"`) + suffix + `"` }

// silent is an object of which nothing that S3 stores tells the content.
var silent = encrypted("aws:kms")

var crcA, crcB = map[string]string{"CRC64NVME": "AAAAAAAAAAE="}, map[string]string{"CRC64NVME": "AAAAAAAAAAI="}

func look(p verdict.Side, replicas ...verdict.Replica) verdict.Look {
	return verdict.Look{Primary: p, Replicas: replicas}
}

// row is one row of the tables in the package comment.
type row struct {
	name     string
	event    verdict.Event
	look     verdict.Look
	progress verdict.Progress // first where it is not set
	policy   verdict.Policy   // policy where it is not set
	want     string           // see brief
	detail   string           // a part of a detail
}

func try(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if r.progress == (verdict.Progress{}) {
				r.progress = first
			}
			if r.policy == (verdict.Policy{}) {
				r.policy = policy
			}
			got := verdict.Judge(r.event, r.look, r.progress, r.policy)
			assert.Equal(t, r.want, brief(got.Outcome, got.Reason, got.Evidence), "%+v", got)
			details := got.Detail
			for _, e := range got.Replicas {
				details += "\n" + e.Detail
			}
			assert.Contains(t, details, r.detail)
		})
	}
}

// brief is an outcome with what it rests on: "verified multipart ETag", "lagging
// ACCESS_DENIED".
func brief(o verdict.Outcome, code reason.Code, e verdict.Evidence) string {
	return strings.Join(strings.Fields(string(o)+" "+string(code)+" "+string(e)), " ")
}

// entries are the verdicts on the replicas, brief.
func entries(v verdict.Verdict) (list []string) {
	for _, e := range v.Replicas {
		list = append(list, e.Bucket+": "+brief(e.Outcome, e.Reason, e.Evidence))
	}
	return list
}
