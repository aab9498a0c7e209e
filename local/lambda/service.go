package lambda

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/logs"
	"autobackup/local/sqs"
	"autobackup/local/wire"
)

// Options are what a Service is made from.
type Options struct {
	Clock   *clock.Clock
	NewID   func() string // makes request ids
	Account string        // 12 digits
	Runtime Runtime       // makes the functions run
	Sum     Sum           // tells their code from other code; nil: it never changes
	Log     io.Writer     // gets what function processes print; nil drops it
	Queues  *sqs.Service  // that event source mappings empty
	Failed  func(error)   // is told why a mapping could not hand a batch over; nil: nobody is
	Gate    *gate.Gate    // decides what callers and functions may do. nil: everything
	Logs    *logs.Service // that functions log into; nil: nowhere
	// Counted gets what Lambda measures of each invocation of a function; nil: nobody does.
	Counted func(functionARN, metric string, value float64)
	// Embedded gets each line of the embedded metric format that a function's process prints; nil:
	// nobody does.
	Embedded func(functionARN string, line []byte)
	// Environment is what functions of a region get besides the template's
	// variables, which it replaces: the access key among it is of the function's role.
	Environment func(region, accessKey string) map[string]string
}

// Service holds the functions of every region, and the mappings that feed them.
type Service struct {
	Options

	mu          sync.Mutex
	functions   map[string]*Function      // by ARN
	permissions map[string][]any          // statements of functions' policies, by ARN
	sources     map[string][]*EventSource // by the function's ARN
	replaced    map[*Function]bool        // that have invocations under way
}

// Code is the code of all functions.
type Code struct {
	Run Runtime
	Sum Sum // nil: it never changes
}

// Use has functions that are deployed or updated from now on run other code, and answers what it
// was.
func (s *Service) Use(c Code) (before Code) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before = Code{s.Runtime, s.Sum}
	s.Runtime, s.Sum = c.Run, c.Sum
	return before
}

func (s *Service) code() Code {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Code{s.Runtime, s.Sum}
}

// New returns a service without functions.
func New(o Options) *Service {
	return &Service{Options: o, functions: map[string]*Function{}, permissions: map[string][]any{}, sources: map[string][]*EventSource{}, replaced: map[*Function]bool{}}
}

func (s *Service) add(f *Function) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.functions[f.ARN] != nil {
		return &wire.Error{Code: "ResourceConflictException", Status: http.StatusConflict, Message: "Function already exist: " + f.Name}
	}
	s.functions[f.ARN] = f
	return nil
}

// succeed has a function take the place of another, which ends what it has under way.
func (s *Service) succeed(before, f *Function) {
	s.mu.Lock()
	s.functions[f.ARN] = f
	s.replaced[before] = true
	s.mu.Unlock()
	ended := before.succeededBy(f)
	go func() {
		ended()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.replaced, before)
	}()
}

// unmap takes a function's mappings out.
func (s *Service) unmap(functionARN string) []*EventSource {
	s.mu.Lock()
	defer s.mu.Unlock()
	sources := s.sources[functionARN]
	delete(s.sources, functionARN)
	return sources
}

func closeAll(sources []*EventSource) {
	for _, source := range sources {
		source.Close()
	}
}

// remove deletes a function, once what its mappings had under way is done; there may be
// none.
func (s *Service) remove(functionARN string) {
	s.mu.Lock()
	f, sources := s.functions[functionARN], s.sources[functionARN]
	delete(s.functions, functionARN)
	delete(s.sources, functionARN)
	delete(s.permissions, functionARN)
	s.mu.Unlock()
	s.Gate.Detach(functionARN)
	closeAll(sources)
	if f != nil {
		f.Close()
	}
}

// Functions are the ARNs of all functions, sorted.
func (s *Service) Functions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.functions))
}

// Function is the deployed function with this ARN, or nil.
func (s *Service) Function(functionARN string) *Function {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.functions[functionARN]
}

// Client is the service as somebody calls it, who needs the permission: it has only what
// asks for one.
type Client struct {
	service *Service
	By      gate.Caller
}

// As is the service as a caller has it.
func (s *Service) As(by gate.Caller) Client { return Client{s, by} }

// Invoke invokes a region's function, which is named by its name or ARN, as
// Function.Invoke does.
func (c Client) Invoke(ctx context.Context, region, name string, payload []byte) ([]byte, error) {
	if err := c.By.May("lambda:InvokeFunction", c.service.arn(region, name)); err != nil {
		c.service.countThrottled(region, name, err)
		return nil, gate.Denied(err, wire.Error{Code: "AccessDeniedException", Status: http.StatusForbidden})
	}
	f, err := c.service.find(region, name)
	if err != nil {
		return nil, err
	}
	answer, err := f.Invoke(ctx, payload)
	if err != nil {
		return nil, err
	}
	return answer, c.By.Done("lambda:InvokeFunction", f.ARN)
}

// countThrottled measures an invocation that Lambda refused because there are too many.
func (s *Service) countThrottled(region, name string, err error) {
	f := s.Function(s.arn(region, name))
	if refused := (*wire.Error)(nil); f != nil && f.Counted != nil && errors.As(err, &refused) && refused.Code == "TooManyRequestsException" {
		f.Counted("Throttles", 1)
	}
}

// arn is that of a function, which is named by its name or ARN.
func (s *Service) arn(region, name string) string {
	if arn.IsARN(name) {
		return name
	}
	return fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", region, s.Account, name)
}

func (s *Service) find(region, name string) (*Function, error) {
	functionARN := s.arn(region, name)
	if a, err := arn.Parse(name); err == nil {
		if a.Region != region {
			return nil, notFound("Functions from '%s' are not reachable in this region ('%s')", a.Region, region)
		}
	}
	if f := s.Function(functionARN); f != nil {
		return f, nil
	}
	return nil, notFound("Function not found: %s", functionARN)
}

func notFound(format string, args ...any) *wire.Error {
	return &wire.Error{Code: "ResourceNotFoundException", Status: http.StatusNotFound, Message: fmt.Sprintf(format, args...)}
}

// Stop stops the mappings, and waits for the batches being handled.
func (s *Service) Stop() {
	s.mu.Lock()
	sources := slices.Concat(slices.Collect(maps.Values(s.sources))...)
	s.mu.Unlock()
	closeAll(sources)
}

// Close stops the mappings, and ends the functions.
func (s *Service) Close() {
	s.Stop()
	s.mu.Lock()
	functions := slices.AppendSeq(slices.Collect(maps.Values(s.functions)), maps.Keys(s.replaced))
	s.mu.Unlock()
	for _, f := range functions {
		f.Close()
	}
}
