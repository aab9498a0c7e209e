// Package local runs Autobackup's own templates on one machine: the resources
// of template.yaml and replica.yaml are created in local services, the state
// machine is interpreted, and the functions are the deployed code. Whatever
// decides when and where a message goes is read from the templates; what a
// template says and this package doesn't understand is rejected by name.
//
// What it doesn't do stands in docs/local-fidelity.md: it is no model of IAM,
// of AWS's limits on rates, or of what the services cost.
package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/google/uuid"

	"autobackup/internal/local/asl"
	"autobackup/internal/local/clock"
	"autobackup/internal/local/events"
	"autobackup/internal/local/lambda"
	"autobackup/internal/local/s3"
	"autobackup/internal/local/samconfig"
	"autobackup/internal/local/sns"
	"autobackup/internal/local/sqs"
	"autobackup/internal/local/template"
)

// AccessKey and SecretKey are the credentials that clients of a stack sign
// with. The signature is not verified; the region and service in it count.
const (
	AccessKey = "LOCAL"
	SecretKey = "local"
)

// Config is what a Stack is made from.
type Config struct {
	Clock   *clock.Clock
	Project string // the folder of template.yaml, samconfig.toml and statemachine/
	Dir     string // an existing folder for object bytes; Outbox lies in it too
	Account string // 12 digits
	Seed    uint64 // of ids and jitter: two stacks with one seed behave alike
	URL     string // where ServeHTTP is reachable, without a slash at the end
	// HTTPClient makes the requests of AWSConfig; nil is the SDK's own.
	HTTPClient aws.HTTPClient
	// Runtime makes the functions run: Binaries or InProcess.
	Runtime     Runtime
	FunctionLog io.Writer // gets what function processes print; nil drops it
	// History, if set, gets every event of every execution, those that distributed
	// Maps start included. It must not block.
	History func(executionARN string, event types.HistoryEvent)
	// KeepHistory keeps the events of executions until they succeed, for
	// GetExecutionHistory. Without it none are kept.
	KeepHistory bool
	// TerminalDataLimit is asl.Execution's, for every execution: States.ALL does not
	// cover a task's result that is too large.
	TerminalDataLimit bool
}

// Stack is both regions on one machine. The services are there for tests and
// demos to look into and to set faults on.
type Stack struct {
	Config
	S3  *s3.Server
	SQS *sqs.Service
	SNS *sns.Service
	// TaskFault, if set before the first execution, is asked before every call
	// of a Task state; its error (an *asl.Error has a name) is the call's.
	TaskFault func(ctx context.Context, resource string, parameters []byte) error

	ctx  context.Context
	stop context.CancelFunc

	mu         sync.Mutex
	ids        *mathrand.ChaCha8
	buses      map[string]*events.Bus
	functions  map[string]*lambda.Function // by ARN
	machines   map[string]*machine         // by ARN
	executions []*Execution                // in the order of their start
	byARN      map[string]*Execution       // the same
	underway   int                         // executions that have not ended
	mapRuns    map[string]asl.MapRun       // by ARN, as last told
	running    sync.WaitGroup
	ended      chan struct{} // closed, and replaced, when an execution ends
	consumed   []string      // ARNs of the queues that something empties
	closers    []func()      // consumers, then functions
	failure    error         // of the stack itself; Close tells
}

// Start makes the services, without any resource. Close ends it.
func Start(ctx context.Context, cfg Config) (*Stack, error) {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], cfg.Seed)
	s := &Stack{
		Config: cfg, ids: mathrand.NewChaCha8(seed),
		buses:     map[string]*events.Bus{},
		functions: map[string]*lambda.Function{},
		machines:  map[string]*machine{},
		byARN:     map[string]*Execution{},
		mapRuns:   map[string]asl.MapRun{},
		ended:     make(chan struct{}),
	}
	s.ctx, s.stop = context.WithCancel(ctx)
	s.SQS = sqs.New(cfg.Clock, s.newID)
	s.SNS = sns.New(cfg.Clock, s.newID, s.Outbox())
	store, err := s3.New(s3.Config{Clock: cfg.Clock, Dir: cfg.Dir, Account: cfg.Account, Random: s.ids})
	if err != nil {
		return nil, err
	}
	s.S3 = store
	s.S3.OnEvent = s.put
	s.S3.OnNotification = s.notify
	return s, nil
}

