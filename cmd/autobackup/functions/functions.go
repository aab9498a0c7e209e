// Package functions builds the project's functions for this machine.
package functions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"autobackup/local/lambda"
)

// Build compiles the functions as `sam build` does, for this machine, and gives
// the runtime that starts them. Go links only what changed since the last time.
// Each checkout has a folder of its own: one never runs what another one built.
func Build(ctx context.Context, project string) (lambda.Runtime, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return nil, errors.New("the functions are built from source, and there is no go command in the PATH: install Go from https://go.dev/dl")
	}
	source, err := filepath.EvalSymlinks(filepath.Join(project, "lambdas"))
	if err == nil {
		source, err = filepath.Abs(source)
	}
	if err != nil {
		return nil, fmt.Errorf("find the functions' source: %w (run this in the project's folder, or name it with --project)", err)
	}
	absolute := filepath.Dir(source)
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	key := sha256.Sum256([]byte(absolute))
	folder := filepath.Join(cache, "autobackup", "functions", hex.EncodeToString(key[:8]))
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, fmt.Errorf("make a folder for the functions: %w", err)
	}
	//nolint:gosec // G204: the arguments are fixed but for the cache folder
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags=lambda.norpc", "-ldflags=-s -w", "-o", folder+string(filepath.Separator), "./lambdas/...")
	command.Dir = absolute
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); ctx.Err() != nil {
		return nil, fmt.Errorf("build the functions: %w", context.Cause(ctx))
	} else if err != nil {
		return nil, fmt.Errorf("build the functions in %s: %w\n%s", absolute, err, output)
	}
	return lambda.Binaries(folder), nil
}
