package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"autobackup/internal/audit"
	"autobackup/internal/checksum"
	"autobackup/local/testing/minio"
)

// The tools' names, as the table has them.
const (
	verdicts  = "autobackup, stored checksums"
	withCRC   = "autobackup, bytes with CRC64NVME"
	withSHA   = "autobackup, bytes with SHA256"
	boto3     = "boto3 validator"
	check     = "rclone check"
	download  = "rclone check --download"
	s3sync    = "s3sync --report-sync-status"
	plainGET  = "plain reading"
	cmpGET    = "cmp"
	listed    = "autobackup audit, level listed"
	looked    = "autobackup audit, level all"
	listing1  = "listing alone"
	sha256One = "SHA256 alone, one core"
)

// tool finds out in its way that both sides are equal.
type tool struct {
	name    string
	missing string // why it can't run
	counted bool   // its requests are counted, in a run that is not timed
	run     func(ctx context.Context, at sides) (time.Duration, error)
}

// tools are all of them, in the order in which they run.
func (w *world) tools(o options) ([]tool, error) {
	list := filepath.Join(filepath.Dir(w.primary.Drive), "objects.json")
	text, err := json.Marshal(w.small)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(list, text, 0o600); err != nil {
		return nil, err
	}
	missing := func(path, why string) string {
		if path != "" {
			return ""
		}
		return why
	}
	noRclone, noS3sync := missing(o.rclone, o.noRclone), missing(o.s3sync, o.noS3sync)
	return []tool{
		{verdicts, "", true, w.verdicts},
		{boto3, missing(o.python, "no Python with boto3 was given"), true, func(ctx context.Context, at sides) (time.Duration, error) {
			return seconds(at.boto3(ctx, o.python, list))
		}},
		{check, noRclone, true, func(ctx context.Context, at sides) (time.Duration, error) { return w.rclone(ctx, o.rclone, at, small) }},
		{listed, "", true, w.audit(audit.Listed)},
		{looked, "", true, w.audit(audit.AllLooked)},
		{listing1, "", true, w.list},
		{s3sync, noS3sync, true, func(ctx context.Context, at sides) (time.Duration, error) { return w.s3sync(ctx, o.s3sync, at) }},
		{plainGET, "", false, w.plain},
		{withCRC, "", false, w.digests(checksum.CRC64NVME)},
		{withSHA, "", false, w.digests(checksum.SHA256)},
		{sha256One, "", false, w.sha256Alone},
		{download, noRclone, false, func(ctx context.Context, at sides) (time.Duration, error) {
			return w.rclone(ctx, o.rclone, at, large, "--download")
		}},
		{cmpGET, "", false, w.cmp},
	}, nil
}

// boto3 answers the seconds that the validator itself counts, so that Python's
// start is not among them.
func (s sides) boto3(ctx context.Context, python, list string) (string, error) {
	return output(exec.CommandContext(ctx, python, "bench/validator.py", //nolint:gosec // G204: the caller's own executable
		list, s.primary.URL, bucket, s.replica.URL, replicaBucket, minio.AccessKey, minio.SecretKey))
}

func seconds(text string, err error) (time.Duration, error) {
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return time.Duration(n * float64(time.Second)), err
}

// rclone checks the objects with a prefix. Its settings are the environment's:
// https://rclone.org/docs/#environment-variables
func (w *world) rclone(ctx context.Context, path string, at sides, prefix string, options ...string) (time.Duration, error) {
	arguments := append([]string{"check", "primary:" + bucket + "/" + prefix, "replica:" + replicaBucket + "/" + prefix}, options...)
	command := exec.CommandContext(ctx, path, arguments...) //nolint:gosec // G204: the caller's own executable
	command.Env = append(os.Environ(), "RCLONE_CONFIG=/dev/null")
	for name, server := range map[string]*minio.Server{"PRIMARY": at.primary, "REPLICA": at.replica} {
		for key, value := range map[string]string{
			"TYPE": "s3", "PROVIDER": "Minio", "ENDPOINT": server.URL, "REGION": server.Region,
			"ACCESS_KEY_ID": minio.AccessKey, "SECRET_ACCESS_KEY": minio.SecretKey,
		} {
			command.Env = append(command.Env, "RCLONE_CONFIG_"+name+"_"+key+"="+value)
		}
	}
	start := w.clock.Now()
	text, err := output(command)
	taken := w.clock.Now().Sub(start)
	if err == nil && !strings.Contains(text, "0 differences found") {
		err = fmt.Errorf("rclone does not say that nothing differs: %s", text)
	}
	return taken, err
}

// s3sync reports on the small objects.
func (w *world) s3sync(ctx context.Context, path string, at sides) (time.Duration, error) {
	arguments := []string{"--report-sync-status", "--json-tracing", "--disable-color-tracing", "--worker-size", "64"}
	for name, server := range map[string]*minio.Server{"source": at.primary, "target": at.replica} {
		arguments = append(arguments, "--"+name+"-endpoint-url", server.URL, "--"+name+"-region", server.Region, "--"+name+"-force-path-style",
			"--"+name+"-access-key", minio.AccessKey, "--"+name+"-secret-access-key", minio.SecretKey)
	}
	arguments = append(arguments, "s3://"+bucket+"/"+small, "s3://"+replicaBucket+"/"+small)
	start := w.clock.Now()
	text, err := output(exec.CommandContext(ctx, path, arguments...)) //nolint:gosec // G204: the caller's own executable
	taken := w.clock.Now().Sub(start)
	if n := strings.Count(text, `"MATCHES"`); err == nil && n != len(w.small) {
		err = fmt.Errorf("s3sync finds %d of %d objects equal: %s", n, len(w.small), text[max(0, len(text)-2000):])
	}
	return taken, err
}

// output is what a command prints on both its streams.
func output(command *exec.Cmd) (string, error) {
	text, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", command.Path, err, text[max(0, len(text)-2000):])
	}
	return string(text), nil
}
