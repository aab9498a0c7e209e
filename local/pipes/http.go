package pipes

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"

	"autobackup/local/gate"
	"autobackup/local/sigv4"
	"autobackup/local/wire"
)

// prefix is where a pipe is described; its name stands behind.
// https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_DescribePipe.html
const prefix = "/v1/pipes/"

// Actions names what is served over HTTP.
func Actions() []string { return []string{"DescribePipe", "StartPipe", "StopPipe"} }

// asked are the actions, by method and by what stands behind a pipe's name.
// https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_StopPipe.html
var asked = map[string]string{"GET ": "DescribePipe", "POST start": "StartPipe", "POST stop": "StopPipe"}

// described is a pipe as DescribePipe answers it.
type described struct {
	Arn, Name, CurrentState, DesiredState, Source, Target string
}

// ServeHTTP answers these requests, in the region of the signature, and no other.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := s.answer(r)
	w.Header().Set("X-Amzn-Requestid", s.NewID())
	if err != nil {
		wire.FailREST(w, wire.From(err, "InternalException"))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // the client has gone away
}

func (s *Service) answer(r *http.Request) (d described, err error) {
	rest, is := strings.CutPrefix(r.URL.Path, prefix)
	name, what, _ := strings.Cut(rest, "/")
	action := asked[r.Method+" "+what]
	if !is || action == "" {
		return d, wire.NotImplemented("the local stack serves " + strings.Join(Actions(), ", ") + " of Pipes, not " + r.Method + " " + r.URL.Path)
	}
	region, err := wire.Region(r, action)
	if err != nil {
		return d, err
	}
	by := s.Gate.Signed(sigv4.AccessKey(r))
	arn := "arn:aws:pipes:" + region + ":" + cmp.Or(by.Principal().Account(), s.Account) + ":pipe/" + name
	if err := by.May("pipes:"+action, arn); err != nil {
		return d, gate.Denied(err, wire.Error{Code: "AccessDeniedException", Status: http.StatusForbidden})
	}
	before, err := s.describe(arn, name)
	if err != nil {
		return before, err
	}
	switch action {
	case "StartPipe":
		err = s.Start(arn)
	case "StopPipe":
		s.Stop(arn)
	default:
		return before, nil
	}
	if err != nil {
		return d, err
	}
	return s.describe(arn, name)
}

// describe tells of a pipe, which starts and stops at once here.
func (s *Service) describe(arn, name string) (d described, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pipe := s.pipes[arn]
	if pipe == nil {
		return d, &wire.Error{Code: "NotFoundException", Status: http.StatusNotFound, Message: "Pipe " + name + " does not exist."}
	}
	d = described{Arn: arn, Name: name, CurrentState: "RUNNING", DesiredState: "RUNNING", Source: pipe.SourceARN, Target: pipe.target}
	if pipe.consumer == nil {
		d.CurrentState, d.DesiredState = "STOPPED", "STOPPED"
	}
	return d, nil
}
