package verdict

import (
	"strconv"

	"autobackup/internal/reason"
)

// MaxDetail is the length of Verdict.Detail in bytes. The detail is an attribute
// of the parked message, and when the message is moved back to the validation
// queue, body and attributes together must fit the queue's MaximumMessageSize
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html).
const MaxDetail = 500

// Parts of a detail that come from outside are cut, so that one of them can't
// crowd out the others.
const (
	maxName   = 80
	maxNames  = 300
	maxAnswer = 200
)

// sides names the primary and the replicas, as many as fit.
func sides(look Look) string {
	names := named("primary", look.Primary)
	for _, r := range look.Replicas {
		names += " and " + named("replica", r)
	}
	return reason.Line(names, maxNames)
}

// both names the two sides of a comparison.
func both(primary, replica Side) string {
	return named("primary", primary) + " and " + named("replica", replica)
}

func named(role string, s Side) string {
	region := s.Region
	if region == "" {
		region = "region unknown"
	}
	return role + " " + reason.Line(s.Bucket, maxName) + " (" + reason.Line(region, maxName) + ")"
}

// shown is what a side answered, with the error behind it.
func shown(s Side) string {
	found := reason.Line(string(s.Found), maxName)
	if s.Detail == "" {
		return found
	}
	return found + " (" + reason.Line(s.Detail, maxAnswer) + ")"
}

func status(s Side) string {
	if s.Replication == "" {
		return "empty"
	}
	return reason.Line(s.Replication, maxName)
}

func encryption(s Side) string {
	if s.Encryption == "" {
		return "none"
	}
	return reason.Line(s.Encryption, maxName)
}

func quoted(s string) string { return reason.Line(strconv.QuoteToASCII(s), maxName) }

func bytes(s Side) string { return strconv.FormatInt(s.Size, 10) + " bytes" }
