package console

import (
	"context"
	"embed"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	doctoring "autobackup/cmd/autobackup/doctor"
	"autobackup/cmd/autobackup/logged"
	"autobackup/internal/doctor"
	"autobackup/internal/overview"
)

// Options say of which stage the page is, and who may see it.
type Options struct {
	Stage  string
	Owners []aws.Config     // configurations by which replicas of other accounts are read
	Now    func() time.Time // reads the clock
	Token  string           // whoever has it sees the page
	Hosts  []string         // as browsers name the page's address: 127.0.0.1:4747
	// Actions lets people have messages retried and discarded from the page.
	Actions bool
}

// console is one page.
type console struct {
	Options
	cfg aws.Config

	did actions

	asking sync.Mutex
	place  arn.ARN // of the caller: partition, region and account are the stage's

	mu       sync.Mutex // one reading at a time: who reloads waits, and does not ask twice
	figures  overview.Figures
	examined doctor.Report
	at       time.Time // when doctor looked; zero: it has not
}

//go:embed style.css live.js pages/*.html.tmpl
var files embed.FS

// New is the page of a stage, whose primary stack is where cfg leads to.
func New(cfg aws.Config, o Options) http.Handler { return (&console{Options: o, cfg: cfg}).handler() }

func (c *console) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /style.css", style)
	mux.HandleFunc("GET /live.js", script)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /{$}", c.shows(overviewPage, c.overview))
	mux.HandleFunc("POST /again", c.again)
	mux.HandleFunc("GET /executions", c.shows(executionsPage, c.executions))
	mux.HandleFunc("GET /execution", c.shows(executionPage, c.execution))
	mux.HandleFunc("GET /looks", c.shows(looksPage, c.looks))
	mux.HandleFunc("GET /stay", c.shows(stayPage, c.stay))
	mux.HandleFunc("GET /parked", c.shows(parkedPage, c.parked))
	mux.HandleFunc("POST /parked", c.shows(parkedPage, c.sample))
	mux.HandleFunc("POST /plan", c.acts(c.plan))
	mux.HandleFunc("POST /begin", c.acts(c.begin))
	mux.HandleFunc("POST /stop", c.acts(c.stop))
	mux.HandleFunc("GET /action", c.shows(actionPage, c.action))
	mux.HandleFunc("GET /done", c.shows(donePage, c.done))
	mux.HandleFunc("GET /emails", c.shows(mailsPage, c.mails))
	mux.HandleFunc("GET /audits", c.shows(auditsPage, c.audits))
	mux.HandleFunc("GET /audits/file", c.file)
	return c.guard(mux)
}

// here is where the stage is, which is asked once.
func (c *console) here(ctx context.Context) (arn.ARN, error) {
	c.asking.Lock()
	defer c.asking.Unlock()
	if c.place.AccountID != "" {
		return c.place, nil
	}
	out, err := sts.NewFromConfig(c.cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		_, err = because("GetCallerIdentity", err)
		return c.place, err
	}
	at, err := arn.Parse(aws.ToString(out.Arn))
	if err == nil {
		c.place = arn.ARN{Partition: at.Partition, Region: c.cfg.Region, AccountID: aws.ToString(out.Account)}
	}
	return c.place, err
}

// named is the ARN of what a service has in the stage's region and account.
func named(at arn.ARN, service, resource string) string {
	at.Service, at.Resource = service, resource
	return at.String()
}

// Actions are the actions that the page needs beside those of doctor, by the operation that it calls.
var Actions = map[string]string{
	"GetCallerIdentity":                "",
	"ListExecutions":                   "states:ListExecutions",
	"DescribeExecution":                "states:DescribeExecution",
	"GetExecutionHistory":              "states:GetExecutionHistory",
	"DescribeStateMachineForExecution": "states:DescribeStateMachineForExecution",
	"GetQueueUrl":                      "sqs:GetQueueUrl",
	"ReceiveMessage":                   "sqs:ReceiveMessage",
	logged.Operation:                   "logs:FilterLogEvents",
	"ListObjectsV2":                    "s3:ListBucket",
	"GetObject":                        "s3:GetObject",
}

// because says why a call did not tell what it was made for; nil: it did. An error is what is the
// same for every other call, as where nobody knows the credentials.
func because(operation string, err error) (*doctor.Unread, error) {
	if err == nil {
		return nil, nil
	}
	return doctoring.Unread(operation, Actions[operation], err)
}

// address is a path with the values that are not empty.
func address(path string, pairs ...string) string {
	var query []string
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query = append(query, pairs[i]+"="+escape(pairs[i+1]))
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + strings.Join(query, "&")
}
