package comparebytes

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"autobackup/internal/hashbytes"
	"autobackup/internal/reason"
	"autobackup/internal/s3error"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// Invoker invokes Lambda functions.
type Invoker interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// Functions is a Hasher that invokes the hash-bytes function of the region.
type Functions struct {
	Lambda Invoker
	ARNs   map[string]string // of hash-bytes, by region
}

// Hash invokes hash-bytes. That compare-bytes may not invoke it, or that it is not
// there, stays so, and is an answer: verdict.Denied, Forbidden or NoReader. An error
// is worth another try where Lambda throttled or failed, or the function crashed
// or timed out; any other is a bug.
func (f Functions) Hash(ctx context.Context, region string, in hashbytes.Request) (hashbytes.Answer, error) {
	got, instead, err := invoke[hashbytes.Answer](ctx, f, region, in)
	if instead.Found != "" {
		return instead, nil
	}
	return got, err
}

// HashList invokes hash-bytes once for the whole list, as Hash does for one. What
// stays so is the answer to each of the list.
func (f Functions) HashList(ctx context.Context, region string, list []hashbytes.Request) ([]hashbytes.Answer, error) {
	got, instead, err := invoke[hashbytes.Answers](ctx, f, region, hashbytes.List{Requests: list})
	if instead.Found != "" {
		return slices.Repeat([]hashbytes.Answer{instead}, len(list)), nil
	}
	return got.Answers, err
}

// invoke gives what the region's function answers, or the answer instead where it
// can't be invoked and that stays so; without one, instead.Found is empty.
func invoke[Out any](ctx context.Context, f Functions, region string, in any) (got Out, instead hashbytes.Answer, err error) {
	function, known := f.ARNs[region]
	if !known {
		return got, f.noReader(region, ""), nil
	}
	payload, err := json.Marshal(in)
	if err != nil {
		return got, instead, fmt.Errorf("encode the payload: %w", err)
	}
	out, err := f.Lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, Payload: payload},
		func(o *lambda.Options) { o.Region = region })
	switch {
	case err != nil:
		instead, err = f.refused(region, err)
		return got, instead, err
	case out.FunctionError != nil:
		return got, instead, failed(function, out.Payload)
	}
	if err := json.Unmarshal(out.Payload, &got); err != nil {
		return got, instead, fmt.Errorf("decode the answer of %s: %w", function, err)
	}
	return got, instead, nil
}

// refused tells why the region's function was not invoked
// (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html).
func (f Functions) refused(region string, err error) (hashbytes.Answer, error) {
	function, told := f.ARNs[region], s3error.Explain("Invoke", err)
	switch status := s3error.Status(err); {
	case status == http.StatusForbidden:
		answer := hashbytes.Answer{Found: verdict.Denied, Detail: "grant compare-bytes lambda:InvokeFunction on " + function + "; " + told}
		if refusal, known := s3error.RefusalOf(err); known && refusal.Final() {
			answer = hashbytes.Answer{Found: verdict.Forbidden, Detail: told + ": " + refusal.String() + ", in " + region}
		}
		answer.Detail = text.Line(answer.Detail, verdict.MaxSideDetail)
		return answer, nil
	case status == http.StatusNotFound:
		return f.noReader(region, " ("+told+")"), nil
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		err = transient{err}
	}
	return hashbytes.Answer{}, fmt.Errorf("invoke %s: %w", function, err)
}

// noReader is the answer where the region of a side has no hash-bytes.
func (f Functions) noReader(region, why string) hashbytes.Answer {
	others := slices.DeleteFunc(slices.Sorted(maps.Keys(f.ARNs)), func(r string) bool { return r == region })
	detail := fmt.Sprintf("no hash-bytes function in %s%s; there is one in: %s", region, why, cmp.Or(strings.Join(others, ", "), "no other region"))
	return hashbytes.Answer{Found: verdict.NoReader, Detail: text.Line(detail, verdict.MaxSideDetail)}
}

// failed is the error of a function that was invoked. One of this project's names
// that stays so is a bug; else the function asks for another try, or it is an
// error of Lambda itself, such as a time-out.
func failed(function string, payload []byte) error {
	var told struct{ ErrorType, ErrorMessage string }
	if err := json.Unmarshal(payload, &told); err != nil {
		return fmt.Errorf("decode the error of %s: %w", function, err)
	}
	err := fmt.Errorf("%s failed: %s: %s", function, told.ErrorType, told.ErrorMessage)
	if told.ErrorType == reason.BadInput || told.ErrorType == reason.Internal {
		return err
	}
	return transient{err}
}
