package gate

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"autobackup/local/clock"
	"autobackup/local/wire"
)

// Quota is how many calls AWS takes from an account in a region: a bucket of tokens, of which
// each call takes one and so many come back each second.
type Quota struct {
	Actions []string // which share it, as policies name them
	Bucket  float64  // calls at once
	Refill  float64  // calls a second
}

// Quotas are what AWS takes at most. Its zero value is no bound at all.
type Quotas struct {
	Calls []Quota
	// Functions is how many functions of an account run at once in a region. 0 is no bound.
	// AWS documents 1,000, and fewer for new accounts without saying how many; many were given 10.
	// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	Functions int
}

// Starts is how often executions are started, by AWS's default in a region.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#service-limits-api-action-throttling-general
func Starts(region string) Quota {
	q := Quota{[]string{"states:StartExecution"}, 800, 150}
	if slices.Contains([]string{"us-east-1", "us-west-2", "eu-west-1"}, region) {
		q.Bucket, q.Refill = 1300, 300
	}
	return q
}

// Cryptography is what KMS does for an account and for services on its behalf, by AWS's default
// in the regions that have least: elsewhere it is up to 50,000. KMS counts by seconds.
// https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
func Cryptography() Quota { return Quota{[]string{"kms:Decrypt", "kms:GenerateDataKey"}, 5500, 5500} }

// Publications are messages to topics, by AWS's default in the regions that have least: elsewhere
// it is up to 30,000.
// https://docs.aws.amazon.com/general/latest/gr/sns.html
func Publications() Quota { return Quota{[]string{"sns:Publish"}, 300, 300} }

// Exceeded is a call above a quota. It is an answer as the service itself has it.
type Exceeded struct{ Answer wire.Error }

// Error is AWS's text.
func (e *Exceeded) Error() string { return e.Answer.Error() }

// Unwrap is the answer.
func (e *Exceeded) Unwrap() error { return &e.Answer }

// Throttled is KMS's Exceeded as the answer that a service which called it has for that. Any
// other error stays what it is.
func Throttled(err error, answer wire.Error) error {
	exceeded, ok := err.(*Exceeded) //nolint:errorlint // the gate's own, which nothing wraps
	if !ok {
		return err
	}
	answer.Message = exceeded.Answer.Message
	return &answer
}

// limits are quotas, and what of them is used.
type limits struct {
	Quotas
	clk *clock.Clock

	mu      sync.Mutex
	buckets map[bucketOf]*bucket
	running map[string]int // functions, by region
	refused int
}

type bucketOf struct {
	quota  int
	region string
}

type bucket struct {
	tokens float64
	since  time.Time
}

// Limit sets quotas, whose buckets are full. Calls that were made before count for nothing.
func (g *Gate) Limit(clk *clock.Clock, q Quotas) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limits = &limits{Quotas: q, clk: clk, buckets: map[bucketOf]*bucket{}, running: map[string]int{}}
}

// OverQuota is how many calls were above a quota so far.
func (g *Gate) OverQuota() int {
	l := g.quotas()
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

func (g *Gate) quotas() *limits {
	if g == nil {
		return nil
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.limits
}

// take takes a token for a call, or refuses it. What a service does by itself, AWS does again for
// a day where it is refused, which nothing here does: so it is not refused.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
func (l *limits) take(c Call) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clk.Now()
	for n, q := range l.Calls {
		if !slices.Contains(q.Actions, c.Action) {
			continue
		}
		of := bucketOf{n, regionOf(c.Resource)}
		b := l.buckets[of]
		if b == nil {
			b = &bucket{q.Bucket, now}
			l.buckets[of] = b
		}
		b.tokens = min(q.Bucket, b.tokens+q.Refill*now.Sub(b.since).Seconds())
		b.since = now
		if b.tokens < 1 && c.By.Service == "" {
			l.refused++
			return &Exceeded{TooMany(c.Action)}
		}
		b.tokens = max(0, b.tokens-1)
	}
	return nil
}

// Enter has a function begin to run, where the account may have one more at once in its region;
// leave is for its end.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
func (g *Gate) Enter(functionARN string) (leave func(), err error) {
	l := g.quotas()
	if l == nil || l.Functions == 0 {
		return func() {}, nil
	}
	region := regionOf(functionARN)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running[region] == l.Functions {
		l.refused++
		return nil, &Exceeded{TooMany("lambda:InvokeFunction")}
	}
	l.running[region]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.running[region]--
	}, nil
}

// TooMany is how the service of an action says that calls are too many.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
func TooMany(action string) wire.Error {
	service, _, _ := strings.Cut(action, ":")
	switch service {
	case "s3":
		return wire.Error{Code: "SlowDown", Status: http.StatusServiceUnavailable, Message: "Please reduce your request rate."}
	case "sqs":
		return wire.Error{Code: "RequestThrottled", Status: http.StatusForbidden, Message: "The request was denied due to request throttling."}
	case "sns":
		return wire.Error{Code: "Throttled", Status: http.StatusTooManyRequests, Message: "Rate exceeded"}
	case "lambda":
		return wire.Error{Code: "TooManyRequestsException", Status: http.StatusTooManyRequests, Message: "Rate Exceeded."}
	}
	return wire.Error{Code: "ThrottlingException", Status: http.StatusBadRequest, Message: "Rate exceeded"}
}

// regionOf is an ARN's region.
func regionOf(arn string) string {
	parts := strings.SplitN(arn, ":", 5)
	if len(parts) < 5 {
		return ""
	}
	return parts[3]
}
