package handler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"

	"autobackup/internal/awsconfig"
)

// idleConnections is how many open connections a host may keep between calls. A
// function that reads a batch has that many calls under way at once; with the
// SDK's 10, most calls would start with a new connection.
const idleConnections = 128

// GCPercent is how much a function's heap grows between collections, in percent
// of what is alive. A look of 25 messages allocates much and keeps some MB, so
// five times that fits the smallest function, and a quarter of the processor's time
// is saved (bench).
const GCPercent = 400

// Start is a function's main: it loads the AWS configuration from the
// environment, builds the function and serves invocations; it never returns. A
// function that can't be built ends the process with one log line that says
// which environment variable is wrong and what it should be. Under `sam local invoke`
// it answers with that line: SAM often loses what a function wrote that ends at once.
func Start(build func(cfg aws.Config, env func(string) string, log *slog.Logger) (Func, error)) {
	debug.SetGCPercent(GCPercent)
	log := Logger(os.Stderr)
	f, err := prepare(context.Background(), build, log)
	if err != nil {
		log.Error("function does not start", "error", err.Error())
		if os.Getenv("AWS_SAM_LOCAL") != "true" {
			os.Exit(1)
		}
		f = func(context.Context, []byte) ([]byte, error) {
			return nil, nameError(fmt.Errorf("function does not start: %w", err))
		}
	}
	lambda.Start(f)
}

func prepare(ctx context.Context, build func(aws.Config, func(string) string, *slog.Logger) (Func, error), log *slog.Logger) (Func, error) {
	cfg, err := awsconfig.Load(ctx, config.WithHTTPClient(HTTPClient()))
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration from the environment: %w", err)
	}
	if cfg.Region == "" {
		return nil, errors.New("environment variable AWS_REGION is not set: set it to the function's region, like eu-central-1")
	}
	return build(cfg, os.Getenv, log)
}

// HTTPClient is what every function's calls of AWS go through. It follows no
// redirects.
func HTTPClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns = idleConnections
		t.MaxIdleConnsPerHost = idleConnections
	})
}
