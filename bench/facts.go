package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"autobackup/local/testing/minio"
)

// facts are what the numbers depend on.
func facts(ctx context.Context, o options, batchSize int, now time.Time, before string) string {
	cpu := found(`(?m)^model name\s*: (.*)$`, read("/proc/cpuinfo"))
	memory := found(`(?m)^MemTotal:\s*(.*)$`, read("/proc/meminfo"))
	lines := []string{
		fmt.Sprintf("%s, %d cores of %s, %s of memory, %s", now.UTC().Format("2006-01-02"), runtime.NumCPU(), cpu, memory, runtime.GOOS+"/"+runtime.GOARCH),
		"load average before and after: " + before + " and " + load() + busy(before, runtime.NumCPU()),
		fmt.Sprintf("%d objects of 1 KiB in batches of %d, %d at once; one object of %d MiB in parts of %d MiB; the fastest of %d runs",
			o.objects, batchSize, executions, o.mib, partSize>>20, o.rounds),
		"MinIO " + minio.Version + ", " + runtime.Version() + ", " + version(ctx, "cmp", "--version"),
	}
	if o.python != "" {
		lines = append(lines, "boto3 "+version(ctx, o.python, "-c", "import boto3; print(boto3.__version__)"))
	}
	for _, path := range []string{o.rclone, o.s3sync} {
		if path != "" {
			lines = append(lines, version(ctx, path, "--version"))
		}
	}
	return "- " + strings.Join(lines, "\n- ") + "\n"
}

// load is the load average of the last minute.
func load() string {
	one, _, _ := strings.Cut(read("/proc/loadavg"), " ")
	return one
}

// busy says so where others had the cores, too.
func busy(before string, cores int) string {
	if load, err := strconv.ParseFloat(before, 64); err == nil && load > float64(cores) {
		return ". **Others used the machine: the figures are too low and the ratios uncertain. Run it again.**"
	}
	return ""
}

// read answers nothing where there is no such file, as on other systems.
func read(path string) string {
	text, err := os.ReadFile(path) //nolint:gosec // G304: the callers' constants
	if err != nil {
		return ""
	}
	return string(text)
}

func found(pattern, text string) string {
	if match := regexp.MustCompile(pattern).FindStringSubmatch(text); match != nil {
		return match[1]
	}
	return "unknown"
}

// version is the first line that a program prints.
func version(ctx context.Context, path string, arguments ...string) string {
	text, err := output(exec.CommandContext(ctx, path, arguments...)) //nolint:gosec // G204: the caller's own executable
	if err != nil {
		return err.Error()
	}
	line, _, _ := strings.Cut(text, "\n")
	return line
}
