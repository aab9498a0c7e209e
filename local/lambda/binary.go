package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/local/clock"
)

// NewBinary returns a function that runs an executable, as Lambda's provided
// runtimes run bootstrap. Processes start when invocations need them and stay
// until Close; their environment is the configured one and Lambda's own, nothing
// of this process's. What runs there runs in real time, whatever clk says.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
func NewBinary(clk *clock.Clock, newID func() string, c Config, path string) (*Function, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("function %s: executable: %w", c.Name, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b := &binary{clk: clk, config: c, path: path, ctx: ctx, cancel: cancel, places: make(chan struct{}, max(1, c.Concurrency))}
	if c.Log != nil {
		b.log = &lockedWriter{w: c.Log}
	}
	return newFunction(clk, newID, c, b)
}

// binary is a pool of processes of one executable.
type binary struct {
	clk    *clock.Clock
	config Config
	path   string
	log    io.Writer

	ctx     context.Context // ends with the function
	cancel  context.CancelFunc
	places  chan struct{} // one for each invocation under way
	started atomic.Int64
	running sync.WaitGroup

	mu   sync.Mutex
	idle []*sandbox
}

// close kills the processes, and waits for them and for the invocations they had.
func (b *binary) close() {
	b.cancel()
	for range cap(b.places) {
		b.places <- struct{}{}
	}
	b.running.Wait()
}

func (b *binary) run(ctx context.Context, i invocation) ([]byte, error) {
	select {
	case b.places <- struct{}{}:
		defer func() { <-b.places }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-b.ctx.Done():
		return nil, notFound("Function not found: %s has been closed", b.config.ARN)
	}
	for {
		s := b.take()
		reused := s != nil
		if s == nil {
			var err error
			if s, err = b.start(); err != nil {
				return nil, functionError("Runtime.InvalidEntrypoint", "RequestId: "+i.id+" Error: "+err.Error())
			}
		}
		answer, handed := s.invoke(ctx, i)
		if !handed && reused {
			continue // it had ended after its last invocation, as after a panic
		}
		if answer.reusable {
			b.put(s)
		} else {
			s.stop()
		}
		return answer.payload, answer.err
	}
}

func (b *binary) take() *sandbox {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.idle) == 0 {
		return nil
	}
	s := b.idle[len(b.idle)-1]
	b.idle = b.idle[:len(b.idle)-1]
	return s
}

func (b *binary) put(s *sandbox) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.idle = append(b.idle, s)
}

func (b *binary) start() (*sandbox, error) {
	s, address, err := newSandbox(b.ctx, b.clk, b.config)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(b.ctx)
	cmd := exec.CommandContext(ctx, b.path) // #nosec G204 -- the caller's own executable
	cmd.Dir = filepath.Dir(b.path)
	cmd.Env = b.environment(address)
	printed := b.printed()
	cmd.Stdout, cmd.Stderr = printed, printed
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		stop()
		s.close()
		return nil, err
	}
	s.kill = stop
	b.running.Go(func() {
		defer stop()
		_ = cmd.Wait() // its state says more
		s.ended(cmd.ProcessState)
	})
	return s, nil
}

// printed gets what a process prints, whose lines are events of the function's log group.
func (b *binary) printed() io.Writer {
	lines := &lineWriter{each: b.line}
	if b.log == nil {
		return lines
	}
	return io.MultiWriter(b.log, lines)
}

// line hands on one that a process has printed, and lets it be measured where that is what it is.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func (b *binary) line(text string) {
	if b.config.Logged != nil {
		b.config.Logged(text)
	}
	var about struct {
		AWS json.RawMessage `json:"_aws"`
	}
	if b.config.Embedded != nil && strings.Contains(text, `"_aws":`) && json.Unmarshal([]byte(text), &about) == nil && about.AWS != nil {
		b.config.Embedded([]byte(text))
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
func (b *binary) environment(address string) []string {
	region := ""
	if a, err := arn.Parse(b.config.ARN); err == nil {
		region = a.Region
	}
	all := map[string]string{
		"AWS_REGION": region, "AWS_DEFAULT_REGION": region, "LANG": "en_US.UTF-8", "TZ": ":UTC",
		"LAMBDA_TASK_ROOT": filepath.Dir(b.path), "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/" + b.config.Name, "AWS_LAMBDA_LOG_STREAM_NAME": strconv.FormatInt(b.started.Add(1), 10),
	}
	maps.Copy(all, b.config.Environment)
	maps.Copy(all, map[string]string{ // reserved: a configuration can't set these
		"AWS_LAMBDA_RUNTIME_API": address, "AWS_LAMBDA_FUNCTION_NAME": b.config.Name, "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(b.config.MemorySize),
	})
	var env []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		env = append(env, name+"="+all[name])
	}
	return env
}

// lockedWriter lets several processes write to one log.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// longest is how much of a line is an event's: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
const longest = 1 << 20

// lineWriter hands on each line that one process prints, without its end.
type lineWriter struct {
	each func(line string)
	rest []byte
}

func (l *lineWriter) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		end := bytes.IndexByte(l.rest, '\n')
		if end < 0 && len(l.rest) > longest {
			end = longest
		}
		if end < 0 {
			return len(p), nil
		}
		l.each(string(l.rest[:end]))
		l.rest = bytes.TrimPrefix(l.rest[end:], []byte("\n"))
	}
}
