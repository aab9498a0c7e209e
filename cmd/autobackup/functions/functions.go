// Package functions builds the project's functions for this machine.
package functions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

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
		if err := put(filepath.Join(built, one.Name()), filepath.Join(folder, one.Name())); err != nil {
			return code, fmt.Errorf("put the functions into %s: %w", folder, err)
		}
	}
	return lambda.Code{Run: lambda.Binaries(folder), Sum: lambda.Sums(folder)}, nil
}

// of ends the name of the link beside a checkout's folder that says whose it is.
const of = ".of"

// place is a checkout's folder among those of all, which is made. Those of checkouts that are gone, of some
// 130 MB each, are removed.
func place(all, checkout string) (folder string, err error) {
	if err := os.MkdirAll(all, 0o750); err != nil {
		return "", err
	}
	links, err := filepath.Glob(filepath.Join(all, "*"+of))
	if err != nil {
		return "", err
	}
	for _, link := range links {
		if _, err := os.Stat(link); errors.Is(err, fs.ErrNotExist) {
			if os.RemoveAll(strings.TrimSuffix(link, of)) == nil { // or the next build tries again
				_ = os.Remove(link)
			}
		}
	}
	key := sha256.Sum256([]byte(checkout))
	folder = filepath.Join(all, hex.EncodeToString(key[:8]))
	_ = os.Symlink(checkout, folder+of) // it is there, or there can be none: then the folder stays
	return folder, os.MkdirAll(folder, 0o750)
}

// put has an executable at another place, too. The next build makes a new file, so a link is
// enough where there can be one.
func put(from, to string) (err error) {
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
	if folder, err = place(filepath.Join(cache, "autobackup", "functions"), absolute); err != nil {
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
