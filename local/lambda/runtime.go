package lambda

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"autobackup/local/clock"
)

// Runtime makes a function run. codeURI is the template's CodeUri, such as
// lambdas/fetch-etags/.
type Runtime func(clk *clock.Clock, newID func() string, c Config, codeURI string) (*Function, error)

// Sum tells a function's code from other code, which a Runtime runs; codeURI as there.
type Sum func(codeURI string) (string, error)

// processes is how many processes a function may have here at once.
const processes = 2

// Binaries runs functions as processes of the executables in a folder, each
// named as its function's folder in the project.
func Binaries(folder string) Runtime {
	return func(clk *clock.Clock, newID func() string, c Config, codeURI string) (*Function, error) {
		c.Concurrency = processes
		return NewBinary(clk, newID, c, filepath.Join(folder, path.Base(codeURI)))
	}
}

// Sums tells the executables in a folder from others, by their bytes.
func Sums(folder string) Sum {
	return func(codeURI string) (sum string, err error) {
		file, err := os.Open(filepath.Join(folder, path.Base(codeURI))) // #nosec G304: of the caller's own folder
		if err != nil {
			return "", fmt.Errorf("read the code: %w", err)
		}
		defer func() { _ = file.Close() }() // it was only read
		hash := sha256.New()
		if _, err := io.Copy(hash, file); err != nil {
			return "", fmt.Errorf("read the code: %w", err)
		}
		return hex.EncodeToString(hash.Sum(nil)), nil
	}
}

// InProcess runs functions in this process behind the same boundary. Builds makes
// each function's code, as its main does, from the AWS configuration of its
// region, its environment and log; it is by the function's folder.
func InProcess[F ~func(context.Context, []byte) ([]byte, error)](
	builds map[string]func(aws.Config, func(string) string, *slog.Logger) (F, error), log *slog.Logger, cfg func(region string) aws.Config,
) Runtime {
	return func(clk *clock.Clock, newID func() string, c Config, codeURI string) (*Function, error) {
		build := builds[path.Base(codeURI)]
		if build == nil {
			return nil, fmt.Errorf("there is no code for CodeUri %s", codeURI)
		}
		config := cfg(c.Environment["AWS_REGION"])
		if c.AccessKey != "" {
			config.Credentials = credentials.NewStaticCredentialsProvider(c.AccessKey, c.Environment["AWS_SECRET_ACCESS_KEY"], "")
		}
		code, err := build(config, func(name string) string { return c.Environment[name] }, log)
		if err != nil {
			return nil, fmt.Errorf("build the code of %s: %w", codeURI, err)
		}
		return NewInProcess(clk, newID, c, Handler(code))
	}
}