// Outbox is the folder with the e-mails that operators would get.
func (s *Stack) Outbox() string { return filepath.Join(s.Dir, "outbox") }

// ServeHTTP is the one address of all services in all regions.
func (s *Stack) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.endpoint(w, r) }

// AWSConfig is the configuration of an SDK client that talks to this stack.
func (s *Stack) AWSConfig(region string) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(s.URL),
		Credentials:  credentials.NewStaticCredentialsProvider(AccessKey, SecretKey, ""),
		HTTPClient:   s.HTTPClient,
	}
}

// Environment reads one environment of the project's samconfig.toml.
func Environment(project, name string) (samconfig.Environment, error) {
	file := filepath.Join(project, "samconfig.toml")
	source, err := os.ReadFile(file) // #nosec G304: the project's own file
	if err != nil {
		return samconfig.Environment{}, fmt.Errorf("read samconfig.toml: %w (run this in the project's folder, or name it with --project)", err)
	}
	config, err := samconfig.Load(source)
	if err != nil {
		return samconfig.Environment{}, fmt.Errorf("%s: %w", file, err)
	}
	return config.Environment(name)
}

// addressee is who the e-mails are for where samconfig.toml says nobody. They stay on
// this machine.
const addressee = "oncall@example.com"

// Deploy creates the resources of an environment's template, as `sam deploy
// --config-env` would. Parameters replace those of the environment. Where neither gives
// an AlertEmail, which AWS refuses, it is an address that nobody has.
func (s *Stack) Deploy(env samconfig.Environment, parameters map[string]string) (*template.Stack, error) {
	t, err := load(s.Project, env)
	if err != nil {
		return nil, fmt.Errorf("deploy %s: %w", env.StackName, err)
	}
	all := maps.Clone(env.ParameterOverrides)
	maps.Copy(all, parameters)
	if _, given := all["AlertEmail"]; !given && slices.Contains(t.Parameters(), "AlertEmail") {
		all["AlertEmail"] = addressee
	}
	d := &deployment{Stack: s, region: env.Region, stack: env.StackName}
	deployed, err := t.Resolve(template.Options{
		StackName: env.StackName, Region: env.Region, Account: s.Account,
		Parameters: all, Attributes: d.create,
	})
	if err != nil {
		return nil, fmt.Errorf("deploy %s: %w", env.StackName, err)
	}
	return deployed, nil
}

// Parameters are the names of the parameters of an environment's template.
func Parameters(project string, env samconfig.Environment) ([]string, error) {
	t, err := load(project, env)
	if err != nil {
		return nil, err
	}
	return t.Parameters(), nil
}

func load(project string, env samconfig.Environment) (*template.Template, error) {
	source, err := os.ReadFile(filepath.Join(project, env.TemplateFile)) // #nosec G304: the project's own file
	if err != nil {
		return nil, err
	}
	return template.Load(source, env.TemplateFile)
}

// put hands an S3 event to the region's event bus.
func (s *Stack) put(region string, event []byte) {
	if err := s.bus(region).Put(event); err != nil {
		s.fail(fmt.Errorf("deliver an event of s3: %w", err))
	}
}

// notify hands a notification of S3 to a queue.
func (s *Stack) notify(queueARN string, message []byte) error {
	_, err := s.SQS.Send(queueARN, sqs.Outgoing{Body: string(message)})
	return err
}

func (s *Stack) newID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, err := uuid.NewRandomFromReader(s.ids)
	if err != nil { // ChaCha8 never fails
		s.failure = errors.Join(s.failure, fmt.Errorf("make an id: %w", err))
	}
	return id.String()
}

// Close stops consumers, executions and functions, and removes object bytes. Its
// error also tells of anything that went wrong in the stack itself.
func (s *Stack) Close() error {
	s.mu.Lock()
	closers := s.closers
	s.mu.Unlock()
	for _, stop := range closers {
		stop()
	}
	s.stop()
	s.running.Wait()
	return errors.Join(s.failure, s.S3.Close())
}
