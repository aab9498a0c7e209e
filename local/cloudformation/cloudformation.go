// Package cloudformation is what of AWS CloudFormation this project asks for over HTTP, on
// one machine: which stacks there are. Who deploys them is package local.
package cloudformation

import (
	"cmp"
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"autobackup/local/gate"
	"autobackup/local/sigv4"
	"autobackup/local/wire"
)

// Stack is one as DescribeStacks tells of it.
type Stack struct {
	Name, Region, Account string
	Status                string // such as CREATE_COMPLETE
	Created               time.Time
	Parameters, Outputs   map[string]string
}

// ARN is the stack's id. Its last part is made of the name, so that a stack that is
// deployed again has the same.
func (s Stack) ARN() string {
	sum := sha256.Sum256([]byte(s.Region + s.Account + s.Name))
	return fmt.Sprintf("arn:aws:cloudformation:%s:%s:stack/%s/%x-%x-%x-%x-%x", s.Region, s.Account, s.Name, sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// Service tells of stacks.
type Service struct {
	Account string         // 12 digits, of whom nobody was given a key
	NewID   func() string  // makes request ids
	Gate    *gate.Gate     // nil: everybody may ask
	Stacks  func() []Stack // of all regions and accounts
}

const namespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/"

type answer struct {
	XMLName   xml.Name `xml:"DescribeStacksResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Stacks    []member `xml:"DescribeStacksResult>Stacks>member"`
	RequestID string   `xml:"ResponseMetadata>RequestId"`
}

type member struct {
	StackName    string
	StackID      string `xml:"StackId"`
	CreationTime string
	StackStatus  string
	Parameters   []parameter `xml:"Parameters>member"`
	Outputs      []output    `xml:"Outputs>member"`
}

type parameter struct{ ParameterKey, ParameterValue string }

type output struct{ OutputKey, OutputValue string }

// Actions names what is served over HTTP.
func Actions() []string { return []string{"DescribeStacks"} }

// ServeHTTP answers DescribeStacks, for one stack or for all of the region.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	wire.Query{Namespace: namespace, Answer: s.answer}.Serve(s.NewID, w, r)
}

func (s *Service) answer(r *http.Request, id string) (any, error) {
	if action := r.PostForm.Get("Action"); action != "DescribeStacks" {
		return nil, wire.Invalid("InvalidAction", "the local stack does not support the CloudFormation action %q", action)
	}
	for key := range r.PostForm {
		if !slices.Contains([]string{"Action", "Version", "StackName"}, key) {
			return nil, wire.Invalid("ValidationError", "the local stack does not support the parameter %s of DescribeStacks", key)
		}
	}
	region, err := wire.Region(r, "DescribeStacks")
	if err != nil {
		return nil, err
	}
	by := s.Gate.Signed(sigv4.AccessKey(r))
	name, account := r.PostForm.Get("StackName"), cmp.Or(by.Principal().Account(), s.Account)
	found := slices.DeleteFunc(s.Stacks(), func(one Stack) bool {
		return one.Region != region || one.Account != account || name != "" && name != one.Name && name != one.ARN()
	})
	if err := by.May("cloudformation:DescribeStacks", about(found, name, region, account)); err != nil {
		return nil, gate.Denied(err, wire.Error{Code: "AccessDenied", Status: http.StatusForbidden})
	}
	if name != "" && len(found) == 0 {
		return nil, wire.Invalid("ValidationError", "Stack with id %s does not exist", name)
	}
	slices.SortFunc(found, func(a, b Stack) int { return cmp.Compare(a.Name, b.Name) })
	out := answer{Namespace: namespace, RequestID: id, Stacks: []member{}}
	for _, one := range found {
		out.Stacks = append(out.Stacks, one.member())
	}
	return out, nil
}

// about is what a request is done to: all stacks, one, or the name of one that is not there.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
func about(found []Stack, name, region, account string) string {
	switch {
	case name == "":
		name = "*"
	case len(found) == 1:
		return found[0].ARN()
	}
	return "arn:aws:cloudformation:" + region + ":" + account + ":stack/" + name + "/none"
}

func (s Stack) member() member {
	m := member{StackName: s.Name, StackID: s.ARN(), CreationTime: s.Created.UTC().Format(time.RFC3339), StackStatus: s.Status}
	for _, key := range slices.Sorted(maps.Keys(s.Parameters)) {
		m.Parameters = append(m.Parameters, parameter{key, s.Parameters[key]})
	}
	for _, key := range slices.Sorted(maps.Keys(s.Outputs)) {
		m.Outputs = append(m.Outputs, output{key, s.Outputs[key]})
	}
	return m
}
