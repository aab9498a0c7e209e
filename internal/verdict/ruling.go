package verdict

import (
	"fmt"
	"strconv"
	"time"

	"autobackup/internal/reason"
	"autobackup/internal/text"
)

// MaxDetail is the length of Verdict.Detail and Entry.Detail in bytes. It holds
// two SHA-512 in base64 with what they are.
const MaxDetail = 240

// maxWord bounds a word that S3 sent, such as a status, within a detail.
const maxWord = 80

// ruling is an entry with how long it may be left alone, where it is lagging.
type ruling struct {
	Entry
	wait time.Duration
}

// of names the replica that the ruling is about.
func (r ruling) of(replica Replica) ruling {
	r.Bucket, r.Region = replica.Bucket, replica.Region
	return r
}

func verified(e Evidence, detail string) ruling {
	return ruling{Entry: Entry{Outcome: Verified, Evidence: e, Detail: text.Line(detail, MaxDetail)}}
}

func failed(code reason.Code, detail string) ruling {
	return ruling{Entry: Entry{Outcome: Failed, Reason: code, Detail: text.Line(detail, MaxDetail)}}
}

func skipped(code reason.Code, detail string) ruling {
	return ruling{Entry: Entry{Outcome: Skipped, Reason: code, Detail: text.Line(detail, MaxDetail)}}
}

// untilLooks is lagging until as many looks were made as it takes, which may be
// none.
func untilLooks(made, looks int, r ruling) ruling {
	if max(made, 0) < looks {
		return lagging(r)
	}
	return r
}

// lagging is for what the next looks may show otherwise.
func lagging(r ruling) ruling {
	r.Outcome, r.wait = Lagging, maxWait
	return r
}

// untilDeadline is lagging until the time spent waiting reaches the deadline.
func (t trial) untilDeadline(r ruling) ruling {
	if left := t.deadline() - t.progress.waited(); left > 0 {
		r.Outcome, r.wait = Lagging, left
	}
	return r
}

// deadline is for the version that the primary holds.
func (t trial) deadline() time.Duration {
	if t.look.Primary.Found == Marker {
		return t.policy.MarkerDeadline
	}
	return t.policy.DeadlineFor(t.look.Primary.Size)
}

// shown is what a side answered, with the error behind it.
func shown(s Side) string {
	if s.Detail == "" {
		return text.Line(string(s.Found), maxWord)
	}
	return fmt.Sprintf("%s (%s)", text.Line(string(s.Found), maxWord), text.Line(s.Detail, MaxSideDetail))
}

func bytes(n int64) string { return strconv.FormatInt(n, 10) + " bytes" }
