package verdict_test

import (
	"strings"
	"time"

	"autobackup/internal/verdict"
)

const (
	sha1A = "qvTGHdzF6KLavt4PO0gs2a6pQ00="
	md5A  = `"5d41402abc4b2a76b9719d911017c592"`
	md5B  = `"7d793037a0760186574b0282f2f435e7"`

	deadline       = time.Hour
	markerDeadline = 2 * time.Hour
)

var policy = verdict.Policy{Deadline: deadline, MarkerDeadline: markerDeadline}

// first is the first look, before any waiting.
var first = verdict.Progress{Looks: 1, Unread: 1}

// after is progress with waiting done.
func after(looks int, waited time.Duration) verdict.Progress {
	return verdict.Progress{Looks: looks, Waited: waited}
}

// unread is progress late in a long wait, with this many looks in a row at which
// a side could not be read.
func unread(inARow int) verdict.Progress {
	return verdict.Progress{Looks: 40, Unread: inARow, Waited: 2 * deadline}
}

// gaveUp is progress with this many looks in a row that saw a failed replication.
func gaveUp(inARow int) verdict.Progress {
	return verdict.Progress{Looks: 9, GaveUp: inARow, Waited: deadline - 1}
}

func alerted(l verdict.Look) verdict.Look {
	l.Alerted = true
	return l
}

// change is one thing about a side that a test is about.
type change func(*verdict.Side)

func side(bucket, region string, changes []change) verdict.Side {
	s := verdict.Side{
		Bucket: bucket, Region: region, Found: verdict.Object, Size: 5,
		ETag: md5A, Encryption: "AES256",
	}
	for _, c := range changes {
		c(&s)
	}
	return s
}

func primary(changes ...change) verdict.Side {
	return side("docs-primary", "eu-central-1", append([]change{status("PENDING")}, changes...))
}

func replica(changes ...change) verdict.Side {
	return side("docs-replica", "eu-west-1", append([]change{status("REPLICA")}, changes...))
}

func second(changes ...change) verdict.Side {
	return side("docs-second", "us-east-2", append([]change{status("REPLICA")}, changes...))
}

func status(s string) change         { return func(x *verdict.Side) { x.Replication = s } }
func found(f verdict.Found) change   { return func(x *verdict.Side) { x.Found = f } }
func because(detail string) change   { return func(x *verdict.Side) { x.Detail = detail } }
func size(n int64) change            { return func(x *verdict.Side) { x.Size = n } }
func tag(e string) change            { return func(x *verdict.Side) { x.ETag = e } }
func encrypted(e string) change      { return func(x *verdict.Side) { x.Encryption = e } }
func ignoresMarkers(x *verdict.Side) { x.IgnoresMarkers = true }
func absent(x *verdict.Side) {
	*x = verdict.Side{Bucket: x.Bucket, Region: x.Region, Found: verdict.Missing}
}
func marker(x *verdict.Side)           { x.Found, x.Size, x.ETag, x.Encryption = verdict.Marker, 0, "", "" }
func sums(m map[string]string) change  { return func(x *verdict.Side) { x.Checksums = m } }
func checksumType(t string) change     { return func(x *verdict.Side) { x.ChecksumType = t } }
func quoted(hex, suffix string) string { return strings.TrimSuffix(hex, `"`) + suffix + `"` }

func look(p verdict.Side, replicas ...verdict.Side) verdict.Look {
	return verdict.Look{Primary: p, Replicas: replicas}
}

var crcA, crcB = map[string]string{"CRC64NVME": "AAAAAAAAAAE="}, map[string]string{"CRC64NVME": "AAAAAAAAAAI="}
