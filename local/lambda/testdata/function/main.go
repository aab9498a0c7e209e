// Command function is a Lambda function that does what its payload says.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type input struct{ Do string }

type gone struct{}

func (*gone) Error() string { return "gone" }

func main() {
	if os.Getenv("FAIL_INIT") != "" {
		fmt.Println("init failed")
		os.Exit(3)
	}
	lambda.Start(handle)
}

func handle(ctx context.Context, in input) (any, error) {
	switch in.Do {
	case "environment":
		return os.Environ(), nil
	case "context":
		lc, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return map[string]any{"id": lc.AwsRequestID, "arn": lc.InvokedFunctionArn, "left": time.Until(deadline).Seconds(),
			"trace": ctx.Value("x-amzn-trace-id")}, nil
	case "nap":
		time.Sleep(time.Second)
		return os.Getpid(), nil
	case "pid":
		return os.Getpid(), nil
	case "log":
		fmt.Println("a line for the log")
		return nil, nil
	case "measure":
		fmt.Println(`{"Verified":1,"_aws":{"n":1}}`)
		fmt.Println(`{"level":"INFO","text":"{\"_aws\":"}`)
		return nil, nil
	case "typed":
		return nil, &gone{}
	case "wrapped":
		return nil, fmt.Errorf("wrapped: %w", &gone{})
	case "plain":
		return nil, errors.New("plain")
	case "named":
		return nil, messages.InvokeResponse_Error{Type: "ReplicaGone", Message: "named"}
	case "panic":
		panic("at the disco")
	case "exit":
		os.Exit(7)
	case "hang":
		time.Sleep(time.Minute)
	case "large":
		return strings.Repeat("x", 6<<20), nil
	}
	return "unknown", nil
}
