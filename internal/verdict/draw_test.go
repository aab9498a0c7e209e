package verdict_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"autobackup/internal/checksum"
	"autobackup/internal/verdict"
)

// input is all that a verdict rests on.
type input struct {
	Event    verdict.Event
	Look     verdict.Look
	Progress verdict.Progress
	Policy   verdict.Policy
}

func (in input) judge() verdict.Verdict {
	return verdict.Judge(in.Event, in.Look, in.Progress, in.Policy)
}

// anyInput draws every field of every fact. What is not known here, too large or
// hostile comes now and then; two sides are alike often enough to be verified.
var anyInput = rapid.Custom(func(t *rapid.T) input {
	in := input{Event: anyEvent.Draw(t, "event"), Look: verdict.Look{Primary: anySide.Draw(t, "primary")},
		Progress: anyProgress.Draw(t, "progress"), Policy: anyPolicy.Draw(t, "policy")}
	if rare.Draw(t, "unsupported") {
		in.Look.Unsupported = anyText.Draw(t, "why")
	}
	if rare.Draw(t, "unread") {
		why := anyRead.Draw(t, "tags")
		in.Look.Unread = &why
	}
	in.Look.Unselected = rare.Draw(t, "unselected")
	for range rapid.IntRange(0, verdict.MaxReplicas+1).Draw(t, "replicas") {
		in.Look.Replicas = append(in.Look.Replicas, like(t, in.Look.Primary))
	}
	return in
})

// like draws a replica, mostly one that shows what the primary does.
func like(t *rapid.T, primary verdict.Side) verdict.Replica {
	r := verdict.Replica{
		Side: anySide.Draw(t, "replica"), IgnoresMarkers: rapid.Bool().Draw(t, "ignores markers"), IgnoresKMS: rapid.Bool().Draw(t, "ignores KMS"), ByTag: rapid.Bool().Draw(t, "by tag"),
		Expires: oneOf("", "rule-1").Draw(t, "expires"), Parts: rapid.Ptr(anyParts, true).Draw(t, "parts"), Bytes: rapid.Ptr(anyBytes, true).Draw(t, "bytes"),
	}
	other := r.Side
	how := rapid.SampledFrom([]string{"equal", "equal", "equal", "another", "content", "metadata", "missing"}).Draw(t, "how")
	if how != "another" {
		r.Side = primary
		r.Bucket, r.Region, r.Replication = other.Bucket, other.Region, other.Replication
	}
	switch how {
	case "content":
		r.ETag, r.Checksums, r.Encryption = other.ETag, other.Checksums, other.Encryption
	case "metadata":
		r.Metadata = other.Metadata
	case "missing":
		r.Found = verdict.Missing
	}
	return r
}

// oneOf draws a known value, or now and then what only a broken or hostile
// server would send.
func oneOf(known ...string) *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(known), rapid.SampledFrom(known), rapid.SampledFrom(known), rapid.SampledFrom(known), anyText)
}

var (
	anyText    = rapid.OneOf(rapid.String(), rapid.Just(strings.Repeat("'\x00é", 500)))
	anyBucket  = oneOf("docs-one", "docs-two", "docs-three", "docs-four", "docs-five")
	anyFound   = rapid.Map(oneOf("object", "object", "object", "object", "object", "object", "object", "object", "object", "delete marker", "delete marker", "missing", "missing", "denied", "unreachable", "sse-c", "archived", "no reader"), toFound)
	rare       = rapid.SampledFrom(append(slices.Repeat([]bool{false}, 19), true))
	anyDetail  = rapid.OneOf(rapid.Just(""), anyText)
	anySeconds = rapid.OneOf(rapid.IntRange(0, 20000), rapid.SampledFrom([]int{0, math.MinInt, math.MaxInt}))
	anyCount   = rapid.OneOf(rapid.IntRange(0, 9), rapid.SampledFrom([]int{-1, math.MinInt, math.MaxInt}))
	anySize    = rapid.SampledFrom([]int64{0, 5, 5, 5, 5, 5, 3 << 30, 50e12, math.MinInt64, math.MaxInt64})
)

func toFound(s string) verdict.Found { return verdict.Found(s) }

var anyEvent = rapid.Custom(func(t *rapid.T) verdict.Event {
	return verdict.Event{Marker: rapid.Bool().Draw(t, "marker"), Lifecycle: rare.Draw(t, "lifecycle"), Unversioned: rare.Draw(t, "unversioned"),
		Draw: rapid.IntRange(0, 999).Draw(t, "draw"), GaveUp: rapid.Ptr(anyGaveUp, true).Draw(t, "gave up")}
})

var anyGaveUp = rapid.Custom(func(t *rapid.T) verdict.GaveUp {
	return verdict.GaveUp{Destination: anyBucket.Draw(t, "destination"), Change: rapid.Bool().Draw(t, "change"), Cause: oneOf("", "DstBucketNotFound").Draw(t, "cause")}
})

var anyProgress = rapid.Custom(func(t *rapid.T) verdict.Progress {
	return verdict.Progress{Looks: anyCount.Draw(t, "looks"), Waited: anySeconds.Draw(t, "waited"), Unread: anyCount.Draw(t, "unread"),
		GaveUp: anyCount.Draw(t, "gave up"), Gone: anyCount.Draw(t, "gone"), Differing: anyCount.Draw(t, "differing"), Aged: rapid.Bool().Draw(t, "aged")}
})

