package wire

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"autobackup/internal/verdict"
)

// What the functions' environment variables may hold. Every error names the
// variable, what it holds and what it should be.

// text is the value of a variable that must be set; example shows one.
func text(env func(string) string, name, example string) (string, error) {
	value := env(name)
	if value == "" {
		return "", fmt.Errorf("environment variable %s is not set: set it to a value like %s", name, example)
	}
	return value, nil
}

// whole is the value of a variable that holds a whole number within bounds.
func whole(env func(string) string, name, unit string, low, high int64) (int64, error) {
	n, err := strconv.ParseInt(env(name), 10, 64)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("environment variable %s is %q: set it to a whole number of %s from %d to %d", name, env(name), unit, low, high)
	}
	return n, nil
}

// maxMinutes is a year: how long an execution can last
// (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
const maxMinutes = 365 * 24 * 60

func minutes(env func(string) string, name string) (time.Duration, error) {
	n, err := whole(env, name, "minutes", 1, maxMinutes)
	return time.Duration(n) * time.Minute, err
}

// resource is the value of a variable that holds an ARN of a service.
func resource(env func(string) string, name, service string) (string, error) {
	_, err := parsedARN(name, env(name), service)
	return env(name), err
}

// parsedARN is a value of a variable, or one of those that it holds.
func parsedARN(name, value, service string) (arn.ARN, error) {
	a, err := arn.Parse(value)
	if err != nil || a.Service != service || a.Region == "" || a.AccountID == "" || a.Resource == "" {
		return arn.ARN{}, fmt.Errorf("environment variable %s is %q: set it to an ARN like arn:aws:%s:eu-central-1:123456789012:autobackup-dev",
			name, value, service)
	}
	return a, nil
}

// policy is when to stop waiting and what to read.
func policy(env func(string) string) (p verdict.Policy, err error) {
	if p.Deadline, err = minutes(env, "DEADLINE_MINUTES"); err != nil {
		return p, err
	}
	if p.MarkerDeadline, err = minutes(env, "MARKER_DEADLINE_MINUTES"); err != nil {
		return p, err
	}
	if p.Bytes, err = verdict.ParseByteVerification(env("BYTE_VERIFICATION")); err != nil {
		return p, fmt.Errorf("environment variable BYTE_VERIFICATION: %w", err)
	}
	p.AlertMetadata, err = alertMetadata(env)
	return p, err
}

// alertMetadata is whether other metadata is told, or only recorded.
func alertMetadata(env func(string) string) (bool, error) {
	switch value := env("METADATA_DIFFERENCES"); value {
	case "record", "alert":
		return value == "alert", nil
	default:
		return false, fmt.Errorf("environment variable METADATA_DIFFERENCES is %q: set it to record or alert", value)
	}
}

// enabled is whether a variable switches something on.
func enabled(env func(string) string, name string) (bool, error) {
	switch value := env(name); value {
	case "Disabled", "Enabled":
		return value == "Enabled", nil
	default:
		return false, fmt.Errorf("environment variable %s is %q: set it to Disabled or Enabled", name, value)
	}
}

// queue is the ARN of a queue that a variable holds, and the URL that SQS has for it:
// the service's address in the region, the account and the name.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
func queue(env func(string) string, name string) (queueARN, queueURL string, err error) {
	a, err := parsedARN(name, env(name), "sqs")
	if err != nil {
		return "", "", err
	}
	service, err := sqs.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), sqs.EndpointParameters{Region: &a.Region})
	if err != nil {
		return "", "", fmt.Errorf("environment variable %s is %q: %w", name, env(name), err)
	}
	return a.String(), service.URI.JoinPath(a.AccountID, a.Resource).String(), nil
}
