package comparebytes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"autobackup/internal/hashbytes"
	"autobackup/internal/reason"
	"autobackup/internal/s3error"
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

// Hash invokes hash-bytes. What keeps it from being invoked is told as an answer:
// denied, unreachable or, where there is no such function, unsupported. An error
// is a bug: the function refused its input or failed for good.
func (f Functions) Hash(ctx context.Context, region string, in hashbytes.Request) (hashbytes.Answer, error) {
	function, known := f.ARNs[region]
	if !known {
		return hashbytes.Answer{Found: verdict.Unsupported,
			Detail: reason.Line("there is no hash-bytes in region "+region+": deploy replica.yaml there", verdict.MaxSideDetail)}, nil
	}
	payload, err := json.Marshal(in)
	if err != nil {
		return hashbytes.Answer{}, fmt.Errorf("encode the payload: %w", err)
	}
	out, err := f.Lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, Payload: payload},
		func(o *lambda.Options) { o.Region = region })
	switch {
	case err != nil:
		return refused(function, err), nil
	case out.FunctionError != nil:
		return failed(out.Payload)
	}
	var got hashbytes.Answer
	if err := json.Unmarshal(out.Payload, &got); err != nil {
		return hashbytes.Answer{}, fmt.Errorf("decode the answer of %s: %w", function, err)
	}
	return got, nil
}

// refused tells why the function was not invoked
// (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html).
func refused(function string, err error) hashbytes.Answer {
	a := hashbytes.Answer{Found: verdict.Unreachable, Detail: s3error.Explain("Invoke", err)}
	switch s3error.Status(err) {
	case http.StatusForbidden:
		a.Found = verdict.Denied
		a.Detail += "; grant compare-bytes lambda:InvokeFunction on " + function
	case http.StatusNotFound:
		a.Found = verdict.Unsupported
		a.Detail += "; deploy the stack of " + function
	}
	a.Detail = reason.Line(a.Detail, verdict.MaxSideDetail)
	return a
}

// failed reads the error of a function: one of this project by its name, else
// one of Lambda itself, like a time-out.
func failed(payload []byte) (hashbytes.Answer, error) {
	var told struct{ ErrorType, ErrorMessage string }
	if err := json.Unmarshal(payload, &told); err != nil {
		return hashbytes.Answer{}, fmt.Errorf("decode the error of hash-bytes: %w", err)
	}
	text := fmt.Sprintf("hash-bytes failed: %s: %s", told.ErrorType, told.ErrorMessage)
	if told.ErrorType == reason.BadInput || told.ErrorType == reason.Internal {
		return hashbytes.Answer{}, errors.New(text)
	}
	return hashbytes.Answer{Found: verdict.Unreachable, Detail: reason.Line(text, verdict.MaxSideDetail)}, nil
}