var anyPolicy = rapid.Custom(func(t *rapid.T) verdict.Policy {
	deadline := rapid.OneOf(rapid.SampledFrom([]time.Duration{0, 1, 5 * time.Minute, 4 * time.Hour, math.MaxInt64}), rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.Int64Range(0, 1<<45).Draw(t, "nanoseconds"))
	}))
	return verdict.Policy{Deadline: deadline.Draw(t, "deadline"), MarkerDeadline: deadline.Draw(t, "markers"), AlertMetadata: rapid.Bool().Draw(t, "alert"),
		Bytes: verdict.ByteVerification{Inconclusive: rapid.Bool().Draw(t, "inconclusive"), PerMille: rapid.SampledFrom([]int{0, 0, 500, 1000}).Draw(t, "per mille")}}
})

var anySide = rapid.Custom(func(t *rapid.T) verdict.Side {
	return verdict.Side{
		Bucket: anyBucket.Draw(t, "bucket"), Region: oneOf("eu-west-1", "").Draw(t, "region"), Found: anyFound.Draw(t, "found"), Detail: anyDetail.Draw(t, "detail"),
		Size:       anySize.Draw(t, "size"),
		ETag:       oneOf("", md5A, md5B, quoted(md5A, "-2"), quoted(md5B, "-2"), quoted(md5A, "-3")).Draw(t, "etag"),
		Encryption: oneOf("", "AES256", "aws:kms", "aws:kms:dsse", "SSE-C").Draw(t, "encryption"), Class: oneOf("", "GLACIER", "DEEP_ARCHIVE", "STANDARD_IA").Draw(t, "class"),
		Checksums: anyChecksums.Draw(t, "checksums"), ChecksumType: oneOf("", "", "FULL_OBJECT", "COMPOSITE").Draw(t, "type"),
		Replication: oneOf("", "PENDING", "COMPLETED", "FAILED", "REPLICA").Draw(t, "status"), Metadata: rapid.Ptr(anyMetadata, true).Draw(t, "metadata"),
	}
})

var anyChecksums = rapid.Custom(func(t *rapid.T) map[string]string {
	sums := map[string]string{}
	for range rapid.IntRange(0, 2).Draw(t, "sums") {
		a := rapid.SampledFrom([]checksum.Algorithm{checksum.CRC64NVME, checksum.CRC64NVME, checksum.CRC32, checksum.SHA1, checksum.SHA256}).Draw(t, "algorithm")
		v := value(a, rapid.SampledFrom([]string{"1", "2"}).Draw(t, "content"))
		sums[string(a)] = oneOf(v, v, v+"-2", v+"-3").Draw(t, "value")
	}
	if len(sums) == 0 {
		return nil
	}
	return sums
})

var anyMetadata = rapid.Custom(func(t *rapid.T) verdict.Metadata {
	one := rapid.SampledFrom([]string{"", "1", "1", "1", "1", "2"})
	return verdict.Metadata{Headers: one.Draw(t, "headers"), User: one.Draw(t, "user"), Retention: one.Draw(t, "retention"), LegalHold: one.Draw(t, "hold"),
		Tags: rapid.SampledFrom([]string{"", "1", "1", "2", verdict.TagsUnread}).Draw(t, "tags")}
})

var anyParts = rapid.Custom(func(t *rapid.T) verdict.Parts {
	return verdict.Parts{Algorithm: checksum.Algorithm(oneOf("CRC32", "SHA256", "").Draw(t, "algorithm")), Equal: rapid.Bool().Draw(t, "equal"), Sum: oneOf("", "AAAAAA==").Draw(t, "sum"),
		Offset: anySize.Draw(t, "offset"), Length: rapid.SampledFrom([]int64{0, 0, 5, -5}).Draw(t, "length"), Detail: anyDetail.Draw(t, "detail")}
})

var anyBytes = rapid.Custom(func(t *rapid.T) verdict.Bytes {
	b := verdict.Bytes{Primary: anyRead.Draw(t, "primary"), Replica: anyRead.Draw(t, "replica"), Different: rapid.Ptr(rapid.Custom(func(t *rapid.T) checksum.Piece {
		return checksum.Piece{Offset: anySize.Draw(t, "offset"), Length: anySize.Draw(t, "length")}
	}), true).Draw(t, "different"), Error: oneOf("", "", "", "States.Timeout").Draw(t, "error")}
	if rapid.Bool().Draw(t, "all read and equal") {
		b = equalBytes
	}
	return b
})

var anyRead = rapid.Custom(func(t *rapid.T) verdict.Read {
	return verdict.Read{Found: anyFound.Draw(t, "found"), Detail: anyDetail.Draw(t, "detail"), CRC64NVME: oneOf("", readA, readB, value(checksum.CRC64NVME, "1")).Draw(t, "crc")}
})

func TestEveryFieldOfEveryFactIsDrawn(t *testing.T) {
	drawn := map[string]map[string]bool{}
	for seed := range 2000 {
		collect("input", reflect.ValueOf(anyInput.Example(seed)), drawn)
	}
	assert.Greater(t, len(drawn), 60, "the facts have that many fields")
	for field, values := range drawn {
		assert.Greater(t, len(values), 1, "%s is never drawn", field)
	}
}

// collect notes the values of every field, and of every pointer and list whether
// it is empty.
func collect(name string, v reflect.Value, drawn map[string]map[string]bool) {
	note := func(value string) {
		if drawn[name] == nil {
			drawn[name] = map[string]bool{}
		}
		drawn[name][value] = true
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			collect(name+"."+v.Type().Field(i).Name, v.Field(i), drawn)
		}
	case reflect.Pointer:
		note(fmt.Sprint(v.IsNil()))
		if !v.IsNil() {
			collect(name+"->", v.Elem(), drawn)
		}
	case reflect.Slice:
		note(fmt.Sprint(v.Len()))
		for i := range v.Len() {
			collect(name+"[]", v.Index(i), drawn)
		}
	default:
		note(fmt.Sprint(v.Interface()))
	}
}
