// Command decide decides requests for the gate's scripts, which know what CloudFormation
// calls but not how IAM decides. It reads one JSON object from stdin: policies by name, and
// requests that name those that decide them. It writes a decision for each, with what in
// each statement matched, so that a script sees which parts of a policy nothing needs.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"autobackup/local/iam"
	"autobackup/local/iam/iamtest"
)

type input struct {
	Policies map[string]policy
	Requests []request
}

type policy struct {
	Kind     iam.Kind
	Document json.RawMessage
}

type request struct {
	Role, Action, Resource string
	Context                map[string]string
	Identity               []string // names of the role's policies
	Key                    string   // name of the key's policy
}

type decision struct {
	Allowed bool
	By      []iamtest.Match
	Error   string // why nothing is decided
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		return err
	}
	known := map[string]iam.Document{}
	for name, p := range in.Policies {
		d, err := iam.Parse(p.Document, p.Kind)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		d.Name = name
		known[name] = d
	}
	all := []decision{}
	for _, r := range in.Requests {
		one, err := decide(r, known)
		if err != nil {
			one.Error = err.Error()
		}
		all = append(all, one)
	}
	return json.NewEncoder(os.Stdout).Encode(all)
}

var errKey = errors.New("a call that is done to a key needs the key's policy, and no other one does")

func decide(r request, known map[string]iam.Document) (decision, error) {
	onKey := strings.HasPrefix(r.Action, "kms:") && strings.Contains(r.Resource, ":key/")
	if onKey != (r.Key != "") {
		return decision{}, errKey
	}
	principal := iam.Session(r.Role, "deploys")
	p := iam.Policies{ResourceOwner: principal.Account(), ConsentNeeded: onKey}
	for _, name := range r.Identity {
		p.Identity = append(p.Identity, known[name])
	}
	if onKey {
		d := known[r.Key]
		p.Resource = &d
	}
	asked := iam.Request{Principal: principal, Action: r.Action, Resource: r.Resource, Context: map[string][]string{}}
	for key, value := range r.Context {
		asked.Context[strings.ToLower(key)] = []string{value}
	}
	decided := iam.Evaluate(asked, p)
	one := decision{Allowed: decided.Allowed}
	if decided.Allowed {
		for _, by := range decided.By {
			one.By = append(one.By, iamtest.Matched(asked, p, by))
		}
	}
	return one, nil
}
