package retry

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"autobackup/cmd/autobackup/identity"
)

// known says what to do where there are no credentials.
func known(ctx context.Context, cfg aws.Config) error {
	return identity.Check(ctx, cfg, identity.Wanted{For: "your account"})
}

// bounded ends every call to AWS, its retries included, after the time of a page:
// by itself, the SDK waits for an answer without end.
// https://docs.aws.amazon.com/sdk-for-go/v2/developer-guide/configure-http.html
func bounded(cfg aws.Config) aws.Config {
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("CallTime", withinPageTime), middleware.Before)
	})
	return cfg
}

func withinPageTime(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	out middleware.InitializeOutput, metadata middleware.Metadata, err error,
) {
	ctx, cancel := context.WithTimeout(ctx, pageTime)
	defer cancel()
	out, metadata, err = next.HandleInitialize(ctx, in)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %v: run the same command again when AWS answers: %w", pageTime, err)
	}
	return out, metadata, err
}
