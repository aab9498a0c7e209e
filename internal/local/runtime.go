package local

import (
	"fmt"
	"path"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/internal/local/clock"
	"autobackup/internal/local/lambda"
)

// Runtime makes a function run. codeURI is the template's CodeUri, such as
// lambdas/fetch-etags/.
type Runtime func(clk *clock.Clock, newID func() string, c lambda.Config, codeURI string) (*lambda.Function, error)

// processes is how many processes a function may have here at once.
const processes = 2

// Binaries runs functions as processes of the executables in a folder, each
// named as its function's folder in the project.
func Binaries(folder string) Runtime {
	return func(clk *clock.Clock, newID func() string, c lambda.Config, codeURI string) (*lambda.Function, error) {
		c.Concurrency = processes
		return lambda.NewBinary(clk, newID, c, filepath.Join(folder, path.Base(codeURI)))
	}
}

// Build makes a function's code from its configuration and environment, as its
// main does.
type Build func(cfg aws.Config, env func(string) string) (lambda.Handler, error)

// InProcess runs functions in this process behind the same boundary; builds is
// by CodeUri, and cfg the AWS configuration of their clients in a region.
func InProcess(builds map[string]Build, cfg func(region string) aws.Config) Runtime {
	return func(clk *clock.Clock, newID func() string, c lambda.Config, codeURI string) (*lambda.Function, error) {
		build := builds[codeURI]
		if build == nil {
			return nil, fmt.Errorf("there is no code for CodeUri %s", codeURI)
		}
		handler, err := build(cfg(c.Environment["AWS_REGION"]), func(name string) string { return c.Environment[name] })
		if err != nil {
			return nil, fmt.Errorf("build the code of %s: %w", codeURI, err)
		}
		return lambda.NewInProcess(clk, newID, c, handler)
	}
}
