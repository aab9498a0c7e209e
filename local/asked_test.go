package local_test

import (
	"encoding/json"
	"flag"
	"maps"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/cloudformation"
	"autobackup/local/cloudwatch"
	"autobackup/local/events"
	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/logs"
	"autobackup/local/pipes"
	locals3 "autobackup/local/s3"
	"autobackup/local/sqs"
	"autobackup/local/states"
)

var askedFile = flag.String("asked", "", "where to write what the gate was asked, for .ci/asked.py")

// asked is what the gate was asked: each action, with what it was done to and the keys of
// conditions that were known.
type asked struct {
	mu    sync.Mutex
	all   map[string]gate.Call
	since []string // actions and resources
}

func (a *asked) saw(c gate.Call, _ iam.Decision) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all[c.Action+" "+c.Resource] = c
	if strings.HasSuffix(c.By.ARN, ":root") { // whom the requests here are by
		a.since = append(a.since, c.Action+" "+c.Resource)
	}
}

// calls are those since the last time.
func (a *asked) calls() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := a.since
	a.since = nil
	return all
}

// write adds all to the file that .ci/asked.py holds against AWS's reference.
func (a *asked) write(t *testing.T) {
	t.Helper()
	if *askedFile == "" {
		return
	}
	file, err := os.OpenFile(*askedFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	for _, c := range a.all {
		line := map[string]any{"action": c.Action, "resource": c.Resource, "keys": slices.Sorted(maps.Keys(c.Context))}
		require.NoError(t, json.NewEncoder(file).Encode(line))
	}
	require.NoError(t, file.Close())
}

// request is one of an operation, and what AWS's pages say that it needs: actions by what
// they are done to.
type request struct {
	service, operation, method, path, body string
	header                                 map[string]string
	needs                                  []string
}

func (w *world) asks(r request) {
	w.t.Helper()
	http := httptest.NewRequestWithContext(w.t.Context(), r.method, r.path, strings.NewReader(r.body))
	for name, value := range r.header {
		http.Header.Set(name, value)
	}
	http.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=LOCAL/20260302/"+w.region+"/"+r.service+"/aws4_request, SignedHeaders=host, Signature=0")
	w.ServeHTTP(httptest.NewRecorder(), http)
}

// What each operation needs is in AWS's pages, and what the gate is asked is the same.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
func TestEveryOperationNeedsWhatAWSsPagesSay(t *testing.T) {
	seen := &asked{all: map[string]gate.Call{}}
	prepare = func(g *gate.Gate) { g.Saw = seen.saw }
	defer func() { prepare = nil }()
	tried := map[string]bool{}
	inWorld(t, func(w *world) {
		for _, r := range slices.Concat(w.ofS3(), w.ofS3Objects(), w.ofQueues(), w.ofOthers()) {
			w.put("k", "content")
			seen.calls()
			w.asks(r)
			tried[r.service+" "+r.operation] = true
			got := slices.DeleteFunc(seen.calls(), func(s string) bool {
				// A queue's key is asked for, too, and S3 tells whether something is there to those who may list alone.
				return strings.HasPrefix(s, "kms:") || strings.HasPrefix(s, "s3:ListBucket ") && !slices.Contains(r.needs, s)
			})
			slices.Sort(got)
			slices.Sort(r.needs)
			assert.Equal(t, r.needs, slices.Compact(got), "%s %s", r.operation, r.path)
		}
	})
	for _, of := range []struct {
		service, table string
		operations     []string
	}{
		{"s3", "ofS3 or ofS3Objects", locals3.Operations()}, {"sqs", "ofQueues", sqs.Actions()},
		{"states", "ofOthers", states.Actions()}, {"events", "ofOthers", events.Actions()},
		{"cloudformation", "ofOthers", cloudformation.Actions()}, {"monitoring", "ofOthers", cloudwatch.Actions()}, {"pipes", "ofOthers", pipes.Actions()}, {"logs", "ofOthers", logs.Actions()},
	} {
		for _, operation := range of.operations {
			assert.True(t, tried[of.service+" "+operation], "what does %s need? Add it to %s in local/askedrequests_test.go, with what AWS's page says", operation, of.table)
		}
	}
	seen.write(t)
}

// The rest is asked by what the services do for each other.
func TestWhatServicesAskForEachOtherIsWrittenForTheGate(t *testing.T) {
	if *askedFile == "" {
		t.Skip("bash .ci/run says where to write it; the tests beside this one hold what is asked")
	}
	seen := &asked{all: map[string]gate.Call{}}
	prepare = func(g *gate.Gate) { g.Saw = seen.saw }
	defer func() { prepare = nil }()
	inWorld(t, func(w *world) { w.everything() }, configurations["SSE-KMS"]...)
	seen.write(t)
}
