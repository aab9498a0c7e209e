package alert_test

import (
	"time"

	"autobackup/internal/alert"
	"autobackup/internal/checksum"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
)

const (
	arnPrefix = "arn:aws:sqs:eu-central-1:123456789012:"
	execution = "arn:aws:states:eu-central-1:123456789012:execution:autobackup-validation-prod:6b1f8c1e-2f2a-4b0e-9d3c-0a6f3f1c7a10"
	versionID = "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH"
	crcA      = "rosUhgp5mIg="
	crcB      = "AAAAAAAAAAA="
)

var prod = alert.Context{
	Stage: "prod",
	Queues: alert.Queues{
		ValidationARN: arnPrefix + "autobackup-validation-queue-prod",
		FailureARN:    arnPrefix + "autobackup-failure-queue-prod",
		DLQURL:        "https://sqs.eu-central-1.amazonaws.com/123456789012/autobackup-validation-dlq-prod",
		DLQARN:        arnPrefix + "autobackup-validation-dlq-prod",
	},
}

var (
	morning = time.Date(2026, 3, 2, 9, 14, 5, 0, time.UTC)
	noon    = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
)

func object(key string) s3event.ObjectVersion {
	return s3event.ObjectVersion{
		Bucket: "docs-primary", Key: key, VersionID: versionID, Region: "eu-central-1", Account: "123456789012",
		Size: 48213, Time: morning, Reason: "PutObject",
	}
}

// primary is an object as S3 shows it; replica is the same in the replica's
// bucket.
func primary() verdict.Side {
	return verdict.Side{
		Bucket: "docs-primary", Region: "eu-central-1", Found: verdict.Object, Size: 48213, ETag: `"5d41402abc4b2a76b9719d911017c592"`,
		Encryption: "AES256", Checksums: map[string]string{"CRC64NVME": crcA}, ChecksumType: "FULL_OBJECT", Replication: "COMPLETED",
		Metadata: &verdict.Metadata{Headers: "aaaa"},
	}
}

func replica() verdict.Replica { return replicaIn("docs-replica", "eu-west-1") }

func replicaIn(bucket, region string) verdict.Replica {
	s := primary()
	s.Bucket, s.Region, s.Replication = bucket, region, "REPLICA"
	return verdict.Replica{Side: s}
}

// situation is one version that was looked at, and everything was tried.
type situation struct {
	object s3event.ObjectVersion
	look   verdict.Look
	policy verdict.Policy
}

func healthy() *situation {
	return &situation{
		object: object("reports/2026/annual report.pdf"),
		look:   verdict.Look{Primary: primary(), Replicas: []verdict.Replica{replica()}},
		policy: verdict.Policy{Deadline: 4 * time.Hour, MarkerDeadline: 24 * time.Hour},
	}
}

// where makes a situation differ from a healthy one.
func where(change ...func(*situation)) *situation {
	s := healthy()
	for _, c := range change {
		c(s)
	}
	return s
}

func (s *situation) judge() verdict.Verdict {
	o := s.object
	event := verdict.Event{Marker: o.Marker, Unversioned: !o.Versioned()}
	if o.GaveUp != nil {
		event.GaveUp = &verdict.GaveUp{Destination: o.GaveUp.Destination, Change: !o.GaveUp.Upload(), Cause: o.GaveUp.Cause}
	}
	progress := verdict.Progress{Looks: 40, Waited: 86400, Unread: 40, GaveUp: 40, Gone: 40, Differing: 40}
	return verdict.Judge(event, s.look, progress, s.policy)
}

// example is the situation as the sender of e-mails is told of it.
func (s *situation) example() told.Example {
	v, o := s.judge(), s.object
	return told.Example{
		MessageID: "059f36b4-87a3-44ab-83d2-661975960001", Execution: execution, Object: &o,
		Detail: alert.Line(v, o), Verdict: v,
	}
}

// news is one e-mail about the failed versions: a cause for each of their failed
// replicas, as package told makes it.
func news(examples ...told.Example) (n told.News) {
	for _, x := range examples {
		n.Causes = append(n.Causes, causes(x)...)
	}
	return n
}

func causes(x told.Example) (all []told.Cause) {
	cause := told.Cause{Reason: x.Verdict.Reason, Kind: told.Single, New: 1, Total: 1, Since: morning, Latest: noon, Examples: []told.Example{x}}
	if x.Object != nil {
		cause.Bucket = x.Object.Bucket
	}
	for _, e := range x.Verdict.Replicas {
		if e.Outcome == verdict.Failed {
			cause.Reason, cause.Replica, cause.S3 = e.Reason, e.Bucket, e.Cause
			all = append(all, cause)
		}
	}
	if len(all) == 0 {
		all = append(all, cause)
	}
	return all
}

// bare is a message that carries no facts but its reason.
func bare(code reason.Code, detail string) told.Example {
	o := object("a.txt")
	return told.Example{
		MessageID: "m", Execution: execution, Object: &o, Detail: detail,
		Verdict: verdict.Verdict{Outcome: verdict.Failed, Reason: code},
	}
}

func asMarker(s *situation) {
	s.object.Marker, s.object.Size = true, 0
	s.look.Primary = verdict.Side{Bucket: "docs-primary", Region: "eu-central-1", Found: verdict.Marker, Replication: s.look.Primary.Replication}
	for i, r := range s.look.Replicas {
		if r.Found == verdict.Object {
			s.look.Replicas[i] = verdict.Replica{Side: verdict.Side{Bucket: r.Bucket, Region: r.Region, Found: verdict.Marker}}
		}
	}
}

func missing(status string) func(*situation) {
	return func(s *situation) {
		s.look.Primary.Replication = status
		s.look.Replicas[0].Side = verdict.Side{Bucket: "docs-replica", Region: "eu-west-1", Found: verdict.Missing}
	}
}

func gaveUp(operation, cause string) func(*situation) {
	return func(s *situation) {
		s.object.Time = morning.Add(time.Minute)
		s.object.GaveUp = &s3event.ReplicationFailure{Destination: "docs-replica", Operation: operation, Rule: "everything", Cause: cause, Requested: morning}
	}
}

// undecided leaves what S3 stores of the two copies open, so that the bytes
// decide.
func undecided(s *situation) {
	s.look.Primary.Encryption, s.look.Primary.Checksums = "aws:kms", nil
	s.look.Replicas[0].Encryption, s.look.Replicas[0].Checksums = "aws:kms", nil
}

// read is what reading the bytes came to.
func read(b verdict.Bytes) func(*situation) {
	return func(s *situation) { s.look.Replicas[0].Bytes = &b }
}

func allRead(crc string) verdict.Read { return verdict.Read{Found: verdict.Object, CRC64NVME: crc} }

var block = &checksum.Piece{Offset: 8192, Length: 4096}

func differ(ofPrimary, ofReplica string) func(*situation) {
	return read(verdict.Bytes{Primary: allRead(ofPrimary), Replica: allRead(ofReplica), Different: block})
}

func found(f verdict.Found, detail string) verdict.Side {
	return verdict.Side{Bucket: "docs-primary", Region: "eu-central-1", Found: f, Detail: detail}
}

func primaryShows(f verdict.Found, detail string) func(*situation) {
	return func(s *situation) { s.look.Primary = found(f, detail) }
}

func replicaShows(f verdict.Found, detail string) func(*situation) {
	return func(s *situation) {
		s.look.Replicas[0].Side = verdict.Side{Bucket: "docs-replica", Region: "eu-west-1", Found: f, Detail: detail}
	}
}
