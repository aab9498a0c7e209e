package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/internal/local/lambda"
)

// invokePath is where a function is invoked; its name or ARN stands between.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
const (
	invokePrefix = "/2015-03-31/functions/"
	invokeSuffix = "/invocations"
)

// largestInvocation is more than Lambda takes, so that Lambda refuses it.
const largestInvocation = 8 << 20

// lambdaError is an error answer of Lambda's API.
type lambdaError struct {
	status  int
	code    string
	message string
}

func (e *lambdaError) Error() string { return e.code + ": " + e.message }

// serveLambda answers requests for Lambda in one region: Invoke, and no other.
func (s *Stack) serveLambda(w http.ResponseWriter, r *http.Request, region string) {
	answer, err := s.answerInvoke(r, region)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Requestid", s.newID())
	if failed := (*lambda.FunctionError)(nil); errors.As(err, &failed) {
		// The function failed; Lambda did not.
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		answer, err = failed.Payload, nil
	}
	if err != nil {
		e := &lambdaError{http.StatusInternalServerError, "ServiceException", err.Error()}
		if refused := (*lambda.ServiceError)(nil); errors.As(err, &refused) {
			e = &lambdaError{http.StatusRequestEntityTooLarge, refused.Type, refused.Message}
		}
		errors.As(err, &e)
		w.Header().Set("X-Amzn-Errortype", e.code)
		w.WriteHeader(e.status)
		answer, _ = json.Marshal(map[string]string{"Type": "User", "Message": e.message}) // texts always encode
	} else {
		w.Header().Set("X-Amz-Executed-Version", "$LATEST")
	}
	_, _ = w.Write(answer) // the client has gone away
}

func (s *Stack) answerInvoke(r *http.Request, region string) ([]byte, error) {
	name, invokes := strings.CutPrefix(r.URL.Path, invokePrefix)
	name, ends := strings.CutSuffix(name, invokeSuffix)
	switch kind := r.Header.Get("X-Amz-Invocation-Type"); {
	case r.Method != http.MethodPost || !invokes || !ends:
		return nil, &lambdaError{http.StatusNotImplemented, "NotImplemented",
			"the local stack serves Lambda's Invoke, not " + r.Method + " " + r.URL.Path}
	case r.URL.RawQuery != "" || kind != "" && kind != "RequestResponse":
		return nil, &lambdaError{http.StatusNotImplemented, "NotImplemented",
			"the local stack invokes the unqualified function and waits for its answer; it does not support a qualifier or invocation type " + kind}
	}
	f, err := s.functionIn(region, name)
	if err != nil {
		return nil, err
	}
	payload, err := io.ReadAll(io.LimitReader(r.Body, largestInvocation))
	if err != nil {
		return nil, err
	}
	return f.Invoke(r.Context(), payload)
}

// functionIn is a region's function by its name or ARN. Its error is a *lambdaError.
func (s *Stack) functionIn(region, name string) (*lambda.Function, error) {
	functionARN := fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", region, s.Account, name)
	if a, err := arn.Parse(name); err == nil {
		functionARN = name
		if a.Region != region {
			return nil, &lambdaError{http.StatusNotFound, "ResourceNotFoundException",
				fmt.Sprintf("Functions from '%s' are not reachable in this region ('%s')", a.Region, region)}
		}
	}
	f := s.Function(functionARN)
	if f == nil {
		return nil, &lambdaError{http.StatusNotFound, "ResourceNotFoundException", "Function not found: " + functionARN}
	}
	return f, nil
}
