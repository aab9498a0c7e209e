package local

import (
	"cmp"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/lambda"
	"autobackup/local/store"
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
	Kept    *Kept  // what another stack with this Dir left, to go on with; nil for nothing
	// Store, which lies in Dir, has what another stack with it came to, and gets what this one
	// comes to, from Load on; nil: nothing is kept, but by Suspend.
	Store *store.Store
	URL   string // where ServeHTTP is reachable, without a slash at the end
	// HTTPClient makes the requests of AWSConfig; nil is the SDK's own.
	HTTPClient aws.HTTPClient
	// Runtime makes the functions run: lambda.Binaries or lambda.InProcess.
	Runtime lambda.Runtime
	// Sum tells the functions' code from other code, for Change; nil: it never changes.
	Sum         lambda.Sum
	FunctionLog io.Writer // gets what function processes print; nil drops it
	// History, if set, gets every event of every execution, those that distributed
	// Maps start included. It must not block.
	History func(executionARN string, event types.HistoryEvent)
	// Known, if set, gets the events that executions had in another stack with Store, before
	// they go on.
	Known func(executionARN string, event types.HistoryEvent)
	// KeepHistory keeps the events of executions for GetExecutionHistory. Without it none are
	// kept.
	KeepHistory bool
	// TerminalDataLimit is asl.Execution's, for every execution: States.ALL does not
	// cover a task's result that is too large.
	TerminalDataLimit bool
	// Unguarded lets everybody do everything: nobody's permissions are looked at.
	Unguarded bool
}

// AWSConfig is the configuration of an SDK client that talks to this stack.
func (s *Stack) AWSConfig(region string) aws.Config { return s.signing(region, AccessKey) }

// AWSConfigOf is the configuration of an SDK client that signs as somebody.
func (s *Stack) AWSConfigOf(by gate.Caller, region string) aws.Config {
	return s.signing(region, by.AccessKey())
}

// signing is the configuration of an SDK client that signs with an access key; with none,
// the stack's own.
func (s *Stack) signing(region, accessKey string) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(s.URL),
		Credentials:  credentials.NewStaticCredentialsProvider(cmp.Or(accessKey, AccessKey), SecretKey, ""),
		HTTPClient:   s.HTTPClient,
	}
}

// environment is what makes a function's SDK talk to this stack, as the function's role.
func (s *Stack) environment(region, accessKey string) map[string]string {
	return map[string]string{
		"AWS_REGION": region, "AWS_ENDPOINT_URL": s.URL,
		"AWS_ACCESS_KEY_ID": cmp.Or(accessKey, AccessKey), "AWS_SECRET_ACCESS_KEY": SecretKey,
	}
}
