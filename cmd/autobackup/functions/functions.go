// Package functions builds the project's functions for this machine.
package functions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"autobackup/local/lambda"
)

// Build compiles the functions as `sam build` does, for this machine, and gives
// their code. Go links only what changed since the last time.
// Each checkout has a folder of its own: one never runs what another one built.
func Build(ctx context.Context, project string) (lambda.Code, error) {
	folder, err := build(ctx, project)
	return lambda.Code{Run: lambda.Binaries(folder), Sum: lambda.Sums(folder)}, err
}

// BuildInto is Build, into a folder that no other build writes to, which is made.
func BuildInto(ctx context.Context, project, folder string) (code lambda.Code, err error) {
	built, err := build(ctx, project)
	if err != nil {
		return code, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return code, fmt.Errorf("make a folder for the functions: %w", err)
	}
	all, err := os.ReadDir(built)
	if err != nil {
		return code, fmt.Errorf("read the functions: %w", err)
	}
	for _, one := range all {
		if err := place(filepath.Join(built, one.Name()), filepath.Join(folder, one.Name())); err != nil {
			return code, fmt.Errorf("put the functions into %s: %w", folder, err)
		}
	}
	return lambda.Code{Run: lambda.Binaries(folder), Sum: lambda.Sums(folder)}, nil
}

// place has an executable at another place, too. The next build makes a new file, so a link is
// enough where there can be one.
func place(from, to string) (err error) {
	if os.Link(from, to) == nil {
		return nil
	}
	in, err := os.Open(from) // #nosec G304: what was built
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()                                     // it was only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700) // #nosec G302 G304: it runs
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// build compiles the functions, and answers where they are.
func build(ctx context.Context, project string) (folder string, err error) {
	if _, err := exec.LookPath("go"); err != nil {
		return "", errors.New("the functions are built from source, and there is no go command in the PATH: install Go from https://go.dev/dl")
	}
	source, err := filepath.EvalSymlinks(filepath.Join(project, "lambdas"))
	if err == nil {
		source, err = filepath.Abs(source)
	}
	if err != nil {
		return "", fmt.Errorf("find the functions' source: %w (run this in the project's folder, or name it with --project)", err)
	}
	absolute := filepath.Dir(source)
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	key := sha256.Sum256([]byte(absolute))
	folder = filepath.Join(cache, "autobackup", "functions", hex.EncodeToString(key[:8]))
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return "", fmt.Errorf("make a folder for the functions: %w", err)
	}
	//nolint:gosec // G204: the arguments are fixed but for the cache folder
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags=lambda.norpc", "-ldflags=-s -w", "-o", folder+string(filepath.Separator), "./lambdas/...")
	command.Dir = absolute
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); ctx.Err() != nil {
		return "", fmt.Errorf("build the functions: %w", context.Cause(ctx))
	} else if err != nil {
		return "", fmt.Errorf("build the functions in %s: %w\n%s", absolute, err, output)
	}
	return folder, nil
}
