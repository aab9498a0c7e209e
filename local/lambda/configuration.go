package lambda

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/local/gate"
	"autobackup/local/sigv4"
	"autobackup/local/wire"
)

// configured says whether a request asks for a function's configuration, and of which.
// https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html
func configured(r *http.Request) (name string, asks bool) {
	name, begins := strings.CutPrefix(r.URL.Path, invokePrefix)
	name, ends := strings.CutSuffix(name, "/configuration")
	return name, r.Method == http.MethodGet && begins && ends && r.URL.RawQuery == ""
}

// configuration is what is told of a function.
type configuration struct {
	FunctionName, FunctionArn, CodeSha256, State, LastUpdateStatus string //nolint:revive // Lambda's names
}

func (s *Service) serveConfiguration(w http.ResponseWriter, r *http.Request, name string) {
	w.Header().Set("X-Amzn-Requestid", s.NewID())
	region, _ := sigv4.Scope(r)
	by := s.Gate.Signed(sigv4.AccessKey(r))
	if account := by.Principal().Account(); account != "" && !arn.IsARN(name) { // a name is one of the caller's account
		name = fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", region, account, name)
	}
	if err := by.May("lambda:GetFunctionConfiguration", s.arn(region, name)); err != nil {
		wire.FailREST(w, wire.From(gate.Denied(err, wire.Error{Code: "AccessDeniedException", Status: http.StatusForbidden}), "ServiceException"))
		return
	}
	f, err := s.find(region, name)
	if err != nil {
		wire.FailREST(w, wire.From(err, "ServiceException"))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(configuration{f.Name, f.ARN, digest(f.Code), "Active", "Successful"}) // the client has gone away
}

// digest stands for that of a function's zip: both stacks' functions of one folder of the
// project have one code.
func digest(codeURI string) string {
	sum := sha256.Sum256([]byte(path.Base(codeURI)))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// mappingsPath is where mappings are listed.
// https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html
const mappingsPath = "/2015-03-31/event-source-mappings"

// listedMapping is what is told of a mapping.
type listedMapping struct {
	UUID                               string `json:"UUID"`
	EventSourceArn, FunctionArn, State string //nolint:revive // Lambda's names
}

// serveMappings lists a function's mappings on one page. Lambda has no narrower resource for
// it than everything.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
func (s *Service) serveMappings(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Amzn-Requestid", s.NewID())
	region, _ := sigv4.Scope(r)
	name := r.URL.Query().Get("FunctionName")
	err := s.Gate.Signed(sigv4.AccessKey(r)).May("lambda:ListEventSourceMappings", "*")
	switch {
	case err != nil:
		err = gate.Denied(err, wire.Error{Code: "AccessDeniedException", Status: http.StatusForbidden})
	case name == "" || len(r.URL.Query()) > 1:
		err = wire.NotImplemented("the local stack lists the mappings of one FunctionName, and takes no other parameter")
	}
	if err != nil {
		wire.FailREST(w, wire.From(err, "ServiceException"))
		return
	}
	listed := []listedMapping{}
	s.mu.Lock()
	for _, source := range s.sources[s.arn(region, name)] {
		one := listedMapping{UUID: source.uuid(), EventSourceArn: source.Queue.ARN, FunctionArn: s.arn(region, name), State: "Enabled"}
		if source.Disabled {
			one.State = "Disabled"
		}
		listed = append(listed, one)
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"EventSourceMappings": listed}) // the client has gone away
}

// uuid is made of what is mapped, so that it stays the same.
func (e *EventSource) uuid() string {
	sum := sha256.Sum256([]byte(e.Queue.ARN))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// Disable stops the mappings of a function, as UpdateEventSourceMapping does.
func (s *Service) Disable(functionARN string) {
	s.mu.Lock()
	sources := s.sources[functionARN]
	var stopped []*EventSource
	for _, source := range sources {
		one := &EventSource{Mapping: source.Mapping}
		one.Disabled = true
		stopped = append(stopped, one)
	}
	s.sources[functionARN] = stopped
	s.mu.Unlock()
	for _, source := range sources {
		source.Close()
	}
}
